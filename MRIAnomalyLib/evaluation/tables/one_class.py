"""One-class tables on MNIST and CIFAR-10: the detectors by both protocols of Wang et al. (2020), with that paper's figures beside."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ...bundles.loading import hardware, pick_device
from ...detectors.base import refuse_unknown
from ...errors import UsageError
from ...records import ProgressCallback
from ...resources import user_folder
from ..class_images import HELD_OUT, ClassImages, hold_out, read_images
from ..image_sets import SETS, ImageSet
from ..one_class import BY_BATCH, ENTRANTS, PROTOCOLS, Run, looked_at, scores_of
from ..page import write_tables
from ..steps import Steps
from ..trivial import SOLVED
from .one_class_figure import draw
from .one_class_rows import DETECTOR, VARIANTS, WHOLE, Block, Row, Scored, class_rows, loss_row, mean_rows, trivial_rows

ABLATED = "one-normal"  # the protocol of the ablation, and of the methods that the paper compares with
SPLITS = {"test": "of the test folder", "validation": "held out of the training folder"}
QUICK = {"steps": 3, "encoder_steps": 3, "fast_steps": 2, "batch_size": 8}  # shows that it runs, not how good it is
QUICK_CLASSES, QUICK_PICTURES = 2, 40  # the first classes; pictures of each class that are read
PAPER = (
    "N. Wang et al., arXiv 2007.04734 (2020), whose text names both protocols and does not say which its table is of; the methods that it "
    "compares with have one normal class"
)
DIFFERENCE = (
    "all public copies of the paper have lost its loss weights, sizes, batch and number of steps, so that ours are GANomaly's or our own; "
    "public code of GANomaly's family scores in training mode, where a picture's score depends on the batch that it is in, and here each "
    "picture is scored by itself in evaluation mode (`latent by batch` is the same network scored the other way, to show what that is "
    "worth; it is not to be used); the paper had two graphics cards, and these are short trainings"
)
OURS = (
    "latent_regularised_turns is the paper's network whose discriminator has a second task that the paper does not know: to tell by how "
    "many quarter turns a picture was turned; `turn` is its mean surprise at the four turns"
)


@dataclass(frozen=True)
class Extent:
    """How much is tried."""

    methods: Sequence[str] = tuple(ENTRANTS)
    protocols: Sequence[str] = tuple(PROTOCOLS)
    classes: Sequence[str] = ()  # that are the one class in turn; all without any
    budget: Mapping[str, int] = field(default_factory=dict)  # what training costs, over that of ENTRANTS, where the method has it
    settings: Mapping[str, Any] = field(default_factory=dict)  # likewise, of any kind
    seeds: int = 1  # trainings of each run
    ablation: bool = False  # whether the losses of the latent-regularised network are left out in turn
    split: str = "test"  # of SPLITS
    most: int | None = None  # pictures of each class that are read; all without it


def quick(extent: Extent, of: ImageSet) -> Extent:
    """The same with few pictures, classes and steps."""
    classes = extent.classes or of.classes[:QUICK_CLASSES]
    return replace(extent, classes=classes, budget={**QUICK, **extent.budget}, most=QUICK_PICTURES)


def one_class_tables(
    name: str,
    root: Path,
    out: Path,
    extent: Extent,
    *,
    device: str = "auto",
    resume: bool = False,
    progress: ProgressCallback | None = None,
) -> Path:
    """Train and measure, and write the set's tables, such as mnist.json and mnist.md, into `out`.

    Args:
        name: of SETS.
        root: folder of the set, with train/CLASS and test/CLASS.
        out: folder of the tables; those of the other protocol alone, with the ablation, or of the validation split say so in their name.
        extent: how much is tried.
        device: as for `detect`.
        resume: take what an earlier call found, and go on where it stopped.
        progress: called after each training.

    Raises:
        InputError: the set is not there or cannot be read.
        UsageError: there is no such method, protocol, class or setting.
    """
    of, device = SETS[name], pick_device(device)
    extent = replace(extent, classes=extent.classes or of.classes)
    _refuse_unknown(of, extent)
    learned, held = hold_out(read_images(root / "train", of.classes, extent.most))
    seen = held if extent.split == "validation" else read_images(root / "test", of.classes, extent.most)
    blocks = _blocks(extent)
    done = Steps(len(blocks) * len(extent.classes) * extent.seeds, progress)
    found = [_scored(block, of, extent, learned, seen, device, resume, done) for block in blocks]
    tables = {**_results(found, of, extent), "trivial_scores": trivial_rows(seen, of, extent.classes), **_beside(of, extent)}
    conditions = {**_conditions(of, extent, tables["means"], len(learned), len(seen)), "hardware": hardware(device)}
    page = "-".join([name, *_besides(extent)])
    title = f"One class against the others: {of.title}"
    drawn = [one for one in found if one.block.protocol == ABLATED and one.block.losses == WHOLE]
    if drawn:
        draw(out / f"{page}.png", drawn, of, extent.classes)
    below = f"\n![AUROC of each class and method]({page}.png)\n" if drawn else ""
    write_tables(out, page, title, _command(name, extent), {"conditions": conditions, **tables}, below)
    return out


def _besides(extent: Extent) -> list[str]:
    """What sets a page apart from that of all methods by the protocol of the methods that the paper compares with."""
    others = [] if ABLATED in extent.protocols else list(extent.protocols)
    return others + (["ablation"] if extent.ablation else []) + ([] if extent.split == "test" else [extent.split])


def _refuse_unknown(of: ImageSet, extent: Extent) -> None:
    wanted: dict[str, tuple[Sequence[str], Collection[str]]] = {
        "method": (extent.methods, ENTRANTS),
        "protocol": (extent.protocols, PROTOCOLS),
        "class": (extent.classes, of.classes),
    }
    for what, (asked, known) in wanted.items():
        if odd := [name for name in asked if name not in known]:
            raise UsageError(f"There is no {what} {odd[0]} in this table; there are: {', '.join(known)}.")
    refuse_unknown(extent.settings, [ENTRANTS[method].detector for method in extent.methods])


def _blocks(extent: Extent) -> list[Block]:
    blocks = [Block(method, protocol) for method, protocol in itertools.product(extent.methods, extent.protocols)]
    ablated = [Block(DETECTOR, ABLATED, losses) for losses in VARIANTS] if extent.ablation else []
    return [*blocks, *(block for block in ablated if block not in blocks)]


def _scored(
    block: Block, of: ImageSet, extent: Extent, learned: ClassImages, seen: ClassImages, device: str, resume: bool, done: Steps
) -> Scored:
    entrant = ENTRANTS[block.method]
    some, settings = looked_at(seen, entrant.most), {**extent.budget, **extent.settings, **VARIANTS[block.losses]}
    chosen = [of.classes.index(name) for name in extent.classes]
    runs = [Run(entrant, block.protocol, one, seed, settings) for seed, one in itertools.product(range(extent.seeds), chosen)]
    told = []
    for run in runs:
        told.append(scores_of(run, of, learned, some, user_folder() / "one-class" / "trials", device, resume))
        done.one()
    scores = {term: np.array([one[term] for one in told]).reshape(extent.seeds, len(chosen), -1) for term in told[0]}
    return Scored(block, scores, np.array([run.strange(some.label) for run in runs[: len(chosen)]]))


def _results(found: Sequence[Scored], of: ImageSet, extent: Extent) -> dict[str, list[Row]]:
    whole = [one for one in found if one.block.losses == WHOLE]
    tables = {"means": [row for one in whole for row in mean_rows(one, of)]}
    if extent.ablation:
        ablated = {one.block: one for one in found}
        tables["losses"] = [loss_row(ablated[Block(DETECTOR, ABLATED, losses)], of) for losses in VARIANTS]
    return tables | {f"{one.block.method}, {one.block.protocol}": class_rows(one, of, extent.classes) for one in whole}


def _beside(of: ImageSet, extent: Extent) -> dict[str, list[Row]]:
    """The settings of our methods, and what the paper says of others."""
    settings = []
    for method in dict.fromkeys(block.method for block in _blocks(extent)):
        entrant = ENTRANTS[method]
        given = Run(entrant, ABLATED, 0, 0, {**extent.budget, **extent.settings}).begun(of).settings()
        chosen = {name: given[name] for name in [*entrant.settings, *extent.settings] if name in given}
        settings.append(
            {
                "method": method,
                "settings over its defaults": ", ".join(f"{name} {value}" for name, value in chosen.items()),
                "sees": "colours" if of.colour and entrant.in_colour else "grey values",
            }
        )
    others = [{"method": method, "mean auroc": area} for method, area in of.published.others.items()]
    return {"settings": settings, "other_methods, as the paper prints them": others}


def _conditions(of: ImageSet, extent: Extent, means: Sequence[Row], learned: int, seen: int) -> Row:
    beside = [f"{row['protocol']}, {row['score']}: {row['mean auroc']} against {row['paper']}" for row in means if row["paper"]]
    return {
        "aim": _aim(of, means),
        "beside the paper": "; ".join(beside) or "none of its figures is made anew here",
        "paper": PAPER,
        "difference": DIFFERENCE,
        "ours": OURS,
        "files": of.files,
        **{protocol: PROTOCOLS[protocol] for protocol in extent.protocols},
        "learned from": f"normal ones of {learned} pictures of the training folder; {HELD_OUT:.0%} of each class are held out (seed 0)",
        "looked at": f"{seen} pictures {SPLITS[extent.split]}; column `pictures`: a method that searches sees some of them (seed 0)",
        "chosen": "nothing by pictures of the test folder: settings follow from what a processor can do; choose by `--split validation`",
        "trivial scores": f"AUROC of scores that know nothing of what is shown; from {SOLVED} on, either way, a class is called confounded",
        "trainings": f"{extent.seeds} of each run, seeds from 0",
        "quick": extent.most is not None,
    }


def _aim(of: ImageSet, means: Sequence[Row]) -> str:
    rows = [row for row in means if row["protocol"] == ABLATED and row["score"] != BY_BATCH]
    if not rows:
        return f"a mean AUROC of {of.aim} with one class normal, which is not in this table"
    best = max(rows, key=lambda row: row["mean auroc"])
    verdict, found = "reached" if best["mean auroc"] >= of.aim else "not reached", best["mean auroc"]
    return f"a mean AUROC of {of.aim} with one class normal: {verdict}; the highest is {found} ({best['method']}, {best['score']})"


def _command(name: str, extent: Extent) -> str:
    named = {"detector": extent.methods, "protocol": extent.protocols, "class": extent.classes}
    options = [f"--{option} {','.join(values)}" for option, values in named.items()]
    options += [f"--set {setting}={value}" for setting, value in extent.settings.items()]
    switches = [word for word, on in {"--ablation": extent.ablation, "--quick": extent.most is not None}.items() if on]
    steps = [f"--steps {extent.budget['steps']}"] if "steps" in extent.budget and not extent.most else []
    return " ".join(
        [f"mrianomaly benchmark {name} --root IMAGES", *options, *steps, f"--seeds {extent.seeds} --split {extent.split}", *switches]
    )

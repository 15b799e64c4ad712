"""How like real slices the generators of several bundles draw, beside slices of people that none of them learned from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ...bundles.bundle import Bundle, open_bundle
from ...bundles.loading import load_detector
from ...detectors import Detector
from ...errors import UsageError
from ...files.atomic import whole_file
from ...records import Array, ProgressCallback
from ...training.curves import write_samples
from ..likeness import NEIGHBOURS, SPACE, likeness
from ..page import write_tables
from ..small_png import small_png
from ..steps import Steps
from .ablation import home_cohort

QUICK = {"people": 2}  # shows that it runs, not how good it is
LEARNED = "learned slices themselves"
SHOWN, COLOURS = 12, 16  # slices of each kind that a picture sets beside each other, in so many greys

Row = dict[str, Any]


def generated_table(
    root: Path, out: Path, models: Sequence[str], seed: int = 0, quick: bool = False, progress: ProgressCallback | None = None
) -> Path:
    """Let each model draw as many slices as there are real ones, and write generated.json, generated.md and generated.png into `out`.

    Args:
        root: where the data sets lie, see `evaluation.sets`.
        out: folder of the table.
        models: names or folders of bundles whose method draws slices from nothing, all of one preparation.
        seed: of what is drawn.
        quick: few people.
        progress: called after each scan that is prepared, and after each model.

    Raises:
        BundleError: there is no such bundle, or it is damaged.
        InputError: a set is not there.
        UsageError: a bundle's method draws no slices of its own, or its preparation is another than that of the first.
    """
    bundles = [open_bundle(model) for model in models]
    detectors = [_detector(bundle, bundles[0]) for bundle in bundles]
    cohort = home_cohort(bundles[0], root, QUICK["people"] if quick else None, progress)
    real, learned = cohort.validation.pixels, cohort.train.pixels
    done, rows = Steps(len(bundles), progress), [_row(LEARNED, _some(learned, len(real), seed), real, learned)]
    shown = [_some(real, SHOWN, seed)]
    for bundle, detector in zip(bundles, detectors, strict=True):
        drawn = detector.draw(len(real), seed)
        assert drawn is not None
        rows.append(_row(bundle.name, drawn, real, learned))
        shown.append(drawn[:SHOWN])
        done.one()
    conditions = {
        "drawn": f"{len(real)} slices by each model, seed {seed}",
        "real": f"{len(real)} slices of {len(np.unique(cohort.validation.subject))} people of split validation",
        "features": SPACE,
        "frechet": "distance of drawn from real slices in the features; lower is better",
        "precision, recall, coverage": f"shares: drawn among real, real among drawn, real met by drawn, by {NEIGHBOURS} neighbours",
        "nearest": "distance of pixels to the nearest learned slice, over that of real ones; near 0 for learned by heart",
        "quick": quick,
    }
    names = [bundle.name for bundle in bundles]
    command = f"mrianomaly benchmark generated --root DATA --model {','.join(names)}"
    below = f"\n![slices beside each other](generated.png)\n\nFrom above: real slices, {', '.join(names)}; nothing was chosen.\n"
    _write_sheet(out / "generated.png", np.concatenate(shown), detectors[0].config.intensity_top)
    write_tables(out, "generated", "Slices of nobody beside real ones", command, {"conditions": conditions, "models": rows}, below)
    return out


def _write_sheet(path: Path, slices: Array, intensity_top: float) -> None:
    with whole_file(path) as unfinished:
        write_samples(unfinished, slices, intensity_top, SHOWN)
        unfinished.write_bytes(small_png(unfinished.read_bytes(), COLOURS))


def _detector(bundle: Bundle, first: Bundle) -> Detector:
    detector = load_detector(bundle)
    if detector.draw(1, 0) is None:
        raise UsageError(f"{bundle.detector} of {bundle.name} draws no slices of its own: name bundles of methods with a generator.")
    if bundle.model["recipe"] != first.model["recipe"]:
        raise UsageError(f"{bundle.name} and {first.name} prepare scans in different ways: compare them one by one.")
    return detector


def _row(name: str, drawn: Array, real: Array, learned: Array) -> Row:
    return {"slices": name, **{key: round(value, 3) for key, value in asdict(likeness(drawn, real, learned)).items()}}


def _some(slices: Array, count: int, seed: int) -> Array:
    return slices[np.random.default_rng(seed).choice(len(slices), count, replace=len(slices) < count)]

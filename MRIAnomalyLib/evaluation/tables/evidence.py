"""What each part of the evidence step is worth: one thing changed at a time, on validation people with painted lesions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...bundles.bundle import Bundle
from ...bundles.loading import choose_bundle, hardware, load_detector, pick_device
from ...calibration.scores import TOP_SHARE, slice_scores, volume_score
from ...errors import UsageError
from ...prepare.recipe import Recipe, recipe_from
from ...records import Array, ProgressCallback
from ...resources import user_folder
from ..answers import calibration_of, described
from ..bootstrap import Figure, draws, tally
from ..measure import SEED, Resampled, ranked
from ..metrics import pixel_figures
from ..page import write_tables
from ..scans import KINDS, People, people_of
from ..scans import SEED as OUTLINE_SEED
from ..shown import UNTOUCHED, Shown, looker, volumes_of
from ..steps import Steps
from ..variants import SHIPPED, Maps, evidence_by, variants_of
from .brain import labelled

SPLIT = "validation"  # an ablation is there to choose by, and the test is not
ROUNDS = 1000  # draws of people
FIGURES = ("pixel_ap", "best_dice", "volume_auroc", "slice_auroc")

Row = dict[str, Any]
Figures = dict[str, Figure]
Drawn = tuple[Array, Array, Array]  # truth, magnitude of evidence and core of a volume, each (N, H, W)
Painted = Mapping[str, Sequence[Shown]]  # UNTOUCHED and each of KINDS -> the same people in the same order


def evidence_tables(
    root: Path,
    out: Path,
    models: Sequence[str],
    *,
    quick: bool = False,
    device: str = "auto",
    resume: bool = False,
    progress: ProgressCallback | None = None,
) -> Path:
    """Vary the evidence of each model, and write evidence.json and evidence.md into `out`.

    Args:
        root: where the data sets lie, see `evaluation.sets`.
        out: folder of the tables.
        models: names or folders of calibrated T1 bundles of one preparation.
        quick: three people of each kind.
        device: as for `detect`.
        resume: take prepared volumes and reconstructions that an earlier call kept in the user's folder.
        progress: called after each volume that is prepared, each that a model has looked at, and each variant.

    Raises:
        BundleError: there is no such model, or it is not calibrated.
        InputError: a set is not there.
        UsageError: a model is of another sequence, or prepares scans in another way than the first.
    """
    bundles, device, folder = labelled([choose_bundle(model) for model in models]), pick_device(device), user_folder() / "evidence"
    recipe, people = _shared_recipe(list(bundles.values())), people_of(root, SPLIT, quick)
    varied = {label: variants_of(calibration_of(bundle).config) for label, bundle in bundles.items()}
    volumes = len(people.normals) + (1 + len(KINDS)) * len(people.own)
    steps = Steps(volumes * (1 + len(bundles)) + sum(map(len, varied.values())), progress)
    normals, painted = _volumes(people, recipe, folder, resume, steps)
    found: dict[str, dict[str, Figures]] = {}
    for label, bundle in bundles.items():
        look = looker(load_detector(bundle), bundle.model["files"]["weights.safetensors"], folder, device, resume, steps)
        healthy = [(one, look(one)) for one in normals]
        seen = [(one, look(one)) for some in painted.values() for one in some]
        for variant, maps in evidence_by(varied[label], healthy, seen):
            found.setdefault(label, {})[variant.name] = figures_of(painted, maps, variant.slice_share)
            steps.one()
    tables: dict[str, Any] = {"conditions": _conditions(people, quick, device), **rows_of(found)}
    tables["models"] = [described(label, bundle) for label, bundle in bundles.items()]
    command = f"mrianomaly benchmark evidence --root DATA --model {','.join(bundle.name for bundle in bundles.values())}"
    shown = {name: [{key: _cell(value) for key, value in row.items()} for row in tables[name]] for name in ("figures", "differences")}
    write_tables(out, "evidence", "What each part of the evidence is worth", command, tables, shown=shown)
    return out


def _shared_recipe(bundles: Sequence[Bundle]) -> Recipe:
    recipes = [recipe_from(bundle.model["recipe"]) for bundle in bundles]
    for bundle, recipe in zip(bundles, recipes, strict=True):
        if (recipe.anatomy, recipe.sequence) != ("brain", "T1"):
            raise UsageError(
                f"{bundle.name} is for {recipe.sequence} scans of the {recipe.anatomy}, this table is of T1 heads: leave it out."
            )
        if recipe != recipes[0]:
            raise UsageError(f"{bundle.name} and {bundles[0].name} prepare scans in different ways: look at them one by one.")
    return recipes[0]


def _volumes(people: People, recipe: Recipe, folder: Path, resume: bool, steps: Steps) -> tuple[list[Shown], Painted]:
    """Those whom all are compared with, and those who are looked at."""
    normals = [volumes_of(case, None, recipe, folder, resume, steps)[UNTOUCHED] for case in people.normals]
    pairs = zip(people.own, people.outlines, strict=False)
    own = [volumes_of(case, outline, recipe, folder, resume, steps) for case, outline in pairs]
    return normals, {kind: [one[kind] for one in own] for kind in (UNTOUCHED, *KINDS)}


def figures_of(painted: Painted, maps: Maps, slice_share: float = TOP_SHARE) -> Figures:
    """The figures of one variant, of each kind of lesion and, under the plain name, their mean; of another slice score only its own.

    Args:
        painted: the volumes.
        maps: evidence and core of each, in the same order.
        slice_share: of a slice's pixels, the strongest ones, whose mean is its score.
    """
    each = iter(maps)
    by_kind = {
        kind: [(one.truth, np.abs(map_), core) for one, (map_, core) in zip(some, each, strict=False)] for kind, some in painted.items()
    }
    names = [one.subject for one in painted[UNTOUCHED]]
    people = Resampled(names, draws(len(names), ROUNDS, SEED))
    found: dict[str, Figures] = {}
    for kind in KINDS:
        pair = by_kind[kind], by_kind[UNTOUCHED]
        found[kind] = _of_slices(*pair, slice_share, people)
        if slice_share == TOP_SHARE:
            found[kind] |= _of_pixels(by_kind[kind], people) | _of_volumes(*pair, people)
    known = [name for name in FIGURES if all(name in figures for figures in found.values())]
    means = {name: _mean([figures[name] for figures in found.values()]) for name in known}
    return means | {f"{kind}_{name}": figures[name] for name in known for kind, figures in found.items()}


def _of_pixels(sick: Sequence[Drawn], people: Resampled) -> Figures:
    truths, maps, cores = zip(*sick, strict=True)
    plain, count = pixel_figures(maps, truths, cores), len(people.names)
    values, truth = (np.concatenate([map_[core] for map_, core in zip(some, cores, strict=True)]) for some in (maps, truths))
    counts = tally(values, truth, np.repeat(np.arange(count), [int(core.sum()) for core in cores]), count)
    return {
        "pixel_ap": Figure(plain["ap"], counts.ap(people.weights)),
        "best_dice": Figure(plain["best_dice"], counts.dice(people.weights).max(1)),
    }


def _of_volumes(sick: Sequence[Drawn], untouched: Sequence[Drawn], people: Resampled) -> Figures:
    count = len(people.names)
    scores = np.array([volume_score(map_, core) for _, map_, core in (*sick, *untouched)])
    found = ranked("volume", scores, np.arange(2 * count) < count, np.tile(np.arange(count), 2), people)
    return {"volume_auroc": found["volume AUROC"]}


def _of_slices(sick: Sequence[Drawn], untouched: Sequence[Drawn], share: float, people: Resampled) -> Figures:
    """Slices with a lesion against all others of the same people, painted and untouched."""
    every = (*sick, *untouched)
    scores = np.stack([slice_scores(map_, core, share) for _, map_, core in every])
    lesioned = np.stack([(truth & core).any((1, 2)) for truth, _, core in every])
    owner = np.broadcast_to(np.tile(np.arange(len(people.names)), 2)[:, None], scores.shape)
    scored = ~np.isnan(scores)
    found = ranked("slice", scores[scored], lesioned[scored], owner[scored], people)
    return {"slice_auroc": found["slice AUROC"]}


def _mean(figures: Sequence[Figure]) -> Figure:
    return Figure(float(np.mean([one.value for one in figures])), np.mean([one.drawn for one in figures], axis=0))


def rows_of(found: Mapping[str, Mapping[str, Figures]]) -> dict[str, list[Row]]:
    """The tables, what is clear first: model -> variant -> figures, the shipped variant first."""
    figures, differences, clear = [], [], []
    for model, variants in found.items():
        for variant, own in variants.items():
            who, some = {"model": model, "variant": variant}, [name for name in own if name == "pixel_ap" or name not in FIGURES]
            figures.append({**who, **{name: _numbers(own[name]) for name in some}})
            if variant != SHIPPED:
                less = {name: _minus(own[name], variants[SHIPPED][name]) for name in own}
                differences.append({**who, **{name: _numbers(less[name]) for name in some}})
                clear.append({**who, **{name: _word(less, name) for name in FIGURES if name in less}})
    told = [row for row in clear if any(row.get(name) for name in FIGURES)]
    return {"clear_differences": told, "differences": differences, "figures": figures}


def _minus(one: Figure, other: Figure) -> Figure:
    return Figure(one.value - other.value, one.drawn - other.drawn)


def _word(less: Mapping[str, Figure], name: str) -> str:
    """What is clear of a figure: by its mean over both kinds of lesions, or by either kind alone."""
    both = [_sign(less[f"{kind}_{name}"]) for kind in KINDS]
    sign = _sign(less[name]) or (both[0] if len(set(both)) == 1 else 0)
    return {1: "better", -1: "worse", 0: ""}[sign]


def _sign(difference: Figure) -> int:
    """Of a difference whose interval leaves out 0; otherwise 0."""
    low, high = difference.interval
    return int(low > 0) - int(high < 0)


def _numbers(figure: Figure) -> list[float]:
    """Value and ends of the interval."""
    return [round(float(number), 3) + 0.0 for number in (figure.value, *figure.interval)]


def _cell(value: str | list[float]) -> str:
    return value if isinstance(value, str) else f"{value[0]:.3f} ({value[1]:.3f} to {value[2]:.3f})"


def _conditions(people: People, quick: bool, device: str) -> Row:
    return {
        "looked at": f"{len(people.own)} people of split {SPLIT}, each untouched, with a dark and with a bright lesion painted in",
        "compared with": f"{len(people.normals)} people of split calibration, anew by each variant, the shipped one too",
        "figures": f"value and, in brackets, its 95 % interval by {ROUNDS} draws of people, seed {SEED}",
        "differences": "variant minus shipped in the same draws of people",
        "clear differences": "the interval of the mean over both kinds of lesions leaves out 0, or those of either kind do on one side; "
        "of so many variants one or the other does by chance",
        "slice_auroc": f"slices with a lesion against all others; shipped score: mean of the strongest {100 * TOP_SHARE:g} %",
        "mirror image redrawn, too": "no difference for a method that redraws it anyway",
        "outline_seed": OUTLINE_SEED,
        "quick": quick,
        "hardware": hardware(device),
    }

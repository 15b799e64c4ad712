"""The FLAIR table: strokes in one axial level, found by each model and by the maps that need none."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...bundles.loading import choose_bundle, hardware, pick_device
from ...calibration.evidence import DARK_WEIGHTS
from ...errors import UsageError
from ...files.cases import Case
from ...prepare.recipe import Recipe, recipe_from
from ...records import Array, ProgressCallback
from .. import flair, sets
from ..answers import Seen, calibration_of, described, viewer
from ..baselines import LEARNING_FREE, MAPS, map_of, score_of
from ..bootstrap import Figure
from ..metrics import ap_interval, auroc_interval_of_groups, pixel_figures, volume_auroc
from ..page import write_tables
from ..scans import Scan
from ..steps import Steps
from ..trivial import told_apart, warning
from .aims import Aim, aims_told
from .beside import COMPARED, IN_DRAWS, Beside, best_of, in_draws, lesions_shown, on_page, people_drawn, scans_told
from .brain import labelled
from .deciding import BAR
from .found import SHOWN

QUICK = 6  # people with a lesion, and as many without: shows that it runs
SIZES = {
    "any lesion": 1,
    "from 50 mm2": 50,
    "from 200 mm2": 200,
}  # whose people are told from those without, by the lesion's size in the level

AIMS = (
    Aim("pixel AP", "pixel_ap", 0.55),
    Aim("best Dice", "best_dice", 0.58),
    Aim("AUROC of all", "AUROC, any lesion", 0.86),
    Aim("AUROC from 200 mm2", "AUROC, from 200 mm2", 0.92),
)

Row = dict[str, Any]


def flair_tables(
    root: Path, out: Path, quick: bool, progress: ProgressCallback | None = None, split: str = "test", models: Sequence[str] = ()
) -> Path:
    """Measure every model and write flair-SPLIT.json and flair-SPLIT.md into `out`.

    Args:
        root: where the data sets lie, see `evaluation.flair`.
        out: folder of the tables.
        quick: a few cases of each kind: shows that it runs.
        progress: called after each slice.
        split: "test", or "validation" to choose by.
        models: names or folders of calibrated FLAIR bundles.

    Raises:
        BundleError: there is no such model, or it is not calibrated.
        InputError: the set is not there.
        UsageError: a model is not for FLAIR.
    """
    bundles = labelled([choose_bundle(model) for model in models])
    cases = flair.flair(root, split)
    if quick:
        cases = [case for healthy in (True, False) for case in [one for one in cases if one.healthy == healthy][:QUICK]]
    steps, rows, scans = Steps((len(bundles) + 1) * len(cases), progress), [], dict[Recipe, list[Scan]]()
    beside, trivial = Beside(), list[Row]()
    for label, bundle in bundles.items():
        recipe = recipe_from(bundle.model["recipe"])
        if recipe.sequence != "FLAIR":
            raise UsageError(f"{label} is for {recipe.sequence} scans: name models for FLAIR.")
        first = recipe not in scans
        maps = [name for name in MAPS if first or name not in LEARNING_FREE]
        if first:
            scans[recipe] = [flair.scan_of_level(case, recipe, steps) for case in cases]
        see = viewer(bundle, calibration_of(bundle), steps)
        seen = [see(scan) for scan in scans[recipe]]
        rows += _rows(label, seen, maps)
        beside.add(label, recipe, {name: {"stroke": _in_draws(name, seen)} for name in maps if name in COMPARED})
        trivial += _trivial(label, seen) if first else []
    deciding = sorted((row for row in rows if row["map"] in (SHOWN, BAR)), key=lambda row: row["pixel_ap"], reverse=True)
    compared = beside.rows(best_of(deciding), in_draws)
    tables = {
        "conditions": {"aims": aims_told(AIMS, deciding), **_conditions(cases, split, quick)},
        "deciding": deciding,
        "compared": compared,
        "models": [described(label, bundle) for label, bundle in bundles.items()],
        "found": rows,
        "trivial_scores": trivial,
    }
    command = f"mrianomaly benchmark flair --root DATA --split {split} --model {','.join(bundle.name for bundle in bundles.values())}"
    write_tables(out, f"flair-{split}", "FLAIR strokes", command, tables, warning(trivial), {"compared": on_page(compared)})
    return out


def _conditions(cases: Sequence[Case], split: str, quick: bool) -> Row:
    people = f"{sum(case.healthy for case in cases)} without a lesion in the level, {sum(not case.healthy for case in cases)} with"
    return {
        "split": split,
        "quick": quick,
        "people": f"{people}; drawn by subject, seed {sets.SEED} (`evaluation/flair.py`)",
        "ranked by": "pixel_ap",
        "compared": f"{IN_DRAWS}; those with and without a lesion drawn apart",
        "dark": f"counts {DARK_WEIGHTS['FLAIR']} beside bright, in maps without a model too; chosen on validation people",
        "lesions": "drawn on diffusion images: some are faint on FLAIR; other white matter disease is not marked and counts as healthy",
        "hardware": hardware(pick_device("auto")),
    }


def _rows(label: str, seen: Sequence[Seen], maps: Collection[str]) -> list[Row]:
    """One row a map: people with a lesion told from those without, and pixels of lesions from others."""
    sick, healthy = _with_and_without(seen)
    sizes, rows = _by_size(sick), []
    for name in maps:
        row: Row = {"model": f"none, calibration of {label}" if name in LEARNING_FREE else label, "map": name}
        normal = [score_of(name, one) for one in healthy]
        for words, some in sizes.items():
            scores = [score_of(name, one) for one in some]
            row[f"AUROC, {words}"] = round(volume_auroc(scores, normal), 3)
            row[f"95 %, {words}"] = [round(end, 3) for end in auroc_interval_of_groups(scores, normal)]
        row |= {"pixel_ap": _pixels(name, sick)["ap"], "ap_95": _interval(name, sick), "best_dice": _pixels(name, sick)["best_dice"]}
        row |= {"prevalence": _pixels(name, sick)["prevalence"], "ap, all people": _pixels(name, seen)["ap"]}
        if name == SHOWN:
            row |= {"flagged without lesion": _flagged(healthy), "flagged with lesion": _flagged(sick)}
        rows.append(row)
    return rows


def _with_and_without(seen: Sequence[Seen]) -> tuple[list[Seen], list[Seen]]:
    """People with a lesion, and people without."""
    return [one for one in seen if not one.scan.case.healthy], [one for one in seen if one.scan.case.healthy]


def _by_size(sick: Sequence[Seen]) -> dict[str, list[Seen]]:
    """Whose lesion is at least of each of SIZES; sizes that no lesion has are left out."""
    groups = {words: [one for one in sick if flair.lesion_mm2(one.scan.case) >= smallest] for words, smallest in SIZES.items()}
    return {words: some for words, some in groups.items() if some}


def _in_draws(name: str, seen: Sequence[Seen]) -> dict[str, Figure]:
    """What is compared of a map."""
    sick, healthy = _with_and_without(seen)
    people = people_drawn(sick, healthy)
    areas = {f"AUROC, {words}": scans_told(name, some, healthy, people) for words, some in _by_size(sick).items()}
    return lesions_shown(name, sick, people) | areas


def _trivial(label: str, seen: Sequence[Seen]) -> list[Row]:
    sick, healthy = _with_and_without(seen)
    return told_apart(label, _by_size(sick), healthy, people_drawn(sick, healthy))


def _pooled(name: str, seen: Sequence[Seen]) -> tuple[list[Array], list[Array], list[Array]]:
    truths = [np.zeros_like(one.judged.core) if one.scan.truth is None else one.scan.truth for one in seen]
    return [map_of(name, one) for one in seen], truths, [one.judged.core for one in seen]


def _pixels(name: str, seen: Sequence[Seen]) -> dict[str, float]:
    return {figure: round(value, 3) for figure, value in pixel_figures(*_pooled(name, seen)).items()}


def _interval(name: str, seen: Sequence[Seen]) -> list[float]:
    return [round(end, 3) for end in ap_interval(*_pooled(name, seen), [one.scan.case.subject for one in seen])]


def _flagged(seen: Sequence[Seen]) -> str:
    return f"{sum(one.flagged for one in seen)} of {len(seen)}"

"""The FLAIR table: strokes in one axial level, found by each model and by the maps that need none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...bundles.loading import choose_bundle, hardware, pick_device
from ...errors import UsageError
from ...files.cases import Case
from ...prepare.recipe import Recipe, recipe_from
from ...records import ProgressCallback
from .. import flair, sets
from ..answers import calibration_of, described, viewer
from ..page import write_tables
from ..scans import Scan
from ..steps import Steps
from ..trivial import warning
from .aims import aims_told
from .beside import IN_DRAWS, on_page
from .brain import labelled
from .flair_rows import AIMS, OF_ALL_METHODS, StrokeTables

QUICK = 6  # people with a lesion, and as many without: shows that it runs

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
    steps, scans, strokes = Steps((len(bundles) + 1) * len(cases), progress), dict[Recipe, list[Scan]](), StrokeTables()
    for label, bundle in bundles.items():
        recipe = recipe_from(bundle.model["recipe"])
        if recipe.sequence != "FLAIR":
            raise UsageError(f"{label} is for {recipe.sequence} scans: name models for FLAIR.")
        if recipe not in scans:
            scans[recipe] = [flair.scan_of_level(case, recipe, steps) for case in cases]
        see = viewer(bundle, calibration_of(bundle), steps)
        strokes.add(label, recipe, [see(scan) for scan in scans[recipe]])
    deciding, compared = strokes.decided()
    tables = {
        "conditions": {"aims": aims_told(AIMS, deciding), **_conditions(cases, split, quick)},
        "deciding": deciding,
        "compared": compared,
        "models": [described(label, bundle) for label, bundle in bundles.items()],
        "found": strokes.found,
        "trivial_scores": strokes.trivial,
    }
    command = f"mrianomaly benchmark flair --root DATA --split {split} --model {','.join(bundle.name for bundle in bundles.values())}"
    write_tables(out, f"flair-{split}", "FLAIR strokes", command, tables, warning(strokes.trivial), {"compared": on_page(compared)})
    return out


def _conditions(cases: Sequence[Case], split: str, quick: bool) -> Row:
    people = f"{sum(case.healthy for case in cases)} without a lesion in the level, {sum(not case.healthy for case in cases)} with"
    return {
        "split": split,
        "quick": quick,
        "people": f"{people}; drawn by subject, seed {sets.SEED} (`evaluation/flair.py`)",
        "ranked by": "pixel_ap",
        "compared": f"{IN_DRAWS}; those with and without a lesion drawn apart",
        **OF_ALL_METHODS,
        "hardware": hardware(pick_device("auto")),
    }

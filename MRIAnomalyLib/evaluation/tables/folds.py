"""FLAIR strokes in five folds by subject: each method learns anew in every fold, and all people are looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...bundles.bundle import Bundle, open_bundle
from ...bundles.contents import WEIGHTS
from ...bundles.loading import hardware, pick_device
from ...detectors import Detector
from ...detectors.base import refuse_unknown
from ...learning import judge_healthy, training_stack
from ...prepare.recipe import Recipe
from ...records import ProgressCallback, Reconstruction, end_to_end
from ...resources import user_folder
from .. import flair, sets
from ..answers import Seen, seen_with
from ..folds import BUDGETS, COUNT, Fold, Trainings, folds, is_at_home, recipe_here
from ..page import write_tables
from ..scans import Scan
from ..steps import Steps
from ..trivial import warning
from .aims import aims_told
from .beside import IN_DRAWS, on_page
from .brain import labelled
from .deciding import BAR
from .flair_rows import AIMS, OF_ALL_METHODS, StrokeTables, stroke_rows
from .found import SHOWN

QUICK = 15  # people with a lesion, and as many without: shows that it runs
QUICK_BUDGET = {"steps": 3, "encoder_steps": 3, "fast_steps": 2, "batch_size": 4}
JUDGED = ("pixel_ap", "best_dice", "AUROC, any lesion")  # in which a model is to lie beyond the map that needs none

Row = dict[str, Any]


def fold_tables(
    root: Path,
    out: Path,
    *,
    models: Sequence[str],
    settings: Mapping[str, Any] = {},
    quick: bool = False,
    device: str = "auto",
    resume: bool = False,
    progress: ProgressCallback | None = None,
) -> Path:
    """Train every method in every fold, look at everyone once, and write flair-folds.json and flair-folds.md into `out`.

    Args:
        root: where the data sets lie, see `evaluation.flair`.
        out: folder of the tables.
        models: names or folders of bundles; those for FLAIR give their settings, those for T1 the weights that training starts from, too.
        settings: of every training, over BUDGETS and those of the bundles, where the method has them.
        quick: few people and steps.
        device: as for `detect`.
        resume: take trainings of an earlier call, and go on where one stopped.
        progress: called after each picture that is prepared, and after each training.

    Raises:
        BundleError: there is no such bundle, or it is damaged.
        InputError: the set is not there.
        UsageError: there is a setting that no method has, or one that cannot be.
    """
    bundles, device = labelled([open_bundle(model) for model in models]), pick_device(device)
    refuse_unknown(settings, [bundle.detector for bundle in bundles.values()])
    budget = {**QUICK_BUDGET, **settings} if quick else settings
    trainings = Trainings(user_folder() / "folds", budget, device, resume)
    dealt, recipes = folds(root, QUICK if quick else None), {label: recipe_here(bundle) for label, bundle in bundles.items()}
    used = {label: trainings.detector(bundle).settings() for label, bundle in bundles.items()}  # refused before hours of work
    people = [case for fold in dealt for case in fold.looked_at]
    steps = Steps(len(set(recipes.values())) * len(people) + COUNT * len(bundles), progress)
    scans: dict[Recipe, dict[str, Scan]] = {}
    strokes, by_fold = StrokeTables(), list[Row]()
    for label, bundle in bundles.items():
        recipe = recipes[label]
        if recipe not in scans:
            scans[recipe] = {case.id: flair.scan_of_level(case, recipe, steps) for case in people}
        seen = [_looked_at(bundle, fold, scans[recipe], recipe, trainings, device, steps) for fold in dealt]
        strokes.add(label, recipe, [one for several in seen for one in several])
        by_fold += [_of_fold(label, number, several) for number, several in enumerate(seen, 1)]
    deciding, compared = strokes.decided()
    tables = {
        "conditions": {"aims": f"{aims_told(AIMS, deciding)}. {beyond_told(compared)}", **_conditions(dealt, quick, device)},
        "deciding": deciding,
        "compared": compared,
        "by_fold": by_fold,
        "models": [_described(label, bundle, used[label]) for label, bundle in bundles.items()],
        "found": strokes.found,
        "trivial_scores": strokes.trivial,
    }
    command, title = _command(bundles, settings), "FLAIR strokes, five folds"
    write_tables(out, "flair-folds", title, command, tables, warning(strokes.trivial), {"compared": on_page(compared)})
    return out


def _looked_at(
    bundle: Bundle, fold: Fold, scans: Mapping[str, Scan], recipe: Recipe, trainings: Trainings, device: str, steps: Steps
) -> list[Seen]:
    """The people of a fold as a method judges them that learned from others and is calibrated by others again."""
    train, normals, shown = ([scans[case.id] for case in some] for some in (fold.train, fold.calibration, fold.looked_at))
    detector = trainings.learned(bundle, training_stack([scan.prepared for scan in train]))
    pairs = [(scan.prepared.stack, redrawn) for scan, redrawn in zip(normals, _redrawn(detector, normals, device), strict=True)]
    calibration = judge_healthy(pairs, recipe, detector, few=True)  # those of a quick run are too few for p-values
    steps.one()
    redrawn = _redrawn(detector, shown, device)
    return [seen_with(calibration, scan, one, recipe.sequence) for scan, one in zip(shown, redrawn, strict=True)]


def _redrawn(detector: Detector, scans: Sequence[Scan], device: str) -> list[Reconstruction]:
    """What a detector makes of each scan: all go through it together, which changes nothing but the time it takes."""
    stack = end_to_end([scan.prepared.stack for scan in scans])
    together = detector.redraw(stack, device=device, steps=detector.steps_for("fast"))
    return [together.take(np.flatnonzero(stack.subject == who)) for who in range(len(scans))]


def _of_fold(label: str, number: int, seen: Sequence[Seen]) -> Row:
    row = stroke_rows(label, seen, [SHOWN])[0]
    names = [*JUDGED, "AUROC, from 200 mm2", "flagged without lesion", "flagged with lesion"]
    return {"model": label, "fold": number, **{name: row[name] for name in names if name in row}}


def beyond_told(compared: Sequence[Row]) -> str:
    """Which models lie beyond the map that needs none, in what: those whose interval of the difference lies above 0."""
    told = []
    for row in compared:
        if row["B"] == BAR:
            ahead = [name for name in JUDGED if row[f"{name}_95"][0] > 0]
            ap = f"{row['pixel_ap']:+.3f} ({row['pixel_ap_95'][0]:+.3f} to {row['pixel_ap_95'][1]:+.3f})"
            told.append(f"{row['A']} in {', '.join(ahead) or 'nothing'}; its AP {ap}")
    return f"Beyond {BAR} by paired draws: {'. '.join(told)}"


def _conditions(dealt: Sequence[Fold], quick: bool, device: str) -> Row:
    people = [case for fold in dealt for case in fold.looked_at]
    fold = dealt[0]
    return {
        "quick": quick,
        "people": f"{sum(case.healthy for case in people)} without a lesion in the level, {sum(not case.healthy for case in people)} with; "
        f"dealt into {COUNT} folds by subject, seed {sets.SEED} (`evaluation/folds.py`)",
        "folds": f"a method learns from three fifths of those without (first fold: {len(fold.train)}), is calibrated by the fourth "
        f"({len(fold.calibration)}), and looks at the last and a fifth of those with a lesion ({len(fold.looked_at)} together)",
        "not untouched": "settings, smoothing, score, and what is dark or bright, were chosen on people of split validation, who are "
        "among these; the page of split test has none of them",
        "ranked by": "pixel_ap, all folds together: evidence is in standard deviations of healthy people, and comparable",
        "compared": f"{IN_DRAWS}; those with and without a lesion drawn apart",
        **OF_ALL_METHODS,
        "hardware": hardware(device),
    }


def _described(label: str, bundle: Bundle, settings: Mapping[str, Any]) -> Row:
    """How a method was trained in each fold."""
    lent = bundle.lender()
    weights = bundle.name if lent is None else f"{lent.name}, on whose generator in the fold it stands"
    return {
        "model": label,
        "detector": bundle.detector,
        "starts from": "nothing" if is_at_home(bundle) else weights,
        "steps": ", ".join(f"{name} {settings[name]}" for name in BUDGETS[bundle.detector]),
        "weights_sha256": bundle.model["files"][WEIGHTS],
    }


def _command(bundles: Mapping[str, Bundle], settings: Mapping[str, Any]) -> str:
    named = ",".join(bundle.name for bundle in bundles.values())
    return f"mrianomaly benchmark folds --root DATA --model {named}" + "".join(f" --set {name}={value}" for name, value in settings.items())

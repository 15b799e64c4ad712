"""The knee table: how near each model redraws knees it never saw, where it finds pasted lesions, and what it says of abnormal knees.

Two people are no sample: figures stand for each of them, and no interval is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...bundles.bundle import Bundle
from ...bundles.loading import choose_bundle, hardware, pick_device
from ...calibration.judgement import Calibration
from ...errors import UsageError
from ...outputs.sheet import Row as Picture
from ...prepare.recipe import Recipe, recipe_from
from ...records import ProgressCallback
from .. import knees, sets
from ..answers import Answers, Seen, calibration_of, described, viewer
from ..baselines import LEARNING_FREE
from ..examples import Example
from ..knee_scans import KneePeople, KneeScans, knee_people, prepare_knees
from ..page import write_tables
from ..pictures import READING, row_of, section
from ..steps import Steps
from ..trivial import told_apart
from .beside import COMPARED, Beside, best_of, each_alone, of_each, painted_shown
from .brain import labelled, shipped_bundles
from .knee_rows import KNEE_MAPS, Row, deciding, lesion_rows, person_rows

SHIPPED = "knee-pdfs-"  # what the names of these models begin with
LEGEND = (
    "ap, auroc: average precision and area under the curve of lesion pixels; score raised: lesioned knees that score above the same knee "
    "as it is; error: mean |x - healthy| over the leg, standardised intensity (median 0.4), in knees no model learned from; "
    "score: the strongest evidence of a knee; places: mm from the middle of the joint, A in front, S above. Compared: A minus B on the "
    "same knees, volume_auroc of lesioned knees against the same as they are; B without a model: as in the table of lesions."
)
PAGES = {"test": "knee", "validation": "knee-validation"}


def knee_tables(
    root: Path, out: Path, quick: bool, progress: ProgressCallback | None = None, split: str = "test", models: Sequence[str] = ()
) -> Path:
    """Measure every model and write knee.json and knee.md, with a picture of the best model, into `out`; of validation knees without.

    Args:
        root: where the data sets lie, see `evaluation.knees`.
        out: folder of the tables.
        quick: fewer lesions: shows that it runs.
        progress: called after each knee.
        split: "test", or "validation" to choose by.
        models: names or folders of calibrated bundles; without any, all knee-pdfs bundles that ship.

    Raises:
        BundleError: there is no such model, or it is not calibrated.
        InputError: a set is not there.
        UsageError: a model is not for these knees.
    """
    bundles = labelled([choose_bundle(model) for model in models or shipped_bundles(SHIPPED)])
    recipes = {label: _recipe(label, bundle) for label, bundle in bundles.items()}
    people, scans = knee_people(root, split, quick), dict[Recipe, KneeScans]()
    steps = Steps((len(set(recipes.values())) + len(bundles)) * people.scans, progress)
    tables: dict[str, list[Row]] = {name: [] for name in ("deciding", "compared", "models", "people", "lesions", "trivial_scores")}
    examples, beside = dict[str, tuple[list[Picture], Calibration]](), Beside()
    for label, bundle in bundles.items():
        recipe = recipes[label]
        first = recipe not in scans
        maps = [name for name in KNEE_MAPS if first or name not in LEARNING_FREE]
        if first:
            scans[recipe] = prepare_knees(people, recipe, steps)
        answers = _answers(label, bundle, scans[recipe], steps)
        each = each_alone(answers.own)
        beside.add(label, recipe, {name: painted_shown(name, answers, each) for name in maps if name in COMPARED})
        for name, rows in _rows(answers, maps).items():
            tables[name] += rows
        tables["trivial_scores"] += _trivial(answers) if first else []
        if split == "test":
            examples[label] = [row_of(example, one, answers.calibration) for example, one in _examples(answers)], answers.calibration
    tables["deciding"].sort(key=lambda row: row["pixel_ap"], reverse=True)
    best = best_of(tables["deciding"])
    tables["compared"] = beside.rows(best, of_each)
    command = f"mrianomaly benchmark knee --root DATA --split {split} --model {','.join(bundle.name for bundle in bundles.values())}"
    pictures = f"\n## Pictures\n\n{READING}\n#{section(out, best, bundles[best], *examples[best])}" if examples else ""
    write_tables(out, PAGES[split], "Knees", command, {"conditions": _conditions(people, split, quick), **tables}, pictures)
    return out


def _recipe(label: str, bundle: Bundle) -> Recipe:
    recipe = recipe_from(bundle.model["recipe"])
    if (recipe.anatomy, recipe.sequence) != ("knee", "PDFS"):
        raise UsageError(f"{label} is for {recipe.sequence} scans of a {recipe.anatomy}: name models for fat-suppressed knees (PDFS).")
    return recipe


def _answers(label: str, bundle: Bundle, scans: KneeScans, steps: Steps) -> Answers:
    """What a model says: `own` are the knees taken for normal, `patients` the abnormal ones."""
    calibration = calibration_of(bundle)
    see = viewer(bundle, calibration, steps)
    own, patients = ([see(scan) for scan in scans.own if scan.case.healthy == healthy] for healthy in (True, False))
    painted = {kind: [see(scan) for scan in some] for kind, some in scans.painted.items()}
    return Answers(label, bundle, calibration, own, (), patients, painted)


def _rows(answers: Answers, maps: Sequence[str]) -> dict[str, list[Row]]:
    people, lesions = person_rows(answers), lesion_rows(answers, maps)
    return {
        "deciding": deciding(people, lesions, {one.scan.case.subject for one in answers.own}),
        "models": [{**described(answers.label, answers.bundle), "trained": _training(answers.bundle)}],
        "people": people,
        "lesions": lesions,
    }


def _trivial(answers: Answers) -> list[Row]:
    """The areas alone: of two people no interval is known, and their p is never small enough to flag anything."""
    rows = told_apart(answers.label, answers.painted, answers.own, each_alone(answers.own))
    return [
        {name: row[name] for name in ("as prepared for", "lesion", "score", "auroc")} | {"confounded": "too few to say"} for row in rows
    ]


def _training(bundle: Bundle) -> str:
    """How long, and from what."""
    origin = bundle.model["training"].get("from", {"name": "nothing"})
    return f"{bundle.model['config']['steps']} steps from {origin['name']}"


def _examples(answers: Answers) -> list[tuple[Example, Seen]]:
    """The abnormal knees, the first pasted lesion, and the first knee in which nothing was seen."""
    found = [(f"Abnormal knee, {one.scan.case.subject}", "visibly abnormal by a lay look, no diagnosis", one) for one in answers.patients]
    pasted = answers.painted["bright"][0]
    found.append((f"Pasted lesion, {pasted.scan.case.subject}", "25 % brighter inside a stroke's outline: synthetic", pasted))
    plain = next((one for one in answers.own if one.scan.case.label == knees.NORMAL[0]), answers.own[0])
    found.append((f"Taken for normal, {plain.scan.case.subject}", "nothing seen by a lay look, no diagnosis", plain))
    return [(Example(title, note, one.scan.case), one) for title, note, one in found]


def _conditions(people: KneePeople, split: str, quick: bool) -> Row:
    normal = sum(row["visual_impression"] in knees.NORMAL for row in people.rows)
    return {
        "split": split,
        "quick": quick,
        "people": f"{normal} taken for normal, {len(people.rows) - normal} visibly abnormal; drawn by subject, seed {sets.SEED} "
        "(`evaluation/knees.py`), of 17 that were at hand",
        "health": "not stated by the source: impressions are a lay look at the pictures, no diagnosis",
        "p-values": "none: 4 people to compare with are too few. Two people are no sample either: no intervals",
        "lesions": f"synthetic, no disease of a knee: outlines of strokes, 30 % darker or 25 % brighter, through all slices; "
        f"{people.places} of each kind in each normal person, one at a time",
        "legend": LEGEND,
        "ranked by": "pixel_ap, the mean of dark_ap and bright_ap",
        "hardware": hardware(pick_device("auto")),
    }

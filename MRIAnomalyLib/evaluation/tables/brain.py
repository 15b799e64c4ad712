"""The brain tables: which model finds most and cries wolf least, and what each remedy against scanner change is worth.

Every model is shown the same people, prepared once for each recipe and with the same lesions painted in. The models come one after the
other, and what one said of them is forgotten once its rows are made.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ... import resources
from ...bundles.bundle import Bundle, open_bundle
from ...bundles.contents import sha256_of
from ...bundles.loading import choose_bundle, pick_device
from ...errors import BundleError
from ...prepare.recipe import Recipe, recipe_from
from ...records import ProgressCallback
from ..answers import Answers, answers_of, described
from ..baselines import LEARNING_FREE, MAPS
from ..page import write_tables
from ..scans import SEED, People, people_of, prepare_scans
from ..steps import Steps
from ..trivial import told_apart, warning
from . import alarms, fit, found
from .aims import aims_told
from .beside import COMPARED, IN_DRAWS, Beside, best_of, in_draws, on_page, painted_shown, people_drawn
from .deciding import AIMS, BAR, deciding
from .found import SHOWN
from .remedies import prepared_anew, remedies

SHIPPED = "brain-t1-"  # what the names of these models begin with
PAGES = {"test": "brain", "validation": "brain-validation"}
LOOKED_AT = {
    "test": "test subjects were used to choose nothing; the other scanners and the patients, who belong to no split, also for choosing",
    "validation": "validation subjects, and the other scanners and patients, who belong to no split: all of them for choosing",
}

Rows = list[dict[str, Any]]


def brain_tables(
    root: Path, out: Path, quick: bool, progress: ProgressCallback | None = None, split: str = "test", models: Sequence[str] = ()
) -> Path:
    """Measure everything and write the tables as JSON and Markdown into `out`.

    Args:
        root: where the data sets lie, see `evaluation.sets`.
        out: folder of the tables.
        quick: three cases of each kind: shows that it runs.
        progress: called after each volume.
        split: "test", or "validation" to choose by.
        models: names or folders of calibrated bundles; without any, all brain-t1 bundles that ship.

    Raises:
        BundleError: there is no such model, or it is not calibrated.
        InputError: a set is not there.
    """
    bundles = labelled([choose_bundle(model) for model in models or shipped_bundles()])
    people = people_of(root, split, quick)
    tables = _tables(bundles, people, split, progress)
    command = f"mrianomaly benchmark brain --root DATA --split {split} --model {','.join(bundle.name for bundle in bundles.values())}"
    conditions = {"aims": aims_told(AIMS, tables["deciding"]), **_conditions(split, quick)}
    full: dict[str, Any] = {"conditions": conditions, **tables}
    write_brain(out, PAGES[split], command, full)
    return out


def write_brain(out: Path, name: str, command: str, tables: Mapping[str, Any]) -> None:
    """Write the tables into `out`; the page has of the many maps those that decide, the JSON has all."""
    by_map = [entry for entry in ("semi_synthetic", "patients") if entry in tables]
    shown = {entry: [row for row in tables[entry] if row["map"] in (SHOWN, BAR)] for entry in by_map}
    written = [name for name in MAPS if name not in (SHOWN, BAR)]
    tables = {**tables, "conditions": {**tables["conditions"], "other maps": f"in the JSON beside this page: {', '.join(written)}"}}
    shown["compared"] = on_page(tables["compared"])
    write_tables(out, name, "Brain tables", command, tables, warning(tables["trivial_scores"]), shown)


def shipped_bundles(beginning: str = SHIPPED) -> list[Bundle]:
    """All bundles of the project itself whose names begin so, by name; what a user installed has no place in its tables.

    Raises:
        BundleError: there is none, or one is damaged.
    """
    folders = sorted((resources.resources_folder() / "bundles").glob(f"{beginning}*"))
    if not folders:
        raise BundleError(f"No {beginning.rstrip('-')} model ships with this copy of MRIAnomaly: name models with --model.")
    return [open_bundle(folder) for folder in folders]


def labelled(bundles: Sequence[Bundle]) -> dict[str, Bundle]:
    """Bundles by name; where several have the same, with the beginning of their SHA-256."""
    names = [bundle.name for bundle in bundles]
    return {name if names.count(name) == 1 else f"{name} {one.facts.sha256[:8]}": one for name, one in zip(names, bundles, strict=True)}


def _tables(bundles: dict[str, Bundle], people: People, split: str, progress: ProgressCallback | None) -> dict[str, Rows]:
    """All tables, the one that decides first; models grouped by recipe."""
    recipes: dict[Recipe, list[str]] = {}
    for label, bundle in bundles.items():
        recipes.setdefault(recipe_from(bundle.model["recipe"]), []).append(label)
    tables: dict[str, Rows] = {}
    steps = Steps((len(recipes) + len(bundles)) * people.volumes + (prepared_anew(people) if split == "test" else 0), progress)
    grounds: set[Hashable] = set()
    beside = Beside()
    for recipe, labels in recipes.items():
        scans = prepare_scans(people, recipe, steps)
        for label in labels:
            answers = answers_of(label, bundles[label], scans, steps)
            maps = [name for name in MAPS if name not in LEARNING_FREE or _ground(answers) not in grounds]
            grounds.add(_ground(answers))
            for name, rows in _rows_of(answers, split, maps).items():
                tables.setdefault(name, []).extend(rows)
            drawn = people_drawn(answers.own)
            beside.add(label, _ground(answers), {name: painted_shown(name, answers, drawn) for name in maps if name in COMPARED})
            if label == labels[0]:  # of the preparation, not of a model
                tables.setdefault("trivial_scores", []).extend(told_apart(label, answers.painted, answers.own, drawn))
            if split == "test" and "remedies" not in tables:  # of the preparation, not of a model: once
                tables["remedies"] = remedies(answers, people.normals, steps)
    deciding = sorted(tables.pop("deciding"), key=lambda row: row["pixel_ap"], reverse=True)
    return {"deciding": deciding, "compared": beside.rows(best_of(deciding), in_draws), **tables}


def _rows_of(answers: Answers, split: str, maps: Sequence[str]) -> dict[str, Rows]:
    semi_synthetic, patients = found.semi_synthetic(answers, maps), found.patients(answers, maps)
    return {
        "deciding": deciding(answers, semi_synthetic, patients),
        "models": [described(answers.label, answers.bundle)],
        "false_alarms": alarms.false_alarms(answers, split),
        "other_scanners": alarms.by_site(answers),
        "redrawing": fit.redrawing(answers),
        "semi_synthetic": semi_synthetic,
        **({"patients": patients} if split == "test" else {}),  # the same people in both tables: map by map once
    }


def _ground(answers: Answers) -> Hashable:
    """What healthy people show without any model: where that is the same, so are the maps that ask no model."""
    references = [answers.calibration.references[name] for name in ("atlas", "asymmetry")]
    return tuple(sha256_of(part.tobytes()) for reference in references for part in (reference.mean, reference.spread))


def _conditions(split: str, quick: bool) -> dict[str, Any]:
    import torch

    device = pick_device("auto")
    return {
        "split": split,
        "looked at": LOOKED_AT[split],
        "ranked by": "pixel_ap, the mean of dark_ap and bright_ap",
        "compared": IN_DRAWS,
        "device": f"{device}, {torch.get_num_threads()} threads",
        "outline_seed": SEED,
        "quick": quick,
    }

"""What an evaluation found, as a folder: tables as CSV, all of them as JSON and as one Markdown page, and the curves."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..bundles.bundle import Bundle
from ..bundles.contents import sha256_of
from ..bundles.descent import people_behind
from ..bundles.loading import hardware, pick_device
from ..bundles.model import coded
from ..files.atomic import whole_folder
from ..files.cases import Case
from ..findings.components import SMALLEST_MM3
from ..pipeline import versions
from ..prepare.recipe import Recipe
from .answers import ALPHA, described
from .bootstrap import Figure
from .curves_figure import draw_curves
from .lesion_rows import by_size_and_contrast
from .measure import SEED, Measured, Resampled, compared, measured, resampled
from .methods import Method
from .page import write_csv, write_tables
from .reading import Reading
from .task import Failure, Task
from .trivial import SOLVED, confounds

NAME = "evaluation"  # of page and JSON
PICTURE = "\n![ROC of scans, precision and recall of pixels, lesions found against false findings](curves.png)\n"

Row = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Outcome:
    """Everything that tables are made of."""

    task: Task
    cases: Sequence[Case]
    methods: Sequence[Method]
    bundles: Mapping[str, Bundle]
    readings: Mapping[str, Sequence[Reading]]  # method -> its cases
    failures: Sequence[Failure]


def write_outcome(outcome: Outcome) -> None:
    """Write evaluation.json, evaluation.md, figures.csv, cases.csv and curves.png, all or none; UsageError when that cannot be."""
    task, methods = outcome.task, {method.label: method for method in outcome.methods if outcome.readings[method.label]}
    readings = {label: outcome.readings[label] for label in methods}
    people = {label: resampled(some, task.rounds) for label, some in readings.items()}
    found = {label: measured(readings[label], method.threshold, people[label]) for label, method in methods.items()}
    lesions = {label: by_size_and_contrast(readings[label], one.hits, people[label]) for label, one in found.items()}
    tables = {
        "figures": _figure_rows(found),
        "compared": compared(readings, found, task.rounds),
        "trivial scores": _confounds(methods, readings, people),
        "lesions by size and contrast": [{"model": label, **row} for label, rows in lesions.items() for row in rows],
        "models": [described(label, bundle) | _known_people(bundle, outcome.cases) for label, bundle in outcome.bundles.items()],
        "not evaluated": [vars(failure) for failure in outcome.failures],
    }
    with whole_folder(task.out, task.overwrite) as folder:
        write_csv(folder / "figures.csv", tables["figures"])
        write_csv(folder / "cases.csv", _case_rows(outcome, found))
        below = _warning(tables["trivial scores"]) + (PICTURE if draw_curves(folder / "curves.png", readings, found) else "")
        full = {"conditions": _conditions(outcome), **{name: rows for name, rows in tables.items() if rows}}
        write_tables(folder, NAME, f"Evaluation of {task.cases.name}", _command(task), full, below, {"figures": _side_by_side(found)})


def _figure_rows(found: Mapping[str, Measured]) -> list[Row]:
    """One row a figure and method, methods below each other."""
    names = dict.fromkeys(name for one in found.values() for name in one.figures)
    return [
        {
            "figure": name,
            "model": label,
            "value": round(one.figures[name].value, 4),
            "95 %": [round(end, 4) for end in one.figures[name].interval],
        }
        for name in names
        for label, one in found.items()
        if name in one.figures
    ]


def _side_by_side(found: Mapping[str, Measured]) -> list[Row]:
    """One row a figure, a column a method: as people compare them."""
    rows: dict[str, Row] = {}
    for label, one in found.items():
        for name, figure in one.figures.items():
            rows.setdefault(name, {"figure (95 %)": name})[label] = _words(figure)
    return list(rows.values())


def _words(figure: Figure) -> str:
    low, high = figure.interval
    return f"{figure.value:.3f} ({low:.3f} to {high:.3f})"


def _case_rows(outcome: Outcome, found: Mapping[str, Measured]) -> list[Row]:
    rows = []
    for label, one in found.items():
        for reading in outcome.readings[label]:
            row: Row = {"id": reading.id, "subject": reading.subject, "model": label, "state": reading.state}
            row["score"] = reading.score
            if not np.isnan(reading.p):
                row |= {"p_value": reading.p, "flagged": int(reading.p <= ALPHA)}
            if hit := one.hits.get(reading.id):
                row |= {"lesions": len(hit.found), "lesions_found": int(hit.found[:, 0].sum())}
                row |= {"findings": int(hit.findings[0]), "false_findings": int(hit.false[0])}
            rows.append(row)
    rows += [{"id": failure.case, "model": failure.model, "problem": failure.why} for failure in outcome.failures]
    place = {case.id: number for number, case in enumerate(outcome.cases)}
    return sorted(rows, key=lambda row: place[row["id"]])


def _confounds(seen: Mapping[str, Method], readings: Mapping[str, Sequence[Reading]], people: Mapping[str, Resampled]) -> list[Row]:
    """Once for every preparation, as the first of its methods was shown the scans."""
    first: dict[Recipe, str] = {}
    for label, method in seen.items():
        first.setdefault(method.recipe, label)
    rows = []
    for label in first.values():
        known = [one for one in readings[label] if one.sick is not None]
        if len({one.sick for one in known}) == 2:
            sick, owner = [bool(one.sick) for one in known], people[label].places(known).tolist()
            found = confounds([one.trivial for one in known], sick, owner, people[label].weights)
            rows += [{"as prepared for": label, **row} for row in found]
    return rows


def _warning(rows: Sequence[Row]) -> str:
    solved = [row["score"] for row in rows if row["confounded"] == "yes"]
    if not solved:
        return ""
    return f"\n**Confounded**: {', '.join(dict.fromkeys(solved))} alone tells sick from healthy cases: that a method does proves nothing.\n"


def _known_people(bundle: Bundle, cases: Sequence[Case]) -> Row:
    behind = people_behind(bundle.model) | set(bundle.model["splits"].get("calibration", []))
    return {"cases of people it was made with": sum(coded(case.subject) in behind for case in cases)}


def _conditions(outcome: Outcome) -> Row:
    task = outcome.task
    states = [reading.state for reading in next(readings for readings in outcome.readings.values() if readings)]
    return {
        "cases": f"{len(outcome.cases)} of {len({case.subject for case in outcome.cases})} people; evaluated by the first model: "
        + ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states)),
        "table": f"{task.cases.name}{_sha(task.cases)}",
        "healthy people for baselines": f"{task.healthy.name}{_sha(task.healthy)}" if task.healthy else "none",
        "threshold": "of each method fixed on healthy people, so that about one false finding is expected in a healthy volume",
        "best possible Dice": "takes the threshold that suits these very lesions: an upper bound, not what a user gets",
        "findings": f"from {SMALLEST_MM3:g} mm3; a lesion is found where one touches it",
        "pixels": "of cases with a lesion, in what the method judges, on its own grid",
        "confounded": f"a trivial score reaches an area of {SOLVED:g} by more than chance",
        "draws": f"{task.rounds}, of subjects, seed {SEED}, the same for all methods",
        "quick": task.quick,
        "hardware": hardware(pick_device("auto")),
        "versions": ", ".join(f"{name} {number}" for name, number in {"Python": platform.python_version(), **versions()}.items()),
    }


def _sha(path: Path) -> str:
    return f", SHA-256 {sha256_of(path.read_bytes())}" if path.is_file() else ""


def _command(task: Task) -> str:
    options = [f"--cases {task.cases.name}", f"--model {','.join(task.models)}"]
    options += [f"--healthy {task.healthy.name}"] if task.healthy else []
    return f"mrianomaly evaluate {' '.join(options)} --out OUT{' --quick' if task.quick else ''}"

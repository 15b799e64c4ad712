"""What an evaluation found, as a folder: tables as CSV, all of them as JSON and as one Markdown page, and the curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
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
from ..prepare.recipe import Recipe
from .anomalib_models import NEEDED
from .answers import ALPHA, described
from .bootstrap import Figure
from .curves_figure import Axes, Curve, curves_of, draw_curves
from .froc import Hits
from .lesion_rows import by_size_and_contrast
from .measure import SEED, Measured, Resampled, compared, measured, resampled
from .methods import PREFIX, Method
from .page import write_csv, write_page
from .reading import Reading, read_all
from .task import Failure, Task
from .trivial import SOLVED, confounds, warning

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
    kept: Mapping[str, Sequence[Path]]  # method -> readings of its cases
    failures: Sequence[Failure]

    @property
    def left_out(self) -> list[Failure]:
        """Methods that could not be asked about any case."""
        return [one for one in self.failures if one.case is None]

    @property
    def not_evaluated(self) -> list[Row]:
        """Each case that a method could not be asked about."""
        return [vars(one) for one in self.failures if one.case is not None]


@dataclass(frozen=True, eq=False)
class Summary:
    """What is left of a method's readings: these are too large to be held for all methods at once."""

    measured: Measured
    cases: list[Row]
    lesions: list[Row]
    trivial: list[Row]
    curves: Mapping[Axes, Curve]


def write_outcome(outcome: Outcome) -> None:
    """Write evaluation.json, evaluation.md, figures.csv, cases.csv and curves.png, all or none.

    Raises:
        InputError: a reading that was kept is no longer there.
        UsageError: the folder cannot be written.
    """
    task, summaries = outcome.task, dict[str, Summary]()
    for method in outcome.methods:
        if paths := outcome.kept[method.label]:
            summaries[method.label] = _summed_up(method.label, read_all(paths), method.threshold, task.rounds)
    found = {label: one.measured for label, one in summaries.items()}
    trivial = [row for label in _first_of_each(outcome.methods, summaries) for row in summaries[label].trivial]
    tables = {
        "figures": _figure_rows(found),
        "compared": compared(found, lambda label: read_all(outcome.kept[label]), task.rounds),
        "trivial scores": trivial,
        "lesions by size and contrast": [row for one in summaries.values() for row in one.lesions],
        "models": [described(label, bundle) | _known_people(bundle, outcome.cases) for label, bundle in outcome.bundles.items()],
        "left out": [{"model": one.model, "why": one.why} for one in outcome.left_out],
        "not evaluated": outcome.not_evaluated,
    }
    with whole_folder(task.out, task.overwrite) as folder:
        write_csv(folder / "figures.csv", tables["figures"])
        write_csv(folder / "cases.csv", _case_rows(outcome, summaries))
        drawn = draw_curves(folder / "curves.png", {label: one.curves for label, one in summaries.items()})
        full = {"conditions": _conditions(outcome, summaries), **{name: rows for name, rows in tables.items() if rows}}
        below = warning(trivial) + (PICTURE if drawn else "")
        write_page(folder, NAME, f"Evaluation of {task.cases.name}", _command(outcome), full, below, {"figures": _side_by_side(found)})


def _summed_up(label: str, readings: Sequence[Reading], threshold: float, rounds: int) -> Summary:
    people = resampled(readings, rounds)
    found = measured(readings, threshold, people)
    return Summary(
        measured=found,
        cases=[_case_row(label, one, found.hits.get(one.id)) for one in readings],
        lesions=[{"model": label, **row} for row in by_size_and_contrast(readings, found.hits, people)],
        trivial=_confounds(label, readings, people),
        curves=curves_of(readings, found),
    )


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


def _case_row(label: str, reading: Reading, hits: Hits | None) -> Row:
    row: Row = {"id": reading.id, "subject": reading.subject, "model": label, "state": reading.state, "score": reading.score}
    if not np.isnan(reading.p):
        row |= {"p_value": reading.p, "flagged": int(reading.p <= ALPHA)}
    if hits:
        row |= {"lesions": len(hits.found), "lesions_found": int(hits.found[:, 0].sum())}
        row |= {"findings": int(hits.findings[0]), "false_findings": int(hits.false[0])}
    return row


def _case_rows(outcome: Outcome, summaries: Mapping[str, Summary]) -> list[Row]:
    """In the order of the table of cases, those that failed among them."""
    rows = [row for one in summaries.values() for row in one.cases]
    rows += [{"id": one["case"], "model": one["model"], "problem": one["why"]} for one in outcome.not_evaluated]
    place = {case.id: number for number, case in enumerate(outcome.cases)}
    return sorted(rows, key=lambda row: place[row["id"]])


def _confounds(label: str, readings: Sequence[Reading], people: Resampled) -> list[Row]:
    known = [one for one in readings if one.sick is not None]
    if len({one.sick for one in known}) < 2:
        return []
    sick, owner = [bool(one.sick) for one in known], people.places(known).tolist()
    return [{"as prepared for": label, **row} for row in confounds([one.trivial for one in known], sick, owner, people.weights)]


def _first_of_each(methods: Sequence[Method], summaries: Mapping[str, Summary]) -> list[str]:
    """One method for each preparation: the scans, and so the trivial scores, are those that all methods of it are shown."""
    first: dict[Recipe, str] = {}
    for method in methods:
        if method.label in summaries:
            first.setdefault(method.recipe, method.label)
    return list(first.values())


def _known_people(bundle: Bundle, cases: Sequence[Case]) -> Row:
    behind = people_behind(bundle.model) | set(bundle.model["splits"].get("calibration", []))
    return {"cases of people it was made with": sum(coded(case.subject) in behind for case in cases)}


def _conditions(outcome: Outcome, summaries: Mapping[str, Summary]) -> Row:
    task = outcome.task
    others = {"anomalib": version("anomalib")} if any(f"{PREFIX}{name}" in summaries for name in NEEDED) else {}
    states = [row["state"] for row in next(iter(summaries.values())).cases]
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
        **others,
    }


def _sha(path: Path) -> str:
    return f", SHA-256 {sha256_of(path.read_bytes())}" if path.is_file() else ""


def _command(outcome: Outcome) -> str:
    task, models = outcome.task, ",".join([one.label for one in outcome.methods] + [one.model for one in outcome.left_out])
    healthy = f" --healthy {task.healthy.name}" if task.healthy else ""
    return f"mrianomaly evaluate --cases {task.cases.name} --model {models}{healthy} --out OUT{' --quick' if task.quick else ''}"

"""The few cases that pictures are made of, chosen before any model saw them, and from whom no model learned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .. import resources
from ..errors import UsageError
from ..files.cases import Case
from ..prepare.recipe import Recipe
from . import flair
from .scans import KINDS, Scan, painted, people_of, scan_of
from .steps import Steps

_SMALLEST_MM2 = 50  # of a stroke that is shown
_TONE = {"dark": "darker", "bright": "brighter"}


@dataclass(frozen=True)
class Example:
    """One case, and what a reader must know of it."""

    title: str
    note: str
    case: Case
    outline: Path | None = None  # of a lesion to be painted in
    change: float = 0.0  # of intensity inside


def examples_of(sequence: str, root: Path | None) -> list[Example]:
    """The cases for models of a sequence.

    Args:
        sequence: of the model's recipe.
        root: where the data sets lie, see `evaluation.sets`; without it, only what comes with the project.

    Raises:
        InputError: a set is not there.
        UsageError: there are none for this sequence without `root`.
    """
    if sequence == "FLAIR" and root:
        return _strokes(root)
    if sequence != "T1":
        raise UsageError(
            f"The cases for models of {sequence} scans are not part of the project: name the folder of the data sets with --root."
        )
    patient = Case(
        id="patient", subject="patient", image=resources.sample(resources.PATIENT), mask=resources.sample(resources.PATIENT_LESIONS)
    )
    healthy = Case(id="healthy", subject="healthy", image=resources.sample(resources.HEALTHY_HEAD), healthy=True)
    return [
        Example("Patient with multiple sclerosis", "sample scan of a scanner that no model saw; lesions outlined by experts", patient),
        *(_painted(root) if root else ()),
        Example("Healthy head", "sample scan of another scanner that no model saw", healthy),
    ]


def _painted(root: Path) -> list[Example]:
    """The first lesion outline in the first person of the validation split, darker and brighter."""
    people = people_of(root, "validation", quick=True)
    return [
        Example(
            f"{kind.capitalize()} lesion",
            f"painted into a healthy person of the validation split: {100 * abs(change):.0f} % {_TONE[kind]} inside a real stroke outline",
            people.own[0],
            people.outlines[0],
            change,
        )
        for kind, change in KINDS.items()
    ]


def _strokes(root: Path) -> list[Example]:
    """Patients of the validation split: by the size of the lesion a quarter, half and three quarters up, and the first without one."""
    cases = flair.flair(root, "validation")
    area = {case.id: flair.lesion_mm2(case) for case in cases}
    sick = sorted((case for case in cases if area[case.id] >= _SMALLEST_MM2), key=lambda case: area[case.id])
    strokes = [
        Example(
            f"{size} stroke",
            f"FLAIR of a patient of the validation split; {area[case.id] / 100:.1f} cm\N{SUPERSCRIPT TWO} outlined on a diffusion scan",
            case,
        )
        for size, case in zip(("Small", "Medium", "Large"), (sick[len(sick) * quarter // 4] for quarter in (1, 2, 3)), strict=True)
    ]
    free = next(case for case in cases if case.healthy)
    return [*strokes, Example("No stroke here", "FLAIR of a patient of the validation split; no acute lesion in this slice", free)]


def volumes(examples: Sequence[Example]) -> int:
    """How many volumes `prepare_examples` makes of them."""
    return len({example.case.id for example in examples}) + sum(example.outline is not None for example in examples)


def prepare_examples(examples: Sequence[Example], recipe: Recipe, steps: Steps) -> list[Scan]:
    """Every case as the models of this recipe see it.

    Args:
        examples: which.
        recipe: how.
        steps: told of each of `volumes(examples)`.
    """
    scan = flair.scan_of_level if recipe.sequence == "FLAIR" else scan_of
    clean = {case.id: scan(case, recipe, steps) for case in {example.case.id: example.case for example in examples}.values()}
    return [
        painted(clean[example.case.id], example.outline, example.change, recipe, steps) if example.outline else clean[example.case.id]
        for example in examples
    ]

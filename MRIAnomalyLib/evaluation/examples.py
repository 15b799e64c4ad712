"""The few cases that pictures are made of: a patient, a healthy head, and lesions painted into a person whom no model learned from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .. import resources
from ..errors import UsageError
from ..files.cases import Case
from ..prepare.recipe import Recipe
from .scans import KINDS, Scan, painted, people_of, scan_of
from .steps import Steps

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
    """The cases for models of a sequence, none of them chosen by what a model says of them.

    Args:
        sequence: of the model's recipe.
        root: where the data sets lie, see `evaluation.sets`; without it, only what comes with the project.

    Raises:
        InputError: a set is not there.
        UsageError: there are none for this sequence.
    """
    if sequence != "T1":
        raise UsageError(f"There are no cases to show for models of {sequence} scans.")
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
            f"painted into a healthy person of the validation split: {abs(change):.0%} {_TONE[kind]} inside a real stroke outline",
            people.own[0],
            people.outlines[0],
            change,
        )
        for kind, change in KINDS.items()
    ]


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
    clean = {case.id: scan_of(case, recipe, steps) for case in {example.case.id: example.case for example in examples}.values()}
    return [
        painted(clean[example.case.id], example.outline, example.change, recipe, steps) if example.outline else clean[example.case.id]
        for example in examples
    ]

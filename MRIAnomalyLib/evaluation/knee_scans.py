"""The knees of the knee table: the people of a split as they are, and those taken for normal with lesions pasted in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import UsageError
from ..files.cases import Case
from ..prepare.knee import place_knee
from ..prepare.recipe import Recipe, standardise
from ..records import Array
from . import knees
from .lesions import lesion_outlines
from .pasted import shapes_of, with_lesion
from .scans import KINDS, OUTLINES, SEED, Scan
from .steps import Steps

PLACES = 4  # lesions of each kind in each person, one at a time


@dataclass(frozen=True)
class KneePeople:
    """Who is looked at, and what is pasted into those who are taken for normal."""

    root: Path
    rows: Sequence[Mapping[str, str]]  # of the set's table
    outlines: Sequence[Path]  # of lesions, whose shapes are drawn from
    places: int

    @property
    def scans(self) -> int:
        """How many a model is shown."""
        normal = sum(row["visual_impression"] in knees.NORMAL for row in self.rows)
        return len(self.rows) + normal * len(KINDS) * self.places


@dataclass(frozen=True, eq=False)
class KneeScans:
    """Everyone of a split, prepared by one recipe."""

    own: Sequence[Scan]  # as they are; `case.label` is the set's impression, `case.healthy` whether that is taken for normal
    painted: Mapping[str, Sequence[Scan]]  # "dark", "bright" -> the normal ones with a lesion, one person's after the other's


def knee_people(root: Path, split: str, quick: bool) -> KneePeople:
    """Those whom a table of this split looks at; with `quick` one lesion of each kind in each person.

    Raises:
        InputError: a set is not there.
        UsageError: another split.
    """
    if split not in OUTLINES:
        raise UsageError(f"Tables are made of the splits {' and '.join(OUTLINES)}, not of {split}.")
    part = OUTLINES[split]
    outlines = lesion_outlines(root / "soop_lesion_masks", part.stop, SEED)[part]
    return KneePeople(root, knees.knees(root, split), outlines, 1 if quick else PLACES)


def prepare_knees(people: KneePeople, recipe: Recipe, steps: Steps) -> KneeScans:
    """Prepare everyone, and paste the lesions.

    Args:
        people: whom.
        recipe: how.
        steps: told of each of `people.scans`.
    """
    own = []
    for row in people.rows:
        impression, image = row["visual_impression"], people.root / "knee_mridata" / row["file"]
        case = Case(row["subject"], row["subject"], image, healthy=impression in knees.NORMAL, label=impression, sequence="PDFS")
        own.append(Scan(case, standardise(place_knee(knees.slab(image, case.subject)), recipe)))
        steps.one()
    shapes, normal = shapes_of(people.outlines, recipe.size_px), [scan for scan in own if scan.case.healthy]
    painted: dict[str, list[Scan]] = {kind: [] for kind in KINDS}
    for number in range(len(normal) * people.places):
        for kind, change in KINDS.items():
            painted[kind].append(_with_lesion(normal[number // people.places], shapes, change, number))
            steps.one()
    return KneeScans(own, painted)


def _with_lesion(scan: Scan, shapes: Sequence[Array], change: float, seed: int) -> Scan:
    stack, truth = with_lesion(scan.prepared.stack, shapes, change, seed)
    return Scan(scan.case, replace(scan.prepared, stack=stack), truth)

"""The volumes of the brain tables: who is looked at, and everyone prepared once for all models of one recipe, lesions painted once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import UsageError
from ..files.cases import Case
from ..files.reading import read_volume
from ..prepare import brain
from ..prepare.recipe import Recipe
from ..prepare.slices import cut_slices
from ..records import Array, Prepared
from . import lesions, sets
from .heads import head_of, prepare_head
from .steps import Steps

SEED = 7  # of the order of lesion outlines
OUTLINES = {"test": slice(0, 100), "validation": slice(100, 200)}  # of that order
KINDS = {"dark": lesions.DARK, "bright": lesions.BRIGHT}
QUICK = 3  # cases of each kind: shows that it runs


@dataclass(frozen=True)
class People:
    """Who is looked at."""

    own: Sequence[Case]  # healthy, of the training scanner, in the split
    others: Sequence[Case]  # healthy, of other scanners
    patients: Sequence[Case]
    normals: Sequence[Case]  # half of the calibration subjects: a mean and a spread need no more
    outlines: Sequence[Path]  # of lesions, the first for the first of `own`

    @property
    def volumes(self) -> int:
        """How many volumes `prepare_scans` makes of them."""
        return (1 + len(KINDS)) * len(self.own) + len(self.others) + len(self.patients)


@dataclass(frozen=True, eq=False)
class Scan:
    """One volume, prepared, and where its lesions are known to be."""

    case: Case
    prepared: Prepared
    truth: Array | None = None  # (N, H, W) bool, of a lesion painted in or drawn by experts


@dataclass(frozen=True, eq=False)
class Scans:
    """Everyone, prepared by one recipe."""

    own: Sequence[Scan]
    others: Sequence[Scan]
    patients: Sequence[Scan]
    painted: Mapping[str, Sequence[Scan]]  # "dark", "bright" -> those of `own` with a lesion


def people_of(root: Path, split: str, quick: bool) -> People:
    """Those whom a table of this split looks at.

    Args:
        root: where the data sets lie, see `evaluation.sets`.
        split: "test" or "validation".
        quick: three of each kind.

    Raises:
        InputError: a set is not there.
        UsageError: another split.
    """
    if split not in OUTLINES:
        raise UsageError(f"Tables are made of the splits {' and '.join(OUTLINES)}, not of {split}.")
    few, part = slice(QUICK if quick else None), OUTLINES[split]
    return People(
        own=sets.healthy(root, split)[few],
        others=sets.other_scanners(root)[few],
        patients=sets.patients(root)[few],
        normals=sets.healthy(root, "calibration")[::2][few],
        outlines=lesions.lesion_outlines(root / "soop_lesion_masks", part.stop, SEED)[part],
    )


def prepare_scans(people: People, recipe: Recipe, steps: Steps) -> Scans:
    """Prepare everyone, and paint the lesions.

    Args:
        people: whom.
        recipe: how.
        steps: told of each of `people.volumes`.
    """
    own = [scan_of(case, recipe, steps) for case in people.own]
    return Scans(
        own=own,
        others=[scan_of(case, recipe, steps) for case in people.others],
        patients=[scan_of(case, recipe, steps) for case in people.patients],
        painted={
            kind: [painted(scan, outline, change, recipe, steps) for scan, outline in zip(own, people.outlines, strict=False)]
            for kind, change in KINDS.items()
        },
    )


def scan_of(case: Case, recipe: Recipe, steps: Steps) -> Scan:
    """One volume as it came, with its lesions as experts drew them; `steps` is told."""
    prepared = prepare_head(head_of(case), recipe)
    steps.one()
    return Scan(case, prepared, drawn_by_experts(case, prepared, recipe))


def drawn_by_experts(case: Case, prepared: Prepared, recipe: Recipe) -> Array | None:
    """The lesion mask (N, H, W) carried to the model's grid, wherever its own voxels lie; None without one. InputError as of reading."""
    if case.mask is None:
        return None
    mask = read_volume(case.mask)
    lesion = (mask.array > 0).astype(np.float32)
    inside = cut_slices(lesion, mask.affine, prepared.template_to_world, prepared.grid_affine, recipe.shape, brain.STEP_MM)
    return inside[:, 0] > 0.5


def painted(clean: Scan, outline: Path, change: float, recipe: Recipe, steps: Steps) -> Scan:
    """The same head with a lesion, see `lesions.paint`; `steps` is told."""
    prepared, truth = lesions.paint(head_of(clean.case), clean.prepared, outline, change, recipe)
    steps.one()
    return Scan(clean.case, prepared, truth)

"""Small cohorts of healthy people of another kind than a model was trained on, as folders of prepared slices.

A folder holds train.npz and validation.npz, each the arrays of a `SliceStack`: pixels (N, 1, H, W), mask (N, 1, H, W), level (N,) and
subject (N,). Those of KINDS are made of the data sets under one root; any other folder of this form can stand beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from ..files.atomic import whole_folder
from ..files.cases import Case
from ..learning import training_stack
from ..prepare.recipe import Recipe
from ..records import Array, ProgressCallback, SliceStack
from . import flair, knees, sets
from .scans import Scan, scan_of
from .steps import Steps

SPLITS = ("train", "validation")
SEED = 0  # of the order of the people of other scanners
MOST_OF_ONE = 50  # slices that one person gives to be learned from
LOOKED_AT = 10  # slices of each person who is looked at

_NAMES = tuple(field.name for field in fields(SliceStack))


@dataclass(frozen=True, eq=False)
class Cohort:
    """Slices of people to learn from, and of others to look at."""

    train: SliceStack
    validation: SliceStack

    @property
    def levels(self) -> int:
        """Of the grid that the slices lie on."""
        return 1 + int(max(self.train.level.max(), self.validation.level.max()))


@dataclass(frozen=True)
class Kind:
    """How a cohort is made of the data sets."""

    recipe: Mapping[str, Any]  # over that of the model that training starts from
    people: Callable[[Path], tuple[list[Case], list[Case]]]  # root -> those of each of SPLITS
    scan: Callable[[Case, Recipe, Steps], Scan]


def _with_flair(root: Path) -> tuple[list[Case], list[Case]]:
    return flair.flair(root, "train"), [case for case in flair.flair(root, "validation") if case.healthy]


def _of_other_scanners(root: Path) -> tuple[list[Case], list[Case]]:
    cases = sets.other_scanners(root)
    order = [cases[place] for place in np.random.default_rng(SEED).permutation(len(cases))]
    return order[::2], order[1::2]


def _with_knees(root: Path) -> tuple[list[Case], list[Case]]:
    return knees.normal_knees(root, "train"), knees.normal_knees(root, "calibration", "validation")


def _of_the_scanner(root: Path) -> tuple[list[Case], list[Case]]:
    return sets.healthy(root, "train"), sets.healthy(root, "validation")


HOME = Kind({}, _of_the_scanner, scan_of)  # whom the T1 models learned from, and others of their scanner
KINDS = {
    "flair": Kind({"sequence": "FLAIR"}, _with_flair, flair.scan_of_level),
    "other-scanners": Kind({"sequence": "T1"}, _of_other_scanners, scan_of),
    "knees": Kind({"anatomy": "knee", "sequence": "PDFS"}, _with_knees, knees.scan_of_slab),
}


def make_cohort(kind: Kind, root: Path, recipe: Recipe, folder: Path, most: int | None, progress: ProgressCallback | None = None) -> None:
    """Prepare the people of a cohort, at most so many of each split, and write its folder.

    Raises:
        InputError: a set is not there, or a scan cannot be read.
    """
    people = [cases[:most] for cases in kind.people(root)]
    steps = Steps(sum(map(len, people)), progress)
    with whole_folder(folder, overwrite=False) as unfinished:
        for split, cases in zip(SPLITS, people, strict=True):
            write_slices(unfinished / f"{split}.npz", training_stack([kind.scan(case, recipe, steps).prepared for case in cases]))


def write_slices(path: Path, stack: SliceStack) -> None:
    """One of a cohort's files."""
    np.savez_compressed(path, **{name: getattr(stack, name) for name in _NAMES})


def read_cohort(folder: Path) -> Cohort:
    """The cohort in a folder; of those who are looked at, a few slices each.

    Raises:
        InputError: a file cannot be read or is not one of those, or their slices are not of one size.
    """
    train, validation = (read_slices(folder / f"{split}.npz") for split in SPLITS)
    if train.pixels.shape[1:] != validation.pixels.shape[1:]:
        raise InputError(f"The slices in {folder} are of two sizes: prepare train.npz and validation.npz alike.")
    few = np.concatenate([spread_out(np.flatnonzero(validation.subject == who), LOOKED_AT) for who in np.unique(validation.subject)])
    return Cohort(train, validation.take(few))


def read_slices(path: Path) -> SliceStack:
    """What `write_slices` wrote; InputError where a file does not hold that."""
    try:
        with np.load(path, allow_pickle=False) as held:
            stack = SliceStack(**{name: held[name] for name in _NAMES})
            whole = stack.pixels.ndim == 4 and stack.mask.shape == stack.pixels.shape and stack.mask.dtype == bool
            if whole and len(stack) == len(stack.level) == len(stack.subject) > 0:
                return SliceStack(stack.pixels.astype(np.float32), stack.mask, stack.level, stack.subject)
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{path} cannot be read as prepared slices: it must hold {', '.join(_NAMES)}.") from error
    raise InputError(f"{path} does not hold prepared slices: pixels and mask (N, 1, H, W), level and subject (N,).")


def few_slices(stack: SliceStack, count: int, seed: int) -> SliceStack:
    """So many slices, at most those `at_hand`, of as few people as hold them: a small cohort is one of few scans.

    Args:
        stack: to choose from.
        count: how many; a person gives at most MOST_OF_ONE, spread over the levels.
        seed: of the order of the people.
    """
    chosen: list[Array] = []
    for who in np.random.default_rng(seed).permutation(np.unique(stack.subject)):
        if (missing := count - sum(map(len, chosen))) > 0:
            chosen.append(spread_out(np.flatnonzero(stack.subject == who), min(missing, MOST_OF_ONE)))
    return stack.take(np.concatenate(chosen))


def at_hand(stack: SliceStack) -> int:
    """How many slices `few_slices` can give."""
    return int(np.minimum(np.unique(stack.subject, return_counts=True)[1], MOST_OF_ONE).sum())


def spread_out(rows: Array, most: int) -> Array:
    """At most so many of these rows, evenly."""
    return rows[np.linspace(0, len(rows) - 1, min(most, len(rows))).astype(int)]

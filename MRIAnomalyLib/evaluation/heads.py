"""Heads on the 2 mm grid with their brain masks, extracted once and kept in the user's folder: many tables prepare the same heads anew."""

from __future__ import annotations

import numpy as np

from ..files.atomic import whole_file
from ..files.cases import Case
from ..files.reading import read_volume
from ..prepare import brain
from ..prepare.anatomy import place_as
from ..prepare.geometry import canonical
from ..prepare.placing import place_brain
from ..prepare.recipe import Recipe, standardise
from ..records import Prepared
from ..resources import user_folder
from .lesions import Head


def head_of(case: Case) -> Head:
    """The head of a case; InputError or NotComparableError when it cannot be read or holds no brain."""
    volume = read_volume(case.image)
    kept = user_folder() / "heads" / f"{volume.source_sha256}.npz"
    if not kept.exists():
        array, affine = canonical(volume, brain.STEP_MM)
        array = np.maximum(array, 0)
        mask, how = brain.brain_mask(array)
        kept.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(kept) as path, path.open("wb") as file:
            np.savez_compressed(file, array=array, affine=affine, mask=mask, how=how)
    with np.load(kept, allow_pickle=False) as held:
        return Head(held["array"], held["affine"], held["mask"], str(held["how"]))


def prepare_case(case: Case, recipe: Recipe) -> Prepared:
    """A case prepared without refusals, by its head that is kept; knees, and slices that say where they lie, have none."""
    volume = read_volume(case.image)
    if volume.in_template_space or recipe.anatomy != "brain":
        return standardise(place_as(recipe.anatomy, volume), recipe)
    return prepare_head(head_of(case), recipe)


def prepare_head(head: Head, recipe: Recipe) -> Prepared:
    """The rest of the recipe's steps, as in `prepare.recipe.prepare`, without its refusals."""
    return standardise(place_brain(head.array, head.affine, head.mask, head.how), recipe)

"""The recipe: how a volume becomes slices. Stored in the bundle; training, calibration and detection run this same code from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..errors import BundleError, NotComparableError
from ..records import Array, Prepared, SliceStack, Volume, as_stored
from . import intensity, plausibility
from .anatomy import place_as
from .fitting import FRAMES, refuse_coarser, refuse_other_levels
from .knee import WHOLE_MM
from .placing import SMALLEST_EXTENT_MM, Placed
from .slices import PLANES, cut_slices, grid_affine


@dataclass(frozen=True)
class Recipe:
    """How a scan becomes a stack of slices in MNI152 space, or in the frame of a knee; the defaults are those of a T1 head."""

    anatomy: str = "brain"
    sequence: str = "T1"
    plane: str = "axial"
    size_px: int = 64
    pixel_mm: float = 3.0
    slices: int = 60
    step_mm: float = 2.0
    first_mm: float = -45.0  # coordinate of slice 0 across the plane: below lie the cerebellum's floor and the neck
    center_mm: tuple[float, float] = (0.0, -18.0)  # of the picture, along its columns and rows: right, anterior
    remove_bias: bool = True
    tone: str = "tissue"  # "tissue": peaks of fluid, grey and white matter; "median": linear, by the median of brain or leg in these slices
    middle: float = 1.0  # what that median becomes
    brightest: float | None = None  # standardised intensity beyond which nothing is told apart

    def __post_init__(self) -> None:
        known = KINDS.get((self.anatomy, self.sequence))
        if known is None or self.plane != known.get("plane", "axial"):
            kind = f"{self.plane} {self.anatomy} slices of {self.sequence} scans"
            raise BundleError(f"The preparation of {kind} is not known to this version. Update the extension.")

    @property
    def grid(self) -> Array:
        """(4, 4): stack (column, row, slice) -> template RAS mm."""
        return grid_affine(self.plane, self.size_px, self.pixel_mm, self.step_mm, self.first_mm, self.center_mm)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(slices, rows, columns) of the stack."""
        return self.slices, self.size_px, self.size_px

    @property
    def part(self) -> str:
        """The part of the brain or knee that these slices show, in words; empty where that is the whole of it."""
        if self.slices * self.step_mm >= WHOLE[self.anatomy]:
            return ""
        low, high = (self.first_mm + (place - 0.5) * self.step_mm for place in (0, self.slices))
        space = "MNI152" if self.anatomy == "brain" else f"from {FRAMES[self.anatomy]}"
        return f"the level {'RAS'[PLANES[self.plane][2]]} {low:+.0f} to {high:+.0f} mm ({space})"

    @property
    def symmetric(self) -> bool:
        """Whether flipping columns makes another healthy picture: of a brain, not of a knee."""
        return self.anatomy == "brain"


WHOLE = {"brain": SMALLEST_EXTENT_MM, "knee": WHOLE_MM}  # anatomy -> extent of slices, from which on they show all of it
_KNEE = {"center_mm": (0.0, 0.0), "pixel_mm": 2.5, "remove_bias": False, "tone": "median", "middle": 0.4, "brightest": 1.7}
_SERIES = {**_KNEE, "slices": 24, "step_mm": 4.0, "first_mm": -46.0}
# What differs from a T1 head. FLAIR: one level, because its training pictures are slices of that level; their shading was left in, and
# most saturate near 1.7 times the brain's median. Knees: the field of 160 mm, too little tissue for N4; fluid lies near 1.2, and little
# healthy above 1.7. Fat-suppressed PD: the middle 6 mm, as the training scans have them; the others: whole series, as in MRNet.
KINDS: dict[tuple[str, str], dict[str, Any]] = {
    ("brain", "T1"): {},
    ("brain", "FLAIR"): {"slices": 1, "first_mm": 18.0, "remove_bias": False, "tone": "median", "brightest": 1.7},
    ("knee", "PDFS"): {**_KNEE, "plane": "sagittal", "slices": 10, "step_mm": 0.6, "first_mm": -2.7},
    ("knee", "T2"): {**_SERIES, "plane": "sagittal"},
    ("knee", "T1"): {**_SERIES, "plane": "coronal"},
    ("knee", "PD"): {**_SERIES, "plane": "axial"},
}


def recipe_from(stored: Mapping[str, Any]) -> Recipe:
    """The recipe as it was stored in a bundle, or as a user sets it: what is not told is as usual for its anatomy and sequence.

    Raises:
        BundleError: it names steps that this version does not know.
    """
    try:
        kind = stored.get("anatomy", Recipe.anatomy), stored.get("sequence", Recipe.sequence)
        return Recipe(**{**KINDS.get(kind, {}), **as_stored(stored)})
    except TypeError as error:
        raise BundleError("The bundle's preparation recipe is not known to this version. Update the extension.") from error


def prepare(volume: Volume, recipe: Recipe, progress: Callable[[int, int], None] | None = None, force: bool = False) -> Prepared:
    """Bring a volume to the slices a model was trained on, and remember the way back: `place_as`, then `cut`. For errors see there."""
    return cut(place_as(recipe.anatomy, volume, progress), recipe, force)


def cut(placed: Placed, recipe: Recipe, force: bool = False) -> Prepared:
    """The slices of a scan whose brain or knee was found.

    Args:
        placed: as `place_as` gives it.
        recipe: the bundle's steps.
        force: go on where the scan is not what the recipe is for; the reasons then stand among the warnings.

    Raises:
        NotComparableError: size, place or contrast are not those that the recipe is for, or its slices are not in this scan.
    """
    refuse_coarser(placed, recipe.grid, recipe.plane)
    refuse_other_levels(placed, recipe.grid, recipe.slices, recipe.anatomy)
    reasons = plausibility.reasons_to_refuse(placed.facts, recipe.sequence, recipe.anatomy)
    if reasons and not force:
        raise NotComparableError(reasons[0])
    return replace(standardise(placed, recipe), warnings=tuple(f"Scored on request. {reason}" for reason in reasons))


def standardise(placed: Placed, recipe: Recipe) -> Prepared:
    """The slices, whatever the scan is: for what is known to be right."""

    def sampled(array: Array) -> Array:
        return cut_slices(array, placed.affine, placed.to_world, recipe.grid, recipe.shape, placed.step_mm)

    bias = placed.bias if recipe.remove_bias else np.ones_like(placed.bias)
    even = placed.head / bias
    mask = sampled(placed.mask.astype(np.float32)) > 0.5
    if recipe.tone == "tissue":
        tone = intensity.tone_curve(placed.peaks)
    else:
        tone = intensity.linear_tone(np.median(sampled(even)[mask]) if mask.any() else 1.0, recipe.middle)
    standard = np.where(placed.mask, np.minimum(intensity.apply_tone(even, tone), recipe.brightest or np.inf), 0)
    stack = SliceStack(sampled(standard), mask, np.arange(recipe.slices), np.zeros(recipe.slices, int))
    return Prepared(stack, recipe.grid, placed.to_world, np.maximum(sampled(bias), 0.1), tone, placed.facts, placed.levels(recipe.grid))

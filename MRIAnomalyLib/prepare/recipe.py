"""The recipe: how a volume becomes slices. Stored in the bundle; training, calibration and detection run this same code from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..errors import BundleError, NotComparableError
from ..records import Array, Prepared, SliceStack, Volume, as_stored
from . import brain, intensity, plausibility
from .geometry import canonical, resample
from .slices import cut_slices, grid_affine

SMALLEST_EXTENT_MM = 90.0  # along any axis; the smallest adult brains measure about 100 mm from top to bottom


@dataclass(frozen=True)
class Recipe:
    """How a T1 head becomes a stack of axial slices in MNI152 space."""

    anatomy: str = "brain"
    sequence: str = "T1"
    plane: str = "axial"
    size_px: int = 64
    pixel_mm: float = 3.0
    slices: int = 60
    step_mm: float = 2.0
    first_mm: float = -45.0  # superior coordinate of slice 0: below lie the cerebellum's floor and the neck
    center_mm: tuple[float, float] = (0.0, -18.0)  # right, anterior
    remove_bias: bool = True
    tone: str = "tissue"  # "tissue": peaks of fluid, grey and white matter; "median": divide by the brain's median

    def __post_init__(self) -> None:
        if (self.anatomy, self.plane) != ("brain", "axial"):
            raise BundleError(f"The preparation of {self.plane} {self.anatomy} slices is not known to this version. Update the extension.")

    @property
    def grid(self) -> Array:
        """(4, 4): stack (column, row, slice) -> template RAS mm."""
        return grid_affine(self.size_px, self.pixel_mm, self.step_mm, self.first_mm, self.center_mm)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(slices, rows, columns) of the stack."""
        return self.slices, self.size_px, self.size_px


def recipe_from(stored: Mapping[str, Any]) -> Recipe:
    """The recipe as it was stored in a bundle.

    Raises:
        BundleError: it names steps that this version does not know.
    """
    try:
        return Recipe(**as_stored(stored))
    except TypeError as error:
        raise BundleError("The bundle's preparation recipe is not known to this version. Update the extension.") from error


def prepare(volume: Volume, recipe: Recipe, progress: Callable[[int, int], None] | None = None, force: bool = False) -> Prepared:
    """Bring a volume to the slices a model was trained on, and remember the way back.

    Args:
        volume: a T1-weighted head or extracted brain, any orientation.
        recipe: the bundle's steps.
        progress: called with (steps done, steps in all).
        force: go on where the volume is not what the recipe is for; the reasons then stand among the warnings.

    Raises:
        NotComparableError: no brain was found, or its size, place or contrast are not those of a T1-weighted adult brain.
    """
    tell = progress or (lambda done, total: None)
    head, affine = canonical(volume, brain.STEP_MM)
    head = np.maximum(head, 0)
    least = min(head.shape) * brain.STEP_MM
    if least < SMALLEST_EXTENT_MM:
        raise NotComparableError(f"This volume is {least:.0f} mm thin, a brain is not. Give a T1-weighted scan of a whole adult brain.")
    tell(1, 5)
    mask, how = brain.brain_mask(head)
    tell(2, 5)
    prepared = standardise(head, affine, mask, how, recipe, tell)
    reasons = plausibility.reasons_to_refuse(prepared.facts)
    if reasons and not force:
        raise NotComparableError(reasons[0])
    forced = (f"Scored on request. {reason}" for reason in reasons)
    return replace(prepared, warnings=(*forced, *plausibility.cut_out(prepared.facts)))


def standardise(head: Array, affine: Array, mask: Array, how: str, recipe: Recipe, tell: Callable[[int, int], None]) -> Prepared:
    """The steps after extraction: bias removal, registration, tone and cutting. For arguments and errors see `prepare`."""
    bias = intensity.bias_field(head, affine, mask) if recipe.remove_bias else np.ones_like(head)
    even = head / bias  # registered without its shading, which would otherwise pull at the fit
    tell(3, 5)
    to_world, correlation = brain.register(np.minimum(even, np.percentile(even[mask], 99.5)) * mask, affine)
    scaling = float(1 / np.linalg.det(to_world[:3, :3]))
    tell(4, 5)
    tone, peaks = _tone(even, affine, mask, to_world, recipe)
    standard = np.where(mask, intensity.apply_tone(even, tone), 0)

    def cut(array: Array) -> Array:
        return cut_slices(array, affine, to_world, recipe.grid, recipe.shape, brain.STEP_MM)

    stack = SliceStack(cut(standard), cut(mask.astype(np.float32)) > 0.5, np.arange(recipe.slices), np.zeros(recipe.slices, int))
    tell(5, 5)
    facts = {
        "brain_ml": float(mask.sum() * brain.STEP_MM**3 / 1000),
        "extracted": float(how != "deepbet"),
        "correlation": correlation,
        "scaling": scaling,
        "fluid": float(peaks[0] / peaks[2]),
        "grey": float(peaks[1] / peaks[2]),
    }
    return Prepared(stack, recipe.grid, to_world, np.maximum(cut(bias), 0.1), tone, facts)


def _tone(array: Array, affine: Array, mask: Array, to_world: Array, recipe: Recipe) -> tuple[tuple[Array, Array], Array]:
    """The tone curve of one brain, and its tissue peaks."""
    to_template = np.linalg.inv(to_world) @ affine
    grey, white = (resample(*brain.template_map(kind), array.shape, to_template)[mask] for kind in ("gm", "wm"))
    peaks = intensity.tissue_peaks(array[mask], grey, white)
    if recipe.tone == "median":
        knots = np.array([0.0, np.median(array[mask])])
        return (knots, np.array([0.0, 1.0])), peaks
    return intensity.tone_curve(peaks), peaks

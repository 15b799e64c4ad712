"""Where the brain is in a scan, and what the scan looks like there: everything that no recipe has a say in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from ..errors import NotComparableError
from ..records import Array, Volume
from . import brain, intensity
from .geometry import apply_affine, canonical, resample

SMALLEST_EXTENT_MM = 90.0  # along any axis; the smallest adult brains measure about 100 mm from top to bottom
CONTRAST_LEVEL_MM, CONTRAST_REACH_MM = 18.0, 10.0  # above the AC-PC plane: where thick white and deep grey matter lie side by side
FEWEST_VOXELS = 200  # of either tissue there that say something


@dataclass(frozen=True, eq=False)
class Placed:
    """A scan, the brain or knee in it, and the way to the template or the knee's frame."""

    head: Array  # (K, J, I) intensities >= 0; of a brain on an axis-aligned RAS grid of 2 mm, of a knee on the scan's own
    affine: Array  # (4, 4) its voxel (i, j, k) -> RAS mm
    mask: Array  # (K, J, I) bool, brain or leg
    bias: Array  # (K, J, I) its shading, 1 on average; ones where it was not measured
    to_world: Array  # (4, 4) template RAS mm -> the scan's own RAS mm
    facts: Mapping[str, float]  # what was measured on the way
    peaks: Array = field(default_factory=lambda: np.zeros(3))  # (3,) mean intensity of a brain's fluid, grey and white matter
    # lowest and highest template mm (right, anterior, superior) of what there is, where that is known to be a part
    reach_mm: Array = field(default_factory=lambda: np.array(3 * [[-np.inf, np.inf]]))
    step_mm: float = brain.STEP_MM  # finest voxel size of `head`

    def levels(self, grid: Array) -> tuple[int, int]:
        """First and last slice of a grid (4, 4; column, row, slice -> template RAS mm), continued, that hold brain."""
        axis = int(np.argmax(np.abs(grid[:3, 2])))
        to_template = np.linalg.inv(self.to_world) @ self.affine
        places = np.clip(apply_affine(to_template, np.argwhere(self.mask)[:, ::-1])[:, axis], *self.reach_mm[axis])
        slices = (places - grid[axis, 3]) / grid[axis, 2]
        return int(np.rint(slices.min() + 1e-6)), int(np.rint(slices.max() - 1e-6))  # a scan that ends between two slices holds neither


def place(volume: Volume, progress: Callable[[int, int], None] | None = None) -> Placed:
    """Find the brain of a scan and lay it onto the template.

    Args:
        volume: a head or extracted brain, any orientation; or slices without skull that say where in MNI152 space they lie.
        progress: called with (steps done, steps in all).

    Raises:
        NotComparableError: no brain was found, or slices that do not say where they lie.
    """
    tell = progress or (lambda done, total: None)
    head, affine = canonical(volume, brain.STEP_MM)
    head = np.maximum(head, 0)
    tell(1, 3)
    least = min(head.shape) * brain.STEP_MM
    if least >= SMALLEST_EXTENT_MM:
        mask, how = brain.brain_mask(head)
        tell(2, 3)
        placed = place_brain(head, affine, mask, how)
    elif volume.in_template_space:
        placed = _place_slices(volume, head, affine)
    else:
        raise NotComparableError(
            f"This volume is {least:.0f} mm thin, a brain is not. Give a scan of a whole adult brain, or slices whose header says that "
            "they lie in MNI152 space."
        )
    tell(3, 3)
    return placed


def place_brain(head: Array, affine: Array, mask: Array, how: str) -> Placed:
    """The steps after extraction: shading, registration, contrast. For arguments see `Placed` and `brain.brain_mask`."""
    bias = intensity.bias_field(head, affine, mask)
    even = head / bias  # registered without its shading, which would otherwise pull at the fit
    to_world, correlation = brain.register(np.minimum(even, np.percentile(even[mask], 99.5)) * mask, affine)
    peaks, contrast = _tissue(even, affine, mask, to_world)
    facts = {
        "brain_ml": float(mask.sum() * brain.STEP_MM**3 / 1000),
        "extracted": float(how != "deepbet"),
        "correlation": correlation,
        "scaling": float(1 / np.linalg.det(to_world[:3, :3])),
        "fluid": float(peaks[0] / peaks[2]),
        "grey": float(peaks[1] / peaks[2]),
        **({} if contrast is None else {"contrast": contrast}),
    }
    return Placed(head, affine, mask, bias, to_world, facts, peaks)


def _place_slices(volume: Volume, head: Array, affine: Array) -> Placed:
    """Slices that say where they lie are too few to check it by registration: their outline must fit the template's."""
    mask = np.stack([brain.foreground(picture) for picture in head])  # each for itself: fluid in its middle is a hole
    template, own = brain.template_map("brain_mask")
    expected = resample(template, own, head.shape, affine) > 0.5
    peaks, contrast = _tissue(head, affine, mask, np.eye(4))
    overlap = 2 * (mask & expected).sum() / max(mask.sum() + expected.sum(), 1)
    facts = {"extracted": 1.0, "overlap": float(overlap), **({} if contrast is None else {"slice_contrast": contrast})}
    thick = float(np.abs(volume.affine[2, :3]).max())
    lowest, highest = affine[2, 3], affine[2, 3] + (len(head) - 1) * brain.STEP_MM
    reach = np.array([[-np.inf, np.inf], [-np.inf, np.inf], [lowest - thick / 2, highest + thick / 2]])
    return Placed(head, affine, mask, np.ones_like(head), np.eye(4), facts, peaks, reach)


def _tissue(even: Array, affine: Array, mask: Array, to_world: Array) -> tuple[Array, float | None]:
    """Mean intensity (3,) of fluid, grey and white matter; and the brightness of grey over white matter where both are thick, if seen."""
    to_template = np.linalg.inv(to_world) @ affine
    grey, white = (resample(*brain.template_map(kind), even.shape, to_template)[mask] for kind in ("gm", "wm"))
    peaks = intensity.tissue_peaks(even[mask], grey, white)
    height = apply_affine(to_template, np.argwhere(mask)[:, ::-1])[:, 2]
    here = (np.abs(height - CONTRAST_LEVEL_MM) <= CONTRAST_REACH_MM) & (grey + white > 0.8)
    tissues = [even[mask][here & (difference > 0.5)] for difference in (grey - white, white - grey)]
    if min(map(len, tissues)) < FEWEST_VOXELS:
        return peaks, None
    # medians: a lesion must not pass for another sequence
    return peaks, float(np.median(tissues[0]) / np.median(tissues[1]))

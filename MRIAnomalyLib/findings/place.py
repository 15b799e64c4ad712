"""Where a finding lies, in words and in the input's own millimetres."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import ndimage

from ..prepare.geometry import apply_affine
from ..records import Array, Finding, Prepared, Volume

MIDLINE_MM = 4.0  # closer to the mid-sagittal plane than this, a finding has no side


def side_of(right_mm: float) -> str:
    """The patient's own side of a point in template space."""
    if abs(right_mm) <= MIDLINE_MM:
        return "midline"
    return "right" if right_mm > 0 else "left"


def describe(labels: Array, evidence: Array, volume: Volume, prepared: Prepared) -> tuple[Array, tuple[Finding, ...]]:
    """The findings of a label map that lies on the input's grid.

    Args:
        labels: (K, J, I) int regions on the input's grid, most significant first.
        evidence: (K, J, I) signed, on the same grid.
        volume: the input.
        prepared: the way between both spaces.

    Returns:
        the label map numbered without gaps (a region that falls between thick slices is lost), uint16, and one Finding per label.
    """
    inverse = np.linalg.inv(prepared.template_to_world)
    unmirrored = np.sign(np.linalg.det(inverse))  # a left knee lies in the frame of a right one
    # interpolation changes a peak a little, so the order is made here, where it is reported
    ranked = sorted(_each(labels), key=lambda region: -np.abs(evidence[region[0]][region[1]]).max())
    renumbered, found = np.zeros(labels.shape, np.uint16), []
    for label, (place, inside) in enumerate(ranked, 1):
        renumbered[place][inside] = label
        values = evidence[place][inside]
        voxels = np.argwhere(inside) + [axis.start for axis in place]
        ras = _inner_point(voxels, volume)
        levels = _levels(voxels, volume, prepared)
        strongest = float(values[np.argmax(np.abs(values))])
        found.append(
            Finding(
                label=label,
                centroid_ras_mm=tuple(float(value) for value in ras),  # type: ignore[arg-type]
                volume_ml=len(voxels) * volume.voxel_ml,
                peak=abs(strongest),
                mean=float(np.abs(values).mean()),
                slices=(int(levels.min()), int(levels.max())),
                side=side_of(unmirrored * apply_affine(inverse, ras)[0]),
                sign="bright" if strongest > 0 else "dark",
            )
        )
    return renumbered, tuple(found)


def _each(labels: Array) -> Iterator[tuple[tuple[slice, ...], Array]]:
    for number, place in enumerate(ndimage.find_objects(labels), 1):
        if place is not None:
            yield place, labels[place] == number


def _inner_point(voxels: Array, volume: Volume) -> Array:
    """RAS mm of the region's voxel nearest to its centroid: the centroid of a ring lies outside the ring."""
    nearest = voxels[np.argmin(((voxels - voxels.mean(0)) ** 2).sum(1))]
    return apply_affine(volume.affine, nearest[::-1])


def _levels(voxels: Array, volume: Volume, prepared: Prepared) -> Array:
    """Slices of the model's grid that these voxels (M, 3) lie in."""
    to_grid = np.linalg.inv(prepared.template_to_world @ prepared.grid_affine) @ volume.affine
    return np.clip(np.rint(apply_affine(to_grid, voxels[:, ::-1])[:, 2]), 0, len(prepared.stack) - 1).astype(int)

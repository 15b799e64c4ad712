"""Where voxels are: affines, RAS and LPS, and resampling from one grid to another and back.

An affine maps voxel indices (i, j, k) to RAS millimetres; arrays are indexed (k, j, i).
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ..records import Array, Volume

RAS_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])  # its own inverse: the one place where the two conventions meet


def apply_affine(affine: Array, points: Array) -> Array:
    """Map points (..., 3) through a 4 x 4 affine."""
    return np.asarray(points) @ affine[:3, :3].T + affine[:3, 3]


def resample(array: Array, affine: Array, shape: tuple[int, ...], target_affine: Array, order: int = 1, outside: float = 0.0) -> Array:
    """Sample an array (k, j, i) at the voxel centres of another grid.

    Args:
        array: (K, J, I) values on the grid of `affine`; a slice that stands alone counts as thick as its spacing.
        affine: (4, 4) voxel (i, j, k) of `array` -> world.
        shape: (K', J', I') of the target grid.
        target_affine: (4, 4) voxel (i, j, k) of the target -> the same world.
        order: 0 nearest, 1 linear (exact on linear functions of position).
        outside: value beyond the grid; within a voxel of its outermost centres the values fade towards it.
    """
    flip = np.eye(4)[[2, 1, 0, 3]]  # (k, j, i) <-> (i, j, k)
    pull = flip @ np.linalg.inv(affine) @ target_affine @ flip
    single = tuple((1, 1) if size == 1 else (0, 0) for size in array.shape)
    padded = np.pad(array, single, mode="edge")
    offset = pull[:3, 3] + [pad[0] for pad in single]
    # "grid-constant": a grid's own outermost centres must not fall outside by a rounding error
    return ndimage.affine_transform(padded, pull[:3, :3], offset, output_shape=shape, order=order, mode="grid-constant", cval=outside)


def canonical(volume: Volume, step_mm: float) -> tuple[Array, Array]:
    """The volume on an axis-aligned RAS grid with cubic voxels, prefiltered where that makes it coarser.

    Returns:
        array (K, J, I) float32 covering the whole input, and its affine, diag(step) with an offset.
    """
    k, j, i = volume.shape
    corners = np.array(np.meshgrid([0, i - 1], [0, j - 1], [0, k - 1], indexing="ij")).reshape(3, -1).T
    world = apply_affine(volume.affine, corners)
    low, high = world.min(0), world.max(0)
    size = np.maximum(np.ceil((high - low) / step_mm).astype(int) + 1, 1)
    affine = np.diag([step_mm, step_mm, step_mm, 1.0])
    affine[:3, 3] = (low + high) / 2 - (size - 1) / 2 * step_mm
    # full width at half maximum such that a finer voxel ends up as wide as the coarser one
    width = np.sqrt(np.maximum(step_mm**2 - volume.spacing_mm**2, 0)) / 2.355 / volume.spacing_mm
    smooth = ndimage.gaussian_filter(volume.array.astype(np.float32), tuple(width[::-1]))
    return resample(smooth, volume.affine, tuple(size[::-1]), affine), affine

"""Volume to slices on the model's grid, and maps on that grid back to the input's own."""

from __future__ import annotations

import numpy as np

from ..records import Array, Prepared, Volume
from .geometry import resample

# plane -> RAS axes along which columns fall, rows fall and slices rise: as radiologists see them, the patient's right or front on the left
PLANES = {"axial": (0, 1, 2), "sagittal": (1, 2, 0), "coronal": (0, 2, 1)}


def grid_affine(plane: str, size_px: int, pixel_mm: float, step_mm: float, first_mm: float, center_mm: tuple[float, float]) -> Array:
    """(4, 4): (column, row, slice) of a plane of PLANES -> template RAS mm.

    `center_mm` is the picture's middle along the axes of its columns and rows, `first_mm` the place of slice 0 along its axis. Axial
    columns lie symmetric about the mid-sagittal plane when `center_mm` begins with 0, so that flipping columns mirrors the brain.
    """
    affine, reach = np.zeros((4, 4)), (size_px - 1) / 2 * pixel_mm
    starts = (center_mm[0] + reach, center_mm[1] + reach, first_mm)
    for column, (axis, step, start) in enumerate(zip(PLANES[plane], (-pixel_mm, -pixel_mm, step_mm), starts, strict=True)):
        affine[axis, column], affine[axis, 3] = step, start
    affine[3, 3] = 1.0
    return affine


def cut_slices(array: Array, affine: Array, to_world: Array, grid: Array, shape: tuple[int, int, int], finest_mm: float) -> Array:
    """Sample an array on the model's grid, averaging over each pixel where pixels are coarser than `finest_mm`.

    Args:
        array: (K, J, I) values.
        affine: (4, 4) voxel -> world.
        to_world: (4, 4) template RAS mm -> world.
        grid: (4, 4) stack (column, row, slice) -> template RAS mm.
        shape: (N, H, W) of the stack.
        finest_mm: pixels are averaged over samples about this far apart.

    Returns:
        (N, 1, H, W) float32.
    """
    slices, rows, columns = shape
    parts = max(1, round(np.linalg.norm(grid[:3, 0]) / finest_mm))
    fine = grid @ np.diag([1 / parts, 1 / parts, 1.0, 1.0])
    fine[:3, 3] = (grid @ [*2 * [(1 - parts) / (2 * parts)], 0, 1])[:3]
    values = resample(array, affine, (slices, rows * parts, columns * parts), to_world @ fine)
    return values.reshape(slices, 1, rows, parts, columns, parts).mean((3, 5)).astype(np.float32)


def carry_back(maps: Array, prepared: Prepared, volume: Volume, order: int = 1) -> Array:
    """Maps (N, H, W) or (N, 1, H, W) on the model's grid -> (K, J, I) on the input's own grid, 0 where the model did not look.

    A slice stands for its thickness, the model's or the input's, whichever is larger, and for nothing beyond.
    """
    stack = np.asarray(maps).reshape(len(maps), *maps.shape[-2:])
    grid = prepared.template_to_world @ prepared.grid_affine
    across = (np.linalg.inv(grid) @ volume.affine)[2]  # (4,): slice of the stack = across . (i, j, k, 1)
    thick = max(1.0, float(np.abs(across[:3]).max()))
    if len(stack) == 1:
        grid = grid @ np.diag([1, 1, thick, 1])
    k, j, i = (np.arange(size) * step for size, step in zip(volume.shape, across[2::-1], strict=True))
    place = k[:, None, None] + j[:, None] + i + across[3]
    seen = np.abs(place - (len(stack) - 1) / 2) <= (len(stack) - 1 + thick) / 2 + 1e-6
    return np.where(seen, resample(stack, grid, volume.shape, volume.affine, order), 0)

"""Does a scan hold the slices that a model judges, finely enough? What it lacks cannot be asked for by force."""

from __future__ import annotations

import numpy as np

from ..errors import NotComparableError
from ..records import Array
from .placing import Placed

FRAMES = {"brain": "the MNI152 template", "knee": "the middle of the knee"}  # anatomy -> what its millimetres are counted from


def refuse_other_levels(placed: Placed, grid: Array, count: int, anatomy: str) -> None:
    """Slices that do not reach every level of a model cannot be compared with people who were seen on all of them.

    Args:
        placed: a scan; a brain that was registered is whole and passes.
        grid: (4, 4) the model's slices (column, row, slice) -> template RAS mm.
        count: how many slices there are.
        anatomy: of the model.

    Raises:
        NotComparableError: with the levels of both.
    """
    axis = int(np.argmax(np.abs(grid[:3, 2])))
    levels = grid[axis, 3] + grid[axis, 2] * np.arange(count)
    half = abs(grid[axis, 2]) / 2
    first, last = placed.reach_mm[axis]
    if levels.min() < first - half or levels.max() > last + half:
        raise NotComparableError(
            f"This scan reaches from {'RAS'[axis]} {first:+.0f} to {last:+.0f} mm of {FRAMES[anatomy]}, the model judges "
            f"{levels.min():+.0f} to {levels.max():+.0f} mm: give a scan that holds these levels."
        )


def refuse_coarser(placed: Placed, grid: Array, plane: str) -> None:
    """Slices of another plane are too thick to be cut across.

    Args:
        placed: a scan.
        grid: (4, 4) the model's slices (column, row, slice) -> template RAS mm.
        plane: theirs.

    Raises:
        NotComparableError: with the width of both.
    """
    to_voxel = np.linalg.inv(placed.to_world) @ placed.affine
    axes = grid[:3, :2] / np.linalg.norm(grid[:3, :2], axis=0)
    widest = float(np.abs(axes.T @ to_voxel[:3, :3]).max())
    finest = max(float(np.linalg.norm(grid[:3, 0])), placed.step_mm)
    if widest > 1.01 * finest:  # voxel sizes are rounded
        raise NotComparableError(
            f"Within {plane} slices this scan's voxels are {widest:.1f} mm wide, the model's pixels {finest:.1f} mm: give a scan whose "
            f"slices are {plane}, or one that is fine in all directions."
        )

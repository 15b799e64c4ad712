"""The standard deviation of healthy people's slices from drawn ones, at each place of the model's grid."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ..records import Array

SMOOTHING = (1.0, 1.5, 1.5)  # slice, row, column: a few dozen people know a variance too coarsely pixel by pixel
FEWEST = 0.1  # smoothed number of slices, below which a place takes what holds on the whole
FLOOR = 0.25  # of the deviation on the whole: no place is known better than this


def noise_scale(difference: Array, inside: Array, level: Array, levels: int, mirror: bool) -> Array:
    """(levels, H, W) root mean square of the differences there, smoothed.

    Args:
        difference: (N, H, W) healthy slices minus what was drawn for them, averaged as for the mask.
        inside: (N, H, W) bool, the brain.
        level: (N,) slice of the model's grid.
        levels: of the model's grid.
        mirror: of a symmetric organ the mirror image says the same.
    """
    squares, counts = np.zeros((2, levels, *inside.shape[1:]))
    np.add.at(squares, level, difference.astype(float) ** 2 * inside)
    np.add.at(counts, level, inside)
    overall = squares.sum() / max(1.0, counts.sum())
    if mirror:
        squares, counts = squares + squares[..., ::-1], counts + counts[..., ::-1]
    squares, counts = (ndimage.gaussian_filter(sums, SMOOTHING) for sums in (squares, counts))
    variance = np.where(counts > FEWEST, squares / np.maximum(counts, FEWEST), overall)
    return np.sqrt(np.maximum(variance, FLOOR**2 * overall)).astype(np.float32)

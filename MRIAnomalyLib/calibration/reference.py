"""What healthy people show at each place: mean and spread per pixel of the model's grid.

A grid that is aligned to a symmetric template makes a person's mirror image a second healthy brain; the two count as one subject.
One-sided anatomy has no such second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..records import Array

SPREAD_SMOOTHING_PX = (1.0, 2.0, 2.0)  # of variances: 46 subjects know them too coarsely pixel by pixel
LIMIT = 20.0  # standard deviations, where z is cut: beyond it says nothing more


def smooth(maps: Array, sigma: Sequence[float]) -> Array:
    """Gaussian smoothing over (slice, row, column), the last three axes."""
    return ndimage.gaussian_filter(maps, (*(0.0,) * (maps.ndim - 3), *sigma))


def smooth_inside(maps: Array, mask: Array, sigma: Sequence[float]) -> Array:
    """Smoothing that takes nothing from outside the mask (..., N, H, W); 0 outside."""
    weight = smooth(mask.astype(np.float32), sigma)
    return np.where(mask, smooth(maps * mask, sigma) / np.maximum(weight, 0.05), 0).astype(np.float32)


def off(maps: Array, expected: Array, bright_from: float = 0.0) -> Array:
    """By how much intensities lie off what is expected; bright are only those that exceed `bright_from`, too, unless that is 0.

    Args:
        maps: standardised intensity, of any shape.
        expected: the same there, of a shape that fits.
        bright_from: standardised intensity.
    """
    return np.minimum(maps - expected, np.maximum(maps - bright_from, 0)) if bright_from else maps - expected


@dataclass(frozen=True, eq=False)
class Reference:
    """Mean and spread of healthy maps, each (N, H, W)."""

    mean: Array
    spread: Array

    def standardise(self, maps: Array, bright_from: float = 0.0) -> Array:
        """How many standard deviations of healthy people each pixel lies off, within +-LIMIT; `bright_from` as in `off`."""
        return np.clip(off(maps, self.mean, bright_from) / self.spread, -LIMIT, LIMIT).astype(np.float32)


class ReferenceBuilder:
    """Sums over healthy subjects, from which any one of them can be left out again."""

    def __init__(self, maps: Array, floor: float, odd: bool = False, symmetric: bool = True) -> None:
        """Take in healthy maps.

        Args:
            maps: (S, N, H, W) one smoothed map per subject.
            floor: added to the spread, in the unit of the maps: what no scan resolves.
            odd: the mirrored map also changes its sign (left minus right).
            symmetric: the mirrored maps count too.
        """
        self._maps, self._floor, self._sign, self._symmetric = maps, floor, -1.0 if odd else 1.0, symmetric
        self._sum, self._squares = self._pair(maps.sum(0)), self._pair((maps**2).sum(0), even=True)

    def _pair(self, map_: Array, even: bool = False) -> Array:
        return map_ + (1.0 if even else self._sign) * map_[..., ::-1] if self._symmetric else map_

    def reference(self, without: int | None = None) -> Reference:
        """Of all subjects, or of all but one: nobody may be judged by himself."""
        each = 2 if self._symmetric else 1
        total, squares, count = self._sum, self._squares, each * len(self._maps)
        if without is not None:
            left_out = self._maps[without]
            total, squares, count = total - self._pair(left_out), squares - self._pair(left_out**2, even=True), count - each
        mean = total / count
        variance = smooth(np.maximum(squares / count - mean**2, 0), SPREAD_SMOOTHING_PX)
        return Reference(mean.astype(np.float32), (np.sqrt(variance) + self._floor).astype(np.float32))

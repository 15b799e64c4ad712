"""Left against right: what a brain shows on one side only. Needs a grid that is symmetric about the mid-sagittal plane."""

from __future__ import annotations

import numpy as np

from ..records import Array


def left_right(maps: Array, mask: Array) -> Array:
    """Each pixel minus its mirror pixel, (..., N, H, W); 0 where either lies outside the mask: an uneven edge is no finding."""
    return np.where(mask & mask[..., ::-1], maps - maps[..., ::-1], 0).astype(np.float32)

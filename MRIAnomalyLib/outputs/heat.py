"""How evidence is coloured, the same in every picture and in Slicer: one fixed scale, the same colours."""

from __future__ import annotations

import math

import numpy as np

from ..records import Array, Result

LABEL = "-log10 p"

# position on the scale, red, green, blue, opacity: clear at the bottom, then dark red over orange to yellow.
# Lightness rises all the way, so that the order survives colour blindness and grey prints.
_ANCHORS = np.array(
    [
        [0.00, 0.35, 0.06, 0.20, 0.0],
        [0.25, 0.58, 0.12, 0.20, 0.5],
        [0.50, 0.83, 0.28, 0.12, 0.9],
        [0.75, 0.98, 0.53, 0.04, 1.0],
        [1.00, 1.00, 0.93, 0.40, 1.0],
    ]
)


def heat_ceiling(result: Result) -> float:
    """The top of the colour scale in -log10 p: what the calibration can reach at most, the same for every case of a model."""
    # a threshold at the very top would leave no colours above it; two decimals survive the text of a scene file unrounded
    top = max(-math.log10(result.p_floor), 1.25 * result.heat_threshold)
    return math.ceil(round(100 * top, 6)) / 100


def heat_colours(fraction: Array) -> Array:
    """Red, green, blue and opacity (..., 4) in [0, 1] for heat as a fraction of the ceiling; beyond it the last colour stays."""
    return np.stack([np.interp(fraction, _ANCHORS[:, 0], _ANCHORS[:, channel]) for channel in (1, 2, 3, 4)], axis=-1)

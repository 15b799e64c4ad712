"""How darker and brighter than healthy are coloured, the same in every picture and in Slicer."""

from __future__ import annotations

import numpy as np

from ..records import Array

# place on the scale, red, green, blue: blue where darker, white where equal, red where brighter; safe for colour-blind eyes
_ANCHORS = np.array(
    [[-1, 0.02, 0.19, 0.38], [-0.5, 0.26, 0.58, 0.76], [0, 0.97, 0.97, 0.97], [0.5, 0.84, 0.38, 0.30], [1, 0.40, 0.0, 0.12]]
)


def signed_colours(fraction: Array) -> Array:
    """Red, green, blue and opacity (..., 4) in [0, 1] for differences as fractions of the scale's end; beyond it the last colour stays."""
    channels = [np.interp(fraction, _ANCHORS[:, 0], _ANCHORS[:, channel]) for channel in (1, 2, 3)]
    return np.stack([*channels, np.ones(np.shape(fraction))], axis=-1)

"""Which part of the body a scan shows, and where that part lies in it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..records import Volume
from .brain import foreground
from .geometry import canonical
from .knee import place_knee
from .placing import SMALLEST_EXTENT_MM, Placed, place

COARSE_MM = 4.0  # grid on which a leg and a head are told apart
LONGEST_MM = 150.0  # of a leg from front to back in a scan that could hold a whole brain: brains of adults are longer
LONGEST_OF_SLAB_MM = 175.0  # likewise in a thinner scan: heads are longer
ENDS_MM = 8.0  # below the upper and above the lower end of the field, where a leg still goes on
LEAST_SHARE = 0.05  # of its widest cross-section, down to which it counts: coils lose sight of it


def anatomy_of(volume: Volume) -> str:
    """The part of the body: "knee" for a limb that runs through the field from top to bottom, "brain" for all else."""
    if volume.in_template_space:
        return "brain"
    array = canonical(volume, COARSE_MM)[0]
    leg = foreground(np.maximum(array, 0))
    across, along = leg.sum((1, 2)), leg.sum((0, 2))
    rim = int(ENDS_MM / COARSE_MM)
    if not leg.any() or len(across) <= 2 * rim or min(across[rim], across[-1 - rim]) < LEAST_SHARE * across.max():
        return "brain"
    length_mm = COARSE_MM * (1 + np.ptp(np.flatnonzero(along >= LEAST_SHARE * along.max())))
    slab = COARSE_MM * min(array.shape) < SMALLEST_EXTENT_MM
    return "knee" if length_mm < (LONGEST_OF_SLAB_MM if slab else LONGEST_MM) else "brain"


def place_as(anatomy: str, volume: Volume, progress: Callable[[int, int], None] | None = None) -> Placed:
    """Lay a scan of this part of the body into its frame: see `placing.place` and `knee.place_knee`."""
    return place_knee(volume, progress) if anatomy == "knee" else place(volume, progress)

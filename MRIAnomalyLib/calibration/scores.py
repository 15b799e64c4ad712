"""One number for a slice and one for a volume, from their evidence."""

from __future__ import annotations

import numpy as np

from ..records import Array

TOP_VOXELS = 60  # whose mean is a volume's score: about 1 mL
TOP_OF_LEVEL = 10  # the same where there is one level: 90 mm2: 60 would average small lesions away; chosen on validation patients
FEWEST_PIXELS = 60  # of core that a slice must hold to be scored
TOP_SHARE = 0.01  # of a slice's core, whose mean is the slice's score


def slice_scores(evidence: Array, core: Array, top: float = TOP_SHARE) -> Array:
    """(N,) mean of the strongest |evidence| in each slice's core, of this share of it (at least a pixel); nan where it is too small."""
    scores = np.full(len(evidence), np.nan)
    for level, (map_, inside) in enumerate(zip(np.abs(evidence), core, strict=True)):
        if inside.sum() >= FEWEST_PIXELS:
            scores[level] = _top_mean(map_[inside], max(1, round(top * inside.sum())))
    return scores


def volume_score(evidence: Array, core: Array, top: int) -> float:
    """Mean of the strongest |evidence| voxels of a volume, of so many."""
    return float(_top_mean(np.abs(evidence)[core], top)) if core.any() else 0.0


def _top_mean(values: Array, count: int) -> float:
    count = min(count, len(values))
    return float(np.partition(values, len(values) - count)[len(values) - count :].mean())

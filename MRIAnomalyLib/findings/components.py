"""Connected regions of evidence above a threshold, bright and dark apart."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ..records import Array

TOUCHING = np.ones((3, 3, 3), bool)  # 26 neighbours
SMALLEST_MM3 = 50.0  # below this a region is noise at the model's pixel size


def regions(evidence: Array, threshold: float, voxel_mm3: float) -> Array:
    """Label the regions of one volume.

    Args:
        evidence: (N, H, W) signed, in standard deviations of healthy people.
        threshold: of its magnitude.
        voxel_mm3: size of one voxel of the model's grid.

    Returns:
        (N, H, W) int: 0 or the region's number, 1 being the one with the highest peak. A region is all bright or all dark.
    """
    labels, count = _raw_regions(evidence, threshold)
    if count == 0:
        return labels
    numbers = np.arange(1, count + 1)
    voxels = ndimage.sum_labels(labels > 0, labels, numbers)
    peaks = ndimage.maximum(np.abs(evidence), labels, numbers)
    kept = [number for number in numbers[np.argsort(-peaks, kind="stable")] if voxels[number - 1] * voxel_mm3 >= SMALLEST_MM3]
    renumbered = np.zeros(count + 1, int)
    renumbered[kept] = np.arange(1, len(kept) + 1)
    return renumbered[labels]


def count_curve(evidence: Array, thresholds: Array, voxel_mm3: float) -> Array:
    """(T,) how many regions a volume shows at each threshold."""
    return np.array([regions(evidence, threshold, voxel_mm3).max() for threshold in thresholds])


def _raw_regions(evidence: Array, threshold: float) -> tuple[Array, int]:
    bright, bright_count = ndimage.label(evidence >= threshold, TOUCHING)
    dark, dark_count = ndimage.label(evidence <= -threshold, TOUCHING)
    return bright + np.where(dark > 0, dark + bright_count, 0), bright_count + dark_count

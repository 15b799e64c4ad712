"""Slices that stand for heads in tests of detectors: an ellipse of tissue around a dark one, different in every subject."""

import numpy as np

from MRIAnomalyLib.records import SliceStack


def ellipses(count, size=32, seed=0):
    """Normal slices, one of each subject, standardised intensity."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    pixels, mask = [], []
    for _ in range(count):
        half_width, half_height = random.uniform(0.55, 0.85, 2)
        radius, ventricle = (x / half_width) ** 2 + (y / half_height) ** 2, random.uniform(0.1, 0.25)
        slice_ = np.where(radius < 1, 0.8 + 0.2 * np.cos(3 * radius), 0)
        slice_[(x / ventricle) ** 2 + (y / (2 * ventricle)) ** 2 < 1] = 0.3
        pixels.append(slice_)
        mask.append(radius < 1)
    rows = np.arange(count)
    return SliceStack(np.array(pixels, np.float32)[:, None], np.array(mask)[:, None], np.zeros(count, int), rows)

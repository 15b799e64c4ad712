"""The smooth part of a difference, which coils, shading and contrast of a scanner make, fitted and taken away; disease is no parabola."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ..records import Array

ORDER = 2  # of the polynomial: a whole brain brighter in the middle than at its rim; a fourth order takes lesions away as well
EVERY = 7  # pixel of the core takes part in the fit: ten numbers need no more
ROUNDS = 8  # of reweighting, after which the weights hardly change
REACH = 2.0  # robust standard deviations from the fit at which a pixel has no more say: a lesion must not bend it
SMALLEST = 1e-4  # standard deviation, against division by zero where the fit is perfect


def without_trend(maps: Array, core: Array) -> Array:
    """A map (N, H, W) less the polynomial over (slice, row, column) that fits it best inside `core`, 0 outside.

    The fit is robust: iteratively reweighted least squares with the biweight of Beaton and Tukey (Technometrics 1974).
    """
    if not core.any():
        return np.zeros_like(maps)
    terms, values = _terms(maps.shape)[core], maps[core]
    some, wanted = terms[::EVERY], values[::EVERY]
    weight = np.ones_like(wanted)
    for _ in range(ROUNDS):
        fit = np.linalg.lstsq(some * weight[:, None], wanted * weight, rcond=None)[0]
        off = wanted - some @ fit
        scale = REACH * max(np.median(np.abs(off)) / 0.6745, SMALLEST)
        weight = np.where(np.abs(off) < scale, 1 - (off / scale) ** 2, 0) + 1e-3  # square root of the biweight, as both sides carry it
    out = np.zeros_like(maps)
    out[core] = values - terms @ fit
    return out


@lru_cache(maxsize=4)
def _terms(shape: tuple[int, ...]) -> Array:
    """(N, H, W, terms) every product of coordinates, each from -1 to 1, up to the order."""
    k, j, i = np.meshgrid(*[np.linspace(-1, 1, size) if size > 1 else np.zeros(1) for size in shape], indexing="ij")
    powers = [(a, b, c) for a in range(ORDER + 1) for b in range(ORDER + 1 - a) for c in range(ORDER + 1 - a - b)]
    return np.stack([i**a * j**b * k**c for a, b, c in powers], -1).astype(np.float32)

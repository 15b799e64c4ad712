"""How a bundle keeps the maps of healthy people: only where enough of them have brain, in half precision and one half of them, or in bytes.

Each healthy subject counts together with his mirror image (see `reference`): the right half of a mean or spread says nothing new. Of
one-sided anatomy both halves are kept.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..records import Array
from .reference import Reference

BLOCK = 2  # the pooled evidence of healthy people is smooth, so that every second pixel is kept
STEPS = 16  # of pooled evidence in one standard deviation: a byte reaches to 15.9


def stored_reference(reference: Reference, coverage: Array, *, symmetric: bool = True) -> dict[str, Array]:
    """`mean` and `spread`, each (K,) float16: the K covered places of the left half, or of both; `coverage` is (N, H, W) bool."""
    part = _left if symmetric else _whole
    places = part(coverage)
    return {name: part(getattr(reference, name))[places].astype(np.float16) for name in ("mean", "spread")}


def loaded_reference(stored: Mapping[str, Array], coverage: Array, *, odd: bool, symmetric: bool = True) -> Reference:
    """What `stored_reference` kept; nothing lies off what is healthy outside the coverage.

    Args:
        stored: its arrays.
        coverage: (N, H, W) bool; the same on both sides where these are symmetric.
        odd: the mean changes its sign from left to right (left minus right).
        symmetric: as it was stored.

    Raises:
        KeyError: an array is missing.
        ValueError: it was kept for another coverage.
    """
    mean, spread = np.zeros(coverage.shape, np.float32), np.full(coverage.shape, np.inf, np.float32)
    for map_, kept, sign in ((mean, stored["mean"], -1 if odd else 1), (spread, stored["spread"], 1)):
        if symmetric:
            _left(map_[..., ::-1])[_left(coverage)] = sign * kept.astype(np.float32)
            _left(map_)[_left(coverage)] = kept
        else:
            map_[coverage] = kept
    return Reference(mean, spread)


def in_steps(pooled: Array) -> Array:
    """Pooled healthy evidence, at least 0, in the steps that are kept: rounded up, so that no p is smaller for it."""
    return np.minimum(np.ceil(pooled * STEPS), np.iinfo(np.uint8).max).astype(np.float32) / STEPS


def stored_pooled(pooled: Array, coverage: Array) -> Array:
    """Pooled healthy evidence (R, N / 2, H / 2, W / 2) by rank, `in_steps` -> (R, K) uint8: steps in the K blocks with a covered place.

    Of each rank what it has more than the one before, modulo 256: ranks are alike, and their differences take fewer bytes when deflated.
    """
    steps = np.round(pooled[:, highest_in_blocks(coverage)] * STEPS).astype(np.uint8)
    return np.concatenate([steps[:1], np.diff(steps, axis=0)])


def loaded_pooled(stored: Array, coverage: Array) -> Array:
    """What `stored_pooled` kept; 0 elsewhere. ValueError when it was kept for another coverage.

    Floats are evidence by rank itself: so it was kept up to release 0.3.
    """
    blocks = highest_in_blocks(coverage)
    pooled = np.zeros((len(stored), *blocks.shape), np.float32)
    pooled[:, blocks] = stored if stored.dtype.kind == "f" else np.cumsum(stored, 0, dtype=np.uint8).astype(np.float32) / STEPS
    return pooled


def highest_in_blocks(map_: Array) -> Array:
    """Highest value of each block: (N, H, W) -> (N / 2, H / 2, W / 2), sizes rounded up."""
    padded = np.pad(map_, [(0, -size % BLOCK) for size in map_.shape])
    return padded.reshape([part for size in padded.shape for part in (size // BLOCK, BLOCK)]).max((1, 3, 5))


def _left(map_: Array) -> Array:
    return map_[..., : -(-map_.shape[-1] // 2)]


def _whole(map_: Array) -> Array:
    return map_

"""The spread that a detector predicts, brought to the width that healthy people show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..records import Array, Reconstruction, SliceStack

ONE_SIGMA = 0.6827  # share of a normal law within one standard deviation


def spread_factor(subjects: Sequence[tuple[SliceStack, Reconstruction]], cores: Sequence[Array]) -> float:
    """By what predicted spreads must be multiplied so that 68.27 % of healthy pixels lie within one; 1 where none are predicted.

    Args:
        subjects: slices and reconstructions of healthy people.
        cores: of each (N, H, W) bool, where anything is judged.
    """
    if subjects[0][1].spread is None:
        return 1.0
    deviations = [
        (np.abs(stack.pixels - redrawn.healthy) / redrawn.spread)[:, 0][core]
        for (stack, redrawn), core in zip(subjects, cores, strict=True)
    ]
    return float(np.quantile(np.concatenate(deviations), ONE_SIGMA))


def in_true_spread(redrawn: Reconstruction, factor: float) -> Reconstruction:
    """The reconstruction with its predicted spread, if it has one, times `factor`."""
    return redrawn if redrawn.spread is None else replace(redrawn, spread=redrawn.spread * np.float32(factor))

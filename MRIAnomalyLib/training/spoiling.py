"""Lesion-like changes of what a network sees, not of what it is asked for: it learns not to continue disease into what is hidden."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from .blobs import random_blobs

CHANGE = (0.1, 0.45)  # of intensity inside a region, relative, darker or brighter


def spoiled(slices: Tensor, share: float, random: torch.Generator) -> Tensor:
    """Slices (N, 1, S, S) of which this share has regions with soft edges made darker or brighter."""
    count, _, size, _ = slices.shape
    soft = functional.avg_pool2d(random_blobs(count, size, share, random), 3, 1, 1)
    low, high = CHANGE
    change = low + (high - low) * torch.rand(count, 1, 1, 1, generator=random)
    sign = 2.0 * (torch.rand(count, 1, 1, 1, generator=random) < 0.5) - 1
    return slices * (1 + sign * change * soft)

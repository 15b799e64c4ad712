"""Scores of different kinds made one: each in units of how much it differs among healthy slices."""

from __future__ import annotations

import torch
from torch import Tensor, nn

_NORMAL = 1.4826  # standard deviation of a normal law over its median absolute deviation
_SMALLEST = 1e-8


class Standard(nn.Module):
    """(N, T) scores -> (N,) their mean, each in robust standard deviations from the median of healthy slices."""

    middle: Tensor  # (T,)
    spread: Tensor  # (T,)

    def __init__(self, count: int) -> None:
        """Of so many scores; until it is fitted, each counts as it is."""
        super().__init__()
        self.register_buffer("middle", torch.zeros(count))
        self.register_buffer("spread", torch.ones(count))

    @torch.no_grad()
    def fit(self, scores: Tensor) -> None:
        """Learn from scores (N, T) of healthy slices."""
        self.middle.copy_(scores.median(0).values)
        self.spread.copy_(_NORMAL * (scores - self.middle).abs().median(0).values + _SMALLEST)

    def forward(self, scores: Tensor) -> Tensor:
        """The mean."""
        return ((scores - self.middle) / self.spread).mean(1)

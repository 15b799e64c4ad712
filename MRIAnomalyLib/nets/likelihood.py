"""How far a vector lies from those of healthy slices, measured along the directions in which they differ."""

from __future__ import annotations

import torch
from torch import Tensor, nn

_SHRINKAGE = 0.1  # of the mean variance, added to each: few slices leave most directions unseen
_SMALLEST = 1e-8  # variance, of vectors that are all the same


class Likelihood(nn.Module):
    """(N, d) -> (N,) squared Mahalanobis distance over d: near 1 for vectors like those it was fitted to, if they were many.

    The covariance is kept as its `components` widest directions and one variance for all others (Tipping and Bishop 1999).
    """

    mean: Tensor  # (d,)
    directions: Tensor  # (components, d), of unit length
    variance: Tensor  # (components,)
    rest: Tensor  # (1,) along any other direction

    def __init__(self, dimension: int, components: int) -> None:
        """Until it is fitted, every direction has variance 1."""
        super().__init__()
        count = min(components, dimension)
        self.register_buffer("mean", torch.zeros(dimension))
        self.register_buffer("directions", torch.zeros(count, dimension))
        self.register_buffer("variance", torch.ones(count))
        self.register_buffer("rest", torch.ones(1))

    @torch.no_grad()
    def fit(self, vectors: Tensor) -> None:
        """Learn from vectors (N, d) of healthy slices."""
        exact = vectors.double()
        values, columns = torch.linalg.eigh(torch.atleast_2d(torch.cov(exact.T, correction=0)))
        added = _SHRINKAGE * values.mean() + _SMALLEST
        count = len(self.directions)
        self.mean.copy_(exact.mean(0))
        self.directions.copy_(columns.T[-count:])
        self.variance.copy_(values[-count:].clamp_min(0) + added)
        others = values[: len(values) - count].clamp_min(0)
        self.rest.copy_((others.mean() if len(others) else others.sum()) + added)

    def forward(self, vectors: Tensor) -> Tensor:
        """The distance."""
        off = vectors - self.mean
        along = off @ self.directions.T
        beside = (off.square().sum(1) - along.square().sum(1)).clamp_min(0)
        return ((along.square() / self.variance).sum(1) + beside / self.rest) / vectors.shape[1]

    def nearest(self, vectors: Tensor) -> Tensor:
        """The vectors (N, d) that the widest directions alone make of these."""
        return self.mean + (vectors - self.mean) @ self.directions.T @ self.directions

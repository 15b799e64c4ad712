"""Mean AUROC over the runs of a one-class table, with an interval that draws pictures, and trainings where there are several."""

from __future__ import annotations

import numpy as np

from ..records import Array
from .metrics import BOOTSTRAPS


def mean_area(scores: Array, strange: Array) -> float:
    """AUROC, ties one half, averaged over trainings and runs.

    Args:
        scores: (trainings, runs, N) of the same N pictures, larger is stranger.
        strange: (runs, N) bool, what is anomalous in each run.
    """
    return _mean(_ranks(scores), strange, np.ones(scores.shape[-1]))


def area_interval(scores: Array, strange: Array, seed: int = 0, rounds: int = BOOTSTRAPS) -> tuple[float, float]:
    """95 % interval of `mean_area` by drawing pictures, the same ones in all runs, and trainings, each with replacement."""
    rng = np.random.default_rng(seed)
    trainings, _, count = scores.shape
    ranks, found = _ranks(scores), []
    for _ in range(rounds):
        weights = np.bincount(rng.choice(count, count), minlength=count)
        found.append(_mean(ranks[rng.choice(trainings, trainings)], strange, weights))
    low, high = np.nanpercentile(found, [2.5, 97.5])
    return float(low), float(high)


def _ranks(scores: Array) -> Array:
    """Scores in their order as whole numbers from 0, equal ones alike: a draw then need not sort again."""
    return np.array([[np.unique(values, return_inverse=True)[1] for values in training] for training in scores])


def _mean(ranks: Array, strange: Array, weights: Array) -> float:
    return float(np.mean([_area(rank, ill, weights) for training in ranks for rank, ill in zip(training, strange, strict=True)]))


def _area(rank: Array, strange: Array, weights: Array) -> float:
    """AUROC where each picture counts so often; nan where there is nothing to tell apart."""
    levels = int(rank.max()) + 1
    ill, well = (np.bincount(rank[chosen], weights[chosen], levels) for chosen in (strange, ~strange))
    if not ill.any() or not well.any():
        return np.nan
    return float((ill * (np.cumsum(well) - well / 2)).sum() / (ill.sum() * well.sum()))

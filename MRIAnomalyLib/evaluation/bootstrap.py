"""Intervals by drawing subjects, not pixels, with replacement; one set of draws for all methods, so that their differences are paired.

What is ranked (pixels, slices, scans) is counted once per subject and level of the score; a draw then only weighs those counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..records import Array

LEVELS = 1024  # of a score, among lesions and among the rest: finer ones move no figure in its third decimal


@dataclass(frozen=True, eq=False)
class Figure:
    """A number, and what it would be for other people."""

    value: float
    drawn: Array  # (R,) nan where a draw holds nobody to tell it from

    @property
    def interval(self) -> tuple[float, float]:
        """95 %."""
        return ends(self.drawn)

    @property
    def not_above_0(self) -> float:
        """Share of draws."""
        return float((self.drawn[~np.isnan(self.drawn)] <= 0).mean())

    def __sub__(self, other: Figure) -> Figure:
        """How much more it is than another in the same draws."""
        return Figure(self.value - other.value, self.drawn - other.drawn)


def ends(drawn: Array | Sequence[float]) -> tuple[float, float]:
    """95 % interval of what draws gave; nan where none could be told."""
    known = np.asarray(drawn, float)
    known = known[~np.isnan(known)]
    low, high = np.percentile(known, [2.5, 97.5]) if known.size else (np.nan, np.nan)
    return float(low), float(high)


def draws(people: int, rounds: int, seed: int) -> Array:
    """(R, S) how often each subject counts in each round."""
    rng = np.random.default_rng(seed)
    return np.stack([np.bincount(rng.choice(people, people), minlength=people) for _ in range(rounds)]).astype(float)


def share(hits: Array, counted: Array, weights: Array) -> Array:
    """(R,) or (R, T) weighted sum of hits (S,) or (S, T) over that of what was counted (S,); nan where nothing was."""
    summed, total = weights @ hits, weights @ counted
    return _over(summed, total if summed.ndim == 1 else total[:, None])


@dataclass(frozen=True, eq=False)
class Tally:
    """How many of the ranked each subject has at each level of the score, from the highest level down."""

    levels: Array  # (T,) decreasing; whoever scores from this level up to the next higher one is counted here
    sick: Array  # (S, T)
    healthy: Array  # (S, T)

    def auroc(self, weights: Array) -> Array:
        """(R,) chance that a sick one scores above a healthy one, ties one half; weights (R, S)."""
        sick, healthy = weights @ self.sick, weights @ self.healthy
        below = healthy.sum(1, keepdims=True) - np.cumsum(healthy, 1)
        return _over((sick * (below + healthy / 2)).sum(1), sick.sum(1) * healthy.sum(1))

    def ap(self, weights: Array) -> Array:
        """(R,) average precision."""
        sick, all_ = weights @ self.sick, weights @ (self.sick + self.healthy)
        precision = np.cumsum(sick, 1) / np.maximum(np.cumsum(all_, 1), 1)
        return _over((precision * sick).sum(1), sick.sum(1))

    def dice(self, weights: Array) -> Array:
        """(R, T) Dice where all from a level upwards are called sick."""
        sick, all_ = weights @ self.sick, weights @ (self.sick + self.healthy)
        return _over(2 * np.cumsum(sick, 1), np.cumsum(all_, 1) + sick.sum(1, keepdims=True))

    def dice_from(self, threshold: float, weights: Array) -> Array:
        """(R,) Dice where all from this threshold upwards are called sick; it is one of `levels` if `tally` was told of it."""
        above = np.flatnonzero(self.levels >= threshold)
        return self.dice(weights)[:, above[-1]] if len(above) else np.zeros(len(weights))


def tally(values: Array, truth: Array, owner: Array, people: int, threshold: float | None = None) -> Tally:
    """Count what is ranked; exact where it has few different values, else in LEVELS of either kind.

    Args:
        values: (P,) scores, larger is stranger.
        truth: (P,) bool.
        owner: (P,) int, whose each one is: 0 .. people - 1.
        people: S.
        threshold: made one of the levels.
    """
    levels = np.unique(values)
    if len(levels) > 2 * LEVELS:
        tops = np.quantile(values, 1 - np.geomspace(1 / len(values), 1, LEVELS))
        levels = np.concatenate([tops, np.quantile(values[truth], np.linspace(0, 1, LEVELS)) if truth.any() else [], [values.min()]])
    levels = np.unique(levels if threshold is None else np.append(levels, max(threshold, values.min(initial=threshold))))
    at = np.searchsorted(levels, values, side="right") - 1

    def counted(chosen: Array) -> Array:
        counts = np.bincount(owner[chosen] * len(levels) + at[chosen], minlength=people * len(levels))
        return counts.reshape(people, len(levels))[:, ::-1].astype(float)

    return Tally(levels[::-1], counted(truth), counted(~truth))


def _over(part: Array, whole: Array) -> Array:
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)

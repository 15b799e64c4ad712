"""Split conformal p-values at subject level, and the threshold that bounds false findings.

A healthy subject counts once, whatever the number of its slices or voxels (methods: Bates et al., Annals of Statistics 2023;
Angelopoulos et al., ICLR 2024).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import CalibrationError
from ..records import Array

FEWEST = 19  # healthy subjects: with fewer, p = 0.05 is out of reach


def conformal_p(score: Array | float, normal_scores: Array) -> Array:
    """Chance that a healthy subject scores at least this high.

    Args:
        score: (...,) scores, larger is stranger.
        normal_scores: (M,) one score per healthy subject that training never saw.

    Returns:
        (...,) p-values in [1 / (M + 1), 1]; ties count against significance.

    Raises:
        CalibrationError: fewer than 19 healthy subjects.
    """
    normal = np.sort(np.asarray(normal_scores, float))
    refuse_too_few(len(normal), FEWEST)
    at_least = len(normal) - np.searchsorted(normal, score, side="left")
    return (1 + at_least) / (len(normal) + 1)


def refuse_too_few(subjects: int, fewest: int) -> None:
    """CalibrationError when there are fewer healthy subjects than `fewest`: than p-values need, or than make a spread."""
    if subjects < fewest:
        what = "to reach p = 0.05" if fewest >= FEWEST else "to know how far healthy people lie apart"
        raise CalibrationError(
            f"{subjects} healthy subjects were given, {fewest} or more are needed {what}. "
            "Add healthy scans with `mrianomaly calibrate BUNDLE --images FOLDER`."
        )


def controlling_threshold(curves: Array, thresholds: Array, alpha: float, most: int) -> float | None:
    """Smallest threshold whose expected number of false findings per healthy volume is at most alpha (conformal risk control).

    Args:
        curves: (M, T) findings of each healthy subject at each threshold.
        thresholds: (T,) increasing.
        alpha: findings per volume.
        most: counts are clipped here; the bound needs (sum + most) / (M + 1) <= alpha.

    Returns:
        the threshold, or None when so few subjects cannot promise it at any of these.
    """
    clipped = np.minimum(curves, most)
    # components split as the threshold rises: only the monotone envelope has the guarantee
    envelope = np.maximum.accumulate(clipped[:, ::-1], axis=1)[:, ::-1]
    allowed = (envelope.sum(0) + most) / (len(curves) + 1) <= alpha
    return float(thresholds[np.argmax(allowed)]) if allowed.any() else None


def finding_threshold(curves: Array, thresholds: Array, alpha: float, most: int) -> tuple[float, bool]:
    """The threshold for findings, and whether the bound of `controlling_threshold` is guaranteed; for the arguments see there.

    Too few subjects guarantee nothing: then the plain empirical rule, on average no more than alpha among them, takes its place.
    """
    threshold = controlling_threshold(curves, thresholds, alpha, most)
    if threshold is not None:
        return threshold, True
    envelope = np.maximum.accumulate(curves[:, ::-1], axis=1)[:, ::-1]
    return float(thresholds[np.argmax(envelope.mean(0) <= alpha)]), False


def kept_ranks(subjects: int, ranks: Sequence[int] = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)) -> list[int]:
    """Which order statistics of the healthy maps a bundle keeps; between them p is rounded up, never down."""
    return [rank for rank in ranks if rank <= subjects]


def location_p(evidence: Array, kept: Array, ranks: Sequence[int], subjects: int) -> Array:
    """P per pixel against healthy subjects at that place.

    Args:
        evidence: (N, H, W) larger is stranger.
        kept: (R, N, H, W) the r-th largest healthy value at each place, for each rank r (decreasing along R).
        ranks: the R ranks, increasing from 1.
        subjects: M, how many healthy subjects there were.

    Returns:
        (N, H, W) p in {1 / (M + 1), ..., 1}, rounded up to the next kept rank.
    """
    levels = np.array([*ranks, subjects + 1]) / (subjects + 1)
    beaten_by = (kept >= evidence).sum(0)  # how many of the kept values reach the evidence
    return levels[beaten_by].astype(np.float32)

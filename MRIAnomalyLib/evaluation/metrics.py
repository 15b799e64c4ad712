"""How well a map shows lesions and a score tells the sick from the healthy; areas and precision from scikit-learn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score

from ..records import Array
from .bootstrap import Tally, draws, ends, tally

BOOTSTRAPS = 200


def pixel_figures(maps: Sequence[Array], truths: Sequence[Array], cores: Sequence[Array]) -> dict[str, float]:
    """AUROC, average precision and best possible Dice, pooled over the cores of all cases.

    "Best" Dice takes the threshold that suits the lesions: an upper bound, not what a user gets.
    """
    score, truth = _pooled(maps, truths, cores)
    precision, recall, _ = precision_recall_curve(truth, score)
    dice = 2 * precision * recall / np.maximum(precision + recall, 1e-9)
    return {
        "auroc": float(roc_auc_score(truth, score)),
        "ap": float(average_precision_score(truth, score)),
        "best_dice": float(dice.max()),
        "prevalence": float(truth.mean()),
    }


def volume_auroc(sick: Sequence[float], healthy: Sequence[float]) -> float:
    """Chance that a lesioned volume scores above a healthy one."""
    return float(roc_auc_score([1] * len(sick) + [0] * len(healthy), [*sick, *healthy]))


def ap_interval(
    maps: Sequence[Array], truths: Sequence[Array], cores: Sequence[Array], subjects: Sequence[str], seed: int = 0, rounds: int = BOOTSTRAPS
) -> tuple[float, float]:
    """95 % interval of the pooled average precision by drawing subjects, not pixels, with replacement.

    Args:
        maps: per case, larger is stranger.
        truths: per case, the lesion.
        cores: per case, where pixels count.
        subjects: whose each case is.
        seed: of the draws.
        rounds: how many draws.
    """
    people = list(dict.fromkeys(subjects))
    places = np.array([people.index(who) for who in subjects])
    return ends(pixel_tally(maps, truths, cores, places, len(people)).ap(draws(len(people), rounds, seed)))


def pixel_tally(maps: Sequence[Array], truths: Sequence[Array], cores: Sequence[Array], places: Array, people: int) -> Tally:
    """The pooled pixels of `pixel_figures`, counted for each person.

    Args:
        maps: per case, larger is stranger.
        truths: per case, the lesion.
        cores: per case, where pixels count.
        places: (C,) int, whose each case is: 0 .. people - 1.
        people: S.
    """
    return tally(*_pooled(maps, truths, cores), np.repeat(places, [int(core.sum()) for core in cores]), people)


def _pooled(maps: Sequence[Array], truths: Sequence[Array], cores: Sequence[Array]) -> tuple[Array, Array]:
    """Score and truth of all pixels that count."""
    score = np.concatenate([map_[core] for map_, core in zip(maps, cores, strict=True)])
    return score, np.concatenate([mask[core] for mask, core in zip(truths, cores, strict=True)])


def auroc_interval_of_groups(
    sick: Sequence[float], healthy: Sequence[float], seed: int = 0, rounds: int = BOOTSTRAPS
) -> tuple[float, float]:
    """95 % interval of `volume_auroc` where the sick and the healthy are different people, one score each: both are drawn anew."""
    above = _ranked_above(sick, healthy)
    rng = np.random.default_rng(seed)
    found = [above[np.ix_(*(rng.choice(size, size) for size in above.shape))].mean() for _ in range(rounds)]
    return ends(found)


def _ranked_above(sick: Sequence[float], healthy: Sequence[float]) -> Array:
    """(sick, healthy) each pair's part of the area: 0, 1/2 or 1."""
    return np.sign(np.subtract.outer(np.asarray(sick), np.asarray(healthy))) / 2 + 0.5


def auroc_interval(sick: Sequence[float], healthy: Sequence[float], seed: int = 0, rounds: int = BOOTSTRAPS) -> tuple[float, float]:
    """95 % interval of `volume_auroc` by drawing subjects with replacement.

    Args:
        sick: one score per subject, with a lesion.
        healthy: the same subjects without, in the same order.
        seed: of the draws.
        rounds: how many draws.
    """
    above = _ranked_above(sick, healthy)
    rng, found = np.random.default_rng(seed), []
    for _ in range(rounds):
        rows = rng.choice(len(healthy), len(healthy))
        found.append(above[np.ix_(rows, rows)].mean())
    return ends(found)


def crossed_interval(values: Array, seed: int = 0, rounds: int = BOOTSTRAPS) -> tuple[float, float]:
    """95 % interval of the mean of values (runs, subjects) by drawing runs and subjects, each with replacement."""
    rng = np.random.default_rng(seed)
    found = [values[np.ix_(*(rng.choice(size, size) for size in values.shape))].mean() for _ in range(rounds)]
    return ends(found)

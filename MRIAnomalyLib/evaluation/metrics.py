"""How well a map shows lesions and a score tells the sick from the healthy; areas and precision from scikit-learn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score

from ..records import Array

BOOTSTRAPS = 300


def pixel_figures(maps: Sequence[Array], truths: Sequence[Array], cores: Sequence[Array]) -> dict[str, float]:
    """AUROC, average precision and best possible Dice, pooled over the cores of all cases.

    "Best" Dice takes the threshold that suits the lesions: an upper bound, not what a user gets.
    """
    score = np.concatenate([map_[core] for map_, core in zip(maps, cores, strict=True)])
    truth = np.concatenate([mask[core] for mask, core in zip(truths, cores, strict=True)])
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


def interval(
    subjects: Sequence[str], figure: Callable[[Sequence[int]], float], seed: int = 0, rounds: int = BOOTSTRAPS
) -> tuple[float, float]:
    """95 % interval of a figure by drawing subjects, not cases, with replacement.

    Args:
        subjects: whose each case is.
        figure: of the cases with these row numbers.
        seed: of the draws.
        rounds: how many draws.
    """
    rng = np.random.default_rng(seed)
    rows: Mapping[str, list[int]] = {who: [row for row, other in enumerate(subjects) if other == who] for who in dict.fromkeys(subjects)}
    people = list(rows)
    drawn = [
        figure([row for who in rng.choice(len(people), len(people)) for row in rows[people[who]]]) for _ in range(rounds)
    ]  # fmt: skip
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return float(low), float(high)

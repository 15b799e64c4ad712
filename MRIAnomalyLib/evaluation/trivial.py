"""Scores that know no anatomy. Where one of them tells the sick from the healthy, that a method does so proves nothing: the set is
confounded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.stats import mannwhitneyu
from sklearn.metrics import roc_auc_score

from ..records import SliceStack
from .answers import Seen
from .bootstrap import ends, tally
from .measure import Resampled

SOLVED = 0.8  # area from which on a set is solved by a score, whichever way that points
CHANCE = 0.05  # of an area so large between people who do not differ, above which it is none


def trivial_scores(stack: SliceStack) -> dict[str, float]:
    """Mean and spread of the intensity, mean squared gradient within slices, and the share of the picture that is background."""
    pixels, inside = stack.pixels[:, 0], stack.mask[:, 0]
    rows, columns = np.gradient(pixels, axis=(1, 2))
    values = {"mean intensity": pixels, "gradient energy": rows**2 + columns**2}
    found = {name: float(value[inside].mean()) if inside.any() else 0.0 for name, value in values.items()}
    spread = float(pixels[inside].std()) if inside.any() else 0.0
    return {**found, "spread of intensity": spread, "background share": float(1 - inside.mean())}


def confounds(
    scores: Sequence[Mapping[str, float]], sick: Sequence[bool], owner: Sequence[int], weights: np.ndarray
) -> list[dict[str, object]]:
    """One row a trivial score: how well it tells the sick from the healthy, in the direction that suits it.

    Args:
        scores: of each scan, see `trivial_scores`; sick and healthy ones.
        sick: of each scan.
        owner: whose each scan is: 0 .. S - 1.
        weights: (R, S) of the draws.
    """
    truth, who, rows = np.asarray(sick), np.asarray(owner), []
    for name in scores[0]:
        values = np.array([one[name] for one in scores])
        area = roc_auc_score(truth, values)
        values = values if area >= 0.5 else -values
        p = mannwhitneyu(_of_people(values, truth, who), _of_people(values, ~truth, who)).pvalue
        row = {"score": name, "auroc": round(max(area, 1 - area), 3)}
        row["auroc_95"] = [round(end, 3) for end in ends(tally(values, truth, who, weights.shape[1]).auroc(weights))]
        solved = max(area, 1 - area) >= SOLVED and p <= CHANCE
        rows.append({**row, "p": round(float(p), 4), "confounded": "yes" if solved else "no"})
    return rows


def told_apart(label: str, sick: Mapping[str, Sequence[Seen]], healthy: Sequence[Seen], people: Resampled) -> list[dict[str, object]]:
    """The rows of `confounds` for scans with each kind of lesion against those without.

    Args:
        label: of a model, as whose scans they are prepared.
        sick: kind of lesion -> scans.
        healthy: scans.
        people: of all these scans.
    """
    plain, rows = [trivial_scores(one.scan.prepared.stack) for one in healthy], []
    for kind, some in sick.items():
        scores = [trivial_scores(one.scan.prepared.stack) for one in some]
        truth = [True] * len(some) + [False] * len(healthy)
        found = confounds([*scores, *plain], truth, people.places([*some, *healthy]).tolist(), people.weights)
        rows += [{"as prepared for": label, "lesion": kind, **row} for row in found]
    return rows


def warning(rows: Sequence[Mapping[str, object]]) -> str:
    """Markdown that says which scores solve the set; empty where none does."""
    solved = [str(row["score"]) for row in rows if row["confounded"] == "yes"]
    if not solved:
        return ""
    return f"\n**Confounded**: {', '.join(dict.fromkeys(solved))} alone tells sick from healthy cases: that a method does proves nothing.\n"


def _of_people(values: np.ndarray, chosen: np.ndarray, who: np.ndarray) -> list[float]:
    """One mean a person: scans of one person are no evidence of their own."""
    return [float(values[chosen & (who == one)].mean()) for one in np.unique(who[chosen])]

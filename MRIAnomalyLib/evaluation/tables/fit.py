"""How well healthy people are redrawn, and how true the predicted spread is."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..answers import Answers, Seen


def redrawing(answers: Answers) -> list[dict[str, Any]]:
    """Healthy people that the model never learned from, by site, over the core.

    Mean |x - healthy| in standardised intensity; for a detector that predicts a spread also the percent of pixels that lie
    within 1, 2 and 3 predicted standard deviations of the healthy counterpart as it is used (of a normal law: 68.3, 95.4, 99.7),
    with the lowest and highest person.
    """
    healthy = [*answers.own, *answers.others]
    rows = []
    for site in dict.fromkeys(one.scan.case.site for one in healthy):
        here = [one for one in healthy if one.scan.case.site == site]
        off = [_off(one) for one in here]
        row = {"model": answers.label, "site": site, "volumes": len(here), "mean_residual": round(_pooled(off), 4)}
        if here[0].redrawn.spread is not None:
            row |= _inside([_deviation(one) for one in here])
        rows.append(row)
    return rows


def _off(one: Seen) -> np.ndarray:
    """(P,) |x - healthy| of the core's pixels."""
    return np.abs(one.scan.prepared.stack.pixels - one.redrawn.healthy)[:, 0][one.judged.core]


def _deviation(one: Seen) -> np.ndarray:
    """(P,) the same in predicted standard deviations."""
    assert one.redrawn.spread is not None
    return _off(one) / one.redrawn.spread[:, 0][one.judged.core]


def _inside(deviations: list[np.ndarray]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for limit in (1, 2, 3):
        shares = [100 * float((deviation < limit).mean()) for deviation in deviations]
        row[f"inside_{limit}"] = round(100 * _pooled([deviation < limit for deviation in deviations]), 1)
        row[f"inside_{limit}_people"] = [round(min(shares), 1), round(max(shares), 1)]
    return row


def _pooled(values: list[np.ndarray]) -> float:
    return float(np.concatenate(values).mean())

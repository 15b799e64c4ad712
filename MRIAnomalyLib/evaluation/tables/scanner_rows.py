"""Rows of the table of simulated scanners."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import binomtest

from ..bootstrap import draws, ends
from ..simulated import STRENGTHS

UNCHANGED = "unchanged", "none"  # change and strength of a head as it came
BEFORE, AFTER = "before", "after"  # standardisation
ROUNDS, SEED = 1000, 0  # of drawing people

Row = dict[str, Any]


@dataclass(frozen=True)
class Found:
    """One head of one simulated scanner."""

    change: str
    strength: str
    person: str
    refused: bool
    answers: dict[str, Row]  # preparation -> flagged, warned, beyond (percent of the core); none where the head does not fit the template


def rows_of(found: Sequence[Found]) -> dict[str, list[Row]]:
    """The tables: alarms of each simulated scanner before and after standardisation, and what standardisation spares."""
    kinds = list(dict.fromkeys((one.change, one.strength) for one in found))
    alarms = [_alarms([one for one in found if (one.change, one.strength) == kind], name) for kind in kinds for name in (BEFORE, AFTER)]
    strengths = [strength for strength in STRENGTHS if any(one.strength == strength for one in found)]
    return {"spared": [_spared([one for one in found if one.strength == strength]) for strength in strengths], "alarms": alarms}


def _alarms(here: Sequence[Found], preparation: str) -> Row:
    answers = [(one, one.answers[preparation]) for one in here if one.answers]
    flagged = sum(answer["flagged"] for _, answer in answers)
    beyond = np.array([answer["beyond"] for _, answer in answers])
    exact = binomtest(flagged, len(here)).proportion_ci()  # Clopper and Pearson
    drawn = np.median(np.random.default_rng(SEED).choice(beyond, (ROUNDS, len(beyond))), axis=1) if answers else []
    return {
        "change": here[0].change,
        "strength": here[0].strength,
        "standardisation": preparation,
        "volumes": len(here),
        "flagged": flagged,
        "flagged_share_exact": [round(exact.low, 3), round(exact.high, 3)],
        "warned": sum(answer["warned"] for _, answer in answers),
        "refused": sum(one.refused for one in here),
        "flagged_without_warning": sum(answer["flagged"] and not answer["warned"] and not one.refused for one, answer in answers),
        "beyond_3": round(float(np.median(beyond)), 3) if answers else "",
        "beyond_3_95": [round(end, 3) for end in ends(drawn)],
    }


def _spared(here: Sequence[Found]) -> Row:
    """Share of all heads of one strength that are flagged; what is spared is told within each person."""
    people = list(dict.fromkeys(one.person for one in here))
    weights = draws(len(people), ROUNDS, SEED)
    flagged = {
        name: np.array([np.mean([one.answers.get(name, {}).get("flagged", False) for one in here if one.person == who]) for who in people])
        for name in (BEFORE, AFTER)
    }
    row: Row = {"strength": here[0].strength, "volumes": len(here)}
    for name, values in {**flagged, "spared": flagged[BEFORE] - flagged[AFTER]}.items():
        low, high = ends(weights @ values / len(people))
        row |= {name: round(float(values.mean()), 3), f"{name}_95": [round(low, 3), round(high, 3)]}
    return row

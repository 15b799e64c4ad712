"""False alarms on the own scanner, and what happens to healthy people and patients of each other one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import binom

from ...bundles.bundle import Bundle
from ...calibration.judgement import Calibration
from ...prepare import plausibility
from ...records import Array
from ..answers import ALPHA, Answers, Seen

BEYOND = 3.0  # standard deviations of healthy people: the voxels that a map would paint


def false_alarms(answers: Answers, split: str) -> list[dict[str, Any]]:
    """Realised against nominal rate of flagged healthy volumes."""
    scores = answers.calibration.volume_scores
    left_out = [(1 + (np.delete(scores, row) >= score).sum()) / len(scores) for row, score in enumerate(scores)]
    rows = []
    for who, flags in (
        (f"{split} subjects", [one.flagged for one in answers.own]),
        ("calibration subjects, leave one out", [p <= ALPHA for p in left_out]),
    ):
        low, high = binom.ppf([0.025, 0.975], len(flags), ALPHA)
        counts = {"volumes": len(flags), "flagged": int(sum(flags)), "nominal": ALPHA, "binomial_95": [int(low), int(high)]}
        rows.append({"model": answers.label, "who": who, **counts})
    return rows


def by_site(answers: Answers) -> list[dict[str, Any]]:
    """Healthy people and patients of each site: painted, flagged, warned about, refused."""
    rows = []
    for site in dict.fromkeys(one.scan.case.site for one in answers.unpainted):
        here = [one for one in answers.unpainted if one.scan.case.site == site]
        warned = [bool(warnings_of(one, answers.bundle, answers.calibration)) for one in here]
        rows.append(
            {
                "model": answers.label,
                "site": site,
                "volumes": len(here),
                "flagged": sum(one.flagged for one in here),
                "warned": sum(warned),
                "refused": sum(one.refused for one in here),
                "flagged_without_warning": sum(
                    one.flagged and not warn and not one.refused for one, warn in zip(here, warned, strict=True)
                ),
                **{f"{name}_beyond_3": _beyond([one.judged.z[name] for one in here], here) for name in answers.calibration.config.parts},
                "evidence_beyond_3": _beyond([one.judged.evidence for one in here], here),
            }
        )
    return rows


def warnings_of(one: Seen, bundle: Bundle, calibration: Calibration) -> list[str]:
    """What `detect` would warn of: a head unlike those of the calibration, a brain that differs as a whole."""
    return [
        *plausibility.unusual(one.scan.prepared.facts, bundle.model["calibration"]["ranges"]),
        *plausibility.too_wide(one.judged.spread, calibration.spread_limit),
    ]


def _beyond(maps: Sequence[Array], seen: Sequence[Seen]) -> str:
    """Median (largest) percent of core voxels beyond +-3, bright and dark."""
    words = []
    for side, sign in (("bright", 1), ("dark", -1)):
        shares = [100 * float((sign * map_[one.judged.core] > BEYOND).mean()) for map_, one in zip(maps, seen, strict=True)]
        words.append(f"{side} {np.median(shares):.2f} ({max(shares):.2f})")
    return ", ".join(words)

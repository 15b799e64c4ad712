"""The sentences that stand beside every answer."""

from __future__ import annotations

import math

from ..records import Result

RESEARCH_ONLY = "Research use only: no flag does not mean normal."


def status(result: Result) -> str:
    """The answer in one or two words."""
    if not math.isfinite(result.p_value):
        return "not scored" if result.p_floor < 1 else "not calibrated"
    return "flagged" if result.flagged else "not flagged"


def certainty(result: Result) -> str:
    """The p-value of the whole scan, never without the smallest one that the calibration can reach."""
    cases = result.model.calibration_subjects  # not always healthy ones: those of FLAIR are patients without a stroke there
    if not math.isfinite(result.p_value):
        why = "the scan could not be scored" if result.p_floor < 1 else f"{cases} people are too few"
        return f"No p-value: {why}."
    at_floor = result.p_value <= result.p_floor * (1 + 1e-9)
    reach = "the smallest this calibration can reach" if at_floor else f"smallest reachable {result.p_floor:.2g}"
    return f"p = {result.p_value:.2g} ({reach}), against {cases} people; flagged from {result.false_alarms:.2g}"

"""The table that decides which model is taken: one row a model, and one for the map that needs none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..answers import Answers, Seen
from ..scans import KINDS
from .aims import Aim
from .found import ALL_PATIENTS, SHOWN

BAR = "atlas and asymmetry"  # the map without a model that each one has to beat
FIGURES = ("ap", "ap_95", "best_dice", "volume_auroc", "volume_auroc_95")
STUDYFORREST = "studyforrest"  # one healthy head, apart from the set of healthy adults of other scanners
HARD_PATIENT = "patient19"  # multiple sclerosis on both sides
AIMS = (
    *(Aim(f"pixel AP of {kind} lesions", f"{kind}_ap", 0.70) for kind in KINDS),
    *(Aim(f"best Dice of {kind} ones", f"{kind}_best_dice", 0.65) for kind in KINDS),
    *(Aim(f"AUROC of volumes with {kind} ones", f"{kind}_volume_auroc", 0.93) for kind in KINDS),
    Aim("healthy adults of other scanners flagged", "other_scanners_flagged", 2, at_most=True),
    Aim("refused", "other_scanners_refused", 2, at_most=True),
    Aim(f"{HARD_PATIENT} flagged", f"{HARD_PATIENT}_flagged", 1),
)

Row = dict[str, Any]


def deciding(answers: Answers, semi_synthetic: Sequence[Row], patients: Sequence[Row]) -> list[Row]:
    """The model's row, and that of the map without a model where the other tables hold it.

    Args:
        answers: of one model.
        semi_synthetic: its rows of `found.semi_synthetic`.
        patients: its rows of `found.patients`.
    """
    rows = []
    for shown, people in ((SHOWN, _people(answers)), (BAR, {})):
        painted = [row for row in semi_synthetic if row["map"] == shown]
        if painted:
            figures = {f"{row['lesion']}_{name}": row[name] for row in painted for name in FIGURES}
            pooled = next(row["ap"] for row in patients if row["map"] == shown and row["patient"] == ALL_PATIENTS)
            ranked = {"pixel_ap": round(float(np.mean([row["ap"] for row in painted])), 4)}  # dark and bright count alike
            rows.append({"model": painted[0]["model"], "map": shown, **ranked, **figures, **people, "patients_ap": pooled})
    return rows


def _people(answers: Answers) -> Row:
    """Who was taken for not healthy, and how long a scan takes."""
    adults = [one for one in answers.others if one.scan.case.site != STUDYFORREST]
    timing = answers.bundle.model.get("timing", {})
    return {
        "own_flagged": _flagged(answers.own),
        "other_scanners_flagged": _flagged(adults),
        "other_scanners_refused": sum(one.refused for one in adults),
        f"{STUDYFORREST}_flagged": _flagged([one for one in answers.others if one.scan.case.site == STUDYFORREST]),
        "patients_flagged": _flagged(answers.patients),
        f"{HARD_PATIENT}_flagged": _flagged([one for one in answers.patients if one.scan.case.id == HARD_PATIENT]),
        "seconds_per_scan": ", ".join(f"{entry['seconds']:.0f} on {entry['hardware']}" for entry in timing.values()),
    }


def _flagged(seen: Sequence[Seen]) -> str:
    return f"{sum(one.flagged for one in seen)} of {len(seen)}"

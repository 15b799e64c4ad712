"""The rows of the knee table: what one model says of each knee, and of lesions pasted into those that are taken for normal."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from ...calibration.judgement import Calibration
from ...prepare.geometry import apply_affine
from ...records import Array
from ..answers import Answers, Seen
from ..baselines import LEARNING_FREE, MAPS, map_of, score_of
from ..metrics import pixel_figures
from ..scans import KINDS
from .found import SHOWN

BAR = "atlas z"  # the map without a model that each one has to beat: a knee has no other side
KNEE_MAPS = tuple(name for name in MAPS if "asymmetry" not in name)
FLUID = 1.0  # standardised intensity from which tissue is as bright as fluid, which lies near 1.2

Row = dict[str, Any]


def person_rows(answers: Answers) -> list[Row]:
    """How near each knee is redrawn, how strange it is, and where the findings lie."""
    return [_person(answers.label, answers.calibration, one) for one in answers.unpainted]


def _person(label: str, calibration: Calibration, one: Seen) -> Row:
    stack, judged = one.scan.prepared.stack, one.judged
    found = one.findings(calibration.threshold)
    bright, dark = (((found > 0) & (judged.evidence * sign > 0)).sum() * one.voxel_mm3 / 1000 for sign in (1, -1))
    fluid = stack.pixels[:, 0] >= FLUID
    return {
        "model": label,
        "subject": one.scan.case.subject,
        "impression": one.scan.case.label,
        "error": round(float(np.abs(stack.pixels - one.redrawn.healthy)[stack.mask].mean()), 4),
        "score": round(judged.volume_score, 1),
        "scores of those compared with": [round(float(pick(calibration.volume_scores)), 1) for pick in (np.min, np.max)],
        "findings": int(found.max()),
        "bright mL": round(float(bright), 1),
        "dark mL": round(float(dark), 1),
        "strongest": _strongest(found, one),
        "as bright as fluid, % of the knee": _percent(fluid, judged.core),
        "as bright as fluid, % of the findings": _percent(fluid, found > 0),
    }


def _strongest(found: Array, one: Seen) -> str:
    """Sign, size and middle of the first finding, in the frame of the knee; empty without one."""
    inside = found == 1
    if not inside.any():
        return ""
    _, front, up = apply_affine(one.scan.prepared.grid_affine, np.argwhere(inside)[:, ::-1]).mean(0)
    sign = "bright" if one.judged.evidence[inside].mean() > 0 else "dark"
    return f"{sign}, {inside.sum() * one.voxel_mm3 / 1000:.1f} mL, A {front:+.0f} S {up:+.0f} mm"


def _percent(what: Array, where: Array) -> str:
    return f"{100 * what[where].mean():.0f}" if where.any() else ""


def lesion_rows(answers: Answers, maps: Collection[str]) -> list[Row]:
    """One row a kind of lesion and map: pixels of lesions against others, and how often a lesion raises a knee's score."""
    return [{"lesion": kind, **_lesions(answers, sick, name)} for kind, sick in answers.painted.items() for name in maps]


def _lesions(answers: Answers, sick: Sequence[Seen], name: str) -> Row:
    untouched = {one.subject: score_of(name, one) for one in answers.own}
    raised = [score_of(name, one) > untouched[one.subject] for one in sick]
    each = [_pixels(name, [one for one in sick if one.subject == who])["ap"] for who in untouched]
    return {
        "model": f"none, calibration of {answers.label}" if name in LEARNING_FREE else answers.label,
        "map": name,
        **{figure: round(value, 3) for figure, value in _pixels(name, sick).items()},
        "ap of each person": ", ".join(f"{ap:.3f}" for ap in each),
        "score raised": f"{sum(raised)} of {len(raised)}",
    }


def deciding(people: Sequence[Row], lesions: Sequence[Row], normal: Collection[str]) -> list[Row]:
    """The model's row, and that of the map without a model where the lesions' rows hold it.

    Args:
        people: rows of `person_rows`.
        lesions: rows of `lesion_rows`.
        normal: subjects that are taken for normal.
    """
    error = {"error": round(float(np.mean([row["error"] for row in people if row["subject"] in normal])), 4)}
    rows = []
    for name, known in ((SHOWN, error), (BAR, {})):
        of_kind = {row["lesion"]: row for row in lesions if row["map"] == name}
        if of_kind:
            figures = {f"{kind}_{figure}": of_kind[kind][figure] for kind in KINDS for figure in ("ap", "auroc", "score raised")}
            ranked = {"pixel_ap": round(float(np.mean([row["ap"] for row in of_kind.values()])), 4)}  # dark and bright count alike
            rows.append({"model": of_kind["dark"]["model"], "map": name, **ranked, **figures, **known})
    return rows


def _pixels(name: str, seen: Sequence[Seen]) -> dict[str, float]:
    truths = [one.scan.truth for one in seen if one.scan.truth is not None]
    return pixel_figures([map_of(name, one) for one in seen], truths, [one.judged.core for one in seen])

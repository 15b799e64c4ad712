"""Lesions found: painted into healthy people, and real ones."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from ..answers import Answers, Seen
from ..baselines import LEARNING_FREE, MAPS, map_of, score_of
from ..metrics import ap_interval, auroc_interval, pixel_figures, volume_auroc

ALL_PATIENTS = "all"
SHOWN = "evidence"  # the map that a model shows and judges by


def semi_synthetic(answers: Answers, maps: Collection[str] = tuple(MAPS)) -> list[dict[str, Any]]:
    """One lesion per subject, dark and bright, against the same subjects untouched.

    Args:
        answers: of one model.
        maps: which of `baselines.MAPS`.
    """
    return [{"lesion": kind, **row} for kind, sick in answers.painted.items() for row in _compare(answers.label, sick, maps, answers.own)]


def patients(answers: Answers, maps: Collection[str] = tuple(MAPS)) -> list[dict[str, Any]]:
    """Real lesions, one patient after the other and pooled; for the arguments see `semi_synthetic`."""
    groups = [(one.scan.case.id, [one]) for one in answers.patients] + [(ALL_PATIENTS, [*answers.patients])]
    rows = [{"patient": who, **row} for who, sick in groups for row in _compare(answers.label, sick, maps)]
    p = {one.scan.case.id: round(one.judged.volume_p, 3) for one in answers.patients}
    return [{**row, "p": p[row["patient"]]} if row["map"] == SHOWN and row["patient"] in p else row for row in rows]


def _compare(label: str, sick: Sequence[Seen], maps: Collection[str], untouched: Sequence[Seen] = ()) -> list[dict[str, Any]]:
    """The maps on the same volumes; the sign of the lesion is not given."""
    rows, cores, subjects = [], [one.judged.core for one in sick], [one.scan.case.subject for one in sick]
    truths = [one.scan.truth for one in sick if one.scan.truth is not None]
    for name in maps:
        drawn = [map_of(name, one) for one in sick]
        model = f"none, calibration of {label}" if name in LEARNING_FREE else label
        row: dict[str, Any] = {"model": model, "map": name, **_rounded(pixel_figures(drawn, truths, cores))}
        if untouched:
            score, normal = ([score_of(name, one) for one in some] for some in (sick, untouched))
            row["ap_95"] = [round(value, 3) for value in ap_interval(drawn, truths, cores, subjects)]
            row["volume_auroc"] = round(volume_auroc(score, normal), 3)
            row["volume_auroc_95"] = [round(value, 3) for value in auroc_interval(score, normal)]
        rows.append(row)
    return rows


def _rounded(figures: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 3) for name, value in figures.items()}

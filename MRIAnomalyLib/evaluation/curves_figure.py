"""The curves of an evaluation: scans told apart, pixels found, lesions found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from sklearn.metrics import precision_recall_curve, roc_curve

from ..records import Array
from .measure import Measured
from .reading import Reading, judged_pixels

STYLES = ("-", "--", ":", "-.")  # beside colours, which not everybody can tell apart
MOST_POINTS = 500  # of a curve: more are thinner than a line
MOST_FALSE = 8  # findings a volume that are shown

Curve = tuple[Array, Array] | None  # x and y; None where the cases give none


def draw_curves(path: Path, readings: Mapping[str, Sequence[Reading]], found: Mapping[str, Measured]) -> bool:
    """Write a PNG with as many of the three panels as the cases give; says whether there is any."""
    panels = []
    for words, curve in PANELS.items():
        lines = {label: line for label, one in found.items() if (line := curve(readings[label], one)) is not None}
        if lines:
            panels.append((words, lines))
    if not panels:
        return False
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.2 * len(panels), 4.4), layout="constrained")
    for axes, ((across, up), lines) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        for number, label in enumerate(found):
            if label in lines:
                axes.plot(*lines[label], color=f"C{number}", linestyle=STYLES[number % len(STYLES)], linewidth=1.4, label=label)
        axes.set(xlabel=across, ylabel=up, ylim=(0, 1.02))
        axes.grid(alpha=0.3)
    handles = {label: handle for axes in figure.axes for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)}
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    figure.savefig(path, dpi=110)
    return True


def _scans(readings: Sequence[Reading], found: Measured) -> Curve:
    known = [one for one in readings if one.sick is not None]
    if len({one.sick for one in known}) < 2:
        return None
    false, true, _ = roc_curve([bool(one.sick) for one in known], [one.score for one in known])
    return false, true


def _pixels(readings: Sequence[Reading], found: Measured) -> Curve:
    ill = [one for one in readings if one.shows_lesion]
    if not ill:
        return None
    score, truth = judged_pixels(ill)
    precision, recall, _ = precision_recall_curve(truth, score)
    few = np.linspace(0, len(recall) - 1, min(MOST_POINTS, len(recall))).astype(int)
    return recall[few], precision[few]


def _lesions(readings: Sequence[Reading], found: Measured) -> Curve:
    if found.curve is None:
        return None
    everyone = np.ones((1, len(found.curve.lesions)))
    false, share = found.curve.false_findings(everyone)[0], found.curve.sensitivity(everyone)[0]
    order = np.lexsort((share, false))
    order = order[false[order] <= MOST_FALSE]
    return false[order], np.maximum.accumulate(share[order])  # as `Froc.within`: what so many false findings allow


PANELS = {
    ("healthy scans called sick", "sick scans called sick"): _scans,
    ("lesion pixels found", "share of what is marked that is lesion"): _pixels,
    ("false findings a volume", "lesions found"): _lesions,
}

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

Curve = tuple[Array, Array]  # x and y
Axes = tuple[str, str]  # what lies across, and what up


def curves_of(readings: Sequence[Reading], found: Measured) -> dict[Axes, Curve]:
    """Those of PANELS that a method's cases give."""
    return {axes: line for axes, curve in PANELS.items() if (line := curve(readings, found)) is not None}


def draw_curves(path: Path, curves: Mapping[str, Mapping[Axes, Curve]]) -> bool:
    """Write a PNG of the curves of each method, a panel for each kind; says whether there is any."""
    panels = [axes for axes in PANELS if any(axes in lines for lines in curves.values())]
    if not panels:
        return False
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.2 * len(panels), 4.4), layout="constrained")
    for axes, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        for number, (label, lines) in enumerate(curves.items()):
            if panel in lines:
                axes.plot(*lines[panel], color=f"C{number}", linestyle=STYLES[number % len(STYLES)], linewidth=1.4, label=label)
        axes.set(xlabel=panel[0], ylabel=panel[1], ylim=(0, 1.02))
        axes.grid(alpha=0.3)
    handles = {label: handle for axes in figure.axes for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)}
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    figure.savefig(path, dpi=110)
    return True


def _scans(readings: Sequence[Reading], found: Measured) -> Curve | None:
    known = [one for one in readings if one.sick is not None]
    if len({one.sick for one in known}) < 2:
        return None
    false, true, _ = roc_curve([bool(one.sick) for one in known], [one.score for one in known])
    return false, true


def _pixels(readings: Sequence[Reading], found: Measured) -> Curve | None:
    ill = [one for one in readings if one.shows_lesion]
    if not ill:
        return None
    score, truth = judged_pixels(ill)
    precision, recall, _ = precision_recall_curve(truth, score)
    few = np.linspace(0, len(recall) - 1, min(MOST_POINTS, len(recall))).astype(int)
    return recall[few], precision[few]


def _lesions(readings: Sequence[Reading], found: Measured) -> Curve | None:
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

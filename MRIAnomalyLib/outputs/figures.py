"""overview.png: in ten seconds, where to look and how sure the tool is; and the same pictures one by one for the report."""

from __future__ import annotations

import textwrap
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch, Patch

from ..records import Result
from . import panels
from .canvas import dark_figure, png
from .panels import ALARM, AMBER, BACKGROUND, CALM, PANEL, QUIET, RULE, TEXT
from .views import Cut, Plane, best_positions, cuts, one_level, plane_of
from .words import RESEARCH_ONLY, certainty, status

_WIDTH, _HEIGHT = 16.0, 10.4  # inches
_SIDE = 0.745  # where the right-hand column begins, as a fraction of the width
_EDGE = 0.018
_LISTED = 6  # findings named beside the pictures
_VERDICT_LINES = 3  # the verdict on one FLAIR level, and where to look first, fill them


def overview(result: Result, path: Path) -> None:
    """Write the one picture to look at first (PNG, dark): suspicious planes, healthy counterparts, verdict, certainty, warnings."""
    plane = plane_of(result)
    shown = cuts(result, plane, best_positions(result, plane))
    figure = dark_figure(_WIDTH, _HEIGHT)
    top = _header(figure, result)
    if len(shown) == 1:
        _single(figure, result, plane, shown[0], top)
    else:
        _pictures(figure, result, plane, shown, top)
    _side_column(figure, result, plane, top)
    facts = f"{result.model.name} ({result.model.licence})  ·  calibrated on {result.model.calibration_subjects} people"
    figure.text(_EDGE, 0.014, facts, color=QUIET, size=10)
    figure.text(1 - _EDGE, 0.014, RESEARCH_ONLY, color=TEXT, size=10.5, weight="bold", ha="right")
    path.write_bytes(png(figure))


def slice_pictures(result: Result) -> dict[str, bytes]:
    """PNG pictures for the report, most suspicious plane first: caption -> input, evidence and healthy counterpart side by side."""
    plane = plane_of(result)
    pictures = {}
    for cut in cuts(result, plane, best_positions(result, plane)):
        figure = dark_figure(12.0, 4.25)
        for column, kind in enumerate(panels.KINDS):
            axes = figure.add_axes((column / 3 + 0.003, 0.0, 0.327, 0.925))
            panels.draw_panel(axes, kind, cut, plane, result)
            axes.set_title(kind, color=QUIET, size=10, pad=4)
        pictures[f"{plane.position(cut.position_mm)} · {panels.caption(cut, plane, result)}"] = png(figure)
    return pictures


def score_curve(result: Result) -> bytes:
    """PNG of the slice scores with their threshold."""
    figure = dark_figure(9.0, 2.8)
    panels.draw_curve(figure.add_axes((0.075, 0.19, 0.9, 0.68)), result, plane_of(result))
    return png(figure)


def heat_scale(result: Result) -> bytes:
    """PNG of the colour bar."""
    figure = dark_figure(4.6, 0.75)
    panels.draw_heat_scale(figure, figure.add_axes((0.05, 0.66, 0.9, 0.24)), result)
    return png(figure)


def _header(figure: Figure, result: Result) -> float:
    """Status, verdict, certainty and warnings; returns the height at which the pictures may begin."""
    line = 0.032
    chip = f" {status(result).upper()} "
    colour = ALARM if result.flagged else CALM
    figure.text(
        _EDGE,
        0.962,
        chip,
        color="white",
        size=17,
        weight="bold",
        va="center",
        bbox={"boxstyle": "round,pad=0.35", "facecolor": colour, "edgecolor": "none"},
    )
    left = _EDGE + 0.0098 * len(chip) + 0.024
    verdict = textwrap.wrap(result.verdict, 100, max_lines=_VERDICT_LINES, placeholder=" …")
    for row, text in enumerate(verdict):
        figure.text(left, 0.972 - line * row, text, color=TEXT, size=15, va="center")
    figure.text(left, 0.97 - line * len(verdict), certainty(result), color=QUIET, size=12, va="center")
    top = 0.972 - line * (len(verdict) + 1)
    return _warnings(figure, result, top) if result.warnings else top


def _warnings(figure: Figure, result: Result, top: float) -> float:
    texts = [
        row
        for warning in result.warnings[:3]
        for row in textwrap.wrap("!  " + warning, 165, subsequent_indent="    ", max_lines=2, placeholder=" …")
    ]
    if len(result.warnings) > 3:
        texts.append(f"    and {len(result.warnings) - 3} more in result.json")
    height = 0.0235 * len(texts) + 0.016
    box = FancyBboxPatch(
        (_EDGE, top - height),
        1 - 2 * _EDGE,
        height,
        boxstyle="round,pad=0,rounding_size=0.006",
        facecolor="#3a2c08",
        edgecolor=AMBER,
        transform=figure.transFigure,
    )
    figure.add_artist(box)
    for row, text in enumerate(texts):
        figure.text(_EDGE + 0.01, top - 0.0195 - 0.0235 * row, text, color=AMBER, size=12, va="center", weight="bold")
    return top - height - 0.014


def _single(figure: Figure, result: Result, plane: Plane, cut: Cut, top: float) -> None:
    """One plane: the evidence large, input and healthy counterpart beside it."""
    title, bottom, left, words = 0.046, 0.05, _EDGE, 0.022
    side = min((top - title - bottom) * _HEIGHT, (_SIDE - 0.016 - left) * _WIDTH / 1.5)  # inches, of the large one
    first, evidence, healthy = panels.KINDS
    high = (top - title) - side / _HEIGHT
    for kind, column, row, share in ((evidence, 0.0, 1.0, 1.0), (first, 1.0, 1.0, 0.5), (healthy, 1.0, 0.5, 0.5)):
        wide, tall = share * side / _WIDTH, share * side / _HEIGHT
        x, y = left + column * side / _WIDTH, high + row * side / _HEIGHT - tall
        axes = figure.add_axes((x + 0.001, y + 0.0015, wide - 0.002, tall - 0.003 - words))
        panels.draw_panel(axes, kind, cut, plane, result)
        figure.text(x + wide / 2, y + tall - words / 2, kind, color=QUIET, size=10.5, ha="center", va="center")
    figure.text(left, top - 0.013, plane.position(cut.position_mm), color=TEXT, size=13, weight="bold", va="center")
    figure.text(left, top - 0.034, panels.caption(cut, plane, result), color=QUIET, size=10, va="center")


def _pictures(figure: Figure, result: Result, plane: Plane, shown: list[Cut], top: float) -> None:
    """Planes side by side with their three kinds below each other; two planes the other way round, which fills the page."""
    upright = len(shown) > 2
    columns, rows = (len(shown), 3) if upright else (3, len(shown))
    title, bottom, left = 0.046, 0.05, _EDGE + 0.016
    kinds = 0.0 if upright else 0.022
    height = (top - bottom - kinds - (title if upright else title * rows)) / rows
    side = min(height * _HEIGHT, (_SIDE - 0.016 - left) * _WIDTH / columns)  # inches
    wide, tall = side / _WIDTH, side / _HEIGHT
    left += (_SIDE - 0.016 - left - wide * columns) / 2
    for n, cut in enumerate(shown):
        for m, kind in enumerate(panels.KINDS):
            x = left + wide * (n if upright else m)
            y = top - title - kinds - (tall * (m + 1) if upright else tall * (n + 1) + title * n)
            axes = figure.add_axes((x + 0.001, y + 0.0015, wide - 0.002, tall - 0.003))
            panels.draw_panel(axes, kind, cut, plane, result)
            if upright and n == 0:
                figure.text(left - 0.016, y + tall / 2, kind, color=QUIET, size=10.5, rotation=90, ha="left", va="center")
            if not upright and n == 0:
                figure.text(x + wide / 2, top - 0.012, kind, color=QUIET, size=10.5, ha="center", va="center")
        x, y = (left + wide * n, top) if upright else (left, top - kinds - (tall + title) * n)
        figure.text(x + 0.004, y - 0.013, plane.position(cut.position_mm), color=TEXT, size=13, weight="bold", va="center")
        figure.text(x + 0.004, y - 0.034, panels.caption(cut, plane, result), color=QUIET, size=10, va="center")


def _side_column(figure: Figure, result: Result, plane: Plane, top: float) -> None:
    width = 1 - _EDGE - _SIDE
    y = top - 0.012
    alone = one_level(result)
    figure.text(
        _SIDE, y, f"How unusual is {'this level' if alone else 'the whole scan'}?", color=TEXT, size=12.5, weight="bold", va="center"
    )
    _gauge(figure.add_axes((_SIDE + 0.006, y - 0.06, width - 0.012, 0.03)), result)
    bottom, heading, least = 0.26, 0.05, 0.08  # of the curve: where it begins, room for its heading, its height
    y = _finding_list(figure, result, plane, y - 0.128, bottom if alone else bottom + least + heading)
    if not alone:
        figure.text(_SIDE, y, "Score along the slices", color=TEXT, size=12.5, weight="bold", va="center")
        panels.draw_curve(figure.add_axes((_SIDE + 0.034, bottom, width - 0.04, y - heading - bottom)), result, plane)
    if result.p_floor < 1:  # else nothing is coloured
        panels.draw_heat_scale(figure, figure.add_axes((_SIDE + 0.006, 0.185, width - 0.012, 0.016)), result)
    _key(figure, width)


def _gauge(axes: Axes, result: Result) -> None:
    """The p-value on a line from ordinary to the smallest that the calibration can reach; without any, that there is none."""
    if result.p_floor >= 1:
        axes.axis("off")
        axes.text(0, 0.5, "cannot be told: too few people to compare with", color=QUIET, size=11, va="center")
        return
    end = -np.log10(result.p_floor)
    axes.barh(0, end, color=PANEL, edgecolor=RULE, height=1)
    if np.isfinite(result.p_value):
        axes.barh(0, -np.log10(result.p_value), color=ALARM if result.flagged else CALM, height=1)
    axes.axvline(-np.log10(result.false_alarms), color=AMBER, linewidth=2)
    ticks = [p for p in (1.0, 0.5, 0.2, 0.1, 0.05, 0.01, 0.001) if p > 1.3 * result.p_floor] + [result.p_floor]
    axes.set_xticks([-np.log10(p) for p in ticks], [f"{p:.2g}" for p in ticks])
    axes.set_xlim(0, max(end, -np.log10(result.false_alarms)))
    axes.set_ylim(-0.5, 0.5)
    axes.set_yticks([])
    axes.tick_params(colors=QUIET, labelsize=8)
    axes.set_xlabel("p; the right end is as far as the calibration reaches", color=QUIET, size=8.5)
    axes.set_facecolor(BACKGROUND)
    axes.spines[:].set_visible(False)


def _finding_list(figure: Figure, result: Result, plane: Plane, top: float, lowest: float) -> float:
    """As many findings as there is room for above `lowest`; returns the height where the next thing may begin."""
    count, head, line, gap = len(result.findings), 0.03, 0.027, 0.018
    rows = min(_LISTED + 1, int((top - head - gap - lowest) / line))
    listed = count if count <= min(rows, _LISTED) else rows - 1  # one row says how many more there are
    figure.text(_SIDE, top, f"Findings ({count})" if count else "No findings", color=TEXT, size=12.5, weight="bold", va="center")
    y = top - head
    for finding in result.findings[:listed]:
        figure.text(_SIDE + 0.006, y, str(finding.label), color=TEXT, size=12, weight="bold", va="center")
        figure.text(_SIDE + 0.026, y, panels.finding_words(finding), color=TEXT, size=11, va="center")
        place = f"{plane.position(finding.centroid_ras_mm[plane.normal])} · {finding.peak:.1f} SD"
        figure.text(1 - _EDGE, y, place, color=QUIET, size=10, va="center", ha="right")
        y -= line
    if count > listed:
        figure.text(_SIDE + 0.026, y, f"and {count - listed} more in findings.csv", color=QUIET, size=10, va="center")
        y -= line
    return y - gap


def _key(figure: Figure, width: float) -> None:
    entries = [
        *panels.outline_key(),
        Patch(facecolor="#2a2a2a", edgecolor="#9e9e9e", hatch="////", linewidth=0, label="not judged"),
        Line2D([], [], color=AMBER, linewidth=2, label="flagged from here"),
    ]
    box = (_SIDE, 0.045, width, 0.08)
    figure.legend(
        handles=entries,
        loc="upper left",
        bbox_to_anchor=box,
        mode="expand",
        ncols=2,
        fontsize=9.5,
        frameon=False,
        labelcolor=QUIET,
        borderaxespad=0,
    )

"""What one panel of a picture shows: a plane in grey, the evidence and outlines over it, the score along the slices."""

from __future__ import annotations

from typing import Literal

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ..records import Array, Finding, Result
from .heat import LABEL, heat_ceiling, heat_colours
from .views import Cut, Plane, grey_window, nearest_slice

BACKGROUND, PANEL, TEXT, QUIET, RULE = "#12161c", "#1b212a", "#eef1f5", "#9aa5b4", "#384250"
AMBER, ALARM, CALM = "#ffb000", "#e8612c", "#4a8fc7"  # told apart by lightness too
OUTLINES: dict[str, tuple[str, Literal["solid", "dashed"]]] = {"bright": ("#ffffff", "solid"), "dark": ("#5ad1ff", "dashed")}
TRUTH = "#ffe14d"  # outline of a lesion that is known; blue and yellow stay apart for colour-blind eyes
_HEAT_OPACITY = 0.75  # anatomy stays visible underneath
KINDS = ("input", "input + evidence", "healthy counterpart")


def draw_panel(axes: Axes, kind: str, cut: Cut, plane: Plane, result: Result) -> None:
    """One of `KINDS` at one plane, with the marks of left and right."""
    low, high = grey_window(result)
    evidence = kind == "input + evidence"
    # colours and outlines stand out on a darker scan
    white = high + (high - low) * 0.35 * evidence
    axes.imshow(cut.healthy if kind == "healthy counterpart" else cut.image, cmap="gray", vmin=low, vmax=white, interpolation="bilinear")
    if evidence:
        axes.imshow(_overlay(cut, result), interpolation="nearest")
        for finding in result.findings:
            if finding.label in cut.findings:
                _outline(axes, finding, cut.findings[finding.label])
    if kind == "healthy counterpart":
        axes.imshow(_veil(cut, False), interpolation="nearest")
    for x, mark, side in ((0.025, plane.left, "left"), (0.975, plane.right, "right")):
        axes.text(x, 0.5, mark, color=QUIET, size=9, weight="bold", transform=axes.transAxes, ha=side, va="center")
    axes.set_axis_off()


def _overlay(cut: Cut, result: Result) -> Array:
    colours = heat_colours(cut.heat / heat_ceiling(result))
    colours[..., 3] *= _HEAT_OPACITY * (cut.heat >= result.heat_threshold)
    return np.where(cut.unjudged[..., None], _veil(cut, True), colours)


def _veil(cut: Cut, striped: bool) -> Array:
    """Grey (rows, columns, 4) over tissue that the model could not judge, so that it never looks normal."""
    row, column = np.indices(cut.image.shape)
    stripe = ((row + column) % 9 < 2) & striped
    grey = np.full((*cut.image.shape, 4), 0.22)
    grey[stripe, :3] = 0.5
    grey[..., 3] = cut.unjudged * np.where(stripe, 0.85, 0.7)
    return grey


def _outline(axes: Axes, finding: Finding, inside: Array) -> None:
    if inside.max() <= 0.5:  # it only grazes this plane
        return
    colour, style = OUTLINES[finding.sign]
    axes.contour(inside, [0.5], colors=[colour], linewidths=1.5, linestyles=style)
    rows, columns = np.nonzero(inside > 0.5)
    # beside the finding, on the outward side, where it hides least
    outward = 1 if columns.mean() > inside.shape[1] / 2 else -1
    edge = columns.max() if outward > 0 else columns.min()
    label = axes.text(
        edge + 7 * outward,
        rows.mean(),
        str(finding.label),
        color=colour,
        size=12,
        weight="bold",
        ha="left" if outward > 0 else "right",
        va="center",
    )
    label.set_path_effects([patheffects.withStroke(linewidth=3, foreground="black")])


def outline_key() -> list[Line2D]:
    """What the two kinds of outline mean, for a legend."""
    return [
        Line2D([], [], color=colour, linewidth=1.5, linestyle=style, label=f"{'brighter' if sign == 'bright' else 'darker'} than healthy")
        for sign, (colour, style) in OUTLINES.items()
    ]


def finding_words(finding: Finding) -> str:
    """What a finding is, without its place: "dark, left, 2.4 mL"."""
    return f"{finding.sign}, {finding.side}, {finding.volume_ml:.1f} mL"


def caption(cut: Cut, plane: Plane, result: Result) -> str:
    """Which findings a plane shows, in words."""
    seen = [f for f in result.findings if f.label in cut.findings and cut.findings[f.label].max() > 0.5]
    if len(seen) == 1:
        return f"#{seen[0].label} {finding_words(seen[0])}"
    if seen:
        return ", ".join(f"#{f.label} {f.sign}" for f in seen[:3]) + (f" +{len(seen) - 3}" if len(seen) > 3 else "")
    here = nearest_slice(result, plane, cut.position_mm)
    return f"no finding; slice {('flagged' if here.flagged else 'not flagged') if here.scored else 'not scored'}"


def draw_curve(axes: Axes, result: Result, plane: Plane) -> None:
    """Score of each slice against its position, with the threshold; slices that were not scored leave a gap."""
    place = np.array([s.center_ras_mm[plane.normal] for s in result.slices])
    score, threshold = (np.array([getattr(s, name) for s in result.slices]) for name in ("score", "threshold"))
    flagged = np.array([s.flagged for s in result.slices])
    axes.plot(place, score, color=CALM, linewidth=1.6, marker="o", markersize=2.5)
    if flagged.any():
        axes.plot(place[flagged], score[flagged], color=ALARM, marker="o", markersize=5, linestyle="none", label="flagged")
    if np.isfinite(threshold).any():
        axes.plot(place, threshold, color=AMBER, linewidth=1.2, linestyle="--", label="threshold")
    if np.isfinite(score).any():
        axes.set_ylim(bottom=min(0.0, float(np.nanmin(score))))
    if np.isfinite(threshold).sum() == 1:  # a line of one point shows nothing
        axes.axhline(threshold[np.isfinite(threshold)][0], color=AMBER, linewidth=1.2, linestyle="--")
    if len(place) > 1:
        axes.set_xlim(place.min(), place.max())  # what was not scored has its place too
    else:  # a single position has no width of its own
        axes.set_xlim(place[0] - 5, place[0] + 5)
    axes.set_xlabel(f"{'RAS'[plane.normal]} (mm)", color=QUIET, size=9)
    axes.set_ylabel("slice score", color=QUIET, size=9)
    axes.set_facecolor(PANEL)
    axes.tick_params(colors=QUIET, labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(RULE)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=8, frameon=False, labelcolor=QUIET, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)


def draw_heat_scale(figure: Figure, axes: Axes, result: Result) -> None:
    """The colour bar of the evidence; what is not shown in the pictures stays dark here."""
    ceiling = heat_ceiling(result)
    steps = np.linspace(0, 1, 512)
    colours = heat_colours(steps)
    colours[steps * ceiling < result.heat_threshold, 3] = 0
    opaque = colours[:, 3:] * colours[:, :3] + (1 - colours[:, 3:]) * np.array([0.106, 0.129, 0.165])  # over PANEL
    bar = figure.colorbar(ScalarMappable(Normalize(0, ceiling), ListedColormap(opaque)), cax=axes, orientation="horizontal")
    bar.set_label(f"{LABEL}   (shown from {result.heat_threshold:.2g})", color=QUIET, size=9)
    bar.ax.tick_params(colors=QUIET, labelsize=8)
    bar.outline.set_edgecolor(RULE)

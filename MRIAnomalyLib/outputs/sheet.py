"""One page for one model, a row per case: input, healthy counterpart, residual or mask, evidence and findings side by side."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from scipy import ndimage

from ..records import Array
from .canvas import dark_figure, small_png
from .panels import ALARM, CALM, OUTLINES, QUIET, RULE, TEXT, TRUTH, outline_key
from .signed import signed_colours
from .views import AXIAL, Plane
from .words import RESEARCH_ONLY

_WIDTH, _DPI = 10.0, 110  # inches, pixels per inch: letters are large enough where a page is shown 1000 pixels wide
_LABELS, _GAP, _EDGE = 1.9, 0.04, 0.12  # inches: the column of words, between panels, around everything
_HEAD, _FOOT = 1.42, 0.28  # inches above and below the rows
_COLUMNS = {
    "Input": "as prepared for the model",
    "Healthy counterpart": "the model's drawing of it",
    "Residual": "input minus counterpart",
    "Evidence": "unusual by how many SD",
    "Findings": "outlines over the input",
}
_MASKED = {"Residual": ("Mask", "white: not healthy")}  # what stands in a column's place for methods that learn a mask
_SIDES = {"R": "the patient's right", "A": "in front"}
_RESIDUAL_END = 0.5  # of the colours, in standardised intensity
_DIMMED = 1.35  # how much brighter than the brightest white is, where outlines must stand out
_FINER = 4  # outlines are drawn on a grid so much finer, that they do not look like stairs


@dataclass(frozen=True, eq=False)
class Row:
    """One slice of one case; pictures are (H, W), as radiologists see them."""

    title: str
    note: str  # what is known of the case
    verdict: str
    flagged: bool
    place: str  # which slice it is
    image: Array  # standardised intensity
    healthy: Array
    brain: Array  # bool
    evidence: Array  # signed, in standard deviations of healthy people
    found: Array  # int: 1 inside a bright finding, -1 inside a dark one, 0 elsewhere
    truth: Array | None = None  # bool: where the lesion is known to be
    mask: Array | None = None  # in [0, 1], methods that learn one: in all rows or in none


def sheet(heading: str, facts: str, rows: Sequence[Row], threshold: float, plane: Plane = AXIAL) -> bytes:
    """The page as PNG.

    Args:
        heading: the model's name.
        facts: about the model, one line.
        rows: the cases, all of one size.
        threshold: of |evidence| from which there are findings; the colours end at twice of it.
        plane: in which the slices lie.
    """
    columns = _columns(rows)
    field = _field(rows)
    side = (_WIDTH - _LABELS - _EDGE - len(columns) * _GAP) / len(columns)
    tall = side * (field[0].stop - field[0].start) / (field[1].stop - field[1].start)
    height = _HEAD + len(rows) * (tall + _GAP) + _FOOT
    figure = dark_figure(_WIDTH, height, _DPI)
    white = float(np.percentile(np.concatenate([row.image[row.brain] for row in rows]), 99.7))

    lefts = {kind: _LABELS + n * (side + _GAP) for n, kind in enumerate(columns)}
    _title(figure, height, heading, facts)
    _head(figure, height, columns, lefts, side, threshold)
    for n, row in enumerate(rows):
        bottom = height - _HEAD - n * (tall + _GAP) - tall
        _words(figure, row, (bottom + tall) / height, height)
        for kind, left in lefts.items():
            axes = _axes(figure, left, bottom, side, tall)
            _panel(axes, kind, row, white, threshold)
            if kind == "Input":
                _mark_sides(axes, plane)
            axes.set_xlim(field[1].start - 0.5, field[1].stop - 0.5)
            axes.set_ylim(field[0].stop - 0.5, field[0].start - 0.5)
    figure.text(_EDGE / _WIDTH, 0.1 / height, f"{plane.left}: {_SIDES[plane.left]}. All rows on one scale.", color=QUIET, size=8)
    figure.text(1 - _EDGE / _WIDTH, 0.1 / height, RESEARCH_ONLY, color=TEXT, size=8, weight="bold", ha="right")
    return small_png(figure)


def _columns(rows: Sequence[Row]) -> dict[str, str]:
    """Title of each column -> what it shows."""
    masked = _MASKED if rows[0].mask is not None else {}
    return dict(masked.get(kind, (kind, words)) for kind, words in _COLUMNS.items())


def _field(rows: Sequence[Row]) -> tuple[slice, slice]:
    """The rows and columns that hold brain in any case, and a little around."""
    brain = np.any([row.brain for row in rows], axis=0)
    low, high = (pick(np.argwhere(brain), axis=0) for pick in (np.min, np.max))
    room = brain.shape[0] // 32
    return tuple(slice(max(a - room, 0), min(b + 1 + room, size)) for a, b, size in zip(low, high, brain.shape, strict=True))  # type: ignore[return-value]


def _axes(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """A place on the page, all in inches."""
    across, up = figure.get_size_inches()
    return figure.add_axes((left / across, bottom / up, width / across, height / up))


def _title(figure: Figure, height: float, heading: str, facts: str) -> None:
    """Name of the model, and what it rests on."""
    figure.text(_EDGE / _WIDTH, 1 - 0.22 / height, heading, color=TEXT, size=15, weight="bold", va="center")
    figure.text(1 - _EDGE / _WIDTH, 1 - 0.22 / height, facts, color=QUIET, size=9, va="center", ha="right")


def _head(figure: Figure, height: float, columns: Mapping[str, str], lefts: Mapping[str, float], side: float, threshold: float) -> None:
    """What the columns are, and what their colours mean."""
    for kind, words in columns.items():
        middle = (lefts[kind] + side / 2) / _WIDTH
        figure.text(middle, 1 - 0.58 / height, kind, color=TEXT, size=10, weight="bold", ha="center", va="center")
        figure.text(middle, 1 - 0.77 / height, words, color=QUIET, size=8, ha="center", va="center")
    for kind, end, mark in (("Residual", _RESIDUAL_END, _RESIDUAL_END), ("Evidence", 2 * threshold, threshold)):
        if kind in lefts:
            _scale(_axes(figure, lefts[kind] + 0.1, height - 1.04, side - 0.2, 0.1), end, mark)
    truth = Line2D([], [], color=TRUTH, linewidth=1.5, label="known lesion")
    box = (lefts["Findings"] / _WIDTH, 1 - 0.89 / height)
    figure.legend(
        handles=[*outline_key(), truth],
        loc="upper left",
        bbox_to_anchor=box,
        fontsize=8,
        frameon=False,
        labelcolor=QUIET,
        borderpad=0,
        borderaxespad=0.1,
        labelspacing=0.25,
        handlelength=1.8,
    )


def _scale(axes: Axes, end: float, mark: float) -> None:
    """The colours of a signed map from -end to end, with the words for both; `mark` is written on either side of 0."""
    axes.imshow(signed_colours(np.linspace(-1, 1, 256))[None], aspect="auto", extent=(-end, end, 0, 1))
    axes.set_yticks([])
    axes.set_xticks([-mark, 0, mark], [f"\N{MINUS SIGN}{mark:.2g}", "0", f"+{mark:.2g}"])
    axes.tick_params(colors=QUIET, labelsize=8, length=2, pad=1.5)
    axes.spines[:].set_color(RULE)
    for x, word, where in ((0.0, "darker", "left"), (1.0, "brighter", "right")):
        axes.text(x, -2.4, word, color=QUIET, size=8, ha=where, va="center", transform=axes.transAxes)


def _words(figure: Figure, row: Row, top: float, height: float) -> None:
    """What the case is, and what the model says of it."""
    left, y = _EDGE / _WIDTH, top - 0.12 / height
    for text, colour, size, weight, width in (
        (row.title, TEXT, 11, "bold", 20),
        (row.note, QUIET, 8.5, "normal", 28),
        (row.place, QUIET, 8.5, "normal", 28),
    ):
        for line in textwrap.wrap(text, width):
            figure.text(left, y, line, color=colour, size=size, weight=weight, va="center")
            y -= size * 1.4 / 72 / height
        y -= 0.05 / height
    chip = {"boxstyle": "round,pad=0.35", "facecolor": ALARM if row.flagged else CALM, "edgecolor": "none"}
    figure.text(left + 0.04 / _WIDTH, y - 0.08 / height, row.verdict, color="white", size=8.5, weight="bold", va="center", bbox=chip)


def _panel(axes: Axes, kind: str, row: Row, white: float, threshold: float) -> None:
    """One picture of a row: one of `_columns`."""
    axes.set_axis_off()
    if kind in ("Residual", "Evidence"):
        share = (row.image - row.healthy) / _RESIDUAL_END if kind == "Residual" else row.evidence / (2 * threshold)
        axes.imshow(signed_colours(share)[..., :3] * row.brain[..., None], interpolation="nearest")
        return
    if kind == "Mask" and row.mask is not None:
        axes.imshow(row.mask, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        return
    grey = np.where(row.brain, row.healthy if kind == "Healthy counterpart" else row.image, 0)
    axes.imshow(grey, cmap="gray", vmin=0, vmax=white * (_DIMMED if kind == "Findings" else 1), interpolation="nearest")
    if kind == "Findings":
        if row.truth is not None:
            _outline(axes, row.truth, TRUTH, "solid")
        for sign, name in ((1, "bright"), (-1, "dark")):
            _outline(axes, row.found == sign, *OUTLINES[name])


def _mark_sides(axes: Axes, plane: Plane) -> None:
    for x, mark in ((0.06, plane.left), (0.94, plane.right)):
        axes.text(x, 0.94, mark, color=QUIET, size=8, weight="bold", transform=axes.transAxes, ha="center", va="center")


def _outline(axes: Axes, inside: Array, colour: str, style: str) -> None:
    if not inside.any():
        return
    soft = ndimage.zoom(inside.astype(float), _FINER, order=3)
    places = [np.linspace(0, size - 1, _FINER * size) for size in inside.shape]
    axes.contour(places[1], places[0], soft, [0.5], colors=[colour], linewidths=1.6, linestyles=style)

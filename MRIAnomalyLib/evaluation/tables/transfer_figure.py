"""The curves of the transfer table: how far each way came, by the number of slices."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from ...files.atomic import whole_file
from ..small_png import small_png

LABELS = {"error": "reconstruction error", "auroc": "AUROC, pasted lesions"}
STYLES = (("#0072B2", "o", "-"), ("#D55E00", "s", "--"), ("#009E73", "^", ":"))  # colour, marker, line: told apart without colour too
APART = 1.04  # factor by which the points of one way lie beside those of the one before: intervals must not cover each other
COLOURS = 64  # of the PNG: enough for thin lines, at a quarter of the size


def draw(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Write a PNG: a line a cohort and model, a column a measure; bars are 95 % intervals.

    Args:
        path: of the picture.
        rows: the table `reached`, with cohort, model, slices, way, and each of LABELS with its interval.
    """
    from matplotlib.figure import Figure

    pairs = list(dict.fromkeys((row["cohort"], row["model"]) for row in rows))
    ways = list(dict.fromkeys(row["way"] for row in rows))
    figure = Figure(figsize=(8, 0.6 + 2.2 * len(pairs)), layout="constrained")
    grid = figure.subplots(len(pairs), len(LABELS), squeeze=False)
    for line, pair in zip(grid, pairs, strict=True):
        here = [row for row in rows if (row["cohort"], row["model"]) == pair]
        for axes, (measure, label) in zip(line, LABELS.items(), strict=True):
            _panel(axes, here, measure, ways)
            axes.set_title(", ".join(pair), fontsize=9)
            axes.set_ylabel(label, fontsize=8)
    handles = {label: handle for axes in grid.flat for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)}
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=len(handles), frameon=False, fontsize=9)
    with BytesIO() as drawn, whole_file(path) as unfinished:
        figure.savefig(drawn, dpi=100, format="png")
        unfinished.write_bytes(small_png(drawn.getvalue(), COLOURS))


def _panel(axes: Any, rows: Sequence[dict[str, Any]], measure: str, ways: Sequence[str]) -> None:
    for place, (way, (colour, marker, line)) in enumerate(zip(ways, STYLES, strict=False)):
        mine = [row for row in rows if row["way"] == way]
        if not mine:
            continue
        middle = [row[measure] for row in mine]
        # a percentile interval need not hold the mean it belongs to
        below, above = ([max(0.0, sign * (row[f"{measure}_95"][end] - row[measure])) for row in mine] for end, sign in ((0, -1), (1, 1)))
        axes.errorbar(
            [row["slices"] * APART**place for row in mine],
            middle,
            yerr=[below, above],
            color=colour,
            label=way,
            marker=marker,
            linestyle=line,
            markersize=4,
            linewidth=1.2,
            capsize=2,
        )
    counts = sorted({row["slices"] for row in rows})
    axes.set_xscale("log")
    axes.set_xticks(counts, [str(count) for count in counts])
    axes.minorticks_off()
    axes.set_xlabel("slices to learn from", fontsize=8)
    axes.tick_params(labelsize=8)
    axes.grid(alpha=0.3)

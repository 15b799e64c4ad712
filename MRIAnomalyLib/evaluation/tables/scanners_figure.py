"""The bars of the table of simulated scanners: who is flagged, by what was changed, before and after standardisation."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from ...files.atomic import whole_file
from ..answers import ALPHA
from ..simulated import STRENGTHS
from ..small_png import small_png
from .scanner_rows import AFTER, BEFORE, UNCHANGED, Row

LOOKS = {BEFORE: ("#D55E00", "////"), AFTER: ("#0072B2", "")}  # colour and hatch: told apart without colour too
WIDTH = 0.38  # of a bar; two stand side by side
COLOURS = 32  # of the PNG


def draw(path: Path, rows: Sequence[Row]) -> None:
    """Write a PNG: a panel a strength, two bars a change: flagged people with 95 % intervals, and pale those warned of.

    Args:
        path: of the picture.
        rows: the table `alarms` of `scanner_rows.rows_of`.
    """
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    figure = Figure(figsize=(8, 3.4), layout="constrained")
    panels = [strength for strength in STRENGTHS if any(row["strength"] == strength for row in rows)]
    for axes, strength in zip(figure.subplots(1, len(panels), sharey=True, squeeze=False)[0], panels, strict=True):
        _panel(axes, [row for row in rows if row["strength"] in (strength, UNCHANGED[1])])
        axes.set_title(f"{strength} change", fontsize=9)
    figure.axes[0].set_ylabel("healthy people, %", fontsize=8)
    kinds = {name: Patch(facecolor=colour, hatch=hatch, edgecolor="white") for name, (colour, hatch) in LOOKS.items()}
    handles = [*kinds.values(), Patch(facecolor="#bbbbbb"), figure.axes[0].lines[0]]
    labels = [*(f"flagged {name} standardisation" for name in kinds), "pale: warned of", f"{100 * ALPHA:g} % may be flagged"]
    figure.legend(handles, labels, loc="outside lower center", ncols=len(handles), frameon=False, fontsize=8)
    with BytesIO() as drawn, whole_file(path) as unfinished:
        figure.savefig(drawn, dpi=100, format="png")
        unfinished.write_bytes(small_png(drawn.getvalue(), COLOURS))


def _panel(axes: Any, rows: Sequence[Row]) -> None:
    changes = list(dict.fromkeys(row["change"] for row in rows))
    axes.axhline(100 * ALPHA, color="black", linewidth=0.8, linestyle="--")
    for side, (name, (colour, hatch)) in zip((-0.5, 0.5), LOOKS.items(), strict=True):
        mine = [row for row in rows if row["standardisation"] == name]
        places = [changes.index(row["change"]) + side * WIDTH for row in mine]
        flagged, warned = ([100 * row[key] / row["volumes"] for row in mine] for key in ("flagged", "warned"))
        ends = [[100 * row["flagged_share_exact"][end] for row in mine] for end in (0, 1)]
        reach = [[abs(end - value) for end, value in zip(line, flagged, strict=True)] for line in ends]
        axes.bar(places, warned, WIDTH, color=colour, alpha=0.25)
        axes.bar(places, flagged, WIDTH, color=colour, hatch=hatch, edgecolor="white", linewidth=0)
        axes.errorbar(places, flagged, yerr=reach, fmt="none", ecolor="#444444", elinewidth=0.8, capsize=2)
    axes.set_xticks(range(len(changes)), [change.replace(" ", "\n") for change in changes], fontsize=8)
    axes.set_ylim(0, 100)
    axes.tick_params(axis="y", labelsize=8)
    axes.grid(axis="y", alpha=0.3)

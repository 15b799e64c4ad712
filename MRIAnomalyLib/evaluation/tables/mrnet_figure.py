"""The figure of the knee study made anew: losses, slices that are real and drawn, and box plots of scores, a line a plane."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from ...files.atomic import whole_file
from ...records import Array
from ..mrnet import FINDINGS
from ..mrnet_study import Exams, Studied, recipe_of, shown
from ..small_png import small_png

LOSSES = ("generator", "discriminator")
ROWS = ("real", "redrawn", "drawn")  # of the pictures: tested slices, their healthy counterparts, what the generator draws by itself
COLOURS = 128  # of the PNG

Panel = tuple[Exams, Exams, Studied]  # what was learned from, what was looked at, and what came of it


def draw(path: Path, planes: Mapping[str, Panel], score: str) -> None:
    """Write a PNG.

    Args:
        path: of the picture.
        planes: by plane.
        score: of the slices, of `Studied.terms`.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13, 3 * len(planes)), layout="constrained")
    grid = figure.subplots(len(planes), 3, squeeze=False)
    for (losses, pictures, boxes), (plane, (_, seen, found)) in zip(grid, planes.items(), strict=True):
        for name in LOSSES:
            losses.plot([entry["step"] for entry in found.history], [entry[name] for entry in found.history], label=name, linewidth=1)
        losses.set(title=f"{plane}: losses", xlabel="step")
        losses.legend(frameon=False, fontsize=8)
        _show(pictures, seen, found, recipe_of(plane).brightest)
        _boxes(boxes, seen, found.terms[score])
    with BytesIO() as stream, whole_file(path) as unfinished:
        figure.savefig(stream, dpi=90, format="png")
        unfinished.write_bytes(small_png(stream.getvalue(), COLOURS))


def _show(axes: Any, seen: Exams, found: Studied, brightest: float | None) -> None:
    rows = [seen.stack.pixels[shown(seen.stack), 0], found.redrawn, found.drawn]
    axes.imshow(np.vstack([np.hstack(list(slices)) for slices in rows]), cmap="gray", vmin=0, vmax=brightest)
    side = rows[0].shape[1]
    axes.set_yticks([side * (place + 0.5) for place in range(len(ROWS))], ROWS)
    axes.set_xticks([])


def _boxes(axes: Any, seen: Exams, score: Array) -> None:
    """Scores of slices of normal exams and of those with each finding."""
    labels = ["normal", *FINDINGS]
    of_slices = np.array(seen.labels)[seen.stack.subject]
    axes.boxplot(
        [score[[name in label.split() for label in of_slices]] for name in labels], tick_labels=labels, flierprops={"markersize": 2}
    )
    axes.set(title="score of slices", ylabel=None)
    axes.grid(alpha=0.3, axis="y")

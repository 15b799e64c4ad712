"""What a person looks at while a network trains: loss curves as CSV and PNG, and a sheet of drawn slices.

matplotlib and Pillow are imported where they draw: detectors are loaded in Slicer's Python too, which lacks the first.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ..files.atomic import whole_file
from ..records import Array

GREYS = 32  # of a sheet: a step is hardly seen, and a third of the bytes are enough


def write_losses(folder: Path, history: Sequence[Mapping[str, float]]) -> None:
    """`losses.csv` and `losses.png`: one line, and one point, for each entry of the history.

    Its keys: step, and the losses of that time; a run of two stages has two sets of them.
    """
    if not history:
        return
    names = list(dict.fromkeys(name for entry in history for name in entry if name != "step"))
    with whole_file(folder / "losses.csv") as path:
        _write_csv(path, ["step", *names], history)
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for name in names:
        told = [entry for entry in history if name in entry]
        axes.plot([entry["step"] for entry in told], [entry[name] for entry in told], label=name, linewidth=1)
    axes.set_xlabel("step")
    axes.legend(frameon=False)
    axes.grid(alpha=0.3)
    with whole_file(folder / "losses.png") as path:
        figure.savefig(path, dpi=120)


def write_samples(path: Path, slices: Array, intensity_top: float, across: int | None = None) -> None:
    """A sheet, in greys, of slices (N, C, H, W) in standardised intensity as on the grid: front up, patient's right on the left.

    So many stand side by side, and slices that fill no row are left out; without a number the sheet is square.
    """
    across, rows = (across, len(slices) // across) if across else (int(np.sqrt(len(slices))),) * 2
    shown = slices[: rows * across].mean(1)
    side_y, side_x = shown.shape[1:]
    sheet = shown.reshape(rows, across, side_y, side_x).swapaxes(1, 2).reshape(rows * side_y, across * side_x)
    from PIL import Image

    picture = Image.fromarray(np.round(np.clip(sheet / intensity_top, 0, 1) * (GREYS - 1)).astype(np.uint8))
    picture.putpalette(np.repeat(np.linspace(0, 255, GREYS).round().astype(np.uint8), 3).tobytes())
    with whole_file(path) as unfinished:
        picture.save(unfinished, format="PNG", optimize=True)


def _write_csv(path: Path, names: list[str], rows: Sequence[Mapping[str, float]]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)

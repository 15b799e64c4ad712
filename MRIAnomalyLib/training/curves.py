"""What a person looks at while a network trains: loss curves as CSV and PNG, and a sheet of drawn slices.

matplotlib is imported where it draws: detectors are loaded in Slicer's Python too, which lacks it.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ..files.atomic import whole_file
from ..records import Array


def write_losses(folder: Path, history: Sequence[Mapping[str, float]]) -> None:
    """`losses.csv` and `losses.png`: one line, and one point, for each entry of the history (keys: step and the losses)."""
    if not history:
        return
    names = [name for name in history[0] if name != "step"]
    with whole_file(folder / "losses.csv") as path:
        _write_csv(path, ["step", *names], history)
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for name in names:
        axes.plot([entry["step"] for entry in history], [entry[name] for entry in history], label=name, linewidth=1)
    axes.set_xlabel("step")
    axes.legend(frameon=False)
    axes.grid(alpha=0.3)
    with whole_file(folder / "losses.png") as path:
        figure.savefig(path, dpi=120)


def write_samples(path: Path, slices: Array, intensity_top: float) -> None:
    """A square sheet of slices (N, 1, H, W) in standardised intensity, front of the head up, patient's right on the left.

    Rows run to anterior and columns to the patient's right on the model's grid, so that both are turned round for the eye.
    """
    across = int(np.sqrt(len(slices)))
    turned = slices[: across**2, 0, ::-1, ::-1]
    side_y, side_x = turned.shape[1:]
    sheet = turned.reshape(across, across, side_y, side_x).swapaxes(1, 2).reshape(across * side_y, across * side_x)
    from matplotlib.figure import Figure

    figure = Figure(figsize=(sheet.shape[1] / 100, sheet.shape[0] / 100), dpi=200)
    figure.figimage(np.kron(sheet, np.ones((2, 2))), cmap="gray", vmin=0, vmax=intensity_top)
    with whole_file(path) as unfinished:
        figure.savefig(unfinished)


def _write_csv(path: Path, names: list[str], rows: Sequence[Mapping[str, float]]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)

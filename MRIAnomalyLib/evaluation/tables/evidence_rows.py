"""Rows of the tables of varied evidence, and the figures of pixels."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from ...records import Array
from ..bootstrap import Figure, tally
from ..measure import SEED, Resampled
from ..metrics import pixel_figures
from ..variants import SHIPPED

SPLIT = "validation"  # an ablation is there to choose by, and the test is not
ROUNDS = 1000  # draws of people
INTERVALS = f"value and, in brackets, its 95 % interval by {ROUNDS} draws of people, seed {SEED}"
DIFFERENCES = "variant minus shipped in the same draws of people"

Row = dict[str, Any]
Figures = dict[str, Figure]
Drawn = tuple[Array, Array, Array]  # truth, magnitude of evidence and core of a volume, each (N, H, W)


def pixels_shown(sick: Sequence[Drawn], people: Resampled) -> Figures:
    """How well evidence shows lesions: one volume of each of the first people."""
    truths, maps, cores = zip(*sick, strict=True)
    plain, count = pixel_figures(maps, truths, cores), len(people.names)
    values, truth = (np.concatenate([map_[core] for map_, core in zip(some, cores, strict=True)]) for some in (maps, truths))
    counts = tally(values, truth, np.repeat(np.arange(len(cores)), [int(core.sum()) for core in cores]), count)
    return {
        "pixel_ap": Figure(plain["ap"], counts.ap(people.weights)),
        "best_dice": Figure(plain["best_dice"], counts.dice(people.weights).max(1)),
    }


def beside_shipped(found: Mapping[str, Mapping[str, Figures]]) -> dict[str, dict[str, Figures]]:
    """Every other variant minus the shipped one, in the same draws of people: model -> variant -> figures."""
    return {
        model: {variant: _minus(own, variants[SHIPPED]) for variant, own in variants.items() if variant != SHIPPED}
        for model, variants in found.items()
    }


def figure_rows(found: Mapping[str, Mapping[str, Figures]], left_out: Collection[str] = ()) -> list[Row]:
    """A row a model and variant, without figures of these names."""
    return [
        {"model": model, "variant": variant, **{name: _numbers(figure) for name, figure in own.items() if name not in left_out}}
        for model, variants in found.items()
        for variant, own in variants.items()
    ]


def as_cells(rows: Sequence[Row]) -> list[Row]:
    """The same, a figure and its interval as one text."""
    return [{name: _cell(value) for name, value in row.items()} for row in rows]


def sign_of(difference: Figure) -> int:
    """Of a difference whose interval leaves out 0; otherwise 0."""
    low, high = difference.interval
    return int(low > 0) - int(high < 0)


def _numbers(figure: Figure) -> list[float]:
    """Value and ends of the interval."""
    return [round(float(number), 3) + 0.0 for number in (figure.value, *figure.interval)]


def _minus(one: Figures, other: Figures) -> Figures:
    return {name: Figure(own.value - other[name].value, own.drawn - other[name].drawn) for name, own in one.items()}


def _cell(value: str | list[float]) -> str:
    return value if isinstance(value, str) else f"{value[0]:.3f} ({value[1]:.3f} to {value[2]:.3f})"

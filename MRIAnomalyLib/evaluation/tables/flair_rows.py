"""Rows of the FLAIR tables: people with a stroke in one axial level told from those without, and its pixels from others."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from ...calibration.evidence import BRIGHT_FROM, DARK_WEIGHTS
from ...prepare.recipe import Recipe
from ...records import Array
from .. import flair
from ..answers import Seen
from ..baselines import LEARNING_FREE, MAPS, map_of, score_of
from ..bootstrap import Figure
from ..metrics import ap_interval, auroc_interval_of_groups, pixel_figures, volume_auroc
from ..trivial import told_apart
from .aims import Aim
from .beside import COMPARED, Beside, best_of, in_draws, lesions_shown, people_drawn, scans_told
from .deciding import BAR
from .found import SHOWN

SIZES = {
    "any lesion": 1,
    "from 50 mm2": 50,
    "from 200 mm2": 200,
}  # whose people are told from those without, by the lesion's size in the level

AIMS = (
    Aim("pixel AP", "pixel_ap", 0.55),
    Aim("best Dice", "best_dice", 0.58),
    Aim("AUROC of all", "AUROC, any lesion", 0.86),
    Aim("AUROC from 200 mm2", "AUROC, from 200 mm2", 0.92),
)
OF_ALL_METHODS = {
    "dark": f"counts {DARK_WEIGHTS['FLAIR']} beside bright, in maps without a model too",
    "bright": f"is only what exceeds {BRIGHT_FROM['FLAIR']} of the brain's median, too, in maps without a model (but intensity) as well",
    "lesions": "drawn on diffusion images: some are faint on FLAIR; other white matter disease is not marked and counts as healthy",
}  # conditions of both tables

Row = dict[str, Any]


class StrokeTables:
    """Holds what methods showed of the same people, one after the other; those that prepare alike share the maps that need none."""

    def __init__(self) -> None:
        self.found: list[Row] = []
        self.trivial: list[Row] = []
        self._beside, self._recipes = Beside(), set[Recipe]()

    def add(self, label: str, recipe: Recipe, seen: Sequence[Seen]) -> None:
        """One method: everyone as it saw them, prepared by that recipe."""
        first = recipe not in self._recipes
        self._recipes.add(recipe)
        maps = [name for name in MAPS if first or name not in LEARNING_FREE]
        self.found += stroke_rows(label, seen, maps)
        self._beside.add(label, recipe, {name: {"stroke": strokes_in_draws(name, seen)} for name in maps if name in COMPARED})
        self.trivial += trivial_rows(label, seen) if first else []

    def decided(self) -> tuple[list[Row], list[Row]]:
        """The table that decides, best method first, and the differences in the same draws of people."""
        deciding = sorted((row for row in self.found if row["map"] in (SHOWN, BAR)), key=lambda row: row["pixel_ap"], reverse=True)
        return deciding, self._beside.rows(best_of(deciding), in_draws)


def stroke_rows(label: str, seen: Sequence[Seen], maps: Collection[str]) -> list[Row]:
    """One row a map: people with a lesion told from those without, and pixels of lesions from others."""
    sick, healthy = with_and_without(seen)
    sizes, rows = _by_size(sick), []
    for name in maps:
        row: Row = {"model": f"none, calibration of {label}" if name in LEARNING_FREE else label, "map": name}
        normal = [score_of(name, one) for one in healthy]
        for words, some in sizes.items():
            scores = [score_of(name, one) for one in some]
            row[f"AUROC, {words}"] = round(volume_auroc(scores, normal), 3)
            row[f"95 %, {words}"] = [round(end, 3) for end in auroc_interval_of_groups(scores, normal)]
        row |= {"pixel_ap": _pixels(name, sick)["ap"], "ap_95": _interval(name, sick), "best_dice": _pixels(name, sick)["best_dice"]}
        row |= {"prevalence": _pixels(name, sick)["prevalence"], "ap, all people": _pixels(name, seen)["ap"]}
        if name == SHOWN:
            row |= {"flagged without lesion": _flagged(healthy), "flagged with lesion": _flagged(sick)}
        rows.append(row)
    return rows


def with_and_without(seen: Sequence[Seen]) -> tuple[list[Seen], list[Seen]]:
    """People with a lesion, and people without."""
    return [one for one in seen if not one.scan.case.healthy], [one for one in seen if one.scan.case.healthy]


def _by_size(sick: Sequence[Seen]) -> dict[str, list[Seen]]:
    """Whose lesion is at least of each of SIZES; sizes that no lesion has are left out."""
    groups = {words: [one for one in sick if flair.lesion_mm2(one.scan.case) >= smallest] for words, smallest in SIZES.items()}
    return {words: some for words, some in groups.items() if some}


def strokes_in_draws(name: str, seen: Sequence[Seen]) -> dict[str, Figure]:
    """What is compared of a map."""
    sick, healthy = with_and_without(seen)
    people = people_drawn(sick, healthy)
    areas = {f"AUROC, {words}": scans_told(name, some, healthy, people) for words, some in _by_size(sick).items()}
    return lesions_shown(name, sick, people) | areas


def trivial_rows(label: str, seen: Sequence[Seen]) -> list[Row]:
    """What scores that know nothing of anatomy tell apart, for each size of lesion."""
    sick, healthy = with_and_without(seen)
    return told_apart(label, _by_size(sick), healthy, people_drawn(sick, healthy))


def _pooled(name: str, seen: Sequence[Seen]) -> tuple[list[Array], list[Array], list[Array]]:
    truths = [np.zeros_like(one.judged.core) if one.scan.truth is None else one.scan.truth for one in seen]
    return [map_of(name, one) for one in seen], truths, [one.judged.core for one in seen]


def _pixels(name: str, seen: Sequence[Seen]) -> dict[str, float]:
    return {figure: round(value, 3) for figure, value in pixel_figures(*_pooled(name, seen)).items()}


def _interval(name: str, seen: Sequence[Seen]) -> list[float]:
    return [round(end, 3) for end in ap_interval(*_pooled(name, seen), [one.scan.case.subject for one in seen])]


def _flagged(seen: Sequence[Seen]) -> str:
    return f"{sum(one.flagged for one in seen)} of {len(seen)}"

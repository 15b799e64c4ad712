"""Varied evidence of one FLAIR level: validation patients with and without a stroke in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ...calibration.scores import TOP_OF_LEVEL, TOP_SHARE
from ...files.cases import Case
from ...prepare.recipe import Recipe
from ...records import Array
from ..flair import flair, lesion_mm2, scan_of_level
from ..measure import Resampled, ranked
from ..shown import Shown
from ..steps import Steps
from ..variants import Maps
from .beside import people_drawn
from .evidence_rows import DIFFERENCES, INTERVALS, SPLIT, Figures, Row, beside_shipped, figure_rows, pixels_shown

QUICK = 8  # people of each kind
TOLD = {"auroc": 1, "auroc_200_mm2": 200}  # whose people are told from those without, by the lesion's size in the level


class Strokes:
    """People, volumes and figures."""

    page, title = "evidence-flair", "What each part of the evidence is worth on FLAIR"

    def __init__(self, root: Path, quick: bool) -> None:
        """InputError when the set is not there; `quick`: a few people of each kind."""
        most = QUICK if quick else None
        cases = flair(root, SPLIT)
        self.sick, self.free = ([case for case in cases if case.healthy == healthy][:most] for healthy in (False, True))
        self.normals = flair(root, "calibration")[:most]
        self.volumes = len(self.normals) + len(self.sick) + len(self.free)
        self._size = np.array([lesion_mm2(case) for case in self.sick])

    def prepare(self, recipe: Recipe, folder: Path, resume: bool, steps: Steps) -> tuple[list[Shown], list[Shown]]:
        """Those whom all are compared with; and those who are looked at, with a stroke and then without. Nothing is kept: it is quick."""

        def shown(case: Case) -> Shown:
            scan = scan_of_level(case, recipe, steps)
            stack = scan.prepared.stack
            return Shown(case.subject, stack, np.zeros_like(stack.mask[:, 0]) if scan.truth is None else scan.truth)

        return [shown(case) for case in self.normals], [shown(case) for case in (*self.sick, *self.free)]

    def figures_of(self, shown: Sequence[Shown], maps: Maps, slice_share: float) -> Figures:
        """The figures of one variant; none of another slice score: there is one slice.

        Args:
            shown: as `prepare` gives them.
            maps: evidence, core and score of each.
            slice_share: see `Variant`.
        """
        if slice_share != TOP_SHARE:
            return {}
        count = len(self.sick)
        people = people_drawn(shown[:count], shown[count:])
        drawn = [(one.truth, np.abs(map_), core) for one, (map_, core, _) in zip(shown, maps, strict=True)]
        scores = np.array([score for *_, score in maps])
        areas = {name: self._told(scores, people, smallest) for name, smallest in TOLD.items()}
        return pixels_shown(drawn[:count], people) | {name: found["scan AUROC"] for name, found in areas.items() if found}

    def _told(self, scores: Array, people: Resampled, smallest_mm2: int) -> Figures:
        """Patients with a stroke of that size told from those without any."""
        sick = np.arange(len(scores)) < len(self.sick)
        here = np.flatnonzero(np.append(self._size >= smallest_mm2, np.ones(len(self.free), bool)))
        return ranked("scan", scores[here], sick[here], here, people)

    def rows_of(self, found: Mapping[str, Mapping[str, Figures]]) -> dict[str, list[Row]]:
        """The tables: model -> variant -> figures."""
        return {"differences": figure_rows(beside_shipped(found)), "figures": figure_rows(found)}

    def conditions(self) -> Row:
        """What the page is to tell."""
        return {
            "looked at": f"{len(self.sick)} patients with a stroke in the level and {len(self.free)} without, of split {SPLIT}",
            "compared with": f"{len(self.normals)} patients without one of split calibration, anew by each variant, the shipped one too",
            "figures": INTERVALS,
            "differences": DIFFERENCES,
            "auroc": "patients with a stroke (of at least 200 mm2 in the level) told from those without by the score of the scan, the mean "
            f"of its {TOP_OF_LEVEL} strongest pixels, in the detail less the other side's where the model has that; by whatever is named",
        }

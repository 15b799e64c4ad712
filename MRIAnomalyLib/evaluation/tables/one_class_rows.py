"""Rows of the one-class tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...records import Array
from ..ablations import ABLATIONS
from ..class_areas import area_interval, mean_area
from ..class_images import ClassImages, trivial_scores
from ..image_sets import ImageSet
from ..one_class import ENTRANTS
from ..trivial import SOLVED

DETECTOR = "latent_regularised"  # of the paper that the tables stand beside
VARIANTS = ABLATIONS[DETECTOR].variants
WHOLE = next(iter(VARIANTS))  # the network with all losses

Row = dict[str, Any]


@dataclass(frozen=True)
class Block:
    """One detector and one protocol: a run for each class."""

    method: str  # of ENTRANTS
    protocol: str  # of PROTOCOLS
    losses: str = WHOLE  # of VARIANTS


@dataclass(frozen=True, eq=False)
class Scored:
    """What came of a block."""

    block: Block
    scores: Mapping[str, Array]  # score -> (trainings, runs, N)
    strange: Array  # (runs, N) bool

    @property
    def terms(self) -> list[str]:
        """Its scores, the paper's first."""
        return [term for term in ENTRANTS[self.block.method].scores if term in self.scores]


def mean_rows(one: Scored, of: ImageSet) -> list[Row]:
    """A row a score: its mean over the classes."""
    printed = {"latent": of.published.mean, "pixel": of.published.pixel_mean} if one.block.method == DETECTOR else {}
    return [
        {
            "method": one.block.method,
            "protocol": one.block.protocol,
            "score": term,
            **_figure(one, term, "mean auroc"),
            "paper": printed.get(term, ""),
            "pictures": one.strange.shape[1],
        }
        for term in one.terms
    ]


def loss_row(one: Scored, of: ImageSet) -> Row:
    """The network without some of its losses."""
    return {"losses": one.block.losses, **_figures(one), "paper, latent": of.published.ablation[one.block.losses]}


def class_rows(one: Scored, of: ImageSet, names: Sequence[str]) -> list[Row]:
    """A row a run, whose classes are `names`."""
    rows = []
    for place, name in enumerate(names):
        alone = Scored(one.block, {term: scores[:, [place]] for term, scores in one.scores.items()}, one.strange[[place]])
        printed = {"paper, latent": of.published.by_class[of.classes.index(name)]} if one.block.method == DETECTOR else {}
        rows.append({"class": name, **_figures(alone), **printed})
    return rows


def trivial_rows(seen: ClassImages, of: ImageSet, names: Sequence[str]) -> list[Row]:
    """A row a class: AUROC of scores that know nothing, larger being stranger where that class is normal, and whether one solves it."""
    rows, scores = [], trivial_scores(seen)
    for name in names:
        strange = (seen.label != of.classes.index(name))[None]
        areas = {score: round(mean_area(values[None, None], strange), 3) for score, values in scores.items()}
        confounded = any(max(area, 1 - area) >= SOLVED for area in areas.values())
        rows.append({"class": name, **areas, "confounded": "yes" if confounded else "no"})
    return rows


def _figures(one: Scored) -> Row:
    row: Row = {}
    for term in one.terms:
        row |= _figure(one, term, term)
    return row


def _figure(one: Scored, term: str, column: str) -> Row:
    scores = one.scores[term]
    interval = [round(end, 3) for end in area_interval(scores, one.strange)]
    return {column: round(mean_area(scores, one.strange), 3), f"{column} 95": interval}

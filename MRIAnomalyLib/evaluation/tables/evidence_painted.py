"""Varied evidence of T1 heads: validation people as they came, and with a dark and with a bright lesion painted in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ...calibration.scores import TOP_SHARE, slice_scores
from ...prepare.recipe import Recipe
from ..bootstrap import Figure, draws
from ..measure import SEED, Resampled, ranked
from ..scans import KINDS, people_of
from ..scans import SEED as OUTLINE_SEED
from ..shown import UNTOUCHED, Shown, volumes_of
from ..steps import Steps
from ..variants import Maps
from .evidence_rows import DIFFERENCES, INTERVALS, ROUNDS, SPLIT, Drawn, Figures, Row, beside_shipped, figure_rows, pixels_shown, sign_of

FIGURES = ("pixel_ap", "best_dice", "volume_auroc", "slice_auroc")
MEANS = FIGURES[1:]  # of both kinds of lesions, which only tell what is clear


class Painted:
    """People, volumes and figures."""

    page, title = "evidence", "What each part of the evidence is worth"

    def __init__(self, root: Path, quick: bool) -> None:
        """InputError when a set is not there; `quick`: three people of each kind."""
        self.people = people_of(root, SPLIT, quick)
        self.volumes = len(self.people.normals) + (1 + len(KINDS)) * len(self.people.own)

    def prepare(self, recipe: Recipe, folder: Path, resume: bool, steps: Steps) -> tuple[list[Shown], list[Shown]]:
        """Those whom all are compared with; and those who are looked at, untouched and then by KINDS, each time the same people."""
        normals = [volumes_of(case, None, recipe, folder, resume, steps)[UNTOUCHED] for case in self.people.normals]
        pairs = zip(self.people.own, self.people.outlines, strict=False)
        own = [volumes_of(case, outline, recipe, folder, resume, steps) for case, outline in pairs]
        return normals, [one[kind] for kind in (UNTOUCHED, *KINDS) for one in own]

    def figures_of(self, shown: Sequence[Shown], maps: Maps, slice_share: float) -> Figures:
        """The figures of one variant, of each kind of lesion and, under the plain name, their mean; of another slice score only its own.

        Args:
            shown: as `prepare` gives them.
            maps: evidence, core and score of each.
            slice_share: of a slice's pixels, the strongest ones, whose mean is its score.
        """
        drawn = [(one.truth, np.abs(map_), core) for one, (map_, core, _) in zip(shown, maps, strict=True)]
        scores = [score for *_, score in maps]
        count = len(drawn) // (1 + len(KINDS))
        people = Resampled([one.subject for one in shown[:count]], draws(count, ROUNDS, SEED))
        untouched, *painted = (slice(first, first + count) for first in range(0, len(drawn), count))
        found: dict[str, Figures] = {}
        for kind, sick in zip(KINDS, painted, strict=True):
            found[kind] = _of_slices(drawn[sick], drawn[untouched], slice_share, people)
            if slice_share == TOP_SHARE:
                found[kind] |= pixels_shown(drawn[sick], people) | _of_volumes(scores[sick], scores[untouched], people)
        known = [name for name in FIGURES if all(name in figures for figures in found.values())]
        means = {name: _mean([figures[name] for figures in found.values()]) for name in known}
        return means | {f"{kind}_{name}": figures[name] for name in known for kind, figures in found.items()}

    def rows_of(self, found: Mapping[str, Mapping[str, Figures]]) -> dict[str, list[Row]]:
        """The tables, what is clear first: model -> variant -> figures."""
        less = beside_shipped(found)
        clear = [
            {"model": model, "variant": variant, **{name: _word(own, name) for name in FIGURES if name in own}}
            for model, variants in less.items()
            for variant, own in variants.items()
        ]
        told = [row for row in clear if any(row.get(name) for name in FIGURES)]
        return {"clear_differences": told, "differences": figure_rows(less, MEANS), "figures": figure_rows(found, MEANS)}

    def conditions(self) -> Row:
        """What the page is to tell."""
        return {
            "looked at": f"{len(self.people.own)} people of split {SPLIT}, each untouched, with a dark and with a bright lesion painted in",
            "compared with": f"{len(self.people.normals)} people of split calibration, anew by each variant, the shipped one too",
            "figures": INTERVALS,
            "differences": DIFFERENCES,
            "clear differences": "the interval of the mean over both kinds of lesions leaves out 0, or those of either kind do on one "
            "side; of so many variants one or the other does by chance",
            "slice_auroc": f"slices with a lesion against all others; shipped score: mean of the strongest {100 * TOP_SHARE:g} %",
            "mirror image redrawn, too": "no difference for the denoiser, which does so within itself",
            "outline_seed": OUTLINE_SEED,
        }


def _of_volumes(sick: Sequence[float], untouched: Sequence[float], people: Resampled) -> Figures:
    count, scores = len(people.names), np.array([*sick, *untouched])
    found = ranked("volume", scores, np.arange(2 * count) < count, np.tile(np.arange(count), 2), people)
    return {"volume_auroc": found["volume AUROC"]}


def _of_slices(sick: Sequence[Drawn], untouched: Sequence[Drawn], share: float, people: Resampled) -> Figures:
    """Slices with a lesion against all others of the same people, painted and untouched."""
    every = (*sick, *untouched)
    scores = np.stack([slice_scores(map_, core, share) for _, map_, core in every])
    lesioned = np.stack([(truth & core).any((1, 2)) for truth, _, core in every])
    owner = np.broadcast_to(np.tile(np.arange(len(people.names)), 2)[:, None], scores.shape)
    scored = ~np.isnan(scores)
    found = ranked("slice", scores[scored], lesioned[scored], owner[scored], people)
    return {"slice_auroc": found["slice AUROC"]}


def _mean(figures: Sequence[Figure]) -> Figure:
    return Figure(float(np.mean([one.value for one in figures])), np.mean([one.drawn for one in figures], axis=0))


def _word(less: Mapping[str, Figure], name: str) -> str:
    """What is clear of a figure: by its mean over both kinds of lesions, or by either kind alone."""
    both = [sign_of(less[f"{kind}_{name}"]) for kind in KINDS]
    sign = sign_of(less[name]) or (both[0] if len(set(both)) == 1 else 0)
    return {1: "better", -1: "worse", 0: ""}[sign]

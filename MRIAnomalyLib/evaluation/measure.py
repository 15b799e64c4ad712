"""From readings to figures: one method's on its own, and two methods' on the same people.

A figure that the cases cannot give (nobody healthy, no lesion drawn) is left out.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

from ..calibration.scores import slice_scores
from ..records import Array
from .answers import ALPHA
from .bootstrap import Figure, Tally, draws, share, tally
from .froc import BUDGETS, Froc, Hits, froc, hits_of, thresholds_for
from .metrics import pixel_figures
from .reading import LESION, Reading, judged_pixels

SEED = 0  # of the draws
COMPARED = ("image AUROC", "pixel AP")

Row = dict[str, Any]


class OfPerson(Protocol):
    """A case, whatever is known of it."""

    @property
    def subject(self) -> str:
        """Whose it is."""
        ...


@dataclass(frozen=True, eq=False)
class Resampled:
    """Whose cases they are, and how often each person counts in each draw."""

    names: Sequence[str]
    weights: Array  # (R, S)

    def places(self, cases: Sequence[OfPerson]) -> Array:
        """(C,) which of them each case is of."""
        order = {name: place for place, name in enumerate(self.names)}
        return np.array([order[case.subject] for case in cases], int)

    def figure(self, of: Callable[[Array], Array]) -> Figure:
        """What a function of weights (R, S) -> (R,) gives for these people as they are, and in each draw."""
        return Figure(float(of(np.ones((1, len(self.names))))[0]), of(self.weights))


def resampled(readings: Sequence[Reading], rounds: int) -> Resampled:
    """The subjects of some cases; the same cases give the same draws, whatever the method."""
    names = sorted({reading.subject for reading in readings})
    return Resampled(names, draws(len(names), rounds, SEED))


@dataclass(frozen=True, eq=False)
class Measured:
    """One method's figures, and what its curves and tables are drawn from."""

    ids: frozenset[str]  # of its cases
    threshold: float  # of its maps
    figures: dict[str, Figure]
    hits: Mapping[str, Hits]  # by case; the first threshold is the method's own, the others those of the curve
    curve: Froc | None  # without the method's own threshold


def measured(readings: Sequence[Reading], threshold: float, people: Resampled) -> Measured:
    """All figures of one method.

    Args:
        readings: its cases.
        threshold: of its maps, fixed on healthy people.
        people: of these cases.
    """
    drawn = [reading for reading in readings if reading.drawn]
    levels = thresholds_for([one.map_ for one in drawn], [one.core for one in drawn]) if drawn else np.empty(0)
    hits = {one.id: hits_of(one.map_, one.truth, [threshold, *levels], one.voxel_mm3) for one in drawn}
    whole = froc([hits[one.id] for one in drawn], np.array([threshold, *levels]), people.places(drawn).tolist(), len(people.names))
    found = _by_scan(readings, people) | _by_slice(drawn, people) | _by_pixel(drawn, threshold, people)
    if any(one.state == LESION for one in drawn):
        found |= _by_lesion(whole, people) | _ratio(drawn, people)
    found |= _alarms(readings, people)
    curve = Froc(levels, whole.found[:, 1:], whole.lesions, whole.false[:, 1:], whole.volumes)
    return Measured(frozenset(one.id for one in readings), threshold, found, hits, curve if "lesions found" in found else None)


def ranked(name: str, values: Array, truth: Array, owner: Array, people: Resampled) -> dict[str, Figure]:
    """AUROC and average precision of scores (P,), where both kinds are there."""
    if truth.all() or not truth.any():
        return {}
    counts = tally(values, truth, owner, len(people.names))
    return {
        f"{name} AUROC": Figure(float(roc_auc_score(truth, values)), counts.auroc(people.weights)),
        f"{name} AP": Figure(float(average_precision_score(truth, values)), counts.ap(people.weights)),
    }


def _by_scan(readings: Sequence[Reading], people: Resampled) -> dict[str, Figure]:
    """Scans, and people by their strangest scan: a person is sick who has a sick scan."""
    known = [one for one in readings if one.sick is not None]
    if not known:
        return {}
    owner, score, sick = people.places(known), np.array([one.score for one in known]), np.array([bool(one.sick) for one in known])
    here = np.unique(owner)
    highest, ill = (np.array([values[owner == who].max() for who in here]) for values in (score, sick))
    return ranked("image", score, sick, owner, people) | ranked("subject", highest, ill, here, people)


def _by_slice(drawn: Sequence[Reading], people: Resampled) -> dict[str, Figure]:
    if not drawn:
        return {}
    scores = [slice_scores(one.map_, one.core) for one in drawn]
    truth = np.concatenate([one.truth.any((1, 2)) for one in drawn])
    owner, values = np.repeat(people.places(drawn), [len(some) for some in scores]), np.concatenate(scores)
    scored = ~np.isnan(values)
    return ranked("slice", values[scored], truth[scored], owner[scored], people)


def _by_pixel(drawn: Sequence[Reading], threshold: float, people: Resampled) -> dict[str, Figure]:
    """Of the cases with a lesion, over what the method judges; and with the healthy cases among them."""
    ill = [one for one in drawn if one.shows_lesion]
    if not ill:
        return {}
    plain = pixel_figures([np.abs(one.map_) for one in ill], [one.truth for one in ill], [one.core for one in ill])
    counts, every = _pixel_tally(ill, people, threshold), _pixel_tally(drawn, people, threshold)
    lesion, all_ = counts.sick.sum(1), (counts.sick + counts.healthy).sum(1)
    return {
        "pixel AUROC": Figure(plain["auroc"], counts.auroc(people.weights)),
        "pixel AP": Figure(plain["ap"], counts.ap(people.weights)),
        "pixel AP, healthy cases too": people.figure(every.ap),
        "share of lesion pixels": people.figure(partial(share, lesion, all_)),
        "Dice at the threshold": people.figure(partial(counts.dice_from, threshold)),
        "best possible Dice": Figure(plain["best_dice"], counts.dice(people.weights).max(1)),
    }


def _pixel_tally(readings: Sequence[Reading], people: Resampled, threshold: float) -> Tally:
    owner = np.repeat(people.places(readings), [int(one.core.sum()) for one in readings])
    return tally(*judged_pixels(readings), owner, len(people.names), threshold)


def _by_lesion(whole: Froc, people: Resampled) -> dict[str, Figure]:
    """At the method's own threshold, the first one, and within budgets of false findings."""
    return {
        "lesions found": people.figure(partial(share, whole.found[:, 0], whole.lesions)),
        "false findings a volume": people.figure(partial(share, whole.false[:, 0], whole.volumes)),
        **{f"lesions found at {budget:g} false findings a volume": people.figure(partial(whole.within, budget)) for budget in BUDGETS},
    }


def _ratio(drawn: Sequence[Reading], people: Resampled) -> dict[str, Figure]:
    """Mean |x - healthy counterpart| in lesions over that beside them (l1-ratio)."""
    sums = np.zeros((4, len(people.names)))  # of it in lesions, how many pixels those are, and the same beside them
    ill = [one for one in drawn if one.shows_lesion]
    for one, who in zip(ill, people.places(ill), strict=True):
        inside = int((one.truth & one.core).sum())
        sums[:, who] += [one.residual[0], inside, one.residual[1], int(one.core.sum()) - inside]

    def ratio(weights: Array) -> Array:
        beside = share(sums[2], sums[3], weights)
        return share(sums[0], sums[1], weights) / np.where(beside > 0, beside, np.nan)

    return {"l1-ratio": people.figure(ratio)} if sums[2].any() else {}


def _alarms(readings: Sequence[Reading], people: Resampled) -> dict[str, Figure]:
    """Shares of flagged scans, of methods that give p-values."""
    figures = {}
    for words, kind in ((f"healthy cases flagged (nominal {ALPHA:g})", False), ("sick cases flagged", True)):
        some = [one for one in readings if one.sick is kind and not np.isnan(one.p)]
        if some:
            flagged, all_ = np.zeros(len(people.names)), np.zeros(len(people.names))
            np.add.at(flagged, people.places(some), [one.p <= ALPHA for one in some])
            np.add.at(all_, people.places(some), 1)
            figures[words] = people.figure(partial(share, flagged, all_))
    return figures


def compared(found: Mapping[str, Measured], readings: Callable[[str], Sequence[Reading]], rounds: int) -> list[Row]:
    """Every pair of methods on the cases that both saw: A minus B, in the same draws of people.

    Args:
        found: method -> what was measured on all of its cases in so many rounds.
        readings: gives a method's cases, where another saw fewer.
        rounds: how many draws.
    """
    rows = []
    for pair in itertools.combinations(found, 2):
        both = found[pair[0]].ids & found[pair[1]].ids
        a, b = (_on(both, label, found[label], readings, rounds) for label in pair)
        for name in COMPARED:
            if name in a and name in b:
                difference = a[name] - b[name]
                row = {"A": pair[0], "B": pair[1], "figure": name, "A minus B": round(difference.value, 3) + 0.0}
                row["difference_95"] = [round(end, 3) + 0.0 for end in difference.interval]
                rows.append({**row, "draws in which A is not better": round(difference.not_above_0, 4), "cases": len(both)})
    return rows


def _on(
    ids: frozenset[str], label: str, found: Measured, readings: Callable[[str], Sequence[Reading]], rounds: int
) -> Mapping[str, Figure]:
    """The figures of a method on these of its cases."""
    if ids == found.ids or not ids:
        return found.figures if ids else {}
    cases = [one for one in readings(label) if one.id in ids]
    people = resampled(cases, rounds)
    return _by_scan(cases, people) | _by_pixel([one for one in cases if one.drawn], found.threshold, people)

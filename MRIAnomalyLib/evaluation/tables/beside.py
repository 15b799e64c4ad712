"""A model beside the maps that need none, and the best model beside the others: on the same people, in the same draws of them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import numpy as np

from ..answers import Answers, Seen
from ..baselines import LEARNING_FREE, map_of, score_of
from ..bootstrap import Figure, draws, tally
from ..measure import SEED, Resampled
from ..metrics import pixel_figures, pixel_tally, volume_auroc
from ..shown import Shown
from .found import SHOWN

ROUNDS = 1000
NAMING = ("A", "B", "lesion")  # columns that say what is compared
COMPARED = LEARNING_FREE | {SHOWN}  # of `baselines.MAPS`
IN_DRAWS = (
    f"A minus B on the same people, {ROUNDS} draws of them, seed {SEED}; not better: share of draws in which A is not above B; "
    "B without a model: as in the tables below"
)

Row = dict[str, Any]
Figures = Mapping[str, Figure]
ByLesion = Mapping[str, Figures]  # of each kind of lesion
Words = Callable[[str, Figure], Row]


def people_drawn(*groups: Sequence[Seen] | Sequence[Shown]) -> Resampled:
    """People drawn with replacement, those of each group for themselves."""
    names = [_names(group) for group in groups]
    weights = [draws(len(some), ROUNDS, SEED + number) for number, some in enumerate(names)]
    return Resampled([name for some in names for name in some], np.hstack(weights))


def each_alone(seen: Sequence[Seen]) -> Resampled:
    """Every person as a draw, where they are too few to be drawn from."""
    names = _names(seen)
    return Resampled(names, np.eye(len(names)))


def _names(seen: Sequence[Seen] | Sequence[Shown]) -> list[str]:
    return list(dict.fromkeys(one.subject for one in seen))


def lesions_shown(name: str, sick: Sequence[Seen], people: Resampled) -> dict[str, Figure]:
    """How well a map shows the lesions of these scans, pixel by pixel."""
    maps, cores = [map_of(name, one) for one in sick], [one.judged.core for one in sick]
    truths = [one.scan.truth for one in sick if one.scan.truth is not None]
    plain, counts = pixel_figures(maps, truths, cores), pixel_tally(maps, truths, cores, people.places(sick), len(people.names))
    best = counts.dice(people.weights).max(1)
    return {"pixel_ap": Figure(plain["ap"], counts.ap(people.weights)), "best_dice": Figure(plain["best_dice"], best)}


def scans_told(name: str, sick: Sequence[Seen], healthy: Sequence[Seen], people: Resampled) -> Figure:
    """AUROC of scans with a lesion against those without, by the score of a map."""
    scores, normal = ([score_of(name, one) for one in some] for some in (sick, healthy))
    truth = np.repeat([True, False], [len(scores), len(normal)])
    counts = tally(np.array([*scores, *normal]), truth, people.places([*sick, *healthy]), len(people.names))
    return Figure(volume_auroc(scores, normal), counts.auroc(people.weights))


def painted_shown(name: str, answers: Answers, people: Resampled) -> dict[str, Figures]:
    """Each kind of lesion in healthy people, against the same people as they are."""
    return {
        kind: {**lesions_shown(name, sick, people), "volume_auroc": scans_told(name, sick, answers.own, people)}
        for kind, sick in answers.painted.items()
    }


class Beside:
    """Holds what each model's evidence and the maps without a model showed, while models come one after the other."""

    def __init__(self) -> None:
        self._evidence: dict[str, ByLesion] = {}
        self._free: dict[str, dict[str, ByLesion]] = {}
        self._grounds: dict[Hashable, dict[str, ByLesion]] = {}

    def add(self, label: str, ground: Hashable, figures: Mapping[str, ByLesion]) -> None:
        """A model.

        Args:
            label: of the model.
            ground: models of one ground share the maps that need none.
            figures: of its evidence, and of the first of a ground also of the maps that need no model.
        """
        self._evidence[label] = figures[SHOWN]
        self._free[label] = self._grounds.setdefault(ground, {name: some for name, some in figures.items() if name != SHOWN})

    def rows(self, best: str, words: Words) -> list[Row]:
        """Every model minus each map of its ground that needs none, then the best model minus each other.

        Args:
            best: its label.
            words: what is said of a difference, see `in_draws` and `of_each`.
        """
        others = {label: some for label, some in self._evidence.items() if label != best}
        pairs = [(label, self._free[label]) for label in self._evidence] + [(best, others)]
        return [
            dict(zip(NAMING, (label, name, kind), strict=True)) | _differences(mine, some[kind], words)
            for label, against in pairs
            for name, some in against.items()
            for kind, mine in self._evidence[label].items()
        ]


def _differences(a: Figures, b: Figures, words: Words) -> Row:
    return {key: value for name in a for key, value in words(name, a[name] - b[name]).items()}


def in_draws(name: str, difference: Figure) -> Row:
    """The difference, its 95 % interval, and the share of draws in which there is none."""
    ends = [round(end, 3) + 0.0 for end in difference.interval]
    return {name: round(difference.value, 3) + 0.0, f"{name}_95": ends, f"{name}_not_better": round(difference.not_above_0, 4)}


def on_page(rows: Sequence[Row]) -> list[Row]:
    """Rows of differences `in_draws` with one cell a figure."""
    return [
        {name: row[name] for name in NAMING}
        | {f"{key[:-3]} (95 %; not better)": _cell(row, key[:-3]) for key in row if key.endswith("_95")}
        for row in rows
    ]


def _cell(row: Row, name: str) -> str:
    low, high = row[f"{name}_95"]
    return f"{row[name]:+.3f} ({low:+.3f} to {high:+.3f}; {row[f'{name}_not_better']:.3f})"


def of_each(name: str, difference: Figure) -> Row:
    """The difference, and that in each person."""
    return {name: round(difference.value, 3) + 0.0, f"{name} of each person": ", ".join(f"{value:+.3f}" for value in difference.drawn)}


def best_of(deciding: Sequence[Row]) -> str:
    """Label of the model that stands first; rows as sorted."""
    return str(next(row["model"] for row in deciding if row["map"] == SHOWN))

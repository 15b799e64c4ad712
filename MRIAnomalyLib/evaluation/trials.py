"""One training of the transfer table after the other: each on few slices, from nothing or from a bundle, and what it made of others.

What a trial found is kept, see `once`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage
from sklearn.metrics import roc_auc_score

from ..detectors import Detector, begin, settings_of, unlearned
from ..records import Array, SliceStack
from ..training.transfer import Source
from .cohorts import few_slices
from .lesions import lesion_outlines
from .once import known_by, once
from .pasted import shapes_of, with_lesions
from .scans import OUTLINES
from .scans import SEED as OUTLINE_SEED

LESION_SEED = 0  # of shape and place of pasted lesions
SMOOTH_PX = 1.0  # of the map by which lesions are told
SCRATCH, FROM_BUNDLE = "from nothing", "from the bundle"
FROZEN = 2  # layers of the way that freezes some


@dataclass(frozen=True, eq=False)
class LookedAt:
    """Healthy people, as they are and with lesions."""

    healthy: SliceStack
    lesioned: SliceStack
    truth: Array  # (N, H, W) bool


@dataclass(frozen=True, eq=False)
class Trial:
    """A detector to be trained on a few slices, or asked as it is."""

    source: Source
    way: str  # of `ways_of`
    train: SliceStack
    count: int  # of slices to learn from
    seed: int  # of everything random
    settings: Mapping[str, Any]  # over those of the source
    anew: str | None = None  # network that begins with nothing learned, whatever the way
    thorough: bool = False  # quality at which it is asked what it makes of people; or "fast"
    trained: bool = True  # or the source as it is, with all that it holds

    @property
    def slices(self) -> SliceStack:
        """Those to learn from."""
        return few_slices(self.train, self.count, self.seed)

    def begun(self) -> Detector:
        """The detector before its training; UsageError when the source does not fit."""
        settings = {**self.source.settings, **self.settings, "seed": self.seed, **ways_of(self.source.detector)[self.way]}
        source = unlearned(self.source, self.anew, self.seed) if self.anew else self.source
        detector = begin(self.source.detector, settings, None if self.way == SCRATCH else source)
        if not self.trained:
            detector.load_weights(source.weights)  # what it knows of places, too
        return detector


@dataclass(frozen=True)
class Found:
    """What a trained detector made of healthy people, one value each."""

    error: list[float]  # mean |x - healthy| over the mask, standardised intensity
    auroc: list[float]  # of pixels with a lesion against those without
    slices: dict[str, list[float]] = field(default_factory=dict)  # score term -> AUROC of slices with a lesion against the same without


def looked_at(healthy: SliceStack, root: Path) -> LookedAt:
    """Healthy people, and the same with lesions from outlines of the validation tables.

    Args:
        healthy: their slices (N, 1, H, W).
        root: where the data sets lie, see `evaluation.sets`.

    Raises:
        InputError: the set of outlines is not there.
    """
    part = OUTLINES["validation"]
    outlines = lesion_outlines(root / "soop_lesion_masks", part.stop, OUTLINE_SEED)[part]
    return LookedAt(healthy, *with_lesions(healthy, shapes_of(outlines, healthy.pixels.shape[-1]), LESION_SEED))


def ways_of(detector: str) -> dict[str, dict[str, Any]]:
    """How a training can begin: name -> settings; only a critic that a bundle holds has layers to be frozen."""
    if "frozen_layers" not in settings_of(detector):
        return {SCRATCH: {}, FROM_BUNDLE: {}}
    return {
        SCRATCH: {"frozen_layers": 0},
        FROM_BUNDLE: {"frozen_layers": 0},
        f"{FROM_BUNDLE}, {FROZEN} layers frozen": {"frozen_layers": FROZEN},
    }


def run_trial(trial: Trial, people: LookedAt, folder: Path, device: str, resume: bool) -> Found:
    """Train, where there is something to be learned, and look; with `resume` take what was found before or go on where training stopped.

    Args:
        trial: what to train.
        people: to be looked at.
        folder: of all trials.
        device: as torch names it.
        resume: without it, all is made anew.
    """
    detector, learned = trial.begun(), [trial.slices] if trial.trained else []

    def learn_and_look(run: Path) -> dict[str, Any]:
        for slices in learned:
            detector.fit(slices, device=device, checkpoint_folder=run, resume=True)
        return vars(look(detector, people, device, trial.thorough))

    name = known_by(detector, *learned, people.healthy, people.lesioned) + ("-thorough" if trial.thorough else "")
    return Found(**once(name, folder, resume, learn_and_look))


def look(detector: Detector, people: LookedAt, device: str, thorough: bool = False) -> Found:
    """How near healthy slices are redrawn, and how well lesions stand out, at quality "thorough" or "fast"."""
    steps, mask = detector.steps_for("thorough" if thorough else "fast"), people.healthy.mask[:, 0]
    plain, ill = (detector.redraw(stack, device=device, steps=steps) for stack in (people.healthy, people.lesioned))
    off = np.abs(people.healthy.pixels - plain.healthy)[:, 0]
    far = np.abs(people.lesioned.pixels - ill.healthy)
    strange = ndimage.gaussian_filter((far if ill.spread is None else far / ill.spread)[:, 0] * mask, (0, SMOOTH_PX, SMOOTH_PX))
    rows = [people.healthy.subject == who for who in np.unique(people.healthy.subject)]
    return Found(
        error=[float(off[one][mask[one]].mean()) for one in rows],
        auroc=[float(roc_auc_score(people.truth[one][mask[one]], strange[one][mask[one]])) for one in rows],
        slices={name: [_apart(values[one], ill.terms[name][one]) for one in rows] for name, values in plain.terms.items()},
    )


def _apart(healthy: Array, lesioned: Array) -> float:
    """AUROC of scores (N,) of healthy slices against those of the same with lesions."""
    return float(roc_auc_score(np.repeat([0, 1], len(healthy)), np.concatenate([healthy, lesioned])))

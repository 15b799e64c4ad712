"""The FLAIR people of `soop_flair` in five folds, and detectors that learn anew in each: everyone is looked at by a stranger."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..bundles.bundle import Bundle
from ..bundles.descent import recipe_over, source_of
from ..detectors import Detector, begin, settings_of
from ..detectors.mask_inversion import MaskInversion, around
from ..files.cases import Case
from ..learning import grid_settings
from ..prepare.recipe import Recipe, recipe_from
from ..records import SliceStack
from . import flair
from .once import known_by
from .sets import SEED, SPLITS

COUNT = 5
SEQUENCE = "FLAIR"
# Steps of a training that one core does in about five minutes. Bundles for FLAIR give their settings, and training begins with nothing
# learned; those for T1 give their weights too, because 270 slices teach a generator little (transfer.md).
BUDGETS: dict[str, dict[str, int]] = {
    "denoiser": {"steps": 2400},  # as many as the bundle's own training had; the others have fewer
    "inpainter": {"steps": 1200},
    "anogan": {"steps": 600},
    "fanogan": {"steps": 300, "encoder_steps": 400},
    "latent_regularised": {"steps": 1000},
    "hq_anogan": {"steps": 300, "encoder_steps": 300},
    "mask_inversion": {"steps": 600},
}


@dataclass(frozen=True)
class Fold:
    """People of one fold, a picture each; nobody is in two of its parts."""

    train: list[Case]  # three parts of those without a lesion in the level
    calibration: list[Case]  # the fourth
    looked_at: list[Case]  # the fifth, and a fifth of those with a lesion


def folds(root: Path, most: int | None = None) -> list[Fold]:
    """All people of the set's splits dealt into COUNT folds by seed; each is looked at in one of them.

    Args:
        root: where the data sets lie, see `evaluation.flair`.
        most: people with a lesion, and as many without; all without it.

    Raises:
        InputError: the set is not there.
    """
    people = [case for split in SPLITS for case in flair.flair(root, split)]
    free, sick = (_dealt([case for case in people if case.healthy == healthy], most) for healthy in (True, False))
    return [
        Fold(
            train=[case for further in range(2, COUNT) for case in free[(place + further) % COUNT]],
            calibration=free[(place + 1) % COUNT],
            looked_at=free[place] + sick[place],
        )
        for place in range(COUNT)
    ]


def _dealt(cases: Sequence[Case], most: int | None) -> list[list[Case]]:
    people = sorted(cases, key=lambda case: case.subject)
    order = [people[place] for place in np.random.default_rng(SEED).permutation(len(people))][:most]
    return [order[place::COUNT] for place in range(COUNT)]


def recipe_here(bundle: Bundle) -> Recipe:
    """How a bundle's method prepares the set's pictures."""
    return recipe_over(bundle, {"sequence": SEQUENCE})


def is_at_home(bundle: Bundle) -> bool:
    """Whether it is for FLAIR: then it gives settings only, no weights."""
    return recipe_from(bundle.model["recipe"]).sequence == SEQUENCE


class Trainings:
    """Detectors that learned from slices, each trained once and kept."""

    def __init__(self, folder: Path, settings: Mapping[str, Any], device: str, resume: bool) -> None:
        """Nothing is trained yet.

        Args:
            folder: of checkpoints, one for each training.
            settings: over BUDGETS and those of the bundles, where the method has them.
            device: as torch names it.
            resume: take trainings of an earlier call, and go on where one stopped.
        """
        self._folder, self._settings, self._device, self._resume = folder, settings, device, resume
        self._held: dict[str, Detector] = {}

    def detector(self, bundle: Bundle) -> Detector:
        """A detector of the bundle's method for these pictures, before its training; UsageError when a setting cannot be."""
        budget = {**BUDGETS.get(bundle.detector, {}), **self._settings}
        known = {name: value for name, value in budget.items() if name in settings_of(bundle.detector)}
        source = source_of(bundle)
        settings = {**source.settings, **grid_settings(recipe_here(bundle), bundle.detector), "seed": 0, **known}
        return begin(bundle.detector, settings, None if is_at_home(bundle) else source)

    def learned(self, bundle: Bundle, normals: SliceStack) -> Detector:
        """The same after its training on slices; one whose bundle borrows a generator gets that of the lender's method, trained here."""
        detector = self.detector(bundle)
        if lender := bundle.lender():
            own = {name: value for name, value in detector.settings().items() if name in MaskInversion.anytime - {"steps"}}
            return around(self.learned(lender, normals), normals, device=self._device, levels=detector.config.levels, **own)
        name = known_by(detector, normals)
        if name not in self._held:
            run = self._folder / name
            if not self._resume:
                shutil.rmtree(run, ignore_errors=True)
            detector.fit(normals, device=self._device, checkpoint_folder=run, resume=True)
            self._held[name] = detector
        return self._held[name]

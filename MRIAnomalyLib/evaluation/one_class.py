"""One run of a one-class table: a detector learns the pictures of the normal classes and scores those of all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..detectors import Detector, create, settings_of
from ..detectors.latent_regularised import LatentRegularised
from ..records import Array, SliceStack
from .batchwise import latent_by_batch
from .class_images import SIZE_PX, ClassImages
from .image_sets import ImageSet
from .once import known_by, once

PROTOCOLS = {
    "one-normal": "one class is normal and learned, the other nine are anomalous",
    "one-anomalous": "one class is anomalous, the other nine are normal and learned together",
}
BY_BATCH = "latent by batch"  # see `batchwise`


@dataclass(frozen=True)
class Entrant:
    """A detector as it takes part: settings that let one slow core train and score a run in two and a half minutes."""

    detector: str
    settings: Mapping[str, Any]  # over its defaults
    scores: tuple[str, ...]  # of its terms, the paper's first
    in_colour: bool = False  # whether it can take colours; otherwise it sees their mean
    most: int | None = None  # pictures it looks at, where each costs a search


ENTRANTS = {
    "latent_regularised": Entrant(
        "latent_regularised", {"width": 16, "latent_dim": 32, "steps": 2000}, ("latent", "pixel", BY_BATCH), in_colour=True
    ),
    "latent_regularised_turns": Entrant(
        "latent_regularised",
        {"width": 16, "latent_dim": 32, "steps": 2000, "turn_weight": 1.0},
        ("turn", "latent", "pixel", BY_BATCH),
        in_colour=True,
    ),
    "denoiser": Entrant("denoiser", {"width": 16, "steps": 4000, "noise_cells": (4, 8), "precision": "float32"}, ("residual",)),
    "anogan": Entrant(
        "anogan", {"width": 16, "latent_dim": 32, "steps": 1500, "fast_steps": 50}, ("loss", "residual", "discrimination"), most=1000
    ),
    "fanogan": Entrant(
        "fanogan",
        {"width": 8, "latent_dim": 32, "steps": 500, "encoder_steps": 700, "critic_steps": 1, "batch_size": 16, "learning_rate": 0.001},
        ("izi_f", "image", "features", "latent"),
    ),
}


@dataclass(frozen=True)
class Run:
    """A training and what it is asked about."""

    entrant: Entrant
    protocol: str  # of PROTOCOLS
    chosen: int  # place of the one class
    seed: int  # of weights and batches
    settings: Mapping[str, Any] = field(default_factory=dict)  # over the entrant's, where the detector has them

    def strange(self, label: Array) -> Array:
        """(N,) bool: which pictures of these classes are anomalous."""
        return (label == self.chosen) == (self.protocol == "one-anomalous")

    def begun(self, of: ImageSet) -> Detector:
        """The detector before its training; UsageError when a setting cannot be."""
        grid = {"image_size": SIZE_PX, "levels": 1, "intensity_top": 1.0, "mirror": of.mirror}
        grid["colours"] = 3 if self.sees_colour(of) else 1
        settings = {**grid, **self.entrant.settings, **self.settings, "seed": self.seed}
        known = settings_of(self.entrant.detector)
        return create(self.entrant.detector, {name: value for name, value in settings.items() if name in known})

    def sees_colour(self, of: ImageSet) -> bool:
        """Whether there are colours that the detector can take."""
        return of.colour and self.entrant.in_colour


def looked_at(images: ClassImages, most: int | None) -> ClassImages:
    """At most so many pictures, drawn; the same ones for every run."""
    if most is None or most >= len(images):
        return images
    return images.take(np.sort(np.random.default_rng(0).permutation(len(images))[:most]))


def scores_of(one: Run, of: ImageSet, learned: ClassImages, seen: ClassImages, folder: Path, device: str, resume: bool) -> dict[str, Array]:
    """What a training says of pictures: score -> (N,), float32.

    Args:
        one: the run.
        of: the set.
        learned: pictures of all classes, of which it learns the normal ones.
        seen: pictures to be scored, each by itself.
        folder: of all outcomes.
        device: as torch names it.
        resume: take what was found before, or go on where it stopped.
    """
    detector, colour = one.begun(of), one.sees_colour(of)
    normals, stack = learned.take(~one.strange(learned.label)).stack(colour), seen.stack(colour)

    def learn_and_look(run: Path) -> dict[str, Any]:
        detector.fit(normals, device=device, checkpoint_folder=run, resume=True)
        return {name: _as_json(values) for name, values in _look(detector, stack, device).items()}

    found = once(known_by(detector, normals, stack), folder, resume, learn_and_look)
    return {name: np.array(values, np.float32) for name, values in found.items()}


def _look(detector: Detector, stack: SliceStack, device: str) -> dict[str, Array]:
    terms = dict(detector.reconstruct(stack, device=device, steps=detector.steps_for("fast")).terms)
    if isinstance(detector, LatentRegularised) and detector.config.latent_weight:
        terms[BY_BATCH] = latent_by_batch(detector, stack, device)
    return terms


def _as_json(values: Array) -> list[float]:
    """As few digits as bring the float32 back."""
    return [float(str(value)) for value in values.astype(np.float32)]

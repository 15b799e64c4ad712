"""A detector before its training: with weights drawn at random, or with those of one that learned before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..errors import UsageError
from ..training.transfer import Source, taken_over
from .base import Detector, create


def begin(name: str, settings: Mapping[str, Any], source: Source | None = None) -> Detector:
    """What `create` makes; with a source, one that has its settings where none are given, and its weights.

    Args:
        name: of the detector.
        settings: over the defaults, or over those of the source.
        source: what it is to start from.

    Raises:
        UsageError: no such detector or setting, or the source does not fit them.
        BundleError: the weights of the source do not fit its own settings.
    """
    if source is None:
        return _from_nothing(name, settings)
    if source.detector != name:
        raise UsageError(
            f"{source.name} was learned by the method {source.detector}, not by {name}: train that one, or start from another bundle."
        )
    detector = create(name, {**source.settings, **settings})
    learned = source.settings.get("image_size", detector.Config().image_size)
    if detector.config.image_size != learned:
        raise UsageError(
            f"{source.name} was learned from slices of {learned} pixels, these are to have {detector.config.image_size}: "
            f"set recipe.size_px to {learned}, or start from another bundle."
        )
    arrays = taken_over(detector.modules(), source.weights)
    if detector.misfits(arrays) and (kept := _to_be_kept(detector, source)):
        raise UsageError(
            f"A training that starts from {source.name} must keep its {' and '.join(kept)}: leave that as it is, or start without --from."
        )
    detector.load_weights(arrays)
    detector.source = source
    return detector


def unlearned(source: Source, network: str, seed: int) -> Source:
    """The source with one of its networks as it is before any training, with weights drawn from `seed`."""
    fresh = create(source.detector, {**source.settings, "seed": seed}).weights()
    weights = {key: fresh[key] if key.startswith(f"{network}.") else array for key, array in source.weights.items()}
    return replace(source, name=f"{source.name} without its {network}", weights=weights)


def _from_nothing(name: str, settings: Mapping[str, Any]) -> Detector:
    detector = create(name, settings)
    if getattr(detector.config, "frozen_layers", 0):
        raise UsageError("The setting frozen_layers is for a training that starts from a bundle: name one with --from, or set it to 0.")
    for stage in ("steps", "encoder_steps"):
        if getattr(detector.config, stage, 1) == 0:
            raise UsageError(f"The setting {stage} of 0 keeps what a bundle has learned: name one with --from, or set it above 0.")
    return detector


def _to_be_kept(detector: Detector, source: Source) -> list[str]:
    """The settings of the source, with their values, that shape its networks and are others here."""
    before, here = create(detector.name, source.settings), detector.settings()
    changed = {name: value for name, value in before.settings().items() if here[name] != value}
    return [f"{name} of {value}" for name, value in changed.items() if _reshapes(before, name, here[name])]


def _reshapes(before: Detector, name: str, value: Any) -> bool:
    """Whether the networks, places aside, are of another shape with this setting."""
    other = create(before.name, {**before.settings(), name: value})
    return bool(other.misfits(taken_over(other.modules(), before.weights())))

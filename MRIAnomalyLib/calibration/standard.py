"""What healthy people show at each place, and any volume measured by it.

A calibration subject is always measured by the others (leave one out), as a new volume is measured by all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..records import Array, Reconstruction, SliceStack
from .evidence import EvidenceConfig, core_of, in_own_spread, parts_of, spreads_of, standardised
from .predicted import in_true_spread, spread_factor
from .reference import Reference, ReferenceBuilder

COVERAGE = 0.1  # share of healthy subjects who must have brain at a place for it to be judged: an eye left in is not compared with brain
ODD = ("asymmetry",)  # parts that change their sign in the mirror

Kept = Callable[[Reference, Array], Reference]  # (mean and spread at each place, coverage) -> those to measure by


@dataclass(frozen=True, eq=False)
class Measured:
    """The parts of one volume in standard deviations of healthy people."""

    z: Mapping[str, Array]  # part -> (N, H, W)
    core: Array  # (N, H, W) bool, where anything was measured
    spread: Mapping[str, float]  # part -> the volume's own robust spread in units of healthy spread


@dataclass(frozen=True, eq=False)
class Standard:
    """What new volumes are measured by."""

    references: Mapping[str, Reference]
    config: EvidenceConfig
    coverage: Array  # (N, H, W) bool, where enough healthy subjects have brain
    spread_factor: float  # of the spread that a detector predicts, so that it is as wide as healthy people lie; 1 where none is
    typical_spread: Mapping[str, float]  # part -> middle own spread among healthy subjects

    def measure(self, stack: SliceStack, redrawn: Reconstruction) -> Measured:
        """One volume: its slices and what the detector says healthy ones would look like."""
        stack, redrawn = _within(stack, self.coverage), in_true_spread(redrawn, self.spread_factor)
        core = core_of(stack, self.config)
        z = standardised(parts_of(stack, redrawn, core, self.config), self.references, core, self.config)
        return _without_scanner(Measured(z, core, spreads_of(z, core)), self.typical_spread, self.config)


def by_place(reference: Reference, coverage: Array) -> Reference:
    """Mean and spread at each place."""
    return reference


def standard_of(
    subjects: Sequence[tuple[SliceStack, Reconstruction]], config: EvidenceConfig, kept: Kept = by_place
) -> tuple[Standard, list[Measured]]:
    """The standard that healthy subjects set, and each of them measured by the others.

    Args:
        subjects: per subject its slices and what the detector says healthy ones would look like.
        config: which parts there are, and how finely.
        kept: what of healthy people's mean and spread is measured by.
    """
    # of few people, one is not enough at a place: his own would be the only value there
    coverage = _share([stack.mask[:, 0] for stack, _ in subjects], config.symmetric) >= max(COVERAGE, 2 / len(subjects)) - 1e-9
    subjects = [(_within(stack, coverage), redrawn) for stack, redrawn in subjects]
    cores = [core_of(stack, config) for stack, _ in subjects]
    factor = spread_factor(subjects, cores)
    subjects = [(stack, in_true_spread(redrawn, factor)) for stack, redrawn in subjects]
    raw = [parts_of(stack, redrawn, core, config) for (stack, redrawn), core in zip(subjects, cores, strict=True)]
    builders = {
        name: ReferenceBuilder(np.stack([parts[name] for parts in raw]), config.floors[place], name in ODD, config.symmetric)
        for place, name in enumerate(config.parts)
    }
    z = [
        standardised(raw[row], {name: kept(builder.reference(without=row), coverage) for name, builder in builders.items()}, core, config)
        for row, core in enumerate(cores)
    ]
    seen = [Measured(maps, core, spreads_of(maps, core)) for maps, core in zip(z, cores, strict=True)]
    typical = {name: float(np.median([one.spread[name] for one in seen])) for name in config.parts}
    references = {name: kept(builder.reference(), coverage) for name, builder in builders.items()}
    return Standard(references, config, coverage, factor, typical), [_without_scanner(one, typical, config) for one in seen]


def _without_scanner(seen: Measured, typical: Mapping[str, float], config: EvidenceConfig) -> Measured:
    return replace(seen, z=in_own_spread(seen.z, seen.spread, typical)) if config.without_scanner else seen


def _share(masks: Sequence[Array], symmetric: bool) -> Array:
    """(N, H, W) share of healthy subjects, and of their mirror images where these count, who have brain at a place."""
    share = np.mean(masks, axis=0)
    return (share + share[..., ::-1]) / 2 if symmetric else share


def _within(stack: SliceStack, coverage: Array) -> SliceStack:
    """The slices with a mask that ends where `coverage` does."""
    return replace(stack, mask=stack.mask & coverage[:, None])

"""The evidence step with one thing changed at a time, and what each such variant makes of volumes that a model has looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from ..calibration.evidence import DETAIL, EVIDENCE_SHARE, PARTS, EvidenceConfig, combine, score
from ..calibration.reference import Reference
from ..calibration.scores import TOP_SHARE, TOP_VOXELS
from ..calibration.standard import Kept, Measured, by_place, standard_of
from ..records import Array
from .shown import Looks, Shown

SHIPPED = "shipped"
SMOOTHING = {"no smoothing": 0.0, "half the smoothing": 0.5, "one and a half times the smoothing": 1.5}
DARK = (1.0, 0.5, 0.0)  # beside bright
SLICE_SHARES = {"slice score: mean": 1.0, "slice score: highest pixel": 0.0}  # of a slice's pixels, the strongest ones

Seen = Sequence[tuple[Shown, Looks]]
Maps = list[tuple[Array, Array, float]]  # of each volume evidence and core, each (N, H, W), and its score


@dataclass(frozen=True)
class Variant:
    """One way to make evidence."""

    name: str
    config: EvidenceConfig
    kept: Kept = by_place
    look: str = "one"  # or "both", see `Looks`
    slice_share: float = TOP_SHARE  # whose mean is a slice's score

    @property
    def measuring(self) -> tuple[EvidenceConfig, Kept, str]:
        """All that the parts follow from, whichever of them have a say."""
        return replace(self.config, silent=()), self.kept, self.look


def variants_of(config: EvidenceConfig, both_sides: bool = False) -> list[Variant]:
    """The evidence as a bundle has it, whose detector redraws both sides or one, and with one thing changed."""
    look, other = ("both", "one") if both_sides else ("one", "both")
    shipped = Variant(SHIPPED, config, look=look)
    smoothed = {name: tuple(width * factor for width in config.smoothing_px) for name, factor in SMOOTHING.items()}
    return [
        shipped,
        *(replace(shipped, name=name, config=changed) for name, changed in (*_other_parts(config), *_other_scores(config))),
        *(replace(shipped, name=name, slice_share=share) for name, share in SLICE_SHARES.items()),
        replace(
            shipped,
            name="scanner left in" if config.without_scanner else "scanner taken out",
            config=replace(config, without_scanner=not config.without_scanner),
        ),
        *(replace(shipped, name=name, config=replace(config, smoothing_px=widths)) for name, widths in smoothed.items()),
        *(
            replace(shipped, name=f"dark counts {weight:g}", config=replace(config, dark_weight=weight))
            for weight in DARK
            if weight != config.dark_weight
        ),
        replace(shipped, name="one mean and spread for all places", kept=everywhere_alike),
        replace(shipped, name="mirror image not redrawn" if both_sides else "mirror image redrawn, too", look=other),
    ]


def _other_parts(config: EvidenceConfig) -> Iterator[tuple[str, EvidenceConfig]]:
    """Each part without a say that has one, or with one that has none; somebody must speak.

    Where something must be bright in itself to count so, without that; where a residual cannot undo what is found, one that can.
    """
    for name in (part for part in PARTS if part in config.parts):
        silent = tuple(part for part in config.parts if (part in config.silent) != (part == name))
        if len(silent) < len(config.parts):
            yield f"{'with' if name in config.silent else 'without'} {name}", replace(config, silent=silent)
    if config.bright_from:
        yield "bright beside what is expected only", replace(config, bright_from=0.0)
    if config.residual_raises:
        yield "residual can undo", replace(config, residual_raises=False)


def _other_scores(config: EvidenceConfig) -> Iterator[tuple[str, EvidenceConfig]]:
    """Where DETAIL scores a volume: the evidence in its place, the other side left in, dark as it counts in the evidence, more pixels."""
    if DETAIL not in config.parts:
        return
    others = tuple(name for name in config.parts if name != DETAIL)
    floors = tuple(floor for name, floor in zip(config.parts, config.floors, strict=True) if name != DETAIL)
    yield "scored by the evidence", replace(config, parts=others, floors=floors)
    if config.evidence_share:
        yield "scored by the detail alone", replace(config, evidence_share=0.0)
    else:
        yield "scored by the evidence, too", replace(config, evidence_share=EVIDENCE_SHARE)
    yield "scored with the other side left in", replace(config, other_side=0.0)
    yield "scored with dark, too", replace(config, detail_dark=config.dark_weight)
    yield f"scored by {TOP_VOXELS} pixels", replace(config, score_voxels=TOP_VOXELS)


def everywhere_alike(reference: Reference, coverage: Array) -> Reference:
    """Mean and spread replaced by their averages over the covered places."""
    mean, spread = (np.full_like(map_, map_[coverage].mean()) for map_ in (reference.mean, reference.spread))
    return Reference(mean, spread)


def evidence_by(variants: Sequence[Variant], healthy: Seen, seen: Seen) -> Iterator[tuple[Variant, Maps]]:
    """Evidence of volumes by one variant after the other.

    Args:
        variants: those of one `measuring` side by side, so that it is done once.
        healthy: whom all are compared with, anew for each measuring.
        seen: the volumes.
    """
    for (config, kept, look), some in groupby(variants, key=lambda variant: variant.measuring):
        standard, _ = standard_of([(shown.stack, getattr(looks, look)) for shown, looks in healthy], config, kept)
        measured = [standard.measure(shown.stack, getattr(looks, look)) for shown, looks in seen]
        for variant in some:
            yield variant, [_evidence_of(one, variant.config) for one in measured]


def _evidence_of(seen: Measured, config: EvidenceConfig) -> tuple[Array, Array, float]:
    evidence = combine(seen.z, config)
    return evidence, seen.core, score(seen.z, evidence, seen.core, config)

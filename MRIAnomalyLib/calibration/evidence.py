"""From residual to evidence: one step for all detectors, each of which names the parts that make it best.

Three questions are asked at each place, each answered in standard deviations of healthy people there, positive for brighter:
does it differ from the detector's healthy counterpart (residual), from healthy people (atlas), from the other side (asymmetry)?
A detector that says how sure it is of its counterpart has its residual measured in its own standard deviations first.
What the whole brain shows is no finding: a residual loses its smooth trend, and where a brain lies wider about healthy people than they
do themselves (another scanner, other contrast), every part is measured in the brain's own spread.
Evidence is what residual and atlas agree on, raised where the other side differs. Bright and dark are kept apart by their sign.
On FLAIR bright is only what is so in itself, too: a narrow ventricle is brighter than healthy ones, and no lesion.
One level can be scored by the bright side of a finer residual, less what the other half of the head shows: evidence is smoothed for its
pixels, which averages small lesions away, and few strokes are on both sides, as ageing is. A share of the evidence can stand beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from ..records import Array, Reconstruction, SliceStack
from .asymmetry import left_right
from .reference import Reference, off, smooth, smooth_inside
from .scores import TOP_OF_LEVEL, TOP_VOXELS, volume_score
from .trend import without_trend

PARTS = ("residual", "atlas", "asymmetry")
DETAIL = "detail"  # beside them: the residual, more finely, without a say in the evidence
DETAIL_AND_EVIDENCE = "detail and evidence"  # the same, where it scores the level together with the evidence
FLOOR, FLOOR_IN_SPREADS = 0.02, 0.1  # of parts in standardised intensity; of a residual in predicted standard deviations a tenth of one
DETAIL_PX, OTHER_SIDE, DETAIL_DARK, EVIDENCE_SHARE = 1.25, 1.0, 0.0, 0.5  # of one level; chosen on validation people
OTHER_SIDE_PX = 1.0  # further smoothing of what the other half shows: two halves are never quite alike; more takes from what lies midline
LEVEL_PX = 2.5  # smoothing of the evidence of one level
DARK_WEIGHTS = {"FLAIR": 0.5}  # by sequence, 1 in others; chosen on validation people: what is fresh is bright, what is dark often a sulcus
BRIGHT_FROM = {"FLAIR": 0.85}  # by sequence; chosen on validation people: darker, yet brighter than expected, is a narrow ventricle


@dataclass(frozen=True)
class EvidenceConfig:
    """Which parts speak, and how finely; chosen on validation subjects."""

    parts: tuple[str, ...] = PARTS  # any of PARTS, and DETAIL; each can be left out
    silent: tuple[str, ...] = ()  # of them: measured and written, without a say in the evidence
    floors: tuple[float, ...] = 3 * (FLOOR,)  # added to the healthy spread, per entry of `parts`, in the unit of the part
    smoothing_px: tuple[float, ...] = (1.3, 2.0, 2.0)  # of the parts before they are standardised: slice, row, column
    dark_weight: float = 1.0  # what dark evidence counts beside bright
    asymmetry_floor: float = 1.0  # a left-right difference below this counts as this: disease on both sides must not cancel
    residual_raises: bool = False  # where the atlas speaks, a residual below that floor counts as it, too
    bright_from: float = 0.0  # standardised intensity that must be exceeded for being bright, whatever is expected there; 0: none
    erosion_px: int = 1  # the rim of the brain is where extraction and registration err
    without_scanner: bool = True  # a smooth trend and a wide spread are the scanner's doing: they are taken away
    score_voxels: int = TOP_VOXELS  # whose mean is the score of the volume
    detail_px: float = 0.0  # smoothing of DETAIL within a slice; with this part it is what scores a volume, without it the evidence does
    other_side: float = 0.0  # share of what the other side shows in DETAIL that is taken off
    detail_dark: float = 0.5  # what dark DETAIL counts beside bright; half where a calibration of before does not say
    evidence_share: float = 0.0  # of the evidence, added to DETAIL where that scores a volume
    symmetric: bool = True  # a person's mirror image is a second healthy one; off for one-sided anatomy such as a knee


def config_for(redrawn: Reconstruction, parts: Sequence[str], symmetric: bool = True, sequence: str = "T1") -> EvidenceConfig:
    """The evidence of a detector that reconstructs like this, with these parts having a say; one-sided anatomy has no asymmetry.

    Of one level a stroke can be so large a part that it would pass for the scanner's doing, there is nothing to smooth across, and the
    score of a volume would be that of a large stroke; DETAIL among the parts scores it, and has no say in the evidence. Where the atlas
    speaks, the residual lowers what it says and does not undo it.
    """
    one_level = len(redrawn.healthy) == 1
    detail = (DETAIL,) if one_level and {DETAIL, DETAIL_AND_EVIDENCE} & set(parts) else ()
    known = tuple(name for name in (*PARTS, *detail) if symmetric or name != "asymmetry")
    residual_floor = FLOOR if redrawn.spread is None else FLOOR_IN_SPREADS
    usual = EvidenceConfig(
        parts=known,
        silent=(*(name for name in PARTS if name not in parts), *detail),
        floors=tuple(residual_floor if name in ("residual", DETAIL) else FLOOR for name in known),
        dark_weight=DARK_WEIGHTS.get(sequence, 1.0),
        bright_from=BRIGHT_FROM.get(sequence, 0.0),
        symmetric=symmetric,
    )
    if not one_level:
        return usual
    return replace(
        usual,
        smoothing_px=(0.0, LEVEL_PX, LEVEL_PX),
        without_scanner=False,
        score_voxels=TOP_OF_LEVEL,
        residual_raises={"residual", "atlas"} <= set(parts),
        detail_px=DETAIL_PX if detail else 0.0,
        other_side=OTHER_SIDE if detail and symmetric else 0.0,
        detail_dark=DETAIL_DARK,
        evidence_share=EVIDENCE_SHARE if DETAIL_AND_EVIDENCE in parts else 0.0,
    )


def parts_of(stack: SliceStack, redrawn: Reconstruction, mask: Array, config: EvidenceConfig) -> dict[str, Array]:
    """The raw parts of one volume, each (N, H, W), smoothed; `mask` as `core_of` gives it.

    In standardised intensity, but for the residual of a detector that predicts a spread: in predicted standard deviations.
    """
    pixels, inside = stack.pixels[:, 0], stack.mask[:, 0]
    residual = off(pixels, redrawn.healthy[:, 0], config.bright_from)
    if redrawn.spread is not None:
        residual = residual / redrawn.spread[:, 0]
    brightness = smooth_inside(pixels, inside, config.smoothing_px)

    def smoothed(widths: tuple[float, ...]) -> Array:
        map_ = smooth_inside(residual, inside, widths)
        return without_trend(map_, mask) if config.without_scanner else np.where(mask, map_, 0)

    parts = {"residual": smoothed(config.smoothing_px), "atlas": np.where(mask, brightness, 0)}
    parts |= {"asymmetry": left_right(brightness, mask)} if config.symmetric else {}
    return parts | ({DETAIL: smoothed((0.0, config.detail_px, config.detail_px))} if DETAIL in config.parts else {})


def core_of(stack: SliceStack, config: EvidenceConfig) -> Array:
    """(N, H, W) bool: the brain without its rim; only here anything is judged."""
    inside = stack.mask[:, 0]
    if config.erosion_px == 0:
        return inside
    return ndimage.binary_erosion(inside, np.ones((1, 3, 3)), iterations=config.erosion_px)


def standardised(parts: Mapping[str, Array], references: Mapping[str, Reference], core: Array, config: EvidenceConfig) -> dict[str, Array]:
    """Each part in standard deviations of healthy people at that place, 0 outside the core."""
    z = {}
    for name in config.parts:
        bright_from = config.bright_from if name == "atlas" else 0.0  # of a residual it was asked before smoothing
        z[name] = np.where(core, references[name].standardise(parts[name], bright_from), 0).astype(np.float32)
    return z


def spreads_of(z: Mapping[str, Array], core: Array) -> dict[str, float]:
    """Of each part, how widely this brain lies about healthy people: 1 where it does as a normal distribution of them would."""
    return {name: _spread(map_[core]) for name, map_ in z.items()}


def in_own_spread(z: Mapping[str, Array], spread: Mapping[str, float], typical: Mapping[str, float]) -> dict[str, Array]:
    """Parts of a brain whose spread is above that of the typical healthy one, shrunk to it; others as they are."""
    return {name: map_ / max(1.0, spread[name] / max(typical[name], 1e-6)) for name, map_ in z.items()}


def _spread(values: Array) -> float:
    """Robust standard deviation about zero: half of the values lie within 0.6745 of it, whatever a lesion does to the rest."""
    return float(np.median(np.abs(values)) / 0.6745) if values.size else 0.0


def combine(z: Mapping[str, Array], config: EvidenceConfig) -> Array:
    """Evidence (N, H, W): geometric mean of the parts where all have one sign, with that sign; 0 where they disagree; dark as it counts.

    Asymmetry can raise what the other parts agree on and lower it down to `config.asymmetry_floor` (in standard deviations), not undo it;
    with `config.residual_raises` so can the residual of what the atlas says.
    """
    z = {name: part for name, part in z.items() if name not in config.silent}
    raising = ("asymmetry", "residual") if config.residual_raises and "atlas" in z else ("asymmetry",)
    if set(z) <= set(raising):
        return weighed(z["asymmetry"], config.dark_weight)
    evidence = np.zeros_like(next(iter(z.values())))
    for sign in (1, -1):
        factors = [np.maximum(sign * part, config.asymmetry_floor if name in raising else 0) for name, part in z.items()]
        evidence += sign * np.prod(factors, axis=0) ** (1 / len(factors))
    return weighed(evidence.astype(np.float32), config.dark_weight)


def weighed(map_: Array, dark_weight: float) -> Array:
    """A signed map whose dark side counts so much beside the bright one."""
    return np.where(map_ < 0, dark_weight * map_, map_)


def score(z: Mapping[str, Array], evidence: Array, core: Array, config: EvidenceConfig) -> float:
    """How strange a volume is, in standard deviations of healthy people.

    The mean of its strongest |evidence| or, with DETAIL, of this and a share of the evidence, less what the other side shows of both.

    Args:
        z: the parts, each (N, H, W), in standard deviations of healthy people.
        evidence: (N, H, W), as `combine` makes it of them.
        core: (N, H, W) bool, where anything was measured.
        config: how many voxels count, and how much the other side does.
    """
    if DETAIL not in config.parts:
        return volume_score(evidence, core, config.score_voxels)
    strength = np.abs(weighed(z[DETAIL] + config.evidence_share * evidence, config.detail_dark))
    other = smooth(strength, (0.0, OTHER_SIDE_PX, OTHER_SIDE_PX))[..., ::-1]
    return volume_score(np.maximum(strength - config.other_side * other, 0), core, config.score_voxels)

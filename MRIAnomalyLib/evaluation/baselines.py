"""Maps that need no learning, or that leave the evidence step out: what a detector has to beat. Bright is positive, dark negative."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..calibration.evidence import DARK_WEIGHTS, weighed
from ..calibration.judgement import Judgement
from ..calibration.scores import volume_score
from ..records import Array, SliceStack
from .answers import Seen

Baseline = Callable[[SliceStack, Array, Judgement], Array]
Redraw = Callable[[SliceStack], Array]  # slices -> their healthy counterparts (N, 1, H, W)


def raw_residual(stack: SliceStack, healthy: Array, judged: Judgement) -> Array:
    """What is left of the slice without the healthy one; its absolute value is what the AnoGAN papers show."""
    return (stack.pixels - healthy)[:, 0] * judged.core


def intensity(stack: SliceStack, healthy: Array, judged: Judgement) -> Array:
    """Distance of the standardised intensity from the brain's median: a threshold on brightness."""
    pixels = stack.pixels[:, 0]
    return (pixels - np.median(pixels[judged.core])) * judged.core


def global_z(stack: SliceStack, healthy: Array, judged: Judgement) -> Array:
    """Distance from the brain's mean intensity in its own standard deviations."""
    pixels, inside = stack.pixels[:, 0], stack.pixels[:, 0][judged.core]
    return (pixels - inside.mean()) / max(float(inside.std()), 1e-6) * judged.core


def residual_z(stack: SliceStack, healthy: Array, judged: Judgement) -> Array:
    """Signed residual, smoothed, standardised per location."""
    return judged.z["residual"]


def atlas_z(stack: SliceStack, healthy: Array, judged: Judgement) -> Array:
    """Intensity against healthy people at that place; no detector."""
    return judged.z["atlas"]


def asymmetry_z(stack: SliceStack, healthy: Array, judged: Judgement) -> Array:
    """Left against right; no detector."""
    return judged.z["asymmetry"]


def atlas_asymmetry(stack: SliceStack, healthy: Array, judged: Judgement) -> Array:
    """The smaller of atlas and asymmetry where both have one sign, no detector: the learning-free bar (`baseline:atlas-asymmetry`)."""
    atlas, asymmetry = judged.z["atlas"], judged.z["asymmetry"]
    return np.where(atlas * asymmetry > 0, np.sign(atlas) * np.minimum(np.abs(atlas), np.abs(asymmetry)), 0)


def evidence(stack: SliceStack, healthy: Array, judged: Judgement) -> Array:
    """What the tool shows."""
    return judged.evidence


MAPS: dict[str, Baseline] = {
    "intensity": intensity,
    "raw residual": raw_residual,
    "residual z": residual_z,
    "atlas z": atlas_z,
    "asymmetry z": asymmetry_z,
    "atlas and asymmetry": atlas_asymmetry,
    "evidence": evidence,
}

LEARNING_FREE = frozenset({"intensity", "atlas z", "asymmetry z", "atlas and asymmetry"})  # those that ask no model


def map_of(name: str, seen: Seen) -> Array:
    """Strength of one of MAPS (N, H, W) in a scan that a model judged; without learning, dark counts as it does in the evidence."""
    map_ = MAPS[name](seen.scan.prepared.stack, seen.redrawn.healthy, seen.judged)
    return np.abs(weighed(map_, DARK_WEIGHTS.get(seen.sequence, 1.0)) if name in LEARNING_FREE else map_)


def score_of(name: str, seen: Seen) -> float:
    """How strange the whole scan is by one of MAPS; by the evidence as the verdict has it."""
    return seen.judged.volume_score if name == "evidence" else volume_score(map_of(name, seen), seen.judged.core, seen.score_voxels)

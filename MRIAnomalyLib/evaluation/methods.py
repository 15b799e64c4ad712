"""What `mrianomaly evaluate` compares: bundles, and baselines that healthy people teach what is ordinary."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from ..bundles.bundle import Bundle
from ..bundles.contents import sha256_of
from ..calibration.conformal import FEWEST, conformal_p, finding_threshold
from ..calibration.evidence import DARK_WEIGHTS, config_for, weighed
from ..calibration.judgement import FALSE_FINDINGS, FEW, MOST_FINDINGS, Calibration, Judgement, calibrate
from ..calibration.scores import volume_score
from ..errors import CalibrationError, UsageError
from ..findings.components import count_curve
from ..prepare.recipe import Recipe, recipe_from
from ..records import Array, Reconstruction, SliceStack
from .anomalib_models import ganomaly, patchcore
from .answers import Seen, calibration_of, seen_with, viewer
from .baselines import Baseline, Redraw, atlas_asymmetry, global_z, intensity, raw_residual
from .froc import thresholds_for
from .scans import Scan
from .steps import Steps

PREFIX = "baseline:"
COMPONENTS = 50  # of the principal component analysis, at most half as many as there are slices


@dataclass(frozen=True, eq=False)
class Method:
    """Something that marks what is strange in a scan."""

    label: str
    recipe: Recipe
    known_by: str  # everything that its maps follow from, as SHA-256
    threshold: float  # of the map's magnitude for findings, fixed on healthy people
    healthy_scores: Array  # (M,) of whole scans of healthy people
    see: Callable[[Scan], Seen]
    paint: Baseline  # its map
    off: Baseline  # by how much a pixel is not as it would be in a healthy person
    scored: Callable[[Array, Seen], float]  # its map (N, H, W) and the scan as seen -> the score of the whole scan

    def p_of(self, score: float) -> float:
        """Against those healthy people; nan where they are too few."""
        return float(conformal_p(score, self.healthy_scores)) if len(self.healthy_scores) >= FEWEST else math.nan


def bundle_method(label: str, bundle: Bundle, steps: Steps, device: str) -> Method:
    """A calibrated bundle, whose map is the evidence that it shows; `steps` is told of each scan it sees.

    Raises:
        BundleError: it is damaged.
        UsageError: no such device.
    """
    calibration = calibration_of(bundle)
    return Method(
        label=label,
        recipe=recipe_from(bundle.model["recipe"]),
        known_by=bundle.facts.sha256,
        threshold=calibration.threshold,
        healthy_scores=calibration.volume_scores,
        see=viewer(bundle, calibration, steps, device),
        paint=_evidence,
        off=raw_residual,
        scored=lambda map_, seen: seen.judged.volume_score,
    )


def _evidence(stack: SliceStack, healthy: Array, judged: Judgement) -> Array:
    return judged.evidence


def baseline_method(name: str, recipe: Recipe, healthy: Sequence[SliceStack], steps: Steps) -> Method:
    """A baseline: every other healthy person teaches it, the rest fix its threshold and stand beside the scans that are scored.

    Args:
        name: of BASELINES.
        recipe: that prepared the healthy people, one stack each.
        healthy: of people who are not evaluated.
        steps: told of each scan that it sees.

    Raises:
        CalibrationError: too few people.
        UsageError: it does not suit this anatomy.
    """
    paint, learn = BASELINES[name]
    if paint is atlas_asymmetry and not recipe.symmetric:
        raise UsageError(f"A {recipe.anatomy} has no mirrored side: leave {PREFIX}{name} out.")
    taught, others = healthy[::2], healthy[1::2]
    if len(others) < FEW:
        raise CalibrationError(f"{len(healthy)} healthy people were given, {2 * FEW} or more are needed for a baseline: add some.")
    calibration, redraw = _ordinary(taught, recipe), learn(taught)
    see = partial(_seen, calibration=calibration, redraw=redraw, sequence=recipe.sequence, steps=steps)

    def painted(stack: SliceStack, drawn: Array, judged: Judgement) -> Array:
        return weighed(paint(stack, drawn, judged), DARK_WEIGHTS.get(recipe.sequence, 1.0))

    def map_of(stack: SliceStack) -> tuple[Array, Array]:
        redrawn = Reconstruction(redraw(stack), {})
        judged = calibration.judge(stack, redrawn)
        return painted(stack, redrawn.healthy, judged), judged.core

    maps, cores = zip(*(map_of(stack) for stack in others), strict=True)
    candidates = thresholds_for(maps, cores)
    curves = np.stack([count_curve(map_, candidates, recipe.pixel_mm**2 * recipe.step_mm) for map_ in maps])
    return Method(
        label=f"{PREFIX}{name}",
        recipe=recipe,
        known_by=sha256_of(repr((name, recipe, calibration.config)).encode() + b"".join(stack.pixels.tobytes() for stack in healthy)),
        threshold=finding_threshold(curves, candidates, FALSE_FINDINGS, MOST_FINDINGS)[0],
        healthy_scores=np.array([volume_score(*one, calibration.config.score_voxels) for one in zip(maps, cores, strict=True)]),
        see=see,
        paint=painted,
        off=paint,
        scored=lambda map_, seen: volume_score(map_, seen.judged.core, seen.score_voxels),
    )


def _seen(scan: Scan, calibration: Calibration, redraw: Redraw, sequence: str, steps: Steps) -> Seen:
    redrawn = Reconstruction(redraw(scan.prepared.stack), {})
    steps.one()
    return seen_with(calibration, scan, redrawn, sequence)


def _ordinary(people: Sequence[SliceStack], recipe: Recipe) -> Calibration:
    """Healthy people at each place, as a bundle's calibration knows them, without any detector."""
    pairs = [(stack, Reconstruction(stack.pixels, {})) for stack in people]
    config = config_for(pairs[0][1], ("atlas", "asymmetry"), recipe.symmetric, recipe.sequence)
    return calibrate(pairs, partial(count_curve, voxel_mm3=recipe.pixel_mm**2 * recipe.step_mm), config, FEW)


def _mean(people: Sequence[SliceStack]) -> Redraw:
    """Everybody's healthy counterpart is the mean of healthy people, of those who have brain at a place."""
    known = np.sum([stack.mask for stack in people], axis=0)
    mean = np.sum([stack.pixels * stack.mask for stack in people], axis=0) / np.maximum(known, 1)
    return lambda stack: np.where(stack.mask, mean[stack.level], 0).astype(np.float32)


def _principal(people: Sequence[SliceStack]) -> Redraw:
    """The nearest slice that the principal components of healthy slices can make."""
    from sklearn.decomposition import PCA

    rows = np.concatenate([stack.pixels[stack.mask.any((1, 2, 3))].reshape(-1, stack.pixels[0].size) for stack in people])
    analysis = PCA(max(1, min(COMPONENTS, len(rows) // 2)), random_state=0).fit(rows)

    def redraw(stack: SliceStack) -> Array:
        redrawn = analysis.inverse_transform(analysis.transform(stack.pixels.reshape(len(stack), -1)))
        return redrawn.reshape(stack.pixels.shape).astype(np.float32)

    return redraw


BASELINES: dict[str, tuple[Baseline, Callable[[Sequence[SliceStack]], Redraw]]] = {
    "threshold": (intensity, _mean),
    "zscore": (global_z, _mean),
    "atlas-asymmetry": (atlas_asymmetry, _mean),
    "mean-residual": (raw_residual, _mean),
    "pca": (raw_residual, _principal),
    "ganomaly": (raw_residual, ganomaly),
    "patchcore": (raw_residual, patchcore),
}

"""Healthy subjects in, a calibration out; with it, each new volume is judged.

Everything a verdict needs is kept as arrays: what healthy people show at each place, how their evidence ranks there, and one score per
subject. A calibration subject is always judged by the others (leave one out), as a new volume is judged by all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy import ndimage

from ..errors import BundleError
from ..records import Array, Reconstruction, SliceStack, as_stored
from .conformal import FEWEST, conformal_p, finding_threshold, kept_ranks, location_p, refuse_too_few
from .evidence import PARTS, EvidenceConfig, combine, score
from .scores import slice_scores
from .standard import ODD, Standard, standard_of
from .stored import BLOCK, highest_in_blocks, in_steps, loaded_pooled, loaded_reference, stored_pooled, stored_reference

THRESHOLDS = np.round(np.geomspace(1.0, 15.0, 40), 3)  # standard deviations, among which the one for findings is sought
FALSE_FINDINGS = 1.0  # per healthy volume, expected
MOST_FINDINGS = 20  # per volume: more are clipped when counting (conformal risk control needs a bound)
POOL = (3, 5, 5)  # neighbourhood (slice, row, column) a healthy subject's highest evidence is taken from: registration is not exact
FEW = 3  # healthy subjects, without whom there is no spread to judge the third by
SIGNS = {"bright": 1, "dark": -1}
BY_SLICE = ("slice_scores", "slice_mean", "slice_spread")  # entries of a calibration that tell of healthy slices

CountRegions = Callable[[Array, Array], Array]  # (evidence, thresholds) -> findings at each


@dataclass(frozen=True, eq=False)
class Judgement:
    """What calibration says of one volume, on the model's grid."""

    z: Mapping[str, Array]  # part -> (N, H, W) standard deviations of healthy people at that place
    evidence: Array  # (N, H, W) signed
    core: Array  # (N, H, W) bool, where anything was judged
    p_map: Array  # (N, H, W)
    slice_scores: Array  # (N,), nan where a slice holds no brain; of one level the volume's
    slice_p: Array  # (N,) against the same slice of healthy subjects; this and the next two are nan where those are too few for p-values
    slice_family_p: Array  # (N,) against the strangest slice of healthy subjects
    volume_score: float
    volume_p: float
    spread: Mapping[str, float]  # part -> the volume's own robust spread in units of healthy spread


@dataclass(frozen=True, eq=False)
class Calibration(Standard):
    """Arrays and settings; `arrays` and `settings` are what a bundle stores."""

    kept: Mapping[str, Array]  # "bright", "dark" -> (R, N / 2, H / 2, W / 2) pooled healthy evidence by rank
    slice_mean: Array  # (N,) of healthy slice scores, and their spread: makes slices comparable
    slice_spread: Array
    slice_scores: Array  # (M, N) nan where no brain
    volume_scores: Array  # (M,)
    threshold: float  # of |evidence| for findings
    threshold_controlled: bool  # whether the bound on false findings is guaranteed
    spread_limit: Mapping[str, float]  # part -> largest own spread among healthy subjects
    healthy_p_shares: Array  # (R,) mean share of core pixels at or below each kept p level in healthy subjects
    ranks: tuple[int, ...]

    @property
    def subjects(self) -> int:
        """How many healthy subjects it rests on."""
        return len(self.volume_scores)

    @property
    def p_floor(self) -> float:
        """The smallest p it can give; 1 where there are none."""
        return 1 / (self.subjects + 1) if self.gives_p else 1.0

    @property
    def gives_p(self) -> bool:
        """Whether it rests on enough healthy subjects for p-values."""
        return self.subjects >= FEWEST

    def judge(self, stack: SliceStack, redrawn: Reconstruction) -> Judgement:
        """Judge one volume: its slices and what the detector says healthy ones would look like."""
        seen = self.measure(stack, redrawn)
        core, evidence = seen.core, combine(seen.z, self.config)
        scores, strangeness = slice_scores(evidence, core), score(seen.z, evidence, core, self.config)
        if len(scores) == 1:
            scores = np.where(np.isnan(scores), scores, strangeness)
        comparable = (scores - self.slice_mean) / self.slice_spread
        return Judgement(
            z=seen.z,
            evidence=evidence,
            core=core,
            p_map=np.where(core, self._p_map(evidence), 1).astype(np.float32),
            slice_scores=scores,
            slice_p=np.array([_p_or_nan(value, self.slice_scores[:, level]) for level, value in enumerate(scores)]),
            slice_family_p=np.array([_p_or_nan(value, self._strangest()) for value in comparable]),
            volume_score=strangeness,
            volume_p=_p_or_nan(strangeness, self.volume_scores),
            spread={name: seen.spread[name] for name in self.spread_limit},
        )

    def slice_thresholds(self, false_alarms: float) -> Array:
        """(N,) score above which a slice is flagged: exceeded anywhere in this share of healthy people; nan where none can be."""
        rank = int(false_alarms * (self.subjects + 1) + 1e-9)
        if rank == 0 or not self.gives_p:
            return np.full(len(self.slice_mean), np.nan)
        return self.slice_mean + self.slice_spread * np.sort(self._strangest())[-rank]

    def _strangest(self) -> Array:
        """(M,) the strangest slice of each healthy subject, slices made comparable."""
        return np.nanmax((self.slice_scores - self.slice_mean) / self.slice_spread, axis=1)

    def _p_map(self, evidence: Array) -> Array:
        """One-sided p for the sign that the evidence has; 1 where there is none, and everywhere with too few healthy subjects."""
        if not self.gives_p:
            return np.ones_like(evidence)
        bright, dark = (
            location_p(sign * evidence, _grow(self.kept[side], evidence.shape), self.ranks, self.subjects) for side, sign in SIGNS.items()
        )
        return np.minimum(bright, dark)

    def arrays(self) -> dict[str, Array]:
        """Everything numeric, maps as `stored` keeps them."""
        maps = {f"kept/{side}": stored_pooled(array, self.coverage) for side, array in self.kept.items()}
        for name, reference in self.references.items():
            stored = stored_reference(reference, self.coverage, symmetric=self.config.symmetric)
            maps |= {f"{name}/{key}": array for key, array in stored.items()}
        exact = (*BY_SLICE, "volume_scores", "healthy_p_shares")
        return (
            maps
            | {name: np.asarray(getattr(self, name), np.float32) for name in exact}
            | {
                "grid": np.array(self.coverage.shape, np.int32),
                "coverage": np.packbits(self.coverage),
            }
        )

    def settings(self) -> dict[str, Any]:
        """Everything else, as JSON values."""
        return {
            "subjects": self.subjects,
            "smallest_p": self.p_floor,
            "threshold": self.threshold,
            "threshold_controlled": self.threshold_controlled,
            "false_findings_per_volume": FALSE_FINDINGS,
            "evidence": asdict(self.config),
            "spread_factor": self.spread_factor,
            "typical_spread": dict(self.typical_spread),
            "spread_limit": dict(self.spread_limit),
            "ranks": list(self.ranks),
        }


def load_calibration(arrays: Mapping[str, Array], settings: Mapping[str, Any]) -> Calibration:
    """The calibration that `arrays` and `settings` describe.

    Raises:
        BundleError: something is missing.
    """
    try:
        config = EvidenceConfig(**as_stored(settings["evidence"]))
        wide = {name: np.asarray(array, np.float32) for name, array in arrays.items()}
        shape = tuple(arrays["grid"])
        coverage = np.unpackbits(arrays["coverage"], count=math.prod(shape)).reshape(shape).astype(bool)
        return Calibration(
            references={
                name: loaded_reference(
                    {key: arrays[f"{name}/{key}"] for key in ("mean", "spread")}, coverage, odd=name in ODD, symmetric=config.symmetric
                )
                for name in config.parts
            },
            kept={side: loaded_pooled(arrays[f"kept/{side}"], coverage) for side in SIGNS},
            **(_by_slice(wide["slice_scores"], wide["volume_scores"]) if shape[0] == 1 else {name: wide[name] for name in BY_SLICE}),
            volume_scores=wide["volume_scores"],
            threshold=float(settings["threshold"]),
            threshold_controlled=bool(settings["threshold_controlled"]),
            config=config,
            coverage=coverage,
            spread_factor=float(settings["spread_factor"]),
            typical_spread=dict(settings["typical_spread"]),
            spread_limit=dict(settings["spread_limit"]),
            healthy_p_shares=wide["healthy_p_shares"],
            ranks=tuple(settings["ranks"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BundleError("The bundle's calibration is incomplete. Calibrate again with `mrianomaly calibrate`.") from error


def calibrate(
    subjects: Sequence[tuple[SliceStack, Reconstruction]], count_regions: CountRegions, config: EvidenceConfig, fewest: int = FEWEST
) -> Calibration:
    """Learn from healthy subjects that training never saw what is ordinary.

    Args:
        subjects: per subject its slices and what the detector says healthy ones would look like.
        count_regions: how findings are counted (see findings/components.py).
        config: which parts of the evidence speak.
        fewest: subjects to do with; with fewer than 19 there are evidence and findings, but no p-values, and nothing is ever flagged.

    Raises:
        CalibrationError: fewer subjects than that.
    """
    refuse_too_few(len(subjects), fewest)
    standard, seen = standard_of(subjects, config)
    cores, evidence = [one.core for one in seen], [combine(one.z, config) for one in seen]
    scores = np.stack([slice_scores(map_, core) for map_, core in zip(evidence, cores, strict=True)])
    volume_scores = np.array([score(one.z, map_, one.core, config) for one, map_ in zip(seen, evidence, strict=True)])
    curves = np.stack([count_regions(map_, THRESHOLDS) for map_ in evidence])
    threshold, controlled = finding_threshold(curves, THRESHOLDS, FALSE_FINDINGS, MOST_FINDINGS)
    ranks = kept_ranks(len(subjects))
    pooled = {side: np.stack([_shrink(sign * map_) for map_ in evidence]) for side, sign in SIGNS.items()}
    return Calibration(
        **vars(standard),
        kept={side: -np.sort(-maps, axis=0)[np.array(ranks) - 1] for side, maps in pooled.items()},
        **_by_slice(scores, volume_scores),
        volume_scores=volume_scores,
        threshold=threshold,
        threshold_controlled=controlled,
        spread_limit={
            name: max(one.spread[name] for one in seen) for name in config.parts if name in PARTS
        },  # a finer part is wide by grain
        healthy_p_shares=_healthy_shares(evidence, cores, pooled, ranks),
        ranks=tuple(ranks),
    )


def _by_slice(scores: Array, volume_scores: Array) -> dict[str, Any]:
    """Slice scores (M, N) of healthy subjects, their mean and spread; of one level the volume's, told once."""
    scores = volume_scores[:, None] if scores.shape[1] == 1 else scores
    return dict(zip(BY_SLICE, (scores, np.nanmean(scores, axis=0), np.nanstd(scores, axis=0) + 0.1), strict=True))


def _p_or_nan(score: float, normal_scores: Array) -> float:
    """A subject without brain in that slice cannot be stranger than anyone; nan also where healthy subjects are too few."""
    if np.isnan(score) or len(normal_scores) < FEWEST:
        return float("nan")
    return float(conformal_p(score, np.nan_to_num(normal_scores, nan=-np.inf)))


def _shrink(evidence: Array) -> Array:
    """Highest value of a neighbourhood and then of each block: (N, H, W) -> (N / 2, H / 2, W / 2), sizes rounded up."""
    return in_steps(highest_in_blocks(ndimage.maximum_filter(np.maximum(evidence, 0), POOL)))  # as the bundle keeps them


def _grow(kept: Array, shape: tuple[int, ...]) -> Array:
    """Blocks back to pixels: (R, N / 2, ...) -> (R, N, H, W)."""
    for axis in (1, 2, 3):
        kept = np.repeat(kept, BLOCK, axis)
    return kept[(slice(None), *(slice(size) for size in shape))]


def _healthy_shares(evidence: Sequence[Array], cores: Sequence[Array], pooled: Mapping[str, Array], ranks: Sequence[int]) -> Array:
    """(R,) mean share of core pixels at or below each p level when healthy subjects are judged by the others."""
    shares = np.zeros((len(evidence), len(ranks)))
    levels = np.array(ranks) / len(evidence) + 1e-9
    for row, (map_, core) in enumerate(zip(evidence, cores, strict=True)):
        others = np.arange(len(evidence)) != row
        p = np.ones(map_.shape)
        for side, sign in SIGNS.items():
            kept = -np.sort(-pooled[side][others], axis=0)[[rank - 1 for rank in ranks if rank < len(evidence)]]
            used = [rank for rank in ranks if rank < len(evidence)]
            p = np.minimum(p, location_p(sign * map_, _grow(kept, map_.shape), used, len(evidence) - 1))
        shares[row] = [(p[core] <= level).mean() for level in levels]
    return shares.mean(0)

"""Lesion by lesion: how many are found at how many false findings a volume (free-response curve).

A lesion is found where any finding touches it; a finding that touches no lesion is false. Findings are those of `findings.components`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..findings.components import TOUCHING, regions
from ..records import Array
from .bootstrap import share

BUDGETS = (0.5, 1.0, 2.0, 4.0)  # false findings a volume
LEVELS = 24  # thresholds of the curve
WIDEST = 0.1  # share of a volume that the lowest of them marks


@dataclass(frozen=True, eq=False)
class Hits:
    """What the findings of one volume hit at each threshold."""

    found: Array  # (L, T) bool, of each lesion
    false: Array  # (T,) int, findings that touch no lesion
    findings: Array  # (T,) int


def hits_of(map_: Array, truth: Array, thresholds: Sequence[float], voxel_mm3: float) -> Hits:
    """Compare one volume's findings with its lesions.

    Args:
        map_: (N, H, W) larger magnitude is stranger; where it has signs, a finding has one.
        truth: (N, H, W) bool.
        thresholds: of the magnitude.
        voxel_mm3: size of a voxel.
    """
    lesions, count = lesions_of(truth)
    found, false, findings = np.zeros((count, len(thresholds)), bool), [], []
    for column, threshold in enumerate(thresholds):
        marked = regions(map_, threshold, voxel_mm3)
        touched = lesions[marked > 0]
        found[touched[touched > 0] - 1, column] = True
        findings.append(int(marked.max()))
        false.append(findings[-1] - len(np.unique(marked[truth & (marked > 0)])))
    return Hits(found, np.array(false), np.array(findings))


def lesions_of(truth: Array) -> tuple[Array, int]:
    """(N, H, W) int, the number of the lesion that a voxel belongs to, and how many there are; voxels that touch are of one."""
    return ndimage.label(truth, TOUCHING)


def thresholds_for(maps: Sequence[Array], cores: Sequence[Array]) -> Array:
    """(T,) increasing thresholds that mark from a tenth of the volumes to the strangest voxel, and nothing that is 0."""
    values = np.concatenate([np.abs(map_)[core] for map_, core in zip(maps, cores, strict=True)])
    wanted = np.quantile(values, 1 - np.append(np.geomspace(WIDEST, 1 / len(values), LEVELS - 1), 0))
    return np.unique(np.maximum(wanted, np.finfo(np.float32).tiny))


@dataclass(frozen=True, eq=False)
class Froc:
    """The curve of many volumes, by subject."""

    thresholds: Array  # (T,) increasing
    found: Array  # (S, T) lesions
    lesions: Array  # (S,)
    false: Array  # (S, T) findings
    volumes: Array  # (S,)

    def sensitivity(self, weights: Array) -> Array:
        """(R, T) share of lesions found; weights (R, S)."""
        return share(self.found, self.lesions, weights)

    def false_findings(self, weights: Array) -> Array:
        """(R, T) per volume."""
        return share(self.false, self.volumes, weights)

    def within(self, budget: float, weights: Array) -> Array:
        """(R,) highest sensitivity at no more than so many false findings a volume; 0 where every threshold makes more."""
        sensitivity, allowed = self.sensitivity(weights), self.false_findings(weights) <= budget
        best = np.where(allowed, sensitivity, 0).max(1)
        return np.where(np.isnan(sensitivity).all(1), np.nan, best)


def froc(hits: Sequence[Hits], thresholds: Array, owner: Sequence[int], people: int) -> Froc:
    """Add up what was hit in each volume, by the subject (0 .. people - 1) it is of."""
    found, false = np.zeros((people, len(thresholds))), np.zeros((people, len(thresholds)))
    lesions, volumes = np.zeros(people), np.zeros(people)
    for one, who in zip(hits, owner, strict=True):
        found[who] += one.found.sum(0)
        false[who] += one.false
        lesions[who] += len(one.found)
        volumes[who] += 1
    return Froc(thresholds, found, lesions, false, volumes)

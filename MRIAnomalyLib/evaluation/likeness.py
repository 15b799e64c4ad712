"""How like real slices drawn ones are: in a fixed feature space that needs no download, and beside those that were learned from.

Frechet distance: Heusel et al., NeurIPS 2017. Precision and recall: Kynkaanniemi et al., NeurIPS 2019. Coverage: Naeem et al., ICML 2020.
The feature space is ours, convolutions that nobody trained: figures of different papers cannot be set beside these.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import torch
from sklearn.neighbors import NearestNeighbors
from torch import Tensor, nn

from ..records import Array

SPACE = "means and deviations of four layers of untrained convolutions, seed 0"
NEIGHBOURS = 5
_CHANNELS = (1, 16, 16, 16, 16)
_AT_ONCE = 64


@dataclass(frozen=True)
class Likeness:
    """Drawn slices beside real ones of people that nothing was learned from."""

    frechet: float  # between both, as normal laws in the feature space; 0 for the same
    precision: float  # share of drawn slices that lie among the real ones
    recall: float  # share of real slices that lie among the drawn ones
    coverage: float  # share of real slices with a drawn one as near as their own neighbours
    nearest: float  # how far drawn slices lie from the nearest learned one, over how far real ones do: near 0 for learned by heart


def likeness(drawn: Array, real: Array, learned: Array) -> Likeness:
    """Compare slices (N, 1, H, W) in standardised intensity; `learned` are those that the drawing network learned from."""
    ours, theirs = features(drawn), features(real)
    inside = _radii(theirs)
    return Likeness(
        frechet=frechet_distance(ours, theirs),
        precision=_share_inside(ours, theirs, inside),
        recall=_share_inside(theirs, ours, _radii(ours)),
        coverage=float((_nearest(theirs, ours) <= inside).mean()),
        nearest=float(np.median(_nearest(_flat(drawn), _flat(learned))) / np.median(_nearest(_flat(real), _flat(learned)))),
    )


@torch.no_grad()
def features(slices: Array) -> Array:
    """(N, F) mean and standard deviation of each channel of each layer of SPACE."""
    net = _layers()
    return np.concatenate([_told(net, torch.from_numpy(part).float()) for part in np.array_split(slices, -(-len(slices) // _AT_ONCE))])


def frechet_distance(some: Array, others: Array) -> float:
    """|m - m'|^2 + tr(C + C' - 2 (C C')^(1/2)) of the means and covariances of features (N, F)."""
    first, second = (np.cov(rows, rowvar=False) for rows in (some, others))
    common = np.sqrt(np.clip(np.linalg.eigvals(first @ second).real, 0, None)).sum()
    apart = np.square(some.mean(0) - others.mean(0)).sum()
    return float(apart + np.trace(first) + np.trace(second) - 2 * common)


def _layers() -> nn.ModuleList:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return nn.ModuleList(nn.Conv2d(given, made, 3, padding=1) for given, made in itertools.pairwise(_CHANNELS))


def _told(net: nn.ModuleList, x: Tensor) -> Array:
    told = []
    for layer in net:
        x = layer(x).relu()
        told += [x.mean((2, 3)), x.std((2, 3))]
        x = nn.functional.avg_pool2d(x, 2)
        x = x / x.square().mean(1, keepdim=True).mean((2, 3), keepdim=True).add(1e-8).sqrt()
    return torch.cat(told, 1).double().numpy()


def _radii(rows: Array) -> Array:
    """(N,) distance of each row from its NEIGHBOURS-th nearest other."""
    distances, _ = NearestNeighbors(n_neighbors=NEIGHBOURS + 1).fit(rows).kneighbors(rows)
    return distances[:, -1]


def _nearest(rows: Array, others: Array) -> Array:
    """(N,) distance of each row from the nearest of the others."""
    distances, _ = NearestNeighbors(n_neighbors=1).fit(others).kneighbors(rows)
    return distances[:, 0]


def _share_inside(rows: Array, others: Array, radii: Array) -> float:
    """Share of rows that lie within the radius of at least one of the others."""
    distances = np.linalg.norm(rows[:, None] - others[None], axis=2)
    return float((distances <= radii).any(1).mean())


def _flat(slices: Array) -> Array:
    return slices.reshape(len(slices), -1)

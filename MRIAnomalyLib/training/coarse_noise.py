"""Coarse noise: smooth bumps, brighter and darker, that a network learns to take away, as it then takes away what is not healthy.

From Kascenas et al., "Denoising Autoencoders for Unsupervised Anomaly Detection in Brain MRI" (MIDL 2022): a coarse grid of normal
numbers, enlarged, shifted and kept inside the head. Several grids and magnitudes keep a network from learning the look of one. Here the
grid goes on from its last column to its first, so that a shift leaves no seam. No reference code was copied.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class Coarseness:
    """Which bumps there are; each slice has one grid and one magnitude."""

    cells: Sequence[int]  # of the grids along one side of the image, which each divides
    magnitude: tuple[float, float]  # lowest and highest standard deviation at the nodes of a grid, standardised intensity
    clean_share: float  # of the slices: without noise, so that what is healthy is left as it is


def coarse_noise(mask: Tensor, bumps: Coarseness, random: torch.Generator) -> Tensor:
    """Noise (N, 1, S, S) for slices with these masks, 0 outside them; standardised intensity."""
    count, _, size, _ = mask.shape
    grids = torch.randint(len(bumps.cells), (count,), generator=random)
    noise = torch.stack([_bumps(size, bumps.cells[grid], random) for grid in grids])
    low, high = bumps.magnitude
    magnitude = low + (high - low) * torch.rand(count, 1, 1, 1, generator=random)
    noisy = torch.rand(count, 1, 1, 1, generator=random) >= bumps.clean_share
    return noise * magnitude * noisy * mask


def _bumps(size: int, cells: int, random: torch.Generator) -> Tensor:
    """(1, size, size) of standard deviation 1 at the nodes of the grid."""
    step = size // cells
    nodes = functional.pad(torch.randn(1, 1, cells, cells, generator=random), (1, 1, 1, 1), mode="circular")
    fine = functional.interpolate(nodes, scale_factor=step, mode="bilinear")[0, :, step:-step, step:-step]
    down, across = torch.randint(size, (2,), generator=random).tolist()
    return fine.roll((down, across), (1, 2))

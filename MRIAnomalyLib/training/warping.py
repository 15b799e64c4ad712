"""Gently bent slices: more shapes of head, ventricle and sulcus than the few people who were scanned."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

CELLS = 4  # of the coarse grid along one side whose nodes move; between them the movement is smooth


def warped(slices: Tensor, mask: Tensor, far: float, random: torch.Generator) -> tuple[Tensor, Tensor]:
    """Slices (N, 1, S, S) and masks bent alike; the nodes of a coarse grid move by `far` pixels (standard deviation) in each direction."""
    count, _, size, _ = slices.shape
    moves = functional.interpolate(torch.randn(count, 2, CELLS, CELLS, generator=random), size=size, mode="bicubic")
    place = torch.linspace(-1, 1, size)
    straight = torch.stack(torch.meshgrid(place, place, indexing="xy"), -1)
    bent = straight + (2 * far / (size - 1)) * moves.permute(0, 2, 3, 1)
    both = functional.grid_sample(torch.cat([slices, mask.float()], 1), bent, align_corners=True)
    return both[:, :1], both[:, 1:] > 0.5

"""Regions of irregular shape, from a few to many pixels: what a lesion may cover."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

CELLS = 6  # of coarse noise along one side of the image, whose hilltops are the regions
LARGEST = 1 / 6  # of the image, all regions of a slice together


def random_blobs(count: int, size: int, share: float, random: torch.Generator) -> Tensor:
    """Maps (count, 1, size, size) of 0 and 1; this share of the slices gets regions, the others none."""
    coarse = torch.randn(count, 1, CELLS, CELLS, generator=random)
    hills = functional.interpolate(coarse, size=size, mode="bicubic")
    covered = LARGEST * torch.rand(count, generator=random)
    heights = torch.stack([hill.quantile(1 - float(part)) for hill, part in zip(hills, covered, strict=True)])
    chosen = torch.rand(count, 1, 1, 1, generator=random) < share
    return ((hills > heights[:, None, None, None]) & chosen).float()

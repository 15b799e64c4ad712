"""Batches of normal slices for training, and the map between standardised intensity and what a network sees."""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor

from ..records import Array, SliceStack

BRIGHTNESS_SPREAD = 0.05  # gentle on purpose: stronger contrast changes cost a third of the sensitivity and gained nothing


def to_network(pixels: Tensor, intensity_top: float) -> Tensor:
    """Standardised intensity [0, intensity_top] -> [-1, 1]; what is brighter is clipped."""
    return pixels.clamp(0, intensity_top) * (2 / intensity_top) - 1


def from_network(slices: Tensor, intensity_top: float) -> Tensor:
    """[-1, 1] -> standardised intensity [0, intensity_top]."""
    return (slices + 1) * (intensity_top / 2)


class NormalSlices:
    """Seeded random batches; everything random comes from the generator given, whose state a checkpoint keeps.

    Slices are drawn with replacement, so that the state of the generator is all there is to resume from.
    """

    def __init__(self, normals: SliceStack, intensity_top: float, mirror: bool, random: torch.Generator) -> None:
        """Mirror doubles the anatomy of a symmetric organ by left-right flips; columns are the left-right axis."""
        self._pixels = torch.from_numpy(normals.pixels)
        self._top, self._mirror, self._random = intensity_top, mirror, random

    def batch(self, size: int) -> Tensor:
        """Random slices (size, 1, H, W) in [-1, 1], each flipped or not and a little brighter or darker."""
        rows = torch.randint(len(self._pixels), (size,), generator=self._random)
        slices = self._pixels[rows].float()
        if self._mirror:
            flipped = torch.rand(size, 1, 1, 1, generator=self._random) < 0.5
            slices = torch.where(flipped, slices.flip(-1), slices)
        brightness = 1 + BRIGHTNESS_SPREAD * torch.randn(size, 1, 1, 1, generator=self._random)
        return to_network(slices * brightness, self._top)


def fingerprint(pixels: Array) -> str:
    """SHA-256 of the training slices, so that a run is never resumed on other data."""
    return hashlib.sha256(pixels.tobytes()).hexdigest()

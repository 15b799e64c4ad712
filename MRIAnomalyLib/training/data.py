"""Batches of normal slices for training, and the map between standardised intensity and what a network sees."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import torch
from torch import Tensor

from ..errors import UsageError
from ..records import Array, SliceStack
from .warping import warped

BRIGHTNESS_SPREAD = 0.05  # gentle on purpose: stronger contrast changes cost a third of the sensitivity and gained nothing


def to_network(pixels: Tensor, intensity_top: float) -> Tensor:
    """Standardised intensity [0, intensity_top] -> [-1, 1]; what is brighter is clipped."""
    return pixels.clamp(0, intensity_top) * (2 / intensity_top) - 1


def from_network(slices: Tensor, intensity_top: float) -> Tensor:
    """[-1, 1] -> standardised intensity [0, intensity_top]."""
    return (slices + 1) * (intensity_top / 2)


def posed(stack: SliceStack, intensity_top: float, device: str) -> tuple[Tensor, Tensor]:
    """What a network is asked about: slices (N, 1, H, W) in [-1, 1], and their masks (N, 1, H, W) of bool."""
    slices = to_network(torch.from_numpy(stack.pixels).to(device).float(), intensity_top)
    return slices, torch.from_numpy(stack.mask).to(device)


@dataclass(frozen=True)
class Batch:
    """Normal slices as a network learns from them."""

    slices: Tensor  # (B, 1, H, W) standardised intensity
    mask: Tensor  # (B, 1, H, W) bool
    level: Tensor  # (B,) slice of the model's grid


class NormalSlices:
    """Seeded random batches; everything random comes from the generator given, whose state a checkpoint keeps.

    Slices are drawn with replacement, so that the state of the generator is all there is to resume from.
    """

    def __init__(self, normals: SliceStack, intensity_top: float, mirror: bool, random: torch.Generator, warp_px: float = 0.0) -> None:
        """Mirror doubles the anatomy of a symmetric organ by left-right flips; columns are the left-right axis. `warp_px`: see `warped`."""
        self._pixels, self._mask, self._level = (torch.from_numpy(part) for part in (normals.pixels, normals.mask, normals.level))
        self._top, self._mirror, self._random, self._warp_px = intensity_top, mirror, random, warp_px

    def draw(self, size: int) -> Batch:
        """Random slices, each flipped or not, bent, and a little brighter or darker."""
        rows = torch.randint(len(self._pixels), (size,), generator=self._random)
        slices, mask = self._pixels[rows].float(), self._mask[rows]
        if self._mirror:
            flipped = torch.rand(size, 1, 1, 1, generator=self._random) < 0.5
            slices, mask = (torch.where(flipped, part.flip(-1), part) for part in (slices, mask))
        if self._warp_px:
            slices, mask = warped(slices, mask, self._warp_px, self._random)
        brightness = 1 + BRIGHTNESS_SPREAD * torch.randn(size, 1, 1, 1, generator=self._random)
        return Batch(slices * brightness, mask, self._level[rows])

    def batch(self, size: int) -> Tensor:
        """The slices of `draw` (size, 1, H, W) in [-1, 1]."""
        return to_network(self.draw(size).slices, self._top)


def refuse_other_grid(normals: SliceStack, image_size: int, levels: int | None, colours: int = 1) -> None:
    """Say when slices do not lie on the grid that a network was made for; `levels` is None for one that does not know the place.

    Raises:
        UsageError: with the setting that would fit.
    """
    if normals.pixels.shape[1] != colours:
        raise UsageError(f"The slices have {normals.pixels.shape[1]} values a pixel, the network takes {colours}; set colours if it can.")
    if normals.pixels.shape[2:] != (image_size, image_size):
        raise UsageError(f"The slices are {normals.pixels.shape[2:]} pixels, the network takes {image_size}; set image_size.")
    if levels is not None and normals.level.max() >= levels:
        raise UsageError(f"The slices reach level {normals.level.max()}, the network knows {levels} levels; set levels.")


def fingerprint(pixels: Array) -> str:
    """SHA-256 of the training slices, so that a run is never resumed on other data."""
    return hashlib.sha256(pixels.tobytes()).hexdigest()

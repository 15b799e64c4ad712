"""A U-Net (Ronneberger et al. 2015) of two convolutions per level, with group normalisation: a slice's output depends on that slice only.

Pixels are first folded into channels two by two, and unfolded at the end: a quarter of the work at the finest level, which is where
nearly all of it would be.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

FOLD = 2  # pixels per side that are folded into channels
_COARSEST = 8  # pixels per side at the bottom, at most
_GROUPS = 8
_WIDTHS = (1, 2, 4, 4, 4, 4)  # channels of the levels in units of `width`


class UNet(nn.Module):
    """Channels (N, inputs, S, S) -> (N, outputs, S, S); S is a power of two, 16 or more."""

    def __init__(self, inputs: int, outputs: int, image_size: int, width: int) -> None:
        super().__init__()
        levels = max(2, int(math.log2(image_size / FOLD / _COARSEST)) + 1)
        channels = [width * share for share in _WIDTHS[:levels]]
        self.down = nn.ModuleList(_block(given, made) for given, made in zip([inputs * FOLD**2, *channels], channels, strict=False))
        self.up = nn.ModuleList(_block(channels[level + 1] + channels[level], channels[level]) for level in reversed(range(levels - 1)))
        self.out = nn.Conv2d(width, outputs * FOLD**2, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Down, and up again with what each level saw on the way down."""
        x = functional.pixel_unshuffle(x, FOLD)
        kept: list[Tensor] = []
        for level, block in enumerate(self.down):
            x = block(functional.avg_pool2d(x, 2) if level else x)
            kept.append(x)
        kept.pop()
        for block in self.up:
            x = block(torch.cat([functional.interpolate(x, scale_factor=2, mode="bilinear"), kept.pop()], 1))
        return functional.pixel_shuffle(self.out(x), FOLD)


def _block(given: int, made: int) -> nn.Sequential:
    return nn.Sequential(*_convolution(given, made), *_convolution(made, made))


def _convolution(given: int, made: int) -> list[nn.Module]:
    return [nn.Conv2d(given, made, 3, padding=1, bias=False), nn.GroupNorm(math.gcd(_GROUPS, made), made), nn.SiLU()]

"""The way back from slices to the styles that StyleGAN2 draws them by: a pyramid whose levels speak for coarse, middle and fine styles.

Written from Richardson et al., "Encoding in Style: a StyleGAN Encoder for Image-to-Image Translation" (CVPR 2021). No reference code was
copied. Normalisation is over channels and pixels of one slice, in the place of the paper's batch-norm.
"""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from .stylegan import Generator, channels_of, layers_of
from .wgan import Block

_SCALES = 3
_SMALLEST = 2  # pixels per side to which a head shrinks what it reads
_HEAD = 3  # times `width`: channels of a head


class StyleEncoder(nn.Module):
    """Slice (N, 1, image_size, image_size) -> styles (N, layers, latent_dim), as differences from the mean style."""

    def __init__(self, latent_dim: int, image_size: int, width: int) -> None:
        super().__init__()
        depth = max(_SCALES, image_size.bit_length() - 4)  # the coarsest level has 8 pixels per side, or an eighth of a small slice's
        all_levels = channels_of(image_size, width)
        channels = [*all_levels, all_levels[-1]][: depth + 1]
        self.first = nn.Conv2d(1, width, 3, padding=1)
        self.blocks = nn.ModuleList(Block(given, made, _norm, rises=False) for given, made in itertools.pairwise(channels))
        top = channels[-1]
        self.across = nn.ModuleList(nn.Conv2d(made, top, 1) for made in channels[-2:-4:-1])
        self.bands = bands(layers_of(image_size))
        sides = [image_size >> depth << scale for scale in range(_SCALES)]
        counts = [len(range(*band.indices(layers_of(image_size)))) for band in self.bands]
        self.heads = nn.ModuleList(_head(top, _HEAD * width, side, count, latent_dim) for side, count in zip(sides, counts, strict=True))

    def forward(self, slices: Tensor) -> Tensor:
        """The styles that these slices probably come from."""
        x, levels = self.first(slices), []
        for block in self.blocks:
            x = block(x)
            levels.append(x)
        seen = [levels[-1]]
        for level, across in zip(levels[-2:-4:-1], self.across, strict=True):
            seen.append(across(level) + interpolate(seen[-1], scale_factor=2, mode="bilinear"))
        return torch.cat([head(part) for head, part in zip(self.heads, seen, strict=True)], 1).float()


def bands(layers: int) -> tuple[slice, slice, slice]:
    """Which of so many styles are coarse, middle and fine: from 64 pixels on those of the paper, in a smaller slice a third each."""
    low, high = (3, 7) if layers >= 10 else (layers // 3, 2 * layers // 3)
    return slice(0, low), slice(low, high), slice(high, layers)


def _head(given: int, made: int, side: int, layers: int, latent_dim: int) -> nn.Module:
    """(N, given, side, side) -> (N, layers, latent_dim); starts at nothing, so that the first answer is the mean style."""
    parts: list[nn.Module] = []
    while side > _SMALLEST:
        parts += [nn.Conv2d(given, made, 3, stride=2, padding=1), nn.LeakyReLU(0.2)]
        given, side = made, side // 2
    styles = nn.Linear(given * side**2, layers * latent_dim)
    nn.init.zeros_(styles.weight)
    nn.init.zeros_(styles.bias)
    return nn.Sequential(*parts, nn.Flatten(), styles, nn.Unflatten(1, (layers, latent_dim)))


def _norm(channels: int) -> nn.Module:
    return nn.GroupNorm(1, channels)


class Decoder(nn.Module):
    """Differences from the mean style, end to end (N, layers * latent_dim) -> slices (N, 1, S, S), without noise."""

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, styles: Tensor) -> Tensor:
        """The slices of these styles."""
        centre = self.generator.centre
        return self.generator(centre + styles.unflatten(1, (-1, len(centre))))

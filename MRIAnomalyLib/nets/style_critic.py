"""The residual discriminator of StyleGAN2, whose features also tell how different two slices look.

Written from Karras et al., "Analyzing and Improving the Image Quality of StyleGAN" (CVPR 2020); features compared at several levels, each
brought to unit length, are those of Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric" (CVPR 2018).
No reference code was copied.
"""

from __future__ import annotations

import itertools
import math

import torch
from torch import Tensor, nn

from .equalised import EqualisedConvolution, EqualisedLinear, halved, lifted
from .stylegan import SMALLEST, channels_of

_GROUP = 4  # slices of a batch that are compared with each other


class Discriminator(nn.Module):
    """Slice (N, 1, image_size, image_size) -> logit of being real (N,)."""

    def __init__(self, image_size: int, width: int) -> None:
        super().__init__()
        channels = channels_of(image_size, width)
        self.first = EqualisedConvolution(1, channels[0], side=1)
        self.blocks = nn.ModuleList(FallingBlock(given, made) for given, made in itertools.pairwise(channels))
        self.last = EqualisedConvolution(channels[-1] + 1, channels[-1], side=3)
        self.hidden = EqualisedLinear(channels[-1] * SMALLEST**2, channels[-1])
        self.logit = EqualisedLinear(channels[-1], 1)

    @property
    def stages(self) -> list[nn.Module]:
        """The first convolution and the blocks, from the slice upwards."""
        return [self.first, *self.blocks]

    def forward(self, slices: Tensor) -> Tensor:
        """How real (N,), which also depends on how the slices beside it differ."""
        x = self._levels(slices)[-1]
        x = lifted(self.last(torch.cat([x, spread_in_groups(x)], 1)))
        return self.logit(lifted(self.hidden(x.flatten(1)))).flatten()

    def features(self, slices: Tensor) -> Tensor:
        """What the blocks see (N, F), of each slice alone: `perceptual` is the mean squared difference of two such."""
        levels = [level.float() for level in self._levels(slices)]
        unit = [level * (level.square().mean(1, keepdim=True) + 1e-8).rsqrt() for level in levels]
        count = sum(level[0].numel() for level in unit)
        # every level counts alike, however many values it has
        return torch.cat([level.flatten(1) * math.sqrt(count / len(unit) / level[0].numel()) for level in unit], 1)

    def _levels(self, slices: Tensor) -> list[Tensor]:
        x, levels = lifted(self.first(slices)), []
        for block in self.blocks:
            x = block(x)
            levels.append(x)
        return levels


class FallingBlock(nn.Module):
    """(N, given, S, S) -> (N, made, S / 2, S / 2), with a way around the convolutions."""

    def __init__(self, given: int, made: int) -> None:
        super().__init__()
        self.same, self.falling = EqualisedConvolution(given, given, side=3), EqualisedConvolution(given, made, side=3)
        self.short = EqualisedConvolution(given, made, side=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Both ways together, of the variance of either."""
        long = lifted(self.falling(halved(lifted(self.same(x)))))
        return (long + self.short(halved(x))) * math.sqrt(0.5)


def perceptual(features: Tensor, others: Tensor) -> Tensor:
    """How different slices look (N,), from their `Discriminator.features` (N, F)."""
    return (features - others).square().mean(1)


def spread_in_groups(x: Tensor) -> Tensor:
    """(N, 1, S, S): how much the slices of each group of neighbours in the batch differ, the same number at every pixel."""
    count = max(size for size in range(1, _GROUP + 1) if len(x) % size == 0)
    groups = x.float().unflatten(0, (-1, count))
    spread = (groups.var(1, correction=0) + 1e-8).sqrt().mean((1, 2, 3))
    return spread.repeat_interleave(count)[:, None, None, None].expand(-1, 1, *x.shape[2:]).to(x.dtype)

"""The generator of StyleGAN2 for slices: a latent vector becomes a style, and each layer draws in a style of its own.

Written from Karras et al., "Analyzing and Improving the Image Quality of StyleGAN" (CVPR 2020). No reference code was copied.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from .equalised import EqualisedLinear, doubled, lifted

SMALLEST = 4  # pixels per side where the generator starts and the discriminator ends
_WIDEST = 4  # times `width`
_SLOWNESS = 0.01  # of the mapping network, as in the paper

Noise = Callable[[int], Tensor]  # standard normal (N, 1, S, S) for a side S


class Generator(nn.Module):
    """Styles (N, layers, latent_dim) -> slices (N, 1, image_size, image_size), near [-1, 1] and without bounds."""

    centre: Tensor  # (latent_dim,)

    def __init__(self, latent_dim: int, image_size: int, width: int, mapping_layers: int) -> None:
        super().__init__()
        channels = channels_of(image_size, width)[::-1]
        self.mapping = Mapping(latent_dim, mapping_layers)
        self.start = nn.Parameter(torch.randn(channels[0], SMALLEST, SMALLEST))
        self.first = StyledLayer(channels[0], channels[0], latent_dim)
        pairs = list(itertools.pairwise(channels))
        self.rising = nn.ModuleList(StyledLayer(given, made, latent_dim, rises=True) for given, made in pairs)
        self.level = nn.ModuleList(StyledLayer(made, made, latent_dim) for _, made in pairs)
        self.grey = nn.ModuleList(ToGrey(made, latent_dim) for made in channels)
        self.layers = layers_of(image_size)
        self.register_buffer("centre", torch.zeros(latent_dim))  # the mean style, measured after training

    def forward(self, styles: Tensor, noise: Noise | None = None) -> Tensor:
        """The slices of these styles; without noise, its mean: nothing."""
        x = self.first(self.start.expand(len(styles), -1, -1, -1), styles[:, 0], noise)
        slices = self.grey[0](x, styles[:, 1])
        for number, (rising, level, grey) in enumerate(zip(self.rising, self.level, self.grey[1:], strict=True)):
            x = rising(x, styles[:, 2 * number + 1], noise)
            x = level(x, styles[:, 2 * number + 2], noise)
            slices = doubled(slices) + grey(x, styles[:, 2 * number + 3])
        return slices

    def styles(self, latent: Tensor, truncation: float = 1.0) -> Tensor:
        """Latent vectors (N, latent_dim) of the prior -> styles (N, layers, latent_dim), all layers alike, that far from the mean style."""
        style = self.mapping(latent)
        if truncation != 1:
            style = torch.lerp(self.centre, style, truncation)
        return style[:, None].expand(-1, self.layers, -1)


class Mapping(nn.Sequential):
    """Latent vector (N, d) of the prior -> style (N, d)."""

    def __init__(self, latent_dim: int, layers: int) -> None:
        super().__init__(*(EqualisedLinear(latent_dim, latent_dim, slowness=_SLOWNESS) for _ in range(layers)))

    def forward(self, latent: Tensor) -> Tensor:
        """The styles, from latent vectors brought to unit second moment."""
        x = latent * (latent.square().mean(1, keepdim=True) + 1e-8).rsqrt()
        for layer in self:
            x = lifted(layer(x))
        return x


class ModulatedConvolution(nn.Module):
    """A convolution whose kernel each slice scales by its own style: (N, given, S, S) and (N, latent_dim) -> (N, made, S, S).

    Channels that come in are multiplied by the style, and those that go out, with `demodulates`, divided by what that does to their
    variance: the same as a kernel for each slice (equations 1 to 3 of the paper), by one convolution for all.
    """

    def __init__(self, given: int, made: int, latent_dim: int, side: int, demodulates: bool = True) -> None:
        super().__init__()
        self.style = EqualisedLinear(latent_dim, given, bias=1.0)
        self.weight = nn.Parameter(torch.randn(made, given, side, side))
        self._scale, self._demodulates = 1 / math.sqrt(given * side**2), demodulates

    def forward(self, x: Tensor, w: Tensor, rises: bool = False) -> Tensor:
        """The convolution in this style; with `rises` the side is doubled on the way."""
        style, kernel = self.style(w), self.weight * self._scale
        x = x * style[:, :, None, None]
        x = functional.conv2d(doubled(x) if rises else x, kernel, padding=kernel.shape[-1] // 2)
        if not self._demodulates:
            return x
        with torch.autocast(x.device.type, enabled=False):
            variance = style.square() @ kernel.square().sum((2, 3)).T
        return x * (variance + 1e-8).rsqrt()[:, :, None, None]


class StyledLayer(nn.Module):
    """A modulated convolution, noise of a learned strength, bias and rectifier; with `rises` at twice the side."""

    def __init__(self, given: int, made: int, latent_dim: int, *, rises: bool = False) -> None:
        super().__init__()
        self.convolution = ModulatedConvolution(given, made, latent_dim, side=3)
        self.strength = nn.Parameter(torch.zeros(()))
        self.bias = nn.Parameter(torch.zeros(made))
        self._rises = rises

    def forward(self, x: Tensor, w: Tensor, noise: Noise | None) -> Tensor:
        """(N, given, S, S) -> (N, made, S or 2 S, S or 2 S)."""
        x = self.convolution(x, w, self._rises) + self.bias[:, None, None]
        if noise:
            x = x + self.strength * noise(x.shape[-1])
        return lifted(x)


class ToGrey(nn.Module):
    """What a level adds to the slice: (N, given, S, S) -> (N, 1, S, S)."""

    def __init__(self, given: int, latent_dim: int) -> None:
        super().__init__()
        self.convolution = ModulatedConvolution(given, 1, latent_dim, side=1, demodulates=False)
        self.bias = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """The grey values."""
        return self.convolution(x, w) + self.bias


def layers_of(image_size: int) -> int:
    """How many styles a slice has: 10 at 64 pixels, 14 at 256."""
    return 2 * (image_size.bit_length() - 1) - 2


def channels_of(image_size: int, width: int) -> list[int]:
    """Channels at the full side, half of it, ... down to 4."""
    count = image_size.bit_length() - SMALLEST.bit_length() + 1
    return [width * min(_WIDEST, 1 << level) for level in range(count)]

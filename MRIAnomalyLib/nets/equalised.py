"""What StyleGAN's networks are made of: layers with an equalised learning rate, and resampling through a low-pass filter.

Written from Karras et al., "Progressive Growing of GANs" (ICLR 2018) and "Analyzing and Improving the Image Quality of StyleGAN"
(CVPR 2020). No reference code was copied.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

_FILTER = (1.0, 3.0, 3.0, 1.0)  # along either axis


class EqualisedLinear(nn.Module):
    """(..., given) -> (..., made), always in float32: weights of unit variance, scaled where they are used, so that all learn alike."""

    def __init__(self, given: int, made: int, bias: float = 0.0, slowness: float = 1.0) -> None:
        """A bias that starts at this value; with a `slowness` below 1 the layer learns so much more slowly."""
        super().__init__()
        self.weight = nn.Parameter(torch.randn(made, given) / slowness)
        self.bias = nn.Parameter(torch.full((made,), bias / slowness))
        self._scale, self._slowness = slowness / math.sqrt(given), slowness

    def forward(self, x: Tensor) -> Tensor:
        """The linear map."""
        with torch.autocast(x.device.type, enabled=False):
            return functional.linear(x.float(), self.weight * self._scale, self.bias * self._slowness)


class EqualisedConvolution(nn.Module):
    """(N, given, S, S) -> (N, made, S, S); see `EqualisedLinear`."""

    def __init__(self, given: int, made: int, side: int, bias: bool = True) -> None:
        """With a kernel of side x side pixels."""
        super().__init__()
        self.weight = nn.Parameter(torch.randn(made, given, side, side))
        self.bias = nn.Parameter(torch.zeros(made)) if bias else None
        self._scale = 1 / math.sqrt(given * side**2)

    def forward(self, x: Tensor) -> Tensor:
        """The convolution."""
        return functional.conv2d(x, self.weight * self._scale, self.bias, padding=self.weight.shape[-1] // 2)


def lifted(x: Tensor) -> Tensor:
    """A leaky rectifier that keeps the variance of what goes through it near one."""
    return functional.leaky_relu(x, 0.2) * math.sqrt(2)


def doubled(x: Tensor) -> Tensor:
    """(N, C, S, S) -> (N, C, 2 S, 2 S) without the steps of pixels made two by two."""
    with torch.autocast(x.device.type, enabled=False):  # a filter for each channel is slow in bfloat16
        return functional.conv_transpose2d(x.float(), 4 * _kernel(x), stride=2, padding=1, groups=x.shape[1])


def halved(x: Tensor) -> Tensor:
    """(N, C, S, S) -> (N, C, S / 2, S / 2) without aliasing."""
    with torch.autocast(x.device.type, enabled=False):
        return functional.conv2d(x.float(), _kernel(x), stride=2, padding=1, groups=x.shape[1])


def _kernel(x: Tensor) -> Tensor:
    line = torch.tensor(_FILTER, device=x.device)
    return (torch.outer(line, line) / line.sum() ** 2).expand(x.shape[1], 1, -1, -1)

"""How far healthy slices lie from what a generator draws for them, place by place."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Noise(nn.Module):
    """A standard deviation per pixel of the model's grid, which travels with the weights."""

    maps = ("scale",)  # its buffers, which each training measures anew
    scale: Tensor  # (levels, H, W), in the range of the network, [-1, 1]

    def __init__(self, levels: int, image_size: int, start: float) -> None:
        """The same value `start` everywhere, until it is measured."""
        super().__init__()
        self.register_buffer("scale", torch.full((levels, image_size, image_size), start))

    def forward(self, level: Tensor) -> Tensor:
        """(N, 1, H, W) for slices at these levels (N,) of the model's grid."""
        return self.scale[level][:, None]

"""What a hidden part of a slice probably looks like, given the rest of it, its mirrored side and its place: mean and spread."""

from __future__ import annotations

import torch
from torch import Tensor

from .place import CONTRAST, FINEST, PLACE_CHANNELS, Place
from .unet import UNet

LOG_SPREAD = (-4.0, 3.0)  # natural logarithm of the spread, relative to FINEST


class Predictor(Place):
    """Mean and spread of hidden pixels."""

    def __init__(self, image_size: int, levels: int, width: int, mirror: bool) -> None:
        """See `forward`; without `mirror` the other side of the slice says nothing (one-sided anatomy)."""
        super().__init__(image_size, levels)
        self._mirror = mirror
        self.unet = UNet((4 if mirror else 2) + PLACE_CHANNELS, 2, image_size, width)

    def forward(self, slices: Tensor, hidden: Tensor, level: Tensor) -> tuple[Tensor, Tensor]:
        """Predict what is hidden; what it says of visible pixels means nothing.

        Args:
            slices: (N, 1, H, W) standardised intensity.
            hidden: (N, 1, H, W) 1 where the network must not look, on either side of the mirror.
            level: (N,) slice of the model's grid.

        Returns:
            mean and standard deviation (N, 1, H, W), standardised intensity.
        """
        # the mirrored side is hidden where it is hidden: else a pixel near the midline could be read off its own mirror image
        seen = self.relative(slices, level) * (1 - hidden)
        channels = [seen, hidden, *self.channels(level)]
        if self._mirror:
            channels += [seen.flip(-1), hidden.flip(-1)]
        answer = self.unet(torch.cat(channels, 1).contiguous(memory_format=torch.channels_last)).float()
        return self.mean[level][:, None] + CONTRAST * answer[:, :1], FINEST * answer[:, 1:].clamp(*LOG_SPREAD).exp()

"""A slice without its coarse noise, given its mirrored side and its place."""

from __future__ import annotations

import torch
from torch import Tensor

from .place import CONTRAST, PLACE_CHANNELS, Place
from .unet import UNet


class Restorer(Place):
    """Says what a noisy slice shows without its noise."""

    def __init__(self, image_size: int, levels: int, width: int, mirror: bool, masks: bool) -> None:
        """See `forward`; without `mirror` the other side of the slice says nothing (one-sided anatomy), without `masks` no logit."""
        super().__init__(image_size, levels)
        self._mirror = mirror
        self.unet = UNet((2 if mirror else 1) + PLACE_CHANNELS, 1 + masks, image_size, width)

    def forward(self, slices: Tensor, level: Tensor) -> Tensor:
        """Restore slices.

        Args:
            slices: (N, 1, H, W) standardised intensity.
            level: (N,) slice of the model's grid.

        Returns:
            (N, 1 or 2, H, W): restored, standardised intensity; and the logit that a pixel was changed much, if it is asked for.
        """
        seen = self.relative(slices, level)
        channels = [seen, *self.channels(level)]
        if self._mirror:
            channels.append(seen.flip(-1))
        answer = self.unet(torch.cat(channels, 1).contiguous(memory_format=torch.channels_last)).float()
        # from the healthy mean of the place, not from the slice: to leave a lesion in must be no easier than to take it off
        return torch.cat([self.mean[level][:, None] + CONTRAST * answer[:, :1], answer[:, 1:]], 1)

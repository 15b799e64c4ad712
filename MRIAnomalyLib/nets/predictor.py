"""What a hidden part of a slice probably looks like, given the rest of it, its mirrored side and its place: mean and spread."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .unet import UNet

CONTRAST = 0.3  # standardised intensity that counts as one in the network: about grey against white matter
FARTHEST = 4.0  # in that unit: one glaring voxel must not shift the normalisation of a whole slice
FINEST = 0.1  # standardised intensity: the spread that the network starts from
LOG_SPREAD = (-4.0, 3.0)  # natural logarithm of the spread, relative to that


class Predictor(nn.Module):
    """Mean and spread of hidden pixels; knows healthy mean and spread per place, which `learn_place` sets from the training slices."""

    mean: Tensor  # (levels, H, W)
    spread: Tensor

    def __init__(self, image_size: int, levels: int, width: int, mirror: bool) -> None:
        """See `forward`; without `mirror` the other side of the slice says nothing (one-sided anatomy)."""
        super().__init__()
        self._mirror = mirror
        self.register_buffer("mean", torch.zeros(levels, image_size, image_size))
        self.register_buffer("spread", torch.ones(levels, image_size, image_size))
        self.unet = UNet(9 if mirror else 7, 2, image_size, width)

    def forward(self, slices: Tensor, hidden: Tensor, level: Tensor) -> tuple[Tensor, Tensor]:
        """Predict what is hidden; what it says of visible pixels means nothing.

        Args:
            slices: (N, 1, H, W) standardised intensity.
            hidden: (N, 1, H, W) 1 where the network must not look, on either side of the mirror.
            level: (N,) slice of the model's grid.

        Returns:
            mean and standard deviation (N, 1, H, W), standardised intensity.
        """
        usual, spread = self.mean[level][:, None], self.spread[level][:, None]
        # the mirrored side is hidden where it is hidden: else a pixel near the midline could be read off its own mirror image
        seen = ((slices - usual) / CONTRAST).clamp(-FARTHEST, FARTHEST) * (1 - hidden)
        channels = [seen, hidden, usual / CONTRAST, spread / FINEST, *self._place(slices, level)]
        if self._mirror:
            channels += [seen.flip(-1), hidden.flip(-1)]
        answer = self.unet(torch.cat(channels, 1).contiguous(memory_format=torch.channels_last)).float()
        return usual + CONTRAST * answer[:, :1], FINEST * answer[:, 1:].clamp(*LOG_SPREAD).exp()

    def _place(self, slices: Tensor, level: Tensor) -> list[Tensor]:
        count, _, height, width = slices.shape
        shape = (count, 1, height, width)
        row = torch.linspace(-1, 1, height, device=slices.device)[:, None]
        column = torch.linspace(-1, 1, width, device=slices.device)
        slice_ = 2 * level.float() / max(1, len(self.mean) - 1) - 1
        return [row.expand(shape), column.expand(shape), slice_[:, None, None, None].expand(shape)]


@torch.no_grad()
def learn_place(predictor: Predictor, slices: Tensor, level: Tensor, mirror: bool) -> None:
    """Set mean and spread per place from training slices (N, 1, H, W); a level without any takes the nearest one's."""
    known = level.unique()
    for at in range(len(predictor.mean)):
        nearest = known[(known - at).abs().argmin()]
        here = slices[level == nearest, 0]
        both = torch.cat([here, here.flip(-1)]) if mirror else here
        predictor.mean[at], predictor.spread[at] = both.mean(0), both.std(0, correction=0) + FINEST / 2

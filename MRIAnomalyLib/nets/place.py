"""What a network may know of the place of a pixel: coordinates, and how healthy people look there."""

from __future__ import annotations

import torch
from torch import Tensor, nn

CONTRAST = 0.3  # standardised intensity that counts as one in the network: about grey against white matter
FARTHEST = 4.0  # in that unit: one glaring voxel must not shift the normalisation of a whole slice
FINEST = 0.1  # standardised intensity that counts as one for a spread
PLACE_CHANNELS = 5  # of `Place.channels`


class Place(nn.Module):
    """A network's knowledge of healthy mean and spread per place, which `learn_place` sets from the training slices."""

    maps = ("mean", "spread")  # its buffers, which each training measures anew
    mean: Tensor  # (levels, H, W)
    spread: Tensor

    def __init__(self, image_size: int, levels: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(levels, image_size, image_size))
        self.register_buffer("spread", torch.ones(levels, image_size, image_size))

    def relative(self, slices: Tensor, level: Tensor) -> Tensor:
        """Slices (N, 1, H, W) as they differ from the mean of their place, in units of CONTRAST."""
        return ((slices - self.mean[level][:, None]) / CONTRAST).clamp(-FARTHEST, FARTHEST)

    def channels(self, level: Tensor) -> list[Tensor]:
        """Mean, spread, row, column and slice of every pixel, each (N, 1, H, W), for slices at these levels (N,) of the model's grid."""
        usual, spread = self.mean[level][:, None], self.spread[level][:, None]
        height, width = usual.shape[2:]
        row = torch.linspace(-1, 1, height, device=level.device)[:, None]
        column = torch.linspace(-1, 1, width, device=level.device)
        slice_ = 2 * level.float() / max(1, len(self.mean) - 1) - 1
        return [usual / CONTRAST, spread / FINEST, *(one.expand_as(usual) for one in (row, column, slice_[:, None, None, None]))]


@torch.no_grad()
def learn_place(place: Place, slices: Tensor, level: Tensor, mirror: bool) -> None:
    """Set mean and spread per place from training slices (N, 1, H, W); a level without any takes the nearest one's."""
    known = level.unique()
    for at in range(len(place.mean)):
        nearest = known[(known - at).abs().argmin()]
        here = slices[level == nearest, 0]
        both = torch.cat([here, here.flip(-1)]) if mirror else here
        place.mean[at], place.spread[at] = both.mean(0), both.std(0, correction=0) + FINEST / 2

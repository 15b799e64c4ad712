"""The way back from slices to latent vectors: what makes a search of hundreds of steps one pass (f-AnoGAN, Schlegl et al. 2019)."""

from __future__ import annotations

from torch import Tensor, nn

from .wgan import features_of, trunk


class Encoder(nn.Module):
    """Slice (N, 1, image_size, image_size) -> latent vector (N, latent_dim) in [-reach, reach]; shaped like the critic."""

    def __init__(self, latent_dim: int, image_size: int, width: int, reach: float) -> None:
        super().__init__()
        self.trunk = trunk(image_size, width, nn.BatchNorm2d)
        self.latent = nn.Linear(features_of(image_size, width), latent_dim)
        self._reach = reach

    def forward(self, slices: Tensor) -> Tensor:
        """The latent vectors that these slices probably come from."""
        return self._reach * self.latent(self.trunk(slices)).tanh()

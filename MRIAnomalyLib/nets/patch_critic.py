"""A critic of small regions of a slice: the PatchGAN idea (Isola et al. 2017) with spectral normalisation (Miyato et al. 2018)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm


class PatchCritic(nn.Module):
    """Slices (N, 1, S, S) -> logits (N, 1, S / 4, S / 4), positive for real; each sees 26 pixels a side."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self._layers = nn.Sequential(*_convolution(1, width, 2), *_convolution(width, 2 * width, 2), *_convolution(2 * width, 4 * width, 1))
        self._logit = spectral_norm(nn.Conv2d(4 * width, 1, 3, padding=1))

    def features(self, slices: Tensor) -> Tensor:
        """Last hidden activation (N, C, S / 4, S / 4)."""
        return self._layers(slices)

    def verdict(self, features: Tensor) -> Tensor:
        """Logits from features."""
        return self._logit(features)

    def forward(self, slices: Tensor) -> Tensor:
        """Logits."""
        return self.verdict(self.features(slices))


def _convolution(given: int, made: int, stride: int) -> list[nn.Module]:
    kernel = 4 if stride == 2 else 3
    return [spectral_norm(nn.Conv2d(given, made, kernel, stride, 1)), nn.LeakyReLU(0.2)]

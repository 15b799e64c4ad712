"""Generator and critic of the Wasserstein GAN with gradient penalty: the residual pair of Gulrajani et al. 2017, as f-AnoGAN uses it.

Blocks normalise before they convolve. The critic normalises over channels and pixels of one slice, never over a batch: its gradient
penalty is a matter of single slices.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

from torch import Tensor, nn
from torch.nn import functional

_SMALLEST = 4  # pixels per side where the generator starts and the critic ends
_WIDEST = 8  # times `width`
Norm = Callable[[int], nn.Module]  # a normalisation of so many channels


class Generator(nn.Module):
    """Latent vector (N, latent_dim) -> slice (N, 1, image_size, image_size) in [-1, 1]."""

    def __init__(self, latent_dim: int, image_size: int, width: int) -> None:
        super().__init__()
        channels = _channels(image_size, width)[::-1]
        self.latent_dim = latent_dim
        self.start = nn.Linear(latent_dim, channels[0] * _SMALLEST**2)
        self.layers = nn.Sequential(
            nn.Unflatten(1, (channels[0], _SMALLEST, _SMALLEST)),
            *(Block(given, made, nn.BatchNorm2d, rises=True) for given, made in itertools.pairwise(channels)),
            nn.BatchNorm2d(channels[-1]),
            nn.ReLU(),
            nn.Conv2d(channels[-1], 1, 3, padding=1),
            nn.Tanh(),
        )

    def forward(self, latent: Tensor) -> Tensor:
        """The slices that these latent vectors stand for."""
        return self.layers(self.start(latent))


class Critic(nn.Module):
    """Slice (N, 1, image_size, image_size) -> how real it is (N,), without bounds."""

    def __init__(self, image_size: int, width: int) -> None:
        super().__init__()
        self.trunk = trunk(image_size, width, lambda channels: nn.GroupNorm(1, channels))
        self.judge = nn.Linear(features_of(image_size, width), 1)

    @property
    def stages(self) -> list[nn.Module]:
        """The first convolution and the blocks, from the slice upwards."""
        return [layer for layer in self.trunk if not isinstance(layer, nn.Flatten)]

    def features(self, slices: Tensor) -> Tensor:
        """Last activation (N, F)."""
        return self.trunk(slices)

    def forward(self, slices: Tensor) -> Tensor:
        """How real (N,)."""
        return self.judge(self.trunk(slices)).flatten()


def trunk(image_size: int, width: int, norm: Norm) -> nn.Sequential:
    """Slice (N, 1, image_size, image_size) -> features (N, F): what critic and encoder have in common but for the normalisation."""
    channels = _channels(image_size, width)
    blocks = [Block(given, made, norm, rises=False) for given, made in itertools.pairwise(channels)]
    return nn.Sequential(nn.Conv2d(1, width, 3, padding=1), *blocks, nn.Flatten())


def features_of(image_size: int, width: int) -> int:
    """How many features a trunk gives."""
    return _channels(image_size, width)[-1] * _SMALLEST**2


class Block(nn.Module):
    """A residual block that doubles or halves the side: (N, given, S, S) -> (N, made, 2 S, 2 S) or (N, made, S / 2, S / 2)."""

    def __init__(self, given: int, made: int, norm: Norm, *, rises: bool) -> None:
        super().__init__()
        between = made if rises else given
        first = RisingConvolution(given, made) if rises else _same(given, given)
        second = _same(made, made) if rises else FallingConvolution(given, made)
        self.long = nn.Sequential(norm(given), nn.ReLU(), first, norm(between), nn.ReLU(), second)
        self.short = nn.Conv2d(given, made, 1)
        self._rises = rises

    def forward(self, x: Tensor) -> Tensor:
        """The change, and the input carried over; both orders of its convolution and resampling are equal, the cheap one is taken."""
        if self._rises:
            return self.long(x) + functional.interpolate(self.short(x), scale_factor=2)
        return self.long(x) + self.short(functional.avg_pool2d(x, 2))


class RisingConvolution(nn.Conv2d):
    """Every pixel made two by two, then a 3 x 3 convolution, as one transposed 4 x 4 convolution, with 4 / 9 of the products."""

    def __init__(self, given: int, made: int) -> None:
        super().__init__(given, made, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, given, S, S) -> (N, made, 2 S, 2 S)."""
        kernel = 4 * _spread(self.weight.flip(2, 3)).transpose(0, 1)
        return functional.conv_transpose2d(x, kernel, self.bias, stride=2, padding=1)


class FallingConvolution(nn.Conv2d):
    """A 3 x 3 convolution, then the mean of two by two pixels, as one 4 x 4 convolution of stride 2, with 4 / 9 of the products."""

    def __init__(self, given: int, made: int) -> None:
        super().__init__(given, made, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, given, S, S) -> (N, made, S / 2, S / 2)."""
        return functional.conv2d(x, _spread(self.weight), self.bias, stride=2, padding=1)


def _spread(kernel: Tensor) -> Tensor:
    """A 3 x 3 kernel followed by the mean of two by two: 4 x 4."""
    return functional.avg_pool2d(functional.pad(kernel, (1, 1, 1, 1)), 2, 1)


def _same(given: int, made: int) -> nn.Conv2d:
    return nn.Conv2d(given, made, 3, padding=1)


def _channels(image_size: int, width: int) -> list[int]:
    """Channels at the full side, half of it, ... down to 4: at 64 pixels and width 64 those of the paper."""
    sides = [image_size >> level for level in range(image_size.bit_length() - _SMALLEST.bit_length() + 1)]
    return [width * min(_WIDEST, image_size // side) for side in sides]

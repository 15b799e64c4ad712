"""Generator and discriminator of AnoGAN: the deep convolutional pair of Radford et al. 2015 with kernel 4 throughout; and an encoder.

At 64 pixels and width 64 these are the networks of the AnoGAN knee study's Figure 4. The text of that study (ReLU in the
generator, leaky ReLU in the discriminator) is followed where its figure says otherwise.
"""

from __future__ import annotations

import copy
import itertools
from typing import TypeVar, cast

from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

Net = TypeVar("Net", bound=nn.Module)
_WIDEST = 8  # times `width`: 128 pixels get one more block, not one more doubling of the channels


def _channels(image_size: int, width: int) -> list[int]:
    """Channels at 4x4, 8x8, ... up to half the image size."""
    if image_size < 16 or image_size & (image_size - 1):
        raise ValueError(f"image_size is {image_size}; a power of two from 16 on is needed")
    sides = [4 << level for level in range(image_size.bit_length() - 3)]
    return [width * min(_WIDEST, image_size // (2 * side)) for side in sides]


class Generator(nn.Module):
    """Latent vector (N, latent_dim) -> slice (N, colours, image_size, image_size) in [-1, 1]."""

    def __init__(self, latent_dim: int, image_size: int, width: int, colours: int = 1) -> None:
        super().__init__()
        self.latent_dim = latent_dim
        channels = _channels(image_size, width)
        layers: list[nn.Module] = [*_rise(latent_dim, channels[0], stride=1, padding=0)]
        for wide, narrow in itertools.pairwise(channels):
            layers += _rise(wide, narrow)
        layers += [nn.ConvTranspose2d(channels[-1], colours, 4, 2, 1), nn.Tanh()]
        self.layers = nn.Sequential(*layers)
        _initialise(self)

    def forward(self, latent: Tensor) -> Tensor:
        """The slices that these latent vectors stand for."""
        return self.layers(latent[:, :, None, None])


class Discriminator(nn.Module):
    """Slice (N, colours, image_size, image_size) -> logit (N,), positive for real."""

    def __init__(self, image_size: int, width: int, colours: int = 1) -> None:
        super().__init__()
        channels = _channels(image_size, width)[::-1]
        self.layers = _trunk(channels, colours)
        self.logit = nn.Conv2d(channels[-1], 1, 4)
        _initialise(self)

    @property
    def stages(self) -> list[nn.Module]:
        """The layers below the logit in groups that each halve the side, from the slice upwards."""
        starts = [place for place, layer in enumerate(self.layers) if isinstance(layer, nn.Conv2d)]
        return [self.layers[first:last] for first, last in itertools.pairwise([*starts, len(self.layers)])]

    def features(self, slices: Tensor) -> Tensor:
        """Last hidden activation (N, C * 4 * 4); only comparable between slices in evaluation mode."""
        return self.layers(slices).flatten(1)

    def forward(self, slices: Tensor) -> Tensor:
        """Logit (N,)."""
        return self.logit(self.layers(slices)).flatten()


class TurnDiscriminator(Discriminator):
    """The same, which tells besides by how many quarter turns a slice was turned."""

    def __init__(self, image_size: int, width: int, colours: int = 1) -> None:
        super().__init__(image_size, width, colours)
        self.turn = nn.Conv2d(self.logit.in_channels, 4, 4)
        _initialise(self.turn)

    def turns(self, slices: Tensor) -> Tensor:
        """Logits (N, 4) of 0 to 3 quarter turns."""
        return self.turn(self.layers(slices)).flatten(1)


class Encoder(nn.Module):
    """Slice (N, colours, image_size, image_size) -> latent vector (N, latent_dim), without bounds; shaped like the discriminator."""

    def __init__(self, latent_dim: int, image_size: int, width: int, colours: int = 1) -> None:
        super().__init__()
        channels = _channels(image_size, width)[::-1]
        self.layers = _trunk(channels, colours)
        self.latent = nn.Conv2d(channels[-1], latent_dim, 4)
        _initialise(self)

    def forward(self, slices: Tensor) -> Tensor:
        """The latent vectors of these slices."""
        return self.latent(self.layers(slices)).flatten(1)


def fold_batch_norm(net: Net) -> Net:
    """A frozen evaluation copy with every batch-norm folded into the convolution before it: same output, less work."""
    folded = copy.deepcopy(net).eval().requires_grad_(False)
    for module in list(folded.modules()):
        if isinstance(module, nn.Sequential):
            _fold_pairs(module)
    return folded


def _fold_pairs(layers: nn.Sequential) -> None:
    for place, (layer, after) in enumerate(itertools.pairwise(list(layers))):
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d) and isinstance(after, nn.BatchNorm2d):
            layers[place] = fuse_conv_bn_eval(layer, after, transpose=isinstance(layer, nn.ConvTranspose2d))
            layers[place + 1] = nn.Identity()


def _trunk(channels: list[int], colours: int) -> nn.Sequential:
    """Slice (N, colours, S, S) -> (N, channels[-1], 4, 4): what discriminator and encoder have in common."""
    layers: list[nn.Module] = [nn.Conv2d(colours, channels[0], 4, 2, 1), nn.LeakyReLU(0.2)]
    for narrow, wide in itertools.pairwise(channels):
        layers += [nn.Conv2d(narrow, wide, 4, 2, 1, bias=False), nn.BatchNorm2d(wide), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers)


def _rise(wide: int, narrow: int, stride: int = 2, padding: int = 1) -> list[nn.Module]:
    return [nn.ConvTranspose2d(wide, narrow, 4, stride, padding, bias=False), nn.BatchNorm2d(narrow), nn.ReLU()]


def _initialise(net: nn.Module) -> None:
    """The DCGAN paper's start: small normal weights, batch-norm gains near one."""
    for module in net.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(module.weight, 0.0, 0.02)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(cast(Tensor, module.weight), 1.0, 0.02)

"""A slice through a narrow latent vector and back, and what a second encoder reads off the slice that came back (Akcay et al. 2018)."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from .dcgan import Encoder, Generator


@dataclass(frozen=True, eq=False)
class RoundTrip:
    """What slices became on the way."""

    latent: Tensor  # (N, d) of the slices
    drawn: Tensor  # (N, C, S, S) in [-1, 1]
    latent_again: Tensor | None  # (N, d) of what was drawn; without the auxiliary encoder there is none


class EncoderDecoder(nn.Module):
    """Encoder and decoder, and with `auxiliary` an encoder of the same shape, but weights of its own, behind them."""

    def __init__(self, latent_dim: int, image_size: int, width: int, auxiliary: bool, colours: int = 1) -> None:
        super().__init__()
        self.encoder = Encoder(latent_dim, image_size, width, colours)
        self.decoder = Generator(latent_dim, image_size, width, colours)
        self.auxiliary = Encoder(latent_dim, image_size, width, colours) if auxiliary else None

    def forward(self, slices: Tensor) -> RoundTrip:
        """Slices (N, C, S, S) in [-1, 1], there and back."""
        latent = self.encoder(slices)
        drawn = self.decoder(latent)
        return RoundTrip(latent, drawn, self.auxiliary(drawn) if self.auxiliary else None)

"""What an encoder learns by, while the generator that it is to invert stands still (f-AnoGAN, Schlegl et al. 2019)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import mse_loss

from ..nets.wgan import Critic

GOALS = ("izi", "ziz", "izi_f")  # ways of `encoder_loss`


def encoder_loss(
    encoder: nn.Module, generator: nn.Module, critic: Critic, slices: Tensor, latent: Tensor, goal: str, feature_weight: float
) -> Tensor:
    """What the encoder minimises, after the paper: from slice to slice, or from latent vector to latent vector.

        izi    mean (x - G(E(x)))^2
        izi_f  izi + feature_weight * mean (f(x) - f(G(E(x))))^2
        ziz    mean (z - E(G(z)))^2, which never sees a real slice

    Args:
        encoder: (B, 1, H, W) -> (B, d), the only one that learns.
        generator: (B, d) -> (B, 1, H, W).
        critic: gives the features.
        slices: (B, 1, H, W) in [-1, 1].
        latent: (B, d) of the prior.
        goal: of GOALS.
        feature_weight: kappa.
    """
    if goal == "ziz":
        return mse_loss(encoder(generator(latent)).float(), latent)
    redrawn = generator(encoder(slices))
    loss = mse_loss(redrawn.float(), slices)
    if goal == "izi":
        return loss
    return loss + feature_weight * mse_loss(critic.features(redrawn).float(), critic.features(slices).float())

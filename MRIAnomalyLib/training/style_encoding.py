"""What an encoder into styles learns by, while the generator that it is to invert stands still.

After Richardson et al., "Encoding in Style" (CVPR 2021), and f-AnoGAN (Schlegl et al. 2019).
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn.functional import l1_loss, mse_loss

from ..nets.style_critic import Discriminator, perceptual
from ..nets.stylegan import Generator


@dataclass(frozen=True)
class StyleGoal:
    """What the parts of the loss weigh; a part of weight 0 is not computed.

    f-AnoGAN's `izi` has the first alone, its `izi_f` the first two, its `ziz` the third alone.
    """

    image_weight: float  # mean |x - x'| and mean (x - x')^2
    perceptual_weight: float  # features of slices
    style_weight: float  # from style to style
    nearness_weight: float  # keeps styles near the mean style


def encoder_loss(
    encoder: nn.Module, generator: Generator, discriminator: Discriminator, slices: Tensor, styles: Tensor, goal: StyleGoal
) -> Tensor:
    """What the encoder minimises.

    Args:
        encoder: (B, 1, H, W) -> (B, layers, d) from the mean style, the only one that learns.
        generator: (B, layers, d) -> (B, 1, H, W).
        discriminator: gives the features.
        slices: (B, 1, H, W) in [-1, 1].
        styles: (B, layers, d) of the prior.
        goal: weights.
    """
    found = encoder(slices)
    redrawn = generator(generator.centre + found).float()
    loss = goal.nearness_weight * found.square().mean()
    if goal.image_weight:
        loss = loss + goal.image_weight * (l1_loss(redrawn, slices) + mse_loss(redrawn, slices))
    if goal.perceptual_weight:
        loss = loss + goal.perceptual_weight * perceptual(discriminator.features(slices), discriminator.features(redrawn)).mean()
    if goal.style_weight:
        loss = loss + goal.style_weight * mse_loss(generator.centre + encoder(generator(styles)), styles)
    return loss

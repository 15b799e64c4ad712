"""One step of StyleGAN2's game: non-saturating losses, and two penalties that are taken rarely.

Written from Karras et al., "Analyzing and Improving the Image Quality of StyleGAN" (CVPR 2020), section 3.2 and appendix B, and "Training
Generative Adversarial Networks with Limited Data" (NeurIPS 2020). No reference code was copied.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast as as_type

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from ..nets.stylegan import Generator, Noise
from .ada import Augmentation
from .adversarial import R1_EVERY, Player, cast, descend, squared_gradient
from .draws import Draws
from .together import processes, summed

PATH_EVERY = 4
_PATH_DECAY = 0.01  # share of the newest batch in the mean length


@dataclass(frozen=True)
class StyleRules:
    """What the two players agree on."""

    r1_gamma: float  # weight of the squared gradient at real slices, taken every R1_EVERY steps; 0 leaves it out
    path_weight: float  # of the penalty on uneven path lengths, taken every PATH_EVERY steps; 0 leaves it out
    mixing: float  # share of the slices that are drawn in two styles
    precision: str  # "bfloat16" or "float32" of the convolutions; weights, styles and losses are always float32


class PathLength(nn.Module):
    """How far a slice moves when its styles do, and the mean of that, from which it is to differ little."""

    mean: Tensor  # a in the paper

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(()))

    def penalty(self, generator: Generator, styles: Tensor, noise: Noise, direction: Tensor) -> Tensor:
        """Mean (|J' n| - a)^2 of these styles (N, layers, d), equation 4; a follows the lengths.

        Args:
            generator: of which J is the Jacobian by the styles.
            styles: of the slices.
            noise: as the generator takes it.
            direction: (N, 1, S, S) standard normal, of which n is made.
        """
        slices = generator(styles, noise)
        (gradient,) = torch.autograd.grad((slices * direction / math.sqrt(direction[0].numel())).sum(), styles, create_graph=True)
        lengths = gradient.square().sum(2).mean(1).sqrt()
        self.mean.lerp_(summed(lengths.detach().mean()) / processes(), _PATH_DECAY)
        return (lengths - self.mean).square().mean()


def play(
    generator: Player,
    discriminator: Player,
    real: Tensor,
    rules: StyleRules,
    augmentation: Augmentation,
    path: PathLength,
    draws: Draws,
    step: int,
) -> dict[str, float]:
    """Move the discriminator, then the generator against it, on one batch of real slices (B, 1, H, W) in [-1, 1].

    Returns:
        Mean loss of both, the share of real slices that the discriminator takes for such, the chance of a variation, and the penalties
        when they are taken.
    """
    net, judge = as_type(Generator, generator.net), discriminator.net
    styles = mixed_styles(net, len(real), rules.mixing, draws)
    with cast(real.device, rules.precision):
        fake = net(styles, draws.noise(len(real))).float()
        of_real, of_fake = judge(augmentation(real, draws)), judge(augmentation(fake.detach(), draws))
    loss = softplus(-of_real).mean() + softplus(of_fake).mean()
    descend(discriminator, loss)
    augmentation.hear(of_real)
    told = {"discriminator": loss.item(), "real": (of_real > 0).float().mean().item()}
    if rules.r1_gamma and step % R1_EVERY == 0:
        uneven = squared_gradient(lambda slices: judge(augmentation(slices, draws)), real)
        descend(discriminator, R1_EVERY * rules.r1_gamma / 2 * uneven)
        told["r1"] = uneven.item()
    judge.requires_grad_(False)  # spares a third of the backward pass
    with cast(real.device, rules.precision):
        judged = judge(augmentation(fake, draws))
    loss = softplus(-judged).mean()
    descend(generator, loss)
    judge.requires_grad_(True)
    told |= {"generator": loss.item(), "augmented": float(augmentation.chance)}
    if rules.path_weight and step % PATH_EVERY == 0:
        some = max(1, len(real) // 2)
        styles = mixed_styles(net, some, rules.mixing, draws)
        uneven = path.penalty(net, styles, draws.noise(some), draws.normal(*real[:some].shape))
        descend(generator, PATH_EVERY * rules.path_weight * uneven)
        told["path"] = uneven.item()
    return told


def mixed_styles(generator: Generator, count: int, share: float, draws: Draws) -> Tensor:
    """Styles (count, layers, d) of the prior; in that share of them the upper layers, from a random one on, have another style."""
    one, other = (generator.styles(draws.normal(count, generator.centre.shape[0])) for _ in range(2))
    cut = 1 + (draws.uniform(count, 1) * (generator.layers - 1)).floor()
    cut = torch.where(draws.uniform(count, 1) < share, cut, torch.full_like(cut, generator.layers))
    return torch.where((torch.arange(generator.layers, device=cut.device) < cut)[..., None], one, other)


def lazily(learning_rate: float, betas: tuple[float, float], every: int) -> tuple[float, tuple[float, float]]:
    """Adam's settings for a player with one step more, for its penalty, every so many steps: as fast as without (appendix B)."""
    share = every / (every + 1)
    return learning_rate * share, (betas[0] ** share, betas[1] ** share)

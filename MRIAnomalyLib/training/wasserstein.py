"""One step of the Wasserstein game with gradient penalty (Gulrajani et al. 2017).

The critic minimises E D(G(z)) - E D(x) + penalty_weight * E (|grad D(between)| - 1)^2, the generator -E D(G(z)).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .adversarial import Player, cast, descend

BETAS = (0.0, 0.9)  # of Adam: the paper's


@dataclass(frozen=True)
class WassersteinRules:
    """What the two players agree on."""

    critic_steps: int  # of the critic for each of the generator
    penalty_weight: float  # lambda in the paper
    precision: str  # "bfloat16" or "float32" of the convolutions; weights and losses are always float32


def play(
    generator: Player,
    critic: Player,
    real: Callable[[], Tensor],
    latent: Callable[[], Tensor],
    rules: WassersteinRules,
    random: torch.Generator,
) -> dict[str, float]:
    """Move the critic a few times, each on a fresh batch, then the generator against it.

    Args:
        generator: (B, d) -> (B, 1, H, W).
        critic: (B, 1, H, W) -> (B,).
        real: gives a batch of real slices (B, 1, H, W) in [-1, 1], on the device of both.
        latent: gives as many latent vectors (B, d).
        rules: of the game.
        random: draws the points at which the penalty is taken.

    Returns:
        Loss of both, and of the critic's last batch the penalty and the distance E D(x) - E D(G(z)): it falls as samples get better.
    """
    for _ in range(rules.critic_steps):
        told = _move_critic(generator.net, critic, real(), latent(), rules, random)
    critic.net.requires_grad_(False)  # spares a third of the backward pass
    wanted = latent()
    with cast(wanted.device, rules.precision):
        loss = -critic.net(generator.net(wanted)).float().mean()
    descend(generator, loss)
    critic.net.requires_grad_(True)
    return {**told, "generator": loss.item()}


def gradient_penalty(critic: nn.Module, real: Tensor, fake: Tensor, random: torch.Generator) -> Tensor:
    """Mean (|gradient| - 1)^2 of the critic by its input, at one random point between each real (B, 1, H, W) and fake slice."""
    share = torch.rand(len(real), 1, 1, 1, generator=random).to(real.device)
    between = torch.lerp(fake.float(), real, share).requires_grad_(True)
    (gradient,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    return (gradient.flatten(1).norm(dim=1) - 1).square().mean()


def _move_critic(
    generator: nn.Module, critic: Player, real: Tensor, latent: Tensor, rules: WassersteinRules, random: torch.Generator
) -> dict[str, float]:
    with cast(real.device, rules.precision):
        with torch.no_grad():
            fake = generator(latent)
        distance = critic.net(real).float().mean() - critic.net(fake).float().mean()
        penalty = gradient_penalty(critic.net, real, fake, random)
    loss = rules.penalty_weight * penalty - distance
    descend(critic, loss)
    return {"critic": loss.item(), "distance": distance.item(), "penalty": penalty.item()}

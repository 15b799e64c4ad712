"""A critic beside a network that makes slices: what it makes is to look real, so that healthy texture leaves no residual.

Hinge losses (Lim and Ye 2017), features of the critic that are to agree (Salimans et al. 2016), and a lazy gradient penalty.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..nets.patch_critic import PatchCritic
from .adversarial import R1_EVERY, Player, descend, squared_gradient

LEARNING_RATE = 2e-4  # of the critic: the DCGAN paper's


@dataclass(frozen=True)
class RealismRules:
    """What a critic's word is worth."""

    weight: float  # of its verdict, beside the network's own loss
    feature_weight: float  # of the difference of features, likewise
    r1_gamma: float  # weight of the squared gradient at real slices, taken every R1_EVERY steps
    since: int  # step from which there is a critic


class Realism:
    """A critic that learns beside the network it judges."""

    def __init__(self, width: int, rules: RealismRules, seed: int, device: str) -> None:
        """A critic with weights drawn from `seed`, leaving the program's own random state as it was."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.net = PatchCritic(width).to(device)
        self.player, self._rules = Player(self.net, LEARNING_RATE), rules

    def judge(self, real: Tensor, made: Tensor, step: int) -> tuple[Tensor, dict[str, float]]:
        """Move the critic on one batch (N, 1, H, W), then ask it.

        Returns:
            what the network that made them is to lower beside its own loss, and the losses of both sides to be logged.
        """
        if step < self._rules.since:
            return made.new_zeros(()), {"critic": 0.0, "realism": 0.0}
        loss = critic_loss(self.net(real), self.net(made.detach()))
        if step % R1_EVERY == 0:
            loss = loss + R1_EVERY * self._rules.r1_gamma / 2 * squared_gradient(self.net, real)
        descend(self.player, loss)
        self.net.requires_grad_(False)
        features = self.net.features(made)
        realism = realism_loss(self.net.verdict(features), features, self.net.features(real), self._rules)
        self.net.requires_grad_(True)
        return realism, {"critic": loss.item(), "realism": realism.item()}


def critic_loss(of_real: Tensor, of_made: Tensor) -> Tensor:
    """Hinge loss of logits: nothing is to be gained beyond +1 for real and -1 for made."""
    return (1 - of_real).relu().mean() + (1 + of_made).relu().mean()


def realism_loss(verdict: Tensor, features: Tensor, wanted: Tensor, rules: RealismRules) -> Tensor:
    """A poor verdict on slices that were made, and features that differ from those of the real ones."""
    return rules.feature_weight * (features - wanted).abs().mean() - rules.weight * verdict.mean()

import copy

import pytest
import torch
from torch import nn

from MRIAnomalyLib.nets.wgan import Critic, Generator
from MRIAnomalyLib.training.adversarial import Player
from MRIAnomalyLib.training.wasserstein import BETAS, WassersteinRules, gradient_penalty, play


class LinearCritic(nn.Module):
    """w . x, whose gradient is w everywhere."""

    def __init__(self, weight):
        super().__init__()
        self.weight = nn.Parameter(weight)

    def forward(self, slices):
        return slices.flatten(1) @ self.weight


def players():
    torch.manual_seed(0)
    return Player(Generator(4, 16, 4), 1e-3, BETAS), Player(Critic(16, 4), 1e-3, BETAS)


def game(critic_steps=1, penalty_weight=10.0, precision="float32"):
    """One step on batches counted as they are drawn."""
    generator, critic = players()
    random, drawn = torch.Generator().manual_seed(1), []

    def real():
        drawn.append("real")
        return torch.rand(8, 1, 16, 16, generator=random) * 2 - 1

    rules = WassersteinRules(critic_steps, penalty_weight, precision)
    losses = play(generator, critic, real, lambda: torch.randn(8, 4, generator=random), rules, random)
    return generator, critic, losses, drawn


def test_the_penalty_of_a_linear_critic_is_that_of_the_length_of_its_weights():
    weight = torch.randn(64, generator=torch.Generator().manual_seed(0))
    real, fake = torch.rand(2, 5, 1, 8, 8)
    penalty = gradient_penalty(LinearCritic(weight), real, fake, torch.Generator().manual_seed(0))
    assert penalty.item() == pytest.approx((weight.norm().item() - 1) ** 2, rel=1e-5)


def test_the_penalty_agrees_with_differences_of_the_critic_itself():
    torch.manual_seed(0)
    critic = Critic(16, 2).double()
    real, fake = torch.rand(2, 3, 1, 16, 16, dtype=torch.float64)
    share = torch.rand(3, 1, 1, 1, generator=torch.Generator().manual_seed(5))
    between, lengths = fake.float().lerp(real.float(), share).double(), []
    for slice_ in between:
        nudges = slice_ + 1e-5 * torch.eye(256, dtype=torch.float64).view(256, 1, 16, 16)
        back = 2 * slice_ - nudges
        with torch.no_grad():
            lengths.append(((critic(nudges) - critic(back)) / 2e-5).norm())
    wanted = (torch.stack(lengths) - 1).square().mean()
    penalty = gradient_penalty(critic.float(), real.float(), fake.float(), torch.Generator().manual_seed(5))
    assert penalty.item() == pytest.approx(wanted.item(), rel=1e-3)


def test_the_penalty_can_be_learned_from():
    critic = LinearCritic(3 * torch.ones(64))
    real, fake = torch.rand(2, 5, 1, 8, 8)
    gradient_penalty(critic, real, fake, torch.Generator()).backward()
    # d/dw (|w| - 1)^2 = 2 (|w| - 1) w / |w|; |w| = 24
    torch.testing.assert_close(critic.weight.grad, torch.full((64,), 2 * 23 * 3 / 24))


def test_losses_are_those_of_the_paper():
    *_, losses, _ = game()
    assert losses["critic"] == pytest.approx(10 * losses["penalty"] - losses["distance"], rel=1e-5)
    generator, critic = players()
    random = torch.Generator().manual_seed(1)
    real = torch.rand(8, 1, 16, 16, generator=random) * 2 - 1
    fake = generator.net(torch.randn(8, 4, generator=random))
    assert losses["distance"] == pytest.approx((critic.net(real).mean() - critic.net(fake).mean()).item(), rel=1e-4)


def test_a_step_moves_both_players_and_leaves_both_trainable():
    before = [copy.deepcopy(player.net) for player in players()]
    generator, critic, losses, _ = game()
    for old, player in zip(before, (generator, critic), strict=True):
        assert any(not torch.equal(a, b) for a, b in zip(old.parameters(), player.net.parameters(), strict=True))
        assert all(weight.requires_grad for weight in player.net.parameters())
    assert set(losses) == {"critic", "distance", "penalty", "generator"}


def test_the_critic_moves_as_often_as_the_rules_say_each_time_on_other_slices():
    _, critic, _, drawn = game(critic_steps=3)
    assert len(drawn) == 3
    assert {int(state["step"]) for state in critic.optimiser.state.values()} == {3}


def test_half_precision_gives_nearly_the_same_losses():
    exact, half = game()[2], game(precision="bfloat16")[2]
    assert half != exact
    assert half["penalty"] == pytest.approx(exact["penalty"], rel=0.02)

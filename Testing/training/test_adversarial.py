import copy
import math

import numpy as np
import pytest
import torch
from ellipses import ellipses
from torch import nn

from MRIAnomalyLib.nets.dcgan import Discriminator, Generator
from MRIAnomalyLib.training.adversarial import GameRules, Player, follow, play, samples, settle_on_prior, settle_on_slices, squared_gradient
from MRIAnomalyLib.training.data import NormalSlices

RULES = GameRules(batch_size=8, real_label=0.9, r1_gamma=0.0, precision="float32")


def players():
    torch.manual_seed(0)
    return Player(Generator(4, 16, 4), 2e-4), Player(Discriminator(16, 4), 2e-4)


def one_step(rules=RULES, step=0):
    generator, discriminator = players()
    torch.manual_seed(1)
    losses = play(generator, discriminator, torch.rand(8, 1, 16, 16) * 2 - 1, torch.randn(8, 4), rules, step)
    return generator.net, discriminator.net, losses


def test_a_step_moves_both_players_and_leaves_both_trainable():
    before = [copy.deepcopy(player.net) for player in players()]
    *after, losses = one_step()
    for old, new in zip(before, after, strict=True):
        assert all(not torch.equal(a, b) for a, b in zip(old.parameters(), new.parameters(), strict=True))
        assert all(weight.requires_grad for weight in new.parameters())
    assert set(losses) == {"discriminator", "generator", "real", "fake"}


def test_an_undecided_discriminator_has_the_loss_of_two_coin_tosses():
    generator, discriminator = players()
    nn.init.zeros_(discriminator.net.logit.weight)
    nn.init.zeros_(discriminator.net.logit.bias)
    losses = play(generator, discriminator, torch.rand(8, 1, 16, 16), torch.randn(8, 4), RULES, 1)
    assert losses["discriminator"] == pytest.approx(2 * 0.6931, abs=1e-3)
    assert losses["real"] == losses["fake"] == 0.5


def test_both_losses_are_those_computed_by_hand():
    generator, discriminator = players()
    nn.init.zeros_(discriminator.net.logit.weight)
    nn.init.constant_(discriminator.net.logit.bias, 2.0)
    discriminator.optimiser.param_groups[0]["lr"] = 0.0  # the generator is to meet the same discriminator
    losses = play(generator, discriminator, torch.rand(8, 1, 16, 16), torch.randn(8, 4), RULES, 1)
    real = 1 / (1 + math.exp(-2))
    assert losses["discriminator"] == pytest.approx(-0.9 * math.log(real) - 0.1 * math.log(1 - real) - math.log(1 - real), rel=1e-5)
    assert losses["generator"] == pytest.approx(-math.log(real), rel=1e-5)
    assert losses["real"] == pytest.approx(real, rel=1e-5)


def test_the_gradient_penalty_of_a_linear_discriminator_is_the_squared_length_of_its_weights():
    linear = nn.Sequential(nn.Flatten(), nn.Linear(64, 1))
    assert squared_gradient(linear, torch.rand(3, 1, 8, 8)).item() == pytest.approx(linear[1].weight.square().sum().item(), rel=1e-5)


def test_the_gradient_penalty_is_taken_every_sixteenth_step_only():
    penalised = GameRules(8, 0.9, 10.0, "float32")
    at_0, at_1 = one_step(penalised, 0)[2], one_step(penalised, 1)[2]
    assert at_0["discriminator"] > one_step(RULES, 0)[2]["discriminator"]
    assert at_1["discriminator"] == one_step(RULES, 1)[2]["discriminator"]


def test_half_precision_gives_nearly_the_same_losses():
    exact, half = one_step()[2], one_step(GameRules(8, 0.9, 0.0, "bfloat16"))[2]
    assert half != exact
    assert half["discriminator"] == pytest.approx(exact["discriminator"], rel=0.02)


def test_the_average_follows_the_formula():
    net, average = nn.Linear(2, 2), nn.Linear(2, 2)
    was, new = average.weight.detach().clone(), net.weight.detach().clone()
    follow(average, net, 0.999, step=1_000_000)
    torch.testing.assert_close(average.weight.detach(), 0.999 * was + 0.001 * new)
    follow(average, net, 0.999, step=0)  # early: decay is 1 / 10
    torch.testing.assert_close(average.weight.detach(), 0.1 * (0.999 * was + 0.001 * new) + 0.9 * new)


def test_settled_statistics_make_evaluation_agree_with_training_mode():
    generator, discriminator = (player.net for player in players())
    data = NormalSlices(ellipses(64, 16), 1.5, True, torch.Generator().manual_seed(0))
    settle_on_prior(generator, batch_size=32, latent_dim=4, seed=0)
    settle_on_slices(discriminator, data, batch_size=32)
    latent, slices = torch.randn(512, 4, generator=torch.Generator().manual_seed(9)), data.batch(512)
    with torch.no_grad():
        evaluated = generator(latent), discriminator.features(slices)
        trained = generator.train()(latent), discriminator.train().features(slices)
    for one, other in zip(evaluated, trained, strict=True):
        assert (one - other).abs().mean() < 0.05 * other.std()


def test_samples_are_intensities_and_repeat():
    generator = players()[0].net.eval()
    drawn = samples(generator, 9, 4, 1.5, seed=4)
    assert drawn.shape == (9, 1, 16, 16)
    assert 0 <= drawn.min() < drawn.max() <= 1.5
    assert np.array_equal(drawn, samples(generator, 9, 4, 1.5, seed=4))
    assert not np.array_equal(drawn, samples(generator, 9, 4, 1.5, seed=5))


def test_frozen_layers_keep_weights_and_statistics_through_a_step_and_the_settling():
    torch.manual_seed(0)
    net, generator = Discriminator(32, 4), Player(Generator(4, 32, 4), 1e-3)
    low, high = net.stages[:2], nn.Sequential(*net.stages[2:], net.logit)
    before = copy.deepcopy(net.stages)
    play(generator, Player(net, 1e-3, frozen=low), torch.rand(8, 1, 32, 32), torch.randn(8, 4), GameRules(8, 0.9, 0.1, "float32"), 0)
    settle_on_slices(high, NormalSlices(ellipses(16, 32), 1.5, True, torch.Generator().manual_seed(0)), 8, low)
    for place, (was, now) in enumerate(zip(before, net.stages, strict=True)):
        same = [torch.equal(value, now.state_dict()[key]) for key, value in was.state_dict().items()]
        assert all(same) if place < 2 else not any(same)

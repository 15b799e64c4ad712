import copy
import math

import pytest
import torch

from MRIAnomalyLib.nets.style_critic import Discriminator
from MRIAnomalyLib.nets.stylegan import Generator
from MRIAnomalyLib.training.ada import Augmentation, moved
from MRIAnomalyLib.training.adversarial import Player, squared_gradient
from MRIAnomalyLib.training.draws import Draws
from MRIAnomalyLib.training.style_game import PathLength, StyleRules, lazily, mixed_styles, play


def draws():
    return Draws(torch.Generator().manual_seed(0), "cpu")


def players():
    torch.manual_seed(0)
    return Player(Generator(8, 16, 4, 2), 1e-3), Player(Discriminator(16, 4), 1e-3)


def one_step(rules, step=0, verdict=None):
    generator, discriminator = players()
    if verdict is not None:
        torch.nn.init.zeros_(discriminator.net.logit.weight)
        torch.nn.init.constant_(discriminator.net.logit.bias, verdict)
        discriminator.optimiser.param_groups[0]["lr"] = 0.0  # the generator is to meet the same discriminator
    real = torch.rand(8, 1, 16, 16, generator=torch.Generator().manual_seed(1)) * 2 - 1
    losses = play(generator, discriminator, real, rules, Augmentation(1.0, 0.6), PathLength(), draws(), step)
    return generator.net, discriminator.net, losses


def test_a_step_moves_both_players_and_leaves_both_trainable():
    before = [copy.deepcopy(player.net) for player in players()]
    *after, losses = one_step(StyleRules(0.1, 2.0, 0.9, "float32"))
    for old, new in zip(before, after, strict=True):
        changed = [not torch.equal(a, b) for a, b in zip(old.parameters(), new.parameters(), strict=True)]
        assert sum(changed) / len(changed) > 0.9
        assert all(weight.requires_grad for weight in new.parameters())
    assert set(losses) == {"discriminator", "real", "r1", "generator", "augmented", "path"}


def test_penalties_are_taken_rarely_and_not_at_all_without_a_weight():
    told = [
        set(one_step(StyleRules(*weights, 0.9, "float32"), step)[2])
        for weights, step in (((1.0, 1.0), 4), ((1.0, 1.0), 1), ((0.0, 0.0), 0))
    ]
    assert told[0] - told[1] == {"path"}
    assert told[1] == told[2]


def test_both_losses_are_those_computed_by_hand():
    losses = one_step(StyleRules(0.0, 0.0, 0.9, "float32"), verdict=2.0)[2]
    assert losses["discriminator"] == pytest.approx(math.log1p(math.exp(-2)) + math.log1p(math.exp(2)), rel=1e-5)
    assert losses["generator"] == pytest.approx(math.log1p(math.exp(-2)), rel=1e-5)
    assert losses["real"] == 1


def test_the_gradient_penalty_through_a_variation_is_that_of_finite_differences():
    turned = torch.tensor([[[0.8, -0.6, 0.1], [0.6, 0.8, 0.0], [0.0, 0.0, 1.0]]], dtype=torch.float64).repeat(2, 1, 1)
    slices = torch.rand(2, 1, 4, 4, dtype=torch.float64)

    def verdict(x):
        return moved(x, turned).pow(3).sum((1, 2, 3))

    steps = 1e-6 * torch.eye(16, dtype=torch.float64).view(16, 1, 4, 4)
    by_hand = [((verdict(slices + step) - verdict(slices - step)) / 2e-6).square() for step in steps]
    torch.testing.assert_close(squared_gradient(verdict, slices), torch.stack(by_hand).sum(0).mean(), rtol=1e-6, atol=0)


def test_path_lengths_are_those_of_finite_differences_and_the_mean_follows_them():
    random, path = torch.Generator().manual_seed(0), PathLength().double()
    way, styles, direction = (torch.randn(*shape, generator=random, dtype=torch.float64) for shape in ((6, 16), (3, 2, 3), (3, 1, 4, 4)))

    def draw(styles, noise=None):
        return (styles.flatten(1) @ way).sin().view(-1, 1, 4, 4)

    def along(styles):
        return (draw(styles) * direction).sum((1, 2, 3)) / 4  # the root of 16 pixels

    steps = 1e-6 * torch.eye(6, dtype=torch.float64).view(6, 1, 2, 3)
    slopes = torch.stack([(along(styles + step) - along(styles - step)) / 2e-6 for step in steps])
    lengths = slopes.square().sum(0).div(2).sqrt()  # mean over two layers
    penalty = path.penalty(draw, styles.requires_grad_(True), None, direction)
    torch.testing.assert_close(path.mean, 0.01 * lengths.mean(), rtol=1e-6, atol=0)
    torch.testing.assert_close(penalty, (lengths - path.mean).square().mean(), rtol=1e-6, atol=0)


def test_a_share_of_slices_is_drawn_in_two_styles():
    generator = players()[0].net
    mixed = [
        (styles != styles[:, :1]).any((1, 2)).float().mean()
        for styles in (mixed_styles(generator, 200, share, draws()) for share in (0, 0.5, 1))
    ]
    assert mixed[0] == 0
    assert 0.4 < mixed[1] < 0.6
    assert mixed[2] == 1


def test_lower_layers_have_the_first_style_and_upper_ones_the_second():
    styles = mixed_styles(players()[0].net, 50, 1.0, draws())
    changes = (styles[:, 1:] != styles[:, :-1]).any(2).sum(1)
    assert (changes == 1).all()


def test_a_player_with_a_step_more_now_and_then_learns_as_fast_as_without():
    rate, betas = lazily(1e-3, (0.0, 0.99), 4)
    assert rate == pytest.approx(0.8e-3)
    assert betas == (0, pytest.approx(0.99**0.8))

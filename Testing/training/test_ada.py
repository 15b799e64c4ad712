import copy

import numpy as np
import pytest
import torch

from MRIAnomalyLib.nets.style_critic import Discriminator
from MRIAnomalyLib.nets.stylegan import Generator
from MRIAnomalyLib.training.ada import MOST, Augmentation, moved
from MRIAnomalyLib.training.adversarial import Player, follow
from MRIAnomalyLib.training.draws import Draws
from MRIAnomalyLib.training.style_game import PathLength, StyleRules, play


def draws(seed=0):
    return Draws(torch.Generator().manual_seed(seed), "cpu")


def augmentation(chance):
    one = Augmentation(kimg=1.0, target=0.6)
    one.chance.fill_(chance)
    return one


def heard(verdict, chance=0.4, times=400):
    one = augmentation(chance)
    for _ in range(times):
        one.hear(verdict)
    return float(one.chance)


def test_the_chance_rises_up_to_its_bound_when_the_discriminator_is_sure_and_falls_to_nothing_otherwise():
    assert heard(torch.full((10,), 3.0)) == pytest.approx(MOST)
    assert heard(torch.randn(1000, generator=torch.Generator().manual_seed(0))[:10]) == 0
    assert heard(-torch.ones(10)) == 0


def test_the_chance_goes_from_nothing_to_one_in_so_many_slices():
    assert heard(torch.ones(10), chance=0.0, times=40) == pytest.approx(0.4)  # 400 of 1,000 slices
    assert heard(torch.ones(10), chance=0.0, times=3) == 0  # not before the fourth batch


def test_without_a_chance_slices_stay_as_they_are_and_with_one_many_change():
    slices = torch.rand(200, 1, 16, 16, generator=torch.Generator().manual_seed(1))
    assert torch.equal(augmentation(0.0)(slices, draws()), slices)
    same = [(augmentation(chance)(slices, draws()) - slices).abs().amax((1, 2, 3)) < 1e-4 for chance in (0.05, 0.8)]
    assert same[0].float().mean() > 0.5
    assert same[1].float().mean() < 0.05


def test_moving_by_nothing_by_a_pixel_and_to_the_mirror_image_is_exact():
    slices = torch.rand(1, 1, 8, 8)
    matrix = torch.eye(3)[None]
    torch.testing.assert_close(moved(slices, matrix), slices)
    mirrored, beside = matrix.clone(), matrix.clone()
    mirrored[:, 0, 0] = -1
    torch.testing.assert_close(moved(slices, mirrored), slices.flip(-1), atol=1e-5, rtol=0)
    beside[:, 0, 2] = 2 / 8
    torch.testing.assert_close(moved(slices, beside)[..., :-1], slices[..., 1:], atol=1e-5, rtol=0)


def test_the_gradient_goes_through_a_move_twice():
    turned = torch.tensor([[[0.8, -0.6, 0.1], [0.6, 0.8, 0.0], [0.0, 0.0, 1.0]]], dtype=torch.float64)
    slices = torch.rand(1, 1, 4, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(lambda x: moved(x, turned) ** 3, slices)


def one_sided(count=64):
    """Slices whose left half is bright: none of them is ever seen flipped."""
    slices = np.full((count, 1, 16, 16), -0.8, np.float32)
    slices[..., :8] = np.random.default_rng(0).uniform(0.4, 0.8, (count, 1, 1, 1))
    return torch.from_numpy(slices)


def test_drawn_slices_do_not_carry_the_variations_that_the_discriminator_sees():
    torch.manual_seed(0)
    generator, discriminator = Player(Generator(8, 16, 4, 2), 4e-3, (0.0, 0.99)), Player(Discriminator(16, 4), 4e-3, (0.0, 0.99))
    pipe, random, real = augmentation(0.6), draws(), one_sided()
    pipe.hear = lambda verdicts: None  # the chance stays
    average, rules = copy.deepcopy(generator.net), StyleRules(0.1, 0.0, 0.9, "float32")
    for step in range(50):
        batch = real[(random.uniform(16) * len(real)).long()]
        play(generator, discriminator, batch, rules, pipe, PathLength(), random, step)
        follow(average, generator.net, 0.9, step)
    with torch.no_grad():
        drawn = average(average.styles(random.normal(200, 8)), random.noise(200))
        brighter = [
            (slices[..., :8].mean((1, 2, 3)) > slices[..., 8:].mean((1, 2, 3))).float().mean() for slices in (drawn, pipe(real, random))
        ]
    assert brighter[0] > 0.9 > brighter[1]  # the second: what the discriminator sees of the real ones


def test_a_state_that_was_kept_goes_on_as_it_was():
    one, other = augmentation(0.3), augmentation(0.0)
    one.hear(torch.ones(10))
    other.load_state_dict(one.state_dict())
    for pipe in (one, other):
        for _ in range(3):
            pipe.hear(torch.ones(10))
    assert one.chance == other.chance > 0.3

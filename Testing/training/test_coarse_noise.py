import pytest
import torch

from MRIAnomalyLib.training.coarse_noise import Coarseness, coarse_noise

PAPER = Coarseness(cells=(16,), magnitude=(0.2, 0.2), clean_share=0.0)


def random(seed=0):
    return torch.Generator().manual_seed(seed)


def test_noise_of_the_papers_grid_has_two_thirds_of_its_magnitude_and_none_outside_the_mask():
    mask = torch.zeros(200, 1, 128, 128)
    mask[..., 20:100, 30:110] = 1
    noise = coarse_noise(mask, PAPER, random())
    inside = noise[..., 20:100, 30:110]
    assert inside.square().mean().sqrt().item() == pytest.approx(0.2 * 2 / 3, rel=0.03)  # what bilinear interpolation leaves of it
    assert noise.abs().sum().item() == pytest.approx(inside.abs().sum().item())


def test_noise_is_coarse_and_goes_round_the_edge_without_a_seam():
    noise = coarse_noise(torch.ones(100, 1, 64, 64), PAPER, random())
    power = torch.fft.fft2(noise).abs().square().mean((0, 1))
    along = torch.fft.fftfreq(64).abs() * 64
    slow = (along[:, None] <= 12) & (along[None] <= 12)
    assert power[slow].sum() > 0.95 * power.sum()
    step_inside, step_round = noise.diff(dim=-1).abs().mean(), (noise[..., -1] - noise[..., 0]).abs().mean()
    assert step_round.item() == pytest.approx(step_inside.item(), rel=0.15)


def test_slices_differ_in_size_and_magnitude_of_their_bumps_and_some_stay_clean():
    bumps = Coarseness(cells=(4, 32), magnitude=(0.1, 0.4), clean_share=0.25)
    noise = coarse_noise(torch.ones(400, 1, 64, 64), bumps, random())
    spread = noise.std((1, 2, 3))
    assert 0.15 < (spread == 0).float().mean() < 0.35
    noisy = spread > 0
    roughness = (noise.diff(dim=-1).square().mean((1, 2, 3)).sqrt() / spread)[noisy]
    assert 0.35 < (roughness > 0.4).float().mean() < 0.65
    assert spread[noisy].max() > 3 * spread[noisy].min()


def test_the_same_generator_state_gives_the_same_noise_and_the_next_draw_another():
    mask, one = torch.ones(4, 1, 32, 32), random(3)
    first = coarse_noise(mask, PAPER, one)
    assert torch.equal(first, coarse_noise(mask, PAPER, random(3)))
    assert not torch.equal(first, coarse_noise(mask, PAPER, one))

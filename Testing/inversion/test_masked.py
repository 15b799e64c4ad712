from dataclasses import replace

import pytest
import torch
from torch import nn

from MRIAnomalyLib.errors import Cancelled
from MRIAnomalyLib.inversion.masked import MaskSettings, masked_search

SIDE, LATENT = 24, 6
SETTINGS = MaskSettings(steps=160, precision="float32", learning_rate=0.1, prior_weight=0.0, rows_at_once=4)
NOISE = 0.05


class Waves(nn.Module):
    """G(z): a sum of slow waves, so that a sharp disc is none of its own."""

    def __init__(self):
        super().__init__()
        place = torch.linspace(0, torch.pi, SIDE)
        waves = [torch.outer((down * place).cos(), (across * place).cos()) for down in range(2) for across in range(3)]
        self.register_parameter("waves", nn.Parameter(torch.stack(waves).flatten(1)))

    def forward(self, latent):
        return 0.2 * (latent @ self.waves).view(-1, 1, SIDE, SIDE)


def disc():
    down, across = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    return ((down - 9) ** 2 + (across - 14) ** 2 <= 5**2).expand(6, 1, SIDE, SIDE)


@pytest.fixture(scope="module")
def clean():
    torch.manual_seed(0)
    latent = torch.randn(6, LATENT)
    return latent, Waves()(latent).detach() + NOISE * torch.randn(6, 1, SIDE, SIDE)


def find(slices, starts=None, settings=SETTINGS, **how):
    inside = torch.ones_like(slices, dtype=torch.bool)
    starts = torch.zeros(len(slices), 1, LATENT) if starts is None else starts
    return masked_search(Waves(), slices, inside, torch.full_like(slices, NOISE), starts, settings, **how)


def test_a_planted_disc_is_masked_and_the_healthy_slice_behind_it_found(clean):
    latent, slices = clean
    found = find(slices + 0.6 * disc())
    marked = found.mask > 0.5
    dice = 2 * (marked & disc()).sum((1, 2, 3)) / (marked.sum((1, 2, 3)) + disc().sum((1, 2, 3)))
    assert dice.min() >= 0.9
    unmasked = find(slices + 0.6 * disc(), settings=replace(SETTINGS, first_k=1e3, last_k=1e3))
    assert (unmasked.mask == 0).all()
    off, off_unmasked = ((one.latent - latent).square().mean(1) for one in (found, unmasked))
    assert (off < 0.2 * off_unmasked).all()


def test_clean_slices_have_hardly_any_mask(clean):
    _, slices = clean
    assert find(slices).mask.mean((1, 2, 3)).max() < 0.01


def test_the_deviation_is_bright_where_the_slice_is_and_dark_where_it_is_not(clean):
    _, slices = clean
    there = disc()
    assert (find(slices + 0.6 * there).deviation[there] > 0).all()
    assert (find(slices - 0.6 * there).deviation[there] < 0).all()


def test_the_energy_never_rises_from_round_to_round_at_one_k(clean):
    _, slices = clean
    plain = replace(SETTINGS, first_k=3.0, smoothing=False, smoothness=0.0, prior_weight=0.1)
    energy = find(slices + 0.6 * disc(), settings=plain).energy
    assert energy.shape == (6, SETTINGS.rounds)
    assert (energy.diff(dim=1) <= 1e-5 * energy[:, :1]).all()
    assert (energy[:, -1] < energy[:, 0]).all()


def test_a_slice_is_inverted_the_same_alone_and_in_any_company(clean):
    _, slices = clean
    order = torch.tensor([4, 2, 0, 5, 1, 3])
    together = find(slices + 0.6 * disc())
    for rows in (order, order[:1]):
        part = find((slices + 0.6 * disc())[rows])
        for name in ("latent", "drawn", "mask", "energy"):
            torch.testing.assert_close(getattr(part, name), getattr(together, name)[rows], rtol=1e-5, atol=1e-6)


def test_the_start_that_ends_lowest_is_kept(clean):
    latent, slices = clean
    short = replace(SETTINGS, steps=17, learning_rate=1e-3)  # hardly leaves where it starts
    far = torch.stack([latent + 5, latent, latent - 5], 1)
    assert (find(slices, far, short).latent - latent).abs().max() < 0.1


def test_what_progress_raises_stops_the_search(clean):
    _, slices = clean

    def stop(done, total):
        assert (done, total) == (1, 2)
        raise Cancelled

    with pytest.raises(Cancelled):
        find(slices, progress=stop)

import copy

import pytest
import torch
from torch import nn

from MRIAnomalyLib.errors import Cancelled
from MRIAnomalyLib.inversion.search import SearchSettings, nearest_starts, search
from MRIAnomalyLib.nets.dcgan import Discriminator, Generator


class Linear(nn.Module):
    """G(z) = W z + b on 8 x 8 pixels, whose inverse is known."""

    def __init__(self):
        super().__init__()
        self.map = nn.Linear(4, 64)

    def forward(self, latent):
        return self.map(latent).view(-1, 1, 8, 8)


class Pixels(nn.Module):
    """A discriminator whose features are the pixels."""

    def features(self, slices):
        return slices.flatten(1)


def sharp(net):
    """Weights large enough for the slices to differ from latent to latent."""
    for module in net.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            module.weight.data.mul_(4)
    return net.eval()


@pytest.fixture(scope="module")
def problem():
    """Networks, and twelve slices that are none of the generator's own."""
    torch.manual_seed(1)
    generator, discriminator = sharp(Generator(6, 16, 4)), sharp(Discriminator(16, 4))
    slices = (generator(torch.randn(12, 6)).detach() + 0.2 * torch.randn(12, 1, 16, 16)).clamp(-1, 1)
    mask = torch.rand(12, 1, 16, 16) > 0.3
    return generator, discriminator, slices, mask, torch.randn(12, 2, 6)


SETTINGS = SearchSettings(steps=40, rows_at_once=8)


def test_the_latent_vector_of_a_linear_generator_is_recovered():
    torch.manual_seed(0)
    generator, wanted = Linear(), torch.randn(5, 4)
    slices = generator(wanted).detach()
    settings = SearchSettings(steps=600, prior_weight=0, precision="float32", last_learning_rate=1e-4, rows_at_once=5)
    found = search(generator, Pixels(), slices, torch.ones_like(slices, dtype=torch.bool), torch.zeros(5, 1, 4), settings)
    assert (found.latent - wanted).abs().max() < 1e-3


def test_the_terms_of_the_loss_are_those_computed_by_hand():
    generator = Linear()
    torch.nn.init.zeros_(generator.map.weight)
    torch.nn.init.constant_(generator.map.bias, 0.5)  # draws 0.5 everywhere
    slices, mask = torch.zeros(1, 1, 8, 8), torch.zeros(1, 1, 8, 8, dtype=torch.bool)
    slices[..., :2, :], mask[..., :4, :] = 1.0, True  # 0.5 off everywhere; then 1.5 off where the mask is not
    slices[..., 4:, :] = -1.0
    found = search(generator, Pixels(), slices, mask, torch.ones(1, 1, 4), SearchSettings(steps=1, lam=0.2, precision="float32"))
    assert found.residual.item() == pytest.approx(0.5)
    assert found.discrimination.item() == pytest.approx((0.5 + 1.5) / 2)
    assert found.loss.item() == pytest.approx(0.8 * 0.5 + 0.2 * 1.0)


def test_what_the_generator_drew_itself_is_found_again():
    torch.manual_seed(0)
    generator, discriminator = sharp(Generator(6, 16, 4)), sharp(Discriminator(16, 4))
    slices, mask = generator(torch.randn(8, 6)).detach(), torch.ones(8, 1, 16, 16, dtype=torch.bool)
    elsewhere = (generator(torch.randn(8, 6)) - slices).abs().mean((1, 2, 3))
    starts = nearest_starts(generator, slices, mask, torch.randn(300, 6), 2)
    found = search(
        generator, discriminator, slices, mask, starts, SearchSettings(steps=300, prior_weight=0, rows_at_once=16, precision="float32")
    )
    assert (found.residual < 0.1 * elsewhere).all()


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_slice_alone_scores_as_it_does_among_shuffled_others(problem, precision):
    *nets, slices, mask, starts = problem
    settings = SearchSettings(steps=40, precision=precision, rows_at_once=8)
    together = search(*nets, slices, mask, starts, settings)
    order = torch.randperm(12, generator=torch.Generator().manual_seed(3))
    shuffled = search(*nets, slices[order], mask[order], starts[order], settings)
    alone = search(*nets, slices[7:8], mask[7:8], starts[7:8], settings)
    torch.testing.assert_close(shuffled.loss, together.loss[order], rtol=1e-5, atol=0)
    torch.testing.assert_close(alone.loss, together.loss[7:8], rtol=1e-5, atol=0)
    torch.testing.assert_close(alone.drawn, together.drawn[7:8], rtol=0, atol=1e-5)


def test_searching_leaves_the_networks_as_they_were(problem):
    generator, discriminator, slices, mask, starts = problem
    before = copy.deepcopy((generator.state_dict(), discriminator.state_dict()))
    search(generator, discriminator, slices, mask, starts, SETTINGS)
    for old, net in zip(before, (generator, discriminator), strict=True):
        assert all(torch.equal(old[key], value) for key, value in net.state_dict().items())
        assert all(weight.requires_grad for weight in net.parameters())


def test_more_starts_never_give_a_worse_answer(problem):
    generator, discriminator, slices, mask, starts = problem
    settings = SearchSettings(steps=40, prior_weight=0, precision="float32", rows_at_once=8)
    one = search(generator, discriminator, slices, mask, starts[:, :1], settings)
    two = search(generator, discriminator, slices, mask, starts, settings)
    assert (two.loss <= one.loss + 1e-6).all()
    assert (two.loss < one.loss - 1e-4).any()


def test_half_precision_ends_within_one_percent_of_full(problem):
    generator, discriminator, _, mask, starts = problem
    random = torch.Generator().manual_seed(2)
    slices = generator(torch.randn(12, 6, generator=random)).detach() + 0.05 * torch.randn(12, 1, 16, 16, generator=random)
    half, full = (
        search(generator, discriminator, slices, mask, starts, SearchSettings(steps=200, precision=name)).residual
        for name in ("bfloat16", "float32")
    )
    assert half.mean() < 1.01 * full.mean()


def test_pixels_outside_the_mask_change_neither_start_nor_residual_term(problem):
    generator, _, slices, mask, _ = problem
    pool = torch.randn(50, 6, generator=torch.Generator().manual_seed(0))
    other = torch.where(mask, slices, torch.ones(()))
    assert torch.equal(nearest_starts(generator, slices, mask, pool, 3), nearest_starts(generator, other, mask, pool, 3))
    settings = SearchSettings(steps=20, lam=0, rows_at_once=12)
    found = [search(generator, Pixels(), these, mask, pool[:12, None], settings).residual for these in (slices, other)]
    assert torch.equal(*found)


def test_a_heavier_prior_keeps_latent_vectors_shorter(problem):
    *nets, slices, mask, starts = problem
    length = [
        search(*nets, slices, mask, starts, SearchSettings(steps=60, prior_weight=weight)).latent.square().sum() for weight in (0, 0.01, 1)
    ]
    assert length[0] > length[1] > length[2]


def test_progress_counts_to_its_total_and_can_stop_the_search(problem):
    told = []
    search(*problem, SETTINGS, lambda done, total: told.append((done, total)))
    assert told[-1] == (120, 120)  # 12 slices, two starts each, 8 rows at once: three batches of 40 steps
    assert told == sorted(told)

    def stop(done, total):
        raise Cancelled

    with pytest.raises(Cancelled):
        search(*problem, SETTINGS, stop)


def test_a_slice_without_any_mask_gets_numbers_and_harms_no_other(problem):
    *nets, slices, mask, starts = problem
    holed = mask.clone()
    holed[3] = False
    found, whole = search(*nets, slices, holed, starts, SETTINGS), search(*nets, slices, mask, starts, SETTINGS)
    assert found.residual[3] == 0
    assert torch.isfinite(found.loss).all()
    assert torch.equal(found.loss[4:], whole.loss[4:])

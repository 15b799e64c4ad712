import pytest
import torch

from MRIAnomalyLib.nets.style_critic import Discriminator, perceptual, spread_in_groups


@pytest.fixture
def discriminator():
    torch.manual_seed(0)
    return Discriminator(16, 4)


def test_features_are_of_each_slice_alone_though_the_verdict_looks_at_its_neighbours(discriminator):
    slices = torch.rand(4, 1, 16, 16) * 2 - 1
    torch.testing.assert_close(discriminator.features(slices)[:1], discriminator.features(slices[:1]))
    twins = slices[:1].expand(4, -1, -1, -1)
    assert not torch.allclose(discriminator(slices)[0], discriminator(twins)[0])


def test_slices_look_the_more_different_the_more_they_differ(discriminator):
    slices = torch.rand(2, 1, 16, 16) * 2 - 1
    features = discriminator.features(slices)
    changed = [perceptual(features, discriminator.features(slices + size * torch.randn_like(slices))) for size in (0.0, 0.05, 0.5)]
    assert (changed[0] == 0).all()
    assert (changed[0] < changed[1]).all()
    assert (changed[1] < changed[2]).all()


def test_each_level_of_features_counts_alike(discriminator):
    features = discriminator.features(torch.rand(3, 1, 16, 16) * 2 - 1)
    high, low = features.split([16 * 8 * 8 // 2, features.shape[1] - 16 * 8 * 8 // 2], 1)  # 8 channels of 8 x 8, 16 of 4 x 4
    torch.testing.assert_close(high.square().sum(), low.square().sum(), rtol=1e-3, atol=0)


def test_the_spread_of_a_group_is_that_of_its_own_slices():
    x = torch.cat([torch.zeros(4, 2, 4, 4), torch.randn(4, 2, 4, 4, generator=torch.Generator().manual_seed(0))])
    spread = spread_in_groups(x)
    assert spread.shape == (8, 1, 4, 4)
    assert spread[:4].max() < 1e-3
    torch.testing.assert_close(spread[4:], x[4:].std(0, correction=0).mean().expand(4, 1, 4, 4), rtol=1e-4, atol=0)
    assert spread_in_groups(x[:6]).shape == (6, 1, 4, 4)  # in two groups of three

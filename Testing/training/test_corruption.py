import pytest
import torch

from MRIAnomalyLib.training.coarse_noise import Coarseness, coarse_noise
from MRIAnomalyLib.training.corruption import FAMILIES, corrupted

BUMPS = Coarseness(cells=(8,), magnitude=(0.2, 0.2), clean_share=0.0)
HALF_CLEAN = Coarseness(cells=(8,), magnitude=(0.2, 0.2), clean_share=0.5)


def random(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def healthy():
    """300 slices of 32 pixels with smooth texture, and their masks."""
    coarse = torch.rand(300, 1, 6, 6, generator=random(1))
    slices = 0.4 + 0.6 * torch.nn.functional.interpolate(coarse, size=32, mode="bicubic")
    mask = torch.zeros(300, 1, 32, 32, dtype=torch.bool)
    mask[..., 4:28, 4:28] = True
    return slices * mask, mask


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_changes_healthy_slices_inside_the_brain_and_nothing_outside(family, healthy):
    slices, mask = healthy
    spoilt = corrupted(slices, mask, (family,), BUMPS, random())
    assert torch.equal(spoilt[~mask], slices[~mask])
    changed = ((spoilt - slices).abs() > 0.05).float().mean((1, 2, 3))
    assert (changed > 0).float().mean() > 0.8
    assert torch.isfinite(spoilt).all()


@pytest.mark.parametrize("family", FAMILIES[1:])
def test_all_but_coarse_noise_leave_most_of_a_slice_as_it_is(family, healthy):
    slices, mask = healthy
    spoilt = corrupted(slices, mask, (family,), BUMPS, random())
    assert (spoilt == slices).float().mean((1, 2, 3)).min() > 0.6


@pytest.mark.parametrize("families", [(FAMILIES[0],), FAMILIES[1:], FAMILIES])
def test_the_share_of_clean_slices_is_the_same_for_all_families(families, healthy):
    slices, mask = healthy
    clean = (corrupted(slices, mask, families, HALF_CLEAN, random()) == slices).all((1, 2, 3))
    assert 0.4 < clean.float().mean() < 0.65


def test_each_slice_is_spoiled_in_one_way_and_all_ways_come(healthy):
    slices, mask = healthy
    everywhere = (corrupted(slices, mask, ("coarse_noise", "moved_patch"), BUMPS, random()) != slices).float().mean((1, 2, 3)) > 0.3
    assert 0.35 < everywhere.float().mean() < 0.65


def test_coarse_noise_alone_is_what_it_was_before_there_were_other_families(healthy):
    slices, mask = healthy
    assert torch.equal(corrupted(slices, mask, ["coarse_noise"], BUMPS, random(5)), slices + coarse_noise(mask, BUMPS, random(5)))


def test_the_same_generator_state_spoils_in_the_same_way(healthy):
    one, other = (corrupted(*healthy, FAMILIES, BUMPS, random(3)) for _ in range(2))
    assert torch.equal(one, other)

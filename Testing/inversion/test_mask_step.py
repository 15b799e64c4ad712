import pytest
import torch

from MRIAnomalyLib.inversion.mask_step import bounded_loss, closed_mask, grown, mean_inside, penalty_beyond, smooth_mask


def one(*values):
    return torch.tensor(values, dtype=torch.float64)


def test_the_closed_mask_is_no_worse_than_the_best_of_a_grid():
    random = torch.Generator().manual_seed(0)
    squared = 400 * torch.rand(10_000, generator=random, dtype=torch.float64) ** 4
    penalty = 1e-3 + 50 * torch.rand(10_000, generator=random, dtype=torch.float64)
    grid = torch.linspace(0, 1, 1001, dtype=torch.float64)
    cost = (1 - grid) ** 2 * squared[:, None] + penalty[:, None] * grid
    mask = closed_mask(squared, penalty)
    assert ((mask >= 0) & (mask <= 1)).all()
    assert ((1 - mask) ** 2 * squared + penalty * mask <= cost.min(1).values + 1e-12).all()
    curved = squared > penalty / 2  # else the cost is flat where the mask is 0
    assert (mask - grid[cost.argmin(1)]).abs()[curved].max() < 1e-3


def test_nothing_enters_the_mask_up_to_k_standard_deviations_and_half_at_k_times_the_root_of_two():
    deviation = one(0.0, 2.99, 3.0, 3.01, 3 * 2**0.5, 1e6)
    mask = closed_mask(deviation.square(), penalty_beyond(3.0))
    assert (mask[:3] <= 1e-12).all()
    assert mask[3] > 0
    assert mask[4].item() == pytest.approx(0.5)
    assert mask[5].item() == pytest.approx(1.0)


def test_the_bounded_loss_bends_without_a_step_and_stays_below_the_penalty():
    at = 18.0 / 2
    below, there, above = bounded_loss(one(at - 1e-7, at, at + 1e-7), 18.0)
    assert below.item() == pytest.approx(there.item(), abs=1e-6)
    assert above.item() == pytest.approx(there.item(), abs=1e-6)
    losses = bounded_loss(torch.linspace(0, 1e4, 5000, dtype=torch.float64), 18.0)
    assert (losses.diff() >= 0).all()
    assert losses.max() <= 18.0
    assert bounded_loss(one(4.0), 18.0).item() == 4.0


def test_the_mean_of_the_neighbours_takes_nothing_from_outside():
    maps, inside = torch.full((1, 1, 5, 5), 2.0), torch.zeros(1, 1, 5, 5)
    inside[..., 1:4, 1:4] = 1
    maps[..., 0, :] = 99.0
    mean = mean_inside(maps, inside)
    torch.testing.assert_close(mean, 2 * inside)


def test_a_region_grows_in_all_directions_but_not_out_of_the_brain():
    region, inside = torch.zeros(1, 1, 7, 7), torch.ones(1, 1, 7, 7)
    region[..., 3, 3] = 1
    inside[..., 0, :] = inside[..., 1, :] = 0
    big = grown(region, 2, inside)
    assert big.sum() == 5 * 5 - 5
    assert (big[..., 2:6, 1:6] == 1).all()


def test_total_variation_takes_off_stray_pixels_and_leaves_a_region():
    mask = torch.zeros(2, 1, 16, 16)
    mask[0, 0, 3, 3] = 1
    mask[0, 0, 8:14, 8:14] = 1
    smooth = smooth_mask(mask, 0.2)
    assert smooth[0, 0, 3, 3] < 0.5
    assert smooth[0, 0, 10:12, 10:12].min() > 0.8
    assert (smooth[1] == 0).all()
    torch.testing.assert_close(smooth_mask(mask[:1], 0.2), smooth[:1], rtol=0, atol=0)

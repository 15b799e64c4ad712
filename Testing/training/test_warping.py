import torch
from ellipses import ellipses

from MRIAnomalyLib.training.warping import warped


def random(seed=0):
    return torch.Generator().manual_seed(seed)


def shapes(count=6):
    stack = ellipses(count, 32)
    return torch.from_numpy(stack.pixels), torch.from_numpy(stack.mask)


def test_slices_that_do_not_move_stay_as_they_are():
    slices, mask = shapes()
    same, inside = warped(slices, mask, 0.0, random())
    torch.testing.assert_close(same, slices, atol=1e-5, rtol=0)
    assert torch.equal(inside, mask)


def test_shapes_change_differently_from_slice_to_slice_and_mask_and_slice_move_together():
    slices, mask = shapes(1)
    _, inside = warped(slices.repeat(20, 1, 1, 1), mask.repeat(20, 1, 1, 1), 2.0, random())
    assert not torch.equal(inside[0], inside[1])
    overlap = (inside & mask).sum((1, 2, 3)) / (inside | mask).sum((1, 2, 3))
    assert overlap.min() > 0.6 and overlap.max() < 1
    marked, _ = warped(mask.float().repeat(20, 1, 1, 1), mask.repeat(20, 1, 1, 1), 2.0, random())
    assert torch.equal(marked > 0.5, inside)


def test_the_same_generator_state_bends_the_same():
    assert all(torch.equal(one, other) for one, other in zip(*(warped(*shapes(), 1.5, random(3)) for _ in range(2)), strict=True))

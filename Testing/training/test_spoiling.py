import torch

from MRIAnomalyLib.training.blobs import random_blobs
from MRIAnomalyLib.training.spoiling import spoiled


def random(seed=0):
    return torch.Generator().manual_seed(seed)


def test_blobs_are_compact_cover_up_to_a_sixth_and_come_in_the_share_asked_for():
    blobs = random_blobs(400, 64, 0.5, random())
    covered = blobs.mean((1, 2, 3))
    assert 0.4 < (covered > 0).float().mean() < 0.6
    assert 0.12 < covered.max() < 0.18
    inner = blobs[..., 1:] * blobs[..., :-1]
    assert inner.sum() > 0.8 * blobs.sum()  # nearly every pixel has its neighbour in the region
    assert not random_blobs(50, 32, 0.0, random()).any()


def test_spoiled_slices_are_darker_or_brighter_in_places_and_the_background_stays():
    slices = torch.ones(400, 1, 64, 64)
    slices[..., :10] = 0
    change = spoiled(slices, 0.5, random()) - slices
    assert (change[..., :10] == 0).all()
    touched = change.abs().amax((1, 2, 3)) > 0
    assert 0.4 < touched.float().mean() < 0.6
    darkest, brightest = change.amin((1, 2, 3))[touched], change.amax((1, 2, 3))[touched]
    assert ((darkest == 0) != (brightest == 0)).all()
    assert 0.35 < (brightest > 0).float().mean() < 0.65
    assert -0.46 < darkest.min() < -0.3
    assert 0.3 < brightest.max() < 0.46


def test_the_same_generator_state_spoils_the_same():
    slices = torch.ones(5, 1, 32, 32)
    assert torch.equal(spoiled(slices, 0.8, random(2)), spoiled(slices, 0.8, random(2)))
    assert torch.equal(spoiled(slices, 0.0, random()), slices)

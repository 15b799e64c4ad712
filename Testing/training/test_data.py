import numpy as np
import torch
from ellipses import ellipses

from MRIAnomalyLib.records import SliceStack
from MRIAnomalyLib.training.data import NormalSlices, fingerprint, from_network, posed, to_network


def random(seed=0):
    return torch.Generator().manual_seed(seed)


def test_intensity_goes_to_the_network_and_back():
    pixels = torch.tensor([0.0, 0.75, 1.5])
    assert to_network(pixels, 1.5).tolist() == [-1, 0, 1]
    assert torch.equal(from_network(to_network(pixels, 1.5), 1.5), pixels)
    assert to_network(torch.tensor([9.0]), 1.5) == 1


def test_a_network_is_asked_about_slices_in_its_own_range_beside_their_masks():
    pixels = np.full((2, 1, 4, 4), 0.75, np.float16)
    pixels[1] = 9
    slices, mask = posed(SliceStack(pixels, pixels > 1, np.arange(2), np.zeros(2, int)), 1.5, "cpu")
    assert slices.dtype == torch.float32
    assert slices.unique().tolist() == [0, 1]
    assert torch.equal(mask, slices == 1)


def test_the_same_generator_state_gives_the_same_batch():
    one, other = (NormalSlices(ellipses(20), 1.5, True, random(5)) for _ in range(2))
    first = one.batch(8)
    assert torch.equal(first, other.batch(8))
    assert not torch.equal(first, one.batch(8))


def test_background_stays_background_and_about_half_of_the_slices_are_mirrored():
    pixels = np.zeros((1, 1, 16, 16), np.float32)
    pixels[..., 3:6] = 1  # on one side only
    side = SliceStack(pixels, pixels > 0, np.zeros(1, int), np.zeros(1, int))
    batch = NormalSlices(side, 1.5, True, random()).batch(400)
    left = (batch[..., 4] > 0).all((1, 2))
    assert 0.4 < left.float().mean() < 0.6
    assert ((batch[..., 4] > 0) != (batch[..., 11] > 0)).all()
    assert (batch[..., 8] == -1).all()
    assert (NormalSlices(side, 1.5, False, random()).batch(50)[..., 4] > 0).all()


def test_brightness_varies_by_a_few_percent_around_one():
    pixels = np.ones((1, 1, 4, 4), np.float32)
    flat = SliceStack(pixels, pixels > 0, np.zeros(1, int), np.zeros(1, int))
    brightness = from_network(NormalSlices(flat, 1.5, False, random()).batch(2000), 1.5)[:, 0, 0, 0]
    assert abs(brightness.mean() - 1) < 0.01
    assert 0.04 < brightness.std() < 0.06


def test_one_changed_pixel_changes_the_fingerprint():
    pixels = ellipses(3).pixels
    changed = pixels.copy()
    changed[1, 0, 5, 5] += 0.01
    assert fingerprint(pixels) == fingerprint(pixels.copy()) != fingerprint(changed)

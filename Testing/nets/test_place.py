import torch

from MRIAnomalyLib.nets.place import PLACE_CHANNELS, Place, learn_place


def random(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def test_mean_and_spread_of_a_place_are_those_of_its_slices_and_their_mirror_images():
    place = Place(16, 5)
    slices, level = random(40, 1, 16, 16), torch.tensor([1, 4]).repeat(20)
    learn_place(place, slices, level, mirror=True)
    there = slices[level == 4, 0]
    both = torch.cat([there, there.flip(-1)])
    torch.testing.assert_close(place.mean[4], both.mean(0))
    torch.testing.assert_close(place.spread[4], both.std(0, correction=0) + 0.05)
    assert torch.equal(place.mean[0], place.mean[1])  # a level without slices takes the nearest one's
    assert torch.equal(place.mean[3], place.mean[4])


def test_coordinates_run_from_minus_one_to_one_and_the_slice_with_the_level():
    place = Place(16, 5)
    channels = place.channels(torch.tensor([0, 4]))
    assert len(channels) == PLACE_CHANNELS
    assert all(channel.shape == (2, 1, 16, 16) for channel in channels)
    row, column, slice_ = channels[2:]
    assert (row[0, 0, 0].unique().item(), row[0, 0, -1].unique().item()) == (-1, 1)
    assert (column[0, 0, :, 0].unique().item(), column[0, 0, :, -1].unique().item()) == (-1, 1)
    assert [one.unique().item() for one in slice_] == [-1, 1]


def test_one_glaring_pixel_counts_no_more_than_four_contrasts():
    slices = torch.full((1, 1, 16, 16), 0.3)
    slices[..., 3, 3] = 99
    assert Place(16, 1).relative(slices, torch.tensor([0])).unique().tolist() == [1, 4]

import pytest
import torch

from MRIAnomalyLib.nets.encoder_decoder import EncoderDecoder


@pytest.mark.parametrize("size", [16, 64, 128])
def test_a_round_trip_ends_in_slices_and_latent_vectors_of_the_same_shape(size):
    slices = torch.rand(3, 1, size, size) * 2 - 1
    trip = EncoderDecoder(5, size, 4, auxiliary=True)(slices)
    assert trip.drawn.shape == slices.shape
    assert trip.drawn.abs().max() <= 1
    assert trip.latent.shape == trip.latent_again.shape == (3, 5)


def test_the_auxiliary_encoder_has_the_shape_of_the_encoder_and_weights_of_its_own():
    network = EncoderDecoder(5, 16, 4, auxiliary=True)
    one, other = network.encoder.state_dict(), network.auxiliary.state_dict()
    assert {key: value.shape for key, value in one.items()} == {key: value.shape for key, value in other.items()}
    assert not torch.equal(one["latent.weight"], other["latent.weight"])


def test_without_an_auxiliary_encoder_nothing_is_read_off_again_and_the_rest_starts_the_same():
    networks = []
    for auxiliary in (True, False):
        torch.manual_seed(0)
        networks.append(EncoderDecoder(5, 16, 4, auxiliary))
    slices = torch.rand(3, 1, 16, 16)
    with_, without = (network.eval()(slices) for network in networks)
    assert without.latent_again is None
    assert torch.equal(with_.drawn, without.drawn)

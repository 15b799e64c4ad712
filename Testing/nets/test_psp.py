import pytest
import torch

from MRIAnomalyLib.nets.psp import Decoder, StyleEncoder, bands
from MRIAnomalyLib.nets.stylegan import Generator, layers_of


@pytest.mark.parametrize("size", [16, 32, 64, 128])
def test_the_first_answer_is_the_mean_style_in_every_layer(size):
    answer = StyleEncoder(4, size, 2)(torch.rand(2, 1, size, size))
    assert answer.shape == (2, layers_of(size), 4)
    assert (answer == 0).all()


def test_every_style_is_coarse_middle_or_fine():
    for layers in (6, 8, 10, 14):
        assert [layer for band in bands(layers) for layer in range(layers)[band]] == list(range(layers))
    assert bands(10) == (slice(0, 3), slice(3, 7), slice(7, 10))


def test_an_answer_depends_on_no_other_slice():
    torch.manual_seed(0)
    encoder, slices = StyleEncoder(4, 16, 4), torch.rand(3, 1, 16, 16)
    for head in encoder.heads:
        torch.nn.init.normal_(head[-2].weight)
    torch.testing.assert_close(encoder(slices)[1:2], encoder(slices[1:2]))
    assert not torch.allclose(encoder(slices)[0], encoder(slices)[1])


def test_the_decoder_draws_from_differences_to_the_mean_style():
    torch.manual_seed(0)
    generator = Generator(4, 16, 4, 2)
    generator.centre.copy_(torch.randn(4))
    styles = generator.styles(torch.randn(2, 4))
    torch.testing.assert_close(Decoder(generator)((styles - generator.centre).flatten(1)), generator(styles))

import pytest
import torch
from torch.nn.functional import conv2d

from MRIAnomalyLib.nets.stylegan import Generator, ModulatedConvolution, layers_of


@pytest.fixture
def generator():
    torch.manual_seed(0)
    return Generator(8, 16, 4, 2)


def test_a_demodulated_convolution_keeps_unit_variance_in_any_style():
    torch.manual_seed(0)
    answer = ModulatedConvolution(64, 64, 8, side=3)(torch.randn(8, 64, 16, 16), 3 * torch.randn(8, 8))
    assert (answer[..., 1:-1, 1:-1].std((1, 2, 3)) - 1).abs().max() < 0.1


def test_one_convolution_for_all_slices_is_that_of_each_slice_by_a_kernel_of_its_own():
    torch.manual_seed(0)
    layer, x, w = ModulatedConvolution(6, 5, 8, side=3), torch.randn(3, 6, 8, 8), torch.randn(3, 8)
    for slice_, style, answer in zip(x, layer.style(w), layer(x, w), strict=True):
        kernel = layer.weight / 54**0.5 * style[None, :, None, None]
        kernel = kernel / (kernel.square().sum((1, 2, 3), keepdim=True) + 1e-8).sqrt()
        torch.testing.assert_close(answer, conv2d(slice_[None], kernel, padding=1)[0], atol=1e-5, rtol=1e-5)


def test_a_slice_has_so_many_styles_and_each_of_them_matters(generator):
    assert [layers_of(size) for size in (16, 64, 128, 256)] == [6, 10, 12, 14]
    styles = generator.styles(torch.randn(1, 8)).clone()
    before = generator(styles)
    assert before.shape == (1, 1, 16, 16)
    for layer in range(generator.layers):
        other = styles.clone()
        other[:, layer] = torch.randn(8)
        assert not torch.allclose(generator(other), before)


def test_noise_changes_nothing_until_its_strength_is_learned(generator):
    styles, noise = generator.styles(torch.randn(2, 8)), lambda side: torch.ones(2, 1, side, side)
    torch.testing.assert_close(generator(styles, noise), generator(styles))
    torch.nn.init.ones_(generator.first.strength)
    assert not torch.allclose(generator(styles, noise), generator(styles))


def test_truncation_brings_slices_to_that_of_the_mean_style(generator):
    generator.centre.copy_(torch.randn(8))
    latent = torch.randn(4, 8)
    torch.testing.assert_close(generator.styles(latent, 0.0), generator.centre.expand(4, 6, 8))
    halfway = (generator.styles(latent) + generator.centre) / 2
    torch.testing.assert_close(generator.styles(latent, 0.5), halfway)

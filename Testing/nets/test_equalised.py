import torch
from torch.nn.functional import interpolate

from MRIAnomalyLib.nets.equalised import EqualisedConvolution, EqualisedLinear, doubled, halved, lifted

INSIDE = (..., slice(2, -2), slice(2, -2))  # beyond the rim, where the filter reaches out of the slice


def test_doubling_and_halving_are_bilinear_resampling_with_a_low_pass_filter():
    x = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(doubled(x)[INSIDE], interpolate(x, scale_factor=2, mode="bilinear")[INSIDE], atol=1e-5, rtol=0)
    smaller = interpolate(x, scale_factor=0.5, mode="bilinear", antialias=True)
    torch.testing.assert_close(halved(x)[INSIDE], smaller[INSIDE], atol=1e-5, rtol=0)


def test_layers_keep_the_variance_of_what_goes_through_them():
    torch.manual_seed(0)
    assert abs(EqualisedLinear(256, 256)(torch.randn(64, 256)).std() - 1) < 0.1
    assert abs(EqualisedConvolution(64, 64, 3)(torch.randn(4, 64, 16, 16))[INSIDE].std() - 1) < 0.1
    assert abs(lifted(torch.randn(10_000)).square().mean() - 1) < 0.1


def test_a_slow_layer_answers_like_any_other_and_its_bias_starts_where_it_is_told():
    torch.manual_seed(0)
    slow = EqualisedLinear(256, 256, bias=1.0, slowness=0.01)
    answer = slow(torch.randn(64, 256))
    assert abs(answer.std() - 1) < 0.1
    assert abs(answer.mean() - 1) < 0.05
    assert abs(slow.weight.std() - 100) < 5

import pytest
import torch

from MRIAnomalyLib.nets.predictor import Predictor
from MRIAnomalyLib.nets.unet import UNet


def random(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("size", [16, 32, 64, 128])
def test_a_u_net_keeps_the_size_of_the_slice(size):
    assert UNet(3, 2, size, 4)(random(2, 3, size, size)).shape == (2, 2, size, size)


def test_what_is_hidden_changes_no_prediction_neither_here_nor_through_the_mirror():
    torch.manual_seed(0)
    predictor = Predictor(32, 3, 8, mirror=True).eval()
    slices, hidden, level = random(2, 1, 32, 32), torch.zeros(2, 1, 32, 32), torch.tensor([0, 2])
    hidden[..., 10:20, 4:18] = 1
    other = torch.where(hidden > 0, random(2, 1, 32, 32, seed=1), slices)
    for one, two in zip(predictor(slices, hidden, level), predictor(other, hidden, level), strict=True):
        assert torch.equal(one, two)
    seen = slices.clone()
    seen[..., 25, 25] += 0.5
    assert not torch.equal(predictor(slices, hidden, level)[0], predictor(seen, hidden, level)[0])


def test_the_mirrored_side_speaks_only_where_it_may():
    slices, hidden, level = random(1, 1, 32, 32), torch.zeros(1, 1, 32, 32), torch.tensor([0])
    for mirror in (True, False):
        torch.manual_seed(0)
        inputs = []
        predictor = Predictor(32, 1, 8, mirror)
        predictor.unet.register_forward_pre_hook(lambda net, given, inputs=inputs: inputs.append(given[0]))
        predictor(slices, hidden, level)
        assert any(torch.equal(channel, inputs[0][0, 0].flip(-1)) for channel in inputs[0][0, 1:]) == mirror


def test_spread_stays_positive_and_finite_whatever_the_input():
    predictor = Predictor(16, 1, 4, mirror=True)
    for scale in (0.0, 1.0, 1e4):
        mean, spread = predictor(scale * random(1, 1, 16, 16), torch.ones(1, 1, 16, 16), torch.tensor([0]))
        assert torch.isfinite(mean).all()
        assert (spread > 0).all()
        assert torch.isfinite(spread).all()

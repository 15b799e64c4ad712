import pytest
import torch

from MRIAnomalyLib.nets.restorer import Restorer


def random(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("mirror", [True, False])
def test_the_mirrored_side_speaks_only_where_it_may(mirror):
    torch.manual_seed(0)
    restorer, slices, seen = Restorer(32, 1, 8, mirror, masks=False).eval(), random(1, 1, 32, 32), []
    restorer.unet.register_forward_pre_hook(lambda net, given: seen.append(given[0]))
    assert restorer(slices, torch.tensor([0])).shape == slices.shape
    assert any(torch.equal(channel, seen[0][0, 0].flip(-1)) for channel in seen[0][0, 1:]) == mirror


def test_the_answer_starts_from_the_mean_of_the_place():
    restorer, slices, level = Restorer(16, 3, 4, mirror=True, masks=True).eval(), random(2, 1, 16, 16), torch.tensor([0, 2])
    torch.nn.init.zeros_(restorer.unet.out.weight)
    torch.nn.init.zeros_(restorer.unet.out.bias)
    restorer.mean.copy_(random(3, 16, 16, seed=1))
    answer = restorer(slices, level)
    assert torch.equal(answer[:, 0], restorer.mean[level])
    assert answer[:, 1].abs().max() == 0  # the logit does not

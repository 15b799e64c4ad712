import copy

import pytest
import torch
from torch import nn

from MRIAnomalyLib.inversion.adaptation import adapted
from MRIAnomalyLib.nets import dcgan, wgan

SIDE = 32


@pytest.fixture(params=[dcgan.Generator, wgan.Generator])
def generator(request):
    torch.manual_seed(3)
    generator = request.param(4, SIDE, 8).eval().requires_grad_(False)
    for weight in generator.parameters():
        if weight.ndim == 4:
            nn.init.kaiming_normal_(weight)  # as lively as a generator that has learned
    return generator


@pytest.fixture
def latent():
    return torch.randn(3, 4, generator=torch.Generator().manual_seed(5))


def far_from(goal):
    return lambda drawn: ((drawn - goal) / 0.05).square().mean((1, 2, 3))


def goals(generator, latent):
    """What is drawn, but darker to one side: no latent vector says that."""
    return generator(latent) - torch.linspace(0, 0.2, SIDE)


def test_slices_come_nearer_to_what_no_latent_vector_draws_and_the_weights_stay(generator, latent):
    before, goal = copy.deepcopy(generator.state_dict()), goals(generator, latent)
    drawn = adapted(generator, latent, far_from(goal), 30)
    misfit = far_from(goal)
    assert (misfit(drawn) < 0.8 * misfit(generator(latent))).all()
    assert all(torch.equal(value, before[name]) for name, value in generator.state_dict().items())
    torch.testing.assert_close(generator(latent), goal + torch.linspace(0, 0.2, SIDE))  # nothing stays hooked


def test_a_slice_is_adapted_the_same_alone_and_in_company(generator, latent):
    goal = goals(generator, latent)
    together = adapted(generator, latent, far_from(goal), 10)
    alone = adapted(generator, latent[1:2], far_from(goal[1:2]), 10)
    torch.testing.assert_close(alone, together[1:2], rtol=1e-4, atol=1e-5)


def test_no_step_changes_nothing(generator, latent):
    assert torch.equal(adapted(generator, latent, far_from(torch.zeros(3, 1, SIDE, SIDE)), 0), generator(latent))


def test_offsets_are_coarse(latent):
    class Drawn(nn.Module):
        def __init__(self):
            super().__init__()
            self.features, self.fine = nn.Upsample(scale_factor=2), nn.Upsample(scale_factor=4)

        def forward(self, latent):
            return self.fine(self.features(latent.view(-1, 1, 2, 2)))

    speck = torch.zeros(3, 1, 16, 16)
    speck[..., 5, 5] = 1
    change = adapted(Drawn(), latent, far_from(Drawn()(latent) + speck), 50) - Drawn()(latent)
    assert change[..., 5, 5].min() > 0
    torch.testing.assert_close(change[..., 4:8, 4:8], change[..., 5:6, 5:6].expand(-1, -1, 4, 4))

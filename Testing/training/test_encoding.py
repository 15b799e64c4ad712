import pytest
import torch
from torch import nn

from MRIAnomalyLib.training.encoding import GOALS, encoder_loss


class Encoder(nn.Module):
    """E(x) = the mean of the slice, twice."""

    def forward(self, slices):
        return slices.mean((1, 2, 3))[:, None].expand(-1, 2)


class Generator(nn.Module):
    """G(z) = slices of 2 x 2 pixels, all of them half the first latent value."""

    def forward(self, latent):
        return (latent[:, :1] / 2).view(-1, 1, 1, 1).expand(-1, 1, 2, 2)


class Critic(nn.Module):
    """f(x) = three times the first pixel."""

    def features(self, slices):
        return 3 * slices.flatten(1)[:, :1]


SLICES = torch.tensor([[1.0, 0.0], [0.0, 1.0]]).view(1, 1, 2, 2)  # E = 0.5, redrawn 0.25 everywhere
LATENT = torch.tensor([[1.0, -1.0]])  # drawn 0.5 everywhere, E of it 0.5 twice
BY_HAND = {
    "izi": (0.75**2 + 0.25**2) / 2,
    "izi_f": (0.75**2 + 0.25**2) / 2 + 2 * (3 * 0.75) ** 2,
    "ziz": (0.5**2 + 1.5**2) / 2,
}


@pytest.mark.parametrize("goal", GOALS)
def test_each_loss_is_what_one_computes_by_hand(goal):
    loss = encoder_loss(Encoder(), Generator(), Critic(), SLICES, LATENT, goal, feature_weight=2.0)
    assert loss.item() == pytest.approx(BY_HAND[goal])


def test_without_weight_on_features_the_goals_from_slice_to_slice_are_one():
    plain, weighted = (encoder_loss(Encoder(), Generator(), Critic(), SLICES, LATENT, goal, 0.0) for goal in ("izi", "izi_f"))
    assert plain == weighted

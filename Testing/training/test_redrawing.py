import copy
import math
from dataclasses import replace

import pytest
import torch
from torch import nn

from MRIAnomalyLib.nets.dcgan import Discriminator
from MRIAnomalyLib.nets.encoder_decoder import EncoderDecoder, RoundTrip
from MRIAnomalyLib.training import redrawing
from MRIAnomalyLib.training.adversarial import GameRules, Player
from MRIAnomalyLib.training.redrawing import LossWeights, RedrawingRules, redraw_better

REAL = torch.tensor([[[[1.0, 0.0], [0.0, 0.0]]], [[[0.0, 1.0], [0.0, 0.0]]]])
GAME = GameRules(2, real_label=1.0, r1_gamma=0.0, precision="float32")
RULES = RedrawingRules(LossWeights(2, 3, 4, 5), "features", "nuclear_norm", GAME)
LOGIT = 2.0


class Redrawer(nn.Module):
    """z = 2 g times the first row of the slice, drawn are g times the slice, and read off that its first row; g is 1/2."""

    def __init__(self):
        super().__init__()
        self.gain = nn.Parameter(torch.tensor(0.5))

    def forward(self, slices):
        drawn = self.gain * slices
        return RoundTrip(2 * self.gain * slices[:, 0, 0], drawn, drawn[:, 0, 0])


class Judge(nn.Module):
    """Three times the first pixel is its feature; it says the same of every slice."""

    def __init__(self):
        super().__init__()
        self.logit = nn.Parameter(torch.tensor(LOGIT))

    def features(self, slices):
        return 3 * slices[:, :, 0, 0]

    def forward(self, slices):
        return self.logit.expand(len(slices))


def one_step(rules):
    """Losses of a step, and the gradient of g."""
    network, judge = Player(Redrawer(), 1e-3), Player(Judge(), 0.0)
    losses = redraw_better(network, judge, REAL, rules, 0)
    return losses, network.net.gain.grad.item()


def test_each_loss_is_what_one_computes_by_hand():
    losses, _ = one_step(RULES)
    assert losses["reconstruction"] == pytest.approx(2 * 0.5 / 8)
    assert losses["adversarial"] == pytest.approx(1.5**2 / 2)
    assert losses["latent"] == pytest.approx(2 * 0.5**2 / 4)
    assert losses["low_rank"] == pytest.approx(2)  # of the unit matrix
    real = 1 / (1 + math.exp(-LOGIT))
    assert losses["discriminator"] == pytest.approx(-math.log(real) - math.log(1 - real), rel=1e-5)
    assert losses["latent_variance"] == pytest.approx(0.25)
    assert losses["effective_rank"] == pytest.approx(1)  # two points differ in one direction


def test_the_other_forms_are_what_one_computes_by_hand():
    losses, _ = one_step(replace(RULES, adversarial_goal="verdict", low_rank_form="scale_free"))
    assert losses["adversarial"] == pytest.approx(math.log(1 + math.exp(-LOGIT)), rel=1e-5)
    assert losses["low_rank"] == pytest.approx(1)


def test_the_network_goes_down_the_weighted_sum():
    assert one_step(RULES)[1] == pytest.approx(2 * -0.25 + 3 * -4.5 + 4 * 0.5 + 5 * 4)


PATHS = {"reconstruction": ["l1_loss"], "adversarial": ["tell_apart", "adversarial_loss"], "latent": [], "low_rank": ["low_rank_loss"]}


@pytest.mark.parametrize("name", PATHS)
def test_a_loss_without_weight_is_neither_computed_nor_told(name, monkeypatch):
    for function in PATHS[name]:
        monkeypatch.delattr(redrawing, function)
    losses, _ = one_step(replace(RULES, weights=replace(RULES.weights, **{name: 0})))
    assert name not in losses
    assert set(PATHS) - {name} < set(losses)


def moved(weights):
    """Encoder and decoder after three steps on real slices, with an auxiliary encoder where it has a weight."""
    torch.manual_seed(0)
    judge, network = Discriminator(16, 4), EncoderDecoder(4, 16, 4, bool(weights.latent))
    players = Player(network, 1e-3), Player(judge, 1e-3)
    for step in range(3):
        real = torch.rand(8, 1, 16, 16, generator=torch.Generator().manual_seed(step))
        redraw_better(*players, real, RedrawingRules(weights, "verdict", "scale_free", GAME), step)
    return [copy.deepcopy(part.state_dict()) for part in (network.encoder, network.decoder)]


@pytest.mark.parametrize(("name", "path"), [("adversarial", "adversarial_loss"), ("latent", "mse_loss"), ("low_rank", "low_rank_loss")])
def test_weight_0_gives_the_weights_that_training_without_that_path_gives(name, path, monkeypatch):
    weights = LossWeights(50, 1, 1, 1)
    full, without = moved(weights), moved(replace(weights, **{name: 0}))
    monkeypatch.setattr(redrawing, path, lambda *_: torch.zeros(()))
    removed = moved(weights)
    for a, b, c in zip(full, without, removed, strict=True):
        assert all(torch.equal(b[key], c[key]) for key in a)
        assert any(not torch.equal(a[key], b[key]) for key in a)


def test_a_step_moves_every_network_and_leaves_all_trainable():
    torch.manual_seed(0)
    network, judge = Player(EncoderDecoder(4, 16, 4, True), 1e-3), Player(Discriminator(16, 4), 1e-3)
    before = [copy.deepcopy(player.net) for player in (network, judge)]
    redraw_better(network, judge, torch.rand(8, 1, 16, 16), replace(RULES, low_rank_form="scale_free"), 0)
    for old, player in zip(before, (network, judge), strict=True):
        pairs = list(zip(old.parameters(), player.net.parameters(), strict=True))
        assert all(not torch.equal(a, b) and b.requires_grad for a, b in pairs)

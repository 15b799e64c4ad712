import numpy as np
import pytest
import torch
from taught import normals, untaught

from MRIAnomalyLib.detectors.inpainter import InpainterConfig
from MRIAnomalyLib.nets.restorer import Restorer
from MRIAnomalyLib.training import learner as module
from MRIAnomalyLib.training.learner import Learner

BOTH = ("denoiser", "inpainter")


def learner(**changes):
    torch.manual_seed(0)
    config = InpainterConfig(image_size=16, levels=1, width=4, warm_up=10, weight_decay=0.0, **changes)
    return Learner("restorer", Restorer(16, 1, 4, mirror=True, masks=False), normals(), config, "cpu")


def loss_of(one):
    return one.net(torch.from_numpy(normals().pixels), torch.zeros(32, dtype=int)).square().mean()


def test_a_step_moves_the_network_at_its_pace_and_the_average_after_it():
    one = learner()
    before = [weight.detach().clone() for weight in one.net.parameters()]
    still = torch.zeros(1, 1, 16, 16)
    told = one.learn(0, {"one": loss_of(one), "other": 2 * loss_of(one)}, still, still)
    assert told["other"] == pytest.approx(2 * told["one"])
    for was, now, kept in zip(before, one.net.parameters(), one.average.parameters(), strict=True):
        assert (now - was).abs().max() <= 1.001 * 1e-3 / 10  # the first of ten steps in which the rate rises; Adam moves by no more than it
        torch.testing.assert_close(kept.detach(), 0.1 * was + 0.9 * now.detach())
    assert any(not torch.equal(was, now) for was, now in zip(before, one.net.parameters(), strict=True))


def test_a_gradient_is_cut_to_the_length_of_one(monkeypatch):
    one, lengths = learner(), []
    monkeypatch.setattr(
        torch.optim.AdamW, "step", lambda *_: lengths.append(sum(w.grad.square().sum() for w in one.net.parameters()).sqrt())
    )
    for scale in (1e-6, 1e6):
        one.learn(0, {"loss": scale * loss_of(one)}, torch.zeros(1), torch.zeros(1))
    assert lengths[0] < 0.5
    assert lengths[1].item() == pytest.approx(1.0, abs=1e-4)


def weights(name, **changes):
    detector = untaught(name, width=4, batch_size=8, steps=5, r1_gamma=1.0, critic_width=4, **changes)
    detector.fit(normals())
    return detector.weights()


def same(one, other):
    return all(np.array_equal(array, other[key]) for key, array in one.items())


@pytest.mark.parametrize("name", BOTH)
def test_without_weight_there_is_no_critic_and_one_that_says_nothing_changes_not_a_bit(name, monkeypatch):
    late, there = weights(name, critic_weight=0.01, critic_from=5), weights(name, critic_weight=0.01, critic_from=4)
    monkeypatch.delattr(module, "Realism")  # a build without one
    without = weights(name, critic_weight=0.0)
    assert same(without, late)
    assert not same(without, there)


@pytest.mark.parametrize("name", BOTH)
def test_a_run_with_a_critic_that_was_cut_off_ends_with_the_weights_of_one_that_was_not(name, tmp_path):
    steps = {"critic_weight": 0.01, "critic_from": 2, "width": 4, "batch_size": 8, "critic_width": 4, "settle_share": 0.01}
    straight = untaught(name, steps=20, **steps)
    straight.fit(normals())
    for stop in (11, 20):  # the pace is the same until the last steps
        resumed = untaught(name, steps=stop, **steps)
        resumed.fit(normals(), checkpoint_folder=tmp_path, resume=True)
    assert same(straight.weights(), resumed.weights())

import pytest
import torch

from MRIAnomalyLib.training.realism import Realism, RealismRules, critic_loss, realism_loss

RULES = RealismRules(weight=0.5, feature_weight=2.0, r1_gamma=0.0, since=0)


def slices(seed):
    return torch.rand(4, 1, 32, 32, generator=torch.Generator().manual_seed(seed))


def test_the_critic_gains_nothing_beyond_its_margins():
    assert critic_loss(torch.tensor([0.5, 3.0]), torch.tensor([-2.0, 0.0])).item() == pytest.approx(0.25 + 0.5)


def test_realism_is_the_weighted_verdict_and_difference_of_features():
    value = realism_loss(torch.tensor([1.0, 3.0]), torch.tensor([0.0, 1.0]), torch.tensor([0.5, 0.0]), RULES)
    assert value.item() == pytest.approx(2.0 * 0.75 - 0.5 * 2.0)


def test_a_critic_learns_to_tell_smooth_slices_from_real_ones():
    critic = Realism(4, RULES, seed=0, device="cpu")
    for step in range(200):
        real = slices(step)
        critic.judge(real, torch.nn.functional.avg_pool2d(real, 5, 1, 2), step)
    real = slices(999)
    smooth = torch.nn.functional.avg_pool2d(real, 5, 1, 2)
    assert (critic.net(real).mean((1, 2, 3)) > critic.net(smooth).mean((1, 2, 3))).all()


def test_the_gradient_reaches_the_restored_slices_and_the_critic_stays_trainable():
    critic, restored = Realism(4, RULES, seed=0, device="cpu"), slices(1).requires_grad_(True)
    before = [weight.detach().clone() for weight in critic.net.parameters()]
    loss, told = critic.judge(slices(0), restored, 1)
    loss.backward()
    assert restored.grad.abs().sum() > 0
    assert any(not torch.equal(was, now) for was, now in zip(before, critic.net.parameters(), strict=True))
    assert all(weight.requires_grad for weight in critic.net.parameters())
    assert set(told) == {"critic", "realism"}


def test_the_gradient_penalty_is_taken_every_sixteenth_step_only():
    def loss_at(step, gamma):
        return Realism(4, RealismRules(0.5, 2.0, gamma, 0), 0, "cpu").judge(slices(0), slices(1), step)[1]["critic"]

    assert loss_at(16, 10.0) > loss_at(16, 0.0)
    assert loss_at(17, 10.0) == loss_at(17, 0.0)

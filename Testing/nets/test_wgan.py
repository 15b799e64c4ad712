import pytest
import torch
from torch import nn
from torch.nn import functional

from MRIAnomalyLib.nets.dcgan import fold_batch_norm
from MRIAnomalyLib.nets.encoder import Encoder
from MRIAnomalyLib.nets.wgan import Critic, FallingConvolution, Generator, RisingConvolution


@pytest.mark.parametrize("size", [16, 64, 128])
def test_shapes_are_those_of_the_paper_and_its_neighbours(size):
    slices = Generator(20, size, 4)(torch.randn(2, 20))
    critic = Critic(size, 4)
    assert slices.shape == (2, 1, size, size)
    assert slices.abs().max() <= 1
    assert critic(slices).shape == (2,)
    assert critic.features(slices).shape == (2, 4 * min(8, size // 4) * 16)
    assert Encoder(20, size, 4, 3.0)(slices).shape == (2, 20)


def test_at_64_pixels_and_width_64_the_feature_has_the_papers_size():
    assert Critic(64, 64).judge.in_features == 8192


def test_the_joint_convolutions_do_what_their_two_steps_would():
    torch.manual_seed(0)
    rising, falling, x = RisingConvolution(3, 5), FallingConvolution(3, 5), torch.randn(2, 3, 8, 8)
    doubled = functional.interpolate(x, scale_factor=2)
    torch.testing.assert_close(rising(x), functional.conv2d(doubled, rising.weight, rising.bias, padding=1), atol=1e-5, rtol=1e-5)
    full = functional.conv2d(x, falling.weight, falling.bias, padding=1)
    torch.testing.assert_close(falling(x), functional.avg_pool2d(full, 2), atol=1e-5, rtol=1e-5)


def test_the_critic_never_normalises_over_a_batch():
    torch.manual_seed(0)
    critic, slices = Critic(16, 4).train(), torch.randn(6, 1, 16, 16)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in critic.modules())
    torch.testing.assert_close(critic(slices)[2:3], critic(slices[2:3]))


def test_the_encoder_answers_within_its_reach():
    torch.manual_seed(0)
    answer = Encoder(4, 16, 4, 3.0)(1000 * torch.randn(64, 1, 16, 16))
    assert answer.abs().max() <= 3
    assert answer.abs().max() > 2


def test_folding_batch_norm_changes_the_work_but_not_the_output():
    torch.manual_seed(0)
    generator = Generator(8, 32, 8)
    for module in generator.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.3, 3)
            module.weight.data.normal_(1, 0.3)
    latent = torch.randn(5, 8)
    slices, folded = generator.eval()(latent), fold_batch_norm(generator)
    torch.testing.assert_close(folded(latent), slices, atol=1e-5, rtol=1e-5)
    count = lambda net: sum(isinstance(module, nn.BatchNorm2d) for module in net.modules())  # noqa: E731
    assert count(folded) < count(generator)


def test_the_stages_of_a_critic_one_after_the_other_give_its_features():
    critic, slices = Critic(32, 4), torch.rand(2, 1, 32, 32)
    assert len(critic.stages) == 4
    assert torch.equal(torch.nn.Sequential(*critic.stages)(slices).flatten(1), critic.features(slices))

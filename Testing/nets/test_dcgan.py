import pytest
import torch
from torch import nn

from MRIAnomalyLib.nets.dcgan import Discriminator, Encoder, Generator, fold_batch_norm


def lived_in(net):
    """As after training: batch-norm statistics and gains that are not the neutral ones."""
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.3, 3)
            module.bias.data.normal_(0, 0.3)
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            module.weight.data.mul_(4)
    return net.eval()


@pytest.mark.parametrize("size", [16, 64, 128])
def test_shapes_are_those_of_the_paper_and_its_neighbours(size):
    latent = torch.randn(2, 20)
    slices = Generator(20, size, 4)(latent)
    discriminator = Discriminator(size, 4)
    assert slices.shape == (2, 1, size, size)
    assert slices.abs().max() <= 1
    assert discriminator(slices).shape == (2,)
    assert Encoder(20, size, 4)(slices).shape == (2, 20)
    assert discriminator.features(slices).shape == (2, 4 * min(8, size // 8) * 16)


def test_at_64_pixels_and_width_64_the_networks_have_the_papers_size():
    count = lambda net: sum(weight.numel() for weight in net.parameters())  # noqa: E731
    assert count(Generator(20, 64, 64)) == pytest.approx(2.92e6, rel=0.01)
    assert count(Discriminator(64, 64)) == pytest.approx(2.76e6, rel=0.01)


def test_an_image_size_that_halving_never_brings_to_four_is_refused():
    with pytest.raises(ValueError, match="power of two"):
        Generator(20, 48, 4)


def test_folding_batch_norm_changes_the_work_but_not_the_output():
    torch.manual_seed(0)
    generator, discriminator = lived_in(Generator(8, 32, 8)), lived_in(Discriminator(32, 8))
    latent = torch.randn(5, 8)
    slices = generator(latent)
    folded = fold_batch_norm(generator), fold_batch_norm(discriminator)
    assert slices.std() > 0.05
    torch.testing.assert_close(folded[0](latent), slices, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(folded[1].features(slices), discriminator.features(slices), atol=1e-5, rtol=1e-5)
    assert not any(isinstance(module, nn.BatchNorm2d) for net in folded for module in net.modules())
    assert any(isinstance(module, nn.BatchNorm2d) for module in generator.modules())
    assert not any(weight.requires_grad for net in folded for weight in net.parameters())


def test_the_stages_of_a_discriminator_one_after_the_other_give_its_features():
    net, slices = Discriminator(32, 4).eval(), torch.rand(2, 1, 32, 32)
    assert len(net.stages) == 3
    assert torch.equal(torch.nn.Sequential(*net.stages)(slices).flatten(1), net.features(slices))

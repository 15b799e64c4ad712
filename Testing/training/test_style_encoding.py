import pytest
import torch
from torch import nn

from MRIAnomalyLib.nets.psp import StyleEncoder
from MRIAnomalyLib.nets.style_critic import Discriminator, perceptual
from MRIAnomalyLib.nets.stylegan import Generator
from MRIAnomalyLib.training.style_encoding import StyleGoal, encoder_loss


@pytest.fixture
def nets():
    torch.manual_seed(0)
    encoder = StyleEncoder(8, 16, 4)
    for head in encoder.heads:
        nn.init.normal_(head[-2].weight, std=0.1)
    return encoder, Generator(8, 16, 4, 2), Discriminator(16, 4)


def loss(nets, **weights):
    slices = torch.rand(4, 1, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1
    styles = nets[1].styles(torch.randn(4, 8, generator=torch.Generator().manual_seed(1)))
    izi = {"image_weight": 1.0, "perceptual_weight": 0.0, "style_weight": 0.0, "nearness_weight": 0.0}
    return slices, styles, encoder_loss(*nets, slices, styles, StyleGoal(**{**izi, **weights})).item()


def test_every_part_of_the_loss_is_the_one_computed_by_hand(nets):
    encoder, generator, discriminator = nets
    slices, styles, alone = loss(nets)
    found = encoder(slices)
    redrawn = generator(found)
    assert alone == pytest.approx(((slices - redrawn).abs().mean() + (slices - redrawn).square().mean()).item(), rel=1e-4)
    looks = perceptual(discriminator.features(slices), discriminator.features(redrawn)).mean().item()
    assert loss(nets, image_weight=2.0)[2] == pytest.approx(2 * alone, rel=1e-4)
    assert loss(nets, image_weight=0.0, perceptual_weight=2.0)[2] == pytest.approx(loss(nets, perceptual_weight=2.0)[2] - alone, rel=1e-3)
    assert loss(nets, perceptual_weight=2.0)[2] - alone == pytest.approx(2 * looks, rel=1e-3)
    assert loss(nets, nearness_weight=2.0)[2] - alone == pytest.approx(2 * found.square().mean().item(), rel=1e-3)
    back = (encoder(generator(styles)) - styles).square().mean().item()
    assert loss(nets, style_weight=2.0)[2] - alone == pytest.approx(2 * back, rel=1e-3)


def test_what_weighs_nothing_is_not_computed(nets, monkeypatch):
    monkeypatch.setattr(nets[2], "features", None)
    seen = []
    nets[0].register_forward_hook(lambda *_: seen.append(1))
    loss(nets)
    assert len(seen) == 1

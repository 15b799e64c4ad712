"""One step of the non-saturating GAN game on plain networks, and the clean-up after the last one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy
from torch.optim.swa_utils import update_bn

from ..records import Array
from .data import NormalSlices, from_network
from .together import average_gradients
from .turns import all_turns, turn_surprise

BETAS = (0.5, 0.999)  # of Adam: the DCGAN paper's
R1_EVERY = 16  # the penalty costs a second-order gradient, so it is taken rarely and weighted up
STATISTICS_BATCHES = 200


@dataclass(frozen=True)
class GameRules:
    """What the two players agree on."""

    batch_size: int
    real_label: float  # one-sided smoothing: below 1 keeps the discriminator from growing sure of itself
    r1_gamma: float  # weight of the squared gradient at real slices; 0 leaves it out
    precision: str  # "bfloat16" or "float32" of the convolutions; weights and losses are always float32
    turn_weight: float = 0.0  # of telling how far a slice was turned, which the discriminator then learns as well; see `turns`


class Player:
    """A network in training mode and the optimiser that moves it."""

    def __init__(self, net: nn.Module, learning_rate: float, betas: tuple[float, float] = BETAS, frozen: Sequence[nn.Module] = ()) -> None:
        """The layers in `frozen` stay as they are to the last bit, their batch-norm statistics too, by which they normalise."""
        self.net = net.train().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        # their gradients are computed all the same: a second-order gradient past a convolution without them ends torch 2.13
        still = {id(weight) for layer in frozen for weight in layer.eval().parameters()}
        self.optimiser = torch.optim.Adam([weight for weight in net.parameters() if id(weight) not in still], learning_rate, betas)


def play(generator: Player, discriminator: Player, real: Tensor, latent: Tensor, rules: GameRules, step: int) -> dict[str, float]:
    """Move the discriminator, then the generator against it, on one batch of real slices (B, 1, H, W) and latents (B, d).

    Returns:
        Mean loss of both, and the mean probability of "real" given to real and to drawn slices.
    """
    with cast(real.device, rules.precision):
        fake = generator.net(latent)
    told = tell_apart(discriminator, real, fake.detach(), rules, step)
    discriminator.net.requires_grad_(False)  # spares a third of the backward pass
    with cast(real.device, rules.precision):
        judged = discriminator.net(fake).float()
    loss = against(judged, 1.0)
    descend(generator, loss)
    discriminator.net.requires_grad_(True)
    return {**told, "generator": loss.item()}


def tell_apart(discriminator: Player, real: Tensor, fake: Tensor, rules: GameRules, step: int) -> dict[str, float]:
    """Move the discriminator on real and made slices (B, 1, H, W), which have no gradient.

    Returns:
        Its mean loss, and the mean probability of "real" that it gave to either; `turn`, where it tells turns, is its surprise at them.
    """
    with cast(real.device, rules.precision):
        of_real, of_fake = discriminator.net(real).float(), discriminator.net(fake).float()
    loss = against(of_real, rules.real_label) + against(of_fake, 0.0)
    if rules.r1_gamma and step % R1_EVERY == 0:
        loss = loss + R1_EVERY * rules.r1_gamma / 2 * squared_gradient(discriminator.net, real)
    told = dict[str, float]()
    if rules.turn_weight:
        with cast(real.device, rules.precision):
            turn = turn_surprise(discriminator.net, real).mean()
        loss, told = loss + rules.turn_weight * turn, {"turn": turn.item()}
    descend(discriminator, loss)
    return {**told, "discriminator": loss.item(), "real": of_real.sigmoid().mean().item(), "fake": of_fake.sigmoid().mean().item()}


def descend(player: Player, loss: Tensor) -> None:
    """Move a player's network one step down its loss, which is that of all processes together."""
    player.net.zero_grad(set_to_none=True)
    loss.backward()
    average_gradients(player.net)
    player.optimiser.step()


def squared_gradient(discriminator: Callable[[Tensor], Tensor], real: Tensor) -> Tensor:
    """Mean over slices of the squared gradient of the discriminator's logits at real slices (R1, Mescheder et al. 2018)."""
    real = real.detach().requires_grad_(True)
    (gradient,) = torch.autograd.grad(discriminator(real).sum(), real, create_graph=True)
    return gradient.square().sum((1, 2, 3)).mean()


@torch.no_grad()
def follow(average: nn.Module, net: nn.Module, decay: float, step: int) -> None:
    """Exponential moving average of the weights: average <- decay * average + (1 - decay) * net.

    Early on the decay is (1 + step) / (10 + step), so that a short run does not keep its random start.
    """
    share = 1 - min(decay, (1 + step) / (10 + step))
    for kept, new in zip(average.parameters(), net.parameters(), strict=True):
        kept.lerp_(new, share)


def settle_on_prior(generator: nn.Module, batch_size: int, latent_dim: int, seed: int) -> None:
    """Measure the batch-norm statistics of the averaged generator, which never ran in training, and leave it in evaluation mode."""
    random = torch.Generator().manual_seed(seed)
    latents = (torch.randn(batch_size, latent_dim, generator=random) for _ in range(STATISTICS_BATCHES))
    update_bn(latents, generator, next(generator.parameters()).device)
    generator.eval()


def settle_on_slices(net: nn.Module, data: NormalSlices, batch_size: int, frozen: Sequence[nn.Module] = ()) -> None:
    """Measure batch-norm statistics anew on real slices, and leave the network in evaluation mode, in which scores are made.

    Those of training are of the last few batches only, and a discriminator's mix real and drawn slices. `frozen` are layers that the
    slices go through before they reach the network; they keep their own.
    """
    device, below = next(net.parameters()).device, nn.Sequential(*frozen).eval()
    update_bn((below(data.batch(batch_size).to(device)) for _ in range(STATISTICS_BATCHES)), net, device)
    net.eval()


def settle_on_turns(discriminator: nn.Module, data: NormalSlices, batch_size: int) -> None:
    """The same for a discriminator that is to tell turns, on slices in all of them."""
    device = next(discriminator.parameters()).device
    update_bn((all_turns(data.batch(batch_size)).to(device) for _ in range(STATISTICS_BATCHES)), discriminator, device)
    discriminator.eval()


@torch.no_grad()
def samples(generator: nn.Module, count: int, latent_dim: int, intensity_top: float, seed: int) -> Array:
    """Slices that the generator draws from the prior (count, 1, H, W), standardised intensity."""
    latent = torch.randn(count, latent_dim, generator=torch.Generator().manual_seed(seed))
    drawn = generator(latent.to(next(generator.parameters()).device))
    return from_network(drawn.cpu(), intensity_top).numpy()


def against(logits: Tensor, label: float) -> Tensor:
    """Mean cross-entropy of logits (B,) with one label for all of them: 1 for real, 0 for made."""
    return cross_entropy(logits, torch.full_like(logits, label))


def cast(device: torch.device, precision: str) -> torch.autocast:
    """The context in which convolutions run at this precision, "bfloat16" or "float32"."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16")

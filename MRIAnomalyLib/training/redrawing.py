"""One step of a network that is to redraw healthy slices: four losses, each of which can be left out (Wang et al. 2020)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn.functional import l1_loss, mse_loss

from .adversarial import GameRules, Player, against, cast, descend, tell_apart
from .low_rank import effective_rank, low_rank_loss

ADVERSARIAL_GOALS = ("features", "verdict")


@dataclass(frozen=True)
class LossWeights:
    """What each loss counts; one of weight 0 is not computed."""

    reconstruction: float
    adversarial: float
    latent: float
    low_rank: float


@dataclass(frozen=True)
class RedrawingRules:
    """How the network is judged."""

    weights: LossWeights
    adversarial_goal: str  # of ADVERSARIAL_GOALS
    low_rank_form: str  # of LOW_RANK_FORMS
    game: GameRules


def redraw_better(network: Player, discriminator: Player, real: Tensor, rules: RedrawingRules, step: int) -> dict[str, float]:
    """Move the discriminator, then the network, on one batch of real slices (B, 1, H, W) in [-1, 1].

    Args:
        network: (B, 1, H, W) -> `nets.encoder_decoder.RoundTrip`.
        discriminator: of `nets.dcgan`; stands still where the adversarial loss has no weight.
        real: the batch.
        rules: which losses count, and how.
        step: its number.

    Returns:
        The losses without their weights; and what shows a latent space that collapses: its effective rank and its variance.
    """
    weights, told = rules.weights, dict[str, float]()
    with cast(real.device, rules.game.precision):
        trip = network.net(real)
    latent, losses = trip.latent.float(), dict[str, Tensor]()
    if weights.reconstruction:
        losses["reconstruction"] = l1_loss(trip.drawn.float(), real)
    if weights.adversarial:
        told = tell_apart(discriminator, real, trip.drawn.detach(), rules.game, step)
        discriminator.net.requires_grad_(False)  # spares a third of the backward pass
        with cast(real.device, rules.game.precision):
            losses["adversarial"] = adversarial_loss(discriminator.net, real, trip.drawn, rules.adversarial_goal)
    if weights.latent:
        losses["latent"] = mse_loss(trip.latent_again.float(), latent)
    if weights.low_rank:
        losses["low_rank"] = low_rank_loss(latent, rules.low_rank_form)
    descend(network, sum((getattr(weights, name) * loss for name, loss in losses.items()), real.new_zeros(())))
    discriminator.net.requires_grad_(True)
    spread = {"effective_rank": effective_rank(latent), "latent_variance": latent.detach().var(0, correction=0).mean().item()}
    return {name: loss.item() for name, loss in losses.items()} | told | spread


def adversarial_loss(discriminator: nn.Module, real: Tensor, drawn: Tensor, goal: str) -> Tensor:
    """How far drawn slices are from real ones in the eyes of a discriminator.

        features  mean squared difference of its features, slice by slice (GANomaly, Akcay et al. 2018)
        verdict   -log of the probability of "real" that it gives to drawn ones (Goodfellow et al. 2014)

    Args:
        discriminator: of `nets.dcgan`.
        real: (B, 1, H, W) in [-1, 1].
        drawn: the same slices redrawn; the only ones with a gradient.
        goal: of ADVERSARIAL_GOALS.
    """
    if goal == "verdict":
        return against(discriminator(drawn).float(), 1.0)
    features: Callable[[Tensor], Tensor] = discriminator.features  # type: ignore[assignment]
    return mse_loss(features(drawn).float(), features(real).float())

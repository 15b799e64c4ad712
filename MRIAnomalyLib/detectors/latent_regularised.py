"""Latent-regularised network: a slice through a narrow latent space and back; what does not come back is evidence.

Written from Wang et al., "Brain Tumor Anomaly Detection via Latent Regularized Adversarial Network" (arXiv 2007.04734, 2020): encoder,
decoder and auxiliary encoder of GANomaly (Akcay et al., ACCV 2018), with a loss that keeps healthy slices in few latent directions. No
reference code was copied.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..errors import UsageError
from ..inversion.frozen import filled_batches
from ..nets.dcgan import Discriminator, TurnDiscriminator
from ..nets.encoder_decoder import EncoderDecoder
from ..records import Reconstruction, SliceStack
from ..training.adversarial import GameRules, Player, follow, settle_on_slices, settle_on_turns
from ..training.data import NormalSlices, from_network
from ..training.loop import Course
from ..training.low_rank import LOW_RANK_FORMS
from ..training.redrawing import ADVERSARIAL_GOALS, LossWeights, RedrawingRules, redraw_better
from ..training.settings import check_choice, check_settings, check_weights
from ..training.turns import turn_surprise
from .base import ROWS_AT_ONCE, Detector, Report, register


@dataclass(frozen=True)
class LatentRegularisedConfig:
    """Where no reason is given, defaults are GANomaly's: the paper's own weights and sizes are lost in all public copies of it."""

    image_size: int = 64  # pixels per side of a square slice
    colours: int = 1  # values of a pixel: 1 in a scan, 3 in a colour image such as the paper's tables have
    latent_dim: int = 100
    width: int = 32  # channels of the widest-open block; 64 in GANomaly, half of it trains on a processor
    intensity_top: float = 1.5  # standardised intensity that stands for 1 in the network; white matter is near 1.0
    mirror: bool = True  # left-right flips in training; off for one-sided anatomy such as a knee
    seed: int = 0

    steps: int = 20_000
    batch_size: int = 64  # the rank of a batch of latent vectors cannot exceed it
    learning_rate: float = 2e-4  # of all networks; the paper's 0.002 is ten times what is usual, maybe a misprint
    average_decay: float = 0.999  # of the averaged network, which is the one that is kept; the paper has none
    precision: str = "bfloat16"  # of the convolutions in training: twice as fast, the weights stay float32

    reconstruction_weight: float = 50.0  # of the mean absolute difference of pixels; this and the next three at 0 leave their loss out
    adversarial_weight: float = 1.0
    latent_weight: float = 1.0  # at 0 there is no auxiliary encoder and no latent score either
    low_rank_weight: float = 0.1  # ours
    adversarial_goal: str = "features"  # of ADVERSARIAL_GOALS, see `adversarial_loss`
    turn_weight: float = 0.0  # above 0 the discriminator learns to tell quarter turns, which gives a score; for photographs, not for scans
    low_rank_form: str = "scale_free"  # of LOW_RANK_FORMS, see `low_rank_loss`; the paper's can be lowered by shrinking alone
    both_sides: bool = True  # counterparts are the mean of a slice's and its mirror image's, at twice the time; for `mirror` only

    def __post_init__(self) -> None:
        """Refuse what no network can be built from.

        Raises:
            UsageError: with the setting and what it must be.
        """
        check_settings(self, ("colours", "latent_dim", "width", "steps", "batch_size"))
        check_choice(self, "adversarial_goal", ADVERSARIAL_GOALS)
        check_choice(self, "low_rank_form", LOW_RANK_FORMS)
        check_weights(self, ("reconstruction_weight", "adversarial_weight", "latent_weight", "low_rank_weight", "turn_weight"))
        if not self.reconstruction_weight and not self.adversarial_weight:
            raise UsageError("Nothing would be learned: set reconstruction_weight or adversarial_weight above 0.")
        if self.turn_weight and not self.adversarial_weight:
            raise UsageError("Turns are told by the discriminator: set adversarial_weight above 0, or turn_weight to 0.")


@register("latent_regularised")
class LatentRegularised(Detector):
    """A network that redraws slices from few latent directions, those of healthy people."""

    Config = LatentRegularisedConfig
    parts = ("residual", "asymmetry")  # on validation subjects (T1) the atlas only took from it
    anytime = frozenset({"steps", "both_sides"})
    config: LatentRegularisedConfig

    def build(self) -> None:
        """Make the network (in the end the averaged one), and the discriminator, which serves in training only unless it tells turns."""
        config = self.config
        self.network = EncoderDecoder(config.latent_dim, config.image_size, config.width, bool(config.latent_weight), config.colours)
        self.discriminator = (TurnDiscriminator if config.turn_weight else Discriminator)(config.image_size, config.width, config.colours)

    def modules(self) -> dict[str, nn.Module]:
        """Encoder, decoder and auxiliary encoder, as one network; and the discriminator where it gives a score."""
        return {"network": self.network} | ({"discriminator": self.discriminator} if self.config.turn_weight else {})

    def course(self, normals: SliceStack, device: str) -> Course:
        """See `Detector.course`: each step redraws a batch of slices."""
        config, random = self.config, torch.Generator().manual_seed(self.config.seed)
        average = self.network.to(device)
        network = Player(copy.deepcopy(average), config.learning_rate)
        discriminator = Player(self.discriminator.to(device), config.learning_rate)
        rules = self._rules()
        data = NormalSlices(normals, config.intensity_top, config.mirror, random)

        def step(number: int) -> dict[str, float]:
            losses = redraw_better(network, discriminator, data.batch(config.batch_size).to(device), rules, number)
            follow(average, network.net, config.average_decay, number)
            return losses

        def settle() -> None:
            settle_on_slices(average, data, config.batch_size)
            if config.turn_weight:
                settle_on_turns(discriminator.net, data, config.batch_size)

        return Course(
            modules={"network": network.net, "average": average, "discriminator": discriminator.net},
            optimisers={"network": network.optimiser, "discriminator": discriminator.optimiser},
            random=random,
            steps=config.steps,
            step=step,
            settle=settle,
        )

    def _rules(self) -> RedrawingRules:
        config = self.config
        weights = LossWeights(config.reconstruction_weight, config.adversarial_weight, config.latent_weight, config.low_rank_weight)
        # nothing holds the discriminator back: what its features say is worth the more the better it is
        game = GameRules(config.batch_size, real_label=1.0, r1_gamma=0.0, precision=config.precision, turn_weight=config.turn_weight)
        return RedrawingRules(weights, config.adversarial_goal, config.low_rank_form, game)

    @torch.no_grad()
    def reconstruct(
        self,
        stack: SliceStack,
        *,
        seed: int = 0,
        device: str = "cpu",
        steps: int | None = None,
        rows_at_once: int | None = None,
        progress: Report | None = None,
    ) -> Reconstruction:
        """See `Detector.reconstruct`; nothing is drawn and nothing is searched, so that `seed` and `steps` change nothing.

        Terms: `latent` is the mean squared difference between the latent vectors of the slice and of the redrawn one, the paper's anomaly
        score; `pixel` is the mean absolute difference over the mask, in the network's range [-1, 1]; `turn`, where the discriminator tells
        turns, is `training.turns.turn_surprise`.
        """
        slices, mask = self.to_networks(stack, device)
        answers = []
        for rows in filled_batches(len(slices), rows_at_once or ROWS_AT_ONCE):
            answers.append(self._answer(slices[rows], mask[rows]))
            if progress:
                progress(min(len(slices), len(answers) * len(rows)), len(slices))
        drawn, vectors, terms = zip(*answers, strict=True)
        together = {name: [some[name] for some in terms] for name in terms[0]}
        healthy = torch.cat(drawn)[: len(slices)].cpu()
        return Reconstruction(
            healthy=from_network(healthy, self.config.intensity_top).numpy(),
            terms={name: torch.cat(parts)[: len(slices)].cpu().numpy() for name, parts in together.items()},
            latent=torch.cat(vectors)[: len(slices)].cpu().numpy(),
        )

    def _answer(self, slices: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """Redrawn slices (B, C, H, W), latent vectors (B, d), and those terms (B,) that the networks can give."""
        trip = self.network(slices)
        off = (slices - trip.drawn).abs().mean(1, keepdim=True)  # over colours, of which a scan has one
        terms = {"pixel": (off * mask).sum((1, 2, 3)) / mask.sum((1, 2, 3)).clamp(min=1)}
        if trip.latent_again is not None:
            terms["latent"] = (trip.latent - trip.latent_again).square().mean(1)
        if isinstance(self.discriminator, TurnDiscriminator):
            terms["turn"] = turn_surprise(self.discriminator, slices)
        return trip.drawn, trip.latent, terms

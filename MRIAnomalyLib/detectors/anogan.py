"""AnoGAN: a generator knows only healthy slices; what the nearest slice it can draw does not show is evidence.

Written from Schlegl et al., "Unsupervised Anomaly Detection with Generative Adversarial Networks to Guide Marker Discovery"
(IPMI 2017) and its application to knee MRI (MRNet AnoGAN). No reference code was copied.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..inversion.search import SearchSettings, nearest_starts, rows_that_fit, search
from ..nets.dcgan import Discriminator, Generator
from ..records import Array, Reconstruction, SliceStack
from ..training.adversarial import GameRules, Player, follow, play, samples, settle_on_prior, settle_on_slices
from ..training.data import NormalSlices, from_network
from ..training.loop import Course
from ..training.settings import check_settings
from ..training.transfer import lower_layers
from .base import Detector, Report, register


@dataclass(frozen=True)
class AnoGANConfig:
    """Defaults are the papers' where no reason is given."""

    image_size: int = 64  # pixels per side of a square slice
    latent_dim: int = 64  # 20 for one knee plane; a brain from top to bottom needs more
    width: int = 32  # channels of the widest-open block; 64 in the paper, half of it trains on a processor
    intensity_top: float = 1.5  # standardised intensity that stands for 1 in the network; white matter is near 1.0
    mirror: bool = True  # left-right flips in training; off for one-sided anatomy such as a knee
    seed: int = 0

    steps: int = 12_000  # generator steps; about an hour on one core
    batch_size: int = 64
    learning_rate: float = 2e-4  # the DCGAN paper's, for both networks
    real_label: float = 0.9  # the knee study's own curves show a discriminator that wins; smoothing holds it back
    r1_gamma: float = 0.05  # holds the discriminator back; with 1.0 it hardly learned in the first thousand steps
    average_decay: float = 0.999  # of the averaged generator, which is the one that is kept
    frozen_layers: int = 0  # of the discriminator, from below, that stay as they were when training starts from a bundle; 2 to 4 are usual
    precision: str = "bfloat16"  # of the convolutions in training: twice as fast, the weights stay float32

    fast_steps: int = 150
    thorough_steps: int = 500  # Schlegl 2017
    pool: int = 1000  # prior samples among which each slice's start is sought
    restarts: int = 1  # starts per slice: the nearest of the pool; more cost as many times more
    lam: float = 0.1  # share of the discrimination loss
    prior_weight: float = 0.01  # keeps z likely; without it the generator starts to paint lesions

    def __post_init__(self) -> None:
        """Refuse what no network can be built from.

        Raises:
            UsageError: with the setting and what it must be.
        """
        check_settings(self, ("latent_dim", "width", "steps", "batch_size", "fast_steps", "thorough_steps", "pool", "restarts"))


@register("anogan")
class AnoGAN(Detector):
    """A DCGAN of normal slices, and a search through its latent space."""

    Config = AnoGANConfig
    config: AnoGANConfig
    anytime = frozenset({"steps", "fast_steps", "thorough_steps", "pool", "restarts", "lam", "prior_weight"})

    def build(self) -> None:
        """Make the generator (in the end the averaged one) and the discriminator."""
        self.generator = Generator(self.config.latent_dim, self.config.image_size, self.config.width)
        self.discriminator = Discriminator(self.config.image_size, self.config.width)
        self._frozen = lower_layers(self.discriminator.stages, self.config.frozen_layers)

    def modules(self) -> dict[str, nn.Module]:
        """Both networks: the discriminator's features are half of the score."""
        return {"generator": self.generator, "discriminator": self.discriminator}

    def steps_for(self, quality: str) -> int:
        """Search steps of a quality."""
        return self.config.fast_steps if quality == "fast" else self.config.thorough_steps

    def course(self, normals: SliceStack, device: str) -> Course:
        """See `Detector.course`: the game of both networks; the generator that is kept is the average."""
        config, random = self.config, torch.Generator().manual_seed(self.config.seed)
        average = self.generator.to(device)
        generator = Player(copy.deepcopy(average), config.learning_rate)
        discriminator = Player(self.discriminator.to(device), config.learning_rate, frozen=self._frozen)
        rules = GameRules(config.batch_size, config.real_label, config.r1_gamma, config.precision)
        data = NormalSlices(normals, config.intensity_top, config.mirror, random)

        def step(number: int) -> dict[str, float]:
            real = data.batch(config.batch_size).to(device)
            latent = torch.randn(config.batch_size, config.latent_dim, generator=random).to(device)
            losses = play(generator, discriminator, real, latent, rules, number)
            follow(average, generator.net, config.average_decay, number)
            return losses

        def settle() -> None:
            settle_on_prior(average, config.batch_size, config.latent_dim, config.seed)
            moved = nn.Sequential(*self.discriminator.stages[config.frozen_layers :], self.discriminator.logit)
            settle_on_slices(moved, data, config.batch_size, self._frozen)

        return Course(
            modules={"generator": generator.net, "average": average, "discriminator": discriminator.net},
            optimisers={"generator": generator.optimiser, "discriminator": discriminator.optimiser},
            random=random,
            steps=config.steps,
            step=step,
            settle=settle,
        )

    def draw(self, count: int, seed: int) -> Array:
        """See `Detector.draw`."""
        return samples(self.generator, count, self.config.latent_dim, self.config.intensity_top, seed)

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
        """See `Detector.reconstruct`.

        Terms, in the network's range [-1, 1]: `residual` is the mean absolute difference over the mask, `discrimination` the mean
        absolute difference of discriminator features, `loss` their sum weighted 1 - lam and lam: the paper's anomaly score.
        """
        config = self.config
        slices, mask, starts = self.pose(stack, seed, device)
        rows = rows_at_once or rows_that_fit(slices)
        settings = SearchSettings(steps or self.steps_for("thorough"), config.lam, config.prior_weight, rows_at_once=rows)
        found = search(self.generator, self.discriminator, slices, mask, starts, settings, progress)
        return Reconstruction(
            healthy=from_network(found.drawn, config.intensity_top).cpu().numpy(),
            terms={name: getattr(found, name).cpu().numpy() for name in ("residual", "discrimination", "loss")},
            latent=found.latent.cpu().numpy(),
        )

    def pose(self, stack: SliceStack, seed: int, device: str) -> tuple[Tensor, Tensor, Tensor]:
        """What `search` takes: slices (N, 1, H, W) in [-1, 1], their masks, and where each starts from (N, R, d)."""
        slices, mask = self.to_networks(stack, device)
        pool = torch.randn(self.config.pool, self.config.latent_dim, generator=torch.Generator().manual_seed(seed)).to(device)
        return slices, mask, nearest_starts(self.generator, slices, mask, pool, self.config.restarts)

"""f-AnoGAN: an encoder answers in one pass what AnoGAN searches for; what the generator cannot redraw is evidence.

Written from Schlegl et al., "f-AnoGAN: Fast unsupervised anomaly detection with generative adversarial networks" (Medical Image
Analysis 54, 2019). No reference code was copied.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..inversion.frozen import encoded, filled_batches
from ..inversion.search import SearchSettings, rows_that_fit, search
from ..nets.encoder import Encoder
from ..nets.wgan import Critic, Generator
from ..records import Array, Reconstruction, SliceStack
from ..training.adversarial import Player, cast, descend, follow, samples, settle_on_prior, settle_on_slices
from ..training.data import NormalSlices, from_network
from ..training.encoding import GOALS, encoder_loss
from ..training.loop import Course
from ..training.settings import check_choice, check_settings
from ..training.transfer import lower_layers
from ..training.wasserstein import BETAS, WassersteinRules, play
from .base import Detector, Report, register


@dataclass(frozen=True)
class FAnoGANConfig:
    """Defaults are those of the paper and its published code where no reason is given."""

    image_size: int = 64  # pixels per side of a square slice
    latent_dim: int = 128
    width: int = 32  # channels of the finest level; 64 in the paper, half of it is what a processor can train
    intensity_top: float = 1.5  # standardised intensity that stands for 1 in the network; white matter is near 1.0
    mirror: bool = True  # left-right flips in training; off for one-sided anatomy such as a knee
    seed: int = 0

    steps: int = 30_000  # of the generator
    critic_steps: int = 5  # of the critic for each of them
    penalty_weight: float = 10.0  # of the critic's gradient
    batch_size: int = 64
    learning_rate: float = 1e-4  # of all three networks
    average_decay: float = 0.999  # of the averaged generator, which is the one that is kept; the paper has none
    frozen_layers: int = 0  # of the critic, from below, that stay as they were when training starts from a bundle; 2 to 4 are usual
    precision: str = "bfloat16"  # of the convolutions in training: twice as fast, the weights stay float32

    encoder_steps: int = 20_000  # with generator and critic frozen
    encoder_goal: str = "izi_f"  # of GOALS, see `encoder_loss`
    feature_weight: float = 1.0  # kappa: critic features against pixels, in training and in the score
    latent_reach: float = 3.0  # largest latent value of the encoder; the published code's 1 leaves out a third of the prior

    refine_steps: int = 30  # of AnoGAN's search from the encoder's answer on, for "thorough"; "fast" is one pass
    refine_rate: float = 0.02  # its learning rate: gentler than a search from afar
    lam: float = 0.1  # its share of the discrimination loss
    prior_weight: float = 0.01  # keeps z likely in it
    both_sides: bool = True  # counterparts are the mean of a slice's and its mirror image's, at twice the time; for `mirror` only

    def __post_init__(self) -> None:
        """Refuse what no network can be built from.

        Raises:
            UsageError: with the setting and what it must be.
        """
        check_settings(self, ("latent_dim", "width", "steps", "critic_steps", "batch_size", "encoder_steps", "refine_steps"))
        check_choice(self, "encoder_goal", GOALS)


@register("fanogan")
class FAnoGAN(Detector):
    """A Wasserstein GAN of normal slices, and an encoder into its latent space."""

    Config = FAnoGANConfig
    parts = ("residual", "asymmetry")  # on validation subjects (T1) the atlas only took from it
    config: FAnoGANConfig
    anytime = frozenset({"encoder_steps", "refine_steps", "refine_rate", "lam", "prior_weight", "both_sides"})

    def build(self) -> None:
        """Make the generator (in the end the averaged one), the critic and the encoder."""
        config = self.config
        self.generator = Generator(config.latent_dim, config.image_size, config.width)
        self.critic = Critic(config.image_size, config.width)
        self._frozen = lower_layers(self.critic.stages, config.frozen_layers)
        self.encoder = Encoder(config.latent_dim, config.image_size, config.width, config.latent_reach)

    def modules(self) -> dict[str, nn.Module]:
        """All three networks: the critic's features are part of the score."""
        return {"generator": self.generator, "critic": self.critic, "encoder": self.encoder}

    def steps_for(self, quality: str) -> int:
        """Refinement steps of a quality: none for "fast"."""
        return 0 if quality == "fast" else self.config.refine_steps

    def course(self, normals: SliceStack, device: str) -> Course:
        """See `Detector.course`: the pair first, then the encoder against both; a run stopped before has no encoder yet."""
        config, random = self.config, torch.Generator().manual_seed(self.config.seed)
        average = self.generator.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        generator = Player(copy.deepcopy(average), config.learning_rate, BETAS)
        critic = Player(self.critic.to(device), config.learning_rate, BETAS, self._frozen)
        encoder = Player(self.encoder.to(device), config.learning_rate)
        rules = WassersteinRules(config.critic_steps, config.penalty_weight, config.precision)
        data = NormalSlices(normals, config.intensity_top, config.mirror, random)

        def settle_generator() -> None:
            settle_on_prior(average, config.batch_size, config.latent_dim, config.seed)

        def settle() -> None:
            settle_generator()
            settle_on_slices(encoder.net, data, config.batch_size)

        def real() -> Tensor:
            return data.batch(config.batch_size).to(device)

        def latent() -> Tensor:
            return torch.randn(config.batch_size, config.latent_dim, generator=random).to(device)

        def step(number: int) -> dict[str, float]:
            if number < config.steps:
                losses = play(generator, critic, real, latent, rules, random)
                follow(average, generator.net, config.average_decay, number)
                return losses
            if number == config.steps:
                settle_generator()
            for net in (average, critic.net):
                net.eval().requires_grad_(False)
            with cast(torch.device(device), config.precision):
                loss = encoder_loss(encoder.net, average, self.critic, real(), latent(), config.encoder_goal, config.feature_weight)
            descend(encoder, loss)
            return {"encoder": loss.item()}

        return Course(
            modules={"generator": generator.net, "average": average, "critic": critic.net, "encoder": encoder.net},
            optimisers={"generator": generator.optimiser, "critic": critic.optimiser, "encoder": encoder.optimiser},
            random=random,
            steps=config.steps + config.encoder_steps,
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
        """See `Detector.reconstruct`; `steps` are those of AnoGAN's search from the encoder's answer on, 0 for one pass.

        Terms, in the network's range [-1, 1]: `image` is the mean squared difference, `features` that of critic features, `izi_f` their
        sum with weights 1 and kappa: the paper's anomaly score; `latent` is the mean squared difference between the encoder's answers
        for the slice and for the redrawn one.
        """
        slices, mask = self.to_networks(stack, device)
        rows = rows_at_once or rows_that_fit(slices)
        steps = self.steps_for("thorough") if steps is None else steps
        first = self.encode(slices, rows, None if steps else progress)
        latent = first
        if steps:
            settings = self.refinement(steps, rows)
            latent = search(self.generator, self.critic, slices, mask, first[:, None], settings, progress).latent
        drawn, terms = self._score(slices, first, latent, rows)
        return Reconstruction(
            healthy=from_network(drawn, self.config.intensity_top).cpu().numpy(),
            terms={name: value.cpu().numpy() for name, value in terms.items()},
            latent=latent.cpu().numpy(),
        )

    def refinement(self, steps: int, rows: int) -> SearchSettings:
        """AnoGAN's search as it goes on from the encoder's answer."""
        config = self.config
        rates = config.refine_rate, config.refine_rate / 10
        return SearchSettings(steps, config.lam, config.prior_weight, *rates, rows_at_once=rows)

    def encode(self, slices: Tensor, at_once: int, progress: Report | None = None) -> Tensor:
        """The encoder's latent vectors (N, d) of slices (N, 1, H, W) in [-1, 1]."""
        return encoded(self.encoder, slices, at_once, progress)

    @torch.no_grad()
    def _score(self, slices: Tensor, first: Tensor, latent: Tensor, at_once: int) -> tuple[Tensor, dict[str, Tensor]]:
        """The slices that these latent vectors stand for (N, 1, H, W), and the terms of each (N,); `first` is what the encoder said."""
        parts = []
        for rows in filled_batches(len(slices), at_once):
            drawn = self.generator(latent[rows])
            image = (slices[rows] - drawn).square().mean((1, 2, 3))
            features = (self.critic.features(slices[rows]) - self.critic.features(drawn)).square().mean(1)
            drift = (first[rows] - self.encoder(drawn)).square().mean(1)
            parts.append((drawn, image, features, image + self.config.feature_weight * features, drift))
        drawn, *terms = (torch.cat(part)[: len(slices)] for part in zip(*parts, strict=True))
        return drawn, dict(zip(("image", "features", "izi_f", "latent"), terms, strict=True))

"""f-AnoGAN: an encoder answers in one pass what AnoGAN searches for; what the generator cannot redraw is evidence.

Written from Schlegl et al., "f-AnoGAN: Fast unsupervised anomaly detection with generative adversarial networks" (Medical Image
Analysis 54, 2019). No reference code was copied.
"""

from __future__ import annotations

import copy
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import update_bn

from ..errors import UsageError
from ..inversion.search import SearchSettings, filled_batches, rows_that_fit, search
from ..nets.encoder import Encoder
from ..nets.wgan import Critic, Generator
from ..records import Array, Reconstruction, SliceStack
from ..training.adversarial import STATISTICS_BATCHES, Player, cast, descend, follow
from ..training.curves import write_losses, write_samples
from ..training.data import NormalSlices, fingerprint, from_network, to_network
from ..training.encoding import GOALS, encoder_loss
from ..training.loop import Log, Run, Step, resume_run, train
from ..training.wasserstein import BETAS, WassersteinRules, play
from .base import Detector, Report, check_settings, check_side, register

_ANYTIME = {"encoder_steps", "refine_steps", "refine_rate", "lam", "prior_weight"}  # may change between stop and resume
_SHEET = 64  # slices on the sample sheet


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
    precision: str = "bfloat16"  # of the convolutions in training: twice as fast, the weights stay float32

    encoder_steps: int = 20_000  # with generator and critic frozen
    encoder_goal: str = "izi_f"  # of GOALS, see `encoder_loss`
    feature_weight: float = 1.0  # kappa: critic features against pixels, in training and in the score
    latent_reach: float = 3.0  # largest latent value of the encoder; the published code's 1 leaves out a third of the prior

    refine_steps: int = 30  # of AnoGAN's search from the encoder's answer on, for "thorough"; "fast" is one pass
    refine_rate: float = 0.02  # its learning rate: gentler than a search from afar
    lam: float = 0.1  # its share of the discrimination loss
    prior_weight: float = 0.01  # keeps z likely in it

    def __post_init__(self) -> None:
        """Refuse what no network can be built from.

        Raises:
            UsageError: with the setting and what it must be.
        """
        check_settings(self, ("latent_dim", "width", "steps", "critic_steps", "batch_size", "encoder_steps", "refine_steps"))
        if self.encoder_goal not in GOALS:
            raise UsageError(f"The setting encoder_goal is {self.encoder_goal}; it must be {', '.join(GOALS[:-1])} or {GOALS[-1]}.")


@register("fanogan")
class FAnoGAN(Detector):
    """A Wasserstein GAN of normal slices, and an encoder into its latent space."""

    Config = FAnoGANConfig
    config: FAnoGANConfig

    def build(self) -> None:
        """Make the generator (in the end the averaged one), the critic and the encoder."""
        config = self.config
        self.generator = Generator(config.latent_dim, config.image_size, config.width)
        self.critic = Critic(config.image_size, config.width)
        self.encoder = Encoder(config.latent_dim, config.image_size, config.width, config.latent_reach)

    def modules(self) -> dict[str, nn.Module]:
        """All three networks: the critic's features are part of the score."""
        return {"generator": self.generator, "critic": self.critic, "encoder": self.encoder}

    def steps_for(self, quality: str) -> int:
        """Refinement steps of a quality: none for "fast"."""
        return 0 if quality == "fast" else self.config.refine_steps

    def fit(
        self,
        normals: SliceStack,
        *,
        device: str = "cpu",
        log: Log | None = None,
        checkpoint_folder: Path | None = None,
        resume: bool = False,
        max_minutes: float | None = None,
    ) -> bool:
        """Train generator and critic, then the encoder against both; see `Detector.fit`.

        Writes losses.csv, losses.png and samples.png beside the checkpoint. A run that is stopped in the first stage has no encoder yet.
        """
        config = self.config
        check_side(normals, config.image_size)
        run, step, data = self._prepare_training(normals, device)
        if resume and checkpoint_folder:
            resume_run(run, checkpoint_folder)
        finished = train(run, step, config.steps + config.encoder_steps, checkpoint_folder, log, max_minutes)
        if run.step <= config.steps:
            self._settle_generator(device)
        # In training the encoder normalised by each batch; scores are made by what all of them have in common.
        update_bn((data.batch(config.batch_size) for _ in range(STATISTICS_BATCHES)), self.encoder, torch.device(device))
        for net in self.modules().values():
            net.eval().requires_grad_(True)
        if checkpoint_folder:
            write_losses(checkpoint_folder, run.history)
            write_samples(checkpoint_folder / "samples.png", self.sample(_SHEET, config.seed), config.intensity_top)
        return finished

    @torch.no_grad()
    def sample(self, count: int, seed: int = 0) -> Array:
        """Slices drawn from the prior (count, 1, H, W), standardised intensity."""
        latent = torch.randn(count, self.config.latent_dim, generator=torch.Generator().manual_seed(seed))
        drawn = self.generator(latent.to(next(self.generator.parameters()).device))
        return from_network(drawn.cpu(), self.config.intensity_top).numpy()

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
        config = self.config
        for net in self.modules().values():
            net.to(device).eval()
        slices = to_network(torch.from_numpy(stack.pixels).to(device).float(), config.intensity_top)
        rows = rows_at_once or rows_that_fit(slices)
        steps = self.steps_for("thorough") if steps is None else steps
        encoded = self._encode(slices, rows, None if steps else progress)
        latent = encoded
        if steps:
            rates = config.refine_rate, config.refine_rate / 10
            settings = SearchSettings(steps, config.lam, config.prior_weight, *rates, rows_at_once=rows)
            mask = torch.from_numpy(stack.mask).to(device)
            latent = search(self.generator, self.critic, slices, mask, encoded[:, None], settings, progress).latent
        drawn, terms = self._score(slices, encoded, latent, rows)
        return Reconstruction(
            healthy=from_network(drawn, config.intensity_top).cpu().numpy(),
            terms={name: value.cpu().numpy() for name, value in terms.items()},
            latent=latent.cpu().numpy(),
        )

    @torch.no_grad()
    def _encode(self, slices: Tensor, at_once: int, progress: Report | None) -> Tensor:
        """The encoder's latent vectors (N, d)."""
        found = []
        for rows in filled_batches(len(slices), at_once):
            found.append(self.encoder(slices[rows]))
            if progress:
                progress(min(len(slices), len(found) * len(rows)), len(slices))
        return torch.cat(found)[: len(slices)]

    @torch.no_grad()
    def _score(self, slices: Tensor, encoded: Tensor, latent: Tensor, at_once: int) -> tuple[Tensor, dict[str, Tensor]]:
        """The slices that these latent vectors stand for (N, 1, H, W), and the terms of each (N,)."""
        parts = []
        for rows in filled_batches(len(slices), at_once):
            drawn = self.generator(latent[rows])
            image = (slices[rows] - drawn).square().mean((1, 2, 3))
            features = (self.critic.features(slices[rows]) - self.critic.features(drawn)).square().mean(1)
            drift = (encoded[rows] - self.encoder(drawn)).square().mean(1)
            parts.append((drawn, image, features, image + self.config.feature_weight * features, drift))
        drawn, *terms = (torch.cat(part)[: len(slices)] for part in zip(*parts, strict=True))
        return drawn, dict(zip(("image", "features", "izi_f", "latent"), terms, strict=True))

    def _prepare_training(self, normals: SliceStack, device: str) -> tuple[Run, Step, NormalSlices]:
        config, random = self.config, torch.Generator().manual_seed(self.config.seed)
        average = self.generator.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        generator = Player(copy.deepcopy(average), config.learning_rate, BETAS)
        critic = Player(self.critic.to(device), config.learning_rate, BETAS)
        encoder = Player(self.encoder.to(device), config.learning_rate)
        rules = WassersteinRules(config.critic_steps, config.penalty_weight, config.precision)
        data = NormalSlices(normals, config.intensity_top, config.mirror, random)

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
                self._settle_generator(device)
            for net in (average, critic.net):
                net.eval().requires_grad_(False)
            with cast(torch.device(device), config.precision):
                loss = encoder_loss(encoder.net, average, self.critic, real(), latent(), config.encoder_goal, config.feature_weight)
            descend(encoder, loss)
            return {"encoder": loss.item()}

        run = Run(
            identity={key: value for key, value in asdict(config).items() if key not in _ANYTIME} | {"slices": fingerprint(normals.pixels)},
            modules={"generator": generator.net, "average": average, "critic": critic.net, "encoder": encoder.net},
            optimisers={"generator": generator.optimiser, "critic": critic.optimiser, "encoder": encoder.optimiser},
            random=random,
        )
        return run, step, data

    def _settle_generator(self, device: str) -> None:
        """Measure its batch-norm statistics: the averaged generator never ran in training."""
        random = torch.Generator().manual_seed(self.config.seed)
        latents = (torch.randn(self.config.batch_size, self.config.latent_dim, generator=random) for _ in range(STATISTICS_BATCHES))
        update_bn(latents, self.generator, torch.device(device))

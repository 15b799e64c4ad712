"""AnoGAN: a generator knows only healthy slices; what the nearest slice it can draw does not show is evidence.

Written from Schlegl et al., "Unsupervised Anomaly Detection with Generative Adversarial Networks to Guide Marker Discovery"
(IPMI 2017) and its application to knee MRI (MRNet AnoGAN). No reference code was copied.
"""

from __future__ import annotations

import copy
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from ..errors import UsageError
from ..inversion.search import SearchSettings, nearest_starts, rows_that_fit, search
from ..nets.dcgan import Discriminator, Generator
from ..records import Array, Reconstruction, SliceStack
from ..training.adversarial import GameRules, Player, follow, play, settle_statistics
from ..training.curves import write_losses, write_samples
from ..training.data import NormalSlices, fingerprint, from_network, to_network
from ..training.loop import Log, Run, Step, resume_run, train
from .base import Detector, Report, register

_ANYTIME = {"steps", "fast_steps", "thorough_steps", "pool", "restarts", "lam", "prior_weight"}  # may change between stop and resume
_SHEET = 64  # slices on the sample sheet


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
        if self.image_size not in (16, 32, 64, 128, 256):
            raise UsageError(f"The setting image_size is {self.image_size}; it must be 16, 32, 64, 128 or 256.")
        for name in ("latent_dim", "width", "steps", "batch_size", "fast_steps", "thorough_steps", "pool", "restarts"):
            if not 1 <= (value := getattr(self, name)) <= 10_000_000:
                raise UsageError(f"The setting {name} is {value}; it must be 1 or more.")
        if self.precision not in ("bfloat16", "float32"):
            raise UsageError(f"The setting precision is {self.precision}; it must be bfloat16 or float32.")


@register("anogan")
class AnoGAN(Detector):
    """A DCGAN of normal slices, and a search through its latent space."""

    Config = AnoGANConfig
    config: AnoGANConfig

    def build(self) -> None:
        """Make the generator (in the end the averaged one) and the discriminator."""
        self.generator = Generator(self.config.latent_dim, self.config.image_size, self.config.width)
        self.discriminator = Discriminator(self.config.image_size, self.config.width)

    def modules(self) -> dict[str, nn.Module]:
        """Both networks: the discriminator's features are half of the score."""
        return {"generator": self.generator, "discriminator": self.discriminator}

    def steps_for(self, quality: str) -> int:
        """Search steps of a quality."""
        return self.config.fast_steps if quality == "fast" else self.config.thorough_steps

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
        """Train on normal slices; see `Detector.fit`. Writes losses.csv, losses.png and samples.png beside the checkpoint."""
        config = self.config
        if normals.pixels.shape[1:] != (1, config.image_size, config.image_size):
            raise UsageError(f"The slices are {normals.pixels.shape[2:]} pixels, the network takes {config.image_size}; set image_size.")
        run, step, data = self._prepare_training(normals, device)
        if resume and checkpoint_folder:
            resume_run(run, checkpoint_folder)
        finished = train(run, step, config.steps, checkpoint_folder, log, max_minutes)
        settle_statistics(self.generator, self.discriminator, data, config.batch_size, config.latent_dim, config.seed)
        if checkpoint_folder:
            write_losses(checkpoint_folder, run.history)
            write_samples(checkpoint_folder / "samples.png", self.sample(_SHEET, config.seed), config.intensity_top)
        return finished

    @torch.no_grad()
    def sample(self, count: int, seed: int = 0) -> Array:
        """Slices drawn from the prior (count, 1, H, W), standardised intensity."""
        device = next(self.generator.parameters()).device
        latent = torch.randn(count, self.config.latent_dim, generator=torch.Generator().manual_seed(seed))
        return from_network(self.generator(latent.to(device)).cpu(), self.config.intensity_top).numpy()

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
        generator = self.generator.to(device).eval()
        self.discriminator.to(device).eval()
        slices = to_network(torch.from_numpy(stack.pixels).to(device).float(), self.config.intensity_top)
        mask = torch.from_numpy(stack.mask).to(device)
        pool = torch.randn(self.config.pool, self.config.latent_dim, generator=torch.Generator().manual_seed(seed)).to(device)
        return slices, mask, nearest_starts(generator, slices, mask, pool, self.config.restarts)

    def _prepare_training(self, normals: SliceStack, device: str) -> tuple[Run, Step, NormalSlices]:
        config, random = self.config, torch.Generator().manual_seed(self.config.seed)
        average = self.generator.to(device)
        generator = Player(copy.deepcopy(average), config.learning_rate)
        discriminator = Player(self.discriminator.to(device), config.learning_rate)
        rules = GameRules(config.batch_size, config.real_label, config.r1_gamma, config.precision)
        data = NormalSlices(normals, config.intensity_top, config.mirror, random)

        def step(number: int) -> dict[str, float]:
            real = data.batch(config.batch_size).to(device)
            latent = torch.randn(config.batch_size, config.latent_dim, generator=random).to(device)
            losses = play(generator, discriminator, real, latent, rules, number)
            follow(average, generator.net, config.average_decay, number)
            return losses

        run = Run(
            identity={key: value for key, value in asdict(config).items() if key not in _ANYTIME} | {"slices": fingerprint(normals.pixels)},
            modules={"generator": generator.net, "average": average, "discriminator": discriminator.net},
            optimisers={"generator": generator.optimiser, "discriminator": discriminator.optimiser},
            random=random,
        )
        return run, step, data

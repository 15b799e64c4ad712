"""Mask-learning inversion: what a slice shows beside its healthy part is a mask, sought together with the healthy slice behind it.

Formulated anew after Mou et al., RGI (ICLR 2023), with its mask in closed form: see `inversion/masked.py`. The generator is AnoGAN's or
f-AnoGAN's, and learns as theirs do. No reference code was copied.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import UsageError
from ..inversion.completion import complete
from ..inversion.mask_step import grown, mean_inside
from ..inversion.masked import MaskedInversion, MaskSettings, masked_search
from ..inversion.noise import noise_scale
from ..inversion.search import nearest_starts, rows_that_fit
from ..nets.noise import Noise
from ..records import Array, Reconstruction, SliceStack
from ..training.adversarial import samples, settle_on_prior
from ..training.data import from_network, refuse_other_grid, to_network
from ..training.loop import Course
from ..training.settings import check_settings
from .base import Detector, Report, create, register, settings_of

NETWORKS = ("anogan", "fanogan")  # detectors whose generator can be taken
FIRST_NOISE = 0.1  # in the range [-1, 1], before it is measured: near what AnoGAN leaves of a brain
NOISE_SLICES = 600  # healthy slices, at most, by which it is measured
LARGEST = 0.35  # of the brain in a slice: a mask that covers more is a healthy slice that was not found, no lesion
COMPLETED_FROM = 0.5  # of the mask, with COMPLETED_AROUND pixels around it, is completed
COMPLETED_AROUND = 2


@dataclass(frozen=True)
class MaskInversionConfig:
    """Settings by the names of the detector whose generator is taken are its settings; what is not here has its default there."""

    network: str = "anogan"  # of NETWORKS; "fanogan" wants latent_dim 128, steps 30,000 and learning_rate 1e-4
    image_size: int = 64  # pixels per side of a square slice
    levels: int = 60  # slices of the model's grid
    latent_dim: int = 64
    width: int = 32
    intensity_top: float = 1.5  # standardised intensity that stands for 1 in the network; white matter is near 1.0
    mirror: bool = True  # left-right flips in training; off for one-sided anatomy such as a knee
    seed: int = 0

    steps: int = 12_000  # of the generator
    batch_size: int = 64
    learning_rate: float = 2e-4
    average_decay: float = 0.999  # of the averaged generator, which is the one that is kept
    precision: str = "bfloat16"  # of the convolutions in training: twice as fast, the weights stay float32

    fast_steps: int = 130  # of the search: 15 rounds and what follows
    thorough_steps: int = 500
    pool: int = 1000  # prior samples among which each slice's start is sought
    restarts: int = 1  # starts per slice: the nearest of the pool; more cost as many times more
    last_k: float = 2.5  # standard deviations of healthy people beyond which a pixel enters the mask; chosen on validation subjects
    smoothness: float = 0.2  # weight of the mask's total variation
    prior_weight: float = 0.2  # keeps z likely; without it the generator starts to paint lesions
    adapt_steps: int = 0  # of adapting the generator to each slice after the search; a bundle must be calibrated with the steps it uses

    def __post_init__(self) -> None:
        """Refuse what no network can be built from.

        Raises:
            UsageError: with the setting and what it must be.
        """
        counts = ("levels", "latent_dim", "width", "steps", "batch_size", "fast_steps", "thorough_steps", "pool", "restarts")
        check_settings(self, counts)
        if self.network not in NETWORKS:
            raise UsageError(f"The setting network is {self.network}; it must be {' or '.join(NETWORKS)}.")
        if not 0 <= self.adapt_steps <= 10_000:
            raise UsageError(f"The setting adapt_steps is {self.adapt_steps}; it must be between 0 and 10,000.")
        if not 0 < self.last_k <= MaskSettings.first_k:
            raise UsageError(f"The setting last_k is {self.last_k}; it must be above 0 and at most {MaskSettings.first_k:g}.")


@register("mask_inversion")
class MaskInversion(Detector):
    """A generator of healthy slices, how far healthy people lie from it at each place, and a search for slice and mask."""

    Config = MaskInversionConfig
    config: MaskInversionConfig
    anytime = frozenset(
        {"steps", "fast_steps", "thorough_steps", "pool", "restarts", "last_k", "smoothness", "prior_weight", "adapt_steps"}
    )

    def build(self) -> None:
        """Make the generator (in the end the averaged one), within the detector that teaches it, and the noise."""
        config = self.config
        known = settings_of(config.network)
        self._teacher = create(config.network, {name: value for name, value in asdict(config).items() if name in known})
        self.generator = self._teacher.modules()["generator"]
        self.noise = Noise(config.levels, config.image_size, FIRST_NOISE)

    def modules(self) -> dict[str, nn.Module]:
        """The generator and the noise: discriminator, critic and encoder serve in training only."""
        return {"generator": self.generator, "noise": self.noise}

    def steps_for(self, quality: str) -> int:
        """Search steps of a quality."""
        return self.config.fast_steps if quality == "fast" else self.config.thorough_steps

    def course(self, normals: SliceStack, device: str) -> Course:
        """See `Detector.course`: the generator's own, without an encoder's; then the noise is measured."""
        config = self.config

        def settle() -> None:
            settle_on_prior(self.generator, config.batch_size, config.latent_dim, config.seed)
            self.measure_noise(normals, device)

        return replace(self._teacher.course(normals, device), steps=config.steps, settle=settle)

    def measure_noise(self, normals: SliceStack, device: str = "cpu") -> None:
        """Learn how far healthy slices lie from what is drawn for them, by some of these; best by people who trained nothing."""
        config = self.config
        rows = np.random.default_rng(config.seed).permutation(len(normals))[:NOISE_SLICES]
        some = normals.take(np.sort(rows))
        self.noise.scale.fill_(FIRST_NOISE)
        slices, found = self._search(some, config.seed, device, config.fast_steps)
        difference = mean_inside((slices - found.drawn).cpu(), torch.from_numpy(some.mask).float())  # as the mask sees it
        scale = noise_scale(difference[:, 0].numpy(), some.mask[:, 0], some.level, config.levels, config.mirror)
        self.noise.scale.copy_(torch.from_numpy(scale))

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
        """See `Detector.reconstruct`; a slice whose mask covers too much has failed: it gets no mask, and nothing of it is completed.

        The evidence is made from the drawn slice, not from the completed one: a lesion too faint for the mask is still seen.

        Terms: `residual` is the mean absolute difference from the drawn slice over the brain, in the network's range [-1, 1]; `mask.area`
        the mean of the mask, `mask.mass` the mean of the mask times the deviation in standard deviations of healthy people, `mask.bright`
        and `mask.dark` the parts of the area that are brighter and darker than healthy; `failed` is 1 where the slice failed, which
        these four still tell of.
        """
        slices, found = self._search(stack, seed, device, steps or self.steps_for("thorough"), rows_at_once, progress)
        inside = torch.from_numpy(stack.mask).to(device).float()
        terms = _terms(slices, inside, found)
        failed = terms["mask.area"] > LARGEST
        mask = torch.where(failed[:, None, None, None], 0, found.mask)
        region = grown((mask > COMPLETED_FROM).float(), COMPLETED_AROUND, inside) > 0
        healthy = from_network(found.drawn, self.config.intensity_top).cpu().numpy()
        completed = complete(stack.pixels, healthy, region.cpu().numpy())
        lost = failed.cpu().numpy()
        return Reconstruction(
            healthy=healthy,
            terms={name: value.cpu().numpy() for name, value in {**terms, "failed": failed.float()}.items()},
            latent=found.latent.cpu().numpy(),
            mask=mask.cpu().numpy(),
            completed=np.where(lost[:, None, None, None], healthy, completed),
            failed=lost,
        )

    def _search(
        self, stack: SliceStack, seed: int, device: str, steps: int, rows: int | None = None, progress: Report | None = None
    ) -> tuple[Tensor, MaskedInversion]:
        """Slices in [-1, 1] (N, 1, H, W), and what the search finds of them."""
        config = self.config
        generator, noise = self.generator.to(device).eval(), self.noise.to(device)
        slices = to_network(torch.from_numpy(stack.pixels).to(device).float(), config.intensity_top)
        inside = torch.from_numpy(stack.mask).to(device)
        pool = torch.randn(config.pool, config.latent_dim, generator=torch.Generator().manual_seed(seed)).to(device)
        starts = nearest_starts(generator, slices, inside, pool, config.restarts)
        settings = MaskSettings(
            steps,
            last_k=config.last_k,
            smoothness=config.smoothness,
            prior_weight=config.prior_weight,
            adapt_steps=config.adapt_steps,
            rows_at_once=rows or rows_that_fit(slices),
        )
        level = torch.from_numpy(stack.level).to(device)
        return slices, masked_search(generator, slices, inside, noise(level), starts, settings, progress)


def _terms(slices: Tensor, inside: Tensor, found: MaskedInversion) -> dict[str, Tensor]:
    """Scores (N,) of slices (N, 1, H, W), as means over the brain."""
    area = inside.sum((1, 2, 3)).clamp(min=1)
    maps = {
        "residual": (slices - found.drawn).abs(),
        "mask.area": found.mask,
        "mask.mass": found.mask * found.deviation.abs(),
        "mask.bright": found.mask * (found.deviation > 0),
        "mask.dark": found.mask * (found.deviation < 0),
    }
    return {name: (map_ * inside).sum((1, 2, 3)) / area for name, map_ in maps.items()}


def around(network: Detector, normals: SliceStack, *, device: str = "cpu", **settings: Any) -> MaskInversion:
    """Mask inversion on the generator of an AnoGAN or f-AnoGAN that has learned.

    Args:
        network: with its weights, which it keeps.
        normals: healthy slices on its grid by which the noise is measured; best of people it never learned from.
        device: as torch names it.
        settings: of mask inversion; those of the training are the network's.

    Raises:
        UsageError: it is neither, there is no such setting, or the slices are on another grid.
    """
    learned = settings_of(MaskInversion.name) - MaskInversion.anytime | {"steps"}  # a search for a mask has settings of its own
    known = {name: value for name, value in network.settings().items() if name in learned}
    built = create(MaskInversion.name, {**known, "network": network.name, **settings})
    assert isinstance(built, MaskInversion)
    refuse_other_grid(normals, built.config.image_size, built.config.levels)
    built.generator.load_state_dict(network.modules()["generator"].state_dict())
    built.measure_noise(normals, device)
    return built

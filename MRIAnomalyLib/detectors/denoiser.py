"""Adversarial denoiser: a network that learned to take coarse noise off healthy slices; what else it takes off is evidence.

Written from Kascenas et al., "Denoising Autoencoders for Unsupervised Anomaly Detection in Brain MRI" (MIDL 2022). Ours beside it: bumps
of several sizes and magnitudes, the mirrored side and the place as context, and a critic that can be switched on. No reference code was
copied.
"""

from __future__ import annotations

import copy
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import UsageError
from ..nets.place import learn_place
from ..nets.restorer import Restorer
from ..records import Reconstruction, SliceStack
from ..training.adversarial import follow
from ..training.coarse_noise import Coarseness, coarse_noise
from ..training.curves import write_losses, write_samples
from ..training.data import NormalSlices, fingerprint, refuse_other_grid
from ..training.loop import Log, Run, Step, resume_run, train
from ..training.pace import pace
from ..training.realism import Realism, RealismRules
from .base import Detector, Report, check_settings, register

_ANYTIME = {"steps"}  # may change between stop and resume
_SHEET = 64  # slices on the sample sheet
_ROWS_AT_ONCE = 64  # slices that go through the network together, where nothing else is asked for


@dataclass(frozen=True)
class DenoiserConfig:
    """Defaults are the paper's where no reason is given."""

    image_size: int = 64  # pixels per side of a square slice; 128 in the paper
    levels: int = 60  # slices of the model's grid
    width: int = 32  # channels of the finest level; 64 in the paper, half of it trains on a processor
    intensity_top: float = 1.5  # standardised intensity that stands for white on the sample sheet
    mirror: bool = True  # left-right flips in training, and the mirrored side as context; off for one-sided anatomy such as a knee
    seed: int = 0

    steps: int = 60_000  # 67,200 in the paper
    batch_size: int = 16
    learning_rate: float = 2e-3  # 1e-4 in the paper, whose network is wider; chosen by short runs on validation subjects
    warm_up: int = 200  # steps in which the learning rate rises
    settle_share: float = 0.2  # of the steps, at the end, in which it falls to nothing
    weight_decay: float = 1e-5
    average_decay: float = 0.999  # of the averaged network, which is the one that is kept
    precision: str = "bfloat16"  # of the convolutions in training: twice as fast, the weights stay float32

    noise_cells: tuple[int, ...] = (16, 32)  # grids of noise, cells along a side; 16 alone in the paper
    noise_low: float = 0.2  # standard deviation, standardised intensity, where white matter is near 1.0; the paper has one magnitude
    noise_high: float = 0.2
    clean_share: float = 0.0  # of the training slices: no noise

    critic_weight: float = 0.0  # of the critic's verdict beside the restoration loss; 0 is the paper: no critic
    critic_from: int = 5000  # step from which there is a critic: before, there is nothing that looks nearly real
    critic_width: int = 32
    feature_weight: float = 0.1  # of the difference of the critic's features
    r1_gamma: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what no network can be built from.

        Raises:
            UsageError: with the setting and what it must be.
        """
        check_settings(self, ("levels", "width", "steps", "batch_size", "warm_up", "critic_width"))
        if not 0 < self.settle_share <= 0.5:
            raise UsageError(f"The setting settle_share is {self.settle_share}; it must be above 0 and at most 0.5.")
        if not self.noise_cells or any(cells < 1 or self.image_size % cells for cells in self.noise_cells):
            raise UsageError(f"The setting noise_cells is {list(self.noise_cells)}; it must hold numbers that divide {self.image_size}.")
        if not 0 <= self.noise_low <= self.noise_high:
            raise UsageError(f"The setting noise_low is {self.noise_low}; it must be from 0 to noise_high, which is {self.noise_high}.")


@register("denoiser")
class Denoiser(Detector):
    """A network that takes off a slice what does not look healthy."""

    Config = DenoiserConfig
    parts = ("residual",)  # on validation subjects atlas and asymmetry only took from it
    config: DenoiserConfig

    def build(self) -> None:
        """Make the network (in the end the averaged one)."""
        config = self.config
        self.restorer = Restorer(config.image_size, config.levels, config.width, config.mirror)

    def modules(self) -> dict[str, nn.Module]:
        """One network, with healthy mean and spread per place in it; a critic serves in training only."""
        return {"restorer": self.restorer}

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
        refuse_other_grid(normals, config.image_size, config.levels)
        run, step = self._prepare_training(normals, device)
        if resume and checkpoint_folder:
            resume_run(run, checkpoint_folder)
        finished = train(run, step, config.steps, checkpoint_folder, log, max_minutes)
        self.restorer.eval()
        if checkpoint_folder:
            write_losses(checkpoint_folder, run.history)
            some = normals.take(np.linspace(0, len(normals) - 1, _SHEET).astype(int))
            write_samples(checkpoint_folder / "samples.png", self.reconstruct(some, device=device).healthy, config.intensity_top)
        return finished

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

        Terms: `residual` is the mean absolute difference over the mask, in standardised intensity.
        """
        self.restorer.to(device).eval()
        slices, level = torch.from_numpy(stack.pixels).to(device).float(), torch.from_numpy(stack.level).to(device)
        inside = torch.from_numpy(stack.mask).to(device)
        healthy = slices.clone()
        together = torch.arange(len(slices), device=device).split(rows_at_once or _ROWS_AT_ONCE)
        for done, rows in enumerate(together, 1):
            healthy[rows] = torch.where(inside[rows], self._restored(slices[rows], level[rows]).clamp(min=0), slices[rows])
            if progress:
                progress(done, len(together))
        residual = (slices - healthy).abs().sum((1, 2, 3)) / inside.sum((1, 2, 3)).clamp(min=1)
        return Reconstruction(healthy=healthy.cpu().numpy(), terms={"residual": residual.cpu().numpy()})

    def _restored(self, slices: Tensor, level: Tensor) -> Tensor:
        """What the network says; of a symmetric organ the mean of what it says of a slice and of its mirror image."""
        restored = self.restorer(slices, level)
        return (restored + self.restorer(slices.flip(-1), level).flip(-1)) / 2 if self.config.mirror else restored

    def _prepare_training(self, normals: SliceStack, device: str) -> tuple[Run, Step]:
        config, random = self.config, torch.Generator().manual_seed(self.config.seed)
        learn_place(self.restorer, torch.from_numpy(normals.pixels), torch.from_numpy(normals.level), config.mirror)
        average = self.restorer.to(device)
        net = copy.deepcopy(average).train().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        optimiser = torch.optim.AdamW(net.parameters(), config.learning_rate, weight_decay=config.weight_decay)
        data = NormalSlices(normals, config.intensity_top, config.mirror, random)
        bumps = Coarseness(config.noise_cells, (config.noise_low, config.noise_high), config.clean_share)
        rules = RealismRules(config.critic_weight, config.feature_weight, config.r1_gamma, config.critic_from)
        critic = Realism(config.critic_width, rules, config.seed, device) if config.critic_weight else None

        def step(number: int) -> dict[str, float]:
            batch = data.draw(config.batch_size)
            noisy = batch.slices + coarse_noise(batch.mask, bumps, random)
            for group in optimiser.param_groups:
                group["lr"] = config.learning_rate * pace(number, config.steps, config.warm_up, config.settle_share)
            slices, mask = batch.slices.to(device), batch.mask.to(device)
            with torch.autocast(torch.device(device).type, torch.bfloat16, enabled=config.precision == "bfloat16"):
                restored = net(noisy.to(device), batch.level.to(device))
            loss = restoration_loss(restored, slices, mask)
            losses = {"restoration": loss.item()}
            if critic:
                realism, told = critic.judge(slices * mask, restored * mask, number)
                loss, losses = loss + realism, losses | told
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            follow(average, net, config.average_decay, number)
            return losses

        run = Run(
            identity={key: value for key, value in asdict(config).items() if key not in _ANYTIME} | {"slices": fingerprint(normals.pixels)},
            modules={"restorer": net, "average": average} | ({"critic": critic.net} if critic else {}),
            optimisers={"restorer": optimiser} | ({"critic": critic.player.optimiser} if critic else {}),
            random=random,
        )
        return run, step


def restoration_loss(restored: Tensor, slices: Tensor, mask: Tensor) -> Tensor:
    """Mean squared difference over the pixels of the masks (N, 1, H, W)."""
    return ((restored - slices).square() * mask).sum() / mask.sum().clamp(min=1)

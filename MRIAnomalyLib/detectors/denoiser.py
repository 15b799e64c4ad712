"""Adversarial denoiser: a network that learned to take coarse noise off healthy slices; what else it takes off is evidence.

Written from Kascenas et al., "Denoising Autoencoders for Unsupervised Anomaly Detection in Brain MRI" (MIDL 2022). Ours beside it: bumps
of several sizes and magnitudes, other corruptions, the mirrored side and the place as context, and a critic that can be switched on.
No reference code was copied.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

from ..errors import UsageError
from ..nets.restorer import Restorer
from ..records import Reconstruction, SliceStack
from ..training.coarse_noise import Coarseness
from ..training.corruption import FAMILIES, corrupted
from ..training.learner import Learner, LearnerConfig
from ..training.loop import Course
from .base import ROWS_AT_ONCE, Detector, Report, register


@dataclass(frozen=True, kw_only=True)
class DenoiserConfig(LearnerConfig):
    """Defaults are the paper's where no reason is given; its slices have 128 pixels a side, and it has no critic."""

    width: int = 32  # 64 in the paper, half of it trains on a processor
    steps: int = 60_000  # 67,200 in the paper
    batch_size: int = 16
    learning_rate: float = 2e-3  # 1e-4 in the paper, whose network is wider; chosen by short runs on validation subjects
    weight_decay: float = 1e-5

    corruptions: tuple[str, ...] = ("coarse_noise",)  # of FAMILIES, what is to be taken off; the paper has coarse noise alone
    noise_cells: tuple[int, ...] = (16, 32)  # grids of noise, cells along a side; 16 alone in the paper
    noise_low: float = 0.2  # standard deviation, standardised intensity, where white matter is near 1.0; the paper has one magnitude
    noise_high: float = 0.2
    clean_share: float = 0.0  # of the training slices: left as they are

    mask_weight: float = 0.0  # of saying where much was changed; 0 is the paper: nothing is said
    mask_from: float = 0.1  # standardised intensity from which a change is much

    def __post_init__(self) -> None:
        """Refuse what no network can be built from.

        Raises:
            UsageError: with the setting and what it must be.
        """
        super().__post_init__()
        if not self.corruptions or not set(self.corruptions) <= set(FAMILIES):
            raise UsageError(f"The setting corruptions is {list(self.corruptions)}; it must hold some of: {', '.join(FAMILIES)}.")
        if not self.noise_cells or any(cells < 1 or self.image_size % cells for cells in self.noise_cells):
            raise UsageError(f"The setting noise_cells is {list(self.noise_cells)}; it must hold numbers that divide {self.image_size}.")
        if not 0 <= self.noise_low <= self.noise_high:
            raise UsageError(f"The setting noise_low is {self.noise_low}; it must be from 0 to noise_high, which is {self.noise_high}.")


@register("denoiser")
class Denoiser(Detector):
    """A network that takes off a slice what does not look healthy."""

    Config = DenoiserConfig
    parts = ("residual",)  # on validation subjects atlas and asymmetry only took from it
    parts_on: ClassVar = {"FLAIR": (*Detector.parts, "detail")}  # patients are told apart better without the evidence
    config: DenoiserConfig

    def build(self) -> None:
        """Make the network (in the end the averaged one)."""
        config = self.config
        self.restorer = Restorer(config.image_size, config.levels, config.width, config.mirror, bool(config.mask_weight))

    def modules(self) -> dict[str, nn.Module]:
        """One network, with healthy mean and spread per place in it; a critic serves in training only."""
        return {"restorer": self.restorer}

    def course(self, normals: SliceStack, device: str) -> Course:
        """See `Detector.course`: each step takes coarse noise, or what else slices are spoiled with, off a batch."""
        config = self.config
        learner = Learner("restorer", self.restorer, normals, config, device)
        bumps = Coarseness(config.noise_cells, (config.noise_low, config.noise_high), config.clean_share)

        def step(number: int) -> dict[str, float]:
            batch = learner.data.draw(config.batch_size)
            spoilt = corrupted(batch.slices, batch.mask, config.corruptions, bumps, learner.random).to(device)
            slices, mask = batch.slices.to(device), batch.mask.to(device)
            with learner.cast():
                answer = learner.net(spoilt, batch.level.to(device))
            restored = answer[:, :1]
            losses = {"restoration": restoration_loss(restored, slices, mask)}
            if config.mask_weight:
                losses["mask"] = config.mask_weight * mask_loss(answer[:, 1:], (spoilt - slices).abs() > config.mask_from, mask)
            return learner.learn(number, losses, slices * mask, restored * mask)

        return learner.course(step)

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

        Terms: `residual` is the mean absolute difference over the mask, in standardised intensity. With `mask_weight` there is a mask: the
        chance that a pixel was changed much.
        """
        self.restorer.to(device).eval()
        slices, level = torch.from_numpy(stack.pixels).to(device).float(), torch.from_numpy(stack.level).to(device)
        inside = torch.from_numpy(stack.mask).to(device)
        together, answers = torch.arange(len(slices), device=device).split(rows_at_once or ROWS_AT_ONCE), []
        for done, rows in enumerate(together, 1):
            answers.append(self._answer(slices[rows], level[rows]))
            if progress:
                progress(done, len(together))
        restored, logits = torch.cat(answers).split((1, int(bool(self.config.mask_weight))), 1)
        healthy = torch.where(inside, restored.clamp(min=0), slices)
        residual = (slices - healthy).abs().sum((1, 2, 3)) / inside.sum((1, 2, 3)).clamp(min=1)
        return Reconstruction(
            healthy=healthy.cpu().numpy(),
            terms={"residual": residual.cpu().numpy()},
            mask=(logits.sigmoid() * inside).cpu().numpy() if self.config.mask_weight else None,
        )

    def _answer(self, slices: Tensor, level: Tensor) -> Tensor:
        """What the network says; of a symmetric organ the mean of what it says of a slice and of its mirror image."""
        answer = self.restorer(slices, level)
        return (answer + self.restorer(slices.flip(-1), level).flip(-1)) / 2 if self.config.mirror else answer


def restoration_loss(restored: Tensor, slices: Tensor, mask: Tensor) -> Tensor:
    """Mean squared difference over the pixels of the masks (N, 1, H, W)."""
    return ((restored - slices).square() * mask).sum() / mask.sum().clamp(min=1)


def mask_loss(logits: Tensor, changed: Tensor, mask: Tensor) -> Tensor:
    """Mean binary cross-entropy over the pixels of the masks (N, 1, H, W), for logits that a pixel was changed."""
    return cross_entropy(logits, changed.float(), mask.float(), reduction="sum") / mask.sum().clamp(min=1)

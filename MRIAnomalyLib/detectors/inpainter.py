"""Conditional in-painter: hide a patch, ask what belongs there; what lies far from the answer, in its own standard deviations, is evidence.

Our own method: a U-Net that predicts mean and spread of hidden pixels from their surroundings, the mirrored side and their place, and so
holds atlas, asymmetry and residual as special cases. Relatives: in-painting for anomaly detection (Zavrtanik et al., RIAD, Pattern
Recognition 2021) and regression of mean and variance by likelihood (Nix and Weigend 1994). No reference code was copied.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..inversion.mask_step import closed_mask, grown, mean_inside, penalty_beyond
from ..nets.predictor import Predictor
from ..records import Reconstruction, SliceStack
from ..training.hiding import grid, random_hidden
from ..training.learner import Learner, LearnerConfig
from ..training.loop import Course
from ..training.settings import check_share
from ..training.spoiling import spoiled
from .base import ROWS_AT_ONCE, Detector, Report, register

LEAST_SPREAD = 1e-3  # standardised intensity
STRANGE = 2.0  # predicted standard deviations, mean of 3 x 3 pixels, from which a second look hides a place
MOST_FOUND = 0.2  # of a slice's brain that a second look hides: without context nothing can be predicted


@dataclass(frozen=True, kw_only=True)
class InpainterConfig(LearnerConfig):
    """There is no paper to follow: the defaults are what validation subjects chose."""

    width: int = 48
    steps: int = 12_000
    batch_size: int = 24
    learning_rate: float = 1e-3
    weight_decay: float = 1e-3

    spoiled_share: float = 0.5  # of the training slices: lesion-like changes in what is visible
    second_look: bool = False  # hide what the first look found, on both sides, and predict again: takes twice as long
    patch_share: float = 0.25  # side of a hidden square in use, as a share of the image: 16 of 64 pixels are 48 mm

    def __post_init__(self) -> None:
        """Refuse what no network can be built from.

        Raises:
            UsageError: with the setting and what it must be.
        """
        super().__post_init__()
        check_share(self, "patch_share")


@register("inpainter")
class Inpainter(Detector):
    """A network that says what belongs where a slice is hidden, and how sure it is."""

    Config = InpainterConfig
    parts = ("residual", "asymmetry")  # it holds the atlas in itself
    config: InpainterConfig
    anytime = frozenset({"steps", "patch_share", "second_look"})

    def build(self) -> None:
        """Make the network (in the end the averaged one)."""
        config = self.config
        self.predictor = Predictor(config.image_size, config.levels, config.width, config.mirror)

    def modules(self) -> dict[str, nn.Module]:
        """One network, with healthy mean and spread per place in it."""
        return {"predictor": self.predictor}

    def course(self, normals: SliceStack, device: str) -> Course:
        """See `Detector.course`: each step predicts what is hidden of a batch of slices; a critic sees that in its place among the rest."""
        config = self.config
        learner = Learner("predictor", self.predictor, normals, config, device)

        def step(number: int) -> dict[str, float]:
            batch = learner.data.draw(config.batch_size)
            hidden = random_hidden(config.batch_size, config.image_size, learner.random).to(device)
            seen = spoiled(batch.slices, config.spoiled_share, learner.random)
            slices, mask = batch.slices.to(device), batch.mask.to(device)
            with learner.cast():
                mean, spread = learner.net(seen.to(device), hidden, batch.level.to(device))
            losses = {"likelihood": likelihood_loss(slices, mean, spread, hidden * mask)}
            return learner.learn(number, losses, slices * mask, torch.where(hidden > 0, mean, slices) * mask)

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

        Terms: `residual` is the mean absolute difference over the mask in standardised intensity, `deviation` the mean of it in
        predicted standard deviations.
        """
        self.predictor.to(device).eval()
        slices, level = torch.from_numpy(stack.pixels).to(device).float(), torch.from_numpy(stack.level).to(device)
        mask = torch.from_numpy(stack.mask).to(device).float()
        together = torch.arange(len(slices), device=device).split(rows_at_once or ROWS_AT_ONCE)
        passes = [grid(self.config.image_size, side, row, column).to(device) for side, row, column in self._squares()]
        looks, number = 1 + self.config.second_look, itertools.count(1)

        def predict(hidden: Tensor) -> tuple[Tensor, Tensor]:
            parts = [self.predictor(slices[rows], hidden[rows], level[rows]) for rows in together]
            if progress:
                progress(next(number), looks * len(passes))
            return torch.cat([mean for mean, _ in parts]), torch.cat([spread for _, spread in parts])

        mean, spread = _look(predict, passes, torch.zeros_like(slices))
        if self.config.second_look:
            mean, spread = _look(predict, passes, _strange(slices, mean, spread, mask))
        healthy = mean.clamp(min=0)
        off = (slices - healthy).abs() * mask
        area = mask.sum((1, 2, 3)).clamp(min=1)
        return Reconstruction(
            healthy=healthy.cpu().numpy(),
            terms={name: (map_.sum((1, 2, 3)) / area).cpu().numpy() for name, map_ in (("residual", off), ("deviation", off / spread))},
            spread=spread.cpu().numpy(),
        )

    def _squares(self) -> Iterator[tuple[int, int, int]]:
        """Side and start (row, column) of the squares of each pass; together they hide every pixel four times, in another corner each."""
        side = max(2, round(self.config.patch_share * self.config.image_size))
        for row in range(0, 2 * side, side // 2):
            for column in range(0, 2 * side, side // 2):
                yield side, row, column


def _look(predict: Callable[[Tensor], tuple[Tensor, Tensor]], passes: Sequence[Tensor], found: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and spread of every pixel from all passes in which it was hidden; what was found is hidden in each.

    A pass counts by how deep in its square the pixel lay: at the rim its neighbours give it away, lesion or not. The spread holds
    that of each pass and theirs from each other.
    """
    weight, first, second = (torch.zeros_like(found) for _ in range(3))
    for depth in passes:
        counts = torch.maximum(depth, found * depth.max())
        mean, spread = predict((counts > 0).float())
        weight += counts
        first += counts * mean
        second += counts * (mean.square() + spread.square())
    mean = first / weight
    return mean, (second / weight - mean.square()).clamp(min=LEAST_SPREAD**2).sqrt()


def _strange(slices: Tensor, mean: Tensor, spread: Tensor, mask: Tensor) -> Tensor:
    """(N, 1, H, W) 1 where a slice is far from what was expected, and a pixel around it: what a second look hides."""
    off = mean_inside((slices - mean) / spread, mask).abs()
    most = [one[inside > 0].quantile(1 - MOST_FOUND) if inside.any() else one.max() for one, inside in zip(off, mask, strict=True)]
    beyond = torch.stack(most)[:, None, None, None].clamp(min=STRANGE)
    return grown((closed_mask(off.square(), penalty_beyond(beyond)) > 0).float(), 1, mask)


def likelihood_loss(slices: Tensor, mean: Tensor, spread: Tensor, where: Tensor) -> Tensor:
    """Mean Gaussian negative log-likelihood, less its constant, over pixels where `where` (N, 1, H, W) is 1."""
    each = 0.5 * ((slices - mean) / spread).square() + spread.log()
    return (each * where).sum() / where.sum().clamp(min=1)

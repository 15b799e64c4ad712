"""The latent search of AnoGAN, all slices at once: the drawn slice that is nearest to each.

Minimised per slice x over z, after Schlegl et al. 2017 with means in the place of sums:

    loss(z) = (1 - lam) * mean over the mask |x - G(z)| + lam * mean |f(x) - f(G(z))| + prior_weight * |z|^2 / (2 d)

Rows never see each other: the gradient of a sum of row losses is each row's own, Adam works element by element, nothing is
normalised over the batch, and rows are always computed in batches of one fixed size.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .frozen import cosine, filled_batches, frozen, halved, searches_in_half

_REPORT_EVERY = 10  # steps
_POOL_BATCH = 32  # pool samples drawn at once; more are no faster
_ROW_BYTES = 256  # per pixel: activations of both width-32 networks in float32, and as much again for their gradients


@dataclass(frozen=True)
class SearchSettings:
    """How to search; the defaults are the fast way that the speed table compares with the plain one."""

    steps: int
    lam: float = 0.1  # share of the discrimination loss, as in the papers
    prior_weight: float = 0.01  # without it z leaves the prior and the generator starts to paint lesions
    learning_rate: float = 0.05
    last_learning_rate: float = 0.005  # reached by a cosine
    precision: str = "auto"  # "bfloat16", "float32", or the first where the processor has it
    exact_steps: int = 10  # last steps, always in float32, as are the scores
    rows_at_once: int = 32  # see `rows_that_fit`
    tuned: bool = True  # folded batch-norm and channels-last; off only to measure what they are worth


@dataclass(frozen=True, eq=False)
class Inversion:
    """What the search found, one row a slice."""

    latent: Tensor  # (N, d)
    drawn: Tensor  # (N, 1, H, W) in [-1, 1]
    residual: Tensor  # (N,) mean over the mask of |x - G(z)|
    discrimination: Tensor  # (N,) mean |f(x) - f(G(z))|
    loss: Tensor  # (N,) their weighted sum, without the prior


def search(
    generator: nn.Module,
    discriminator: nn.Module,
    slices: Tensor,
    mask: Tensor,
    starts: Tensor,
    settings: SearchSettings,
    progress: Callable[[int, int], None] | None = None,
) -> Inversion:
    """The nearest drawn slice of each slice, best of all its starts and steps.

    Args:
        generator: (B, d) -> (B, 1, H, W); it and the discriminator stay as they are.
        discriminator: anything with `features(slices) -> (B, F)`.
        slices: (N, 1, H, W) in [-1, 1].
        mask: (N, 1, H, W) bool, where the residual counts.
        starts: (N, R, d) latent vectors to start from, as of `nearest_starts`.
        settings: how to search.
        progress: called with (done, total); raising in it stops the search.
    """
    fast, exact = _nets(generator, discriminator, settings, slices.device)
    count, restarts, _ = starts.shape
    rows, latents = torch.arange(count).repeat_interleave(restarts), starts.flatten(0, 1).float()
    batches = list(filled_batches(len(rows), settings.rows_at_once))
    ends, losses = [], []
    for number, chosen in enumerate(batches):
        report = functools.partial(_tell, progress, number * settings.steps, len(batches) * settings.steps)
        goal = _Goal(slices[rows[chosen]], mask[rows[chosen]], settings)
        end, loss = _descend(fast, exact, goal, latents[chosen], settings, report)
        ends.append(end)
        losses.append(loss)
    winner = torch.cat(losses)[: len(rows)].view(count, restarts).argmin(1)
    latent = torch.cat(ends)[: len(rows)].view(starts.shape)[torch.arange(count), winner]
    return _score(exact, slices, mask, latent, settings)


@torch.no_grad()
def nearest_starts(generator: nn.Module, slices: Tensor, mask: Tensor, pool: Tensor, restarts: int) -> Tensor:
    """The latent vectors (N, R, d) of the pool (K, d) whose slices are nearest in mean absolute difference over the mask."""
    drawn = torch.cat([generator(part) for part in pool.split(_POOL_BATCH)]).flatten(1)
    starts = []
    for slice_, inside in zip(slices.flatten(1), mask.flatten(1), strict=True):
        distance = (drawn[:, inside] - slice_[inside]).abs().sum(1)
        starts.append(pool[distance.topk(restarts, largest=False).indices])
    return torch.stack(starts)


def rows_that_fit(slices: Tensor) -> int:
    """Rows to search at once: 32 on a processor, where more gain nothing; on a graphics card what a quarter of its free memory holds."""
    if slices.device.type != "cuda":
        return SearchSettings.rows_at_once
    free, _ = torch.cuda.mem_get_info(slices.device)
    fitting = free // (4 * _ROW_BYTES * slices.shape[-2] * slices.shape[-1])
    return min(max(1 << fitting.bit_length() >> 1, SearchSettings.rows_at_once), 1024)


@dataclass(frozen=True, eq=False)
class _Nets:
    """Frozen networks at one precision; numbers go in and come out as float32."""

    generator: nn.Module
    discriminator: nn.Module
    dtype: torch.dtype

    def draw(self, latent: Tensor) -> Tensor:
        return self.generator(latent.to(self.dtype))

    def features(self, slices: Tensor) -> Tensor:
        return self.discriminator.features(slices.to(self.dtype)).float()  # type: ignore[operator]


def _nets(generator: nn.Module, discriminator: nn.Module, settings: SearchSettings, device: torch.device) -> tuple[_Nets, _Nets]:
    """The networks for most steps, and the exact ones for the last."""
    exact = _Nets(frozen(generator, settings.tuned), frozen(discriminator, settings.tuned), torch.float32)
    if not searches_in_half(settings.precision, device):
        return exact, exact
    return _Nets(halved(exact.generator), halved(exact.discriminator), torch.bfloat16), exact


class _Goal:
    """What a batch of rows is after, with the discriminator's features of its slices remembered for each precision."""

    def __init__(self, slices: Tensor, mask: Tensor, settings: SearchSettings) -> None:
        self._slices, self._mask, self._settings = slices, mask.float(), settings
        self._area = self._mask.sum((1, 2, 3)).clamp_min(1)
        self._wanted: dict[torch.dtype, Tensor] = {}

    def terms(self, nets: _Nets, latent: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Drawn slices (B, 1, H, W), residual (B,) and discrimination (B,)."""
        if nets.dtype not in self._wanted:
            self._wanted[nets.dtype] = nets.features(self._slices)
        drawn = nets.draw(latent)
        residual = ((drawn.float() - self._slices).abs() * self._mask).sum((1, 2, 3)) / self._area
        return drawn, residual, (nets.features(drawn) - self._wanted[nets.dtype]).abs().mean(1)

    def weigh(self, residual: Tensor, discrimination: Tensor) -> Tensor:
        """The papers' anomaly score (B,)."""
        return (1 - self._settings.lam) * residual + self._settings.lam * discrimination

    def loss(self, nets: _Nets, latent: Tensor) -> Tensor:
        """What is minimised (B,): the score and the prior."""
        _, residual, discrimination = self.terms(nets, latent)
        return self.weigh(residual, discrimination) + self._settings.prior_weight / 2 * latent.square().mean(1)


def _descend(
    fast: _Nets, exact: _Nets, goal: _Goal, start: Tensor, settings: SearchSettings, report: Callable[[int], None]
) -> tuple[Tensor, Tensor]:
    """Adam from `start` (B, d): the best latent vectors on the way and their losses (B,)."""
    latent = start.clone().requires_grad_(True)
    adam = torch.optim.Adam([latent], settings.learning_rate)
    best, least = start, torch.full_like(start[:, 0], torch.inf)
    nets = fast
    for step in range(settings.steps):
        if nets is not exact and step >= settings.steps - settings.exact_steps:
            nets = exact  # losses of two precisions cannot be compared: go on from the best, and count anew
            latent.data.copy_(best)
            least = torch.full_like(least, torch.inf)
        adam.param_groups[0]["lr"] = cosine(step, settings.steps, settings.learning_rate, settings.last_learning_rate)
        loss = goal.loss(nets, latent)
        best, least = _better(best, least, latent.detach(), loss.detach())
        (latent.grad,) = torch.autograd.grad(loss.sum(), latent)
        adam.step()
        if (step + 1) % _REPORT_EVERY == 0 or step + 1 == settings.steps:
            report(step + 1)
    with torch.no_grad():
        return _better(best, least, latent.detach(), goal.loss(exact, latent))


def _better(best: Tensor, least: Tensor, latent: Tensor, loss: Tensor) -> tuple[Tensor, Tensor]:
    lower = loss < least
    return torch.where(lower[:, None], latent, best), torch.where(lower, loss, least)


@torch.no_grad()
def _score(exact: _Nets, slices: Tensor, mask: Tensor, latent: Tensor, settings: SearchSettings) -> Inversion:
    parts: list[tuple[Tensor, ...]] = []
    for chosen in filled_batches(len(slices), settings.rows_at_once):
        goal = _Goal(slices[chosen], mask[chosen], settings)
        drawn, residual, discrimination = goal.terms(exact, latent[chosen])
        parts.append((drawn, residual, discrimination, goal.weigh(residual, discrimination)))
    return Inversion(latent, *(torch.cat(part)[: len(slices)] for part in zip(*parts, strict=True)))


def _tell(progress: Callable[[int, int], None] | None, before: int, total: int, step: int) -> None:
    if progress:
        progress(before + step, total)

"""Mask-learning inversion: the healthy slice behind a slice, and the mask of what of it is not healthy, sought together.

Minimised per slice x over z and a mask M in [0, 1], with rho = (x - G(z)) / noise and means over the brain:

    E(z, M) = mean ((1 - M)^2 rho^2 + penalty M) + smoothness TV(M) + prior_weight |z|^2 / (2 d)

After Mou et al., "RGI: robust GAN-inversion for mask-free image inpainting and unsupervised pixel-wise anomaly detection" (ICLR 2023).
Ours: the mask has a closed form (see `mask_step`), deviations are in standard deviations of healthy people at that place, what a masked
pixel costs falls from round to round (graduated non-convexity, Blake and Zisserman 1987), and slices are searched together. No reference
code was copied.

Rows never see each other, and are always computed in batches of one fixed size, as in `search`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from .adaptation import adapted
from .frozen import cosine, filled_batches, frozen, halved, searches_in_half
from .mask_step import bounded_loss, closed_mask, mean_inside, penalty_beyond, smooth_mask

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class MaskSettings:
    """How to search."""

    steps: int  # of Adam on z, in all rounds together and after the last
    rounds: int = 15  # each ends with a new mask; after the last, z is sought once more
    first_k: float = 10.0  # standard deviations beyond which pixels enter the mask in the first round: hardly any
    last_k: float = 2.5  # and in the last
    fall: float = 0.8  # of k from round to round
    smoothing: bool = True  # the mask is made of deviations averaged over 3 x 3 pixels
    smoothness: float = 0.2  # weight of the last mask's total variation; 0 leaves it out
    prior_weight: float = 0.2  # of |z|^2 / 2 d, where the mean of rho^2 is about two
    learning_rate: float = 0.05
    last_learning_rate: float = 0.005  # reached by a cosine
    adapt_steps: int = 0  # of adapting the generator to each slice in the end, where the mask leaves it; see `adaptation`
    precision: str = "auto"  # "bfloat16", "float32", or the first where the processor has it
    rows_at_once: int = 32


@dataclass(frozen=True, eq=False)
class MaskedInversion:
    """What the search found, one row a slice."""

    latent: Tensor  # (N, d)
    drawn: Tensor  # (N, 1, H, W) in [-1, 1]: the healthy slice
    mask: Tensor  # (N, 1, H, W) in [0, 1]: what of the slice is not
    deviation: Tensor  # (N, 1, H, W) signed, averaged as the mask's are, in standard deviations of healthy people
    energy: Tensor  # (N, rounds) E without TV at the end of each round, at the k of that round


def masked_search(
    generator: nn.Module,
    slices: Tensor,
    inside: Tensor,
    noise: Tensor,
    starts: Tensor,
    settings: MaskSettings,
    progress: Progress | None = None,
) -> MaskedInversion:
    """The healthy slice and the mask of each slice, the best of all its starts.

    Args:
        generator: (B, d) -> (B, 1, H, W); it stays as it is.
        slices: (N, 1, H, W) in [-1, 1].
        inside: (N, 1, H, W) bool, the brain.
        noise: (N, 1, H, W) standard deviation of healthy people's slices from drawn ones, in the same unit as the slices.
        starts: (N, R, d) latent vectors to start from, as of `search.nearest_starts`.
        settings: how to search.
        progress: called with (done, total); raising in it stops the search.
    """
    exact = frozen(generator)
    fast = halved(exact) if searches_in_half(settings.precision, slices.device) else exact
    count, restarts, _ = starts.shape
    rows, latents = torch.arange(count).repeat_interleave(restarts), starts.flatten(0, 1).float()
    batches = list(filled_batches(len(rows), settings.rows_at_once))
    parts = []
    for number, chosen in enumerate(batches):
        these = rows[chosen]
        goal = _Goal(slices[these], inside[these].float(), noise[these], settings)
        parts.append(_alternate(fast, exact, goal, latents[chosen], settings))
        if progress:
            progress(number + 1, len(batches))
    found = MaskedInversion(*(torch.cat([getattr(part, name) for part in parts])[: len(rows)] for name in MaskedInversion.__annotations__))
    # energies can be compared: all were reached with the same falling k
    winner = found.energy[:, -1].view(count, restarts).argmin(1) + restarts * torch.arange(count, device=found.energy.device)
    return MaskedInversion(*(getattr(found, name)[winner] for name in MaskedInversion.__annotations__))


class _Goal:
    """What a batch of rows is after."""

    def __init__(self, slices: Tensor, inside: Tensor, noise: Tensor, settings: MaskSettings) -> None:
        self._slices, self._noise, self._settings = slices, noise, settings
        self._area = inside.sum((1, 2, 3)).clamp_min(1)
        self.inside = inside

    def deviation(self, drawn: Tensor) -> Tensor:
        """How far the slices are from drawn ones, pixel by pixel; 0 outside."""
        return (self._slices - drawn.float()) / self._noise * self.inside

    def seen(self, drawn: Tensor) -> Tensor:
        """The deviation as the mask is made of it."""
        deviation = self.deviation(drawn)
        return mean_inside(deviation, self.inside) if self._settings.smoothing else deviation

    def loss(self, net: nn.Module, latent: Tensor, mask: Tensor) -> Tensor:
        """What z minimises (B,) while the mask stands still."""
        return self.misfit(net(latent.to(next(net.parameters()).dtype)), mask) + self._prior(latent)

    def misfit(self, drawn: Tensor, mask: Tensor) -> Tensor:
        """How far (B,) the slices are from drawn ones where the mask leaves them."""
        return self._mean((1 - mask).square() * self.deviation(drawn).square())

    def energy(self, drawn: Tensor, latent: Tensor, k: float) -> Tensor:
        """E (B,) with the best mask at this k, without its total variation."""
        return self._mean(bounded_loss(self.seen(drawn).square(), float(penalty_beyond(k)))) + self._prior(latent)

    def mask(self, drawn: Tensor, k: float) -> Tensor:
        """The best mask for drawn slices, without its total variation."""
        return closed_mask(self.seen(drawn).square(), penalty_beyond(k))

    def _mean(self, maps: Tensor) -> Tensor:
        return maps.sum((1, 2, 3)) / self._area

    def _prior(self, latent: Tensor) -> Tensor:
        return self._settings.prior_weight / 2 * latent.square().mean(1)


def _alternate(fast: nn.Module, exact: nn.Module, goal: _Goal, start: Tensor, settings: MaskSettings) -> MaskedInversion:
    """Rounds of z and mask from `start` (B, d) on, and z once more."""
    latent = start.clone().requires_grad_(True)
    adam = torch.optim.Adam([latent], settings.learning_rate)
    mask, k, energies = torch.zeros_like(goal.inside), settings.first_k, []
    *rounds, last = np.array_split(np.arange(settings.steps), settings.rounds + 1)
    for steps in rounds:
        _descend(fast, goal, latent, mask, adam, steps, settings)
        with torch.no_grad():
            drawn = exact(latent)
            mask = goal.mask(drawn, k)
            energies.append(goal.energy(drawn, latent, k))
        k = max(settings.last_k, settings.fall * k)
    if settings.smoothness:  # once: after every round it would take as long as the search, and changed nothing
        mask = smooth_mask(mask, settings.smoothness) * goal.inside
    _descend(exact, goal, latent, mask, adam, last, settings)
    latent = latent.detach()
    with torch.no_grad():
        drawn = exact(latent)
    if settings.adapt_steps:
        drawn = adapted(exact, latent, lambda drawn: goal.misfit(drawn, mask), settings.adapt_steps)
    with torch.no_grad():
        return MaskedInversion(latent, drawn, mask, goal.seen(drawn), torch.stack(energies, 1))


def _descend(
    net: nn.Module, goal: _Goal, latent: Tensor, mask: Tensor, adam: torch.optim.Adam, steps: np.ndarray, settings: MaskSettings
) -> None:
    """Adam on `latent` (B, d) with the mask standing still; the best of these steps is kept, so that no round ends worse than it began."""
    best, least = latent.detach().clone(), torch.full_like(latent[:, 0].detach(), torch.inf)
    for step in [*steps, None]:
        loss = goal.loss(net, latent, mask)
        lower = loss.detach() < least
        best, least = torch.where(lower[:, None], latent.detach(), best), torch.where(lower, loss.detach(), least)
        if step is None:
            break
        adam.param_groups[0]["lr"] = cosine(int(step), settings.steps, settings.learning_rate, settings.last_learning_rate)
        (latent.grad,) = torch.autograd.grad(loss.sum(), latent)
        adam.step()
    latent.data.copy_(best)

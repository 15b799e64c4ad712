"""Adaptive discriminator augmentation: what few slices a discriminator sees are varied, as much as keeps it from knowing them by heart.

Written from Karras et al., "Training Generative Adversarial Networks with Limited Data" (NeurIPS 2020). No reference code was copied.
Real and drawn slices are varied alike, each with a chance below 1 to stay as it is, so that only a generator of unvaried slices can
pass: what is drawn does not show the variations.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from .draws import Draws
from .together import processes, summed

MOST = 0.8  # chance of each variation, from which on drawn slices would begin to show it
_BATCHES = 4  # of verdicts between two changes of the chance
_SHIFT = 0.125  # of the side
_SCALE = 0.2  # of the logarithm to base 2
_BRIGHTNESS, _CONTRAST = 0.2, 0.5  # the latter of the logarithm to base 2


class Augmentation(nn.Module):
    """Varies slices with a chance `chance`, which follows how sure the discriminator is of the real ones."""

    chance: Tensor  # p in the paper
    signs: Tensor  # sum of those of the verdicts since the last change
    heard: Tensor  # verdicts since then

    def __init__(self, kimg: float, target: float) -> None:
        """The chance goes from 0 to 1 in so many thousand slices; `target` is the mean sign of verdicts on real ones that it aims at."""
        super().__init__()
        self._slices, self._target = 1000 * kimg, target
        for name in ("chance", "signs", "heard"):
            self.register_buffer(name, torch.zeros(()))

    def forward(self, slices: Tensor, draws: Draws) -> Tensor:
        """The slices (N, 1, S, S), varied; the gradient goes through, of second order too."""
        chance = float(self.chance)
        return _toned(moved(slices, _places(len(slices), slices.shape[-1], chance, draws)), chance, draws) if chance else slices

    @torch.no_grad()
    def hear(self, verdicts: Tensor) -> None:
        """Take note of logits (N,) given to real slices, and change the chance now and then: r_t in equation 1 of the paper."""
        count = processes() * len(verdicts)
        self.signs += summed(verdicts.sign().sum())
        self.heard += count
        if self.heard < _BATCHES * count:
            return
        too_sure = torch.sign(self.signs / self.heard - self._target)
        self.chance.add_(too_sure * self.heard / self._slices).clamp_(0, MOST)
        self.signs.zero_()
        self.heard.zero_()


def moved(slices: Tensor, matrix: Tensor) -> Tensor:
    """Slices (N, 1, S, S) at places that matrices (N, 3, 3) make of those of the result; the rim goes on beyond itself.

    Bilinear, by gathered pixels: torch's own sampling has no gradient of second order.
    """
    side = slices.shape[-1]
    grid = functional.affine_grid(matrix[:, :2], list(slices.shape), align_corners=False)
    place = ((grid + 1) * side / 2 - 0.5).clamp(0, side - 1)  # (N, S, S, 2) column and row
    low = place.floor().clamp(max=side - 2)
    (right, down), (column, row) = (place - low).unbind(-1), low.long().unbind(-1)
    flat = slices.flatten(1)
    result = torch.zeros_like(right)
    for dy, by_row in ((0, 1 - down), (1, down)):
        for dx, by_column in ((0, 1 - right), (1, right)):
            result = result + by_row * by_column * flat.gather(1, ((row + dy) * side + column + dx).flatten(1)).view_as(right)
    return result[:, None]


def _places(count: int, side: int, chance: float, draws: Draws) -> Tensor:
    """(N, 3, 3) flips, shifts, scales and turns in the paper's order, with their gentlest strengths for grey slices.

    Turns by quarters and inverted grey are left out: a head is never seen so.
    """
    turning = 1 - math.sqrt(1 - chance)  # two turns: together one of them has the chance

    def some(values: Tensor, share: float = chance) -> Tensor:
        """These values (N, ...), but 0 for those that stay as they are."""
        return torch.where(draws.uniform(count, 1) < share, values, torch.zeros_like(values))

    flip = 1 - 2 * some(draws.uniform(count, 1).round())
    scale = 2 ** (_SCALE * some(draws.normal(count, 1)))
    narrow = 2 ** (_SCALE * some(draws.normal(count, 1)))
    jump = 2 / side * some(((2 * draws.uniform(count, 2) - 1) * _SHIFT * side).round())
    drift = 2 * some(draws.normal(count, 2) * _SHIFT)
    first, second = (_turn(2 * math.pi * some(draws.uniform(count, 1) - 0.5, turning)[:, 0]) for _ in range(2))
    one = torch.ones_like(flip)
    steps = (_stretch(flip, one), _shift(jump), _stretch(scale, scale), first, _stretch(narrow, 1 / narrow), second, _shift(drift))
    matrix = steps[0]
    for step in steps[1:]:
        matrix = matrix @ step
    return matrix


def _stretch(x: Tensor, y: Tensor) -> Tensor:
    return torch.diag_embed(torch.cat([x, y, torch.ones_like(x)], 1))


def _shift(by: Tensor) -> Tensor:
    matrix = torch.eye(3, device=by.device).repeat(len(by), 1, 1)
    matrix[:, :2, 2] = by
    return matrix


def _turn(angle: Tensor) -> Tensor:
    matrix = torch.eye(3, device=angle.device).repeat(len(angle), 1, 1)
    matrix[:, 0, 0] = matrix[:, 1, 1] = angle.cos()
    matrix[:, 0, 1], matrix[:, 1, 0] = -angle.sin(), angle.sin()
    return matrix


def _toned(slices: Tensor, chance: float, draws: Draws) -> Tensor:
    """Brighter or darker, and of more or less contrast, both in the range of the network."""
    count = len(slices)
    strength = torch.where(draws.uniform(count, 2) < chance, draws.normal(count, 2), torch.zeros(count, 2, device=slices.device))
    brightness, contrast = strength.view(count, 2, 1, 1, 1).unbind(1)
    return (slices + _BRIGHTNESS * brightness) * 2 ** (_CONTRAST * contrast)

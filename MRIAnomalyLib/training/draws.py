"""The random numbers of a training: all from one generator, whose state is all that a checkpoint has to keep."""

from __future__ import annotations

import torch
from torch import Tensor

from ..nets.stylegan import Noise


class Draws:
    """Numbers on the device that computes with them."""

    def __init__(self, random: torch.Generator, device: str | torch.device) -> None:
        """`random` is on the processor; where the device is another, it only draws the seeds."""
        self._random, self._device = random, torch.device(device)

    def normal(self, *shape: int) -> Tensor:
        """Standard normal."""
        return torch.randn(shape, generator=self._source(), device=self._device)

    def uniform(self, *shape: int) -> Tensor:
        """From 0 to 1."""
        return torch.rand(shape, generator=self._source(), device=self._device)

    def noise(self, count: int) -> Noise:
        """What `nets.stylegan.Generator` takes for so many slices."""
        return lambda side: self.normal(count, 1, side, side)

    def _source(self) -> torch.Generator:
        if self._device.type == "cpu":
            return self._random
        seed = torch.randint(2**62, (), generator=self._random)
        return torch.Generator(self._device).manual_seed(int(seed))

"""The random numbers of a training: all from one generator, whose state is all that a checkpoint has to keep."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from ..nets.stylegan import Noise
from .together import own_rows, processes


class Draws:
    """Numbers on the device that computes with them."""

    def __init__(self, random: torch.Generator, device: str | torch.device, *, shared: bool = False) -> None:
        """`random` is on the processor; where the device is another, it only draws the seeds.

        Of numbers that are `shared` each process gets its rows; the generator goes on as if it drew for all of them, which it does.
        """
        self._random, self._device, self._shared = random, torch.device(device), shared

    def normal(self, *shape: int) -> Tensor:
        """Standard normal."""
        return self._drawn(torch.randn, shape)

    def uniform(self, *shape: int) -> Tensor:
        """From 0 to 1."""
        return self._drawn(torch.rand, shape)

    def noise(self, count: int) -> Noise:
        """What `nets.stylegan.Generator` takes for so many slices."""
        return lambda side: self.normal(count, 1, side, side)

    def _drawn(self, how: Callable[..., Tensor], shape: Sequence[int]) -> Tensor:
        if not self._shared:
            return how(shape, generator=self._source(), device=self._device)
        return own_rows(how((processes() * shape[0], *shape[1:]), generator=self._source(), device=self._device))

    def _source(self) -> torch.Generator:
        if self._device.type == "cpu":
            return self._random
        seed = torch.randint(2**62, (), generator=self._random)
        return torch.Generator(self._device).manual_seed(int(seed))

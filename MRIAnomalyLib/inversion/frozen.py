"""Networks as a search uses them: frozen copies, batch-norm folded, at the precision of most steps and exact for the last ones."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from typing import TypeVar

import torch
from torch import Tensor, nn

from ..nets.dcgan import fold_batch_norm

Net = TypeVar("Net", bound=nn.Module)


def frozen(net: Net, tuned: bool = True) -> Net:
    """A copy in evaluation mode whose weights need no gradient; `tuned` with folded batch-norm and channels-last, for less work."""
    if not tuned:
        return copy.deepcopy(net).eval().requires_grad_(False)
    return fold_batch_norm(net).to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def halved(net: Net) -> Net:
    """A copy in bfloat16."""
    return copy.deepcopy(net).to(torch.bfloat16)


def searches_in_half(precision: str, device: torch.device) -> bool:
    """Whether most steps run in bfloat16: at the precision "bfloat16", or at "auto" where the device computes in it."""
    return precision == "bfloat16" or (precision == "auto" and _has_bfloat16(device))


def _has_bfloat16(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    facts = torch.cpu.get_capabilities() if device.type == "cpu" and hasattr(torch.cpu, "get_capabilities") else {}
    return bool(facts.get("avx512_bf16") or facts.get("amx_bf16"))


def filled_batches(count: int, size: int) -> Iterator[Tensor]:
    """Row numbers in batches of one size; the last is filled up from the front, because rounding depends on the size."""
    for first in range(0, count, size):
        yield torch.arange(first, first + size) % count


@torch.no_grad()
def encoded(encoder: nn.Module, slices: Tensor, at_once: int, progress: Callable[[int, int], None] | None = None) -> Tensor:
    """What `encoder` says of slices (N, 1, H, W), batch by batch: (N, ...); `progress` is called with (done, total)."""
    found = []
    for rows in filled_batches(len(slices), at_once):
        found.append(encoder(slices[rows]))
        if progress:
            progress(min(len(slices), len(found) * len(rows)), len(slices))
    return torch.cat(found)[: len(slices)]


def cosine(step: int, steps: int, first: float, last: float) -> float:
    """A learning rate on its way from `first` to `last`."""
    return last + (first - last) * (1 + math.cos(math.pi * step / steps)) / 2

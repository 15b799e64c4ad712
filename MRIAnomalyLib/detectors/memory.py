"""A reconstruction that survives a graphics card with too little memory: fewer slices at once, then the CPU, each said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch

from ..records import Reconstruction, SliceStack
from .base import Detector, Report


@dataclass(frozen=True, eq=False)
class Redrawn:
    """A reconstruction and how it came about."""

    reconstruction: Reconstruction
    device: str  # where it ended, which need not be where it began
    warnings: tuple[str, ...]


def redraw(
    detector: Detector, stack: SliceStack, *, device: str, seed: int = 0, steps: int | None = None, progress: Report | None = None
) -> Redrawn:
    """What `detector.redraw` gives, also when the device runs out of memory on the way.

    Each time it does, half as many slices are worked on at once, and the CPU takes over where not even one fits. Slices that are
    done stay done: a slice's answer does not depend on the slices beside it. For the arguments see `Detector.reconstruct`; progress
    is told in slices, and falls back to those done when memory ran out.
    """
    parts: list[Reconstruction] = []
    done, taken_over = 0, 0
    at_once: int | None = None  # all in one call, as many at once as the detector likes
    while done < len(stack):
        rest = stack.take(np.arange(done, min(done + (at_once or len(stack)), len(stack))))
        report = _in_slices(progress, done, len(rest), len(stack))
        part = _unless_too_large(detector, rest, device=device, seed=seed, steps=steps, rows_at_once=at_once, progress=report)
        if part is not None:
            parts.append(part)
            done += len(rest)
        elif (at_once or len(stack)) > 1:
            at_once = (at_once or len(stack)) // 2
        else:
            device, at_once, taken_over = "cpu", None, len(stack) - done
    return Redrawn(_joined(parts), device, _told(len(stack), at_once, taken_over))


def is_out_of_memory(error: BaseException) -> bool:
    """Whether this is how torch says that a device's memory is used up; on a Mac, or where CUDA's libraries say it, in words only."""
    words = str(error).lower()
    return isinstance(error, torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and ("out of memory" in words or "alloc_failed" in words)
    )


def _unless_too_large(detector: Detector, stack: SliceStack, *, device: str, **how: Any) -> Reconstruction | None:
    """The reconstruction; None when the device's memory was too small, and what was held there is free again."""
    try:
        return detector.redraw(stack, device=device, **how)
    except RuntimeError as error:
        if device == "cpu" or not is_out_of_memory(error):
            raise
    # only here, with the error gone, does nothing hold the tensors of the frames it came from
    getattr(torch, device.partition(":")[0]).empty_cache()  # torch.cuda or torch.mps
    return None


def _told(total: int, at_once: int | None, taken_over: int) -> tuple[str, ...]:
    if taken_over:
        return (f"The GPU had too little memory for even one slice: the CPU computed {taken_over} of the {total}, which takes longer.",)
    return (f"The GPU ran out of memory: it computed {at_once} of {total} slices at a time, which takes longer.",) if at_once else ()


def _in_slices(progress: Report | None, before: int, now: int, total: int) -> Report | None:
    """Tells a part's (done, total) as slices of the whole."""
    if progress is None:
        return None
    return lambda done, parts: progress(before + now * done // parts, total)


def _joined(parts: Sequence[Reconstruction]) -> Reconstruction:
    return Reconstruction(**{field.name: _end_to_end([getattr(part, field.name) for part in parts]) for field in fields(Reconstruction)})


def _end_to_end(values: Sequence[Any]) -> Any:
    """Arrays one after the other; the same for each name of a mapping; None where a method has none."""
    if isinstance(values[0], Mapping):
        return {name: np.concatenate([value[name] for value in values]) for name in values[0]}
    return None if values[0] is None else np.concatenate(values)

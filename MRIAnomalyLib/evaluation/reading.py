"""One case as one method saw it: all that figures are made of, and the file it is kept in, so that a run goes on where it stopped."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from scipy import ndimage

from ..errors import InputError
from ..files.atomic import whole_file
from ..files.cases import Case
from ..records import Array, SliceStack
from .froc import lesions_of

ABNORMAL = "abnormal"  # what a case's label begins with where somebody is not healthy, though nobody drew why
RING_PX = (1, 3)  # of the ring around a lesion that it is compared with: near, and not of its own blurred edge

LESION, SICK, HEALTHY, UNKNOWN, ELSEWHERE = "lesion", "abnormal", "healthy", "unknown", "lesion elsewhere"


@dataclass(frozen=True, eq=False)
class Reading:
    """What a method made of a case, on the method's own grid, and what is known of the case."""

    id: str
    subject: str
    state: str  # LESION, SICK (place unknown), HEALTHY, UNKNOWN, or ELSEWHERE: not in the slices that the method looks at
    map_: Array = field(repr=False)  # (N, H, W) larger magnitude is stranger; signed where the method tells bright from dark
    core: Array = field(repr=False)  # (N, H, W) bool, where the method says anything
    truth: Array = field(repr=False)  # (N, H, W) bool, lesions; none where there is no mask
    score: float  # of the whole scan
    p: float  # of the score against healthy people; nan where those are too few
    voxel_mm3: float
    residual: tuple[float, float]  # sum of |x - healthy counterpart| over the core, in lesions and beside them
    contrasts: tuple[float, ...]  # of each lesion, see `contrasts_of`
    trivial: Mapping[str, float]

    @property
    def sick(self) -> bool | None:
        """Whether the case is known to be ill or healthy; None where neither is."""
        return {LESION: True, SICK: True, HEALTHY: False}.get(self.state)

    @property
    def drawn(self) -> bool:
        """Whether it is known of every pixel what it is."""
        return self.state in (LESION, HEALTHY)

    @property
    def shows_lesion(self) -> bool:
        """Whether any pixel that is judged is lesion."""
        return bool((self.truth & self.core).any())


def judged_pixels(readings: Sequence[Reading]) -> tuple[Array, Array]:
    """Magnitude of the map and truth (bool) of all pixels that are judged, one case after the other."""
    values = np.concatenate([np.abs(one.map_[one.core]) for one in readings])
    return values, np.concatenate([one.truth[one.core] for one in readings])


def state_of(case: Case, truth: Array | None) -> str:
    """What is known of a case; `truth` is its mask on a method's grid."""
    if truth is not None:
        return LESION if truth.any() else ELSEWHERE
    if case.healthy:
        return HEALTHY
    return SICK if case.label.lower().startswith(ABNORMAL) else UNKNOWN


def contrasts_of(stack: SliceStack, truth: Array) -> tuple[float, ...]:
    """How much brighter each lesion is than what lies around it in its slices, as a part of the brightness there.

    0 for a lesion that nothing of the foreground surrounds.
    """
    pixels, inside = stack.pixels[:, 0], stack.mask[:, 0]
    lesions, count = lesions_of(truth)
    in_slice, found = np.ones((1, 3, 3), bool), []
    for number in range(1, count + 1):
        lesion = lesions == number
        near, far = (ndimage.binary_dilation(lesion, in_slice, iterations=width) for width in RING_PX)
        ring = far & ~near & inside & ~truth
        around = pixels[ring].mean() if ring.any() else 0.0
        found.append(float(pixels[lesion].mean() / around - 1) if around > 0 else 0.0)
    return tuple(found)


_ARRAYS = ("map_", "core", "truth")


def write_reading(reading: Reading, path: Path) -> None:
    """Keep a reading; numbers as JSON text beside the arrays."""
    numbers = {name: value for name, value in vars(reading).items() if name not in _ARRAYS}
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as unfinished, unfinished.open("wb") as file:
        np.savez_compressed(file, numbers=np.array(json.dumps(numbers)), **{name: getattr(reading, name) for name in _ARRAYS})


def read_reading(path: Path) -> Reading | None:
    """What was kept; None where there is nothing, or what another version kept."""
    try:
        with np.load(path, allow_pickle=False) as held:
            numbers = json.loads(str(held["numbers"]))
            arrays = {name: held[name] for name in _ARRAYS}
            for name in ("residual", "contrasts"):
                numbers[name] = tuple(numbers[name])
            return Reading(**numbers, **arrays)
    except (OSError, ValueError, KeyError, TypeError, BadZipFile):
        return None


def read_all(paths: Sequence[Path]) -> list[Reading]:
    """What was kept in each of these files; InputError where one was taken away."""
    found = [read_reading(path) for path in paths]
    if None in found:
        raise InputError(f"{paths[found.index(None)]} was taken away or damaged during the run: run again with --resume.")
    return [one for one in found if one is not None]

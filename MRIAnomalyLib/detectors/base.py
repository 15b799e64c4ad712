"""What every detector is: a frozen configuration, networks, `fit` and `reconstruct`; and the registry that finds it by name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import numpy as np
import torch
from torch import nn

from ..errors import BundleError, UsageError
from ..records import Array, Reconstruction, SliceStack
from ..training.loop import Log

Report = Callable[[int, int], None]  # (done, total) of a reconstruction; raising in it stops the work

_REGISTRY: dict[str, type[Detector]] = {}


class Detector(ABC):
    """Learns from normal slices only; draws for each slice the healthy one nearest to it.

    A detector reads no bundle and writes none: it hands out its weights as arrays and takes them back.
    """

    name: ClassVar[str]
    Config: ClassVar[type]
    parts: ClassVar[tuple[str, ...]] = ("residual", "atlas", "asymmetry")  # of the evidence that have a say; see calibration/evidence.py

    def __init__(self, config: Any) -> None:
        """Networks with weights drawn from `config.seed`, leaving the program's own random state as it was."""
        self.config = config
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            self.build()
        for net in self.modules().values():
            net.eval()

    @abstractmethod
    def build(self) -> None:
        """Make the networks."""

    @abstractmethod
    def modules(self) -> dict[str, nn.Module]:
        """The networks that `reconstruct` needs, by name: what a bundle stores."""

    @abstractmethod
    def fit(
        self,
        normals: SliceStack,
        *,
        device: str = "cpu",
        log: Log | None = None,
        checkpoint_folder: Path | None = None,
        resume: bool = False,
        max_minutes: float | None = None,
    ) -> bool:
        """Learn from slices of healthy people; True when all steps are done, False when `max_minutes` ended it early.

        Args:
            normals: slices on the model's grid, of many subjects.
            device: as torch names it.
            log: called with (steps done, steps in all, mean losses); raising in it stops the run.
            checkpoint_folder: where checkpoints and curves go; without it none are written.
            resume: go on from the checkpoint in that folder, if there is one, to the same weights as without the stop.
            max_minutes: stop early, ready to be resumed and usable as it is.
        """

    @abstractmethod
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
        """The healthy counterpart of each slice (N, 1, H, W), standardised intensity, and one score per slice and term.

        A slice's answer depends neither on the slices beside it nor, but for rounding, on how many are worked on at once.

        Args:
            stack: slices on the model's grid.
            seed: of whatever the method draws.
            device: as torch names it.
            steps: of methods that search; without it, `steps_for("thorough")`.
            rows_at_once: how many slices memory is to hold; without it, what suits the method and the device. See `memory.redraw`.
            progress: called with (done, total); raising in it stops the work.
        """

    def steps_for(self, quality: str) -> int:
        """Search steps that "fast" or "thorough" stands for; 0 where one pass is all there is."""
        return 0

    def settings(self) -> dict[str, Any]:
        """The configuration as JSON values; `create` takes it back."""
        return asdict(self.config)

    def weights(self) -> dict[str, Array]:
        """Every tensor by name: weights in half precision, and in full what is small and must be exact (biases, statistics)."""
        tensors = {f"{name}.{key}": value for name, net in self.modules().items() for key, value in net.state_dict().items()}
        return {key: value.detach().cpu().to(torch.float16 if value.ndim > 1 else value.dtype).numpy() for key, value in tensors.items()}

    def load_weights(self, arrays: Mapping[str, Array]) -> None:
        """Take back what `weights` gave.

        Raises:
            BundleError: names or shapes are not those of this detector with this configuration.
        """
        wanted = {f"{name}.{key}": tuple(value.shape) for name, net in self.modules().items() for key, value in net.state_dict().items()}
        given = {key: array.shape for key, array in arrays.items()}
        if odd := sorted(key for key in wanted.keys() | given.keys() if wanted.get(key) != given.get(key)):
            raise BundleError(f"The weights do not fit the {self.name} network (first at {odd[0]}); get the bundle again from its source.")
        for name, net in self.modules().items():
            own = {key: torch.from_numpy(np.array(arrays[f"{name}.{key}"])) for key in net.state_dict()}
            net.load_state_dict(own)
            net.eval()


def check_settings(config: Any, counts: Sequence[str]) -> None:
    """Refuse a configuration that no network can be built from: `image_size`, `precision`, and these that count something.

    Raises:
        UsageError: with the setting and what it must be.
    """
    if config.image_size not in (16, 32, 64, 128, 256):
        raise UsageError(f"The setting image_size is {config.image_size}; it must be 16, 32, 64, 128 or 256.")
    for name in counts:
        if not 1 <= (value := getattr(config, name)) <= 10_000_000:
            raise UsageError(f"The setting {name} is {value}; it must be 1 or more.")
    if config.precision not in ("bfloat16", "float32"):
        raise UsageError(f"The setting precision is {config.precision}; it must be bfloat16 or float32.")


def check_side(normals: SliceStack, image_size: int) -> None:
    """Refuse slices that are not the network's size.

    Raises:
        UsageError: with both sizes.
    """
    if normals.pixels.shape[1:] != (1, image_size, image_size):
        raise UsageError(f"The slices are {normals.pixels.shape[2:]} pixels, the network takes {image_size}; set image_size.")


Kind = TypeVar("Kind", bound=type[Detector])


def register(name: str) -> Callable[[Kind], Kind]:
    """Class decorator: make a detector known by `name` to the command line, the panel, the bundles and the tests."""

    def enter(kind: Kind) -> Kind:
        if name in _REGISTRY:
            raise ValueError(f"two detectors are named {name}")
        kind.name = name
        _REGISTRY[name] = kind
        return kind

    return enter


def names() -> list[str]:
    """All detectors, in the order of the alphabet."""
    return sorted(_REGISTRY)


def create(name: str, config: Mapping[str, Any] | None = None) -> Detector:
    """An untrained detector; settings that are not given have their defaults.

    Raises:
        UsageError: no such detector, no such setting, or a value that cannot be.
    """
    kind, known = _kind(name), settings_of(name)
    if unknown := sorted(set(config or {}) - known):
        raise UsageError(f"The detector {name} has no setting {unknown[0]}; it has: {', '.join(sorted(known))}.")
    return kind(kind.Config(**(config or {})))


def settings_of(name: str) -> set[str]:
    """The settings that a detector has.

    Raises:
        UsageError: no such detector.
    """
    return {entry.name for entry in fields(_kind(name).Config)}


def _kind(name: str) -> type[Detector]:
    if name not in _REGISTRY:
        raise UsageError(f"There is no detector named {name}; there are: {', '.join(names())}.")
    return _REGISTRY[name]

"""What every detector is: a frozen configuration, networks, `fit` and `reconstruct`; and the registry that finds it by name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import BundleError, UsageError
from ..inversion.mirror import averaged, mirrored
from ..records import Array, Reconstruction, SliceStack
from ..training.curves import write_losses, write_samples
from ..training.data import fingerprint, posed, refuse_other_grid
from ..training.loop import Course, Log, Run, resume_run, save_weights, train
from ..training.settings import check_kinds
from ..training.together import is_first, processes, refuse_uneven
from ..training.transfer import Source

Report = Callable[[int, int], None]  # (done, total) of a reconstruction; raising in it stops the work
ROWS_AT_ONCE = 64  # slices that go through a network together, where nothing else is asked for
SHEET = 25  # slices on the sample sheet, which a bundle carries

_REGISTRY: dict[str, type[Detector]] = {}


class Detector(ABC):
    """Learns from normal slices only; draws for each slice the healthy one nearest to it.

    A detector reads no bundle and writes none: it hands out its weights as arrays and takes them back.
    """

    name: ClassVar[str]
    Config: ClassVar[type]
    parts: ClassVar[tuple[str, ...]] = ("residual", "atlas", "asymmetry")  # of the evidence that have a say; see calibration/evidence.py
    # by sequence, where others have a say
    parts_on: ClassVar[Mapping[str, tuple[str, ...]]] = {"FLAIR": (*parts, "detail and evidence")}
    anytime: ClassVar[frozenset[str]] = frozenset({"steps"})  # settings that may change between stop and resume
    shares: ClassVar[bool] = False  # whether several processes can train it together: its course keeps to `training.together`
    source: Source | None = None  # whose weights training starts from; see `transfer.begin`

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
    def course(self, normals: SliceStack, device: str) -> Course:
        """How the networks learn from these slices, from the weights they have now on; for the arguments see `fit`."""

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
            checkpoint_folder: where the checkpoint, weights.safetensors, losses.csv, losses.png and samples.png go; without it none
                are written.
            resume: go on from the checkpoint in that folder, if there is one, to the same weights as without the stop.
            max_minutes: stop early, ready to be resumed and usable as it is.

        Raises:
            UsageError: the slices are on another grid, the checkpoint belongs to another run, or several processes cannot share this one.
            InputError: the checkpoint cannot be read.
        """
        refuse_other_grid(normals, self.config.image_size, getattr(self.config, "levels", None), getattr(self.config, "colours", 1))
        if processes() > 1:
            self._refuse_company()
        run = Run(self.course(normals, device), self._identity(normals), asdict(self.Config()))
        if resume and checkpoint_folder:
            resume_run(run, checkpoint_folder)
        finished = train(run, checkpoint_folder, log, max_minutes)
        run.course.settle()
        for net in self.modules().values():
            net.eval().requires_grad_(True)
        if checkpoint_folder and is_first():
            save_weights(self.weights(), checkpoint_folder)
            write_losses(checkpoint_folder, run.history)
            write_samples(checkpoint_folder / "samples.png", self.sheet(normals, device), self.config.intensity_top)
        return finished

    def _refuse_company(self) -> None:
        if not self.shares:
            raise UsageError(f"The detector {self.name} is trained by one process only: start it without torchrun.")
        refuse_uneven(self.config.batch_size)

    def sheet(self, normals: SliceStack, device: str) -> Array:
        """Slices (SHEET, 1, H, W) that show what was learned: drawn ones, or healthy counterparts of some that it was learned from."""
        drawn = self.draw(SHEET, self.config.seed)
        if drawn is not None:
            return drawn
        some = np.linspace(0, len(normals) - 1, SHEET).astype(int)
        return self.redraw(normals.take(some), device=device).healthy

    def draw(self, count: int, seed: int) -> Array | None:
        """Slices of nobody (count, 1, H, W), standardised intensity; None of a method that draws none."""
        return None

    def to_networks(self, stack: SliceStack, device: str) -> tuple[Tensor, Tensor]:
        """Slices (N, 1, H, W) in [-1, 1] and their masks (N, 1, H, W) of bool, with all networks on that device in evaluation mode."""
        for net in self.modules().values():
            net.to(device).eval()
        return posed(stack, self.config.intensity_top, device)

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

    @property
    def both_sides(self) -> bool:
        """Whether a slice's counterpart is the mean of its own and of its mirror image's; one-sided anatomy (`mirror` off) has none."""
        return bool(getattr(self.config, "both_sides", False) and self.config.mirror)

    def redraw(self, stack: SliceStack, *, progress: Report | None = None, **how: Any) -> Reconstruction:
        """What is used of a detector: `reconstruct`, and with `both_sides` the mean of that and of the mirror image's.

        For the arguments see `reconstruct`.
        """
        if not self.both_sides:
            return self.reconstruct(stack, progress=progress, **how)
        first, second = (_half(progress, half) for half in (0, 1))
        return averaged(self.reconstruct(stack, progress=first, **how), self.reconstruct(mirrored(stack), progress=second, **how))

    def steps_for(self, quality: str) -> int:
        """Search steps that "fast" or "thorough" stands for; 0 where one pass is all there is."""
        return 0

    def parts_for(self, sequence: str) -> tuple[str, ...]:
        """The parts of the evidence that have a say on scans of a sequence."""
        return self.parts_on.get(sequence, self.parts)

    def _identity(self, normals: SliceStack) -> dict[str, Any]:
        """What a run is recognised by: settings that must not change on the way, the slices, and what it started from."""
        settings = {name: value for name, value in asdict(self.config).items() if name not in self.anytime}
        source = {"source": self.source.origin} if self.source else {}
        return {**settings, "slices": fingerprint(normals.pixels), **source}

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
        if odd := self.misfits(arrays):
            raise BundleError(f"The weights do not fit the {self.name} network (first at {odd[0]}); get the bundle again from its source.")
        for name, net in self.modules().items():
            own = {key: torch.from_numpy(np.array(arrays[f"{name}.{key}"])) for key in net.state_dict()}
            net.load_state_dict(own)
            net.eval()

    def misfits(self, arrays: Mapping[str, Array]) -> list[str]:
        """Names that this detector's networks lack, that are missing, or whose arrays have another shape."""
        wanted = {f"{name}.{key}": tuple(value.shape) for name, net in self.modules().items() for key, value in net.state_dict().items()}
        given = {key: array.shape for key, array in arrays.items()}
        return sorted(key for key in wanted.keys() | given.keys() if wanted.get(key) != given.get(key))


def _half(progress: Report | None, before: int) -> Report | None:
    """Tells one of two equal parts as half of the whole."""
    return progress and (lambda done, total: progress(before * total + done, 2 * total))


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
    check_kinds(kind.Config, config or {})
    return kind(kind.Config(**(config or {})))


def settings_of(name: str) -> set[str]:
    """The settings that a detector has.

    Raises:
        UsageError: no such detector.
    """
    return {entry.name for entry in fields(_kind(name).Config)}


def refuse_unknown(settings: Iterable[str], methods: Iterable[str]) -> None:
    """Say when there is a setting that none of these detectors has.

    Raises:
        UsageError: with its name.
    """
    if unknown := set(settings) - set().union(*map(settings_of, methods)):
        raise UsageError(f"None of the methods has a setting {' or '.join(sorted(unknown))}: leave it out.")


def _kind(name: str) -> type[Detector]:
    if name not in _REGISTRY:
        raise UsageError(f"There is no detector named {name}; there are: {', '.join(names())}.")
    return _REGISTRY[name]

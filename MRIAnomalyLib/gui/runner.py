"""One run of a detection: the input volume goes out, a job computes, nodes come back. No widget is needed."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import slicer
import slicer.util
import vtk
from slicer.i18n import tr as _

from .. import errors
from . import exchange, install
from .process import Ending, Job

_PREFIX = "mrianomaly-job-"
_FORGOTTEN_SECONDS = 86_400.0  # a job folder this old was left by a Slicer that crashed
_MAPS = ("heatmap", "healthy", "residual", "scored", "findings", "mask", "slices", "result")


@dataclass(frozen=True)
class Settings:
    """What the user chose for a run."""

    model: str = "auto"  # name of a bundle
    device: str = "auto"
    quality: str = "fast"
    false_alarms: float = 0.05
    what: frozenset[str] | None = None  # see scene.OPTIONAL; None for everything

    def arguments(self) -> list[str]:
        """As the command line takes them."""
        chosen = {"model": self.model, "device": self.device, "quality": self.quality, "false-alarms": self.false_alarms}
        return [f"--{name}={value}" for name, value in chosen.items()]


@dataclass(frozen=True)
class Outcome:
    """How a run ended."""

    code: int  # exit code of the command line
    sentence: str  # what to tell the user; empty when it is done
    nodes: Any = None  # nodes.DetectionNodes when it is done
    log: tuple[str, ...] = field(default=(), repr=False)

    def check(self) -> None:
        """Raise the error that the exit code stands for, unless the run is done."""
        if self.code:
            kinds = (errors.UsageError, errors.NotComparableError, errors.Cancelled)
            kind = next((kind for kind in kinds if kind.exit_code == self.code), errors.MRIAnomalyError)
            raise kind(self.sentence)


class Runner(slicer.util.VTKObservationMixin):
    """At most one run at a time; it ends as cancelled when its input is removed or the scene is closed."""

    def __init__(self, scene: Any) -> None:
        super().__init__()
        self._scene = scene
        self._job: Job | None = None
        self.outcome: Outcome | None = None  # of the latest run
        self.addObserver(scene, scene.StartCloseEvent, self._on_scene_close)
        self.addObserver(scene, scene.NodeAboutToBeRemovedEvent, self._on_node_removal)

    @property
    def running(self) -> bool:
        """Whether a run is under way."""
        return self._job is not None

    def start(
        self,
        input_node: Any,
        settings: Settings,
        on_message: Callable[[dict[str, Any]], None] = lambda message: None,
        on_end: Callable[[Outcome], None] = lambda outcome: None,
    ) -> None:
        """Begin a run; returns at once.

        Args:
            input_node: the vtkMRMLScalarVolumeNode to look at.
            settings: what the user chose.
            on_message: called with each JSON line of the job: `--progress json` of the command line.
            on_end: called once, when the results stand in the scene or the run ended otherwise.

        Raises:
            UsageError: a run is under way, or the volume cannot be analysed.
            Cancelled: packages are missing and the user does not want them installed.
            MRIAnomalyError: packages are missing and could not be installed, or the volume could not be handed over.
        """
        if self.running:
            raise errors.UsageError(_("An analysis is running already: wait for it or cancel it."))
        if input_node is None:
            raise errors.UsageError(_("Choose an input volume."))
        exchange.volume_of(input_node)
        if install.missing(whole_head=True):
            install.ensure(exchange.is_whole_head(input_node))
        self.outcome = None
        self._input, self._settings, self._on_end = input_node, settings, on_end
        self._folder = _sent(input_node)
        file = self._folder / exchange.INPUT
        files = ["detect", str(file), "--out", str(self._folder / exchange.RESULT), "--maps=npy", f"--only={','.join(_MAPS)}"]
        self._job = Job([*files, *settings.arguments(), "--progress=json", "--stop-with-input"], on_message, self._ended)

    def wait(self) -> Outcome:
        """Return when the run has ended; Slicer goes on reacting meanwhile."""
        if self._job:
            self._job.wait()
        assert self.outcome is not None
        return self.outcome

    def cancel(self) -> None:
        """End the run soon; `on_end` tells when."""
        if self._job:
            self._job.cancel()

    def close(self) -> None:
        """End the run now, without a word, and let go of the scene."""
        self.removeObservers()
        if self._job:
            self._job.abandon()
            self._finish(Outcome(errors.Cancelled.exit_code, _("Cancelled.")))

    def _on_scene_close(self, caller: Any, event: str) -> None:
        self.cancel()

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _on_node_removal(self, caller: Any, event: str, node: Any) -> None:
        if self._job and node is self._input:
            self.cancel()

    def _ended(self, ending: Ending) -> None:
        assert self._job is not None
        outcome = Outcome(ending.code, ending.sentence, log=tuple(self._job.log))
        if ending.code == 0:
            outcome = self._bring_back(outcome)
        on_end = self._on_end
        self._finish(outcome)
        on_end(outcome)

    def _bring_back(self, outcome: Outcome) -> Outcome:
        from .scene import OPTIONAL, add_result

        if not self._scene.IsNodePresent(self._input):
            return Outcome(errors.Cancelled.exit_code, _("Cancelled: the input volume is gone."), log=outcome.log)
        try:
            with slicer.util.RenderBlocker():
                what = OPTIONAL if self._settings.what is None else self._settings.what
                nodes = add_result(self._scene, exchange.read_output(self._input, self._folder), self._input, what)
        except errors.MRIAnomalyError as error:
            return Outcome(error.exit_code, str(error), log=outcome.log)
        return Outcome(0, "", nodes, outcome.log)

    def _finish(self, outcome: Outcome) -> None:
        self.outcome, self._job, self._input = outcome, None, None
        shutil.rmtree(self._folder, ignore_errors=True)


def _sent(input_node: Any) -> Path:
    """A new folder for one job with the input in it."""
    folder = None
    try:
        folder = _job_folder()
        exchange.write_input(input_node, folder)
    except OSError as error:
        if folder:
            shutil.rmtree(folder, ignore_errors=True)
        raise errors.MRIAnomalyError(
            _("Nothing can be written into Slicer's folder for temporary files: make room on that disk, then press Apply again.")
        ) from error
    return folder


def _job_folder() -> Path:
    """A new folder for one job, after those that crashed runs left behind were taken away."""
    place = Path(slicer.app.temporaryPath)
    for left in place.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _FORGOTTEN_SECONDS:
                shutil.rmtree(left, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))

"""The command line as a process of its own: Slicer stays responsive, and whatever happens there does not take Slicer down."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from ..errors import Cancelled

_PATIENCE_MS = 3000  # for a cancelled process to end by itself
_DONE, _FAILED = 0, 4


@dataclass(frozen=True)
class Ending:
    """How a process ended."""

    code: int  # the command line's exit code; 4 also when it crashed or did not start
    sentence: str  # what to tell the user; empty when it is done
    output: str  # what it wrote on standard output


class Job:
    """`mrianomaly ARGUMENTS`, run once; started in the constructor.

    Closing its standard input is what cancels it: killing PythonSlicer would end a launcher and leave the work behind it running.
    For the same reason it ends when Slicer crashes.
    """

    def __init__(self, arguments: Sequence[str], on_message: Callable[[dict[str, Any]], None], on_end: Callable[[Ending], None]) -> None:
        self.log: list[str] = []  # lines that are no messages
        self._on_message, self._on_end = on_message, on_end
        self._pending, self._output = b"", b""
        self._sentence = ""
        self._cancelled, self._ended = False, False
        self._process = qt.QProcess()
        self._process.setProcessEnvironment(_environment())
        self._process.connect("readyReadStandardError()", self._read)
        self._process.connect("readyReadStandardOutput()", self._collect)
        self._process.connect("finished(int,QProcess::ExitStatus)", self._finished)
        self._process.connect("errorOccurred(QProcess::ProcessError)", self._went_wrong)
        self._process.start(shutil.which("PythonSlicer") or sys.executable, ["-u", "-m", "MRIAnomalyLib", *arguments])

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return not self._ended

    def cancel(self) -> None:
        """Ask it to end; `on_end` follows when it has."""
        if self.running:
            self._cancelled = True
            self._process.closeWriteChannel()
            qt.QTimer.singleShot(_PATIENCE_MS, self._kill)

    def abandon(self) -> None:
        """End it before this returns, and tell nobody."""
        self._on_message = lambda message: None
        self._on_end = lambda ending: None
        if self.running:
            self.cancel()
            if not self._process.waitForFinished(_PATIENCE_MS):
                self._kill()
                self._process.waitForFinished(_PATIENCE_MS)

    def wait(self) -> None:
        """Return when it has ended; Slicer goes on reacting meanwhile."""
        while self.running:
            self._process.waitForFinished(50)
            slicer.app.processEvents()

    def _kill(self) -> None:
        if self.running:
            self._process.kill()

    def _collect(self) -> None:
        self._output += self._process.readAllStandardOutput().data() or b""  # PythonQt may give None for nothing

    def _read(self) -> None:
        self._pending += self._process.readAllStandardError().data() or b""
        *lines, self._pending = self._pending.split(b"\n")
        for line in lines:
            self._take(line.decode("utf-8", errors="replace").strip())

    def _take(self, line: str) -> None:
        try:
            message = json.loads(line)
        except ValueError:  # what a launcher or a library says before the command line has taken over
            message = None
        if not isinstance(message, dict):
            self.log.extend([line] if line else [])
            return
        if "error" in message:
            self._sentence = message["error"]
        self._on_message(message)

    def _finished(self, code: int, status: Any) -> None:
        self._collect()
        self._read()
        crashed = status != qt.QProcess.NormalExit
        if self._cancelled:
            self._end(Cancelled.exit_code, _("Cancelled."))
        elif crashed or (code != _DONE and not self._sentence):
            self._end(
                _FAILED,
                _(
                    "The analysis ended unexpectedly: it was stopped from outside or ran out of memory. Close other programs and try "
                    "again; the log tells more."
                ),
            )
        else:
            self._end(code, self._sentence)

    def _went_wrong(self, error: Any) -> None:
        # every other error is followed by `finished`
        if error == qt.QProcess.FailedToStart:
            self._end(_FAILED, _("Slicer's Python could not be started: install Slicer again, or allow PythonSlicer to run."))

    def _end(self, code: int, sentence: str) -> None:
        if self._ended:
            return
        self._ended = True
        self._on_end(Ending(code, sentence, self._output.decode("utf-8", errors="replace").strip()))


def _environment() -> Any:
    library = str(Path(__file__).resolve().parents[2])
    environment = qt.QProcessEnvironment.systemEnvironment()
    path = environment.value("PYTHONPATH", "")
    environment.insert("PYTHONPATH", os.pathsep.join([library, path]) if path else library)
    environment.insert("PYTHONUTF8", "1")
    return environment

"""How a command tells how far it is, on standard error: a bar, JSON lines, or words only."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from tqdm import tqdm

    from ..records import Progress

KINDS = ("bar", "json", "none")


class Reporter:
    """Warnings and errors as sentences; progress is not shown."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def progress(self, progress: Progress) -> None:
        """How far a stage has come: what the library calls back."""

    def warning(self, sentence: str) -> None:
        """Something the user should know of."""
        print(f"Warning: {sentence}", file=self._stream)

    def error(self, sentence: str, code: int) -> None:
        """Why the command ends with this exit code."""
        print(sentence, file=self._stream)

    def finished(self, folder: Path) -> None:
        """What was asked for lies whole in this folder; the answer on standard output says the same."""

    def close(self) -> None:
        """Take down what is drawn."""


class BarReporter(Reporter):
    """One bar a stage, where standard error is a terminal."""

    _bar: tqdm | None = None
    _stage = ""

    def progress(self, progress: Progress) -> None:
        """Draw the stage's bar at its place."""
        from tqdm import tqdm

        if self._bar is None or progress.stage != self._stage:
            self.close()
            self._stage = progress.stage
            self._bar = tqdm(desc=progress.stage, total=progress.total, file=self._stream, disable=None, leave=False)
        self._bar.total = progress.total
        self._bar.update(progress.done - self._bar.n)

    def warning(self, sentence: str) -> None:
        """Something the user should know of."""
        self.close()
        super().warning(sentence)

    def error(self, sentence: str, code: int) -> None:
        """Why the command ends with this exit code."""
        self.close()
        super().error(sentence, code)

    def close(self) -> None:
        """Take down the bar."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


class JsonReporter(Reporter):
    """One JSON object a line, for programs."""

    def progress(self, progress: Progress) -> None:
        """`{"stage", "done", "total", "seconds", "remaining"}`; times in seconds, `remaining` null while unknown."""
        remaining = None if progress.remaining is None else round(progress.remaining, 1)
        seconds = round(progress.seconds, 1)
        self._line(stage=progress.stage, done=progress.done, total=progress.total, seconds=seconds, remaining=remaining)

    def warning(self, sentence: str) -> None:
        """`{"warning"}`."""
        self._line(warning=sentence)

    def error(self, sentence: str, code: int) -> None:
        """`{"error", "exit"}`."""
        self._line(error=sentence, exit=code)

    def finished(self, folder: Path) -> None:
        """`{"finished"}`."""
        self._line(finished=str(folder))

    def _line(self, **entries: Any) -> None:
        print(json.dumps(entries), file=self._stream, flush=True)


def kind_in(arguments: Sequence[str]) -> str:
    """The kind of progress that was asked for, read before parsing, so that a wrong option is told in that kind too."""
    said = [part for argument in arguments for part in argument.split("=", 1)]
    place = said.index("--progress") + 1 if "--progress" in said else len(said)
    return said[place] if place < len(said) and said[place] in KINDS else "bar"


@contextlib.contextmanager
def open_reporter(kind: str, log: Path) -> Iterator[Reporter]:
    """The reporter of this kind; with `json`, whatever else writes to standard error goes to the log meanwhile."""
    if kind == "json":
        with _standard_error_alone(log) as stream:
            yield JsonReporter(stream)
        return
    report = BarReporter(sys.stderr) if kind == "bar" else Reporter(sys.stderr)
    try:
        yield report
    finally:
        report.close()


@contextlib.contextmanager
def _standard_error_alone(log: Path) -> Iterator[TextIO]:
    """The real standard error, for JSON lines alone: C++ libraries, too, write where file descriptor 2 then points."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with log.open("a", encoding="utf-8") as sink, os.fdopen(os.dup(kept), "w", encoding="utf-8") as stream:
            os.dup2(sink.fileno(), 2)
            with contextlib.redirect_stderr(sink):
                yield stream
    finally:
        os.dup2(kept, 2)
        os.close(kept)

"""How far a benchmark or an evaluation has come, told to whoever waits for it."""

from __future__ import annotations

import time

from ..records import Progress, ProgressCallback


class Steps:
    """Counts what is done of a known number of steps; the time that remains takes them for equally long."""

    def __init__(self, total: int, progress: ProgressCallback | None, stage: str = "benchmark") -> None:
        self._total, self._progress, self._stage = total, progress, stage
        self._done, self._began = 0, time.monotonic()

    def one(self) -> None:
        """One more is done."""
        self._done += 1
        if self._progress:
            seconds = time.monotonic() - self._began
            self._progress(Progress(self._stage, self._done, self._total, seconds, seconds / self._done * (self._total - self._done)))

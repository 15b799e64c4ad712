"""Tells how far a run is, and how long each of its stages took."""

from __future__ import annotations

import time
from collections.abc import Callable

from .records import Progress, ProgressCallback


class Clock:
    """Tells progress, and keeps the seconds of each stage."""

    def __init__(self, progress: ProgressCallback | None) -> None:
        self._progress, self._start = progress, time.monotonic()
        self._stage, self._began = "", self._start
        self.seconds: dict[str, float] = {}

    def stage(self, name: str) -> Callable[[int, int], None]:
        """Begin a stage; returns its (done, total) callback."""
        self.close()
        self._stage, self._began = name, time.monotonic()

        def tell(done: int, total: int) -> None:
            now = time.monotonic()
            left = (now - self._began) / done * (total - done) if done else None
            if self._progress:
                self._progress(Progress(name, done, total, now - self._start, left))

        return tell

    def close(self) -> None:
        """End the stage that runs."""
        if self._stage:
            self.seconds[self._stage] = round(time.monotonic() - self._began, 3)
            self._stage = ""

"""A log file in the system's temporary folder that stays only when a job failed."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from types import TracebackType


class Log:
    """Made on entry, readable by its owner only; removed on exit unless something was kept in it."""

    def __enter__(self) -> Log:
        handle, name = tempfile.mkstemp(prefix="mrianomaly-", suffix=".log")
        os.close(handle)
        self.path = Path(name)
        self._kept = False
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if not self._kept:
            self.path.unlink(missing_ok=True)

    def keep(self, text: str) -> Path:
        """Append a text and let the file stay; returns where it is."""
        with self.path.open("a", encoding="utf-8") as stream:
            stream.write(text)
        self._kept = True
        return self.path

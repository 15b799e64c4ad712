"""`detect` as people call it: the pipeline, with the Slicer scene among its outputs where Slicer's MRML libraries are installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .records import Result, Volume


def detect(volume: Volume, *args: Any, **how: Any) -> Result:
    """Find what in a volume does not look like a healthy one; arguments, result and errors as of `pipeline.detect`."""
    from .pipeline import detect as run

    return run(volume, *args, scene_writer=scene_writer(), **how)


def scene_writer() -> Callable[[Result, Path], None] | None:
    """What writes scene.mrb; None where Slicer's MRML libraries are not installed, which are an extra."""
    from .gui.mrb import write_mrb

    return write_mrb if importlib.util.find_spec("slicer") else None

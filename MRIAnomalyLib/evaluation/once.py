"""The long steps of a benchmark, each done once: what came of it is kept, and a training that was cut off goes on from its checkpoint."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..bundles.contents import sha256_of
from ..detectors import Detector
from ..files.atomic import whole_file
from ..records import SliceStack
from ..training.data import fingerprint


def known_by(detector: Detector, *stacks: SliceStack) -> str:
    """A name that stands for all that an outcome follows from: an untrained detector, and the slices it learns from and looks at."""
    everything = {
        "detector": detector.name,
        "settings": detector.settings(),
        "source": detector.source.origin if detector.source else None,
        "slices": [fingerprint(stack.pixels) for stack in stacks],
    }
    return sha256_of(json.dumps(everything, sort_keys=True).encode())[:16]


def once(name: str, folder: Path, resume: bool, make: Callable[[Path], dict[str, Any]]) -> dict[str, Any]:
    """What `make` gives, or with `resume` what it gave before.

    Args:
        name: of the outcome, see `known_by`; it is kept in the file of that name.
        folder: of all outcomes.
        resume: without it, all is made anew.
        make: gives JSON values; called with a folder for checkpoints, which holds those of a call that was cut off.
    """
    kept, run = folder / f"{name}.json", folder / name
    if resume and kept.exists():
        found: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
        return found
    if not resume:
        shutil.rmtree(run, ignore_errors=True)
    run.mkdir(parents=True, exist_ok=True)
    found = make(run)
    with whole_file(kept) as path:
        path.write_text(json.dumps(found), encoding="utf-8")
    shutil.rmtree(run)
    return found

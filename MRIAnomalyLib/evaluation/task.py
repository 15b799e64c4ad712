"""What is asked of an evaluation, and what of it could not be done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROUNDS, QUICK_ROUNDS = 1000, 50  # of drawing subjects


@dataclass(frozen=True)
class Task:
    """What is to be evaluated, and where the answer goes."""

    cases: Path  # cases.csv or a folder of images
    models: Sequence[str]  # names or folders of bundles, and baselines
    out: Path
    healthy: Path | None = None  # people by whom baselines know what is ordinary: cases.csv or a folder of images
    device: str = "auto"
    resume: bool = False  # take what an earlier run saw
    overwrite: bool = False
    quick: bool = False

    @property
    def kept(self) -> Path:
        """Folder of readings, beside the answer."""
        return self.out.with_name(f"{self.out.name}-readings")

    @property
    def rounds(self) -> int:
        """How often subjects are drawn."""
        return QUICK_ROUNDS if self.quick else ROUNDS


@dataclass(frozen=True)
class Failure:
    """A case that a method could not be asked about."""

    case: str | None  # None: any, the method was left out
    model: str
    why: str

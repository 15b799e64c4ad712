"""Volumes and what a model redraws of them, both kept, so that the evidence can be varied over them without preparing or asking again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from ..bundles.contents import sha256_of
from ..detectors import Detector
from ..files.atomic import whole_file
from ..files.cases import Case
from ..inversion.mirror import averaged, mirrored
from ..prepare.recipe import Recipe
from ..records import Array, Reconstruction, SliceStack
from ..training.data import fingerprint
from .scans import KINDS, Scan, painted, scan_of
from .steps import Steps

UNTOUCHED = "untouched"  # beside the KINDS of painted lesions

_STACK = tuple(field.name for field in fields(SliceStack))


@dataclass(frozen=True, eq=False)
class Shown:
    """One volume as a model sees it."""

    subject: str
    stack: SliceStack
    truth: Array  # (N, H, W) bool, the painted lesion; none in an untouched volume


@dataclass(frozen=True, eq=False)
class Looks:
    """What a model makes of a volume, rounded to half precision."""

    one: Reconstruction  # as it is
    both: Reconstruction  # mean of that and of what it makes of the mirror image; of predicted spreads the root of the mean square


def volumes_of(case: Case, outline: Path | None, recipe: Recipe, folder: Path, resume: bool, steps: Steps) -> dict[str, Shown]:
    """A person as he came, and with a lesion of each of KINDS where there is an outline.

    Args:
        case: a healthy person.
        outline: a lesion mask in MNI152 space.
        recipe: of the preparation.
        folder: where prepared volumes are kept.
        resume: take what an earlier call kept there.
        steps: told of each volume.

    Raises:
        InputError: the scan cannot be read.
    """
    kinds = (UNTOUCHED, *(KINDS if outline else ()))
    paths = {kind: folder / sha256_of(repr(recipe).encode())[:16] / f"{case.subject}-{kind}.npz" for kind in kinds}
    held = {kind: arrays for kind, path in paths.items() if resume and (arrays := _read(path))}
    if len(held) < len(kinds):
        held = {kind: _arrays(scan) for kind, scan in _scans(case, outline, recipe, steps).items()}
        for kind, arrays in held.items():
            _write(paths[kind], arrays)
    else:
        for _ in kinds:
            steps.one()
    return {kind: Shown(case.subject, SliceStack(*(held[kind][name] for name in _STACK)), held[kind]["truth"]) for kind in kinds}


def _scans(case: Case, outline: Path | None, recipe: Recipe, steps: Steps) -> dict[str, Scan]:
    clean = scan_of(case, recipe, steps)
    lesions = {kind: painted(clean, outline, change, recipe, steps) for kind, change in KINDS.items()} if outline else {}
    return {UNTOUCHED: clean, **lesions}


def _arrays(scan: Scan) -> dict[str, Array]:
    stack = scan.prepared.stack
    truth = np.zeros_like(stack.mask[:, 0]) if scan.truth is None else scan.truth
    return {**{name: getattr(stack, name) for name in _STACK}, "truth": truth}


def looker(detector: Detector, weights: str, folder: Path, device: str, resume: bool, steps: Steps) -> Callable[[Shown], Looks]:
    """What lets a model look at volumes, each once as it is and once in the mirror, at quality "fast".

    Args:
        detector: with its weights.
        weights: their SHA-256, by which what is kept is known again.
        folder: where reconstructions are kept.
        device: as torch names it.
        resume: take what an earlier call kept there.
        steps: told of each volume.
    """

    def look(shown: Shown) -> Looks:
        path = folder / f"{weights[:16]}-sides" / f"{fingerprint(shown.stack.pixels)[:16]}.npz"
        held = _read(path) if resume else None
        if not held:
            fast = detector.steps_for("fast")
            one, turned = (detector.reconstruct(stack, device=device, steps=fast) for stack in (shown.stack, mirrored(shown.stack)))
            looks = {"one": one, "both": averaged(one, turned)}
            maps = {name: look.healthy for name, look in looks.items()}
            maps |= {f"{name}_spread": look.spread for name, look in looks.items() if look.spread is not None}
            held = {name: map_.astype(np.float16) for name, map_ in maps.items()}
            _write(path, held)
        steps.one()
        full = {name: map_.astype(np.float32) for name, map_ in held.items()}
        return Looks(*(Reconstruction(full[name], {}, spread=full.get(f"{name}_spread")) for name in ("one", "both")))

    return look


def _write(path: Path, arrays: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as unfinished, unfinished.open("wb") as file:
        np.savez_compressed(file, **arrays)


def _read(path: Path) -> dict[str, Array] | None:
    """What was kept; None where there is nothing whole."""
    try:
        with np.load(path, allow_pickle=False) as held:
            return dict(held)
    except (OSError, ValueError, BadZipFile):
        return None

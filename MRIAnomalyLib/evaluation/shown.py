"""Volumes and what a model redraws of them, both kept, so that the evidence can be varied over them without preparing or asking again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from ..bundles.contents import sha256_of
from ..detectors import Detector
from ..files.atomic import whole_file
from ..files.cases import Case
from ..prepare.recipe import Recipe
from ..records import Array, Reconstruction, SliceStack
from ..training.data import fingerprint
from .scans import KINDS, painted, scan_of
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

    plain: Reconstruction
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
    held = {kind: _read(path) if resume else None for kind, path in paths.items()}
    if None in held.values():
        clean = scan_of(case, recipe, steps)
        changes = KINDS.items() if outline else ()
        scans = {UNTOUCHED: clean, **{kind: painted(clean, outline, change, recipe, steps) for kind, change in changes}}
        for kind, scan in scans.items():
            stack = scan.prepared.stack
            truth = np.zeros_like(stack.mask[:, 0]) if scan.truth is None else scan.truth
            held[kind] = {**{name: getattr(stack, name) for name in _STACK}, "truth": truth}
            _write(paths[kind], held[kind])
    else:
        for _ in kinds:
            steps.one()
    return {kind: _shown(case.subject, arrays) for kind, arrays in held.items()}


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
        path = folder / weights[:16] / f"{fingerprint(shown.stack.pixels)[:16]}.npz"
        held = _read(path) if resume else None
        if not held:
            how = {"device": device, "steps": detector.steps_for("fast")}
            plain, turned = detector.reconstruct(shown.stack, **how), detector.reconstruct(_mirrored(shown.stack), **how)
            maps = {"plain": plain.healthy, "both": (plain.healthy + turned.healthy[..., ::-1]) / 2}
            if plain.spread is not None and turned.spread is not None:
                maps |= {"plain_spread": plain.spread, "both_spread": np.sqrt((plain.spread**2 + turned.spread[..., ::-1] ** 2) / 2)}
            held = {name: map_.astype(np.float16) for name, map_ in maps.items()}
            _write(path, held)
        steps.one()
        full = {name: map_.astype(np.float32) for name, map_ in held.items()}
        return Looks(*(Reconstruction(full[name], {}, spread=full.get(f"{name}_spread")) for name in ("plain", "both")))

    return look


def _mirrored(stack: SliceStack) -> SliceStack:
    pixels, mask = (np.ascontiguousarray(maps[..., ::-1]) for maps in (stack.pixels, stack.mask))
    return replace(stack, pixels=pixels, mask=mask)


def _shown(subject: str, arrays: Mapping[str, Array]) -> Shown:
    return Shown(subject, SliceStack(*(arrays[name] for name in _STACK)), arrays["truth"])


def _write(path: Path, arrays: Mapping[str, Array]) -> None:
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

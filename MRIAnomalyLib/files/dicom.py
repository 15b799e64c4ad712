"""DICOM series: which there are in a folder or zip, what can be done with each, and the volume that one of them makes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..prepare.geometry import RAS_LPS
from ..records import Array, Volume
from .frames import Frame, frames_of, pixels
from .unpack import files_behind

LOCALIZER_SLICES = 15  # at most so many images in each of several orientations: a localizer, not a volume
UNEVEN = 0.05  # share of the usual step by which a step between slices may differ from it
SAME_PLACE_MM = 1e-3
PLANES = ("sagittal", "coronal", "axial")  # by the axis that the slice normal is nearest to


@dataclass(frozen=True)
class Series:
    """What a DICOM series is, and whether a volume can be made of it."""

    uid: str
    modality: str  # DICOM's own word: MR, CT, ...
    description: str  # as typed at the scanner: for `mrianomaly series` only, never for messages or outputs
    sequence: str  # a guess from timing: "T1-like", "T2-like", "PD-like", "FLAIR-like", ... or "unknown"
    images: int
    size: tuple[int, int]  # columns, rows
    spacing_mm: tuple[float, float, float]  # along a row, along a column, between slices (thickness if there is one slice)
    plane: str  # "axial", "oblique sagittal", ...; "none" without a place in space
    usable: bool
    localizer: bool
    reason: str  # goes after "it": what it can be read as, or why it cannot


def list_series(path: Path) -> list[Series]:
    """Every series of images in a folder, a zip or a single file, by number of images, largest first.

    Raises:
        InputError: no DICOM image there, or a damaged file or zip.
    """
    with files_behind(path) as files:
        found = [_describe(uid, frames) for uid, frames in _by_series(path, files).items()]
    return sorted(found, key=lambda series: (-series.images, series.uid))


def read_series(path: Path, uid: str | None = None) -> Volume:
    """Volume of one series: slices sorted along their normal, slope and intercept applied, float32 (K, J, I).

    Args:
        path: folder, zip, or one DICOM file, which is then read alone.
        uid: which series; may be left out where there is just one besides localizers.

    Raises:
        InputError: no DICOM there, several series and no `uid`, an unknown `uid`, or a series that makes no volume.
    """
    with files_behind(path) as files:
        by_uid = _by_series(path, files)
        series = _choose(path, [_describe(uid, frames) for uid, frames in by_uid.items()], uid)
        if not series.usable:
            raise InputError(f"The series {series.uid} in {path} cannot be read as a volume, because it {series.reason}.")
        return _volume(_sorted(by_uid[series.uid]))


def _by_series(path: Path, files: list[Path]) -> dict[str, list[Frame]]:
    by_uid: dict[str, dict[tuple[str, int], Frame]] = {}
    names = [str(path) if file == path else f"File {number} of {len(files)} in {path}" for number, file in enumerate(files, 1)]
    for frame in (frame for file, named in zip(files, names, strict=True) for frame in frames_of(file, named)):
        image = str(frame.head.get("SOPInstanceUID") or frame.path)
        by_uid.setdefault(str(frame.head.SeriesInstanceUID), {}).setdefault((image, frame.number), frame)  # a copied file counts once
    if not by_uid:
        raise InputError(f"{path} holds no DICOM image: name a folder, a zip or a file with an MR series, or a NIfTI, NRRD or MHA file.")
    return {uid: list(frames.values()) for uid, frames in by_uid.items()}


def _choose(path: Path, found: list[Series], uid: str | None) -> Series:
    chosen = [series for series in found if series.uid == uid] if uid else [series for series in found if not series.localizer] or found
    if len(chosen) == 1:
        return chosen[0]
    known = ", ".join(f"{s.uid} ({s.images} images, {s.modality}, {s.sequence}, {s.plane})" for s in found)
    problem = f"has no series {uid}" if uid else f"holds {len(found)} series"
    raise InputError(f"{path} {problem}: choose one with --series UID (series= in Python), where UID is one of {known}.")


def _describe(uid: str, frames: list[Frame]) -> Series:
    head, first = frames[0].head, frames[0]
    orientations = _orientations(frames)
    localizer = _is_localizer(frames, orientations)
    obstacle = _obstacle(frames, orientations, localizer)
    step = _step(_sorted(frames)) if not obstacle else first.thickness
    return Series(
        uid,
        modality=str(head.get("Modality") or "unknown"),
        description=str(head.get("SeriesDescription") or ""),
        sequence=_sequence(head),
        images=len(frames),
        size=first.size[::-1],
        spacing_mm=(float(first.spacing[1]), float(first.spacing[0]), float(np.linalg.norm(step))),
        plane=_plane(first) if len(orientations) == 1 else "mixed" if orientations else "none",
        usable=not obstacle,
        localizer=localizer,
        reason=obstacle or f"can be read as a volume of {len(frames)} slice{'s' if len(frames) > 1 else ''}",
    )


def _orientations(frames: list[Frame]) -> list[list[Frame]]:
    """Frames that lie in space, by orientation."""
    groups: list[list[Frame]] = []
    for frame in frames:
        if frame.orientation is None or frame.position is None:
            continue
        group = next((g for g in groups if np.allclose(g[0].orientation, frame.orientation, atol=1e-4)), None)  # type: ignore[arg-type]
        if group is None:
            groups.append([frame])
        else:
            group.append(frame)
    return groups


def _is_localizer(frames: list[Frame], orientations: list[list[Frame]]) -> bool:
    named = any("LOCALIZER" in (frame.head.get("ImageType") or ()) for frame in frames)
    return named or (len(orientations) > 1 and max(map(len, orientations)) <= LOCALIZER_SLICES)


def _obstacle(frames: list[Frame], orientations: list[list[Frame]], localizer: bool) -> str:
    """Why these frames make no volume, or nothing; goes after "it"."""
    modality = frames[0].head.get("Modality") or "of unknown modality"
    if modality != "MR":
        return f"is {modality} and not magnetic resonance (MR)"
    if any(int(frame.head.get("SamplesPerPixel") or 1) > 1 for frame in frames):
        return "holds colour pictures and not one brightness per voxel"
    if sum(map(len, orientations)) < len(frames):
        return "holds pictures without a position in space, such as screenshots or reports"
    if any("MOSAIC" in (frame.head.get("ImageType") or ()) for frame in frames):
        return "holds mosaics, several slices tiled into one picture"
    if localizer:
        return f"is a localizer of {len(frames)} images in {len(orientations)} orientation{'s' if len(orientations) > 1 else ''}"
    if len(orientations) > 1:
        return f"mixes {len(orientations)} orientations, of {' and '.join(str(len(group)) for group in orientations)} images"
    if len({(frame.size, tuple(frame.spacing.round(4))) for frame in frames}) > 1:
        return "mixes images of different sizes or pixel spacings"
    return _stacking_obstacle(_sorted(frames))


def _stacking_obstacle(frames: list[Frame]) -> str:
    """Say what is wrong with where sorted, parallel frames lie, or nothing."""
    heights = np.array([np.dot(frame.position, frames[0].normal) for frame in frames])  # type: ignore[arg-type]
    steps = np.diff(heights)
    if len(steps) == 0:
        return ""
    if np.any(steps < SAME_PLACE_MM):
        return (
            f"holds {len(frames)} images at {1 + np.sum(steps >= SAME_PLACE_MM)} places, so several echoes, contrasts or time points in one"
        )
    usual = np.quantile(steps, 0.5, method="lower")
    wide = np.flatnonzero(steps > usual * (1 + UNEVEN))
    if len(wide):
        at = wide[0]
        return (
            f"has a gap of {steps[at]:.2f} mm where slices are otherwise {usual:.2f} mm apart, so that slices are missing between slices "
            f"{at + 1} and {at + 2} of {len(frames)} (from {heights[at]:.2f} to {heights[at + 1]:.2f} mm along the slice normal)"
        )
    if steps.min() < usual * (1 - UNEVEN):
        return f"has unevenly spaced slices, from {steps.min():.2f} to {steps.max():.2f} mm apart"
    positions = np.array([frame.position for frame in frames])
    line = positions[0] + np.linspace(0, 1, len(frames))[:, None] * (positions[-1] - positions[0])
    if np.linalg.norm(positions - line, axis=1).max() > UNEVEN * usual + SAME_PLACE_MM:
        return "has slices that do not lie along one straight line"
    return ""


def _sorted(frames: list[Frame]) -> list[Frame]:
    normal = frames[0].normal
    return sorted(frames, key=lambda frame: float(np.dot(frame.position, normal)))  # type: ignore[arg-type]


def _step(frames: list[Frame]) -> Array:
    """(3,) from one slice to the next, LPS mm, of sorted frames; need not be along the normal."""
    if len(frames) == 1:
        return frames[0].normal * frames[0].thickness
    first, last = frames[0].position, frames[-1].position
    assert first is not None and last is not None
    return (last - first) / (len(frames) - 1)


def _volume(frames: list[Frame]) -> Volume:
    first = frames[0]
    assert first.orientation is not None and first.position is not None
    lps = np.eye(4)
    lps[:3, 0] = first.orientation[:3] * first.spacing[1]
    lps[:3, 1] = first.orientation[3:] * first.spacing[0]
    lps[:3, 2] = _step(frames)
    lps[:3, 3] = first.position
    array = np.empty((len(frames), *first.size), np.float32)
    digests = []
    for path, rows in groupby(sorted(range(len(frames)), key=lambda row: frames[row].path), key=lambda row: frames[row].path):
        chosen = list(rows)
        array[chosen] = pixels([frames[row] for row in chosen])
        digests.append(hashlib.sha256(path.read_bytes()).hexdigest())
    affine = (RAS_LPS @ lps).astype(np.float32).astype(np.float64)
    return Volume(array, affine, modality="MR", source_sha256=hashlib.sha256("".join(sorted(digests)).encode()).hexdigest())


def _plane(frame: Frame) -> str:
    along = np.abs(frame.normal)
    return ("" if along.max() > 0.99 else "oblique ") + PLANES[int(along.argmax())]


def _sequence(head: object) -> str:
    """Guess the weighting from kind of sequence, repetition, echo and inversion times (ms)."""
    kinds = str(getattr(head, "ScanningSequence", ""))
    repetition, echo, inversion = (float(getattr(head, name, None) or 0) for name in ("RepetitionTime", "EchoTime", "InversionTime"))
    if "EP" in kinds:
        return "echo-planar"
    if not repetition or not echo:
        return "unknown"
    if inversion > 1500 and echo > 60:
        return "FLAIR-like"
    if "GR" in kinds:
        return "T1-like" if echo < 10 else "T2*-like"
    if repetition < 1200 and echo < 30:
        return "T1-like"
    return "T2-like" if echo > 60 else "PD-like"

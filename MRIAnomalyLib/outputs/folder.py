"""The output folder: written whole or not at all, and read back."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import UsageError
from ..files.atomic import whole_folder
from ..records import ModelFacts, Result, Volume
from .tables import findings_table, number, read_findings, read_slices, record_text, slices_table, write_csv
from .volumes import SAME_PLACE_MM, read_written, write_volume

SceneWriter = Callable[[Result, Path], None]

_FINDINGS, _SLICES, _RESULT, _EVIDENCE = "findings.csv", "slices.csv", "result.json", "evidence"

# name of the part (and of its file) -> where the Result keeps it, and the dtype that the file promises
_MAPS = {
    "heatmap": ("heatmap", np.float32),
    "healthy": ("healthy", np.float32),
    "residual": ("residual", np.float32),
    "scored": ("scored", np.uint8),
    "findings": ("finding_labels", np.uint16),
    "mask": ("mask", np.float32),
}
PARTS = (*_MAPS, "evidence", "slices", "result", "overview", "report", "scene")
READABLE = (*_MAPS, "slices", "result")  # the parts that `read_result` needs
FORMATS = {"nifti": ".nii.gz", "npy": ".npy"}  # of the maps -> ending of their files


def check_parts(only: tuple[str, ...]) -> frozenset[str]:
    """Which parts of the output folder to write: those named, or by default everything but the evidence.

    Raises:
        UsageError: a name that is not one of `PARTS`.
    """
    unknown = sorted(set(only) - set(PARTS))
    if unknown:
        raise UsageError(f"There is no output called {', '.join(unknown)}; choose among {', '.join(PARTS)}.")
    return frozenset(only) if only else frozenset(PARTS) - {"evidence"}


def write_result(
    result: Result,
    folder: Path,
    only: tuple[str, ...] = (),
    overwrite: bool = False,
    maps: str = "nifti",
    scene_writer: SceneWriter | None = None,
) -> Path:
    """Write the output folder of a result; returns its path.

    Args:
        result: what to write.
        folder: the folder to make; it appears only when everything in it is complete.
        only: names out of `PARTS`; empty for everything but the evidence.
        overwrite: replace a folder that is already there.
        maps: "nifti", or "npy": bare arrays (K, J, I) for a program that knows the geometry already.
        scene_writer: writes scene.mrb, see `gui.mrb.write_mrb`; without it there is no scene unless asked for by name.

    Raises:
        UsageError: an unknown part, a scene without a writer, or a folder that exists or cannot be written.
    """
    parts = check_parts(only)
    if "scene" in only and scene_writer is None:
        raise UsageError("scene.mrb needs the MRML libraries of 3D Slicer; install them with: pip install 'mrianomaly[scene]'.")
    with whole_folder(folder, overwrite) as target:
        _write_maps(result, target, parts, FORMATS[maps])
        if "findings" in parts:
            write_csv(findings_table(result), target / _FINDINGS)
        if "slices" in parts:
            write_csv(slices_table(result), target / _SLICES)
        if "result" in parts:
            (target / _RESULT).write_text(record_text(result), encoding="utf-8")
        if "overview" in parts:
            from .figures import overview

            overview(result, target / "overview.png")
        if "report" in parts:
            from .report import write_report

            write_report(result, target / "report.html")
        if "scene" in parts and scene_writer is not None:
            scene_writer(result, target / "scene.mrb")
    return folder


def _write_maps(result: Result, target: Path, parts: frozenset[str], ending: str) -> None:
    for part, (attribute, dtype) in _MAPS.items():
        volume: Volume | None = getattr(result, attribute)
        if part in parts and volume is not None:  # most detectors learn no mask
            _write_map(volume.like(volume.array.astype(dtype, copy=False)), target / f"{part}{ending}")
    if "evidence" in parts:
        (target / _EVIDENCE).mkdir()
        for name, volume in result.evidence.items():
            _write_map(volume.like(volume.array.astype(np.float32, copy=False)), target / _EVIDENCE / f"{name}{ending}")


def _write_map(volume: Volume, path: Path) -> None:
    if path.suffix == ".npy":
        np.save(path, volume.array, allow_pickle=False)
    else:
        write_volume(volume, path)


def read_result(folder: Path, volume: Volume) -> Result:
    """The result that `write_result` wrote for this input, without its evidence.

    Args:
        folder: an output folder that holds at least the parts named in `READABLE` (mask where there is one).
        volume: the input that the result is about; the maps take over its geometry, the record knows its checksum.

    Raises:
        UsageError: a file is missing, or the maps are not on the grid of the input.
    """
    try:
        record = json.loads((folder / _RESULT).read_text(encoding="utf-8"))
        volume = replace(volume, source_sha256=record["input"]["sha256"], modality=record["input"]["modality"])
        findings = read_findings(folder / _FINDINGS)
        slices = read_slices(folder / _SLICES, record["slice_thresholds"])
        maps: dict[str, Any] = {attribute: _read_map(folder, part, volume) for part, (attribute, _) in _MAPS.items() if part != "mask"}
        maps["mask"] = _read_map(folder, "mask", volume) if any(folder.glob("mask.*")) else None
    except FileNotFoundError as problem:
        raise UsageError(f"{folder} is not a complete output folder: {Path(problem.filename).name} is missing.") from problem
    numbers: dict[str, Any] = {name: number(record[name]) for name in ("score", "p_value", "p_floor", "heat_threshold", "false_alarms")}
    kept: dict[str, Any] = {name: record[name] for name in ("flagged", "verdict", "device", "seed", "seconds", "versions", "settings")}
    return Result(
        volume=volume,
        **maps,
        **numbers,
        **kept,
        evidence={},
        warnings=tuple(record["warnings"]),
        slices=slices,
        findings=findings,
        model=ModelFacts(**record["model"]),
        writer=write_result,
    )


def _read_map(folder: Path, part: str, volume: Volume) -> Volume:
    bare = folder / f"{part}.npy"
    stored = volume.like(np.load(bare, allow_pickle=False)) if bare.exists() else read_written(folder / f"{part}.nii.gz", part)
    if stored.shape != volume.shape or not np.allclose(stored.affine, volume.affine, atol=SAME_PLACE_MM):
        raise UsageError(f"The {part} in {folder} does not lie on the voxels of {volume.name}: choose the input that was analysed.")
    return volume.like(stored.array)

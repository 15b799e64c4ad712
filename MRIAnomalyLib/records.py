"""The nouns of the project: what travels from one step to the next. No work is done here.

Arrays are indexed (slice, row, column) = (k, j, i); an affine maps voxel (i, j, k) to RAS millimetres.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Volume:
    """A scan or a map: voxels and their place in space, never apart."""

    array: Array  # (K, J, I)
    affine: Array  # (4, 4) float64, voxel (i, j, k) -> RAS mm; exactly what a NIfTI file can store (float32 values)
    name: str = "Input"  # neutral: never a patient's name
    modality: str | None = None  # DICOM modality, if the source says so
    header: Any = field(default=None, repr=False)  # NIfTI header it came with: outputs repeat its qform and sform
    source_sha256: str = ""  # of the file, or of the sorted files of a DICOM series
    in_template_space: bool = False  # the source says that its coordinates are those of MNI152

    @property
    def shape(self) -> tuple[int, int, int]:
        """Voxels along (k, j, i)."""
        k, j, i = self.array.shape
        return k, j, i

    @property
    def spacing_mm(self) -> Array:
        """Voxel size along (i, j, k)."""
        return np.linalg.norm(self.affine[:3, :3], axis=0)

    @property
    def voxel_ml(self) -> float:
        """Volume of one voxel in millilitres."""
        return float(abs(np.linalg.det(self.affine[:3, :3])) / 1000)

    def like(self, array: Array, name: str | None = None) -> Volume:
        """Another map on the very same grid, with the same affine object and header."""
        return Volume(array, self.affine, name or self.name, self.modality, self.header, self.source_sha256, self.in_template_space)


@dataclass(frozen=True, eq=False)
class SliceStack:
    """What a network sees: prepared slices of one subject (or of many, when training) on the model's grid."""

    pixels: Array  # (N, 1, H, W) float32, standardised intensity; colour images, which are no scans, have 3 in the place of 1
    mask: Array  # (N, 1, H, W) bool, foreground (brain or leg) on the model's grid
    level: Array  # (N,) int, slice of the model's grid: 0 .. recipe.slices - 1
    subject: Array  # (N,) int, which subject a slice belongs to; all 0 for one volume

    def __len__(self) -> int:
        return len(self.pixels)

    def take(self, rows: Array) -> SliceStack:
        """The slices at these rows (indices or a boolean choice)."""
        return SliceStack(self.pixels[rows], self.mask[rows], self.level[rows], self.subject[rows])


def end_to_end(stacks: Sequence[SliceStack]) -> SliceStack:
    """The slices of several people; `subject` counts them from 0."""
    pixels, mask, level = (np.concatenate([getattr(stack, name) for stack in stacks]) for name in ("pixels", "mask", "level"))
    return SliceStack(pixels, mask, level, np.repeat(np.arange(len(stacks)), [len(stack) for stack in stacks]))


@dataclass(frozen=True, eq=False)
class Prepared:
    """One volume made ready for a model, and the way back to its own grid."""

    stack: SliceStack
    grid_affine: Array  # (4, 4): stack (column, row, slice) -> template RAS mm
    template_to_world: Array  # (4, 4): RAS mm of the template, or of a right knee's frame -> the input's own RAS mm
    bias: Array  # (N, 1, H, W): multiply standardised-and-inverted intensity by this to get the input's brightness
    tone: tuple[Array, Array]  # knots of the monotone map: (input intensity after bias removal, standardised intensity)
    facts: Mapping[str, float]  # what was measured on the way: brain_ml, template_correlation, scaling, ...
    brain_levels: tuple[int, int]  # first and last slice that the grid would need to hold the whole brain; below 0 and beyond N - 1 too
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """What a detector says a healthy slice would look like here."""

    healthy: Array  # (N, 1, H, W) float32
    terms: Mapping[str, Array]  # name -> (N,) score per slice, larger is stranger
    latent: Array | None = None  # (N, d)
    mask: Array | None = None  # (N, 1, H, W) in [0, 1], methods that learn one
    completed: Array | None = None  # (N, 1, H, W) the slice itself with what is masked in-painted: shown in the place of `healthy`
    failed: Array | None = None  # (N,) bool, methods that can tell: no healthy counterpart was found
    spread: Array | None = None  # (N, 1, H, W) predicted standard deviation, methods that predict one

    def take(self, rows: Array) -> Reconstruction:
        """What is said of the slices at these rows (indices or a boolean choice)."""
        maps = {name: getattr(self, name) for name in ("latent", "mask", "completed", "failed", "spread")}
        some = {name: None if map_ is None else map_[rows] for name, map_ in maps.items()}
        return Reconstruction(self.healthy[rows], {name: values[rows] for name, values in self.terms.items()}, **some)


def as_stored(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings read from JSON as a frozen dataclass takes them: lists are tuples."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in settings.items()}


@dataclass(frozen=True)
class SliceScore:
    """One slice of the model's grid, or one that continues the grid where the brain goes on."""

    slice: int  # from 0; below 0 and beyond the last one the model never saw
    center_ras_mm: tuple[float, float, float]  # in the input's own space
    scored: bool
    score: float  # nan when not scored
    p_value: float  # nan when not scored
    flagged: bool
    terms: Mapping[str, float]
    threshold: float = math.nan  # score from which this slice is flagged; nan when the calibration states none


@dataclass(frozen=True)
class Finding:
    """One connected region that healthy people do not show at that place."""

    label: int  # value in findings.nii.gz and row of findings.csv, from 1, most significant first
    centroid_ras_mm: tuple[float, float, float]  # a point inside the finding, in the input's own space
    volume_ml: float
    peak: float  # highest evidence inside, in standard deviations of normals at that place
    mean: float
    slices: tuple[int, int]  # first and last slice of the model's grid
    side: str  # "left", "right" or "midline": the patient's own
    sign: str  # "bright" or "dark"


@dataclass(frozen=True)
class ModelFacts:
    """Which model spoke, for the record of every output."""

    name: str
    detector: str
    licence: str
    training_data: str
    calibration_subjects: int
    sha256: str


@dataclass(frozen=True, eq=False)
class Result:
    """The answer for one volume; every map lies on the input's own grid."""

    volume: Volume
    heatmap: Volume  # float32, -log10 p per voxel
    healthy: Volume  # float32, the input's intensity scale
    residual: Volume  # float32, input minus healthy
    scored: Volume  # uint8, 1 where the model could judge
    finding_labels: Volume  # uint16
    evidence: Mapping[str, Volume]  # name -> float32 map: "residual_z", "asymmetry_z", ...
    mask: Volume | None
    score: float
    p_value: float
    p_floor: float  # smallest p that the calibration can reach: 1 / (n + 1), or 1 where n is too small for p-values
    heat_threshold: float  # -log10 p from which the heatmap is shown
    flagged: bool
    false_alarms: float  # the rate that `flagged` was decided at
    verdict: str  # one or two plain sentences
    warnings: tuple[str, ...]
    slices: tuple[SliceScore, ...]
    findings: tuple[Finding, ...]
    model: ModelFacts
    device: str
    seed: int
    seconds: Mapping[str, float]  # per stage
    versions: Mapping[str, str]
    settings: Mapping[str, Any]  # quality, steps, forced: what the user chose
    writer: Callable[..., Path] = field(repr=False)  # writes the output folder; handed in by the pipeline

    def save(self, folder: str | Path, only: tuple[str, ...] = (), overwrite: bool = False, maps: str = "nifti") -> Path:
        """Write the output folder, whole or not at all; returns its path. Arguments as of `outputs.folder.write_result`.

        Raises:
            UsageError: the folder exists (and `overwrite` is not set) or cannot be written.
        """
        return self.writer(self, Path(folder), only, overwrite, maps)


@dataclass(frozen=True)
class Progress:
    """How far a stage has come."""

    stage: str  # read, prepare, reconstruct, evidence, findings, write; train, calibrate for long jobs
    done: int
    total: int
    seconds: float  # since the run began
    remaining: float | None = None  # estimate for this stage


ProgressCallback = Callable[[Progress], None]

"""Findings and slice scores as typed tables, as CSV files, and the whole answer as one strict JSON record."""

from __future__ import annotations

import csv
import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..records import Finding, Result, SliceScore
from .heat import heat_ceiling

SCHEMA = 1  # of result.json; raised when a reader of the old one would go wrong


@dataclass(frozen=True)
class Column:
    """What one column of a table holds."""

    name: str
    kind: type  # int, float, bool or str
    unit: str  # UCUM; empty where a number has none
    meaning: str


@dataclass(frozen=True)
class Table:
    """Rows of cells in the order of the columns; None is an empty cell."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]


_PLACE = tuple(
    Column(f"{axis}_mm", float, "mm", f"{word} of a point, in the input's own RAS space")
    for axis, word in zip("ras", ("right", "anterior", "superior"), strict=True)
)

_FINDING_COLUMNS = (
    Column("finding", int, "", "label in findings.nii.gz, most significant first"),
    *_PLACE,
    Column("volume_ml", float, "mL", "volume"),
    Column("peak", float, "", "highest evidence inside, in standard deviations of healthy people at that place"),
    Column("mean", float, "", "mean evidence inside, in standard deviations of healthy people at that place"),
    Column("slices", str, "", "first and last slice of the model's grid"),
    Column("side", str, "", "left, right or midline: the patient's own"),
    Column("sign", str, "", "bright or dark, compared with the healthy counterpart"),
)

_SLICE_COLUMNS = (
    Column("slice", int, "", "slice of the model's grid"),
    *_PLACE,
    Column("scored", bool, "", "whether the model could judge this slice"),
    Column("score", float, "", "larger is stranger"),
    Column("p_value", float, "", "share of the people compared with who are at least as strange in this slice"),
    Column("flagged", bool, "", "whether the score is beyond the threshold"),
)


def findings_table(result: Result) -> Table:
    """One row a finding, most significant first."""
    rows = (
        (f.label, *f.centroid_ras_mm, f.volume_ml, f.peak, f.mean, f"{f.slices[0]}-{f.slices[1]}", f.side, f.sign) for f in result.findings
    )
    return Table(_FINDING_COLUMNS, tuple(rows))


def slices_table(result: Result) -> Table:
    """One row a slice of the model's grid; the score terms, one column each, come last."""
    terms = tuple(dict.fromkeys(name for s in result.slices for name in s.terms))
    columns = tuple(Column(name, float, "", f"score term: {name.replace('_', ' ')}") for name in terms)
    rows = ((s.slice, *s.center_ras_mm, s.scored, *_judged(s, terms)) for s in result.slices)
    return Table(_SLICE_COLUMNS + columns, tuple(rows))


def _judged(row: SliceScore, terms: tuple[str, ...]) -> tuple[Any, ...]:
    if not row.scored:
        return (None,) * (3 + len(terms))
    return (row.score, row.p_value, row.flagged, *(row.terms.get(name) for name in terms))


def write_csv(table: Table, path: Path) -> None:
    """Comma-separated UTF-8 with a header line; numbers in full precision, booleans as 1 and 0, None and nan as empty cells."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow([column.name for column in table.columns])
        writer.writerows([[_cell(value) for value in row] for row in table.rows])


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float | np.floating) and not math.isfinite(value)):
        return ""
    if isinstance(value, bool | np.bool_):
        return str(int(value))
    return repr(float(value)) if isinstance(value, float | np.floating) else str(value)


def read_findings(path: Path) -> tuple[Finding, ...]:
    """The findings that `write_csv(findings_table(...))` wrote."""

    def finding(row: dict[str, str]) -> Finding:
        first, last = row["slices"].split("-")
        return Finding(
            label=int(row["finding"]),
            centroid_ras_mm=_place(row),
            volume_ml=float(row["volume_ml"]),
            peak=float(row["peak"]),
            mean=float(row["mean"]),
            slices=(int(first), int(last)),
            side=row["side"],
            sign=row["sign"],
        )

    return tuple(finding(row) for row in _rows(path))


def read_slices(path: Path, thresholds: list[float | None]) -> tuple[SliceScore, ...]:
    """The slice scores that `write_csv(slices_table(...))` wrote, with the thresholds that are kept in result.json."""
    named = {column.name for column in _SLICE_COLUMNS}

    def score(row: dict[str, str], threshold: float | None) -> SliceScore:
        return SliceScore(
            slice=int(row["slice"]),
            center_ras_mm=_place(row),
            scored=row["scored"] == "1",
            score=float(row["score"] or "nan"),
            p_value=float(row["p_value"] or "nan"),
            flagged=row["flagged"] == "1",
            terms={name: float(cell) for name, cell in row.items() if name not in named and cell},
            threshold=number(threshold),
        )

    return tuple(score(row, threshold) for row, threshold in zip(_rows(path), thresholds, strict=True))


def number(value: float | None) -> float:
    """A number of result.json, whose null stands for nan."""
    return math.nan if value is None else value


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _place(row: Mapping[str, str]) -> tuple[float, float, float]:
    return float(row["r_mm"]), float(row["a_mm"]), float(row["s_mm"])


def result_record(result: Result) -> dict[str, Any]:
    """The content of result.json: everything but maps and tables, plain JSON types, nan as None, no name of file or patient."""
    volume = result.volume
    record = {
        "schema": SCHEMA,
        **{name: getattr(result, name) for name in ("verdict", "flagged", "score", "p_value", "p_floor", "false_alarms")},
        "warnings": result.warnings,
        "findings": len(result.findings),
        "heat_threshold": result.heat_threshold,
        "heat_ceiling": heat_ceiling(result),
        "slice_thresholds": [s.threshold for s in result.slices],
        "model": dataclasses.asdict(result.model),
        **{name: getattr(result, name) for name in ("device", "seed", "seconds", "versions", "settings")},
        "input": {
            "sha256": volume.source_sha256,
            "shape_ijk": volume.shape[::-1],
            "spacing_mm": volume.spacing_mm,
            "affine_ras": volume.affine,
            "modality": volume.modality,
        },
    }
    return _plain(record)


def record_text(result: Result) -> str:
    """`result_record` as the text of result.json: strict JSON, indented."""
    return json.dumps(result_record(result), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, bool | int | str) else str(value)

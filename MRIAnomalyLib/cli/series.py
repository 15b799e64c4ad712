"""`mrianomaly series`: what is in a DICOM folder or zip, and what can be done with it."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .progress import Reporter

if TYPE_CHECKING:
    from ..files.dicom import Series


def add(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("series", help="what is in a DICOM folder or zip: one line a series")
    parser.add_argument("input", type=Path, metavar="INPUT", help="DICOM folder, zip or file")
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, report: Reporter) -> str:
    """One line a series, largest first."""
    from dataclasses import asdict

    from ..errors import InputError
    from ..files.dicom import list_series

    if not args.input.exists():
        raise InputError(f"There is no file or folder {args.input}.")
    found = list_series(args.input)
    if args.json:
        return json.dumps([asdict(series) for series in found], indent=1, ensure_ascii=False)
    return "\n".join(_line(series) for series in found)


def _line(series: Series) -> str:
    """UID, what it shows, its size, and what can be done with it."""
    columns, rows = series.size
    spacing = " x ".join(f"{step:.3g}" for step in series.spacing_mm)
    shown = f"{series.modality} {series.sequence}, {series.plane}, {series.images} images of {columns} x {rows}, {spacing} mm"
    named = f" ({series.description})" if series.description else ""
    return f"{series.uid}: {shown}{named}: {'usable' if series.usable else 'not usable'}, it {series.reason}"

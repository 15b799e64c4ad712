"""`mrianomaly benchmark scanners`: who is taken for ill when only the scanner differs."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from .options import add_progress, add_resume, add_tables_out, positive_count
from .progress import Reporter


def add(tables: Any) -> None:
    """Add the table to the parser of `benchmark`."""
    parser = tables.add_parser("scanners", help="false alarms on simulated scanners, before and after standardisation")
    parser.add_argument("--root", type=Path, required=True, metavar="FOLDER", help="where the data sets lie")
    parser.add_argument("--model", required=True, metavar="NAME|FOLDER", help="of T1 scans of the brain")
    parser.add_argument("--split", choices=("validation", "test"), default="validation", help="who is looked at (default: %(default)s)")
    parser.add_argument("--people", type=positive_count, metavar="N", help="of that split (default: all)")
    parser.add_argument("--quick", action="store_true", help="fewer people, strong changes: shows that it runs, not how good it is")
    add_resume(parser)
    add_tables_out(parser)
    add_progress(parser)
    parser.set_defaults(run=_scanners)


def _scanners(args: argparse.Namespace, report: Reporter) -> str:
    from ..evaluation.tables.scanners import scanner_table

    extent = {"model": args.model, "split": args.split, "people": args.people, "quick": args.quick, "resume": args.resume}
    scanner_table(args.root, args.out, **extent, progress=report.progress)
    report.finished(args.out)
    return f"Tables in {args.out}"

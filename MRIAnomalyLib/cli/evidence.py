"""`mrianomaly benchmark evidence`: what each part of the evidence step is worth."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from .options import add_device, add_progress, add_resume, add_tables_out, names
from .progress import Reporter


def add(tables: Any) -> None:
    """Add this table to the parser of `benchmark`."""
    parser = tables.add_parser("evidence", help="what each part of the evidence step is worth, on validation people with painted lesions")
    parser.add_argument("--root", type=Path, required=True, metavar="FOLDER", help="where the data sets lie")
    parser.add_argument(
        "--model", type=names, required=True, metavar="NAME[,NAME...]", help="names or folders of T1 models, of one preparation"
    )
    parser.add_argument("--quick", action="store_true", help="fewer people: shows that it runs, not how good it is")
    add_resume(parser)
    add_device(parser)
    add_tables_out(parser)
    add_progress(parser)
    parser.set_defaults(run=_evidence)


def _evidence(args: argparse.Namespace, report: Reporter) -> str:
    from ..evaluation.tables.evidence import evidence_tables

    how = {"quick": args.quick, "device": args.device, "resume": args.resume, "progress": report.progress}
    evidence_tables(args.root, args.out, args.model, **how)
    report.finished(args.out)
    return f"Tables in {args.out}"

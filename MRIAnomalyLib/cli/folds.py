"""`mrianomaly benchmark folds`: FLAIR strokes by methods that learn anew in each of five folds."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from .options import add_device, add_progress, add_resume, add_set, add_tables_out, names
from .progress import Reporter
from .train import read_settings


def add(tables: Any) -> None:
    """Add this table to the parser of `benchmark`."""
    parser = tables.add_parser("folds", help="strokes in FLAIR by methods that learn anew in each of five folds: everyone is looked at")
    parser.add_argument("--root", type=Path, required=True, metavar="FOLDER", help="where the data sets lie")
    parser.add_argument(
        "--model", type=names, required=True, metavar="NAME[,NAME...]", help="FLAIR models give settings, T1 models also a start"
    )
    parser.add_argument("--quick", action="store_true", help="few people and steps: shows that it runs, not how good it is")
    add_set(parser, "steps=800")
    add_resume(parser)
    add_device(parser)
    add_tables_out(parser)
    add_progress(parser)
    parser.set_defaults(run=_folds)


def _folds(args: argparse.Namespace, report: Reporter) -> str:
    from ..evaluation.tables.folds import fold_tables

    how = {"quick": args.quick, "device": args.device, "resume": args.resume, "progress": report.progress}
    fold_tables(args.root, args.out, models=args.model, settings=read_settings(None, args.set), **how)
    report.finished(args.out)
    return f"Tables in {args.out}"

"""`mrianomaly calibrate`: a bundle's comparison with other healthy people."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from .options import add_device, add_images, add_progress
from .progress import Reporter


def add(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("calibrate", help="compare with other healthy people, e.g. of your own scanner")
    parser.add_argument("bundle", metavar="BUNDLE", help="name or folder")
    add_images(parser, "healthy scans that training never saw")
    parser.add_argument("--out", type=Path, metavar="BUNDLE", help="new folder (default: that of the bundle, with --overwrite)")
    parser.add_argument("--few", action="store_true", help="do with 3 to 18 people: no p-values, and nothing is ever flagged")
    parser.add_argument("--overwrite", action="store_true", help="replace a folder that exists; a model that ships is never replaced")
    add_device(parser)
    add_progress(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, report: Reporter) -> str:
    """Calibrate; returns where the bundle lies."""
    from ..learning import calibrate

    how = {"device": args.device, "few": args.few, "overwrite": args.overwrite, "progress": report.progress, "warn": report.warning}
    folder = calibrate(args.bundle, args.images, args.out, **how)
    report.finished(folder)
    return f"Calibrated {folder}"

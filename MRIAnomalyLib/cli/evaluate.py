"""`mrianomaly evaluate`: how good models and baselines are on a table of cases."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from .options import add_device, add_progress
from .progress import Reporter


def add(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("evaluate", help="measure models and baselines on your own cases")
    parser.add_argument("--cases", type=Path, required=True, metavar="cases.csv", help="id,subject,image,mask,... (see docs/evaluation.md)")
    parser.add_argument(
        "--model", type=_names, required=True, metavar="NAME[,NAME...]", help="names or folders of models, and baseline:NAME"
    )
    parser.add_argument("--healthy", type=Path, metavar="FOLDER|cases.csv", help="scans that teach baselines what is ordinary")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="new folder for the tables")
    add_device(parser)
    parser.add_argument("--resume", action="store_true", help="keep what an earlier run saw, and go on where it stopped")
    parser.add_argument("--overwrite", action="store_true", help="replace an output folder that exists")
    parser.add_argument("--quick", action="store_true", help="three cases of each kind: shows that it runs, not how good it is")
    add_progress(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, report: Reporter) -> str:
    """Evaluate; returns where the tables lie, or raises PartlyFailed once they do."""
    from ..errors import PartlyFailed
    from ..evaluation.evaluate import evaluate
    from ..evaluation.task import Task

    how = {name: getattr(args, name) for name in ("cases", "out", "healthy", "device", "resume", "overwrite", "quick")}
    failures = evaluate(Task(models=args.model, **how), report.progress)
    report.finished(args.out)
    for failure in failures:
        what = f"{failure.model} was left out" if failure.case is None else f"Case {failure.case}, {failure.model}"
        report.warning(f"{what}: {failure.why}")
    if failed := {failure.case for failure in failures} - {None}:
        raise PartlyFailed(
            f"{len(failed)} of the cases failed, all others are in {args.out}: mend what failed and run again with --resume --overwrite."
        )
    return f"Look at {args.out / 'evaluation.md'}"


def _names(text: str) -> list[str]:
    return text.split(",")

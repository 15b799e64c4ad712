"""The command `mrianomaly`: its parser, and what each way of ending says and returns.

Exit codes: 0 done, 2 bad input, bundle or usage, 3 not what the model was trained on, 4 the job itself failed, 5 some of
many cases failed, 130 cancelled.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import traceback
from collections.abc import Sequence
from typing import Any, NoReturn

from .. import __version__
from ..errors import Cancelled, MRIAnomalyError, UsageError
from . import benchmark, calibrate, demo, detect, devices, evaluate, models, series, train
from .log import Log
from .progress import Reporter, kind_in, open_reporter

_COMMANDS = (detect, series, models, devices, train, calibrate, evaluate, benchmark, demo)
_JOB_FAILED = 4


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with an option the way every other error is said."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message[:1].upper()}{message[1:]}: see `{self.prog} --help`.")


def build_parser() -> argparse.ArgumentParser:
    """The parser with every command."""
    parser = _Parser(prog="mrianomaly", description="What in this MRI does not look like a healthy one? Not a medical device.")
    parser.add_argument("--version", action="version", version=f"mrianomaly {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in _COMMANDS:
        command.add(commands)
    return parser


def main(arguments: Sequence[str]) -> int:
    """Run one command; returns the exit code. Standard output carries the command's own answer only."""
    with Log() as log, open_reporter(kind_in(arguments), log.path) as report:
        try:
            args = build_parser().parse_args(arguments)
            # a library that prints must not mix its words with the answer
            with contextlib.redirect_stdout(sys.stderr):
                answer = args.run(args, report)
        except (KeyboardInterrupt, Cancelled):
            return _end(report, "Cancelled; nothing half-written was left behind.", Cancelled.exit_code)
        except MRIAnomalyError as error:
            details = f" Details are in {log.keep(traceback.format_exc())}." if error.exit_code == _JOB_FAILED else ""
            return _end(report, f"{error}{details}", error.exit_code)
        except Exception:  # the last line of defence: a user is never shown a traceback
            return _end(report, f"The job itself failed; details are in {log.keep(traceback.format_exc())}.", _JOB_FAILED)
    if answer:
        print(answer)
    return 0


def _end(report: Reporter, sentence: str, code: int) -> int:
    report.error(" ".join(sentence.split()), code)
    return code

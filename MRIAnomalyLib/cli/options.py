"""Options that several commands share: the same word everywhere."""

from __future__ import annotations

import argparse
from pathlib import Path

from .progress import KINDS


def add_device(parser: argparse.ArgumentParser) -> None:
    """`--device`, where the network runs."""
    parser.add_argument("--device", default="auto", metavar="auto|cpu|cuda[:N]|mps", help="where to compute (default: the best at hand)")


def add_progress(parser: argparse.ArgumentParser) -> None:
    """`--progress`, how far the command is, on standard error."""
    parser.add_argument("--progress", choices=KINDS, default="bar", help="on standard error (default: %(default)s)")


def add_stop_with_input(parser: argparse.ArgumentParser) -> None:
    """`--stop-with-input`, so that a program that starts this one can end it, and takes it along when it crashes."""
    parser.add_argument("--stop-with-input", action="store_true", help="end as cancelled when standard input closes; for programs")


def add_images(parser: argparse.ArgumentParser, what: str) -> None:
    """`--images`, scans to learn from."""
    parser.add_argument("--images", type=Path, required=True, metavar="FOLDER|cases.csv", help=what)


def add_seed(parser: argparse.ArgumentParser) -> None:
    """`--seed` of everything random."""
    parser.add_argument("--seed", type=count, default=0, help="of everything random (default: %(default)s)")


def add_set(parser: argparse.ArgumentParser, example: str) -> None:
    """`--set`, single settings, such as this one."""
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help=f"one setting, e.g. {example}")


def add_resume(parser: argparse.ArgumentParser) -> None:
    """`--resume` of tables that are long in the making."""
    parser.add_argument("--resume", action="store_true", help="keep what an earlier run found, and go on where it stopped")


def add_tables_out(parser: argparse.ArgumentParser) -> None:
    """`--out`, the folder of tables."""
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks"), metavar="DIR", help="for the tables (default: ./%(default)s)")


def names(text: str) -> list[str]:
    """Names with commas between them."""
    return text.split(",")


def count(text: str) -> int:
    """A whole number from 0."""
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{text} is below 0")
    return number


def positive_count(text: str) -> int:
    """A whole number from 1."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is below 1")
    return number


def positive(text: str) -> float:
    """A number above 0."""
    number = float(text)
    if not number > 0:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return number


def rate(text: str) -> float:
    """A share between 0 and 1, both left out."""
    number = float(text)
    if not 0 < number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return number

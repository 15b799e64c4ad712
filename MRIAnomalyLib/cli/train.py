"""`mrianomaly train`: a bundle from healthy scans."""

from __future__ import annotations

import argparse
import tomllib
from pathlib import Path
from typing import Any

from ..errors import UsageError
from .options import add_device, add_images, add_progress, add_seed, add_set, positive
from .progress import Reporter


def add(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("train", help="learn a model from healthy scans")
    parser.add_argument("--detector", required=True, metavar="NAME", help="such as anogan")
    add_images(parser, "healthy scans to learn from")
    parser.add_argument("--out", type=Path, required=True, metavar="BUNDLE", help="new folder for the bundle")
    parser.add_argument(
        "--from", dest="source", metavar="NAME|FOLDER", help="bundle to start from: its weights, and its settings where none are given"
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="TOML: the detector's settings, and the preparation's under [recipe]")
    add_set(parser, "recipe.tone=median")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    parser.add_argument("--max-minutes", type=positive, metavar="MINUTES", help="stop at a checkpoint after this time")
    add_seed(parser)
    parser.add_argument("--checkpoints", type=Path, metavar="FOLDER", help="where checkpoints lie (default: beside the bundle)")
    parser.add_argument(
        "--overwrite", action="store_true", help="replace a bundle that exists; --resume replaces one that was stopped early"
    )
    add_device(parser)
    add_progress(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, report: Reporter) -> str:
    """Train; returns where the bundle lies. Of the processes that torchrun started the first alone reports."""
    from ..bundles.bundle import stopped_early
    from ..files.atomic import check_target

    overwrite = args.overwrite or (args.resume and stopped_early(args.out))
    check_target(args.out, overwrite, inputs=(args.images,))
    settings = read_settings(args.config, args.set)
    recipe = settings.pop("recipe", {})
    if not isinstance(recipe, dict):
        raise UsageError("The setting recipe is a group of settings: name one of them, such as recipe.tone.")
    from ..bundles.loading import pick_device
    from ..learning import train
    from ..training.together import is_first, joined

    with joined(pick_device(args.device)) as device:
        first = is_first()
        folder = train(
            args.detector,
            args.images,
            args.out,
            config=settings,
            recipe=recipe,
            resume=args.resume,
            max_minutes=args.max_minutes,
            seed=args.seed,
            checkpoints=args.checkpoints or args.out.with_name(f"{args.out.name}-checkpoints"),
            source=args.source,
            overwrite=overwrite,
            device=device,
            progress=report.progress if first else None,
        )
    if not first:
        return ""
    report.finished(folder)
    if stopped_early(folder):
        return f"Stopped early: {folder} holds what was learned so far. The same command with --resume goes on."
    return f"Trained {folder}"


def read_settings(file: Path | None, overrides: list[str]) -> dict[str, Any]:
    """The settings of a TOML file with `name=value` pairs over them; a dot in a name leads into a table.

    Raises:
        UsageError: the file cannot be read, or a pair has no name, or a name leads into something that is no table.
    """
    try:
        settings = tomllib.loads(file.read_text(encoding="utf-8")) if file else {}
    except (OSError, ValueError) as error:
        raise UsageError(f"{file} cannot be read as TOML: {error}.") from error
    for pair in overrides:
        name, equals, value = pair.partition("=")
        *tables, key = name.strip().split(".")
        if not equals or not key:
            raise UsageError(f"--set {pair} is not of the form NAME=VALUE.")
        place = settings
        for table in tables:
            place = place.setdefault(table, {})
            if not isinstance(place, dict):
                raise UsageError(f"--set {pair}: {table} is a single setting, not a group of settings.")
        place[key] = _value(value)
    return settings


def _value(text: str) -> Any:
    """A TOML value, a list without its brackets, or the text itself: the shell has eaten the quotes that TOML wants."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return [_value(part) for part in text.split(",")] if "," in text else text.strip()

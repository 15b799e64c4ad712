"""`mrianomaly detect`: one scan in, one folder of answers out."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .options import add_device, add_progress, add_seed, add_stop_with_input, positive_count, rate
from .progress import Reporter

if TYPE_CHECKING:
    from ..records import Result


def add(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("detect", help="look for what healthy people do not show")
    parser.add_argument("input", type=Path, metavar="INPUT", help="NIfTI, NRRD or MHA file, DICOM folder or zip")
    parser.add_argument("--series", metavar="UID", help="which series of a DICOM input (see `mrianomaly series INPUT`)")
    parser.add_argument("--model", default="auto", metavar="auto|NAME|FOLDER", help="which bundle (default: the one that fits)")
    parser.add_argument("--out", type=Path, default=Path("mrianomaly-result"), metavar="DIR", help="new folder (default: ./%(default)s)")
    add_device(parser)
    parser.add_argument("--quality", choices=("fast", "thorough"), default="fast", help="(default: %(default)s)")
    parser.add_argument("--steps", type=positive_count, help="of the search for a healthy counterpart, instead of the model's own number")
    parser.add_argument("--false-alarms", type=rate, default=0.05, metavar="RATE", help="of healthy scans flagged (default: %(default)s)")
    parser.add_argument(
        "--maps", choices=("nifti", "npy"), default="nifti", help="files of the maps; npy: bare arrays (default: %(default)s)"
    )
    parser.add_argument("--only", type=_names, default=(), metavar="NAME,NAME,...", help="write only these, e.g. heatmap,findings")
    add_progress(parser)
    add_stop_with_input(parser)
    parser.add_argument("--overwrite", action="store_true", help="replace an output folder that exists")
    add_seed(parser)
    parser.add_argument("--force", action="store_true", help="score what the model was not trained on, and say so in every output")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, report: Reporter) -> str:
    """Detect in one scan; returns the verdict and where the answer lies."""
    from ..files.atomic import check_target
    from ..outputs.folder import check_parts
    from .stop import stop_when_input_closes

    if args.stop_with_input:
        stop_when_input_closes()
    check_target(args.out, args.overwrite, inputs=(args.input,))
    check_parts(args.only)
    how = {name: getattr(args, name) for name in ("model", "device", "quality", "steps", "false_alarms", "seed", "force")}
    files = {name: getattr(args, name) for name in ("series", "only", "overwrite", "maps")}
    result, folder = detect_file(args.input, args.out, report, **files, **how)
    report.finished(folder)
    return f"{result.verdict} {folder}"


def detect_file(
    path: Path,
    out: Path,
    report: Reporter,
    *,
    series: str | None = None,
    only: tuple[str, ...] = (),
    overwrite: bool,
    maps: str = "nifti",
    **how: Any,
) -> tuple[Result, Path]:
    """Read, detect and write; `how` goes to `pipeline.detect` as it is. Returns the result and its folder."""
    from ..files.reading import read_volume
    from ..records import Progress

    start = time.monotonic()

    def tell(stage: str, done: int) -> None:
        report.progress(Progress(stage, done, 1, time.monotonic() - start))

    tell("read", 0)
    volume = read_volume(path, series=series)
    tell("read", 1)
    from ..api import detect, scene_writer

    result = detect(volume, progress=report.progress, **how)
    tell("write", 0)
    folder = result.save(out, only=only, overwrite=overwrite, maps=maps)
    tell("write", 1)
    for warning in result.warnings:
        report.warning(warning)
    if not only and scene_writer() is None:
        report.warning("scene.mrb was left out: it needs Slicer's MRML libraries, `pip install 'mrianomaly[scene]'`.")
    return result, folder


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())

"""`mrianomaly benchmark`: the figures in docs/benchmarks, made anew."""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import resources
from . import evidence, folds, papers, scanners
from .options import add_device, add_progress, add_resume, add_set, add_tables_out, names, positive_count
from .progress import Reporter
from .train import read_settings

if TYPE_CHECKING:
    from ..bundles.bundle import Bundle
    from ..records import SliceStack

_MODEL = "brain-t1-anogan"  # the method whose search is compared
_FULL = {"slices": 256, "steps": 500, "alone": 32}
_QUICK = {"slices": 16, "steps": 20, "alone": 2}


def add(commands: Any) -> None:
    """Add the command and its tables to the parser."""
    parser = commands.add_parser("benchmark", help="measure, and write tables")
    tables = parser.add_subparsers(title="tables", metavar="TABLE", required=True)
    speed = tables.add_parser("speed", help="batched search against one slice at a time, and a whole run")
    brain = tables.add_parser("brain", help="which model finds most lesions and calls fewest healthy brains ill")
    brain.add_argument("--root", type=Path, required=True, metavar="FOLDER", help="where the data sets lie")
    brain.add_argument(
        "--model", type=names, default=(), metavar="NAME[,NAME...]", help="names or folders (default: all brain-t1 that ship)"
    )
    flair = tables.add_parser("flair", help="strokes found in one level of FLAIR scans")
    flair.add_argument("--root", type=Path, required=True, metavar="FOLDER", help="where the data sets lie")
    flair.add_argument("--model", type=names, required=True, metavar="NAME[,NAME...]", help="names or folders of FLAIR models")
    knee = tables.add_parser("knee", help="how near knees are redrawn, pasted lesions found, and what is said of abnormal knees")
    knee.add_argument("--root", type=Path, required=True, metavar="FOLDER", help="where the data sets lie")
    knee.add_argument(
        "--model", type=names, default=(), metavar="NAME[,NAME...]", help="names or folders (default: all knee-pdfs that ship)"
    )
    warm = tables.add_parser("warm-start", help="an f-AnoGAN's encoder as the start of a search, against searches from afar")
    warm.add_argument("--model", required=True, metavar="NAME|FOLDER", help="a bundle of the method fanogan")
    warm.add_argument("--root", type=Path, metavar="FOLDER", help="where the data sets lie: lesions in validation subjects, too")
    warm.add_argument(
        "--people", type=int, metavar="N", help="with lesions (default: all; each takes a quarter of an hour of one processor core)"
    )
    add_device(warm)
    transfer = tables.add_parser("transfer", help="starting from a trained model against training from nothing, where scans are few")
    _add_transfer(transfer)
    ablation = tables.add_parser(
        "ablation", help="what each loss of the latent-regularised network or HQ-AnoGAN's encoder is worth, and AnoGAN's ways of searching"
    )
    ablation.add_argument("--root", type=Path, required=True, metavar="FOLDER", help="where the data sets lie")
    ablation.add_argument("--model", required=True, metavar="NAME|FOLDER", help="of such a method: its other settings are kept")
    ablation.add_argument("--steps", type=positive_count, metavar="N", help="of each training (default: as many as the model's own had)")
    ablation.add_argument("--seeds", type=positive_count, default=3, metavar="N", help="trainings of each kind (default: %(default)s)")
    add_set(ablation, "batch_size=8")
    add_resume(ablation)
    add_device(ablation)
    generated = tables.add_parser("generated", help="how like real slices those are that generators draw of nobody")
    generated.add_argument("--root", type=Path, required=True, metavar="FOLDER", help="where the data sets lie")
    generated.add_argument("--model", type=names, required=True, metavar="NAME[,NAME...]", help="names or folders, of one preparation")
    pictures = tables.add_parser("pictures", help="what every model makes of the same few cases")
    pictures.add_argument("--root", type=Path, metavar="FOLDER", help="where the data sets lie (default: the T1 sample scans only)")
    pictures.add_argument("--model", type=names, default=(), metavar="NAME[,NAME...]", help="names or folders (default: all that ship)")
    for parser in (brain, flair, knee):
        parser.add_argument("--split", choices=("test", "validation"), default="test", help="who is looked at (default: %(default)s)")
    for parser in (speed, brain, flair, knee, warm, transfer, ablation, generated):
        parser.add_argument("--quick", action="store_true", help="fewer cases and steps: shows that it runs, not how good it is")
    runs = {speed: _speed, brain: _brain, flair: _flair, knee: _knee, warm: _warm_start, transfer: _transfer}
    for parser, run in {**runs, ablation: _ablation, generated: _generated, pictures: _pictures}.items():
        add_tables_out(parser)
        add_progress(parser)
        parser.set_defaults(run=run)
    evidence.add(tables)
    folds.add(tables)
    papers.add(tables)
    scanners.add(tables)


def _add_transfer(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--root", type=Path, required=True, metavar="FOLDER", help="where the data sets lie")
    parser.add_argument("--model", type=names, default=(), metavar="NAME[,NAME...]", help="to start from (default: all brain-t1 that ship)")
    what = "flair, other-scanners, knees, or a folder of prepared slices (default: the first three)"
    parser.add_argument("--target", type=names, default=(), metavar="NAME[,NAME...]", help=f"to learn: {what}")
    parser.add_argument("--slices", type=_counts, metavar="N[,N...]", help="to learn from (default: 25,50,100,400)")
    parser.add_argument("--steps", type=positive_count, metavar="N", help="of each training")
    parser.add_argument("--seeds", type=positive_count, metavar="N", help="trainings of each kind")
    add_set(parser, "mirror=false")
    add_resume(parser)
    add_device(parser)


def _counts(text: str) -> list[int]:
    return [positive_count(part) for part in text.split(",")]


def _speed(args: argparse.Namespace, report: Reporter) -> str:
    from ..bundles.bundle import open_bundle
    from ..bundles.loading import load_detector
    from ..evaluation.tables.speed import speed_table
    from ..records import Progress

    size = _QUICK if args.quick else _FULL
    bundle = open_bundle(_MODEL)
    start = time.monotonic()

    def tell(done: int, total: int) -> None:
        report.progress(Progress("benchmark", done, total, time.monotonic() - start))

    # measured first: a child's peak memory counts what it shares with nobody
    table = {"whole_run": _whole_run()}
    stack = _slices(bundle, size["slices"])
    table["search"] = speed_table(load_detector(bundle), stack, steps=size["steps"], alone=size["alone"], progress=tell)
    return _written(args.out / "speed.json", table, report)


def _warm_start(args: argparse.Namespace, report: Reporter) -> str:
    from ..bundles.bundle import open_bundle
    from ..bundles.loading import choose_bundle, load_detector, pick_device
    from ..calibration.judgement import load_calibration
    from ..errors import UsageError
    from ..evaluation.tables.warm_start import lesion_table, lesioned_people, search_table, ways_of
    from ..prepare.recipe import recipe_from
    from ..records import Progress

    if args.people is not None and args.people < 1:
        raise UsageError(f"--people is {args.people}; it must be 1 or more.")
    size, device = _QUICK if args.quick else {**_FULL, "slices": 48}, pick_device(args.device)
    bundle = choose_bundle(args.model) if args.root else open_bundle(args.model)
    if bundle.detector != "fanogan":
        raise UsageError(f"The model {bundle.name} has no encoder; name a bundle of the method fanogan with --model.")
    detector = load_detector(bundle)
    people = list(lesioned_people(args.root, recipe_from(bundle.model["recipe"]), 1 if args.quick else args.people)) if args.root else []
    start, total, done = time.monotonic(), len(ways_of(size["steps"])) * (1 + len(people)), itertools.count(1)

    def tell() -> None:
        report.progress(Progress("benchmark", next(done), total, time.monotonic() - start))

    weights, stack = bundle.model["files"]["weights.safetensors"], _slices(bundle, size["slices"])
    table = {"model": bundle.name, "weights_sha256": weights, "device": device, "slices": len(stack), "subjects": len(people) // 2}
    table["search"] = search_table(detector, stack, size["steps"], device=device, step=tell)
    if people:
        calibration = load_calibration(bundle.calibration(), bundle.model["calibration"])
        table["lesions"] = lesion_table(detector, calibration, people, size["steps"], device=device, step=tell)
    return _written(args.out / "warm-start.json", table, report)


def _written(path: Path, table: dict[str, Any], report: Reporter) -> str:
    """The table as it now stands in that file."""
    from ..files.atomic import whole_file

    text = json.dumps(table, indent=1)
    with whole_file(path) as unfinished:
        unfinished.write_text(text + "\n", encoding="utf-8")
    report.finished(path.parent)
    return text


def _brain(args: argparse.Namespace, report: Reporter) -> str:
    from ..evaluation.tables.brain import brain_tables

    brain_tables(args.root, args.out, args.quick, report.progress, args.split, args.model)
    report.finished(args.out)
    return f"Tables in {args.out}"


def _flair(args: argparse.Namespace, report: Reporter) -> str:
    from ..evaluation.tables.flair import flair_tables

    flair_tables(args.root, args.out, args.quick, report.progress, args.split, args.model)
    report.finished(args.out)
    return f"Tables in {args.out}"


def _knee(args: argparse.Namespace, report: Reporter) -> str:
    from ..evaluation.tables.knee import knee_tables

    knee_tables(args.root, args.out, args.quick, report.progress, args.split, args.model)
    report.finished(args.out)
    return f"Tables in {args.out}"


def _transfer(args: argparse.Namespace, report: Reporter) -> str:
    from ..evaluation.tables.transfer import QUICK, Extent, transfer_tables

    told = {"sizes": args.slices, "steps": args.steps, "seeds": args.seeds, "settings": read_settings(None, args.set)}
    extent = replace(QUICK if args.quick else Extent(), **{name: value for name, value in told.items() if value})
    what = {"models": args.model, "targets": args.target, "extent": extent}
    transfer_tables(args.root, args.out, **what, device=args.device, resume=args.resume, progress=report.progress)
    report.finished(args.out)
    return f"Tables in {args.out}"


def _ablation(args: argparse.Namespace, report: Reporter) -> str:
    from ..evaluation.tables.ablation import ablation_table

    extent = {"steps": args.steps, "seeds": args.seeds, "settings": read_settings(None, args.set), "quick": args.quick}
    ablation_table(args.root, args.out, model=args.model, **extent, device=args.device, resume=args.resume, progress=report.progress)
    report.finished(args.out)
    return f"Tables in {args.out}"


def _generated(args: argparse.Namespace, report: Reporter) -> str:
    from ..evaluation.tables.generated import generated_table

    generated_table(args.root, args.out, args.model, quick=args.quick, progress=report.progress)
    report.finished(args.out)
    return f"Tables in {args.out}"


def _pictures(args: argparse.Namespace, report: Reporter) -> str:
    from ..evaluation.pictures import picture_page

    picture_page(args.root, args.out, report.progress, args.model)
    report.finished(args.out)
    return f"Look at {args.out / 'pictures.md'}"


def _whole_run() -> dict[str, Any]:
    """Seconds and peak memory of `mrianomaly detect` on the sample head, in a process of its own."""
    from ..errors import MRIAnomalyError
    from ..files.reading import read_volume

    with tempfile.TemporaryDirectory(prefix="mrianomaly-") as folder:
        command = [sys.executable, "-m", "MRIAnomalyLib", "detect", str(resources.sample(resources.HEALTHY_HEAD)), "--model", _MODEL]
        start = time.monotonic()
        done = subprocess.run([*command, "--out", f"{folder}/out", "--progress", "none"], capture_output=True, text=True)
        seconds = time.monotonic() - start
    if done.returncode:
        raise MRIAnomalyError(f"The run to be measured failed: {done.stderr.strip()}")
    return {
        "voxels": list(read_volume(resources.sample(resources.HEALTHY_HEAD)).shape),
        "seconds": seconds,
        "peak_gib": _peak_of_children_gib(),
    }


def _peak_of_children_gib() -> float | None:
    """None on Windows, which does not count it."""
    try:
        import resource
    except ImportError:
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit / 2**30


def _slices(bundle: Bundle, count: int) -> SliceStack:
    """So many slices, no two alike: those of both sample brains as they are, mirrored, and moved by one row."""
    import numpy as np

    from ..files.reading import read_volume
    from ..prepare.recipe import prepare, recipe_from
    from ..records import SliceStack

    recipe = recipe_from(bundle.model["recipe"])
    stacks = [prepare(read_volume(resources.sample(name)), recipe).stack for name in (resources.HEALTHY_HEAD, resources.PATIENT)]
    pixels, mask, level = (np.concatenate([getattr(stack, name) for stack in stacks]) for name in ("pixels", "mask", "level"))
    shifted = [(pixels, mask), (pixels[..., ::-1], mask[..., ::-1]), (np.roll(pixels, 1, -2), np.roll(mask, 1, -2))]
    pixels, mask = (np.concatenate(parts) for parts in zip(*shifted, strict=True))
    level = np.tile(level, len(shifted))
    stack = SliceStack(np.ascontiguousarray(pixels), np.ascontiguousarray(mask), level, np.zeros(len(level), int))
    return stack.take(np.flatnonzero(stack.mask.any((1, 2, 3)))[:count])

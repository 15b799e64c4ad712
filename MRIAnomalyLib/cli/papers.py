"""`mrianomaly benchmark mnist | cifar10 | mrnet`: tables of the papers that the detectors are written from, made anew."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import Any

from .options import add_device, add_progress, add_resume, add_set, add_tables_out, names, positive_count
from .progress import Reporter
from .train import read_settings


def add(tables: Any) -> None:
    """Add these tables to the parser of `benchmark`."""
    for name, title in {"mnist": "MNIST", "cifar10": "CIFAR-10"}.items():
        parser = tables.add_parser(name, help=f"one class against the others on {title}, as the latent-regularised network's paper has it")
        _add_one_class(parser)
        _finish(parser, partial(_one_class, name), "fewer pictures, classes and steps")
    parser = tables.add_parser("mrnet", help="AnoGAN on knees, the six experiments of its study")
    parser.add_argument("--root", type=Path, required=True, metavar="FOLDER", help="of MRNet, with train/axial/0000.npy in it")
    add_set(parser, "steps=12000")
    _finish(parser, _mrnet, "fewer exams and steps")


def _add_one_class(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--root", type=Path, required=True, metavar="FOLDER", help="with train/CLASS and test/CLASS, pictures in each")
    parser.add_argument("--detector", type=names, metavar="NAME[,NAME...]", help="methods (default: all of the table)")
    parser.add_argument("--protocol", type=names, metavar="NAME[,NAME]", help="one-normal, one-anomalous (default: both)")
    parser.add_argument("--class", dest="classes", type=names, metavar="NAME[,NAME...]", help="the one class in turn (default: each)")
    parser.add_argument("--steps", type=positive_count, metavar="N", help="of each training (default: by method, see the page)")
    parser.add_argument("--seeds", type=positive_count, default=1, metavar="N", help="trainings of each run (default: %(default)s)")
    add_set(parser, "latent_dim=32")
    parser.add_argument("--ablation", action="store_true", help="the latent-regularised network without some of its losses, too")


def _finish(parser: argparse.ArgumentParser, run: Any, less: str) -> None:
    parser.add_argument("--split", choices=("test", "validation"), default="test", help="what is looked at (default: %(default)s)")
    parser.add_argument("--quick", action="store_true", help=f"{less}: shows that it runs, not how good it is")
    add_resume(parser)
    add_device(parser)
    add_tables_out(parser)
    add_progress(parser)
    parser.set_defaults(run=run)


def _one_class(name: str, args: argparse.Namespace, report: Reporter) -> str:
    from ..evaluation.image_sets import SETS
    from ..evaluation.tables.one_class import Extent, one_class_tables, quick

    budget = {"steps": args.steps, "encoder_steps": args.steps} if args.steps else {}
    told = {"methods": args.detector, "protocols": args.protocol, "classes": args.classes, "budget": budget}
    told |= {"settings": read_settings(None, args.set)}
    extent = Extent(seeds=args.seeds, ablation=args.ablation, split=args.split, **{key: value for key, value in told.items() if value})
    extent = quick(extent, SETS[name]) if args.quick else extent
    one_class_tables(name, args.root, args.out, extent, device=args.device, resume=args.resume, progress=report.progress)
    report.finished(args.out)
    return f"Tables in {args.out}"


def _mrnet(args: argparse.Namespace, report: Reporter) -> str:
    from ..evaluation.tables.mrnet import Extent, mrnet_tables

    extent = Extent(read_settings(None, args.set), args.split, args.quick)
    mrnet_tables(args.root, args.out, extent, device=args.device, resume=args.resume, progress=report.progress)
    report.finished(args.out)
    return f"Tables in {args.out}"

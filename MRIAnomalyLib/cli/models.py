"""`mrianomaly models`: which models are at hand, what they are, and whether they are as they were made."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .progress import Reporter

if TYPE_CHECKING:
    from ..bundles.bundle import Bundle, BundleProblem


def add(commands: Any) -> None:
    """Add the command and its actions to the parser."""
    actions = commands.add_parser("models", help="the models at hand").add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="one line a model, refused ones with the reason")
    showing = actions.add_parser("show", help="a model's card")
    verifying = actions.add_parser("verify", help="check every file of a model")
    installing = actions.add_parser("install", help="copy a model to where models are looked for")
    for parser in (showing, verifying):
        parser.add_argument("model", metavar="NAME|FOLDER")
    installing.add_argument("file", type=Path, metavar="FILE", help=".mrianomaly file or bundle folder")
    installing.add_argument("--overwrite", action="store_true", help="replace an installed model of the same name")
    for parser, action in ((listing, _list), (showing, _show), (verifying, _verify), (installing, _install)):
        parser.add_argument("--json", action="store_true", help="answer in JSON")
        parser.set_defaults(run=action)


def _list(args: argparse.Namespace, report: Reporter) -> str:
    from ..bundles.bundle import list_bundles

    entries = list_bundles()
    if args.json:
        return _json([_described(entry) for entry in entries])
    return "\n".join(_line(entry) for entry in entries) or "No model is at hand: `mrianomaly models install FILE` brings one."


def _show(args: argparse.Namespace, report: Reporter) -> str:
    from ..bundles.bundle import open_bundle

    bundle = open_bundle(args.model)
    return _json(bundle.model) if args.json else bundle.text("card.md").rstrip()


def _verify(args: argparse.Namespace, report: Reporter) -> str:
    from ..bundles.bundle import open_bundle, verify

    bundle = open_bundle(args.model)
    verify(bundle)
    return _json(_described(bundle)) if args.json else f"{bundle.name}: all {len(bundle.model['files'])} files are as they were made."


def _install(args: argparse.Namespace, report: Reporter) -> str:
    from ..bundles.install import install

    bundle = install(args.file, args.overwrite)
    return _json(_described(bundle)) if args.json else f"Installed {bundle.name} in {bundle.folder}."


def _line(entry: Bundle | BundleProblem) -> str:
    from ..bundles.bundle import BundleProblem

    if isinstance(entry, BundleProblem):
        return f"{entry.folder.name}: refused. {entry.reason}"
    calibration = entry.model["calibration"]
    reach = "" if calibration["smallest_p"] < 1 or not calibration["subjects"] else " (too few for p-values)"
    use = "" if entry.commercial else " (not for commercial use)"
    return f"{entry.name}: detector {entry.detector}, {calibration['subjects']} calibration subjects{reach}, licence {entry.licence}{use}"


def _described(entry: Bundle | BundleProblem) -> dict[str, Any]:
    from ..bundles.bundle import BundleProblem

    if isinstance(entry, BundleProblem):
        return {"folder": str(entry.folder), "refused": entry.reason}
    facts = entry.facts
    return {
        "name": facts.name,
        "detector": facts.detector,
        "plane": entry.model["plane"],
        "licence": facts.licence,
        "commercial": entry.commercial,
        "training_data": facts.training_data,
        "calibration_subjects": facts.calibration_subjects,
        "smallest_p": entry.model["calibration"]["smallest_p"],
        "timing": entry.model.get("timing", {}),
        "sha256": facts.sha256,
        "folder": str(entry.folder),
    }


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False)

"""`mrianomaly demo`: the two sample scans, by the best model and by AnoGAN beside it, and where to look."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import resources
from .detect import detect_file
from .options import add_device, add_progress
from .progress import Reporter

if TYPE_CHECKING:
    from ..records import Result

_SAMPLES = {"ms_lesions": resources.PATIENT, "healthy_head": resources.HEALTHY_HEAD}
_LESIONS = {"ms_lesions": resources.PATIENT_LESIONS}
_MODELS = {"": "auto", "_anogan": "brain-t1-anogan"}  # ending of the answer's folder -> model


def add(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("demo", help="run on the two sample scans that come with MRIAnomaly")
    parser.add_argument("--out", type=Path, default=Path("demo"), metavar="DIR", help="where the answers go (default: ./%(default)s)")
    add_device(parser)
    add_progress(parser)
    parser.add_argument("--overwrite", action="store_true", help="replace an earlier demo's answers")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, report: Reporter) -> str:
    """Detect in both samples; returns what was found and which files to open."""
    from ..files.atomic import check_target

    runs = [(name, args.out / (name + ending), model) for ending, model in _MODELS.items() for name in _SAMPLES]
    for _, out, _ in runs:
        check_target(out, args.overwrite)
    lines = []
    for name, out, model in runs:
        image = resources.sample(_SAMPLES[name])
        result, folder = detect_file(image, out, report, overwrite=args.overwrite, model=model, device=args.device)
        lines += [f"{folder.name} by {result.model.name}: {result.verdict}"]
        if name in _LESIONS:
            lines.append(f"  {_against_experts(result, resources.sample(_LESIONS[name]))}")
        lines.append(f"  look at {folder / 'overview.png'}, then {folder / 'report.html'}; in 3D Slicer, open {folder / 'scene.mrb'}")
    report.finished(args.out)
    return "\n".join(lines)


def _against_experts(result: Result, mask: Path) -> str:
    """How the findings and the heatmap lie to the lesions that experts drew."""
    from ..files.reading import read_volume

    lesion = read_volume(mask).array > 0
    labels, shown = result.finding_labels.array, result.heatmap.array >= result.heat_threshold
    inside = ", ".join(f"{finding.label}: {lesion[labels == finding.label].mean():.0%}" for finding in result.findings)
    return (
        f"experts drew {lesion.sum() * result.volume.voxel_ml:.0f} mL of lesions; inside them lie of finding {inside}; "
        f"findings cover {(labels[lesion] > 0).mean():.0%} of them, the heatmap {shown[lesion].mean():.0%}"
    )

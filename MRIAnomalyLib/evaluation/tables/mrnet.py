"""The six experiments of the AnoGAN knee study on MRNet: three planes, torn cruciate ligaments and menisci, with areas by exam."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ...bundles.loading import hardware, pick_device
from ...detectors.base import refuse_unknown
from ...records import Array, ProgressCallback
from ...resources import user_folder
from ..metrics import auroc_interval_of_groups, volume_auroc
from ..mrnet import SEQUENCES
from ..mrnet_study import DETECTOR, LEARNED, SETTINGS, Exams, Studied, chosen, exams_of, study
from ..page import write_tables
from ..published import KNEE_SLICES
from ..steps import Steps
from .mrnet_figure import Panel, draw

SCORE = "loss"  # of the detector's terms: the study's
OF_SLICES = {"mean slice": np.mean, "highest slice": np.max}  # how an exam is scored by its slices
QUICK = {"steps": 3, "fast_steps": 2, "width": 8, "batch_size": 8}  # shows that it runs, not how good it is
QUICK_EXAMS = 4

Row = dict[str, Any]


@dataclass(frozen=True)
class Extent:
    """How much is tried."""

    settings: Mapping[str, Any] = field(default_factory=dict)  # of the detector, over those of the study
    split: str = "test"  # or "validation"
    quick: bool = False


def mrnet_tables(
    root: Path, out: Path, extent: Extent, *, device: str = "auto", resume: bool = False, progress: ProgressCallback | None = None
) -> Path:
    """Train and measure, and write mrnet.json, mrnet.md and mrnet.png into `out`.

    Args:
        root: folder of MRNet, with train/axial/0000.npy, train-acl.csv and so on.
        out: folder of the tables.
        extent: how much is tried.
        device: as for `detect`.
        resume: take what an earlier call found, and go on where it stopped.
        progress: called after each exam that is prepared, and after each training.

    Raises:
        InputError: the set is not there or cannot be read.
        UsageError: there is no such setting.
    """
    refuse_unknown(extent.settings, [DETECTOR])
    device, most, place = pick_device(device), QUICK_EXAMS if extent.quick else None, user_folder() / "mrnet" / "trials"
    settings = {**(QUICK if extent.quick else {}), **extent.settings}
    exams = sum(len(chosen(root, splits, most)) for splits in (LEARNED, (extent.split,)))
    steps, rows, panels = Steps(len(SEQUENCES) * (exams + 1), progress), list[Row](), dict[str, Panel]()
    for plane in SEQUENCES:
        learned, seen = (exams_of(root, plane, splits, most, steps.one) for splits in (LEARNED, (extent.split,)))
        panels[plane] = learned, seen, study(plane, learned, seen, settings, place, device, resume)
        steps.one()
        rows += [row_of(plane, finding, *panels[plane]) for at, finding in KNEE_SLICES if at == plane]
    out.mkdir(parents=True, exist_ok=True)
    page = "mrnet" if extent.split == "test" else f"mrnet-{extent.split}"
    draw(out / f"{page}.png", panels, SCORE)
    conditions = {**_conditions(extent, settings, f"{page}.png"), "hardware": hardware(device)}
    title = "AnoGAN on MRNet: the six experiments of the knee study"
    write_tables(out, page, title, _command(extent), {"conditions": conditions, "experiments": rows})
    return out


def row_of(plane: str, finding: str, learned: Exams, seen: Exams, found: Studied) -> Row:
    """One experiment: exams with this finding against normal ones."""
    scores = {name: exam_scores(seen, found.terms[SCORE], of) for name, of in OF_SLICES.items()}
    normal, ill = (np.array([name in label.split() for label in seen.labels]) for name in ("normal", finding))
    slices = np.isin(seen.stack.subject, np.flatnonzero(normal | ill)).sum()
    row: Row = {
        "plane": f"{plane} {SEQUENCES[plane]}",
        "finding": finding,
        "slices learned": len(learned.stack),
        "in the study": KNEE_SLICES[plane, finding][0],
        "slices tested": int(slices),
        "in the study's test": KNEE_SLICES[plane, finding][1],
        "normal exams": int(normal.sum()),
        "exams with it": int(ill.sum()),
        "left out": learned.left_out + seen.left_out,
    }
    for name, values in scores.items():
        row[f"auroc, {name}"] = round(volume_auroc(values[ill], values[normal]), 3)
        row[f"auroc, {name} 95"] = [round(end, 3) for end in auroc_interval_of_groups(values[ill], values[normal])]
    return row


def exam_scores(seen: Exams, score: Array, of: Any) -> Array:
    """(E,) of exams, by their slices' scores (N,)."""
    return np.array([of(score[seen.stack.subject == exam]) for exam in range(len(seen.labels))])


def _conditions(extent: Extent, settings: Mapping[str, Any], figure: str) -> Row:
    return {
        "figure": f"![losses, slices and scores by plane]({figure})",
        "the study": "prints numbers of slices, loss curves, drawn slices and box plots, but no area that can be read",
        "learned from": "normal exams of `train`, 80 % of them; one network a plane serves both findings",
        "looked at": "exams of `valid`" if extent.split == "test" else "the other normal exams of `train`, and all abnormal ones of it",
        "areas": "exams with the finding against normal exams; labels are of exams, and most slices of an abnormal knee look normal",
        "score": f"{SCORE}: (1 - lambda) mean |x - G(z)| + lambda mean |f(x) - f(G(z))|, of each slice by itself",
        "left out": "exams that cannot be judged, see `mrianomaly detect`",
        "settings": ", ".join(f"{name} {value}" for name, value in {**SETTINGS, **settings}.items()),
        "trainings": "one of each plane, seed 0",
        "quick": extent.quick,
    }


def _command(extent: Extent) -> str:
    more = [f"--set {name}={value}" for name, value in extent.settings.items()]
    return " ".join([f"mrianomaly benchmark mrnet --root MRNET --split {extent.split}", *more, *(["--quick"] if extent.quick else [])])

"""AnoGAN on one plane of MRNet, as in the knee study: what it learns of normal exams, and what it says of each slice of others."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..detectors import Detector, create
from ..errors import NotComparableError
from ..learning import grid_settings, training_stack
from ..prepare.recipe import Recipe, prepare, recipe_from
from ..records import Array, Prepared, SliceStack
from .mrnet import SEQUENCES, series, split_exams
from .once import known_by, once

DETECTOR = "anogan"
SETTINGS: dict[str, Any] = {"width": 64, "latent_dim": 20}  # the study's; the rest are the detector's defaults
LEARNED = ("train", "calibration")  # splits whose exams, all normal, are learned from: nothing is calibrated here
SHOWN = 6  # slices in each row of the figure

Exam = tuple[str, dict[str, str]]  # its folder, and `subject` and `label`


@dataclass(frozen=True, eq=False)
class Exams:
    """The slices of exams, one exam after the other; exams that cannot be prepared are left out."""

    stack: SliceStack  # `subject`: place of the exam in `labels`
    labels: list[str]  # "normal", or what was found, such as "abnormal acl"
    left_out: int


@dataclass(frozen=True, eq=False)
class Studied:
    """What came of one plane."""

    history: Sequence[Mapping[str, float]]  # mean losses, see `training.curves.write_losses`
    terms: Mapping[str, Array]  # score -> (N,) of slices
    drawn: Array  # (SHOWN, H, W) slices that the generator draws
    redrawn: Array  # (SHOWN, H, W) healthy counterparts of the slices at `shown`


def exams_of(root: Path, plane: str, splits: Sequence[str], most: int | None, told: Callable[[], None]) -> Exams:
    """The exams of these splits, prepared.

    Args:
        root: folder of MRNet.
        plane: of SEQUENCES.
        splits: see `mrnet.split_exams`.
        most: normal exams, and as many others; all without it.
        told: called after each exam.

    Raises:
        InputError: the set is not there or cannot be read.
    """
    recipe, found = recipe_of(plane), list[Prepared]()
    labels, exams = list[str](), chosen(root, splits, most)
    for part, exam in exams:
        try:
            found.append(prepare(series(root / part / plane / f"{exam['subject']}.npy", plane), recipe))
            labels.append(exam["label"])
        except NotComparableError:
            pass  # counted: `left_out`
        told()
    return Exams(training_stack(found), labels, len(exams) - len(labels))


def chosen(root: Path, splits: Sequence[str], most: int | None) -> list[Exam]:
    """The exams of these splits; with `most`, so many normal ones and as many others."""
    everyone = [exam for split in splits for exam in split_exams(root)[split]]
    normal, others = ([exam for exam in everyone if (exam[1]["label"] == "normal") == is_normal] for is_normal in (True, False))
    return [*normal[:most], *others[:most]]


def recipe_of(plane: str) -> Recipe:
    """How series of this plane are prepared."""
    return recipe_from({"anatomy": "knee", "sequence": SEQUENCES[plane]})


def study(plane: str, learned: Exams, seen: Exams, settings: Mapping[str, Any], folder: Path, device: str, resume: bool) -> Studied:
    """Train on the slices of `learned` and score those of `seen`; for `folder` and `resume` see `once`."""
    detector = create(DETECTOR, {**grid_settings(recipe_of(plane), DETECTOR), **SETTINGS, **settings})

    def learn_and_look(run: Path) -> dict[str, Any]:
        detector.fit(learned.stack, device=device, checkpoint_folder=run, resume=True)
        with (run / "losses.csv").open(newline="", encoding="utf-8") as file:
            history = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
        return {"history": history, **_look(detector, seen.stack, device)}

    found = once(known_by(detector, learned.stack, seen.stack), folder, resume, learn_and_look)
    terms = {name: np.array(values) for name, values in found["terms"].items()}
    return Studied(found["history"], terms, np.array(found["drawn"]), np.array(found["redrawn"]))


def shown(stack: SliceStack) -> Array:
    """Rows of the slices in the figure, evenly drawn from all."""
    return np.linspace(0, len(stack) - 1, SHOWN).astype(int)


def _look(detector: Detector, stack: SliceStack, device: str) -> dict[str, Any]:
    answer = detector.reconstruct(stack, device=device, steps=detector.steps_for("fast"))
    pictures = {"drawn": detector.sheet(stack, device)[:SHOWN], "redrawn": answer.healthy[shown(stack)]}
    terms = {name: values.tolist() for name, values in answer.terms.items()}
    return {"terms": terms, **{name: slices[:, 0].round(3).tolist() for name, slices in pictures.items()}}

"""From healthy scans to a bundle: train a detector on some people, calibrate it on others."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from .bundles.bundle import open_bundle, save_bundle
from .bundles.card import write_card
from .bundles.loading import load_detector, pick_device
from .calibration import judgement
from .calibration.evidence import EvidenceConfig, config_for
from .errors import CalibrationError, InputError, NotComparableError
from .files.cases import Case, read_cases
from .files.reading import read_volume
from .findings.components import count_curve
from .prepare import plausibility
from .prepare.recipe import Recipe, prepare, recipe_from
from .records import Array, Prepared, Progress, ProgressCallback, Reconstruction, SliceStack

FEWEST_PIXELS = 80  # of brain that a slice must hold to be learned from
ABOUT = {
    "use": "Shows what in a scan does not look like the healthy ones it was trained on.",
    "limits": ["Calibrated p-values hold for scans like the calibration scans: same scanner, sequence and preparation."],
    "results": [],
    "captions": {"losses.png": "Losses in training", "samples.png": "Slices as the model draws them"},
}
LICENCE_NOTE = "The weights are yours; state here under which terms the scans they were learned from may be used."


def train(
    detector: str,
    images: Path,
    out: Path,
    *,
    config: Mapping[str, Any],
    recipe: Mapping[str, Any] | None,
    resume: bool,
    max_minutes: float | None,
    seed: int,
    checkpoints: Path,
    progress: ProgressCallback | None = None,
) -> Path:
    """Train a detector on healthy scans and save it as a bundle, not calibrated yet.

    Args:
        detector: its name.
        images: cases.csv or a folder of healthy scans.
        out: the bundle's folder; its name is the bundle's.
        config: settings of the detector over its defaults.
        recipe: settings of the preparation over its defaults.
        resume: go on from the checkpoint.
        max_minutes: stop then, ready to be resumed; the bundle holds what was learned so far.
        seed: of weights and batches.
        checkpoints: folder for checkpoints, loss curves and samples.
        progress: called now and then.

    Raises:
        InputError: a scan cannot be read.
        UsageError: a setting that cannot be.
    """
    from .detectors import create, settings_of

    steps = recipe_from(recipe or {})
    grid = {"image_size": steps.size_px, "levels": steps.slices}  # as far as the detector asks
    learner = create(detector, {**{name: grid[name] for name in grid.keys() & settings_of(detector)}, "seed": seed, **config})
    prepared = list(prepare_cases(read_cases(images), steps, progress))
    stack = training_stack([one for _, one in prepared])
    began = time.monotonic()

    def log(done: int, total: int, losses: Mapping[str, float]) -> None:
        if progress:
            seconds = time.monotonic() - began
            progress(Progress("train", done, total, seconds, seconds / done * (total - done)))

    finished = learner.fit(stack, log=log, checkpoint_folder=checkpoints, resume=resume, max_minutes=max_minutes)
    subjects = sorted({case.subject for case, _ in prepared})
    model = {
        "name": out.name,
        "detector": detector,
        "licence": "as the training scans",
        "config": learner.settings(),
        "recipe": asdict(steps),
        "plane": steps.plane,
        "training": {"data": f"{len(subjects)} people of {images.name}", "licence": "as its owners say", "subjects": len(subjects)},
        "splits": {"train": subjects},
        "calibration": {"data": "none yet", "subjects": 0, "smallest_p": 1.0},
        "training_finished": finished,
    }
    pictures = {path.name: path.read_bytes() for path in sorted(checkpoints.glob("*.png"))}
    save_bundle(out, model, learner.weights(), {}, card_of(model, pictures), pictures, LICENCE_NOTE)
    return out


def calibrate(bundle: str | Path, images: Path, out: Path | None, *, device: str, progress: ProgressCallback | None = None) -> Path:
    """Let a bundle learn from healthy people it was not trained on what is ordinary.

    Args:
        bundle: name or folder.
        images: cases.csv or a folder of healthy scans of at least 19 people.
        out: folder of the calibrated bundle; without it the given one is replaced.
        device: as for `detect`.
        progress: called now and then.

    Raises:
        CalibrationError: too few subjects, or some that the model was trained on.
    """
    opened = open_bundle(bundle)
    cases = one_per_subject(read_cases(images))
    known = set(opened.model["splits"].get("train", ()))
    if both := sorted(known & {case.subject for case in cases}):
        raise CalibrationError(f"{len(both)} of these people are among those the model was trained on. Calibrate on others.")
    detector, device = load_detector(opened), pick_device(device)
    steps = detector.steps_for("fast")
    pairs, facts = [], []
    for _, prepared in prepare_cases(cases, recipe_from(opened.model["recipe"]), progress, "calibrate"):
        pairs.append((prepared.stack, detector.reconstruct(prepared.stack, device=device, steps=steps)))
        facts.append(prepared.facts)
    learned = judge_healthy(pairs, recipe_from(opened.model["recipe"]))
    model = {
        **opened.model,
        "splits": {**opened.model["splits"], "calibration": sorted(case.subject for case in cases)},
        "calibration": {
            "data": f"{len(cases)} people of {images.name}",
            **learned.settings(),
            "steps": steps,
            "ranges": plausibility.ranges_of(facts),
        },
    }
    folder = out or opened.folder
    pictures = {path.name: path.read_bytes() for path in sorted((opened.folder / "card").glob("*.png"))}
    licence = opened.text("LICENSE")
    save_bundle(folder, model, opened.weights(), learned.arrays(), card_of(model, pictures), pictures, licence, overwrite=out is None)
    return folder


def card_of(model: Mapping[str, Any], pictures: Iterable[str]) -> str:
    """The card of a bundle, from what its model.json says under `about` (use, limits, results, captions)."""
    about = {**ABOUT, **model.get("about", {})}
    captions = {name: about["captions"].get(name, name.removesuffix(".png")) for name in pictures}
    return write_card(model, use=about["use"], limits=about["limits"], results=about["results"], pictures=captions)


def judge_healthy(
    pairs: Sequence[tuple[SliceStack, Reconstruction]], recipe: Recipe, config: EvidenceConfig | None = None
) -> judgement.Calibration:
    """The calibration that these healthy subjects (slices, reconstructions) give."""
    voxel_mm3 = recipe.pixel_mm**2 * recipe.step_mm
    return judgement.calibrate(pairs, partial(count_curve, voxel_mm3=voxel_mm3), config or config_for(pairs[0][1]))


def prepare_cases(
    cases: Sequence[Case], recipe: Recipe, progress: ProgressCallback | None = None, stage: str = "prepare"
) -> Iterator[tuple[Case, Prepared]]:
    """Read and prepare one scan after the other.

    Raises:
        InputError: one cannot be read or prepared; the sentence names its id.
    """
    began = time.monotonic()
    for done, case in enumerate(cases, 1):
        try:
            prepared = prepare(read_volume(case.image), recipe)
        except (InputError, NotComparableError) as error:
            raise InputError(f"Case {case.id}: {error}") from error
        yield case, prepared
        if progress:
            seconds = time.monotonic() - began
            progress(Progress(stage, done, len(cases), seconds, seconds / done * (len(cases) - done)))


def training_stack(prepared: Sequence[Prepared]) -> SliceStack:
    """The slices of all subjects that hold brain."""
    stacks = [one.stack.take(one.stack.mask.sum((1, 2, 3)) > FEWEST_PIXELS) for one in prepared]
    subject = np.repeat(np.arange(len(stacks)), [len(stack) for stack in stacks])
    join: Callable[[str], Array] = lambda name: np.concatenate([getattr(stack, name) for stack in stacks])  # noqa: E731
    return SliceStack(join("pixels"), join("mask"), join("level"), subject)


def one_per_subject(cases: Sequence[Case]) -> list[Case]:
    """The first scan of each person: a person must not count twice."""
    first: dict[str, Case] = {}
    for case in cases:
        first.setdefault(case.subject, case)
    return list(first.values())

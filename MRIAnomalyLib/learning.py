"""From healthy scans to a bundle: train a detector on some people, calibrate it on others."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from . import resources
from .bundles.bundle import Bundle, open_bundle, save_bundle
from .bundles.card import card_of
from .bundles.contents import WEIGHTS
from .bundles.descent import descended, licence_of, people_behind, recipe_over, source_of
from .bundles.loading import hardware, load_detector, pick_device
from .bundles.model import check_name, coded
from .calibration import judgement
from .calibration.conformal import FEWEST
from .calibration.evidence import config_for
from .detectors.base import Detector
from .detectors.memory import redraw
from .errors import CalibrationError, InputError, NotComparableError, UsageError
from .files.atomic import check_target
from .files.cases import Case, read_cases
from .files.reading import read_volume
from .findings.components import count_curve
from .prepare import plausibility
from .prepare.recipe import Recipe, prepare, recipe_from
from .records import Array, Prepared, Progress, ProgressCallback, Reconstruction, SliceStack, end_to_end

FEWEST_PIXELS = 80  # of brain that a slice must hold to be learned from
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
    source: str | Path | None = None,
    overwrite: bool = False,
    device: str = "auto",
    progress: ProgressCallback | None = None,
) -> Path:
    """Train a detector on healthy scans and save it as a bundle, not calibrated yet; of several processes the first saves it.

    Args:
        detector: its name.
        images: cases.csv or a folder of healthy scans.
        out: the bundle's folder; its name is the bundle's.
        config: settings of the detector over its defaults, or over those of the source.
        recipe: settings of the preparation, likewise.
        resume: go on from the checkpoint.
        max_minutes: stop then, ready to be resumed; the bundle holds what was learned so far.
        seed: of weights and batches.
        checkpoints: folder for checkpoints, loss curves and samples.
        source: name or folder of a bundle whose weights to start from.
        overwrite: replace the bundle's folder if it exists.
        device: as for `detect`.
        progress: called now and then.

    Raises:
        BundleError: there is no such source, or it is damaged, or a bundle cannot have the name of `out`.
        InputError: a scan cannot be read.
        UsageError: a setting that cannot be, or that the source does not fit.
    """
    from .detectors import begin
    from .training.settings import check_kinds
    from .training.together import is_first

    parent = open_bundle(source) if source else None
    check_kinds(Recipe, recipe or {})
    steps = recipe_over(parent, recipe or {}) if parent else recipe_from(recipe or {})
    settings = {**grid_settings(steps, detector), "seed": seed, **config}
    learner = begin(detector, settings, source_of(parent) if parent else None)
    check_name(out.name, detector)
    prepared = list(prepare_cases(read_cases(images), steps, progress))
    stack = training_stack([one for _, one in prepared])
    began = time.monotonic()

    def log(done: int, total: int, losses: Mapping[str, float]) -> None:
        if progress:
            seconds = time.monotonic() - began
            progress(Progress("train", done, total, seconds, seconds / done * (total - done)))

    finished = learner.fit(
        stack, device=pick_device(device), log=log, checkpoint_folder=checkpoints, resume=resume, max_minutes=max_minutes
    )
    if not is_first():
        return out
    subjects = sorted({case.subject for case, _ in prepared})
    model: dict[str, Any] = {
        "name": out.name,
        "detector": detector,
        "licence": "as the training scans",
        "config": learner.settings(),
        "recipe": asdict(steps),
        "plane": steps.plane,
        "training": {"data": f"{len(subjects)} people of {images.name}", "licence": "as its owners say", "subjects": len(subjects)},
        "splits": {"train": sorted(map(coded, subjects))},
        "calibration": {"data": "none yet", "subjects": 0, "smallest_p": 1.0},
        "training_finished": finished,
    }
    if parent:
        model = descended(model, parent)
    pictures = {path.name: path.read_bytes() for path in sorted(checkpoints.glob("*.png"))}
    licence = LICENCE_NOTE + (licence_of(parent) if parent else "")
    save_bundle(out, model, learner.weights(), {}, card_of(model, pictures), pictures, licence, overwrite=overwrite)
    return out


def grid_settings(recipe: Recipe, detector: str) -> dict[str, Any]:
    """The settings by which a detector fits the slices of a recipe, as far as it has them."""
    from .detectors import settings_of

    grid: dict[str, Any] = {"image_size": recipe.size_px, "levels": recipe.slices, "mirror": recipe.symmetric}
    if recipe.brightest:
        grid["intensity_top"] = recipe.brightest
    return {name: grid[name] for name in grid.keys() & settings_of(detector)}


def calibrate(
    bundle: str | Path,
    images: Path,
    out: Path | None = None,
    *,
    device: str = "auto",
    few: bool = False,
    overwrite: bool = False,
    progress: ProgressCallback | None = None,
    warn: Callable[[str], None] | None = None,
) -> Path:
    """Let a bundle learn from healthy people it was not trained on what is ordinary, and note how long one scan takes on this device.

    Args:
        bundle: name or folder.
        images: cases.csv or a folder of healthy scans of at least 19 people.
        out: folder of the calibrated bundle; without it the given one.
        device: as for `detect`.
        few: do with 3 people or more: evidence and findings, but no p-values, and nothing is ever flagged.
        overwrite: replace that folder if it exists.
        progress: called now and then.
        warn: called with a sentence when the device's memory is too small for the usual way.

    Raises:
        CalibrationError: too few subjects, or some that the model was trained on.
        UsageError: the folder exists or cannot be written, or it belongs to the project.
    """
    opened = open_bundle(bundle)
    folder = out or opened.folder
    if folder.resolve().is_relative_to(resources.resources_folder().resolve()):
        raise UsageError(f"{folder} is a part of MRIAnomaly and stays as it is: name a folder for the calibrated model with --out.")
    check_target(folder, overwrite, inputs=(images,))
    cases = one_per_subject(read_cases(images))
    subjects = {coded(case.subject) for case in cases}
    if both := subjects & people_behind(opened.model):
        raise CalibrationError(f"{len(both)} of these people are among those the model was trained on. Calibrate on others.")
    people = prepare_cases(cases, recipe_from(opened.model["recipe"]), progress, "calibrate")
    seen = see_healthy(load_detector(opened), people, pick_device(device), warn)
    model, calibration = calibrated(opened.model, seen, f"{len(cases)} people of {images.name}", few)
    save_as(opened, folder, model, calibration, overwrite)
    return folder


def calibrated(model: Mapping[str, Any], seen: Healthy, data: str, few: bool = False) -> tuple[dict[str, Any], dict[str, Array]]:
    """What model.json says and the arrays that are kept, once a model was compared with healthy people.

    Args:
        model: the entries of `bundles.model.Model` as they were.
        seen: what its detector made of those people.
        data: who they are, in words.
        few: see `calibrate`.
    """
    learned = judge_healthy(seen.pairs, recipe_from(model["recipe"]), seen.detector, few)
    entries = {
        **model,
        "splits": {**model["splits"], "calibration": sorted(map(coded, seen.subjects))},
        "calibration": {"data": data, **learned.settings(), "steps": seen.steps, "ranges": plausibility.ranges_of(seen.facts)},
        "timing": {**model.get("timing", {}), **seen.timing()},
    }
    return entries, learned.arrays()


def save_as(
    bundle: Bundle,
    folder: Path,
    model: Mapping[str, Any],
    calibration: dict[str, Array],
    overwrite: bool,
    pictures: Mapping[str, bytes] = {},
) -> None:
    """Write a bundle with other entries, another calibration and the card that these make; `pictures` take the place of its own."""
    pictures = {path.name: path.read_bytes() for path in sorted((bundle.folder / "card").glob("*.png"))} | dict(pictures)
    licence = bundle.text("LICENSE")
    save_bundle(folder, model, bundle.kept(WEIGHTS), calibration, card_of(model, pictures), pictures, licence, overwrite=overwrite)


@dataclass(frozen=True, eq=False)
class Healthy:
    """What a detector made of healthy people."""

    detector: Detector
    steps: int  # of its search
    subjects: list[str] = field(default_factory=list)
    pairs: list[tuple[SliceStack, Reconstruction]] = field(default_factory=list)
    facts: list[Mapping[str, float]] = field(default_factory=list)  # measured while preparing
    seconds: dict[str, list[float]] = field(default_factory=dict)  # device -> of each scan

    def timing(self) -> dict[str, dict[str, Any]]:
        """The entry of model.json: the middle scan, as the first one also loads networks."""
        return {
            device.partition(":")[0]: {"seconds": round(float(np.median(seconds)), 1), "hardware": hardware(device)}
            for device, seconds in self.seconds.items()
        }


def see_healthy(
    detector: Detector, people: Iterable[tuple[Case, Prepared]], device: str, warn: Callable[[str], None] | None = None
) -> Healthy:
    """Redraw each person; a device whose memory was too small once is not tried again.

    Args:
        detector: with its weights.
        people: prepared one by one, which is counted as a part of the time that a scan takes.
        device: to begin on.
        warn: called with a sentence when its memory is too small for the usual way.
    """
    seen, told = Healthy(detector, detector.steps_for("fast")), set[str]()
    began = time.monotonic()
    for case, prepared in people:
        drawn = redraw(detector, prepared.stack, device=device, steps=seen.steps)
        device = drawn.device
        seen.pairs.append((prepared.stack, drawn.reconstruction))
        seen.facts.append(prepared.facts)
        seen.subjects.append(case.subject)
        now = time.monotonic()
        seen.seconds.setdefault(device, []).append(now - began)
        began = now
        for sentence in drawn.warnings:
            if warn and sentence not in told:
                warn(sentence)
            told.add(sentence)
    return seen


def judge_healthy(
    pairs: Sequence[tuple[SliceStack, Reconstruction]], recipe: Recipe, detector: Detector, few: bool = False
) -> judgement.Calibration:
    """The calibration that these healthy subjects (slices, reconstructions by this detector) give; `few`: see `calibrate`."""
    voxel_mm3 = recipe.pixel_mm**2 * recipe.step_mm
    config = config_for(pairs[0][1], detector.parts_for(recipe.sequence), recipe.symmetric, recipe.sequence)
    return judgement.calibrate(pairs, partial(count_curve, voxel_mm3=voxel_mm3), config, judgement.FEW if few else FEWEST)


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
    return end_to_end([one.stack.take(one.stack.mask.sum((1, 2, 3)) > FEWEST_PIXELS) for one in prepared])


def one_per_subject(cases: Sequence[Case]) -> list[Case]:
    """The first scan of each person: a person must not count twice."""
    first: dict[str, Case] = {}
    for case in cases:
        first.setdefault(case.subject, case)
    return list(first.values())

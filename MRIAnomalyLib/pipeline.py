"""A volume becomes slices, a detector says what each would look like if it were healthy, calibration turns the difference into
probabilities against healthy people, findings turn those into things one can click.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from .bundles.bundle import Bundle
from .bundles.loading import choose_bundle, load_detector, pick_device
from .calibration.conformal import FEWEST
from .calibration.judgement import Calibration, Judgement, load_calibration
from .clock import Clock
from .detectors.memory import redraw
from .findings.components import regions
from .findings.place import describe
from .outputs.folder import write_result
from .prepare import plausibility
from .prepare.anatomy import anatomy_of, place_as
from .prepare.geometry import apply_affine
from .prepare.intensity import apply_tone
from .prepare.recipe import cut, recipe_from
from .prepare.slices import carry_back
from .records import Array, Finding, Prepared, ProgressCallback, Reconstruction, Result, SliceScore, Volume

SceneWriter = Callable[[Result, Path], None]
PEOPLE = "healthy people of the model's own scanner"  # whom a scan is compared with, unless the bundle's calibration says otherwise
SHOWN_SHARE = 0.005  # of a healthy brain that the heatmap may show, on average over calibration subjects


def detect(
    volume: Volume,
    model: str | Path | Bundle = "auto",
    device: str = "auto",
    progress: ProgressCallback | None = None,
    *,
    quality: str = "fast",
    steps: int | None = None,
    false_alarms: float = 0.05,
    seed: int = 0,
    force: bool = False,
    scene_writer: SceneWriter | None = None,
) -> Result:
    """Find what in a volume does not look like a healthy one.

    Args:
        volume: as `read_volume` gives it.
        model: "auto", a bundle's name or folder, or an opened bundle.
        device: "auto", "cpu", "cuda", "cuda:N" or "mps".
        progress: called now and then; raising Cancelled in it stops the run.
        quality: "fast" or "thorough": how long a method that searches may search.
        steps: of the search, in place of `quality`.
        false_alarms: share of healthy volumes that may be flagged.
        seed: of whatever the method draws.
        force: score what the model was not trained on; every output says so.
        scene_writer: makes scene.mrb when the result is saved.

    Raises:
        NotComparableError: the volume is not what the model was trained on.
        BundleError: no such bundle, or a damaged one.
        UsageError: no such device.
    """
    clock = Clock(progress)
    bundle = None if model == "auto" else choose_bundle(model)
    anatomy = recipe_from(bundle.model["recipe"]).anatomy if bundle else anatomy_of(volume)
    placed = place_as(anatomy, volume, clock.stage("prepare"))
    bundle = bundle or choose_bundle(model, plausibility.sequence_of(placed.facts))
    recipe = recipe_from(bundle.model["recipe"])
    calibration = load_calibration(bundle.calibration(), bundle.model["calibration"])
    detector = load_detector(bundle)
    device = pick_device(device)
    prepared = cut(placed, recipe, force)
    steps = steps or detector.steps_for(quality)
    drawn = redraw(detector, prepared.stack, seed=seed, device=device, steps=steps, progress=clock.stage("reconstruct"))
    redrawn = drawn.reconstruction
    clock.stage("evidence")(0, 1)
    judged = calibration.judge(prepared.stack, redrawn)
    maps = _carry_maps(volume, prepared, redrawn, judged, calibration)
    clock.stage("findings")(0, 1)
    voxel_mm3 = float(abs(np.linalg.det((prepared.template_to_world @ prepared.grid_affine)[:3, :3])))
    labels = carry_back(regions(judged.evidence, calibration.threshold, voxel_mm3), prepared, volume, order=0)
    labels, findings = describe(labels.astype(int), maps["evidence"].array, volume, prepared)
    clock.close()
    flagged, ranges = judged.volume_p <= false_alarms, bundle.model["calibration"]["ranges"]
    people = f"{calibration.subjects} {bundle.model['calibration'].get('people', PEOPLE)}"
    shown = _shown_from(calibration)
    warnings = (
        *([f"Only {recipe.part} was looked at. Nothing is said of the rest of the {anatomy}."] if recipe.part else []),
        *([] if bundle.commercial else [f"The model {bundle.name} may not be used commercially ({bundle.licence})."]),
        *prepared.warnings,
        *plausibility.side_not_told(prepared.facts),
        *drawn.warnings,
        *_failed(redrawn, judged),
        *plausibility.cut_out(prepared.facts, ranges),
        *(plausibility.unusual(prepared.facts, ranges) if calibration.gives_p else ()),  # the range of a few people says little
        *plausibility.too_wide(judged.spread, calibration.spread_limit, anatomy),
        *_calibration_warnings(calibration, false_alarms),
    )
    return Result(
        volume=volume,
        heatmap=maps.pop("heatmap"),
        healthy=maps.pop("healthy"),
        residual=maps.pop("residual"),
        scored=maps.pop("scored"),
        mask=maps.pop("mask", None),
        evidence=maps,
        finding_labels=volume.like(labels),
        score=judged.volume_score,
        p_value=judged.volume_p,
        p_floor=calibration.p_floor,
        heat_threshold=shown,
        flagged=flagged,
        false_alarms=false_alarms,
        verdict=verdict(flagged, judged.volume_p, calibration, findings, recipe.part, people),
        warnings=warnings,
        slices=_slice_scores(prepared, redrawn, judged, calibration.slice_thresholds(false_alarms), false_alarms),
        findings=findings,
        model=bundle.facts,
        device=drawn.device,
        seed=seed,
        seconds=clock.seconds,
        versions=versions(),
        settings={"quality": quality, "steps": steps, "forced": force, "finding_threshold": calibration.threshold, "facts": prepared.facts},
        writer=partial(write_result, scene_writer=scene_writer),
    )


def verdict(flagged: bool, p: float, calibration: Calibration, findings: tuple[Finding, ...], part: str, people: str) -> str:
    """The answer in plain words; of `part` alone, where that is not empty, against `people`."""
    where = f" in {part}, all that was looked at" if part else ""
    places = "1 place is" if len(findings) == 1 else f"{len(findings)} places are"
    extra = f" {places} worth a look all the same." if findings else ""
    if not calibration.gives_p:
        return f"Not calibrated: {people} are too few to say how unusual this scan is{where}. That does not mean normal.{extra}"
    answer = f"{'Flagged' if flagged else 'Not flagged'}{where}"
    if not flagged:
        return f"{answer}: no stranger than {people} (p = {p:.2f}). That does not mean normal.{extra}"
    floor = ", the smallest value it can give" if math.isclose(p, calibration.p_floor) else ""
    where = ""
    if findings:
        first = findings[0]
        where = f" Look first at finding 1: {first.side}, {first.volume_ml:.1f} mL, {_tone_word(first)} than expected."
    return f"{answer}: stranger than {people} (p = {p:.3f}{floor}).{where}"


def _tone_word(finding: Finding) -> str:
    return "brighter" if finding.sign == "bright" else "darker"


def _carry_maps(
    volume: Volume, prepared: Prepared, redrawn: Reconstruction, judged: Judgement, calibration: Calibration
) -> dict[str, Volume]:
    """Every map on the input's own grid."""

    def back(maps: Array) -> Volume:
        return volume.like(carry_back(maps, prepared, volume).astype(np.float32))

    inside = carry_back(judged.core.astype(np.float32), prepared, volume) > 0.5
    # -log10 p is carried, not p: outside the scored part it must end up 0
    heat = np.minimum(back(-np.log10(judged.p_map)).array, -math.log10(calibration.p_floor)) * inside
    shown = redrawn.healthy if redrawn.completed is None else redrawn.completed
    raw = apply_tone(shown, prepared.tone, inverse=True) * prepared.bias * prepared.stack.mask
    brain = carry_back(prepared.stack.mask.astype(np.float32), prepared, volume) > 0.5
    healthy = np.where(brain, back(raw).array, 0)
    maps = {
        "heatmap": volume.like(heat.astype(np.float32)),
        "healthy": volume.like(healthy),
        "residual": volume.like(np.where(brain, volume.array - healthy, 0).astype(np.float32)),
        "scored": volume.like(inside.astype(np.uint8)),
        "evidence": back(judged.evidence),
        **{f"{name}_z": back(z) for name, z in judged.z.items()},
    }
    if redrawn.mask is not None:
        maps["mask"] = back(redrawn.mask)
    return maps


def _slice_scores(
    prepared: Prepared, redrawn: Reconstruction, judged: Judgement, thresholds: Array, false_alarms: float
) -> tuple[SliceScore, ...]:
    count, size = len(prepared.stack), prepared.stack.pixels.shape[-1]
    lowest, highest = prepared.brain_levels
    never_seen = [*range(lowest, 0)], [*range(count, highest + 1)]
    place = prepared.template_to_world @ prepared.grid_affine

    def center(level: int) -> tuple[float, float, float]:
        r, a, s = apply_affine(place, np.array([(size - 1) / 2, (size - 1) / 2, level]))
        return float(r), float(a), float(s)

    below, above = (
        tuple(SliceScore(level, center(level), False, math.nan, math.nan, False, {}) for level in levels) for levels in never_seen
    )
    known = tuple(
        SliceScore(
            slice=level,
            center_ras_mm=center(level),
            scored=not math.isnan(judged.slice_scores[level]),
            score=float(judged.slice_scores[level]),
            p_value=float(judged.slice_p[level]),
            # by the strangest slice of each healthy person: 60 slices tested one by one would flag three in everybody
            flagged=bool(judged.slice_family_p[level] <= false_alarms),
            threshold=float(thresholds[level]),
            terms={name: float(values[level]) for name, values in redrawn.terms.items()},
        )
        for level in range(count)
    )
    return (*below, *known, *above)


def _shown_from(calibration: Calibration) -> float:
    """-log10 p from which the heatmap is shown: so that healthy brains stay dark but for SHOWN_SHARE of their voxels."""
    if not calibration.gives_p:  # the heatmap is empty: any level will do
        return -math.log10(SHOWN_SHARE)
    dark_enough = np.flatnonzero(calibration.healthy_p_shares <= SHOWN_SHARE)
    rank = calibration.ranks[dark_enough[-1]] if len(dark_enough) else calibration.ranks[0]
    return -math.log10(rank / (calibration.subjects + 1)) - 1e-3


def _failed(redrawn: Reconstruction, judged: Judgement) -> tuple[str, ...]:
    if redrawn.failed is None or not (levels := np.flatnonzero(redrawn.failed & ~np.isnan(judged.slice_scores))).size:
        return ()
    listed = ", ".join(map(str, levels))
    return (f"No healthy counterpart was found for slice {listed}: these slices have no mask, and look stranger than they may be.",)


def _calibration_warnings(calibration: Calibration, false_alarms: float) -> list[str]:
    found = []
    if not calibration.gives_p:
        found.append(f"No p-values: {calibration.subjects} healthy people are too few, {FEWEST} are needed. Nothing can be flagged.")
    elif calibration.p_floor > false_alarms:
        found.append(
            f"With {calibration.subjects} healthy people no p below {calibration.p_floor:.3f} can be reached: nothing can be flagged."
        )
    if not calibration.threshold_controlled:
        found.append("Too few healthy people to guarantee the number of false findings; their plain average was used.")
    return found


def versions() -> dict[str, str]:
    """Of the packages that an answer rests on, those that are installed."""
    found = {}
    for package in ("mrianomaly", "torch", "numpy", "scipy", "SimpleITK", "deepbet"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found

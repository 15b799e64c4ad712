"""The brain tables: false alarms on the own scanner and on others, lesions found, and what each remedy against scanner change is worth.

Everything is measured with the shipped bundle `brain-t1-anogan`; test subjects were not used to choose anything.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import binom

from ...bundles.bundle import Bundle, open_bundle
from ...bundles.loading import load_detector, pick_device
from ...calibration.evidence import core_of, parts_of
from ...calibration.judgement import Calibration, Judgement, load_calibration
from ...calibration.reference import ReferenceBuilder
from ...calibration.scores import volume_score
from ...files.atomic import whole_file
from ...files.cases import Case
from ...files.reading import read_volume
from ...prepare import brain, plausibility
from ...prepare.recipe import Recipe, recipe_from
from ...prepare.slices import cut_slices
from ...records import Array, Prepared, Progress, ProgressCallback, Reconstruction
from .. import lesions, sets
from ..baselines import MAPS
from ..heads import head_of, prepare_head
from ..metrics import ap_interval, pixel_figures, volume_auroc
from ..page import page

MODEL = "brain-t1-anogan"
ALPHA = 0.05
BEYOND = 3.0  # standard deviations of healthy people: the voxels that a map would paint
SEED = 7  # of the order of lesion outlines
OUTLINES = 100  # of that order for the test; the next as many are for validation
RECIPES: dict[str, dict[str, Any]] = {
    "median only": {"remove_bias": False, "tone": "median"},
    "bias removed": {"remove_bias": True, "tone": "median"},
}


@dataclass(frozen=True, eq=False)
class Seen:
    """One volume, judged."""

    case: Case
    prepared: Prepared
    healthy: Array
    judged: Judgement


class Bench:
    """The bundle, and progress over all that is to be judged."""

    def __init__(self, total: int, progress: ProgressCallback | None) -> None:
        self.bundle: Bundle = open_bundle(MODEL)
        self.calibration: Calibration = load_calibration(self.bundle.calibration(), self.bundle.model["calibration"])
        self.recipe: Recipe = recipe_from(self.bundle.model["recipe"])
        self._detector = load_detector(self.bundle)
        self._device, self._began = pick_device("auto"), time.monotonic()
        self._done, self._total, self._progress = 0, total, progress

    def see(self, case: Case, prepared: Prepared) -> Seen:
        """Redraw and judge one prepared volume."""
        steps = self._detector.steps_for("fast")
        redrawn = self._detector.reconstruct(prepared.stack, device=self._device, steps=steps)
        self.step()
        return Seen(case, prepared, redrawn.healthy, self.calibration.judge(prepared.stack, redrawn))

    def step(self) -> None:
        """One more volume is done."""
        self._done += 1
        if self._progress:
            seconds = time.monotonic() - self._began
            self._progress(Progress("benchmark", self._done, self._total, seconds, seconds / self._done * (self._total - self._done)))


def brain_tables(root: Path, out: Path, quick: bool, progress: ProgressCallback | None = None, split: str = "test") -> Path:
    """Measure everything and write brain.json and brain.md into `out`; on validation subjects, their lesions only.

    Args:
        root: where the data sets lie, see `evaluation.sets`.
        out: folder of the tables.
        quick: three cases of each kind: shows that it runs.
        progress: called after each volume.
        split: "test", or "validation" to choose by.
    """
    if split == "validation":
        return _validation_table(root, out, quick, progress)
    few = slice(3 if quick else None)
    healthy, others, sick = sets.healthy(root, "test")[few], sets.other_scanners(root)[few], sets.patients(root)[few]
    normals = sets.healthy(root, "calibration")[::2][slice(3 if quick else None)]  # half of them: a mean and a spread need no more
    bench = Bench(
        3 * len(healthy) + len(others) + len(sick) + len(RECIPES) * (len(normals) + len(healthy) + len(others) + len(sick)), progress
    )
    seen = [bench.see(case, prepare_head(head_of(case), bench.recipe)) for case in healthy]
    strangers = [bench.see(case, prepare_head(head_of(case), bench.recipe)) for case in others]
    patients = [bench.see(case, prepare_head(head_of(case), bench.recipe)) for case in sick]
    tables = {
        "conditions": _conditions(bench, quick),
        "false_alarms": _false_alarms(bench, seen),
        "other_scanners": _by_site(bench, [*seen, *strangers, *patients]),
        "remedies": _remedies(bench, normals, [*seen, *strangers, *patients]),
        "semi_synthetic": _semi_synthetic(bench, seen, lesions.lesion_outlines(root / "soop_lesion_masks", OUTLINES, SEED)),
        "patients": _patients(patients),
    }
    return _write(out, "brain", "mrianomaly benchmark brain --root DATA", tables)


def _validation_table(root: Path, out: Path, quick: bool, progress: ProgressCallback | None) -> Path:
    """Lesions in validation subjects, with outlines that the test does not use."""
    cases = sets.healthy(root, "validation")[slice(3 if quick else None)]
    bench = Bench(3 * len(cases), progress)
    seen = [bench.see(case, prepare_head(head_of(case), bench.recipe)) for case in cases]
    outlines = lesions.lesion_outlines(root / "soop_lesion_masks", 2 * OUTLINES, SEED)[OUTLINES:]
    tables = {"conditions": _conditions(bench, quick), "semi_synthetic": _semi_synthetic(bench, seen, outlines)}
    return _write(out, "brain-validation", "mrianomaly benchmark brain --root DATA --split validation", tables)


def _write(out: Path, name: str, command: str, tables: dict[str, Any]) -> Path:
    with whole_file(out / f"{name}.json") as path:
        path.write_text(json.dumps(tables, indent=1) + "\n", encoding="utf-8")
    with whole_file(out / f"{name}.md") as path:
        path.write_text(page("Brain tables", command, tables), encoding="utf-8")
    return out


def _conditions(bench: Bench, quick: bool) -> dict[str, Any]:
    import torch

    settings = bench.bundle.model["calibration"]
    return {
        "model": bench.bundle.name,
        **{f"{name}_sha256": bench.bundle.model["files"][f"{name}.safetensors"] for name in ("weights", "calibration")},
        "calibration_subjects": settings["subjects"],
        "search_steps": settings["steps"],
        "device": f"{bench._device}, {torch.get_num_threads()} threads",
        "outline_seed": SEED,
        "quick": quick,
    }


def _false_alarms(bench: Bench, seen: Sequence[Seen]) -> list[dict[str, Any]]:
    """Realised against nominal rate of flagged healthy volumes."""
    scores = bench.calibration.volume_scores
    left_out = [(1 + (np.delete(scores, row) >= score).sum()) / len(scores) for row, score in enumerate(scores)]
    rows = []
    for name, p in (("test subjects", [one.judged.volume_p for one in seen]), ("calibration subjects, leave one out", left_out)):
        flagged, count = int((np.array(p) <= ALPHA).sum()), len(p)
        low, high = binom.ppf([0.025, 0.975], count, ALPHA)
        rows.append({"who": name, "volumes": count, "flagged": flagged, "nominal": ALPHA, "binomial_95": [int(low), int(high)]})
    return rows


def _by_site(bench: Bench, seen: Sequence[Seen]) -> list[dict[str, Any]]:
    """Healthy people and patients of each site: painted, flagged, warned about, refused."""
    rows = []
    for site in dict.fromkeys(one.case.site for one in seen):
        here = [one for one in seen if one.case.site == site]
        refused = [bool(plausibility.reasons_to_refuse(one.prepared.facts, bench.recipe.sequence)) for one in here]
        warned = [bool(_warnings(bench, one)) for one in here]
        flagged = [one.judged.volume_p <= ALPHA for one in here]
        rows.append(
            {
                "site": site,
                "volumes": len(here),
                "flagged": sum(flagged),
                "warned": sum(warned),
                "refused": sum(refused),
                "flagged_without_warning": sum(
                    flag and not warn and not no for flag, warn, no in zip(flagged, warned, refused, strict=True)
                ),
                **{f"{name}_beyond_3": _beyond([one.judged.z[name] for one in here], here) for name in ("residual", "atlas", "asymmetry")},
                "evidence_beyond_3": _beyond([one.judged.evidence for one in here], here),
            }
        )
    return rows


def _warnings(bench: Bench, one: Seen) -> list[str]:
    return [
        *plausibility.unusual(one.prepared.facts, bench.bundle.model["calibration"]["ranges"]),
        *plausibility.too_wide(one.judged.spread, bench.calibration.spread_limit),
    ]


def _beyond(maps: Sequence[Array], seen: Sequence[Seen]) -> str:
    """Median (largest) percent of core voxels beyond +-3, bright and dark."""
    words = []
    for side, sign in (("bright", 1), ("dark", -1)):
        shares = [100 * float((sign * map_[one.judged.core] > BEYOND).mean()) for map_, one in zip(maps, seen, strict=True)]
        words.append(f"{side} {np.median(shares):.2f} ({max(shares):.2f})")
    return ", ".join(words)


def _remedies(bench: Bench, normals: Sequence[Case], seen: Sequence[Seen]) -> list[dict[str, Any]]:
    """The atlas part, which needs no training, under each preparation: what a remedy does for every detector's evidence."""
    place = bench.calibration.config.parts.index("atlas")
    rows = []
    for name, changes in RECIPES.items():
        recipe = replace(bench.recipe, **changes)
        maps = np.stack([_atlas_map(bench, case, recipe)[0] for case in normals])
        reference = ReferenceBuilder(maps, bench.calibration.config.floors[place]).reference()
        shares: dict[str, list[Array]] = {}
        for one in seen:
            map_, core = _atlas_map(bench, one.case, recipe)
            shares.setdefault(one.case.site, []).append(reference.standardise(map_)[core])
        rows.append({"preparation": name, **{site: _shares(values) for site, values in shares.items()}})
    shipped: dict[str, list[Array]] = {}
    for one in seen:
        shipped.setdefault(one.case.site, []).append(one.judged.z["atlas"][one.judged.core])
    return [*rows, {"preparation": "bias removed, tissue tone (shipped)", **{site: _shares(values) for site, values in shipped.items()}}]


def _shares(values: Sequence[Array]) -> str:
    """Median percent of voxels beyond +-3 over these brains."""
    bright, dark = (np.median([100 * (sign * z > BEYOND).mean() for z in values]) for sign in (1, -1))
    return f"{bright:.2f} bright, {dark:.2f} dark"


def _atlas_map(bench: Bench, case: Case, recipe: Recipe) -> tuple[Array, Array]:
    stack = prepare_head(head_of(case), recipe).stack
    core = core_of(stack, bench.calibration.config)
    bench.step()
    return parts_of(stack, Reconstruction(np.zeros_like(stack.pixels), {}), core, bench.calibration.config)["atlas"], core


def _semi_synthetic(bench: Bench, seen: Sequence[Seen], outlines: Sequence[Path]) -> list[dict[str, Any]]:
    """One lesion per subject, dark and bright, against the same subjects untouched."""
    rows = []
    for kind, change in (("dark", lesions.DARK), ("bright", lesions.BRIGHT)):
        painted, truths = [], []
        for one, outline in zip(seen, outlines, strict=False):
            prepared, truth = lesions.paint(head_of(one.case), one.prepared, outline, change, bench.recipe)
            painted.append(bench.see(one.case, prepared))
            truths.append(truth)
        rows += [{"lesion": kind, **row} for row in _compare(painted, truths, seen)]
    return rows


def _patients(seen: Sequence[Seen]) -> list[dict[str, Any]]:
    """Real lesions; the experts' masks carried to the model's grid."""
    rows = []
    for one in seen:
        assert one.case.mask  # as `sets.patients` gives it
        mask = read_volume(one.case.mask)
        shape = (len(one.prepared.stack), *one.prepared.stack.pixels.shape[-2:])
        inside = cut_slices(mask.array, mask.affine, one.prepared.template_to_world, one.prepared.grid_affine, shape, brain.STEP_MM)
        truth = inside[:, 0] > 0.5
        rows += [{"patient": one.case.id, "p": round(one.judged.volume_p, 3), **row} for row in _compare([one], [truth], [])]
    return rows


def _compare(sick: Sequence[Seen], truths: Sequence[Array], untouched: Sequence[Seen]) -> list[dict[str, Any]]:
    """Every map of `baselines.MAPS` on the same volumes; the sign of the lesion is not given."""
    rows, cores = [], [one.judged.core for one in sick]
    for name, make in MAPS.items():
        maps = [make(one.prepared.stack, one.healthy, one.judged) for one in sick]
        row: dict[str, Any] = {"map": name, **_rounded(pixel_figures(maps, truths, cores))}
        if untouched:
            score = [volume_score(map_, core) for map_, core in zip(maps, cores, strict=True)]
            normal = [volume_score(make(one.prepared.stack, one.healthy, one.judged), one.judged.core) for one in untouched]
            row["volume_auroc"] = round(volume_auroc(score, normal), 3)
            subjects = [one.case.subject for one in sick]
            row["ap_95"] = [round(value, 3) for value in ap_interval(maps, truths, cores, subjects)]
        rows.append(row)
    return rows


def _rounded(figures: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 3) for name, value in figures.items()}

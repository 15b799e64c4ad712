"""What one model says of every scan."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..bundles.bundle import Bundle
from ..bundles.loading import load_detector, pick_device
from ..calibration.judgement import Calibration, Judgement, load_calibration
from ..calibration.predicted import in_true_spread
from ..findings.components import regions
from ..prepare import plausibility
from ..prepare.recipe import recipe_from
from ..records import Array, Reconstruction
from .scans import Scan, Scans
from .steps import Steps

ALPHA = 0.05  # false alarms among healthy people at which a volume is flagged


@dataclass(frozen=True, eq=False)
class Seen:
    """One scan, redrawn and judged."""

    scan: Scan
    redrawn: Reconstruction  # a predicted spread as the calibration corrects it
    judged: Judgement
    sequence: str  # that the model is for
    score_voxels: int  # whose mean is the score of a volume, as in the calibration

    @property
    def subject(self) -> str:
        """Whose it is."""
        return self.scan.case.subject

    @property
    def flagged(self) -> bool:
        """Whether the model takes the person for not healthy."""
        return self.judged.volume_p <= ALPHA

    @property
    def refused(self) -> bool:
        """Whether `detect` would not judge this volume unless it is forced to."""
        return bool(plausibility.reasons_to_refuse(self.scan.prepared.facts, self.sequence))

    @property
    def voxel_mm3(self) -> float:
        """Size of one voxel of the model's grid in the scan."""
        prepared = self.scan.prepared
        return float(abs(np.linalg.det((prepared.template_to_world @ prepared.grid_affine)[:3, :3])))

    def findings(self, threshold: float) -> Array:
        """(N, H, W) int: the findings on the model's grid, see `findings.components.regions`."""
        return regions(self.judged.evidence, threshold, self.voxel_mm3)


@dataclass(frozen=True, eq=False)
class Answers:
    """What one model says."""

    label: str  # in the tables
    bundle: Bundle
    calibration: Calibration
    own: Sequence[Seen]
    others: Sequence[Seen]
    patients: Sequence[Seen]
    painted: Mapping[str, Sequence[Seen]]  # "dark", "bright" -> in the order of `own`

    @property
    def unpainted(self) -> list[Seen]:
        """Everyone as they came."""
        return [*self.own, *self.others, *self.patients]


def described(label: str, bundle: Bundle) -> dict[str, Any]:
    """Which model it is, to the byte: a row of the table `models`, by which `note` knows it again."""
    model = bundle.model
    return {
        "model": label,
        **{f"{name}_sha256": model["files"][f"{name}.safetensors"] for name in ("weights", "calibration")},
        "calibration_subjects": model["calibration"]["subjects"],
        "search_steps": model["calibration"]["steps"],
        "pixels": f"{model['recipe']['size_px']} of {model['recipe']['pixel_mm']:g} mm",
    }


def calibration_of(bundle: Bundle) -> Calibration:
    """The calibration of a bundle, ready to judge; BundleError when it is damaged."""
    return load_calibration(bundle.calibration(), bundle.model["calibration"])


def viewer(bundle: Bundle, calibration: Calibration, steps: Steps | None = None, device: str = "auto") -> Callable[[Scan], Seen]:
    """What lets a model redraw and judge a scan prepared as those of the calibration were, at quality "fast"; tells `steps`."""
    detector, device, sequence = load_detector(bundle), pick_device(device), recipe_from(bundle.model["recipe"]).sequence

    def see(scan: Scan) -> Seen:
        redrawn = detector.redraw(scan.prepared.stack, device=device, steps=detector.steps_for("fast"))
        if steps:
            steps.one()
        return seen_with(calibration, scan, redrawn, sequence)

    return see


def seen_with(calibration: Calibration, scan: Scan, redrawn: Reconstruction, sequence: str) -> Seen:
    """A scan that a model for this sequence has redrawn, judged."""
    judged, corrected = calibration.judge(scan.prepared.stack, redrawn), in_true_spread(redrawn, calibration.spread_factor)
    return Seen(scan, corrected, judged, sequence, calibration.config.score_voxels)


def answers_of(label: str, bundle: Bundle, scans: Scans, steps: Steps) -> Answers:
    """Let a model redraw and judge everyone.

    Args:
        label: of the model in the tables.
        bundle: calibrated.
        scans: prepared by the bundle's recipe.
        steps: told of each scan.
    """
    calibration = calibration_of(bundle)
    see = viewer(bundle, calibration, steps)
    own, others, patients = ([see(scan) for scan in some] for some in (scans.own, scans.others, scans.patients))
    painted = {kind: [see(scan) for scan in some] for kind, some in scans.painted.items()}
    return Answers(label, bundle, calibration, own, others, patients, painted)

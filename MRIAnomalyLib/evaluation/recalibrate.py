"""A bundle compared anew with its calibration people, weights as they are: after a change of the evidence step, or of a setting.

Its card shows healthy counterparts as they are drawn now.

    python -m MRIAnomalyLib.evaluation.recalibrate BUNDLE --cases CASES --both-sides

CASES is written by `python -m MRIAnomalyLib.evaluation.sets`, `evaluation.flair` or `evaluation.knees`. The figures come after: `mrianomaly
benchmark`, `evaluation.note`.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..bundles.bundle import Bundle, open_bundle
from ..bundles.compact import compacted
from ..bundles.loading import pick_device
from ..detectors import create
from ..errors import UsageError
from ..files.cases import read_cases
from ..learning import calibrated, save_as, see_healthy
from ..prepare.recipe import recipe_from
from ..records import as_stored
from .finish import BESIDE, beside, kept, timing_of


def recalibrate(bundle: Bundle, cases: Path, settings: Mapping[str, Any] = {}) -> None:
    """Replace the bundle by one with another calibration and, where they may change after training, other settings.

    Args:
        bundle: it is replaced.
        cases: folder with calibration.csv, the people whom it was compared with before, and validation.csv, of whom the card shows slices.
        settings: over those of its detector.

    Raises:
        CalibrationError: too few people.
        InputError: a scan cannot be read.
        UsageError: a setting that belongs to the training, or that cannot be.
    """
    detector = create(bundle.detector, {**as_stored(bundle.model["config"]), **settings})
    if fixed := sorted(settings.keys() - detector.anytime):
        raise UsageError(f"The setting {fixed[0]} belongs to the training: train again, or leave it as it is.")
    detector.load_weights(bundle.weights())
    recipe, told = recipe_from(bundle.model["recipe"]), bundle.model["calibration"]
    people, device = read_cases(cases / "calibration.csv"), pick_device("auto")
    healthy = see_healthy(detector, kept(people, recipe), device)
    model, calibration = calibrated({**bundle.model, "config": detector.settings()}, healthy, told["data"], not told["smallest_p"] < 1)
    model["calibration"] |= {"people": told["people"]} if "people" in told else {}
    model["timing"] = timing_of(detector, people, recipe, device)
    sheet = beside(detector, read_cases(cases / "validation.csv"), recipe, device)
    save_as(bundle, bundle.folder, model, compacted(calibration), overwrite=True, pictures={BESIDE: sheet})


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m MRIAnomalyLib.evaluation.recalibrate", description="A bundle calibrated anew.")
    parser.add_argument("bundle", type=open_bundle, help="name or folder")
    parser.add_argument("--cases", type=Path, required=True, help="folder with a calibration.csv and a validation.csv")
    parser.add_argument("--both-sides", action="store_true", help="redraw the mirror image, too (methods that can)")
    args = parser.parse_args()
    recalibrate(args.bundle, args.cases, {"both_sides": True} if args.both_sides else {})


if __name__ == "__main__":
    _main()

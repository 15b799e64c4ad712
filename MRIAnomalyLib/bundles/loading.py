"""A bundle made ready to run: which one, its detector with weights, and the device."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import BundleError, UsageError
from .bundle import Bundle, list_bundles, open_bundle


def choose_bundle(model: str | Path | Bundle) -> Bundle:
    """The bundle that was meant; "auto" takes the calibrated one that found most on validation subjects.

    Raises:
        BundleError: there is none, or it is damaged or not calibrated.
    """
    if isinstance(model, Bundle):
        chosen = model
    elif model == "auto":
        usable = [bundle for bundle in list_bundles() if isinstance(bundle, Bundle) and bundle.model["calibration"]["subjects"]]
        if not usable:
            raise BundleError("No calibrated model is installed. Install one with `mrianomaly models install FILE`.")
        chosen = max(usable, key=lambda bundle: bundle.model.get("validation", {}).get("pixel_ap", 0.0))
    else:
        chosen = open_bundle(model)
    if not chosen.model["calibration"]["subjects"]:
        raise BundleError(f"The model {chosen.name} is not calibrated. Run `mrianomaly calibrate` with healthy scans first.")
    return chosen


def load_detector(bundle: Bundle) -> Any:
    """The detector of a bundle, with its weights."""
    from ..detectors import create

    detector = create(bundle.detector, bundle.model["config"])
    detector.load_weights(bundle.weights())
    return detector


def pick_device(wanted: str) -> str:
    """The device that torch is to use.

    Raises:
        UsageError: it is not there.
    """
    import torch

    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    kind = wanted.partition(":")[0]
    usable = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not usable.get(kind, False):
        raise UsageError(f"The device {wanted} is not there. Use --device auto or --device cpu.")
    return wanted

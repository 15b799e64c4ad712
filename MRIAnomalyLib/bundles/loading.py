"""A bundle made ready to run: which one, its detector with weights, and the device with its name."""

from __future__ import annotations

import contextlib
import platform
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..errors import BundleError, UsageError
from .bundle import Bundle, BundleProblem, list_bundles, open_bundle

# sequence -> what it is of: scans that the preparation tells apart by their shape and contrast, the usual one first
RECOGNISED = {"T1": "brain", "FLAIR": "brain", "PDFS": "knee"}
USUAL = next(iter(RECOGNISED))


def choose_bundle(model: str | Path | Bundle, sequence: str = USUAL) -> Bundle:
    """The bundle that was meant; "auto" takes the calibrated one for this sequence that found most on validation subjects.

    Raises:
        BundleError: there is none, or it is damaged or not calibrated.
    """
    if isinstance(model, Bundle):
        chosen = model
    elif model == "auto":
        chosen = best_of(list_bundles(), sequence)
    else:
        chosen = open_bundle(model)
    if not chosen.model["calibration"]["subjects"]:
        raise BundleError(f"The model {chosen.name} is not calibrated. Run `mrianomaly calibrate` with healthy scans first.")
    return chosen


def best_of(entries: Iterable[Bundle | BundleProblem], sequence: str = USUAL) -> Bundle:
    """The calibrated one for this sequence that found most on validation subjects.

    Raises:
        BundleError: there is none.
    """
    best = best_by_sequence(entries)
    if sequence not in best:
        raise BundleError(
            f"No calibrated model for {sequence} scans of the {RECOGNISED[sequence]} is installed. "
            "Install one with `mrianomaly models install FILE`."
        )
    return best[sequence]


def best_by_sequence(entries: Iterable[Bundle | BundleProblem]) -> dict[str, Bundle]:
    """For each of RECOGNISED the calibrated bundle that found most on validation subjects; without those that have none."""
    usable = [entry for entry in entries if isinstance(entry, Bundle) and entry.model["calibration"]["subjects"]]
    best = {}
    for sequence, anatomy in RECOGNISED.items():
        fitting = [bundle for bundle in usable if _made_for(bundle) == (anatomy, sequence)]
        if fitting:
            best[sequence] = max(fitting, key=lambda bundle: bundle.model.get("validation", {}).get("pixel_ap", 0.0))
    return best


def _made_for(bundle: Bundle) -> tuple[str, str]:
    """Anatomy and sequence; a recipe that names none is one of a T1 head."""
    recipe = bundle.model["recipe"]
    return recipe.get("anatomy", "brain"), recipe.get("sequence", USUAL)


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
    there = {"cpu": 1, "cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}
    with contextlib.suppress(RuntimeError):  # of torch, for what is no device's name
        device = torch.device(wanted)
        if (device.index or 0) < there.get(device.type, 0):
            return wanted
    raise UsageError(f"The device {wanted} is not there: `mrianomaly devices` lists those that are.")


def hardware(device: str) -> str:
    """What a device is, in words: the GPU's name, or how many cores of which processor torch uses."""
    import torch

    if device.startswith("cuda"):
        return torch.cuda.get_device_name(device)
    if device == "mps":
        return f"GPU of {_processor()}"
    cores = torch.get_num_threads()
    return f"{cores} core{'s' if cores > 1 else ''} of {_processor()}"


def _processor() -> str:
    with contextlib.suppress(OSError):  # Linux, where `platform` knows no more than the architecture
        described = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        names = [line.partition(":")[2].strip() for line in described if line.startswith("model name")]
        if names:
            return names[0]
    return platform.processor() or platform.machine()

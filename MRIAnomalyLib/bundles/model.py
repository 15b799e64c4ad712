"""What `model.json` says: its entries (schema version 1), and reading them with every one checked."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, TypedDict, get_origin, get_type_hints, is_typeddict

from ..errors import BundleError
from .contents import MODEL, check_names

SCHEMA = 1


class Training(TypedDict):
    """Where the weights were learned."""

    data: str  # the data set, named as its owners ask
    licence: str  # of that data
    subjects: int


class Calibration(TypedDict):
    """Whom a scan is compared with."""

    data: str
    subjects: int  # n healthy people that training never saw; 0 before calibration
    smallest_p: float  # 1 / (n + 1); 1 where n is too small for p-values


class Timing(TypedDict):
    """How long one scan takes."""

    seconds: float  # from reading it to its healthy counterpart, at quality "fast"
    hardware: str  # that it was measured on


class Origin(TypedDict):
    """The bundle that a training started from."""

    name: str
    weights_sha256: str


class Loan(TypedDict):
    """Networks that are not in a bundle's own weights, because another bundle has the very same ones."""

    name: str  # of the bundle that holds them
    weights_sha256: str  # of its weights
    networks: list[str]


class Model(TypedDict):
    """What `model.json` must say, schema version 1; further entries, here and in its groups, are kept as they are.

    Some of these have a meaning: `timing`, kind of device ("cpu", "cuda", "mps") -> `Timing`, those that calibration was run on;
    `lender` is a `Loan`, `training.from` is an `Origin`, and `splits.source` are the people that it and those before it learned from.
    """

    schema: int
    name: str  # <anatomy>-<sequence>-<detector>, "-" for "_" in the detector's name
    detector: str  # name in the registry of detectors
    licence: str  # of the weights, as a short name; the text is in LICENSE
    config: dict[str, Any]  # the detector's whole frozen config
    recipe: dict[str, Any]  # how a volume becomes slices: steps, grid spacing and field of view in mm
    plane: str  # axial, coronal or sagittal
    training: Training
    splits: dict[str, list[str]]  # split -> its subjects, each as `coded`; no subject in two
    calibration: Calibration
    files: dict[str, str]  # every other file, "/" between parts -> SHA-256


def coded(subject: str) -> str:
    """What a bundle keeps of a subject's id: 16 hexadecimal digits, enough to know the subject again and not to read a name.

    Every bundle codes alike, so whoever guesses an id can check the guess; a salt kept in the bundle would not prevent that. Scans named
    after patients need neutral ids, in the column `subject` of cases.csv, before a bundle learned from them is given away.
    """
    return hashlib.sha256(f"split:{subject}".encode()).hexdigest()[:16]


def parse_model(content: bytes) -> dict[str, Any]:
    """What model.json says, every required entry present and of its type.

    Raises:
        BundleError: not JSON, another schema version, an entry missing or of the wrong type, or a name that does not fit.
    """
    try:
        model = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{MODEL} is not valid JSON: the bundle is damaged.") from error
    if not isinstance(model, dict) or model.get("schema") != SCHEMA:
        said = model.get("schema") if isinstance(model, dict) else None
        raise BundleError(f"The bundle's schema version is {said!r}, this version of MRIAnomaly reads {SCHEMA}: update MRIAnomaly.")
    _check_entries(model, Model)
    _check_timing(model.get("timing", {}))
    if "from" in model["training"]:
        _check_group(model["training"]["from"], Origin, "training.from")
    if "lender" in model:
        _check_group(model["lender"], Loan, "lender")
    check_name(model["name"], model["detector"])
    check_names({MODEL, *model["files"]})
    return model


def check_name(name: str, detector: str) -> None:
    """Refuse a name that a bundle of this detector cannot have; BundleError says how it must read."""
    detector = detector.replace("_", "-")
    if not re.fullmatch(rf"[a-z0-9]+-[a-z0-9]+-{re.escape(detector)}", name):
        raise BundleError(f"{name!r} is not a bundle's name: it must read <anatomy>-<sequence>-{detector}.")


def _check_entries(entries: dict[str, Any], shape: type, prefix: str = "") -> None:
    """Compare a dict read from JSON with a TypedDict, and the TypedDicts in it."""
    for name, hint in get_type_hints(shape).items():
        kind = dict if is_typeddict(hint) else get_origin(hint) or hint
        value: Any = entries.get(name)
        fits = isinstance(value, (int, float) if kind is float else kind)
        if not fits or isinstance(value, bool):
            raise BundleError(f"{MODEL} lacks a proper entry {prefix + name!r}: the bundle is damaged or was made by another program.")
        if is_typeddict(hint):
            _check_entries(value, hint, f"{name}.")
        if hint == dict[str, str] and not all(isinstance(item, str) for item in value.values()):
            raise BundleError(f"{MODEL} lists something other than text under {prefix + name!r}: the bundle is damaged.")


def _check_group(group: Any, shape: type, name: str) -> None:
    if not isinstance(group, dict):
        raise BundleError(f"{MODEL} lacks a proper entry {name!r}: the bundle is damaged or was made by another program.")
    _check_entries(group, shape, f"{name}.")


def _check_timing(timing: Any) -> None:
    if not isinstance(timing, dict) or not all(isinstance(entry, dict) for entry in timing.values()):
        raise BundleError(f"{MODEL} does not say the timing as it must be said: the bundle is damaged or was made by another program.")
    for kind, entry in timing.items():
        _check_entries(entry, Timing, f"timing.{kind}.")

"""Where the project's own files are: in the source tree, beside the installed module in Slicer, or in a wheel."""

from __future__ import annotations

import os
import sys
from pathlib import Path

HEALTHY_HEAD = "brain_t1_healthy_head.nii.gz"  # sample scans
PATIENT, PATIENT_LESIONS = (
    "brain_t1_ms_lesions.nii.gz",
    "brain_t1_ms_lesions_mask.nii.gz",
)  # as experts drew them; no model was tuned on them

_HERE = Path(__file__).resolve().parent


def resources_folder() -> Path:
    """The folder `Resources` that ships with the project."""
    beside = [_HERE.parent / "Resources", _HERE / "Resources"]
    return next((folder for folder in beside if folder.is_dir()), beside[0])


def template_folder() -> Path:
    """The MNI152 template volumes."""
    return resources_folder() / "Templates"


def sample(name: str) -> Path:
    """A sample scan that ships with the project."""
    return resources_folder() / "SampleData" / name


def user_folder() -> Path:
    """The user's own folder for what the project keeps; in a few lines here because Slicer's Python has no package for it."""
    home = Path.home()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", home / "AppData" / "Local")) / "mrianomaly"
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "mrianomaly"
    return Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share") / "mrianomaly"


def user_bundles_folder() -> Path:
    """Where `mrianomaly models install` puts bundles."""
    return user_folder() / "bundles"


def bundle_folders() -> list[Path]:
    """Where bundles are looked for: shipped ones, $MRIANOMALY_BUNDLES, then the user's own; existing folders only."""
    named = [Path(part) for part in os.environ.get("MRIANOMALY_BUNDLES", "").split(os.pathsep) if part]
    return [folder for folder in [resources_folder() / "bundles", *named, user_bundles_folder()] if folder.is_dir()]

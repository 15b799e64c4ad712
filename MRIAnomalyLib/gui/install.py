"""What Slicer's Python lacks for a detection, and installing it after one question; nothing is looked up before a run is asked for."""

from __future__ import annotations

import importlib
import importlib.metadata
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import slicer
import slicer.util
from slicer.i18n import tr as _

from ..errors import Cancelled, MRIAnomalyError

if TYPE_CHECKING:
    from packaging.requirements import Requirement

_SHIPPED = ("numpy", "scipy", "SimpleITK", "vtk", "pydicom", "highdicom", "pillow", "requests", "packaging", "setuptools", "pip")
_KEPT = (*_SHIPPED, "torch", "torchvision")  # pip may build on what Slicer ships and on the torch just chosen, never replace them


def ensure(whole_head: bool) -> None:
    """Return when everything that a detection needs is installed; asks the user once if something is to be installed.

    Args:
        whole_head: the brain has to be found first, which takes a package more.

    Raises:
        Cancelled: the user declined.
        MRIAnomalyError: the PyTorch extension is missing, installing failed, or Slicer has to be restarted.
    """
    needed = missing(whole_head)
    if not needed:
        return
    names = _names(needed)
    if slicer.app.testingEnabled():
        raise MRIAnomalyError(_("{packages} are not installed, and a test leaves Slicer's Python as it is.").format(packages=names))
    if any(entry.name == "torch" for entry in needed):
        _pytorch_extension()  # no question where the answer could not be followed
    if not slicer.util.confirmOkCancelDisplay(question(needed), _("MRI Anomaly")):
        raise Cancelled(_("Nothing was computed: {packages} would have to be installed first.").format(packages=names))
    install(needed)


def missing(whole_head: bool) -> tuple[Requirement, ...]:
    """The listed packages that are absent or too old, torch first; read from their metadata, so that nothing is imported."""
    from packaging.requirements import Requirement

    listed = Path(slicer.util.modulePath("MRIAnomaly")).parent / "Resources" / "requirements.txt"
    lines = [line for line in listed.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    extra = {"extra": "brain" if whole_head else ""}
    wanted = [entry for entry in map(Requirement, lines) if entry.marker is None or entry.marker.evaluate(extra)]
    return tuple(entry for entry in wanted if not _satisfied(entry))


def question(needed: Sequence[Requirement]) -> str:
    """One sentence that asks whether these may be installed: what, and how large a download."""
    sizes = {
        "torch": _("about 200 MB, for an NVIDIA graphics card up to 2.5 GB"),
        "safetensors": _("1 MB"),
        "deepbet": _("35 MB, finds the brain in a whole head"),
    }
    packages = ", ".join(f"{entry.name} ({sizes[entry.name]})" for entry in needed)
    return _("Download what MRI Anomaly needs and install it into Slicer's Python: {packages}?").format(packages=packages)


def install(needed: Sequence[Requirement]) -> None:
    """Install packages into Slicer's Python; returns when they are there, Slicer showing the progress meanwhile.

    Raises:
        MRIAnomalyError: the PyTorch extension is missing, installing failed, or Slicer has to be restarted.
    """
    names = _names(needed)
    replaced = [entry.name for entry in needed if entry.name in sys.modules]  # each is imported by the name it is installed by
    torch = next((entry for entry in needed if entry.name == "torch"), None)
    extension: Any = _pytorch_extension() if torch else None
    try:
        # torch first: whatever depends on it would otherwise bring a build from PyPI that may not fit the graphics card
        if torch:
            extension.installTorch(askConfirmation=False, torchVersionRequirement=str(torch.specifier))
        _install_by_pip([entry for entry in needed if entry is not torch])
    except Exception as error:  # pip, light-the-torch and PyTorchUtils fail each in a way of its own
        raise MRIAnomalyError(_failure(names)) from error
    importlib.invalidate_caches()
    if not all(map(_satisfied, needed)):
        raise MRIAnomalyError(_failure(names))
    if replaced:
        raise MRIAnomalyError(
            _("Slicer had already loaded {packages}, now replaced: restart Slicer, then press Apply again.").format(
                packages=", ".join(replaced)
            )
        )


def _pytorch_extension() -> Any:
    """The logic of the PyTorch extension, which knows the build of torch that fits the graphics card."""
    try:
        from PyTorchUtils import PyTorchUtilsLogic
    except ImportError as error:
        raise MRIAnomalyError(
            _("The extension PyTorch is missing: install it in View > Extensions Manager, restart Slicer, then press Apply again.")
        ) from error
    return PyTorchUtilsLogic()


def _install_by_pip(needed: Sequence[Requirement]) -> None:
    if not needed:
        return
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "kept.txt"
        versions = {name: _version(name) for name in _KEPT}
        kept.write_text("".join(f"{name}=={version}\n" for name, version in versions.items() if version), encoding="utf-8")
        # slicer.packaging with its progress window from Slicer 5.12 on, a plain call of pip before
        slicer.util.pip_install([*(f"{entry.name}{entry.specifier}" for entry in needed), "--only-binary=:all:", "--constraint", str(kept)])


def _satisfied(entry: Requirement) -> bool:
    version = _version(entry.name)
    return version is not None and entry.specifier.contains(version, prereleases=True)


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _names(needed: Sequence[Requirement]) -> str:
    return ", ".join(entry.name for entry in needed)


def _failure(names: str) -> str:
    return _(
        "Installing {packages} failed: check the internet connection and the free disk space, restart Slicer and press Apply again; "
        "View > Python Console shows the reason."
    ).format(packages=names)

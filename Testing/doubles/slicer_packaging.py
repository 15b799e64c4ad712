"""Stand-in for slicer.packaging, which Slicer has since 5.12."""

import importlib.metadata
from pathlib import Path

import slicer
import slicer.util
from packaging.requirements import Requirement

from . import packages


def pip_install(requirements, **_options):
    """Only written down."""
    packages.install(requirements)


def _listed(requirements):
    listed = requirements.split() if isinstance(requirements, str) else requirements
    return [Requirement(str(one)) for one in (listed if isinstance(listed, list) else [listed])]


def _satisfied(requirement):
    if requirement.marker is not None and not requirement.marker.evaluate():
        return True
    try:
        return importlib.metadata.version(requirement.name) in requirement.specifier
    except importlib.metadata.PackageNotFoundError:
        return False


def pip_check(req):
    """Whether all requirements are satisfied."""
    return all(map(_satisfied, _listed(req)))


def pip_ensure(
    requirements,
    constraints=None,
    skip_packages=None,
    prompt_install=True,
    prompt_restart=True,
    requester=None,
    skip_in_testing=True,
    show_progress=True,
):
    """Install what is missing after asking; RuntimeError when the user declines."""
    missing = [one for one in _listed(requirements) if not _satisfied(one)]
    if not missing or (skip_in_testing and slicer.app.testingEnabled()):
        return None
    if prompt_install and not slicer.util.confirmOkCancelDisplay(
        f"{len(missing)} Python packages need to be installed.",
        f"{requester} - Install Python Packages",
        detailedText="\n".join(map(str, missing)),
    ):
        raise RuntimeError("User declined package installation")
    return pip_install([str(one) for one in missing])


def load_requirements(path):
    """The requirements in a requirements.txt."""
    stripped = map(str.strip, Path(path).read_text(encoding="utf-8").splitlines())
    return [Requirement(line) for line in stripped if line and line[0] not in "#-"]

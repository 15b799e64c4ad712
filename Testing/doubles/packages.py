"""No test installs anything: what pip is asked for is written down, and what is installed can be pretended.

`versions` says for a distribution which version is there, None for missing; of all others the truth is told. `asked` lists the requirements
that pip, or PyTorchUtils, was asked to install; what was asked for is there afterwards, unless `failing` is true.
"""

import importlib
import importlib.metadata
import importlib.util
import sys
from subprocess import CalledProcessError

import slicer
import slicer.util
from packaging.requirements import Requirement

versions = {}
asked = []
failing = False

_true_version = importlib.metadata.version


def forget():
    """Back to the truth, and to a pip that nobody has asked."""
    global failing
    versions.clear()
    asked.clear()
    failing = False


def install(requirements):
    """Write down what is wanted, and pretend that it is there from now on."""
    wanted = requirements.split() if isinstance(requirements, str) else list(requirements)
    asked.extend(wanted)
    if failing:
        raise CalledProcessError(1, ["pip", "install", *wanted])
    for one in wanted:
        if one[0].isalpha():  # an option of pip otherwise
            versions[Requirement(one).name] = "99"


def pretend(own_files):
    """Put the doubles in place; with Slicer's own Python files at hand, of which 5.10 has no packaging.py, only pip itself is replaced."""
    from . import pytorch_utils, slicer_packaging

    importlib.metadata.version = _version
    slicer.util.executePythonModule = slicer.util._executePythonModule = _never
    slicer.util.pip_install = slicer_packaging.pip_install
    sys.modules["PyTorchUtils"] = pytorch_utils
    if not own_files:
        sys.modules["slicer.packaging"] = slicer.packaging = slicer_packaging
    elif importlib.util.find_spec("slicer.packaging"):
        importlib.import_module("slicer.packaging").pip_install = slicer_packaging.pip_install


def _version(name):
    if name not in versions:
        return _true_version(name)
    if versions[name] is None:
        raise importlib.metadata.PackageNotFoundError(name)
    return versions[name]


def _never(*_arguments, **_options):
    raise AssertionError("a test would have run a Python module, as pip does")

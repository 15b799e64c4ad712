"""What the panel installs before a first run: asked once, torch through the PyTorch extension, nothing of Slicer's own replaced."""

import importlib.metadata
import re
import subprocess
import sys
import types
from pathlib import Path

import pytest
import slicer
import slicer.util

from MRIAnomalyLib.errors import Cancelled, MRIAnomalyError
from MRIAnomalyLib.gui import install

MODULE = Path(__file__).resolve().parents[2] / "MRIAnomaly" / "MRIAnomaly.py"
SHIPPED = {"numpy": "2.0.2", "scipy": "1.13.1", "SimpleITK": "2.4.0", "pydicom": "2.4.4", "pillow": "11.2.1", "pip": "25.1"}
COMPLETE = {"torch": "2.13.0+cu130", "safetensors": "0.8.0", "deepbet": "1.0.2"}

# as in PyTorchUtils.py of the extension: the same name, arguments and defaults
EXTENSION = """
class PyTorchUtilsLogic:
    calls = []

    def installTorch(
        self, askConfirmation=False, forceComputationBackend=None, torchVersionRequirement=None, torchvisionVersionRequirement=None
    ):
        self.calls.append((askConfirmation, torchVersionRequirement))
        installed["torch"] = "2.13.0+cpu"
"""


class Computer:
    """A Slicer with these packages: what is asked, what is installed, in which order."""

    def __init__(self, installed):
        self.installed = installed
        self.accepts = True
        self.questions = []
        self.steps = []  # "torch >=2.6", then what pip was asked for
        self.kept = []  # lines of the constraints that pip was given

    def version(self, name):
        if name not in self.installed:
            raise importlib.metadata.PackageNotFoundError(name)
        return self.installed[name]

    def confirm(self, text, windowTitle=None):
        self.questions.append(text)
        return self.accepts

    def pip_install(self, requirements):
        """Takes what `slicer.util.pip_install` takes in 5.10: one list and nothing else."""
        packages = [part for part in requirements[: requirements.index("--constraint")] if not part.startswith("-")]
        self.kept = Path(requirements[-1]).read_text(encoding="utf-8").splitlines()
        self.steps += packages
        self.installed.update({re.split(">=", package)[0]: "99" for package in packages})

    def torch_steps(self):
        return [f"torch {floor}" for asked, floor in sys.modules["PyTorchUtils"].PyTorchUtilsLogic.calls if not asked]


@pytest.fixture
def computer(monkeypatch, tmp_path):
    made = Computer(dict(SHIPPED))
    monkeypatch.setattr(importlib.metadata, "version", made.version)
    monkeypatch.setattr(slicer.util, "modulePath", lambda name: str(MODULE))
    monkeypatch.setattr(slicer.util, "confirmOkCancelDisplay", made.confirm)
    monkeypatch.setattr(slicer.util, "pip_install", made.pip_install, raising=False)
    for name in ("torch", "safetensors", "deepbet", "PyTorchUtils"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    (tmp_path / "PyTorchUtils.py").write_text(EXTENSION, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    __import__("PyTorchUtils").installed = made.installed
    yield made
    sys.modules.pop("PyTorchUtils")


def names(needed):
    return [entry.name for entry in needed]


def test_a_slicer_that_has_everything_is_not_asked_anything(computer):
    computer.installed.update(COMPLETE)
    install.ensure(whole_head=True)
    assert computer.questions == computer.steps == computer.torch_steps() == []


@pytest.mark.parametrize("whole_head, wanted", [(False, ["torch", "safetensors"]), (True, ["torch", "safetensors", "deepbet"])])
def test_only_a_whole_head_needs_the_brain_finder(computer, whole_head, wanted):
    assert names(install.missing(whole_head)) == wanted


@pytest.mark.parametrize("version, lacks", [("2.5.1+cpu", True), ("2.6.0", False), ("2.7.0+cu126", False), ("2.14.0.dev20261101", False)])
def test_a_package_is_missing_when_it_is_older_than_the_floor(computer, version, lacks):
    computer.installed.update(COMPLETE | {"torch": version})
    assert names(install.missing(False)) == ["torch"] * lacks


def test_looking_for_a_package_does_not_import_it(computer, monkeypatch):
    computer.installed.update(COMPLETE)
    for name in COMPLETE:
        monkeypatch.setitem(sys.modules, name, None)  # an import would raise ImportError
    assert install.missing(True) == ()


def test_one_question_says_what_and_how_large(computer):
    install.ensure(whole_head=True)
    [question] = computer.questions
    assert question.endswith("?")
    for stated in ("torch (about 200 MB, for an NVIDIA graphics card up to 2.5 GB)", "safetensors (1 MB)", "deepbet (35 MB"):
        assert stated in question


def test_torch_comes_from_its_extension_before_anything_that_depends_on_it(computer, monkeypatch):
    at_pip = []
    pip = computer.pip_install
    monkeypatch.setattr(slicer.util, "pip_install", lambda requirements: (at_pip.extend(computer.torch_steps()), pip(requirements)))
    install.ensure(whole_head=True)
    assert at_pip == ["torch >=2.6"]
    assert computer.steps == ["safetensors>=0.5", "deepbet>=1.0.2"]
    assert install.missing(True) == ()


def test_pip_may_not_touch_what_slicer_ships_nor_the_torch_just_installed(computer):
    install.ensure(whole_head=True)
    assert set(computer.kept) == {f"{name}=={version}" for name, version in SHIPPED.items()} | {"torch==2.13.0+cpu"}


def test_who_has_torch_is_not_asked_for_the_extension(computer, monkeypatch):
    computer.installed["torch"] = "2.13.0"
    monkeypatch.setitem(sys.modules, "PyTorchUtils", None)  # an import raises ImportError
    install.ensure(whole_head=False)
    assert computer.steps == ["safetensors>=0.5"]


def test_declining_installs_nothing_and_says_so(computer):
    computer.accepts = False
    with pytest.raises(Cancelled, match="torch, safetensors would have to be installed first"):
        install.ensure(whole_head=False)
    assert computer.steps == computer.torch_steps() == []


def test_without_the_extension_the_user_is_told_to_get_it_before_any_question(computer, monkeypatch):
    monkeypatch.setitem(sys.modules, "PyTorchUtils", None)  # an import raises ImportError
    for attempt in (lambda: install.ensure(whole_head=False), lambda: install.install(install.missing(False))):
        with pytest.raises(MRIAnomalyError, match="extension PyTorch is missing: install it in View > Extensions Manager"):
            attempt()
    assert computer.questions == computer.steps == []


def fail(requirements):
    raise subprocess.CalledProcessError(1, "pip")


@pytest.mark.parametrize("pip", [fail, lambda requirements: None], ids=["pip fails", "pip installs nothing"])
def test_a_failure_is_one_sentence_that_says_where_the_reason_stands(computer, monkeypatch, pip):
    monkeypatch.setattr(slicer.util, "pip_install", pip)
    with pytest.raises(MRIAnomalyError, match=r"Installing torch, safetensors failed: .* View > Python Console shows the reason\."):
        install.ensure(whole_head=False)


def test_replacing_what_slicer_had_loaded_asks_for_a_restart(computer, monkeypatch):
    computer.installed.update(COMPLETE | {"torch": "2.1.0"})
    monkeypatch.setitem(sys.modules, "torch", object())
    with pytest.raises(MRIAnomalyError, match="Slicer had already loaded torch, now replaced: restart Slicer"):
        install.ensure(whole_head=True)
    assert install.missing(True) == ()


def test_a_slicer_that_tests_itself_is_left_as_it_is(computer, monkeypatch):
    app = types.SimpleNamespace(testingEnabled=lambda: True, translate=lambda context, text: text)
    monkeypatch.setattr(slicer, "app", app)
    with pytest.raises(MRIAnomalyError, match="torch, safetensors are not installed"):
        install.ensure(whole_head=False)
    assert computer.questions == computer.steps == computer.torch_steps() == []

"""The folder is a pytest run of its own, `pytest Testing/module`: slicer-core's singletons stay out of the process of all other tests.

Each test fails on complaints of VTK or Qt, on exceptions in slots and observers, and on what it leaves behind.
"""

import importlib.util
import os
import sys
from pathlib import Path

import pytest

MODULE = Path(__file__).resolve().parents[2] / "MRIAnomaly" / "MRIAnomaly.py"
collect_ignore_glob = [] if importlib.util.find_spec("slicer") and importlib.util.find_spec("PySide6") else ["test_*.py"]

if not collect_ignore_glob:
    import doubles
    from doubles import watch

    # at once, because test modules import qt and modules of the panel at their top
    doubles.install()
    watch.begin()

    from jobs import FakeJobs
    from results import make_result
    from scenes import add_scan


@pytest.fixture(autouse=True)
def nothing_goes_wrong_unseen():
    """Ends after all other fixtures of the test: what was noted meanwhile, and what is left, fails the test."""
    with watch.exceptions():
        yield
        doubles.install().processEvents()
        wrong = watch.left_behind()
        doubles.reset()
    wrong = watch.take() + wrong
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


@pytest.fixture(scope="session")
def app():
    """slicer.app as modules see it."""
    return doubles.install()


@pytest.fixture
def scene(app):
    """slicer.mrmlScene, closed before and after."""
    app.mrmlScene().Clear(False)
    yield app.mrmlScene()
    app.mrmlScene().Clear(False)


@pytest.fixture
def module(scene):
    """The module with its panel open; unloaded afterwards as at the end of Slicer."""
    loaded = doubles.load_module(MODULE)
    yield loaded
    doubles.unload_module(loaded)


@pytest.fixture
def toy_panel(scene, tmp_path):
    """A panel of a few widgets, for the tests of the doubles."""
    from toy_panel import PANEL, load

    panel = load(tmp_path, PANEL)
    panel.setMRMLScene(scene)
    panel.show()
    yield panel
    panel.delete()


@pytest.fixture
def spin_until():
    """Run the event loop until a condition holds."""
    return doubles.spin_until


@pytest.fixture
def testing_mode(app):
    """Slicer was started with --testing: questions are answered by themselves, messages are only logged."""
    doubles.set_testing(True)


@pytest.fixture
def slicer_5_10(app, monkeypatch):
    """What 5.12 has and 5.10 lacks is gone: slicer.packaging, titles of categories in Sample Data."""
    import SampleData
    import slicer

    monkeypatch.setitem(sys.modules, "slicer.packaging", None)
    monkeypatch.delattr(slicer, "packaging", raising=False)
    monkeypatch.delattr(SampleData.SampleDataLogic, "registerCustomSampleDataCategory")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session, exitstatus):
    session.config.stash[_STATUS] = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config):
    """The report is out; leave before VTK's own report about its singletons, which would hide it."""
    if collect_ignore_glob:
        return
    doubles.stop()
    config.get_terminal_writer().flush()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(config.stash.get(_STATUS, 1))


_STATUS = pytest.StashKey[int]()


@pytest.fixture
def jobs(monkeypatch, tmp_path):
    # the look for devices is a process too, and would count as one that the run left behind
    monkeypatch.setattr("MRIAnomalyLib.gui.devices.DeviceChoice.look", lambda self: None)
    return FakeJobs(monkeypatch, tmp_path)


@pytest.fixture
def scan(scene):
    return add_scan(scene, make_result((8, 30, 28)), "Scan")


@pytest.fixture
def panel(jobs, scan, module):
    """The widgets of the panel, opened with a volume in the scene."""
    return module.widget.panel.ui

"""What goes wrong out of a test's sight fails it."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent

FAULTS = {
    "vtk": ("slicer.vtkMRMLScalarVolumeNode().SetAttribute(None, 'x')", "SetAttribute"),
    "slot": ("button = qt.QPushButton(); button.connect('clicked()', lambda: 1 / 0); button.click()", "ZeroDivisionError"),
    "observer": ("scene.AddObserver('ModifiedEvent', lambda *_: 1 / 0); scene.Modified(); scene.RemoveAllObservers()", "ZeroDivisionError"),
    "timer": ("qt.QTimer.singleShot(0, lambda: 1 / 0)", "ZeroDivisionError"),
    "cursor": ("slicer.app.setOverrideCursor(qt.Qt.WaitCursor)", "override cursor"),
    "question": ("doubles.answers.append(('x', True))", "nobody asked: x"),
    "process": ("import subprocess; subprocess.Popen(['sleep', '60'])", "was still running"),
}


def test_what_goes_wrong_out_of_sight_fails_a_test(tmp_path):
    tests = "".join(f"def test_{name}(scene):\n    {code}\n\n" for name, (code, _reason) in FAULTS.items())
    fixtures = (HERE / "conftest.py").read_text(encoding="utf-8")
    (tmp_path / "conftest.py").write_text(fixtures.replace("__file__", repr(str(HERE / "conftest.py"))))
    (tmp_path / "test_faults.py").write_text(f"import doubles, qt, slicer\n\n{tests}def test_good(scene):\n    pass\n")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-o",
        f"pythonpath={HERE.parents[1]} {HERE.parent} {HERE}",
        f"--rootdir={tmp_path}",
        str(tmp_path),
    ]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 1, run.stdout + run.stderr
    assert f"{len(FAULTS) + 1} passed, {len(FAULTS)} errors" in run.stdout
    for name, (_code, reason) in FAULTS.items():
        section = run.stdout.split(f"of test_{name} ")[1].split("\n___")[0]
        assert reason in section, (name, section)

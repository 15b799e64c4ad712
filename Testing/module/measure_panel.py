"""How fast the panel is, on the doubles; five minutes of `PYTHONPATH=Testing .venv/bin/python Testing/module/measure_panel.py OUT.json`.

Measured are the opening of the module; the time from Apply to the overlay beside that of `mrianomaly detect`, in pairs; and how long the
interface is deaf while a job runs and when its results arrive: the longest times between two ticks of a timer.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import doubles
import slicer
from PySide6 import QtCore

from MRIAnomalyLib import resources
from MRIAnomalyLib.bundles.loading import hardware

ROOT = Path(__file__).resolve().parents[2]
PAIRS = 3
TICK_MS = 5
MODULE = ROOT / "MRIAnomaly" / "MRIAnomaly.py"
SAMPLE = resources.sample("brain_t1_ms_lesions.nii.gz")


class Ticks:
    """Times between the ticks of a timer, in ms."""

    def __init__(self):
        self._last, self.gaps = time.perf_counter(), []
        self._timer = QtCore.QTimer()
        self._timer.timeout.connect(self._tick)
        self._timer.start(TICK_MS)

    def _tick(self):
        now = time.perf_counter()
        self.gaps.append((now - self._last) * 1000)
        self._last = now


def load_sample():
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "sample")
    storage = slicer.vtkMRMLVolumeArchetypeStorageNode()
    storage.SetFileName(str(SAMPLE))
    storage.ReadData(node)
    node.CreateDefaultDisplayNodes()
    return node


def by_panel(panel, runner):
    """Seconds from the click to the overlay; gaps between ticks while the job ran, and the last ones, when its results came."""
    ticks, start = Ticks(), time.perf_counter()
    doubles.click(panel.ui.applyButton)
    during = 0
    while runner.running:
        during = len(ticks.gaps)
        QtCore.QCoreApplication.processEvents(QtCore.QEventLoop.WaitForMoreEvents)  # idle between events, as Slicer is
    seconds = time.perf_counter() - start
    doubles.spin_until(lambda: len(ticks.gaps) > during + 1)
    assert runner.outcome.code == 0, runner.outcome.sentence
    return seconds, ticks.gaps[1:during], ticks.gaps[during:]


def by_command():
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        command = [sys.executable, "-m", "MRIAnomalyLib", "detect", str(SAMPLE), "--out", f"{folder}/out", "--progress", "none"]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        return time.perf_counter() - start


def main(out):
    doubles.install()
    before, start = set(sys.modules), time.perf_counter()
    module = doubles.load_module(MODULE)
    opening = time.perf_counter() - start
    heavy = sorted({"torch", "scipy", "SimpleITK", "nibabel", "matplotlib", "safetensors"} & (set(sys.modules) - before))
    panel, runner = module.widget.panel, module.widget.logic.runner
    panel.ui.inputSelector.setCurrentNode(load_sample())
    runs = [(by_command(), by_panel(panel, runner)) for _ in range(PAIRS)]
    during = sorted(gap for _, (_, gaps, _) in runs for gap in gaps)
    arrival = [max(gaps) for _, (_, _, gaps) in runs]
    command, apply = (statistics.median(times) for times in zip(*((one, two[0]) for one, two in runs), strict=True))
    facts = {
        "opening_seconds": round(opening, 3),
        "heavy_imports_at_opening": heavy,
        "pairs": PAIRS,
        "command_seconds": round(command, 1),
        "apply_to_overlay_seconds": round(apply, 1),
        "ratio": round(statistics.median(two[0] / one for one, two in runs), 2),
        "gap_ms_99_percent": round(during[int(0.99 * len(during))], 1),
        "gap_ms_longest_while_computing": round(during[-1], 1),
        "gap_ms_when_results_arrive": round(statistics.median(arrival), 1),
        "hardware": hardware("cpu"),
        "seen_on": "Qt and MRML without the Slicer application (Testing/doubles), no display",
    }
    Path(out).write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(facts, indent=1))
    doubles.unload_module(module)
    doubles.stop()
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])

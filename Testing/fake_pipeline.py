"""A detector that answers at once, for tests of the command line: `python fake_pipeline.py ARGUMENTS` is `mrianomaly` with it.

FAKE in the environment chooses how it goes: slow (hangs while writing), wrong (a bug), alien (not comparable), unread (bad input),
noisy (prints), stopped (as by Ctrl-C), killed (from outside), waits (until the file FAKE_GO exists), stuck (for a minute, and does
not even react to being cancelled).
With `--maps npy`, as the module asks for, it writes a whole answer on the grid of the input.
"""

import dataclasses
import os
import signal
import sys
import time
import types
import warnings
from pathlib import Path

from MRIAnomalyLib.errors import InputError, NotComparableError
from MRIAnomalyLib.files.atomic import whole_folder
from MRIAnomalyLib.records import Progress


class FakeResult:
    verdict = "Nothing stands out."
    warnings = ("The scanner is another one.",)
    model = types.SimpleNamespace(name="brain-t1-fake")

    def __init__(self, volume):
        self._volume = volume

    def save(self, folder, only=(), overwrite=False, maps="nifti"):
        if maps == "npy":
            return result_for(self._volume).save(folder, only, overwrite, maps)
        with whole_folder(Path(folder), overwrite) as temporary:
            (temporary / "result.json").write_text("{}")
            if os.environ.get("FAKE") == "slow":
                time.sleep(60)
        return Path(folder)


def result_for(volume):
    """The answer of `make_result` in the voxels of this volume, wherever it lies."""
    import numpy as np
    from results import make_result

    from MRIAnomalyLib.prepare.geometry import apply_affine

    made = make_result(volume.shape)
    move = volume.affine @ np.linalg.inv(made.volume.affine)

    def moved(place):
        return tuple(map(float, apply_affine(move, np.array(place))))

    maps = ("heatmap", "healthy", "residual", "scored", "finding_labels")
    return dataclasses.replace(
        made,
        volume=volume,
        **{name: volume.like(getattr(made, name).array) for name in maps},
        findings=tuple(dataclasses.replace(one, centroid_ras_mm=moved(one.centroid_ras_mm)) for one in made.findings),
        slices=tuple(dataclasses.replace(one, center_ras_mm=moved(one.center_ras_mm)) for one in made.slices),
        warnings=FakeResult.warnings,
    )


def detect(volume, progress=None, scene_writer=None, **how):
    mode = os.environ.get("FAKE")
    if mode == "wrong":
        raise ZeroDivisionError("a bug that nobody thought of")
    if mode == "alien":
        raise NotComparableError("This is a knee,\nand the model knows brains.")
    if mode == "unread":
        raise InputError("This is no scan: choose another one.")
    if mode == "stopped":
        raise KeyboardInterrupt
    if mode == "noisy":
        print("a library says hello")
        os.write(2, b"a C++ library says hello\n")
        warnings.warn("a library is worried", stacklevel=1)
    if mode == "stuck":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    progress(Progress("reconstruct", 1, 2, 0.25, 0.26))
    if mode == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if mode == "stuck":
        time.sleep(60)
    while mode == "waits" and not Path(os.environ["FAKE_GO"]).exists():
        time.sleep(0.01)
    progress(Progress("reconstruct", 2, 2, 0.5))
    return FakeResult(volume)


def install(modules):
    """Put the fake where `MRIAnomalyLib.pipeline` is looked for."""
    modules["MRIAnomalyLib.pipeline"] = types.ModuleType("MRIAnomalyLib.pipeline")
    modules["MRIAnomalyLib.pipeline"].detect = detect


if __name__ == "__main__":
    from MRIAnomalyLib.__main__ import main

    install(sys.modules)
    sys.exit(main())

"""A detector that answers at once, for tests of the command line: `python fake_pipeline.py ARGUMENTS` is `mrianomaly` with it.

FAKE in the environment chooses how it goes: slow (hangs while writing), wrong (a bug), alien (not comparable), noisy (prints).
"""

import os
import sys
import time
import types
import warnings
from pathlib import Path

from MRIAnomalyLib.errors import NotComparableError
from MRIAnomalyLib.files.atomic import whole_folder
from MRIAnomalyLib.records import Progress


class FakeResult:
    verdict = "Nothing stands out."
    warnings = ("The scanner is another one.",)

    def save(self, folder, only=(), overwrite=False, maps="nifti"):
        with whole_folder(Path(folder), overwrite) as temporary:
            (temporary / "result.json").write_text("{}")
            if os.environ.get("FAKE") == "slow":
                time.sleep(60)
        return Path(folder)


def detect(volume, progress=None, scene_writer=None, **how):
    mode = os.environ.get("FAKE")
    if mode == "wrong":
        raise ZeroDivisionError("a bug that nobody thought of")
    if mode == "alien":
        raise NotComparableError("This is a knee,\nand the model knows brains.")
    if mode == "noisy":
        print("a library says hello")
        os.write(2, b"a C++ library says hello\n")
        warnings.warn("a library is worried", stacklevel=1)
    progress(Progress("reconstruct", 1, 2, 0.25, 0.26))
    progress(Progress("reconstruct", 2, 2, 0.5))
    return FakeResult()


def install(modules):
    """Put the fake where `MRIAnomalyLib.pipeline` is looked for."""
    modules["MRIAnomalyLib.pipeline"] = types.ModuleType("MRIAnomalyLib.pipeline")
    modules["MRIAnomalyLib.pipeline"].detect = detect


if __name__ == "__main__":
    from MRIAnomalyLib.__main__ import main

    install(sys.modules)
    sys.exit(main())

"""Enough of Slicer's Python side (qt, ctk, slicer.*) to drive a scripted module without Slicer.

Real are the MRML scene, nodes and logics (slicer-core), `slicer.util` (slicer-core ships Slicer's own file), Qt (PySide6, offscreen) and
the module's .ui file. Doubles are PythonQt's way to call Qt, the widgets of MRML and CTK, slicer.app, and the base classes of scripted
modules; the last are Slicer's own files too when SLICER_BASE_PYTHON names the folder Base/Python of a Slicer source tree.

A double has only names that Slicer has and refuses all others; `check_names.py` compares them with Slicer's headers. So a test that passes
here says that a module uses Slicer's names coherently; that it works in Slicer, only Slicer can say.
"""

from .dialogs import answers, messages, opened
from .hands import choose, click, click_point, click_row, press, spin_until
from .pythonqt import unwrap
from .start import install, load_module, reset, set_testing, stop, unload_module

__all__ = [
    "answers",
    "choose",
    "click",
    "click_point",
    "click_row",
    "install",
    "load_module",
    "messages",
    "opened",
    "press",
    "reset",
    "set_testing",
    "spin_until",
    "stop",
    "unload_module",
    "unwrap",
]

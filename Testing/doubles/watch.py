"""What goes wrong out of a test's sight: complaints of VTK and Qt, exceptions in slots and observers, things left behind."""

import contextlib
import re
import sys
import traceback

import vtk
from PySide6 import QtCore, QtWidgets

from . import dialogs, processes

# what the doubles themselves cause: no screen, and no resource files of the application
HARMLESS = (r"does not support propagateSizeHints",)

_noted = []


def begin():
    """Listen, for the rest of the process."""
    processes.mark()
    window = vtk.vtkOutputWindow.GetInstance()
    for event in ("ErrorEvent", "WarningEvent"):
        window.AddObserver(event, _vtk_complains)
    QtCore.qInstallMessageHandler(_qt_complains)


@contextlib.contextmanager
def exceptions():
    """Note exceptions that Qt and VTK swallow; pytest has hooks of its own outside."""
    hooks = sys.excepthook, sys.unraisablehook
    sys.excepthook = _exception
    sys.unraisablehook = lambda raised: _exception(type(raised.exc_value), raised.exc_value, raised.exc_traceback)
    try:
        yield
    finally:
        sys.excepthook, sys.unraisablehook = hooks


def note(text):
    if not any(re.search(pattern, text) for pattern in HARMLESS):
        _noted.append(text)


def take():
    """Everything noted since the last time."""
    taken = list(_noted)
    _noted.clear()
    return taken


@vtk.calldata_type(vtk.VTK_STRING)
def _vtk_complains(_window, event, text):
    note(f"VTK {event}: {text.strip()}")


def _qt_complains(kind, _context, text):
    if kind in (QtCore.QtMsgType.QtWarningMsg, QtCore.QtMsgType.QtCriticalMsg, QtCore.QtMsgType.QtFatalMsg):
        note(f"Qt: {text}")


def _exception(kind, error, trace):
    note("exception out of a slot or an observer:\n" + "".join(traceback.format_exception(kind, error, trace)))


def left_behind():
    """What a test must not leave: questions without answers, answers without questions, a busy cursor, a process. All of it is cleared."""
    left = [f"nobody answered: {text}" for text in dialogs.unanswered]
    left += [f"nobody asked: {text}" for text, _answer in dialogs.answers]
    if QtWidgets.QApplication.overrideCursor() is not None:
        left.append("the override cursor is still set")
    while QtWidgets.QApplication.overrideCursor() is not None:
        QtWidgets.QApplication.restoreOverrideCursor()
    left += [f"process {number} was still running" for number in processes.end_leftovers()]
    dialogs.unanswered.clear()
    dialogs.answers.clear()
    return left

"""Nobody sits at the screen: what a dialog would ask is answered from a list, and what it would tell is written down.

`answers` takes, in order, (text that the dialog must contain, answer). The answer is True or False for a question, a path or "" for a
file dialog. A question without an answer raises, and also fails the test through `unanswered`. Boxes with one button only tell: they are
in `messages` and need no answer.
"""

from PySide6 import QtWidgets
from PySide6.QtCore import Property

answers = []
messages = []
unanswered = []
opened = []  # what was handed to the desktop: pages and folders

_BUTTONS = [
    QtWidgets.QMessageBox.StandardButton[name] for name in ("Ok", "Open", "Yes", "Retry", "Save", "Cancel", "Close", "No", "Discard")
]
_YES = (
    QtWidgets.QMessageBox.Yes,
    QtWidgets.QMessageBox.Ok,
    QtWidgets.QMessageBox.Retry,
    QtWidgets.QMessageBox.Open,
    QtWidgets.QMessageBox.Save,
)


class Unanswered(AssertionError):
    """A dialog came that the test did not expect."""


def answer(text):
    """What the test wants said to this text."""
    if answers and answers[0][0] in text:
        return answers.pop(0)[1]
    unanswered.append(text)
    raise Unanswered(f"a dialog asked {text!r}; prepared answers: {answers}")


def run_dialog(dialog):
    """In place of `exec`: only message boxes can be answered."""
    if not isinstance(dialog, QtWidgets.QMessageBox):
        return answer(dialog.windowTitle())
    text = "\n".join(filter(None, (dialog.text(), dialog.informativeText())))
    return _press(text, list(map(dialog.standardButton, dialog.buttons())) or [QtWidgets.QMessageBox.Ok])


def _press(text, buttons):
    if len(buttons) == 1:
        messages.append(text)
        return buttons[0]
    said = answer(text)
    return next(button for button in buttons if (button in _YES) == bool(said))


def _asks(parent, title, text, buttons=QtWidgets.QMessageBox.Yes | QtWidgets.QMessageBox.No, default=None):
    return _press(text, [button for button in _BUTTONS if button in buttons])


def _tells(parent, title, text, buttons=QtWidgets.QMessageBox.Ok, default=None):
    return _asks(parent, title, text, buttons)


def _path(parent=None, caption="", folder="", *_more):
    return answer(caption)  # PythonQt gives the path alone, not a pair as PySide6 does


def _open_url(url):
    opened.append(url.toString())
    return True


STATIC = {
    "QMessageBox": {"question": _asks, "information": _tells, "warning": _tells, "critical": _tells},
    "QFileDialog": dict.fromkeys(("getOpenFileName", "getSaveFileName", "getExistingDirectory", "getOpenFileNames"), _path),
    "QDesktopServices": {"openUrl": _open_url},
}


class ctkMessageBox(QtWidgets.QMessageBox):
    """A message box that can be told not to come again."""

    def __init__(self, parent=None):
        super().__init__(parent)
        self._key = ""

    def _set_key(self, value):
        self._key = value

    dontShowAgainSettingsKey = Property(str, lambda self: self._key, _set_key)

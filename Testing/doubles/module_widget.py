"""Stand-in for qSlicerScriptedLoadableModuleWidget: the application's side of a module's panel."""

import sys

from PySide6 import QtWidgets
from PySide6.QtCore import Property

from .pythonqt import wrap


class qSlicerScriptedLoadableModuleWidget(QtWidgets.QWidget):
    """Makes the module's widget class from its Python file, also anew on reload."""

    def __init__(self, name):
        super().__init__()
        self._name, self._entered, self._python = name, False, None
        QtWidgets.QVBoxLayout(self)

    isEntered = Property(bool, lambda self: self._entered)

    def reload(self):
        import slicer

        self._python = getattr(sys.modules[self._name], f"{self._name}Widget")(wrap(self))
        setattr(slicer.modules, f"{self._name}Widget", self._python)
        self._python.setup()

    def enter(self):
        self._entered = True
        if hasattr(self._python, "enter"):
            self._python.enter()

    def exit(self):
        self._entered = False
        if hasattr(self._python, "exit"):
            self._python.exit()

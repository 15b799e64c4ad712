"""Stand-ins for the widgets of CTK and MRML that are not about nodes. Each has only names that the real one has."""

from typing import ClassVar

from PySide6 import QtCore, QtWidgets
from PySide6.QtCore import Property, Signal


def passed_on(kind, part, name):
    """A property that a part of the widget carries."""
    return Property(kind, lambda self: getattr(self, part).property(name), lambda self, value: getattr(self, part).setProperty(name, value))


class qMRMLWidget(QtWidgets.QWidget):
    """The root of a panel; its .ui file says which widgets get the scene from it."""

    _scene_changed = Signal(object)
    SIGNATURES: ClassVar = {"mrmlSceneChanged(vtkMRMLScene*)": ("_scene_changed", None)}

    def __init__(self, parent=None):
        super().__init__(parent)
        self._scene = None

    def setMRMLScene(self, scene):
        self._scene = scene
        self._scene_changed.emit(scene)

    def mrmlScene(self):
        return self._scene


class ctkSliderWidget(QtWidgets.QWidget):
    """A slider with a number beside it."""

    valueChanged = Signal(float)
    _STEPS = 1000

    def __init__(self, parent=None):
        super().__init__(parent)
        self._spin, self._slider = QtWidgets.QDoubleSpinBox(), QtWidgets.QSlider(QtCore.Qt.Horizontal)
        self._spin.setMaximum(99.0)
        self._slider.setRange(0, self._STEPS)
        self._page = 10.0
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._slider)
        layout.addWidget(self._spin)
        self._spin.valueChanged.connect(self._moved)
        self._slider.sliderMoved.connect(lambda step: self._spin.setValue(self.minimum + step / self._STEPS * self._span()))

    def _span(self):
        return self.maximum - self.minimum

    def _moved(self, value):
        self._slider.setValue(round((value - self.minimum) / self._span() * self._STEPS) if self._span() else 0)
        self.valueChanged.emit(value)

    def _set_page(self, value):
        self._page = value

    value = passed_on(float, "_spin", "value")
    minimum = passed_on(float, "_spin", "minimum")
    maximum = passed_on(float, "_spin", "maximum")
    singleStep = passed_on(float, "_spin", "singleStep")
    decimals = passed_on(int, "_spin", "decimals")
    prefix = passed_on(str, "_spin", "prefix")
    suffix = passed_on(str, "_spin", "suffix")
    pageStep = Property(float, lambda self: self._page, _set_page)

    def setValue(self, value):
        self._spin.setValue(value)

    def setMinimum(self, value):
        self._spin.setMinimum(value)

    def setMaximum(self, value):
        self._spin.setMaximum(value)

    def setRange(self, low, high):
        self._spin.setRange(low, high)


class ctkCheckablePushButton(QtWidgets.QPushButton):
    """A push button with a check box in it."""

    checkBoxToggled = Signal(bool)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._controls = self._toggles = False

    def _set_controls(self, value):
        self._controls = value

    def _set_toggles(self, value):
        self._toggles = value

    checkBoxControlsButton = Property(bool, lambda self: self._controls, _set_controls)
    checkBoxControlsButtonToggleState = Property(bool, lambda self: self._toggles, _set_toggles)


class ctkPathLineEdit(QtWidgets.QWidget):
    """A line for a path with a button to browse."""

    currentPathChanged = Signal(str)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._line, self._browse = QtWidgets.QLineEdit(), QtWidgets.QToolButton()
        self._browse.setText("...")
        self._key, self._filters = "", []
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._line)
        layout.addWidget(self._browse)
        self._line.textChanged.connect(self.currentPathChanged)

    def _set_key(self, value):
        self._key = value

    def _set_filters(self, value):
        self._filters = value

    currentPath = passed_on(str, "_line", "text")
    settingKey = Property(str, lambda self: self._key, _set_key)
    nameFilters = Property("QStringList", lambda self: self._filters, _set_filters)


class ctkDirectoryButton(QtWidgets.QWidget):
    """A button that shows a folder and lets one choose another."""

    directoryChanged = Signal(str)
    directorySelected = Signal(str)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._button = QtWidgets.QPushButton(".")
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._button)

    def _set_directory(self, value):
        if value != self._button.text():
            self._button.setText(value)
            self.directoryChanged.emit(value)

    directory = Property(str, lambda self: self._button.text(), _set_directory)

"""Stand-in for qt.QUiLoader: reads real .ui files, and refuses widgets, properties and connections that Slicer would not have."""

import xml.etree.ElementTree as ET

from PySide6 import QtCore, QtUiTools, QtWidgets

from .pythonqt import unwrap, wrap

_SCENE_SIGNAL = "mrmlSceneChanged(vtkMRMLScene*)"


class UiLoader:
    """Loads the widgets of a .ui file; VTK types are unknown to PySide6, so the scene's connections are made here."""

    def __init__(self, stand_ins):
        self._stand_ins = stand_ins

    def load(self, file):
        root = ET.fromstring(bytes(unwrap(file).readAll().data()))
        for custom in root.iter("customwidget"):
            if custom.findtext("class") not in self._stand_ins:
                raise RuntimeError(f"the doubles have no {custom.findtext('class')}: give it one in Testing/doubles")
        scene_connections = _take_scene_connections(root)
        widget = self._load(root)
        _check_properties(root, widget)
        for sender, receiver, slot in scene_connections:
            _found(widget, sender)._scene_changed.connect(getattr(_found(widget, receiver), slot))
        return wrap(widget)

    def _load(self, root):
        loader = QtUiTools.QUiLoader()
        for stand_in in self._stand_ins.values():
            loader.registerCustomWidget(stand_in)
        buffer = QtCore.QBuffer()
        buffer.setData(ET.tostring(root))
        buffer.open(QtCore.QIODevice.ReadOnly)
        return loader.load(buffer)


def _take_scene_connections(root):
    section = root.find("connections")
    taken = [one for one in section if one.findtext("signal") == _SCENE_SIGNAL] if section is not None else []
    for one in taken:
        section.remove(one)
    return [(one.findtext("sender"), one.findtext("receiver"), one.findtext("slot").split("(")[0]) for one in taken]


def _found(widget, name):
    child = widget if widget.objectName() == name else widget.findChild(QtWidgets.QWidget, name)
    if child is None:
        raise RuntimeError(f"the .ui file connects a widget that it does not have: {name}")
    return child


def _check_properties(root, widget):
    """Designer writes stdset="0" for a property that the class need not have; all others must exist."""
    for element in root.iter("widget"):
        meta = _found(widget, element.get("name")).metaObject()
        for prop in element.findall("property"):
            if prop.get("stdset") != "0" and meta.indexOfProperty(prop.get("name")) < 0:
                raise RuntimeError(f"{element.get('class')} {element.get('name')} has no property {prop.get('name')!r}")

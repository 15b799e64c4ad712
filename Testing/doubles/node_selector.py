"""Stand-in for qMRMLNodeComboBox: the nodes of a scene that fit, kept up to date."""

from typing import ClassVar

from PySide6 import QtWidgets
from PySide6.QtCore import Property, Signal

from .observers import Observers


def _setting(name, kind):
    def put(self, value):
        self._settings[name] = value
        self._refill()

    return Property(kind, lambda self: self._settings[name], put)


class qMRMLNodeComboBox(QtWidgets.QWidget):
    """Disabled without a scene; without `noneEnabled` it picks the first node that fits."""

    _node_changed = Signal(object)
    _node_added = Signal(object)
    _node_activated = Signal(object)
    currentNodeIDChanged = Signal(str)
    SIGNATURES: ClassVar = {
        "currentNodeChanged(vtkMRMLNode*)": ("_node_changed", None),
        "currentNodeChanged(bool)": ("_node_changed", lambda node: node is not None),
        "nodeAdded(vtkMRMLNode*)": ("_node_added", None),
        "nodeActivated(vtkMRMLNode*)": ("_node_activated", None),
    }

    def __init__(self, parent=None):
        super().__init__(parent)
        self._box = QtWidgets.QComboBox()
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._box)
        self._scene = self._node = None
        self._observers = Observers(self)
        self._settings = {"nodeTypes": [], "hideChildNodeTypes": [], "baseName": "", "noneDisplay": "None"}
        self._settings |= dict.fromkeys(("addEnabled", "removeEnabled", "showChildNodeTypes", "selectNodeUponCreation"), True)
        self._settings |= dict.fromkeys(("noneEnabled", "editEnabled", "renameEnabled", "showHidden"), False)
        self._box.activated.connect(self._chosen)
        self.setEnabled(False)

    nodeTypes = _setting("nodeTypes", "QStringList")
    hideChildNodeTypes = _setting("hideChildNodeTypes", "QStringList")
    noneEnabled = _setting("noneEnabled", bool)
    addEnabled = _setting("addEnabled", bool)
    removeEnabled = _setting("removeEnabled", bool)
    editEnabled = _setting("editEnabled", bool)
    renameEnabled = _setting("renameEnabled", bool)
    showChildNodeTypes = _setting("showChildNodeTypes", bool)
    showHidden = _setting("showHidden", bool)
    selectNodeUponCreation = _setting("selectNodeUponCreation", bool)
    baseName = _setting("baseName", str)
    noneDisplay = _setting("noneDisplay", str)
    currentNodeID = Property(str, lambda self: self._node.GetID() if self._node else "", lambda self, value: self.setCurrentNodeID(value))

    def setMRMLScene(self, scene):
        from slicer import vtkMRMLScene

        self._observers.clear()
        self._scene = scene
        if scene is not None:
            events = (vtkMRMLScene.NodeAddedEvent, vtkMRMLScene.NodeRemovedEvent, vtkMRMLScene.EndCloseEvent, vtkMRMLScene.EndImportEvent)
            self._observers.add(scene, events, qMRMLNodeComboBox._refill)
        self.setEnabled(scene is not None)
        self._refill()

    def mrmlScene(self):
        return self._scene

    def _matching(self):
        found = []
        for kind in self._settings["nodeTypes"] if self._scene else []:
            of_kind = (self._scene.GetNthNodeByClass(n, kind) for n in range(self._scene.GetNumberOfNodesByClass(kind)))
            found += [node for node in of_kind if self._fits(node, kind) and node not in found]
        return found

    def _fits(self, node, kind):
        if node.GetHideFromEditors() and not self._settings["showHidden"]:
            return False
        if node.GetClassName() != kind and not self._settings["showChildNodeTypes"]:
            return False
        return not any(node.IsA(hidden) for hidden in self._settings["hideChildNodeTypes"])

    def _refill(self):
        nodes = self._matching()
        self._box.clear()
        if self._settings["noneEnabled"]:
            self._box.addItem(self._settings["noneDisplay"], None)
        for node in nodes:
            self._box.addItem(node.GetName(), node.GetID())
        if self._node not in nodes:
            self.setCurrentNode(nodes[0] if nodes and not self._settings["noneEnabled"] else None)
        self._show()

    def _show(self):
        self._box.setCurrentIndex(self._box.findData(self._node.GetID() if self._node else None))

    def _chosen(self, row):
        node = self._scene.GetNodeByID(self._box.itemData(row) or "")
        self.setCurrentNode(node)
        self._node_activated.emit(node)

    def currentNode(self):
        return self._node

    def setCurrentNode(self, node):
        if isinstance(node, str):
            node = self._scene.GetNodeByID(node) if self._scene else None
        if node is self._node or (node is not None and node not in self._matching()):
            return
        self._node = node
        self._show()
        self._node_changed.emit(node)
        self.currentNodeIDChanged.emit(node.GetID() if node else "")

    def setCurrentNodeID(self, node_id):
        self.setCurrentNode(self._scene.GetNodeByID(node_id) if self._scene and node_id else None)

    def setCurrentNodeIndex(self, index):
        self.setCurrentNode(self.nodeFromIndex(index))

    def nodeFromIndex(self, index):
        nodes = self._matching()
        return nodes[index] if 0 <= index < len(nodes) else None

    def nodeCount(self):
        return len(self._matching())

    def addNode(self, kind=None):
        name = self._scene.GenerateUniqueName(self._settings["baseName"] or "Node")
        node = self._scene.AddNewNodeByClass(kind or self._settings["nodeTypes"][0], name)
        if self._settings["selectNodeUponCreation"]:
            self.setCurrentNode(node)
        self._node_added.emit(node)
        return node

    def removeCurrentNode(self):
        self._scene.RemoveNode(self._node)

"""Nodes that belong to an input volume: named after it, found again through a reference, removed together."""

from __future__ import annotations

import math
from typing import Any

import slicer
import vtk

from ..outputs.tables import Table

REFERENCE = "MRIAnomaly.input"

_ARRAYS = {int: vtk.vtkIntArray, float: vtk.vtkDoubleArray, bool: vtk.vtkBitArray, str: vtk.vtkStringArray}
_EMPTY = {int: 0, float: math.nan, bool: False, str: ""}


def add_output(scene: Any, input_node: Any, kind: str, what: str) -> Any:
    """A new node of this class called after the input, with a reference to it that survives renaming, saving and loading."""
    node = scene.AddNewNodeByClass(kind, f"{input_node.GetName()} {what}")
    node.SetNodeReferenceID(REFERENCE, input_node.GetID())
    return node


def remove_outputs(scene: Any, input_node: Any) -> None:
    """Remove every node that `add_output` made for this input, with what they display and store."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    nodes = [scene.GetNthNode(n) for n in range(scene.GetNumberOfNodes())]
    for node in [node for node in nodes if node.GetNodeReferenceID(REFERENCE) == input_node.GetID()]:
        helpers = [getter(n) for count, getter in _helpers(node) for n in range(count)]
        for helper in [helper for helper in helpers if helper]:
            scene.RemoveNode(helper)
        item = hierarchy.GetItemByDataNode(node)
        if item != hierarchy.GetInvalidItemID():  # slicer-core does not do it by itself
            hierarchy.RemoveItem(item, False, False)
        scene.RemoveNode(node)


def _helpers(node: Any) -> list[tuple[int, Any]]:
    counts = []
    if node.IsA("vtkMRMLDisplayableNode"):
        # in a list first: removing one shifts the others
        counts.append((node.GetNumberOfDisplayNodes(), node.GetNthDisplayNode))
    if node.IsA("vtkMRMLStorableNode"):
        counts.append((node.GetNumberOfStorageNodes(), node.GetNthStorageNode))
    return counts


def add_table(scene: Any, input_node: Any, what: str, table: Table) -> Any:
    """A locked table with typed columns, their units and their meaning."""
    node = add_output(scene, input_node, "vtkMRMLTableNode", what)
    for n, column in enumerate(table.columns):
        array = _ARRAYS[column.kind]()
        array.SetName(column.name)
        for row in table.rows:
            array.InsertNextValue(_EMPTY[column.kind] if row[n] is None else row[n])
        node.AddColumn(array)
        if column.unit:
            node.SetColumnUnitLabel(column.name, column.unit)
        node.SetColumnDescription(column.name, column.meaning)
    node.SetLocked(True)
    return node


def place_beside(scene: Any, input_node: Any, outputs: list[Any]) -> None:
    """Gather the outputs in a folder `NAME anomaly` beside the input in the subject hierarchy."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    missing = hierarchy.GetInvalidItemID()
    item = hierarchy.GetItemByDataNode(input_node)
    if item == missing:  # the application makes items by itself, slicer-core does not
        item = hierarchy.CreateItem(hierarchy.GetSceneItemID(), input_node)
    parent, name = hierarchy.GetItemParent(item), f"{input_node.GetName()} anomaly"
    folder = hierarchy.GetItemChildWithName(parent, name)
    if folder == missing:
        folder = hierarchy.CreateFolderItem(parent, name)
    for node in outputs:
        own = hierarchy.GetItemByDataNode(node)
        if own == missing:
            hierarchy.CreateItem(folder, node)
        else:
            hierarchy.SetItemParent(own, folder)

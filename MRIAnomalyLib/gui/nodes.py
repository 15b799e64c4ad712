"""The nodes of a result: which there are, how they are found from their input volume, how they come and go together.

Every output points to its input and says its role, so that a result is known again in a scene that was saved, reloaded or renamed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

import slicer

ROLE = "MRIAnomaly.Role"
REFERENCE = "MRIAnomaly.input"
_SELF = "MRIAnomaly.self"  # a copy made by the user points to the original: it is the user's own from then on
_FOLDER = "MRIAnomaly.Folder"


@dataclass(frozen=True)
class DetectionNodes:
    """IDs of the nodes that stand for one result; None for what was not made or is gone."""

    input: str
    heatmap: str | None = None
    healthy: str | None = None
    residual: str | None = None
    mask: str | None = None
    findings: str | None = None
    findings_table: str | None = None
    slice_scores: str | None = None
    score_plot: str | None = None
    report: str | None = None
    scored: str | None = None  # where the model could judge: hidden from the user, needed to save

    def outputs(self) -> dict[str, str]:
        """Role -> ID of everything but the input."""
        held = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "input"}
        return {role: node_id for role, node_id in held.items() if node_id}


def all_nodes(scene: Any, kind: str = "vtkMRMLNode") -> list[Any]:
    """The nodes of a class and of those derived from it, in the order of the scene."""
    return [scene.GetNthNodeByClass(n, kind) for n in range(scene.GetNumberOfNodesByClass(kind))]


def node_by_id(scene: Any, node_id: str | None) -> Any:
    """The node, or None when there is no ID or no such node: MRML itself refuses None."""
    return scene.GetNodeByID(node_id) if node_id else None


def add_output(scene: Any, input_node: Any, kind: str, what: str, hidden: bool = False) -> Any:
    """A new node of this class, called after the input; its role is `what` with underscores."""
    node = getattr(slicer, kind)()
    node.SetName(f"{input_node.GetName()} {what}")
    node.SetAttribute(ROLE, what.replace(" ", "_"))
    node.SetHideFromEditors(hidden)  # before the scene gets it: the subject hierarchy asks only once
    node = scene.AddNode(node)
    node.SetNodeReferenceID(REFERENCE, input_node.GetID())
    node.SetNodeReferenceID(_SELF, node.GetID())
    return node


def is_output(node: Any) -> bool:
    """Whether `add_output` made this node."""
    return bool(node.GetAttribute(ROLE)) and node.GetNodeReferenceID(_SELF) == node.GetID()


def outputs_of(scene: Any, input_node: Any) -> list[Any]:
    """Everything that `add_output` made for this input and that is still there."""
    return [node for node in all_nodes(scene) if is_output(node) and node.GetNodeReferenceID(REFERENCE) == input_node.GetID()]


def gather(input_node: Any, outputs: Iterable[Any]) -> DetectionNodes:
    """The IDs of outputs of one input by their roles."""
    roles = {node.GetAttribute(ROLE): node.GetID() for node in outputs}
    known = {field.name for field in fields(DetectionNodes)} - {"input"}
    return DetectionNodes(input_node.GetID(), **{role: node_id for role, node_id in roles.items() if role in known})


def remove_nodes(scene: Any, nodes: Iterable[Any]) -> None:
    """Remove nodes with what they display and store, and the folder of a result when nothing is left in it."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    missing, folders = hierarchy.GetInvalidItemID(), set()
    for node in nodes:
        for part in [*_helpers(node), node]:
            if not scene.IsNodePresent(part):  # gone together with another one
                continue
            item = hierarchy.GetItemByDataNode(part)
            if item != missing:  # slicer-core does not do it by itself
                folders.add(hierarchy.GetItemParent(item))
                hierarchy.RemoveItem(item, False, False)
            scene.RemoveNode(part)
    for folder in folders:
        if hierarchy.HasItemAttribute(folder, _FOLDER) and not hierarchy.GetNumberOfItemChildren(folder):
            hierarchy.RemoveItem(folder, False, False)


def _helpers(node: Any) -> list[Any]:
    helpers = []
    if node.IsA("vtkMRMLDisplayableNode"):
        helpers += [node.GetNthDisplayNode(n) for n in range(node.GetNumberOfDisplayNodes())]
    if node.IsA("vtkMRMLStorableNode"):
        helpers += [node.GetNthStorageNode(n) for n in range(node.GetNumberOfStorageNodes())]
    return [helper for helper in helpers if helper]


def place_beside(scene: Any, input_node: Any, outputs: Iterable[Any]) -> None:
    """Gather the outputs in a folder `NAME anomaly` beside the input in the subject hierarchy, under the same study."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    missing = hierarchy.GetInvalidItemID()
    item = hierarchy.GetItemByDataNode(input_node)
    if item == missing:  # the application makes items by itself, slicer-core does not
        item = hierarchy.CreateItem(hierarchy.GetSceneItemID(), input_node)
    parent, name = hierarchy.GetItemParent(item), f"{input_node.GetName()} anomaly"
    folder = hierarchy.GetItemChildWithName(parent, name)
    if folder == missing:
        folder = hierarchy.CreateFolderItem(parent, name)
        hierarchy.SetItemAttribute(folder, _FOLDER, "1")
    for node in outputs:
        own = hierarchy.GetItemByDataNode(node)
        if own != missing:
            hierarchy.SetItemParent(own, folder)
        elif not node.GetHideFromEditors():
            hierarchy.CreateItem(folder, node)

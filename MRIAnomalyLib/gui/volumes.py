"""The maps of a result as volume nodes on the input's own voxels, displayed as what they are."""

from __future__ import annotations

from typing import Any

import slicer
import slicer.util
import vtk

from ..outputs.heat import heat_ceiling
from ..records import Array, Result
from .colours import diverging_table, heat_table, mask_table
from .nodes import add_output
from .views import set_overlay_threshold

_SCALAR, _LABELS = "vtkMRMLScalarVolumeNode", "vtkMRMLLabelMapVolumeNode"

# value, coding scheme and meaning of what a voxel holds; all of it without a unit
_QUANTITIES = {
    "heatmap": ("neg-log10-p", "99MRIANOMALY", "-log10 p against healthy people at that place"),
    "healthy": ("110852", "DCM", "MR signal intensity"),
    "residual": ("signal-difference", "99MRIANOMALY", "MR signal intensity minus that of the healthy counterpart"),
    "mask": ("altered-share", "99MRIANOMALY", "Share of a voxel that the model takes for altered"),
}


def add_input(scene: Any, result: Result) -> Any:
    """The analysed volume itself, for a scene that does not hold it yet."""
    from ..outputs.views import grey_window

    node = scene.AddNewNodeByClass(_SCALAR, result.volume.name)
    node.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(result.volume.affine))
    slicer.util.updateVolumeFromArray(node, result.volume.array)
    node.CreateDefaultDisplayNodes()
    _set_window(node, *grey_window(result))
    return node


def add_heatmap(scene: Any, input_node: Any, result: Result) -> Any:
    """The overlay: transparent below the threshold, on a scale that is the same for every case of a model."""
    node = _add_map(scene, input_node, "heatmap", result.heatmap.array)
    display = node.GetDisplayNode()
    display.SetAndObserveColorNodeID(heat_table(scene).GetID())
    _set_window(node, 0.0, heat_ceiling(result))
    display.AutoThresholdOff()
    display.SetUpperThreshold(vtk.VTK_FLOAT_MAX)  # at the ceiling it would hide the worst voxels
    display.SetApplyThreshold(True)
    legend = slicer.vtkSlicerColorLogic.AddDefaultColorLegendDisplayNode(node)
    legend.SetLabelFormat("%.1f")
    legend.SetSize(0.08, 0.4)  # of the view; the default covers a third of it, as the text grows with the frame
    legend.SetVisibility(True)
    set_overlay_threshold(node, result.heat_threshold)
    return node


def add_healthy(scene: Any, input_node: Any, array: Array) -> Any:
    """The healthy counterpart, as dark and bright as the input is shown."""
    node = _add_map(scene, input_node, "healthy", array)
    _set_window(node, *_window(input_node))
    return node


def add_residual(scene: Any, input_node: Any, array: Array) -> Any:
    """Input minus healthy; the colours span half of the window that the input is shown with, to either side of zero."""
    node = _add_map(scene, input_node, "residual", array)
    node.GetDisplayNode().SetAndObserveColorNodeID(diverging_table(scene).GetID())
    low, high = _window(input_node)
    _set_window(node, -(high - low) / 2, (high - low) / 2)
    return node


def add_mask(scene: Any, input_node: Any, array: Array) -> Any:
    """What the detector took for altered, in [0, 1]: an overlay of its own, transparent where nothing is."""
    node = _add_map(scene, input_node, "mask", array)
    node.GetDisplayNode().SetAndObserveColorNodeID(mask_table(scene).GetID())
    _set_window(node, 0.0, 1.0)
    return node


def add_scored(scene: Any, input_node: Any, array: Array) -> Any:
    """Where the model could judge, kept out of the user's way: only saving needs it."""
    node = add_output(scene, input_node, _LABELS, "scored", hidden=True)
    fill(node, input_node, array)
    return node


def fill(node: Any, input_node: Any, array: Array) -> None:
    """Give a volume node these voxels (K, J, I), at the place of the input."""
    # the matrix of the scene's own volume: geometry does not take the way through files
    matrix = vtk.vtkMatrix4x4()
    input_node.GetIJKToRASMatrix(matrix)
    node.SetIJKToRASMatrix(matrix)
    node.SetAndObserveTransformNodeID(input_node.GetTransformNodeID())
    slicer.util.updateVolumeFromArray(node, array)


def _add_map(scene: Any, input_node: Any, what: str, array: Array) -> Any:
    node = add_output(scene, input_node, _SCALAR, what)
    node.CreateDefaultDisplayNodes()  # before there are voxels: else a window is worked out that nobody wants
    node.GetDisplayNode().AutoWindowLevelOff()
    fill(node, input_node, array)
    quantity, units = slicer.vtkCodedEntry(), slicer.vtkCodedEntry()
    quantity.SetValueSchemeMeaning(*_QUANTITIES[what])
    units.SetValueSchemeMeaning("1", "UCUM", "no units")
    node.SetVoxelValueQuantity(quantity)
    node.SetVoxelValueUnits(units)
    return node


def _window(node: Any) -> tuple[float, float]:
    if not node.GetDisplayNode():  # a volume that a script made and nobody has looked at yet
        node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    return display.GetWindowLevelMin(), display.GetWindowLevelMax()


def _set_window(node: Any, low: float, high: float) -> None:
    display = node.GetDisplayNode()
    display.AutoWindowLevelOff()
    display.SetWindowLevelMinMax(low, high)

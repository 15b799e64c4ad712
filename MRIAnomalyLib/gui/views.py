"""What the slice views show of a result: layers, position, opacity, threshold, the healthy counterpart, one finding among others."""

from __future__ import annotations

from typing import Any

import slicer

from .nodes import DetectionNodes, all_nodes, is_output, node_by_id
from .segments import show_filled
from .tables import place_mm, rows_of

_OPACITY = 0.6  # of the heatmap over the input: anatomy stays visible
_SHOWN_OPACITY = "MRIAnomaly.ShownOpacity"  # while the overlay is switched off
_FORMER = "MRIAnomaly.formerForeground"
_FORMER_OPACITY = "MRIAnomaly.FormerOpacity"


def show_results(scene: Any, nodes: DetectionNodes) -> None:
    """Input and heatmap in every slice view, at the first finding or else at the slice that scores highest.

    What somebody else had in the foreground is remembered for `restore`; an opacity that the user chose for another heatmap stays.
    """
    for layers in _layers(scene):
        foreground = node_by_id(scene, layers.GetForegroundVolumeID())
        if foreground is None or not is_output(foreground):
            layers.SetNodeReferenceID(_FORMER, layers.GetForegroundVolumeID())
            layers.SetAttribute(_FORMER_OPACITY, repr(layers.GetForegroundOpacity()))
            layers.SetForegroundOpacity(_OPACITY)
        layers.SetBackgroundVolumeID(nodes.input)
        layers.SetForegroundVolumeID(nodes.heatmap)
    here = first_place(scene, nodes)
    if here:
        jump_to(scene, node_by_id(scene, nodes.input), here)


def first_place(scene: Any, nodes: DetectionNodes) -> tuple[float, float, float] | None:
    """Where to look first, in RAS mm of the input's own space; None when nothing was scored."""
    findings = rows_of(node_by_id(scene, nodes.findings_table))
    if findings:
        return place_mm(findings[0])
    scored = [row for row in rows_of(node_by_id(scene, nodes.slice_scores)) if row["scored"]]
    return place_mm(max(scored, key=lambda row: row["score"])) if scored else None


def ras_of_slice(rows: list[dict[str, Any]], number: int) -> tuple[float, float, float] | None:
    """The middle of a slice of the model's grid in RAS mm of the input's own space, out of the rows of the slice scores."""
    return next((place_mm(row) for row in rows if row["slice"] == number), None)


def jump_to(scene: Any, input_node: Any, ras_mm: tuple[float, float, float]) -> None:
    """Move all slice views to a place in the input's own RAS space, keeping their pan and zoom."""
    world = [0.0, 0.0, 0.0]
    input_node.TransformPointToWorld(ras_mm, world)
    slicer.vtkMRMLSliceNode.JumpAllSlices(scene, *world, slicer.vtkMRMLSliceNode.OffsetJumpSlice)


def overlay_opacity(scene: Any, overlay: Any) -> float | None:
    """The opacity of a heatmap or mask in the first view that has it over the input; None when no view does."""
    return next((layers.GetForegroundOpacity() for layers in _showing(scene, overlay)), None)


def set_overlay_opacity(scene: Any, overlay: Any, opacity: float) -> None:
    """Set the opacity in [0, 1] of this heatmap or mask in the views that have it in the foreground."""
    for layers in _showing(scene, overlay):
        layers.SetForegroundOpacity(opacity)


def set_overlay_visible(scene: Any, overlay: Any, visible: bool) -> None:
    """Switch this heatmap or mask off, or on again with the opacity that it had."""
    for layers in _showing(scene, overlay):
        opacity = layers.GetForegroundOpacity()
        if visible and opacity == 0:
            layers.SetForegroundOpacity(float(layers.GetAttribute(_SHOWN_OPACITY) or _OPACITY))
        elif not visible and opacity > 0:
            layers.SetAttribute(_SHOWN_OPACITY, repr(opacity))
            layers.SetForegroundOpacity(0.0)


def set_overlay_threshold(heatmap: Any, value: float) -> None:
    """Show the heatmap from this -log10 p upwards, and say so in the legend, which has no mark for it."""
    from ..outputs.heat import LABEL

    heatmap.GetDisplayNode().SetLowerThreshold(value)
    legend = slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(heatmap)
    if legend:
        legend.SetTitleText(f"{LABEL}, shown from {value:.3g}")


def flicker(scene: Any, nodes: DetectionNodes, healthy: bool) -> None:
    """Put the healthy counterpart in place of the input, or the input back, in every view that shows either; same window and level."""
    come, go = (nodes.healthy, nodes.input) if healthy else (nodes.input, nodes.healthy)
    changing = [layers for layers in _layers(scene) if go and layers.GetBackgroundVolumeID() == go]
    if not changing or not node_by_id(scene, come):
        return
    shown, next_shown = (node_by_id(scene, node_id).GetDisplayNode() for node_id in (go, come))
    next_shown.AutoWindowLevelOff()
    next_shown.SetWindowLevelMinMax(shown.GetWindowLevelMin(), shown.GetWindowLevelMax())
    for layers in changing:
        layers.SetBackgroundVolumeID(come)


def show_mask(scene: Any, nodes: DetectionNodes, mask: bool) -> None:
    """Put the mask in place of the heatmap, or the heatmap back, in every view that shows either over the input."""
    come, go = (nodes.mask, nodes.heatmap) if mask else (nodes.heatmap, nodes.mask)
    for layers in _layers(scene):
        if come and go and layers.GetForegroundVolumeID() == go:
            layers.SetForegroundVolumeID(come)


def highlight(scene: Any, nodes: DetectionNodes, label: int | None) -> None:
    """Fill the segment of this finding, the others as outlines only; None for outlines all over."""
    findings = node_by_id(scene, nodes.findings)
    if findings:
        show_filled(findings, label)


def replace_shown(scene: Any, old: DetectionNodes, new: DetectionNodes) -> None:
    """Let the views that show parts of an old result show the same parts of a new one, and leave all else as the user set it up."""
    successors = {node_id: new.outputs().get(role) for role, node_id in old.outputs().items()}
    for layers in _layers(scene):
        if layers.GetBackgroundVolumeID() in successors:
            layers.SetBackgroundVolumeID(successors[layers.GetBackgroundVolumeID()] or new.input)
        if layers.GetForegroundVolumeID() in successors:
            layers.SetForegroundVolumeID(successors[layers.GetForegroundVolumeID()] or new.heatmap)
    for view in all_nodes(scene, "vtkMRMLPlotViewNode"):
        if view.GetPlotChartNodeID() in successors:
            view.SetPlotChartNodeID(successors[view.GetPlotChartNodeID()])
    for view in all_nodes(scene, "vtkMRMLTableViewNode"):
        if view.GetTableNodeID() in successors:
            view.SetTableNodeID(successors[view.GetTableNodeID()])


def restore(scene: Any, nodes: DetectionNodes) -> None:
    """Give slice views that show this result what they had in the foreground before it; the input stays in the background."""
    ours = set(nodes.outputs().values())
    for layers in _layers(scene):
        if layers.GetBackgroundVolumeID() in ours:
            layers.SetBackgroundVolumeID(nodes.input)
        if layers.GetForegroundVolumeID() in ours:
            former, opacity = layers.GetNodeReference(_FORMER), layers.GetAttribute(_FORMER_OPACITY)
            layers.SetForegroundVolumeID(former.GetID() if former else None)
            layers.SetForegroundOpacity(float(opacity) if opacity else layers.GetForegroundOpacity())
            layers.SetNodeReferenceID(_FORMER, None)
            layers.SetAttribute(_FORMER_OPACITY, None)


def _layers(scene: Any) -> list[Any]:
    return all_nodes(scene, "vtkMRMLSliceCompositeNode")


def _showing(scene: Any, overlay: Any) -> list[Any]:
    return [layers for layers in _layers(scene) if layers.GetForegroundVolumeID() == overlay.GetID()]


def in_background(scene: Any, volume_id: str) -> bool:
    """Whether any slice view shows this volume in the background."""
    return any(layers.GetBackgroundVolumeID() == volume_id for layers in _layers(scene))

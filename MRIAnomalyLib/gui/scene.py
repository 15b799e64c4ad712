"""A result as nodes of a MRML scene: the same code in the Slicer application and, through slicer-core, for scene.mrb."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import slicer
import slicer.util
import vtk

from ..errors import UsageError
from ..outputs.heat import LABEL, heat_ceiling
from ..outputs.tables import findings_table, record_text, slices_table
from ..outputs.views import grey_window
from ..outputs.volumes import SAME_PLACE_MM
from ..records import Array, Finding, Result
from .colours import diverging_table, heat_table
from .nodes import add_output, add_table, place_beside, remove_outputs

_OPACITY = 0.6  # of the heatmap over the input: anatomy stays visible
_EVERYTHING = float(np.finfo(np.float32).max)  # an upper threshold at the ceiling would hide the worst voxels
_OUTLINE = {"bright": (1.0, 1.0, 1.0), "dark": (0.35, 0.82, 1.0)}

# context, category, type and no modifier; region left open because models differ in anatomy
_TERMINOLOGY = (
    "Segmentation category and type - 3D Slicer General Anatomy list"
    "~SCT^49755003^Morphologically Altered Structure~SCT^52988006^Lesion~^^"
    "~Anatomic codes - DICOM master list~^^~^^"
)


@dataclass(frozen=True)
class DetectionNodes:
    """IDs of the nodes that stand for one result."""

    input: str
    heatmap: str
    healthy: str
    residual: str
    mask: str | None
    findings: str
    findings_table: str
    slice_scores: str
    score_plot: str
    report: str


def add_result(scene: Any, result: Result, input_node: Any = None) -> DetectionNodes:
    """Add the nodes of a result to a scene and show them; what an earlier result of the same input left there goes first.

    Args:
        scene: a vtkMRMLScene.
        result: what to show.
        input_node: the vtkMRMLScalarVolumeNode that was analysed; without it one is made from `result.volume`.

    Raises:
        UsageError: the input node has another grid than the result.
    """
    low, high = grey_window(result)
    if input_node is None:
        input_node = _new_input(scene, result, low, high)
    _check_grid(input_node, result)
    remove_outputs(scene, input_node)
    heatmap = _add_heatmap(scene, input_node, result)
    healthy = _add_volume(scene, input_node, "healthy", result.healthy.array)
    shown = input_node.GetDisplayNode()
    _set_window(healthy, shown.GetWindowLevelMin(), shown.GetWindowLevelMax())
    residual = _add_volume(scene, input_node, "residual", result.residual.array, diverging_table(scene))
    _set_window(residual, -(high - low) / 2, (high - low) / 2)
    mask = _add_volume(scene, input_node, "mask", result.mask.array) if result.mask else None
    findings = _add_segmentation(scene, input_node, result)
    found = add_table(scene, input_node, "findings table", findings_table(result))
    scores = add_table(scene, input_node, "slice scores", slices_table(result))
    plot, parts = _add_plot(scene, input_node, result, scores)
    report = add_output(scene, input_node, "vtkMRMLTextNode", "report")
    report.SetText(record_text(result))
    outputs = [heatmap, healthy, residual, mask, findings, found, scores, plot, *parts, report]
    place_beside(scene, input_node, [node for node in outputs if node])
    _show(scene, input_node, heatmap, result)
    return DetectionNodes(
        input=input_node.GetID(),
        heatmap=heatmap.GetID(),
        healthy=healthy.GetID(),
        residual=residual.GetID(),
        mask=mask.GetID() if mask else None,
        findings=findings.GetID(),
        findings_table=found.GetID(),
        slice_scores=scores.GetID(),
        score_plot=plot.GetID(),
        report=report.GetID(),
    )


def _new_input(scene: Any, result: Result, low: float, high: float) -> Any:
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", result.volume.name)
    node.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(result.volume.affine))
    slicer.util.updateVolumeFromArray(node, result.volume.array)
    node.CreateDefaultDisplayNodes()
    _set_window(node, low, high)
    return node


def _check_grid(input_node: Any, result: Result) -> None:
    matrix = vtk.vtkMatrix4x4()
    input_node.GetIJKToRASMatrix(matrix)
    size = input_node.GetImageData().GetDimensions() if input_node.GetImageData() else (0, 0, 0)
    # Slicer turns left-handed volumes round while loading: the same file can have another order of voxels here
    if size != result.volume.shape[::-1] or not np.allclose(
        slicer.util.arrayFromVTKMatrix(matrix), result.volume.affine, atol=SAME_PLACE_MM
    ):
        raise UsageError(f"The voxels of {input_node.GetName()} are not those of the result: choose the volume that was analysed.")


def _add_volume(scene: Any, input_node: Any, what: str, array: Array, colours: Any = None) -> Any:
    node = add_output(scene, input_node, "vtkMRMLScalarVolumeNode", what)
    _fill(node, input_node, array)
    node.CreateDefaultDisplayNodes()
    if colours:
        node.GetDisplayNode().SetAndObserveColorNodeID(colours.GetID())
    return node


def _fill(node: Any, input_node: Any, array: Array) -> None:
    # the matrix of the scene's own volume: geometry does not take the way through files
    matrix = vtk.vtkMatrix4x4()
    input_node.GetIJKToRASMatrix(matrix)
    node.SetIJKToRASMatrix(matrix)
    node.SetAndObserveTransformNodeID(input_node.GetTransformNodeID())
    slicer.util.updateVolumeFromArray(node, array)


def _set_window(node: Any, low: float, high: float) -> None:
    display = node.GetDisplayNode()
    display.AutoWindowLevelOff()
    display.SetWindowLevelMinMax(low, high)


def _add_heatmap(scene: Any, input_node: Any, result: Result) -> Any:
    node = _add_volume(scene, input_node, "heatmap", result.heatmap.array, heat_table(scene))
    _set_window(node, 0.0, heat_ceiling(result))
    display = node.GetDisplayNode()
    display.AutoThresholdOff()
    display.SetLowerThreshold(result.heat_threshold)
    display.SetUpperThreshold(_EVERYTHING)
    display.SetApplyThreshold(True)
    legend = slicer.vtkSlicerColorLogic.AddDefaultColorLegendDisplayNode(node)
    legend.SetTitleText(LABEL)
    legend.SetLabelFormat("%.1f")
    legend.SetVisibility(True)
    return node


def _add_segmentation(scene: Any, input_node: Any, result: Result) -> Any:
    node = add_output(scene, input_node, "vtkMRMLSegmentationNode", "findings")
    node.CreateDefaultDisplayNodes()
    node.SetReferenceImageGeometryParameterFromVolumeNode(input_node)
    node.SetAndObserveTransformNodeID(input_node.GetTransformNodeID())
    if result.findings:
        labels = add_output(scene, input_node, "vtkMRMLLabelMapVolumeNode", "labels")
        _fill(labels, input_node, result.finding_labels.array)
        slicer.vtkSlicerSegmentationsModuleLogic.ImportLabelmapToSegmentationNode(labels, node)
        scene.RemoveNode(labels)
    findings = {finding.label: finding for finding in result.findings}
    segmentation = node.GetSegmentation()
    for n in range(segmentation.GetNumberOfSegments()):
        segment = segmentation.GetNthSegment(n)
        _describe(segment, findings[segment.GetLabelValue()])
    display = node.GetDisplayNode()
    display.SetVisibility2DFill(False)  # the reader must still see the voxels underneath
    display.SetVisibility2DOutline(True)
    display.SetSliceIntersectionThickness(2)
    return node


def _describe(segment: Any, finding: Finding) -> None:
    segment.SetName(f"Finding {finding.label} ({finding.volume_ml:.1f} mL, {finding.side})")
    segment.SetColor(*_OUTLINE[finding.sign])
    segment.SetTag(slicer.vtkSegment.GetTerminologyEntryTagName(), _TERMINOLOGY)


def _add_plot(scene: Any, input_node: Any, result: Result, scores: Any) -> tuple[Any, list[Any]]:
    """The chart, and the nodes that it is made of."""
    chart = add_output(scene, input_node, "vtkMRMLPlotChartNode", "score plot")
    chart.SetTitle(f"{input_node.GetName()}: score of each slice")
    chart.SetXAxisTitle("slice")
    chart.SetYAxisTitle("score")
    lines = [_series(scene, input_node, "score", scores, (0.29, 0.56, 0.78))]
    # slices.csv has no column for it: the threshold is a table of its own, out of the user's way
    thresholds = add_output(scene, input_node, "vtkMRMLTableNode", "score thresholds")
    thresholds.SetHideFromEditors(True)
    stated = [s for s in result.slices if np.isfinite(s.threshold)]
    for name, values in (("slice", [s.slice for s in stated]), ("threshold", [s.threshold for s in stated])):
        column = vtk.vtkDoubleArray()
        column.SetName(name)
        for value in values:
            column.InsertNextValue(value)
        thresholds.AddColumn(column)
    if stated:
        lines.append(_series(scene, input_node, "threshold", thresholds, (1.0, 0.69, 0.0)))
        lines[-1].SetLineStyle(slicer.vtkMRMLPlotSeriesNode.LineStyleDash)
    for line in lines:
        chart.AddAndObservePlotSeriesNodeID(line.GetID())
    return chart, [*lines, thresholds]


def _series(scene: Any, input_node: Any, column: str, table: Any, colour: tuple[float, float, float]) -> Any:
    series = add_output(scene, input_node, "vtkMRMLPlotSeriesNode", column)
    series.SetPlotType(slicer.vtkMRMLPlotSeriesNode.PlotTypeScatter)  # the only type with an x column of its own
    series.SetMarkerStyle(slicer.vtkMRMLPlotSeriesNode.MarkerStyleNone)
    series.SetAndObserveTableNodeID(table.GetID())
    series.SetXColumnName("slice")
    series.SetYColumnName(column)
    series.SetColor(*colour)
    return series


def _show(scene: Any, input_node: Any, heatmap: Any, result: Result) -> None:
    """Input and heatmap in every slice view, at the first finding or else at the slice that scores highest."""
    for n in range(scene.GetNumberOfNodesByClass("vtkMRMLSliceCompositeNode")):
        composite = scene.GetNthNodeByClass(n, "vtkMRMLSliceCompositeNode")
        composite.SetBackgroundVolumeID(input_node.GetID())
        composite.SetForegroundVolumeID(heatmap.GetID())
        composite.SetForegroundOpacity(_OPACITY)
    scored = [s for s in result.slices if s.scored]
    if not result.findings and not scored:
        return
    here = result.findings[0].centroid_ras_mm if result.findings else max(scored, key=lambda s: s.score).center_ras_mm
    world = [0.0, 0.0, 0.0]
    input_node.TransformPointToWorld(here, world)
    slicer.vtkMRMLSliceNode.JumpAllSlices(scene, *world, slicer.vtkMRMLSliceNode.OffsetJumpSlice)

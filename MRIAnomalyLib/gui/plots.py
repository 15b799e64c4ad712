"""The plot of the score against the slice, with the threshold that flags it."""

from __future__ import annotations

import math
from typing import Any

import slicer
import vtk

from ..records import SliceScore
from .nodes import add_output

_PANEL_VIEW = "MRIAnomalyPanel"


def add_plot(scene: Any, input_node: Any, slices: tuple[SliceScore, ...], scores: Any) -> Any:
    """The chart; its score line reads the table node `scores`."""
    chart = add_output(scene, input_node, "vtkMRMLPlotChartNode", "score plot")
    chart.SetTitle("Score of each slice; dashed: flagged above")
    chart.SetLegendVisibility(False)  # it would hide the peak
    chart.SetXAxisTitle("slice")
    chart.SetYAxisTitle("score")
    chart.AddAndObservePlotSeriesNodeID(_add_line(scene, input_node, "score", scores, (0.29, 0.56, 0.78)).GetID())
    stated = [one for one in slices if math.isfinite(one.threshold)]
    if sum(one.scored for one in slices) == 1:  # a line of one point shows nothing
        chart.GetNthPlotSeriesNode(0).SetMarkerStyle(slicer.vtkMRMLPlotSeriesNode.MarkerStyleCircle)
    if stated:
        line = _add_line(scene, input_node, "threshold", _add_thresholds(scene, input_node, stated), (1.0, 0.69, 0.0))
        line.SetLineStyle(slicer.vtkMRMLPlotSeriesNode.LineStyleDash)
        chart.AddAndObservePlotSeriesNodeID(line.GetID())
    return chart


def _add_thresholds(scene: Any, input_node: Any, stated: list[SliceScore]) -> Any:
    # slices.csv has no column for it: the threshold is a table of its own, out of the user's way
    table = add_output(scene, input_node, "vtkMRMLTableNode", "score thresholds", hidden=True)
    for name, values in (("slice", [one.slice for one in stated]), ("threshold", [one.threshold for one in stated])):
        column = vtk.vtkDoubleArray()
        column.SetName(name)
        for value in values:
            column.InsertNextValue(value)
        table.AddColumn(column)
    return table


def _add_line(scene: Any, input_node: Any, column: str, table: Any, colour: tuple[float, float, float]) -> Any:
    series = add_output(scene, input_node, "vtkMRMLPlotSeriesNode", column)
    series.SetPlotType(slicer.vtkMRMLPlotSeriesNode.PlotTypeScatter)  # the only type with an x column of its own
    series.SetMarkerStyle(slicer.vtkMRMLPlotSeriesNode.MarkerStyleNone)
    series.SetAndObserveTableNodeID(table.GetID())
    series.SetXColumnName("slice")
    series.SetYColumnName(column)
    series.SetColor(*colour)
    return series


def panel_view(scene: Any) -> Any:
    """The view node of the panel's own plot: not part of any layout, so that no layout of the user changes."""
    node = scene.GetSingletonNode(_PANEL_VIEW, "vtkMRMLPlotViewNode")
    if not node:
        node = slicer.vtkMRMLPlotViewNode()
        node.SetSingletonTag(_PANEL_VIEW)
        node.SetLayoutName(_PANEL_VIEW)
        node.SetName(_PANEL_VIEW)
        node.SetHideFromEditors(True)
        node.SetSaveWithScene(False)
        node = scene.AddNode(node)
    return node

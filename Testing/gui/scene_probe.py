"""Run in a process of its own by test_scene.py: what a scene holds, as JSON and arrays.

python scene_probe.py read SCENE.mrb OUT | python scene_probe.py again OUT
"""

import json
import os
import sys
import tempfile
import traceback
from pathlib import Path
from types import SimpleNamespace

import numpy as np


def matrix(node):
    import slicer.util
    import vtk

    found = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(found)
    return slicer.util.arrayFromVTKMatrix(found)


def volume_facts(node):
    display = node.GetDisplayNode()
    top = [0.0] * 4
    colours = display.GetColorNode()
    facts = {
        "matrix": matrix(node).tolist(),
        "window": [display.GetWindowLevelMin(), display.GetWindowLevelMax()],
        "apply": bool(display.GetApplyThreshold()),
    }
    if colours:
        colours.GetColor(0, top)
        facts |= {"colours": colours.GetName(), "first_colour": top}
    facts |= {"lower": display.GetLowerThreshold(), "upper": display.GetUpperThreshold()}
    parent = node.GetParentTransformNode()
    return facts | {"transform": parent.GetName() if parent else None, "input": reference(node)}


def reference(node):
    found = node.GetNodeReference("MRIAnomaly.input")
    return found.GetName() if found else None


def table_facts(node):
    names = [node.GetColumnName(n) for n in range(node.GetNumberOfColumns())]
    cells = [[node.GetCellText(row, n) for n in range(len(names))] for row in range(node.GetNumberOfRows())]
    return {
        "names": names,
        "types": [node.GetTable().GetColumn(n).GetDataTypeAsString() for n in range(len(names))],
        "units": {name: node.GetColumnUnitLabel(name) for name in names},
        "cells": cells,
        "locked": bool(node.GetLocked()),
        "input": reference(node),
    }


def segment_facts(node, input_node, arrays):
    import slicer.util

    segmentation = node.GetSegmentation()
    facts = []
    for n in range(segmentation.GetNumberOfSegments()):
        segment = segmentation.GetNthSegment(n)
        arrays[f"segment{n}"] = slicer.util.arrayFromSegmentBinaryLabelmap(node, segmentation.GetNthSegmentID(n), input_node).copy()
        facts.append({"name": segment.GetName(), "terminology": segment.GetTerminology()})
    return facts


def plot_facts(chart):
    series = [chart.GetNthPlotSeriesNode(n) for n in range(chart.GetNumberOfPlotSeriesNodes())]
    return [{"table": one.GetTableNode().GetName(), "x": one.GetXColumnName(), "y": one.GetYColumnName()} for one in series]


def inventory(scene):
    return sorted(scene.GetNthNode(n).GetClassName() for n in range(scene.GetNumberOfNodes()))


def facts_of(scene, arrays):
    import slicer
    import slicer.util

    def by_class(kind):
        return [scene.GetNthNodeByClass(n, kind) for n in range(scene.GetNumberOfNodesByClass(kind))]

    volumes = {node.GetName(): node for node in by_class("vtkMRMLScalarVolumeNode") if not node.GetHideFromEditors()}
    for name, node in volumes.items():
        arrays[name] = slicer.util.arrayFromVolume(node)
    segmentation = by_class("vtkMRMLSegmentationNode")[0]
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    items = {name: hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node)) for name, node in volumes.items()}
    legend = slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(volumes["T1 heatmap"])
    view = by_class("vtkMRMLSliceNode")[0].GetSliceToRAS()
    return {
        "volumes": {name: volume_facts(node) for name, node in volumes.items()},
        "segmentation": {
            "name": segmentation.GetName(),
            "segments": segment_facts(segmentation, volumes["T1"], arrays),
            "input": reference(segmentation),
        },
        "tables": {node.GetName(): table_facts(node) for node in by_class("vtkMRMLTableNode")},
        "plots": {node.GetName(): plot_facts(node) for node in by_class("vtkMRMLPlotChartNode")},
        "scored": [int(slicer.util.arrayFromVolume(node).sum()) for node in by_class("vtkMRMLLabelMapVolumeNode")],
        "texts": {node.GetName(): node.GetText() for node in by_class("vtkMRMLTextNode")},
        "legend": [legend.GetTitleText(), bool(legend.GetVisibility())],
        "folders": {name: hierarchy.GetItemName(item) for name, item in items.items()},
        "folder_beside_input": hierarchy.GetItemParent(items["T1 heatmap"]) == items["T1"],
        "layers": [[node.GetBackgroundVolumeID(), node.GetForegroundVolumeID()] for node in by_class("vtkMRMLSliceCompositeNode")],
        "layers_wanted": [volumes["T1"].GetID(), volumes["T1 heatmap"].GetID()],
        "axial_s_mm": view.GetElement(2, 3),
    }


def read(scene, path):
    if not scene.ReadFromMRB(path, True):
        raise SystemExit(f"cannot read {path}")


def add_again(scene):
    """An input below a transform whose result is replaced; then a result of another grid is tried."""
    from results import make_result

    from MRIAnomalyLib.errors import UsageError
    from MRIAnomalyLib.gui.mrb import add_views
    from MRIAnomalyLib.gui.scene import add_result

    add_views(scene, make_result())
    first = add_result(scene, make_result())
    input_node = scene.GetNodeByID(first.input)
    transform = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "Repositioning")
    input_node.SetAndObserveTransformNodeID(transform.GetID())
    scene.AddNewNodeByClass("vtkMRMLTableNode", "someone else's table")
    add_result(scene, make_result(), input_node)
    before = inventory(scene)
    add_result(scene, make_result(), input_node)
    facts = {"nodes_before": before, "nodes": inventory(scene), "refused": ""}
    try:
        add_result(scene, make_result(oblique=False), input_node)
    except UsageError as refusal:
        facts["refused"] = str(refusal)
    return facts


def main(mode, *arguments):
    import slicer

    from MRIAnomalyLib.gui.mrb import start_core

    out = Path(arguments[-1])
    arrays = {}
    with tempfile.TemporaryDirectory() as scratch:
        scene, logics = start_core(Path(scratch))
        # slicer.util reads these two
        slicer.mrmlScene = scene
        segmentations = next(logic for logic in logics if logic.IsA("vtkSlicerSegmentationsModuleLogic"))
        slicer.modules = SimpleNamespace(segmentations=SimpleNamespace(logic=lambda: segmentations))
        facts = {}
        if mode == "read":
            read(scene, arguments[0])
        else:
            facts = add_again(scene)
        facts |= facts_of(scene, arrays)
        np.savez(out.with_suffix(".npz"), **arrays)
        out.with_suffix(".json").write_text(json.dumps(facts), encoding="utf-8")
        del logics


if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).resolve().parents[n]) for n in (1, 2)]
    code = 0
    try:
        main(*sys.argv[1:])
    except BaseException:
        traceback.print_exc()
        code = 1
    os._exit(code)

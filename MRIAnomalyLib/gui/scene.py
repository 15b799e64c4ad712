"""A result as nodes of a MRML scene: the same code in the Slicer application and, through slicer-core, for scene.mrb."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer
import slicer.util
import vtk

from .. import __version__
from ..errors import UsageError
from ..outputs.tables import findings_table, record_text, slices_table
from ..outputs.volumes import SAME_PLACE_MM
from ..records import Result
from .nodes import DetectionNodes, add_output, all_nodes, gather, node_by_id, outputs_of, place_beside, remove_nodes
from .plots import add_plot
from .segments import add_findings
from .tables import add_table
from .views import replace_shown, set_overlay_threshold, show_results
from .volumes import add_healthy, add_heatmap, add_input, add_mask, add_residual, add_scored

OPTIONAL = frozenset({"healthy", "residual", "findings", "plot"})  # heatmap, tables and report are always made

_THRESHOLD = "MRIAnomaly.Threshold"


def add_result(scene: Any, result: Result, input_node: Any = None, what: frozenset[str] = OPTIONAL) -> DetectionNodes:
    """Add the nodes of a result to a scene.

    A first result of an input is shown: see `views.show_results`. A later one takes the place of the one before, in the views too, and
    layers, position, opacity and threshold that the user chose stay. After an exception the scene is as it was.

    Args:
        scene: a vtkMRMLScene.
        result: what to show.
        input_node: the vtkMRMLScalarVolumeNode that was analysed; without it one is made from `result.volume`.
        what: which of the `OPTIONAL` nodes to make; "findings" stands for the segmentation.

    Raises:
        UsageError: the input node has another grid than the result.
    """
    before = {node.GetID() for node in all_nodes(scene)}
    try:
        input_node = input_node or add_input(scene, result)
        _check_grid(input_node, result)
        earlier = outputs_of(scene, input_node)
        _add_outputs(scene, input_node, result, what)
        outputs = [node for node in outputs_of(scene, input_node) if node.GetID() not in before]
        _stamp(outputs, result)
        place_beside(scene, input_node, outputs)
    except BaseException:
        remove_nodes(scene, [node for node in all_nodes(scene) if node.GetID() not in before])
        raise
    old, new = gather(input_node, earlier), gather(input_node, outputs)
    if earlier:
        _keep_threshold(scene, old, new)
        replace_shown(scene, old, new)
        remove_nodes(scene, earlier)
    else:
        show_results(scene, new)
    return new


def _check_grid(input_node: Any, result: Result) -> None:
    matrix = vtk.vtkMatrix4x4()
    input_node.GetIJKToRASMatrix(matrix)
    size = input_node.GetImageData().GetDimensions() if input_node.GetImageData() else (0, 0, 0)
    # Slicer turns left-handed volumes round while loading: the same file can have another order of voxels here
    if size != result.volume.shape[::-1] or not np.allclose(
        slicer.util.arrayFromVTKMatrix(matrix), result.volume.affine, atol=SAME_PLACE_MM
    ):
        raise UsageError("The volume has other voxels than the result: choose the volume that was analysed.")


def _add_outputs(scene: Any, input_node: Any, result: Result, what: frozenset[str]) -> None:
    add_heatmap(scene, input_node, result)
    if "healthy" in what:
        add_healthy(scene, input_node, result.healthy.array)
    if "residual" in what:
        add_residual(scene, input_node, result.residual.array)
    if result.mask:
        add_mask(scene, input_node, result.mask.array)
    add_scored(scene, input_node, result.scored.array)
    if "findings" in what:
        add_findings(scene, input_node, result)
    add_table(scene, input_node, "findings table", findings_table(result))
    scores = add_table(scene, input_node, "slice scores", slices_table(result))
    if "plot" in what:
        add_plot(scene, input_node, result.slices, scores)
    add_output(scene, input_node, "vtkMRMLTextNode", "report").SetText(record_text(result))


def _stamp(outputs: list[Any], result: Result) -> None:
    """Write on every node where it comes from: what is saved or copied by itself still tells."""
    facts = {
        "MRIAnomaly.Version": __version__,
        "MRIAnomaly.Model": result.model.name,
        "MRIAnomaly.ModelSHA256": result.model.sha256,
        "MRIAnomaly.Seed": str(result.seed),
        _THRESHOLD: repr(float(result.heat_threshold)),
    }
    for node in outputs:
        for name, value in facts.items():
            node.SetAttribute(name, value)


def _keep_threshold(scene: Any, old: DetectionNodes, new: DetectionNodes) -> None:
    """Carry over a threshold that the user moved; one that only the old model stated goes with it."""
    before = node_by_id(scene, old.heatmap)
    if before and before.GetDisplayNode():
        value = before.GetDisplayNode().GetLowerThreshold()
        # files keep fewer digits than the attribute
        if not np.isclose(value, float(before.GetAttribute(_THRESHOLD)), rtol=1e-4):
            set_overlay_threshold(node_by_id(scene, new.heatmap), value)

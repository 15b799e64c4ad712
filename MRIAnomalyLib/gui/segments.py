"""Findings as the segments of a segmentation node, and back to a label map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import slicer
import vtk
import vtk.util.numpy_support

from .nodes import add_output

if TYPE_CHECKING:
    from ..records import Array, Finding, Result

_LABEL = "MRIAnomaly.Finding"  # tag of a segment: its row in the findings table, whatever the user calls or reorders
_OUTLINE = {"bright": (1.0, 1.0, 1.0), "dark": (0.35, 0.82, 1.0)}  # neither is a colour of the heatmap

# context, category, type and no modifier; region left open because models differ in anatomy
_TERMINOLOGY = (
    "Segmentation category and type - 3D Slicer General Anatomy list"
    "~SCT^49755003^Morphologically Altered Structure~SCT^52988006^Lesion~^^"
    "~Anatomic codes - DICOM master list~^^~^^"
)


def add_findings(scene: Any, input_node: Any, result: Result) -> Any:
    """A segmentation with one segment a finding, shown as outlines under the input's own transform."""
    node = add_output(scene, input_node, "vtkMRMLSegmentationNode", "findings")
    node.CreateDefaultDisplayNodes()
    node.SetReferenceImageGeometryParameterFromVolumeNode(input_node)
    if result.findings:
        labels = _image(result.finding_labels.array, input_node)
        slicer.vtkSlicerSegmentationsModuleLogic.ImportLabelmapToSegmentationNode(labels, node)
    # after the import, which would resample even between equal transforms
    node.SetAndObserveTransformNodeID(input_node.GetTransformNodeID())
    findings = {finding.label: finding for finding in result.findings}
    segmentation, display = node.GetSegmentation(), node.GetDisplayNode()
    for n in range(segmentation.GetNumberOfSegments()):
        segment = segmentation.GetNthSegment(n)
        _describe(segment, findings[segment.GetLabelValue()])
    show_filled(node, None)
    display.SetVisibility2DOutline(True)
    display.SetSliceIntersectionThickness(2)
    return node


def _describe(segment: Any, finding: Finding) -> None:
    segment.SetName(f"Finding {finding.label} ({finding.volume_ml:.1f} mL, {finding.side})")
    segment.SetColor(*_OUTLINE[finding.sign])
    segment.SetTag(slicer.vtkSegment.GetTerminologyEntryTagName(), _TERMINOLOGY)
    segment.SetTag(_LABEL, str(finding.label))


def segment_ids(node: Any) -> dict[int, str]:
    """Label of a finding -> ID of its segment, for those that the user left there."""
    segmentation, found = node.GetSegmentation(), {}
    for n in range(segmentation.GetNumberOfSegments()):
        label = vtk.reference("")
        if segmentation.GetNthSegment(n).GetTag(_LABEL, label):
            found[int(label.get())] = segmentation.GetNthSegmentID(n)
    return found


def show_filled(node: Any, label: int | None) -> None:
    """Fill the segment of this finding lightly and leave the others as outlines: the voxels underneath must be seen."""
    display = node.GetDisplayNode()
    for own, segment_id in segment_ids(node).items():
        display.SetSegmentVisibility2DFill(segment_id, own == label)
        display.SetSegmentOpacity2DFill(segment_id, 0.35)


def label_map(node: Any, input_node: Any) -> Array:
    """The segments as they are now, edited or not: (K, J, I) uint16 on the input's voxels, with the labels of the findings table."""
    import numpy as np

    size = input_node.GetImageData().GetDimensions()
    labels = np.zeros(size[::-1], np.uint16)
    grid = _image(labels, input_node)
    for label, segment_id in segment_ids(node).items():
        stored, voxels = slicer.vtkOrientedImageData(), slicer.vtkOrientedImageData()
        node.GetBinaryLabelmapRepresentation(segment_id, stored)
        slicer.vtkOrientedImageDataResample.ResampleOrientedImageToReferenceOrientedImage(stored, grid, voxels)
        inside = vtk.util.numpy_support.vtk_to_numpy(voxels.GetPointData().GetScalars()).reshape(labels.shape)
        labels[inside > 0] = label
    return labels


def _image(array: Array, input_node: Any) -> Any:
    image, matrix = slicer.vtkOrientedImageData(), vtk.vtkMatrix4x4()
    image.SetDimensions(array.shape[::-1])
    image.GetPointData().SetScalars(vtk.util.numpy_support.numpy_to_vtk(array.ravel(), deep=True))
    input_node.GetIJKToRASMatrix(matrix)
    image.SetGeometryFromImageToWorldMatrix(matrix)
    return image

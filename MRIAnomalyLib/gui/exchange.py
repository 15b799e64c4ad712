"""What goes to the job and what comes back: bare arrays in files with neutral names. Geometry comes from the scene alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import slicer
import slicer.util
import vtk
from slicer.i18n import tr as _

from ..errors import UsageError

if TYPE_CHECKING:
    from ..records import Result, Volume

INPUT, RESULT = "input.npz", "result"


def volume_of(node: Any) -> Volume:
    """The voxels (K, J, I) of a volume node with the node's own affine (voxel i, j, k -> RAS mm, without parent transforms).

    Raises:
        UsageError: the node has no voxels, or several values a voxel.
    """
    from ..records import Volume

    image = node.GetImageData()
    if image is None or 0 in image.GetDimensions():
        raise UsageError(_("The input volume has no voxels: choose another one."))
    if image.GetNumberOfScalarComponents() != 1:
        raise UsageError(_("The input volume has several values a voxel: choose one with a single value, such as a T1-weighted scan."))
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    return Volume(slicer.util.arrayFromVolume(node), slicer.util.arrayFromVTKMatrix(matrix), "input")


def modality_of(node: Any) -> str:
    """The DICOM modality, such as "MR"; empty for what was not loaded from DICOM."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(node.GetScene())
    item = hierarchy.GetItemByDataNode(node)
    return hierarchy.GetItemAttribute(item, "DICOM.Modality") if item != hierarchy.GetInvalidItemID() else ""


def write_input(node: Any, folder: Path) -> None:
    """Write the input of a job."""
    import numpy as np

    volume = volume_of(node)
    np.savez(folder / INPUT, array=volume.array, affine=volume.affine)


def read_output(node: Any, folder: Path) -> Result:
    """The result that a job wrote for this node.

    Raises:
        UsageError: the node's voxels, or their place, are no longer those that were analysed.
    """
    import numpy as np

    from ..outputs.folder import read_result

    volume = volume_of(node)
    with np.load(folder / INPUT) as sent:
        unchanged = np.array_equal(sent["array"], volume.array, equal_nan=True) and np.array_equal(sent["affine"], volume.affine)
    if not unchanged:
        raise UsageError(_("The input volume was changed during the analysis: press Apply again."))
    return read_result(folder / RESULT, replace(volume, name=node.GetName()))


def is_whole_head(node: Any) -> bool:
    """Whether a brain has still to be found in this volume, or it comes cut out already; a knee has none."""
    import numpy as np

    from ..prepare.anatomy import anatomy_of
    from ..prepare.brain import STEP_MM, is_extracted
    from ..prepare.geometry import canonical

    volume = volume_of(node)
    if anatomy_of(volume) != "brain":
        return False
    array, _affine = canonical(volume, STEP_MM)
    return not is_extracted(np.maximum(array, 0))

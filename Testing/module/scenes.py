"""Small scenes for the tests of what is made in them: inputs on awkward grids, below transforms, in three slice views."""

import dataclasses

import numpy as np
import slicer
import slicer.util
import vtk
from results import make_result

from MRIAnomalyLib.gui.mrb import add_views

PLANES = {"Red": 2, "Yellow": 0, "Green": 1}  # view -> RAS axis that it cuts across


def placed(result, change, affine):
    """The same answer on another grid: `change` applied to every map, and the affine of what comes out."""
    volumes = {
        field.name: dataclasses.replace(held, array=change(held.array), affine=affine)
        for field in dataclasses.fields(result)
        if dataclasses.is_dataclass(held := getattr(result, field.name)) and hasattr(held, "array")
    }
    return dataclasses.replace(result, **volumes)


def result_on(grid):
    """An answer on a straight, oblique, right-handed or cropped grid."""
    result = make_result(oblique=grid != "straight")
    affine = result.volume.affine.copy()
    if grid == "right-handed":  # the others are left-handed
        affine[:3, 3] += affine[:3, 0] * (result.volume.shape[2] - 1)
        affine[:3, 0] *= -1
        return placed(result, lambda array: array[:, :, ::-1].copy(), affine)
    if grid == "cropped":
        affine[:3, 3] += affine[:3, :3] @ [3, 2, 1]
        return placed(result, lambda array: array[1:-1, 2:, 3:-3].copy(), affine)
    return result


def add_scan(scene, result, name="Scan", transform=None):
    """The input volume as a user has it in the scene before anything was run."""
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    node.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(result.volume.affine))
    slicer.util.updateVolumeFromArray(node, result.volume.array)
    node.CreateDefaultDisplayNodes()
    node.GetDisplayNode().AutoWindowLevelOff()
    node.GetDisplayNode().SetWindowLevelMinMax(10, 500)
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    if not hierarchy.GetItemByDataNode(node):  # in the application it is there by now
        hierarchy.CreateItem(hierarchy.GetSceneItemID(), node)
    if transform:
        node.SetAndObserveTransformNodeID(transform.GetID())
    return node


def add_slice_views(scene):
    add_views(scene, make_result())
    return layers_of(scene)


def layers_of(scene):
    kind = "vtkMRMLSliceCompositeNode"
    return [scene.GetNthNodeByClass(n, kind) for n in range(scene.GetNumberOfNodesByClass(kind))]


def linear_transform(scene):
    node = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "Repositioning")
    matrix = vtk.vtkMatrix4x4()
    matrix.DeepCopy([0.8, -0.6, 0, 12, 0.6, 0.8, 0, -7, 0, 0, 1, 3, 0, 0, 0, 1])
    node.SetMatrixTransformToParent(matrix)
    return node


def grid_transform(scene):
    """A smooth displacement, as an acquisition transform or a registration brings along; largest in the middle."""
    size, step, origin = 16, 20.0, -150.0
    place = origin + step * np.arange(size)
    z, y, x = np.meshgrid(place, place, place, indexing="ij")
    bump = np.exp(-(x**2 + y**2 + z**2) / 120**2)
    grid = vtk.vtkImageData()
    grid.SetDimensions(size, size, size)
    grid.SetSpacing(step, step, step)
    grid.SetOrigin(origin, origin, origin)
    displacement = np.stack([6 * bump, -4 * bump, 8 * bump], axis=-1).reshape(-1, 3)
    grid.GetPointData().SetScalars(vtk.util.numpy_support.numpy_to_vtk(displacement, deep=True))
    transform = slicer.vtkOrientedGridTransform()
    transform.SetDisplacementGridData(grid)
    transform.SetInterpolationModeToCubic()
    node = scene.AddNewNodeByClass("vtkMRMLGridTransformNode", "Displacement")
    node.SetAndObserveTransformToParent(transform)
    return node


def shown_place(scene):
    """Where the three views stand, in RAS mm of the world."""
    place = [0.0, 0.0, 0.0]
    for name, axis in PLANES.items():
        place[axis] = scene.GetNodeByID(f"vtkMRMLSliceNode{name}").GetSliceToRAS().GetElement(axis, 3)
    return place


def in_world(scan, ras_mm):
    world = [0.0, 0.0, 0.0]
    scan.TransformPointToWorld(ras_mm, world)
    return world


def delete(scene, node):
    """Remove a node as users do: slicer-core leaves its item in the subject hierarchy, the application does not."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    item = hierarchy.GetItemByDataNode(node)
    if item:
        hierarchy.RemoveItem(item, False, False)
    scene.RemoveNode(node)


def ijk_to_ras(node):
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    return slicer.util.arrayFromVTKMatrix(matrix)


def inventory(scene):
    """What there is, by class and name, and how many items the subject hierarchy has."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    nodes = [scene.GetNthNode(n) for n in range(scene.GetNumberOfNodes())]
    # display nodes are numbered all through a scene
    named = sorted((node.GetClassName(), "" if node.IsA("vtkMRMLDisplayNode") else node.GetName()) for node in nodes)
    return named, hierarchy.GetNumberOfItems()

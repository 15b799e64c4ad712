"""Slice views drawn without a screen: Slicer's own slice logics and displayable managers, in the place of its widgets.

The application blends the layers with a class of CTK that Python cannot reach; an image actor of the same window and level does it here.
"""

import os
import sys

if sys.platform == "linux":  # otherwise VTK complains about the missing screen before it takes this one
    os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")

import slicer
import slicer.util
import vtk
from vtk.util.numpy_support import vtk_to_numpy

_MANAGERS = ("SegmentationsDisplayableManager2D", "RulerDisplayableManager", "ColorLegendDisplayableManager")


class SliceView:
    """What is drawn of one slice view of the layout manager.

    Args:
        name: Red, Green or Yellow.
        size: width and height in pixels.
    """

    def __init__(self, name, size):
        widget = slicer.app.layoutManager().sliceWidget(name)
        self.name, self._logic, self._node = name, widget.sliceLogic(), widget.mrmlSliceNode()
        self._former_size = self._node.GetDimensions()[:2]
        self._window, self._renderer = _window(size)
        self._managers = _managers(self._renderer, self._node)
        self._actor = _image_actor(self._renderer)
        self._logic.ResizeSliceNode(*size)
        self._node.SetRulerType(slicer.vtkMRMLAbstractViewNode.RulerTypeThin)

    def grab(self):
        """The picture as it is now: (height, width, 3) uint8."""
        # without the application's render loop a legend notices new layers only when it is poked
        for legend in slicer.util.getNodesByClass("vtkMRMLColorLegendDisplayNode"):
            legend.Modified()
        self._logic.UpdatePipeline()
        self._actor.GetMapper().SetInputConnection(self._logic.GetImageDataConnection())
        return grab_window(self._window)

    def pixel_of(self, ras_mm):
        """Row and column in the picture of a place in the world."""
        to_xy = vtk.vtkMatrix4x4()
        vtk.vtkMatrix4x4.Invert(self._node.GetXYToRAS(), to_xy)
        column, row_from_below, *_ = to_xy.MultiplyPoint([*ras_mm, 1.0])
        return round(self._window.GetSize()[1] - 1 - row_from_below), round(column)

    def close(self):
        """Let go of the scene's nodes and of the window."""
        self._managers.SetMRMLDisplayableNode(None)
        self._node.SetRulerType(slicer.vtkMRMLAbstractViewNode.RulerTypeNone)
        self._logic.ResizeSliceNode(*self._former_size)
        self._window.Finalize()


def grab_window(window):
    """Render a window and read it: (height, width, 3) uint8, the first row at the top."""
    window.Render()
    reader = vtk.vtkWindowToImageFilter()
    reader.SetInput(window)
    reader.ReadFrontBufferOff()
    reader.Update()
    width, height, _ = reader.GetOutput().GetDimensions()
    return vtk_to_numpy(reader.GetOutput().GetPointData().GetScalars()).reshape(height, width, -1)[::-1, :, :3].copy()


def _window(size):
    below, above = vtk.vtkRenderer(), vtk.vtkRenderer()
    below.GetActiveCamera().ParallelProjectionOn()
    above.SetLayer(1)  # where displayable managers put outlines
    window = vtk.vtkRenderWindow()
    window.SetOffScreenRendering(1)
    window.SetMultiSamples(0)
    window.SetAlphaBitPlanes(1)
    window.SetNumberOfLayers(2)
    window.AddRenderer(below)
    window.AddRenderer(above)
    window.SetSize(*size)
    interactor = vtk.vtkRenderWindowInteractor()  # displayable managers ask for one
    interactor.SetRenderWindow(window)
    return window, below


def _managers(renderer, node):
    factory = slicer.vtkMRMLSliceViewDisplayableManagerFactory.GetInstance()
    factory.SetMRMLApplicationLogic(slicer.app.applicationLogic())
    for manager in (f"vtkMRML{name}" for name in _MANAGERS):
        if not factory.IsDisplayableManagerRegistered(manager):
            factory.RegisterDisplayableManager(manager)
    group = slicer.vtkMRMLDisplayableManagerGroup()
    group.Initialize(factory, renderer)
    group.SetMRMLDisplayableNode(node)
    # a legend's manager looks up the layers of its view only when the whole scene has changed
    slicer.mrmlScene.StartState(slicer.vtkMRMLScene.BatchProcessState)
    slicer.mrmlScene.EndState(slicer.vtkMRMLScene.BatchProcessState)
    return group


def _image_actor(renderer):
    mapper = vtk.vtkImageMapper()
    mapper.SetColorWindow(255)
    mapper.SetColorLevel(127.5)
    actor = vtk.vtkActor2D()
    actor.SetMapper(mapper)
    actor.GetProperty().SetDisplayLocationToBackground()
    renderer.AddViewProp(actor)
    return actor

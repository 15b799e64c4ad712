"""Stand-ins for the layout manager and the views in it, over real slice logics, slice nodes and plot view nodes."""

from PySide6 import QtCore, QtWidgets
from PySide6.QtCore import Property, Signal

from .data_views import qMRMLPlotView

SLICE_VIEWS = {"Red": "Axial", "Green": "Coronal", "Yellow": "Sagittal"}


class qMRMLSliceWidget(QtWidgets.QWidget):
    """One slice view: nodes and logic are real, nothing is drawn."""

    def __init__(self, name, scene, application):
        import slicer

        super().__init__()
        self._logic = slicer.vtkMRMLSliceLogic()
        self._logic.SetMRMLApplicationLogic(application)
        self._logic.SetMRMLScene(scene)
        node = self._logic.AddSliceNode(name)
        node.SetName(name)
        node.SetOrientation(SLICE_VIEWS[name])
        node.SetDimensions(256, 256, 1)
        self._logic.GetSliceCompositeNode().SetLayoutName(name)

    def sliceLogic(self):
        return self._logic

    def mrmlSliceNode(self):
        return self._logic.GetSliceNode()

    def mrmlSliceCompositeNode(self):
        return self._logic.GetSliceCompositeNode()

    def fitSliceToBackground(self):
        self._logic.FitSliceToBackground()


class qMRMLPlotWidget(QtWidgets.QWidget):
    """The plot view of a layout."""

    def __init__(self, node):
        super().__init__()
        self._node, self._view = node, qMRMLPlotView(self)
        self._view.setMRMLPlotViewNode(node)

    def mrmlPlotViewNode(self):
        return self._node

    def plotView(self):
        return self._view


class qMRMLLayoutManager(QtCore.QObject):
    """Three slice views, and a plot view for the layouts that have one."""

    layoutChanged = Signal(int)

    def __init__(self, scene, application):
        import slicer
        import vtk

        super().__init__()
        self._slices = {name: qMRMLSliceWidget(name, scene, application) for name in SLICE_VIEWS}
        self._logics = vtk.vtkCollection()
        for view in self._slices.values():
            self._logics.AddItem(view.sliceLogic())
        application.SetSliceLogics(self._logics)
        self._layout_logic = slicer.vtkMRMLLayoutLogic()
        self._layout_logic.SetMRMLScene(scene)
        self._layout = self._layout_logic.GetLayoutNode()
        self._layout.SetViewArrangement(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)
        plot = slicer.vtkMRMLPlotViewNode()
        plot.SetSingletonTag("PlotView1")
        plot.SetLayoutName("PlotView1")
        self._plot = qMRMLPlotWidget(scene.AddNode(plot))
        self._layout.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda *_: self.layoutChanged.emit(self._layout.GetViewArrangement()))

    def _set_layout(self, arrangement):
        self._layout.SetViewArrangement(arrangement)

    layout = Property(int, lambda self: self._layout.GetViewArrangement(), _set_layout)
    plotViewCount = Property(int, lambda self: 1)
    threeDViewCount = Property(int, lambda self: 0)
    tableViewCount = Property(int, lambda self: 0)

    def setLayout(self, arrangement):
        self._set_layout(arrangement)

    def sliceViewNames(self):
        return list(self._slices)

    def sliceWidget(self, name):
        return self._slices.get(name)

    def plotWidget(self, number):
        return self._plot if number == 0 else None

    def mrmlSliceLogics(self):
        return self._logics

    def resetSliceViews(self):
        for view in self._slices.values():
            view.fitSliceToBackground()

    def pauseRender(self):
        pass

    def resumeRender(self):
        pass

"""Stand-ins for the views of tables, plots and segments, over the real MRML nodes."""

from typing import ClassVar

import vtk
from PySide6 import QtCore, QtGui, QtWidgets
from PySide6.QtCore import Property, Signal

from .observers import Observers


class qMRMLTableModel(QtGui.QStandardItemModel):
    """Cells of a table node. Without `SetUseColumnTitleAsColumnHeader` the first row holds the names of the columns, as in Slicer."""

    def __init__(self, parent):
        super().__init__(parent)
        self._node, self._observers = None, Observers(self)

    def _show(self, node):
        self._observers.clear()
        self._node = node
        if node is not None:
            self._observers.add(node, [vtk.vtkCommand.ModifiedEvent], qMRMLTableModel._fill)
        self._fill()

    def _fill(self):
        table = self._node.GetTable() if self._node is not None else None
        if table is None or not table.GetNumberOfColumns():
            self.setRowCount(0)
            self.setColumnCount(0)
            return
        named = self._node.GetUseColumnTitleAsColumnHeader()
        self.setRowCount(table.GetNumberOfRows() + (not named))
        self.setColumnCount(table.GetNumberOfColumns())
        for column in range(table.GetNumberOfColumns()):
            name = table.GetColumnName(column)
            self.setHeaderData(column, QtCore.Qt.Horizontal, self._header(name) if named else chr(ord("A") + column % 26))
            if not named:
                self._put(0, column, name)
            for row in range(table.GetNumberOfRows()):
                self._put(row + (not named), column, table.GetValue(row, column), isinstance(table.GetColumn(column), vtk.vtkBitArray))

    def _header(self, name):
        unit = self._node.GetColumnUnitLabel(name)
        return (self._node.GetColumnTitle(name) or name) + (f" [{unit}]" if unit else "")

    def _put(self, row, column, value, yes_or_no=False):
        item = QtGui.QStandardItem("" if yes_or_no else value if isinstance(value, str) else value.ToString())
        item.setEditable(not self._node.GetLocked() and not yes_or_no)
        if yes_or_no:
            item.setCheckable(True)
            item.setCheckState(QtCore.Qt.Checked if value.ToInt() else QtCore.Qt.Unchecked)
            item.setFlags(item.flags() & ~QtCore.Qt.ItemIsUserCheckable if self._node.GetLocked() else item.flags())
        self.setItem(row, column, item)


class qMRMLTableView(QtWidgets.QTableView):
    """A table node as a spreadsheet; its model is a QSortFilterProxyModel over a qMRMLTableModel."""

    _cells_selected = Signal()
    SIGNATURES: ClassVar = {"selectionChanged()": ("_cells_selected", None)}

    def __init__(self, parent=None):
        super().__init__(parent)
        self._scene, self._table_node = None, None
        self._source, self._sorted = qMRMLTableModel(self), QtCore.QSortFilterProxyModel(self)
        self._sorted.setSourceModel(self._source)
        self.setModel(self._sorted)
        self.horizontalHeader().setStretchLastSection(False)
        self.selectionModel().selectionChanged.connect(lambda *_: self._cells_selected.emit())

    def setMRMLScene(self, scene):
        self._scene = scene

    def mrmlScene(self):
        return self._scene

    def setMRMLTableNode(self, node):
        self._table_node = node
        self._source._show(node)
        self._sorted.invalidate()
        self.resizeColumnsToContents()
        self._cells_selected.emit()

    def mrmlTableNode(self):
        return self._table_node

    def tableModel(self):
        return self._source

    def sortFilterProxyModel(self):
        return self._sorted


class qMRMLPlotView(QtWidgets.QFrame):
    """The canvas of a plot: draws nothing, but tells what a click on its points would tell."""

    _points_selected = Signal(object, object)
    SIGNATURES: ClassVar = {"dataSelected(vtkStringArray*,vtkCollection*)": ("_points_selected", None)}

    def __init__(self, parent=None):
        super().__init__(parent)
        self._scene = self._view_node = None

    def setMRMLScene(self, scene):
        self._scene = scene

    def setMRMLPlotViewNode(self, node):
        self._view_node = node

    def fitToContent(self):
        self._need_a_view_node()

    def RemovePlotSelections(self):
        self._need_a_view_node()

    def _need_a_view_node(self):
        if self._view_node is None:
            raise RuntimeError("the plot view has no view node: call setMRMLPlotViewNode")

    def _select(self, series_node, row):
        """For tests: the user clicks the point of this row."""
        self._need_a_view_node()
        ids, points, rows = vtk.vtkStringArray(), vtk.vtkCollection(), vtk.vtkIdTypeArray()
        ids.InsertNextValue(series_node.GetID())
        rows.InsertNextValue(row)
        points.AddItem(rows)
        self._points_selected.emit(ids, points)


class qMRMLSegmentsTableView(QtWidgets.QWidget):
    """A table of segments: names, and which are selected."""

    _chosen = Signal()
    SIGNATURES: ClassVar = {"selectionChanged(QItemSelection,QItemSelection)": ("_chosen", None)}

    def __init__(self, parent=None):
        super().__init__(parent)
        self._scene = self._segmentation_node = None
        self._jumps = False
        self._list = QtWidgets.QListWidget()
        self._list.setSelectionMode(QtWidgets.QAbstractItemView.ExtendedSelection)
        QtWidgets.QVBoxLayout(self).addWidget(self._list)
        self._list.itemSelectionChanged.connect(self._chosen)

    def _set_jumps(self, value):
        self._jumps = value

    jumpToSelectedSegmentEnabled = Property(bool, lambda self: self._jumps, _set_jumps)

    def setMRMLScene(self, scene):
        self._scene = scene

    def setSegmentationNode(self, node):
        self._segmentation_node = node
        self._list.clear()
        segmentation = node.GetSegmentation() if node is not None else None
        for n in range(segmentation.GetNumberOfSegments() if segmentation else 0):
            item = QtWidgets.QListWidgetItem(segmentation.GetNthSegment(n).GetName(), self._list)
            item.setData(QtCore.Qt.UserRole, segmentation.GetNthSegmentID(n))

    def segmentationNode(self):
        return self._segmentation_node

    def selectedSegmentIDs(self):
        return [item.data(QtCore.Qt.UserRole) for item in self._list.selectedItems()]

    def setSelectedSegmentIDs(self, ids):
        for row in range(self._list.count()):
            self._list.item(row).setSelected(self._list.item(row).data(QtCore.Qt.UserRole) in ids)

    def clearSelection(self):
        self._list.clearSelection()

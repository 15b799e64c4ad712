"""The panel, the slice views and the plot in one picture, laid out like Slicer's window with its layout Four-Up Plot."""

import doubles
import numpy as np
import slicer
from chart_pictures import chart_picture
from PySide6 import QtCore, QtGui, QtWidgets
from slice_pictures import SliceView

_BAR = 20  # height of the bar above a view, in pixels
_PLACES = {"Red": (0, 0), "Yellow": (1, 0), "Green": (1, 1)}  # row and column; the plot stands at the upper right
_BARS = {"Red": "#f34a4a", "Yellow": "#edd54c", "Green": "#6eb04b"}  # Slicer's own colors of these views
_AXES = {"Red": (2, "S", "I"), "Yellow": (0, "R", "L"), "Green": (1, "A", "P")}


class Window:
    """What a user would see of the module.

    Args:
        module: what `doubles.load_module` returns.
        size: width and height of the whole in pixels.
        panel_width: of the part at the left, in pixels.
    """

    def __init__(self, module, size=(1400, 900), panel_width=440):
        self._module, self._size, self._panel_width = module, size, panel_width
        self._cell = (size[0] - panel_width) // 2, size[1] // 2
        self.views = {name: SliceView(name, (self._cell[0] - 2, self._cell[1] - _BAR - 2)) for name in _PLACES}
        self._panel = doubles.unwrap(module.container)
        self._former_parent = self._panel.parentWidget()
        self.scroll = QtWidgets.QScrollArea()  # as around every panel in Slicer
        self.scroll.setWidgetResizable(True)
        self.scroll.setFrameShape(QtWidgets.QFrame.NoFrame)
        self.scroll.setHorizontalScrollBarPolicy(QtCore.Qt.ScrollBarAlwaysOff)
        self.scroll.setWidget(self._panel)
        self.scroll.resize(panel_width, size[1])
        self.scroll.show()

    def fit_views(self):
        """The whole input in each view: the button at the left end of a view's bar."""
        slicer.app.layoutManager().resetSliceViews()

    def grab_panel(self):
        """The panel alone, as far as it is scrolled into sight."""
        doubles.spin_until(lambda: False, 150)  # texts have wrapped and rows have found their height
        picture = self.scroll.grab()
        plot = self._panel.findChild(QtWidgets.QWidget, "plotView")
        if plot.isVisible():
            place = plot.mapTo(self.scroll, QtCore.QPoint(0, 0))
            _draw(picture, place, chart_picture(self._chart(), (plot.width(), plot.height())))
        return picture

    def grab(self):
        """Everything: a QPixmap."""
        whole = QtGui.QPixmap(*self._size)
        whole.fill(QtGui.QColor("black"))
        painter = QtGui.QPainter(whole)
        painter.drawPixmap(0, 0, self.grab_panel())
        for name, view in self.views.items():
            self._draw_view(painter, name, view)
        self._draw_plot(painter)
        painter.end()
        return whole

    def close(self):
        """Give the panel and the views back."""
        self.scroll.takeWidget()
        self._panel.setParent(self._former_parent)
        self._panel.show()
        self.scroll.deleteLater()
        for view in self.views.values():
            view.close()

    def _place(self, row, column):
        return QtCore.QRect(self._panel_width + column * self._cell[0] + 1, row * self._cell[1] + 1, self._cell[0] - 2, self._cell[1] - 2)

    def _draw_view(self, painter, name, view):
        place = self._place(*_PLACES[name])
        painter.drawImage(place.x(), place.y() + _BAR, _image(view.grab()))
        axis, plus, minus = _AXES[name]
        offset = slicer.app.layoutManager().sliceWidget(name).mrmlSliceNode().GetSliceToRAS().GetElement(axis, 3)
        _draw_bar(painter, place, _BARS[name], f"  {name[0]}", f"{plus if offset >= 0 else minus}: {abs(offset):.1f} mm  ")

    def _draw_plot(self, painter):
        place = self._place(0, 1)
        chart = self._chart()
        if chart:
            painter.drawImage(place.x(), place.y() + _BAR, _image(chart_picture(chart, (place.width(), place.height() - _BAR))))
        _draw_bar(painter, place, "#d0d0d0", "  Plot", f"{chart.GetName()}  " if chart else "")

    def _chart(self):
        nodes = slicer.util.getNodesByClass("vtkMRMLPlotChartNode")
        return nodes[0] if nodes else None


def pixels(pixmap):
    """A QPixmap as (height, width, 3) uint8."""
    image = pixmap.toImage().convertToFormat(QtGui.QImage.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def dark_palette():
    """Light text on dark grey, as in Slicer's dark theme."""
    palette = QtGui.QPalette(QtGui.QColor(50, 50, 50))  # Qt works the other roles out of the color of a button
    palette.setColor(QtGui.QPalette.Base, QtGui.QColor(35, 35, 35))
    return palette


def _image(array):
    height, width, _ = array.shape
    return QtGui.QImage(np.ascontiguousarray(array).tobytes(), width, height, 3 * width, QtGui.QImage.Format_RGB888).copy()


def _draw(pixmap, place, array):
    painter = QtGui.QPainter(pixmap)
    painter.drawImage(place, _image(array))
    painter.end()


def _draw_bar(painter, place, color, left, right):
    bar = QtCore.QRect(place.x(), place.y(), place.width(), _BAR)
    painter.fillRect(bar, QtGui.QColor(color))
    painter.setPen(QtGui.QColor("black"))
    painter.drawText(bar, QtCore.Qt.AlignVCenter | QtCore.Qt.AlignLeft, left)
    painter.drawText(bar, QtCore.Qt.AlignVCenter | QtCore.Qt.AlignRight, right)

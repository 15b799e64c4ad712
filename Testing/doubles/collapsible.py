"""Stand-in for ctkCollapsibleButton: a header that shows or hides what is below it."""

from PySide6 import QtCore, QtGui, QtWidgets
from PySide6.QtCore import Property, Signal

_ANY_HEIGHT = 16777215  # Qt's own default


class ctkCollapsibleButton(QtWidgets.QAbstractButton):
    """Collapsed is unchecked; what the module itself has hidden stays hidden when the button opens."""

    contentsCollapsed = Signal(bool)

    def __init__(self, *arguments):
        super().__init__(arguments[0] if arguments and isinstance(arguments[0], QtWidgets.QWidget) else None)
        if arguments and isinstance(arguments[0], str):
            self.setText(arguments[0])
        self.setCheckable(True)
        self.setChecked(True)
        self._hidden_by_us, self._height = [], 0
        self.setContentsMargins(0, self._header(), 0, 0)
        self.toggled.connect(lambda opened: self._show_contents(opened))

    def _header(self):
        return self.fontMetrics().height() + 8

    def _show_contents(self, opened):
        if opened:
            for child in self._hidden_by_us:
                child.setVisible(True)
            self._hidden_by_us = []
        else:
            children = self.findChildren(QtWidgets.QWidget, options=QtCore.Qt.FindDirectChildrenOnly)
            self._hidden_by_us = [child for child in children if not child.isHidden()]
            for child in self._hidden_by_us:
                child.setVisible(False)
        self.setMaximumHeight(_ANY_HEIGHT if opened else self._header())
        self.updateGeometry()
        self.contentsCollapsed.emit(not opened)

    def _set_collapsed(self, value):
        self.setChecked(not value)

    def _set_height(self, value):
        self._height = value

    collapsed = Property(bool, lambda self: not self.isChecked(), _set_collapsed)
    collapsedHeight = Property(int, lambda self: self._height, _set_height)

    def hitButton(self, position):
        return position.y() < self._header()

    def sizeHint(self):
        inside = self.layout().sizeHint() if self.layout() and self.isChecked() else QtCore.QSize(0, 0)
        return QtCore.QSize(max(inside.width(), 120), max(inside.height(), self._header()))

    def minimumSizeHint(self):
        inside = self.layout().minimumSize() if self.layout() and self.isChecked() else QtCore.QSize(0, 0)
        return QtCore.QSize(inside.width(), max(inside.height(), self._header()))

    def paintEvent(self, event):
        painter, option = QtWidgets.QStylePainter(self), QtWidgets.QStyleOptionButton()
        option.initFrom(self)
        option.rect = QtCore.QRect(0, 0, self.width(), self._header())
        option.state |= QtWidgets.QStyle.State_Raised
        painter.drawPrimitive(QtWidgets.QStyle.PE_PanelButtonCommand, option)
        arrow = QtWidgets.QStyleOption(option)
        arrow.rect = QtCore.QRect(6, (self._header() - 10) // 2, 10, 10)
        painter.drawPrimitive(
            QtWidgets.QStyle.PE_IndicatorArrowDown if self.isChecked() else QtWidgets.QStyle.PE_IndicatorArrowRight, arrow
        )
        painter.setPen(self.palette().color(QtGui.QPalette.ButtonText))
        painter.drawText(option.rect.adjusted(24, 0, 0, 0), QtCore.Qt.AlignVCenter | QtCore.Qt.AlignLeft, self.text())

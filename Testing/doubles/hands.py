"""What a user does: wait, click, press a key, choose."""

from PySide6 import QtCore, QtTest, QtWidgets

from .pythonqt import unwrap


def spin_until(condition, timeout_ms=10000):
    """Run the event loop until the condition holds; False when the time is up first."""
    clock = QtCore.QElapsedTimer()
    clock.start()
    while not condition():
        if clock.elapsed() > timeout_ms:
            return False
        QtWidgets.QApplication.processEvents(QtCore.QEventLoop.AllEvents, 20)
        QtWidgets.QApplication.sendPostedEvents(None, QtCore.QEvent.DeferredDelete)
        QtCore.QThread.msleep(2)
    return True


def click(widget):
    """A mouse click in the middle; a disabled or hidden widget cannot be clicked."""
    qt_widget = unwrap(widget)
    assert qt_widget.isVisible() and qt_widget.isEnabled(), f"{qt_widget.objectName()} cannot be clicked now"
    QtTest.QTest.mouseClick(qt_widget, QtCore.Qt.LeftButton)


def press(widget, key):
    """A key while the widget has the focus."""
    qt_widget = unwrap(widget)
    qt_widget.window().activateWindow()
    QtTest.QTest.qWaitForWindowActive(qt_widget.window())
    qt_widget.setFocus()
    QtTest.QTest.keyClick(qt_widget, key)


def click_row(table, row, column=0):
    """A click on a cell of a table view."""
    view = unwrap(table)
    place = view.visualRect(view.model().index(row, column)).center()
    QtTest.QTest.mouseClick(view.viewport(), QtCore.Qt.LeftButton, pos=place)


def choose(combo, text):
    """Choose the item of this text in a QComboBox; raises when it is not there or cannot be chosen."""
    box = unwrap(combo)
    row = box.findText(text)
    assert row >= 0, f"{text!r} is not among {[box.itemText(n) for n in range(box.count())]}"
    assert box.model().flags(box.model().index(row, 0)) & QtCore.Qt.ItemIsEnabled, f"{text!r} cannot be chosen"
    box.setCurrentIndex(row)
    box.activated.emit(row)


def click_point(plot_view, series_node, row):
    """A click on the point of this row in a plot."""
    unwrap(plot_view)._select(series_node, row)

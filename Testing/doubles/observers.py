"""Observers of a stand-in widget, which end with it as those of Slicer's widgets do."""

import weakref

from shiboken6 import isValid


class Observers:
    """What a widget listens to; calls a method of the widget, which is not kept alive by it."""

    def __init__(self, widget):
        self._widget, self._tags = weakref.ref(widget), []
        widget.destroyed.connect(self.clear)

    def add(self, source, events, method):
        def told(*_):
            widget = self._widget()
            if widget is not None and isValid(widget):
                method(widget)

        self._tags += [(source, source.AddObserver(event, told)) for event in events]

    def clear(self, *_):
        for source, tag in self._tags:
            source.RemoveObserver(tag)
        self._tags = []

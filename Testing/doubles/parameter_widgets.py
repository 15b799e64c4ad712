"""Which widget can show which parameter, and how it is read and written: Slicer's guiConnectors, for the types that the doubles know."""

import enum


class Binding:
    """One widget that shows one parameter."""

    def __init__(self, widget, signal, get, put):
        self._widget, self._signal, self.get, self.put = widget, signal, get, put
        self._slot = None

    def connect(self, callback):
        self._slot = lambda: callback()
        getattr(self._widget, self._signal).connect(self._slot)

    def disconnect(self):
        getattr(self._widget, self._signal).disconnect(self._slot)


def binding(widget, field):
    """The binding of this widget and parameter.

    Raises:
        RuntimeError: the widget cannot show this type, as in Slicer.
    """
    kind = "enum" if issubclass(field.kind, enum.Enum) else "node" if field.is_node else field.kind
    make = _MAKERS.get((type(widget).__name__, kind))
    if make is None:
        raise RuntimeError(f"Unable to create GUI connector from datatype '{field.kind}' to widget type '{type(widget)}'.")
    return make(widget, field)


def _attribute(signal, name):
    def make(widget, field):
        return Binding(widget, signal, lambda: getattr(widget, name), lambda value: setattr(widget, name, value))

    return make


def _number(widget, field):
    from .parameter_nodes import Decimals, SingleStep, WithinRange

    bounds = field.note(WithinRange)
    if bounds is None and type(widget).__name__ in ("QSlider", "ctkSliderWidget"):
        raise RuntimeError(f"Cannot have a connection to {type(widget).__name__} where the type is unbounded: {field.name}")
    if bounds is not None:
        widget.minimum, widget.maximum = bounds.minimum, bounds.maximum
    for name, note in (("decimals", field.note(Decimals)), ("singleStep", field.note(SingleStep))):
        if note is not None:
            setattr(widget, name, note.value)
    return Binding(widget, "valueChanged", lambda: field.kind(widget.value), lambda value: setattr(widget, "value", value))


def _items(widget, labels, values):
    # Slicer, too, throws away what was in the combo box
    widget.clear()
    for label in labels:
        widget.addItem(label)
    return Binding(
        widget,
        "currentIndexChanged",
        lambda: values[widget.currentIndex],
        lambda value: setattr(widget, "currentIndex", values.index(value)),
    )


def _choices(widget, field):
    from .parameter_nodes import Choice

    choice = field.note(Choice)
    if choice is None:
        raise RuntimeError("ComboBoxToStringableConnector requires the Choice annotation to be used.")
    return _items(widget, map(str, choice.choices), list(choice.choices))


def _enumeration(widget, field):
    label = getattr(field.kind, "label", lambda one: one.name)
    return _items(widget, map(label, field.kind), list(field.kind))


def _node(widget, field):
    widget.nodeTypes = [field.kind.__name__]
    return Binding(widget, "currentNodeChanged", widget.currentNode, widget.setCurrentNode)


_MAKERS = {
    ("QCheckBox", bool): _attribute("stateChanged", "checked"),
    ("QPushButton", bool): _attribute("toggled", "checked"),
    ("ctkCheckablePushButton", bool): _attribute("toggled", "checked"),
    ("QSlider", int): _number,
    ("QSpinBox", int): _number,
    ("QDoubleSpinBox", float): _number,
    ("QDoubleSpinBox", int): _number,
    ("ctkSliderWidget", float): _number,
    ("ctkSliderWidget", int): _number,
    ("QComboBox", str): _choices,
    ("QComboBox", int): _choices,
    ("QComboBox", float): _choices,
    ("QComboBox", "enum"): _enumeration,
    ("QLineEdit", str): _attribute("textChanged", "text"),
    ("QLabel", str): _attribute("", "text"),
    ("qMRMLNodeComboBox", "node"): _node,
}

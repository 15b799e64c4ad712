"""Stand-in for slicer.parameterNodeWrapper: fields of a class kept in a scripted-module node and tied to widgets.

Fields may be bool, int, float, str, enums and MRML nodes. What Slicer's own refuses (an unbounded slider, a widget that does not fit the
type, a parameter without a field) is refused here too.
"""

import enum
import typing
from dataclasses import dataclass

import slicer
import vtk

from .parameter_widgets import binding


@dataclass
class WithinRange:
    minimum: float
    maximum: float

    def validate(self, value):
        if not self.minimum <= value <= self.maximum:
            raise ValueError(f"Value must be within range [{self.minimum}, {self.maximum}], is {value}")


@dataclass
class Minimum:
    minimum: float

    def validate(self, value):
        if value < self.minimum:
            raise ValueError(f"Value must be greater than {self.minimum}, is {value}")


@dataclass
class Maximum:
    maximum: float

    def validate(self, value):
        if value > self.maximum:
            raise ValueError(f"Value must be less than {self.maximum}, is {value}")


@dataclass
class Choice:
    choices: list

    def validate(self, value):
        if value not in self.choices:
            raise ValueError(f"Value is {value}, but must be in one of the following: {self.choices}")


@dataclass
class Default:
    value: object


@dataclass
class Decimals:
    value: int


@dataclass
class SingleStep:
    value: float


@dataclass
class Field:
    """One parameter: its name, type, annotations and first value."""

    name: str
    kind: type
    notes: tuple
    default: object

    def note(self, kind):
        return next((one for one in self.notes if isinstance(one, kind)), None)

    @property
    def is_node(self):
        return issubclass(self.kind, slicer.vtkMRMLNode)

    def read(self, node):
        if self.is_node:
            return node.GetNodeReference(self.name)
        text = node.GetParameter(self.name)
        if self.kind is bool:
            return text == "True"
        return self.kind[text] if issubclass(self.kind, enum.Enum) else self.kind(text)

    def write(self, node, value):
        if self.is_node:
            if value is not None and not isinstance(value, self.kind):
                raise TypeError(f"{self.name} takes a {self.kind.__name__}, not {value!r}")
            node.SetNodeReferenceID(self.name, value.GetID() if value is not None else None)
            return
        value = float(value) if self.kind is float and type(value) is int else value
        if not isinstance(value, self.kind):
            raise TypeError(f"{self.name} takes a {self.kind.__name__}, not {value!r}")
        for note in self.notes:
            if hasattr(note, "validate"):
                note.validate(value)
        node.SetParameter(self.name, value.name if isinstance(value, enum.Enum) else str(value))


def _field(cls, name, hint):
    kind, *notes = typing.get_args(hint) if typing.get_origin(hint) is typing.Annotated else (hint,)
    field = Field(name, kind, tuple(notes), None)
    if hasattr(cls, name):
        field.default = getattr(cls, name)
    elif field.note(Default):
        field.default = field.note(Default).value
    elif not field.is_node:  # ranges and choices are not looked at: what does not fit them is refused when the wrapper is made
        field.default = next(iter(kind)) if issubclass(kind, enum.Enum) else kind()
    return field


class _Wrapper:
    """What the decorator adds to a class of fields."""

    allParameters: typing.ClassVar = {}

    def __init__(self, parameterNode, prefix=None):
        self.parameterNode = parameterNode
        self._guis, self._writing = {}, False
        for field in self.allParameters.values():
            if not field.is_node and not parameterNode.GetParameter(field.name):
                field.write(parameterNode, field.default)

    def default(self, paramName):
        return Default(self.allParameters[paramName].default)

    def getValue(self, name):
        return self.allParameters[name].read(self.parameterNode)

    def setValue(self, name, value):
        self.allParameters[name].write(self.parameterNode, value)

    def connectGui(self, gui):
        widgets = {widget.property("SlicerParameterName"): widget for widget in vars(gui).values()}
        return self.connectParametersToGui({name: widget for name, widget in widgets.items() if name})

    def connectParametersToGui(self, mapping):
        if unknown := set(mapping) - set(self.allParameters):
            raise ValueError(f"Cannot find a param with the given name: {unknown}")
        bindings = {name: binding(widget, self.allParameters[name]) for name, widget in mapping.items()}
        for name, one in bindings.items():
            one.put(self.getValue(name))
            one.connect(lambda name=name, one=one: self._from_gui(name, one))
        tag = self.parameterNode.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda *_: self._to_gui(bindings))
        self._guis[tag] = bindings
        return tag

    def disconnectGui(self, guiTag):
        for one in self._guis.pop(guiTag, {}).values():
            one.disconnect()
        self.parameterNode.RemoveObserver(guiTag)

    def _from_gui(self, name, one):
        if not self._writing:
            self.setValue(name, one.get())

    def _to_gui(self, bindings):
        if self._writing:
            return
        self._writing = True
        try:
            for name, one in bindings.items():
                one.put(self.getValue(name))
        finally:
            self._writing = False

    def StartModify(self):
        return self.parameterNode.StartModify()

    def EndModify(self, wasModified):
        return self.parameterNode.EndModify(wasModified)

    def AddObserver(self, event, callback, priority=0.0):
        return self.parameterNode.AddObserver(event, callback, priority)

    def RemoveObserver(self, tag):
        self.parameterNode.RemoveObserver(tag)

    def Modified(self):
        self.parameterNode.Modified()


def parameterNodeWrapper(classtype):
    """Make a wrapper of a class that lists fields; made with a vtkMRMLScriptedModuleNode."""
    hints = typing.get_type_hints(classtype, include_extras=True)
    fields = {name: _field(classtype, name, hint) for name, hint in hints.items()}
    if reserved := [name for name in fields if hasattr(_Wrapper, name)]:
        raise ValueError(f"Cannot use reserved names {reserved} in a parameterNodeWrapper")
    members = {name: _property(field) for name, field in fields.items()}
    names = {"allParameters": fields, "__init__": _Wrapper.__init__, "__module__": classtype.__module__}
    return type(classtype.__name__, (classtype, _Wrapper), members | names)


def _property(field):
    return property(lambda self: field.read(self.parameterNode), lambda self, value: field.write(self.parameterNode, value))


_PUBLIC = (parameterNodeWrapper, WithinRange, Minimum, Maximum, Choice, Default, Decimals, SingleStep)
MODULES = {"parameterNodeWrapper": {one.__name__: one for one in _PUBLIC}}

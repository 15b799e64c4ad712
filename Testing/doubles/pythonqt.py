"""PythonQt's way to call Qt, on top of PySide6: properties are attributes, signals connect by their C++ signature.

A name that Qt or a stand-in lacks is an AttributeError, also on setting; PythonQt would keep some of them silently.
"""

import functools
import inspect
import weakref

import shiboken6
from PySide6 import QtCore, QtWidgets

from . import dialogs, since_qt6

_EVERY = 99  # a slot that takes any number of arguments
_alive = weakref.WeakValueDictionary()  # id of a Qt object -> its proxy: PythonQt, too, has one wrapper for one object
_adapters = weakref.WeakKeyDictionary()  # Qt object -> {(signal, slot): what Qt was given}, for disconnecting


def wrap(value):
    """What Python code sees of a value that comes from Qt."""
    if isinstance(value, QtCore.QObject):
        known = _alive.get(id(value))
        return known if known is not None and unwrap(known) is value else proxy_class(type(value)).around(value)
    if type(value) in (list, tuple):
        return type(value)(wrap(one) for one in value)
    return value


def unwrap(value):
    """What Qt gets of a value that comes from Python code."""
    if isinstance(value, ObjectProxy):
        return object.__getattribute__(value, "_qt")
    if type(value) in (list, tuple):
        return type(value)(unwrap(one) for one in value)
    if callable(value) and not isinstance(value, type):
        return _adapter(value)
    return value


def _adapter(slot, sent=_EVERY):
    """PythonQt gives a slot only as many of the sent arguments as it takes."""
    takes = min(_arguments_of(slot), sent)

    def call(*arguments):
        return slot(*[wrap(one) for one in arguments[:takes]])

    # PySide6 looks at the number of arguments to choose among the forms of a signal
    return {0: lambda: call(), 1: lambda a: call(a), 2: lambda a, b: call(a, b)}.get(takes, call)


def _arguments_of(slot):
    try:
        parameters = inspect.signature(slot).parameters.values()
    except (TypeError, ValueError):
        return _EVERY
    if any(one.kind == one.VAR_POSITIONAL for one in parameters):
        return _EVERY
    return sum(one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD) for one in parameters)


class SignalProxy:
    """`button.clicked`: can be connected, disconnected, and emitted by calling it."""

    def __init__(self, owner, name, sent=None, convert=None):
        self._owner, self._name, self._convert = owner, name, convert
        self._sent, self._signal = _form(owner, name, sent)

    def connect(self, slot):
        inner = _adapter(slot, self._sent)
        adapter = (lambda value: inner(self._convert(value))) if self._convert else inner
        _adapters.setdefault(self._owner, {})[self._name, self._sent, slot] = adapter
        self._signal.connect(adapter)
        return True

    def disconnect(self, slot):
        adapter = _adapters.get(self._owner, {}).pop((self._name, self._sent, slot), None)
        return adapter is not None and bool(self._signal.disconnect(adapter))

    def __call__(self, *arguments):
        self._signal.emit(*[unwrap(one) for one in arguments])


def _form(owner, name, sent):
    """The form of a signal with this many arguments, or its fullest: how many it has, and PySide6's object for it."""
    methods = map(owner.metaObject().method, range(owner.metaObject().methodCount()))
    forms = {one.parameterCount(): one.parameterTypes() for one in methods if one.name() == name.encode()}
    sent = max(forms) if sent is None else sent
    types = tuple(one.data().decode() for one in forms[sent])
    signal = getattr(owner, name)
    return sent, signal[types[0] if len(types) == 1 else types] if types else signal


class _ProxyMeta(type):
    """`qt.QPushButton(...)` makes a wrapped object; `qt.QProcess.MergedChannels` reaches Qt's class."""

    def __new__(cls, name, bases, names):
        if "qt_class" not in names:
            raise TypeError(f"{name}: the doubles cannot make Python subclasses of Qt classes")
        return super().__new__(cls, name, bases, names)

    def __call__(cls, *arguments):
        if cls.qt_class is None:
            raise NotImplementedError(f"the doubles have no {cls.__name__}: give it one in Testing/doubles")
        return cls.around(cls.qt_class(*[unwrap(one) for one in arguments]))

    def __getattr__(cls, name):
        if cls.qt_class is None:
            raise AttributeError(f"{cls.__name__}.{name}")
        since_qt6.refuse(cls.qt_class, name)
        found = dialogs.STATIC.get(cls.__name__, {}).get(name) or getattr(cls.qt_class, name)
        return _called(found) if callable(found) and not isinstance(found, type) else found


def _called(method):
    return lambda *arguments, **named: wrap(method(*[unwrap(one) for one in arguments], **named))


class ObjectProxy(metaclass=_ProxyMeta):
    """One QObject as PythonQt shows it."""

    qt_class = None

    @classmethod
    def around(cls, qt_object):
        self = object.__new__(cls)
        object.__setattr__(self, "_qt", qt_object)
        _alive[id(qt_object)] = self
        return self

    def __eq__(self, other):
        return unwrap(self) is unwrap(other)

    def __hash__(self):
        return hash(id(unwrap(self)))

    def __getattr__(self, name):
        qt_object = unwrap(self)
        if name == "name":  # PythonQt's short form
            return qt_object.objectName()
        since_qt6.refuse(type(qt_object), name)
        if name in ("exec", "exec_", "open") and isinstance(qt_object, QtWidgets.QDialog):
            return lambda: dialogs.run_dialog(qt_object)
        if qt_object.metaObject().indexOfProperty(name) >= 0:
            return wrap(qt_object.property(name))
        for signature in getattr(qt_object, "SIGNATURES", {}):
            if signature.split("(")[0] == name:
                return self._signal(signature)
        if name.startswith("_") or name == "SIGNATURES":  # the stand-in's own
            raise AttributeError(f"{self.className()} has no {name!r}")
        found = getattr(qt_object, name)
        if isinstance(found, QtCore.SignalInstance):
            return SignalProxy(qt_object, name)
        return _called(found) if callable(found) else found

    def __setattr__(self, name, value):
        qt_object = unwrap(self)
        name = "objectName" if name == "name" else name
        since_qt6.refuse(type(qt_object), name)
        if qt_object.metaObject().indexOfProperty(name) < 0:
            raise AttributeError(f"{self.className()} has no property {name!r}")
        given = unwrap(list(value) if type(value) is tuple else value)  # PythonQt takes any sequence for a list of strings
        if given is None or not qt_object.setProperty(name, given):
            raise AttributeError(f"property {name!r} of {self.className()} does not take {value!r}")

    def className(self):
        return unwrap(self).metaObject().className()

    def delete(self):
        shiboken6.delete(unwrap(self))

    def _signal(self, signature):
        """The signal of this C++ signature, default arguments left out or not."""
        qt_object = unwrap(self)
        known = getattr(qt_object, "SIGNATURES", {}).get(signature)
        if known:
            return SignalProxy(qt_object, known[0], convert=known[1])
        normal = QtCore.QMetaObject.normalizedSignature(signature).data().decode()
        if qt_object.metaObject().indexOfSignal(normal) < 0:
            raise AttributeError(f"{self.className()} has no signal {signature!r}")
        name, inside = normal[:-1].split("(", 1)
        since_qt6.refuse(type(qt_object), name)
        return SignalProxy(qt_object, name, len(inside.split(",")) if inside else 0)

    def connect(self, signature, slot, method=None):
        """`button.connect("clicked(bool)", function)` or `(signature, receiver, "slot()")`."""
        if method is not None:
            slot = getattr(slot, method.split("(")[0])
        return self._signal(signature).connect(slot)

    def disconnect(self, signature, slot):
        return self._signal(signature).disconnect(slot)


@functools.cache
def proxy_class(qt_class):
    """One Python type for one Qt class, so that `type(widget) == qt.QCheckBox` holds as under PythonQt."""
    base = next((one for one in qt_class.__mro__[1:] if issubclass(one, QtCore.QObject)), None)
    return _ProxyMeta(qt_class.__name__, (proxy_class(base) if base else ObjectProxy,), {"qt_class": qt_class})


def placeholder(name):
    """A class that can be named, as in `type(widget) == ctk.ctkCheckBox`, but neither made nor used."""
    return _ProxyMeta(name, (ObjectProxy,), {"qt_class": None})

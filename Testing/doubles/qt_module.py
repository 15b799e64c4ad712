"""The modules `qt` and `ctk`."""

import types

from PySide6 import QtCore, QtGui, QtWidgets

from . import dialogs
from .pythonqt import placeholder, proxy_class
from .ui_files import UiLoader


class QtModule(types.ModuleType):
    """Every class of Qt under one name; QObjects behind proxies, values as they are."""

    def __init__(self, stand_ins):
        super().__init__("qt")
        self._stand_ins = stand_ins

    def __getattr__(self, name):
        if name == "QUiLoader":
            return lambda: UiLoader(self._stand_ins)
        found = next((getattr(module, name) for module in (QtWidgets, QtCore, QtGui) if hasattr(module, name)), None)
        if found is None or not name.startswith("Q"):
            raise AttributeError(f"qt has no {name!r}")
        if isinstance(found, type) and issubclass(found, QtCore.QObject):
            found = proxy_class(found)
        elif name in dialogs.STATIC:
            found = types.SimpleNamespace(**dialogs.STATIC[name])
        setattr(self, name, found)
        return found


class CtkModule(types.ModuleType):
    """The stand-ins of CTK's widgets; a class without one can be named, but not made."""

    def __init__(self, stand_ins):
        super().__init__("ctk")
        for name, cls in stand_ins.items():
            if name.startswith("ctk"):
                setattr(self, name, proxy_class(cls))

    def __getattr__(self, name):
        if not name.startswith("ctk"):
            raise AttributeError(f"ctk has no {name!r}")
        setattr(self, name, placeholder(name))
        return getattr(self, name)

"""Names that only Qt 6 has: Slicer's binaries still carry Qt 5.15, so using one must fail here too."""

_ONLY_QT6 = {
    "QCheckBox": {"checkStateChanged"},
    "QComboBox": {"labelDrawingMode", "setLabelDrawingMode"},
    "QMouseEvent": {"position", "globalPosition", "scenePosition"},
    "QStyleHints": {"colorScheme", "setColorScheme", "colorSchemeChanged", "accessibility"},
    "QLibraryInfo": {"path"},
    "QShortcut": {"setKeys"},
    "QProcess": {"setUnixProcessParameters", "setChildProcessModifier", "failUnixProcessModifier"},
}


def refuse(qt_class, name):
    """AttributeError when this class, or a base of it, has got this name in Qt 6 only."""
    if any(name in _ONLY_QT6.get(base.__name__, ()) for base in qt_class.__mro__):
        raise AttributeError(f"{qt_class.__name__}.{name} exists in Qt 6 only; Slicer also runs with Qt 5.15")

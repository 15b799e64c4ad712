"""Puts the doubles where `import qt`, `import slicer.app`.. find them, and loads a module as Slicer does."""

import importlib.util
import os
import sys
import tempfile
import types
import typing
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import slicer
import slicer.util
import vtk
from PySide6 import QtWidgets

from MRIAnomalyLib.gui.mrb import start_core

from . import collapsible, data_views, dialogs, node_selector, packages, sample_data, widgets
from .application import qSlicerApplication, qSlicerMainWindow
from .module_widget import qSlicerScriptedLoadableModuleWidget
from .pythonqt import placeholder, proxy_class, unwrap, wrap
from .qt_module import CtkModule, QtModule
from .views import qMRMLLayoutManager

STAND_INS = {
    name: cls
    for module in (widgets, collapsible, node_selector, data_views, dialogs)
    for name, cls in vars(module).items()
    if name.startswith(("qMRML", "ctk")) and issubclass(cls, QtWidgets.QWidget)
}
_NAMED_ONLY = ("qMRMLSliderWidget", "qMRMLSpinBox", "qMRMLRangeWidget")  # Slicer's own files compare types with them
_MORE_LOGICS = {"terminologies": "TerminologiesModule", "markups": "Markups", "volumerendering": "VolumeRendering", "units": "Units"}
_kept = []  # what must live as long as the process


def install():
    """Start the application with an empty scene and three slice views; once in a process.

    Returns:
        slicer.app, as modules see it.
    """
    if getattr(slicer, "app", None) is not None:
        return slicer.app
    folder = tempfile.TemporaryDirectory(prefix="doubles_")
    application, window = qSlicerApplication(Path(folder.name)), qSlicerMainWindow()
    sys.modules["qt"], sys.modules["ctk"] = QtModule(STAND_INS), CtkModule(STAND_INS)
    for name, cls in STAND_INS.items():
        if name.startswith("qMRML"):
            setattr(slicer, name, proxy_class(cls))
    for name in _NAMED_ONLY:
        setattr(slicer, name, placeholder(name))
    scene, logics = start_core(Path(folder.name))
    application._scene, application._logic = scene, logics[0]
    slicer.app, slicer.mrmlScene = wrap(application), scene
    slicer.modules = types.SimpleNamespace()
    _add_logics(scene, logics)
    application._layout_manager = qMRMLLayoutManager(scene, logics[0])
    _kept.extend((folder, application, window, logics))
    _install_python_packages(os.environ.get("SLICER_BASE_PYTHON"))
    return slicer.app


def _add_logics(scene, logics):
    vtk.vtkObject.GlobalWarningDisplayOff()  # they miss resource files that only the application ships
    for name in _MORE_LOGICS.values():
        logic = getattr(slicer, f"vtkSlicer{name}Logic")()
        logic.SetMRMLApplicationLogic(logics[0])
        logic.SetMRMLScene(scene)
        logics.append(logic)
    vtk.vtkObject.GlobalWarningDisplayOn()
    for logic in logics[2:]:
        name = logic.GetClassName().removeprefix("vtkSlicer").removesuffix("Logic").removesuffix("Module")
        name = "colors" if name == "Color" else name.lower()
        setattr(slicer.modules, name, types.SimpleNamespace(name=name, logic=lambda logic=logic: logic))
        logics[0].SetModuleLogic(name, logic)


def _install_python_packages(base_python):
    _make_module("SampleData", sample_data.MODULES["SampleData"])
    if base_python:
        slicer.__path__.append(str(Path(base_python) / "slicer"))
        slicer.mrmlScene.AddObserver(slicer.vtkMRMLScene.NodeAddedEvent, _keep_parameter_node)
    else:
        from . import parameter_nodes, slicer_python  # after `slicer` is complete

        for name, contents in {**slicer_python.MODULES, **parameter_nodes.MODULES}.items():
            _make_module(f"slicer.{name}", contents)
    packages.pretend(own_files=bool(base_python))


@vtk.calldata_type(vtk.VTK_OBJECT)
def _keep_parameter_node(_scene, _event, node):
    """The wrapper of Slicer 5.10 forgets an observer on it; collected together with the node's Python side, it crashes when called."""
    if node.IsA("vtkMRMLScriptedModuleNode"):
        _kept.append(node)


def _make_module(name, contents):
    module = sys.modules[name] = types.ModuleType(name)
    vars(module).update(contents)
    if name.startswith("slicer."):
        setattr(slicer, name.removeprefix("slicer."), module)


class LoadedModule(typing.NamedTuple):
    """A scripted module whose panel is open."""

    python: types.ModuleType
    description: object
    widget: object
    container: object  # qt.QWidget that holds the panel


def load_module(path):
    """Import a scripted module, describe it and open its panel, as Slicer does when its user chooses it."""
    path = Path(path).resolve()
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    python = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = python
    spec.loader.exec_module(python)
    parent = types.SimpleNamespace(path=str(path), icon=None, hidden=False)
    description = getattr(python, path.stem)(parent)
    container = qSlicerScriptedLoadableModuleWidget(path.stem)
    shown = types.SimpleNamespace(path=str(path), name=path.stem, widgetRepresentation=lambda: wrap(container))
    setattr(slicer.modules, path.stem.lower(), shown)
    container.setParent(unwrap(slicer.util.mainWindow()))  # no layout: a test may give it any size
    container.reload()
    container.resize(440, 900)
    container.window().show()
    container.show()
    container.enter()
    return LoadedModule(python, description, getattr(slicer.modules, f"{path.stem}Widget"), wrap(container))


def unload_module(loaded):
    """What Slicer does at its end: leave the panel, let it clean up, delete it."""
    name = loaded.description.moduleName
    loaded.container.exit()
    slicer.app.moduleManager().moduleAboutToBeUnloaded(name)
    loaded.container.delete()
    slicer.util.mainWindow().hide()
    delattr(slicer.modules, f"{name}Widget")
    delattr(slicer.modules, name.lower())


def set_testing(on):
    """Whether Slicer was started with --testing."""
    unwrap(slicer.app)._testing = on


def reset():
    """As just started, but for the scene: no settings, no prepared answers, nothing pretended."""
    set_testing(False)
    packages.forget()
    dialogs.messages.clear()
    dialogs.opened.clear()
    qt = sys.modules["qt"]
    qt.QSettings().clear()


def stop():
    """Remove what the application has put on the disk."""
    for kept in _kept:
        if isinstance(kept, tempfile.TemporaryDirectory):
            kept.cleanup()

"""Stand-in for slicer.app: a real QApplication with what qSlicerApplication adds to it."""

from PySide6 import QtCore, QtWidgets
from PySide6.QtCore import Property, Signal


class qSlicerCommandOptions(QtCore.QObject):
    """How the application was started."""

    testingEnabled = Property(bool, lambda self: QtWidgets.QApplication.instance()._testing)


class qSlicerModuleManager(QtCore.QObject):
    """Tells when a module is unloaded, as on reload and at the end."""

    moduleLoaded = Signal(str)
    moduleAboutToBeUnloaded = Signal(str)


class qSlicerModuleSelectorToolBar(QtWidgets.QToolBar):
    """Where the user changes the module; `enter` and `exit` of their widgets follow."""

    moduleSelected = Signal(str)

    def __init__(self):
        super().__init__()
        self._selected = ""

    selectedModule = Property(str, lambda self: self._selected)

    def selectModule(self, name):
        import slicer

        for module, act in ((self._selected, "exit"), (name, "enter")):
            widget = getattr(slicer.modules, f"{module}Widget", None)
            if widget is not None:
                getattr(widget.parent, act)()
        self._selected = name
        self.moduleSelected.emit(name)


class qSlicerMainWindow(QtWidgets.QMainWindow):
    """The window that slicer.util.mainWindow() finds by its name."""

    def __init__(self):
        super().__init__()
        self.setObjectName("qSlicerMainWindow")
        self._selector = qSlicerModuleSelectorToolBar()

    def moduleSelector(self):
        return self._selector


class qSlicerApplication(QtWidgets.QApplication):
    """The members that modules and slicer.util use. Not in testing mode: there questions would be answered by themselves."""

    startupCompleted = Signal()
    VERSION = (5, 12)

    def __init__(self, scratch):
        super().__init__(["Slicer"])
        self.setApplicationName("Slicer")
        self.setOrganizationName("NA-MIC")
        self.setApplicationVersion("5.12.3")
        QtCore.QSettings.setDefaultFormat(QtCore.QSettings.IniFormat)
        QtCore.QSettings.setPath(QtCore.QSettings.IniFormat, QtCore.QSettings.UserScope, str(scratch / "settings"))
        self._scratch, self._testing = scratch, False
        self._manager, self._options = qSlicerModuleManager(), qSlicerCommandOptions()
        self._scene = self._logic = self._layout_manager = None

    temporaryPath = Property(str, lambda self: str(self._scratch))
    slicerHome = Property(str, lambda self: str(self._scratch / "home"))
    majorVersion = Property(int, lambda self: self.VERSION[0])
    minorVersion = Property(int, lambda self: self.VERSION[1])
    revision = Property(str, lambda self: "34045")
    platform = Property(str, lambda self: "linux-amd64")

    def mrmlScene(self):
        return self._scene

    def applicationLogic(self):
        return self._logic

    def layoutManager(self):
        return self._layout_manager

    def moduleManager(self):
        return self._manager

    def commandOptions(self):
        return self._options

    def testingEnabled(self):
        return self._testing

    def settings(self):
        return QtCore.QSettings()

    def userSettings(self):
        return QtCore.QSettings()

    def moduleLogic(self, name):
        return self._logic.GetModuleLogic(name)

    def startupEnvironment(self):
        return QtCore.QProcessEnvironment.systemEnvironment()

    def environment(self):
        return QtCore.QProcessEnvironment.systemEnvironment()

    def pauseRender(self):
        pass

    def resumeRender(self):
        pass

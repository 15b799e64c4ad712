"""The panel of the module: what to look at and how, one button, progress; the results below are `results.ResultsView`."""

from __future__ import annotations

from typing import Any

import qt
import slicer
import slicer.util
import vtk
from slicer.i18n import tr as _

from ..errors import MRIAnomalyError
from . import exchange, found
from .devices import DeviceChoice
from .models import ModelChoice, install_model
from .nodes import is_output
from .progress import ProgressDisplay
from .results import ResultsView
from .runner import Outcome, Settings

_LOOK_FOR_DEVICES_MS = 500  # after the panel is on the screen
_MADE = {"makeHealthy": "healthy", "makeResidual": "residual", "makeFindings": "findings", "makePlot": "plot"}


class Panel(slicer.util.VTKObservationMixin):
    """The panel's widgets with what they do.

    Args:
        layout: Qt layout to put the panel into.
        ui_path: the .ui file.
        logic: a `MRIAnomalyLogic`: it has the parameter node and the runner.
    """

    def __init__(self, layout: Any, ui_path: str, logic: Any) -> None:
        super().__init__()
        self._logic, self._runner = logic, logic.runner
        self._parameters: Any = None
        self._gui_tag: Any = None
        self._node: Any = None  # kept also while a scene closes: Slicer 5.10 crashes when the node's Python side is collected
        self._open = True
        self._shown: Any = None
        self._widget = slicer.util.loadUI(ui_path)
        layout.addWidget(self._widget)
        self.ui = slicer.util.childWidgetVariables(self._widget)
        self._widget.setMRMLScene(slicer.mrmlScene)
        self._progress = ProgressDisplay(self.ui.progressBar, self.ui.statusLabel, self.ui.logText)
        self._devices = DeviceChoice(self.ui.deviceSelector, self.ui.deviceNote)
        self._models = ModelChoice(self.ui.modelSelector, self.ui.qualitySelector, self.ui.modelNote, self.ui.cardBrowser)
        self._results = ResultsView(self.ui, slicer.mrmlScene, self._progress.say, self._remember_finding)
        self._shortcuts = self._make_shortcuts()
        self._connect()
        self.initialize_parameters()

    def enter(self) -> None:
        """The user opened the module."""
        self.initialize_parameters()
        for shortcut in self._shortcuts:
            shortcut.setEnabled(True)
        qt.QTimer.singleShot(_LOOK_FOR_DEVICES_MS, self._look_for_devices)

    def exit(self) -> None:
        """The user went to another module; a run goes on."""
        for shortcut in self._shortcuts:
            shortcut.setEnabled(False)

    def cleanup(self) -> None:
        """The module is reloaded or Slicer ends: leave no process, no observer, no shortcut."""
        self._open = False
        self._set_parameters(None)
        self.removeObservers()
        self._devices.close()
        for shortcut in self._shortcuts:
            shortcut.setParent(None)
            shortcut.deleteLater()
        self._shortcuts = []

    def initialize_parameters(self) -> None:
        """Show the scene's own choices; a scene without any gets its first volume as input, to save a click."""
        parameters = self._logic.getParameterNode()
        if not parameters.inputVolume:
            volumes = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
            first = next((node for node in volumes if not is_output(node) and not node.GetHideFromEditors()), None)
            if first:
                parameters.inputVolume = first
        self._set_parameters(parameters)

    def _connect(self) -> None:
        ui, scene = self.ui, slicer.mrmlScene
        ui.applyButton.connect("clicked(bool)", self._on_apply)
        ui.addBundleButton.connect("clicked(bool)", self._on_add_bundle)
        ui.copyLogButton.connect("clicked(bool)", self._on_copy_log)
        ui.modelSelector.connect("activated(int)", self._on_model)
        ui.qualitySelector.connect("activated(int)", self._on_quality)
        self.addObserver(scene, scene.StartCloseEvent, self._on_scene_start_close)
        self.addObserver(scene, scene.EndCloseEvent, self._on_scene_changed)
        self.addObserver(scene, scene.EndImportEvent, self._on_scene_changed)
        self.addObserver(scene, scene.NodeRemovedEvent, self._on_node_removed)

    def _make_shortcuts(self) -> list[Any]:
        window = slicer.util.mainWindow()
        if window is None:
            return []
        actions = {
            "H": self._results.toggle_healthy,
            "O": self._results.toggle_overlay,
            "M": self._results.toggle_mask,
            "N": self._results.next_finding,
            "P": self._results.previous_finding,
        }
        shortcuts = []
        for key, action in actions.items():
            shortcut = qt.QShortcut(window)
            shortcut.setKey(qt.QKeySequence(key))
            shortcut.setEnabled(False)
            shortcut.connect("activated()", action)
            shortcuts.append(shortcut)
        return shortcuts

    def _set_parameters(self, parameters: Any) -> None:
        if self._parameters:
            self._parameters.disconnectGui(self._gui_tag)
            self.removeObserver(self._parameters, vtk.vtkCommand.ModifiedEvent, self._on_parameters)
        self._parameters = parameters
        if parameters:
            self._node = parameters.parameterNode
            self._gui_tag = parameters.connectGui(self.ui)
            self.addObserver(parameters, vtk.vtkCommand.ModifiedEvent, self._on_parameters)
            self._models.choose(parameters.model, parameters.quality)
        self._show_input()

    def _on_parameters(self, caller: Any = None, event: Any = None) -> None:
        self._show_input(again=False)

    def _show_input(self, again: bool = True) -> None:
        """Show the results of the chosen volume, anew or only when another one was chosen, and whether it can be analysed."""
        node = self._parameters.inputVolume if self._parameters else None
        if again or node is not self._shown:
            self._shown = node
            of_result = found.input_of(slicer.mrmlScene, node) if node else None
            self._results.show(of_result or node, self._parameters.finding if self._parameters else 0)
        self._update_apply(node)

    def _update_apply(self, node: Any) -> None:
        button = self.ui.applyButton
        if self._runner.running:
            button.text, button.toolTip, button.enabled = _("Cancel"), _("Stop the analysis; nothing of it is kept"), True
            return
        missing = self._missing(node)
        button.text = _("Apply")
        button.enabled = not missing
        button.toolTip = missing or _("Look for what healthy people do not show")

    def _missing(self, node: Any) -> str:
        """Why a run cannot begin; empty when it can."""
        if node is None:
            return _("Choose an input volume: load one with File > Add Data, or take one from the module Sample Data.")
        if is_output(node):
            return _("This volume is a result: choose the scan itself.")
        if node.GetImageData() is None:
            return _("The input volume has no voxels: choose another one.")
        if exchange.modality_of(node) not in ("", "MR"):
            return _("The input volume is not a magnetic resonance scan: choose another one.")
        if self._models.bundle is None:
            return _("There is no model to compare with: choose another one, or install one by Add bundle.")
        return ""

    def _on_apply(self) -> None:
        if self._runner.running:
            self.ui.statusLabel.text = _("Cancelling...")
            self._runner.cancel()
            return
        parameters = self._parameters
        settings = Settings(
            model=self._models.chosen,
            device=self._devices.chosen,
            quality=parameters.quality,
            what=frozenset(part for name, part in _MADE.items() if getattr(parameters, name)),
        )
        with slicer.util.tryWithErrorDisplay(_("The analysis could not be started."), waitCursor=True):
            try:
                self._runner.start(parameters.inputVolume, settings, self._progress.take, self._on_end)
            except MRIAnomalyError as error:
                self._progress.say(str(error))
            else:
                self._progress.begin(settings.device, settings.model, settings.quality)
        self._update_apply(parameters.inputVolume)

    def _on_end(self, outcome: Outcome) -> None:
        if not self._open:
            return
        self._progress.end(outcome.sentence or _("Done."), outcome.log)
        if outcome.nodes and self._parameters:
            self._parameters.finding = 0
            input_node = slicer.mrmlScene.GetNodeByID(outcome.nodes.input)
            if self._parameters.inputVolume is not input_node:
                self._parameters.inputVolume = input_node
        self._show_input()
        self._devices.look()

    def _on_add_bundle(self) -> None:
        kinds = _("Models of MRI Anomaly") + " (*.mrianomaly)"
        path = qt.QFileDialog.getOpenFileName(self._widget, _("Add a model"), "", kinds)
        if not path:
            return
        try:
            name = install_model(path)
        except MRIAnomalyError as error:
            self._progress.say(str(error))
            return
        self._models.refresh()
        self._parameters.model = name
        self._models.choose(name, self._parameters.quality)
        self._progress.say(_("The model {name} was added.").format(name=name))

    def _on_model(self) -> None:
        self._parameters.model = self.ui.modelSelector.currentData
        self._models.choose(self._parameters.model, self._parameters.quality)

    def _on_quality(self) -> None:
        self._parameters.quality = self.ui.qualitySelector.currentData

    def _on_copy_log(self) -> None:
        qt.QApplication.clipboard().setText(self.ui.logText.plainText)

    def _on_scene_start_close(self, caller: Any, event: str) -> None:
        self._set_parameters(None)

    def _on_scene_changed(self, caller: Any, event: str) -> None:
        if self._widget.visible:
            self.initialize_parameters()

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _on_node_removed(self, caller: Any, event: str, node: Any) -> None:
        if self._parameters and is_output(node) and not slicer.mrmlScene.IsClosing():
            qt.QTimer.singleShot(0, self._after_removal)  # once all that go together are gone

    def _after_removal(self) -> None:
        if self._open and self._parameters:
            self._show_input()

    def _remember_finding(self, number: int) -> None:
        if self._parameters:
            self._parameters.finding = number

    def _look_for_devices(self) -> None:
        if self._open:
            self._devices.look()

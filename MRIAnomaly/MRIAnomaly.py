"""The Slicer module: the four classes that Slicer looks for. What they do is written in MRIAnomalyLib/gui."""

import sys
from pathlib import Path

import slicer
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)

# Run from the source tree, the library lies one folder up; installed, it lies beside this file.
_ROOT = Path(__file__).resolve().parent.parent
if (_ROOT / "MRIAnomalyLib").is_dir() and str(_ROOT) not in sys.path:
    sys.path.append(str(_ROOT))


class MRIAnomaly(ScriptedLoadableModule):
    """What Slicer shows of the module before it is opened."""

    def __init__(self, parent: object) -> None:
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = _("MRI Anomaly")
        self.parent.categories = [translate("qSlicerAbstractCoreModule", "Segmentation")]
        self.parent.dependencies = []
        self.parent.contributors = ["MRIAnomaly contributors"]
        self.parent.helpText = (
            _(
                "Shows what in an MR scan does not look like a healthy one: a model trained on healthy scans draws the healthy counterpart "
                "of each slice, and the difference is compared with healthy people. Choose a volume and press Apply. "
                "For research, not for diagnosis. "
            )
            + '<a href="https://github.com/SlicerMRIAnomaly/SlicerMRIAnomaly#readme">'
            + _("Documentation and tutorial")
            + "</a>"
        )
        self.parent.acknowledgementText = _(
            "Models are trained on the IXI dataset (brain-development.org, CC BY-SA 3.0). Templates: ICBM 152, McConnell Brain Imaging "
            "Centre. Sample scans: Laboratory of Imaging Technologies, University of Ljubljana, and the studyforrest project."
        )
        slicer.app.connect("startupCompleted()", _register_sample_data)


def _register_sample_data() -> None:
    from MRIAnomalyLib.gui import samples

    samples.register()


class MRIAnomalyWidget(ScriptedLoadableModuleWidget):
    """Puts the panel into the module's place in Slicer, and tells it when it is opened, left and taken away."""

    def setup(self) -> None:
        """Build the panel: Slicer calls this when the module is opened for the first time."""
        ScriptedLoadableModuleWidget.setup(self)
        from MRIAnomalyLib.gui.panel import Panel

        self.logic = MRIAnomalyLogic()
        self.panel = Panel(self.layout, self.resourcePath("UI/MRIAnomaly.ui"), self.logic)

    def enter(self) -> None:
        """The user opened the module."""
        self.panel.enter()

    def exit(self) -> None:
        """The user went to another module."""
        self.panel.exit()

    def cleanup(self) -> None:
        """The module is reloaded or Slicer ends."""
        if hasattr(self, "panel"):  # `setup` may have failed
            self.panel.cleanup()
            self.logic.runner.close()

    def onReload(self) -> None:
        """Reload the library too, not this file alone."""
        for name in [name for name in sys.modules if name.split(".")[0] == "MRIAnomalyLib"]:
            del sys.modules[name]
        ScriptedLoadableModuleWidget.onReload(self)


class MRIAnomalyLogic(ScriptedLoadableModuleLogic):
    """Detection for scripts and other modules; no widget is needed."""

    def __init__(self) -> None:
        ScriptedLoadableModuleLogic.__init__(self)
        from MRIAnomalyLib.gui.runner import Runner

        self.runner = Runner(slicer.mrmlScene)

    def getParameterNode(self) -> object:
        """What the panel remembers in the scene."""
        from MRIAnomalyLib.gui.parameters import MRIAnomalyParameterNode

        return MRIAnomalyParameterNode(super().getParameterNode())

    def detect(self, volumeNode: object, model: str = "auto", device: str = "auto", quality: str = "fast", wait: bool = True) -> object:
        """Find what in a volume does not look like a healthy one, and write it into the scene.

        Args:
            volumeNode: a vtkMRMLScalarVolumeNode.
            model: name of an installed bundle, or "auto".
            device: "auto", "cpu", "cuda", "cuda:N" or "mps".
            quality: "fast" or "thorough".
            wait: return when it is done, Slicer reacting meanwhile; otherwise at once: `runner.outcome` is set when it is done.

        Returns:
            The DetectionNodes, IDs of what was made; None when not waiting.

        Raises:
            MRIAnomalyError: one plain sentence; its subclasses say whether it was cancelled, bad input, or not comparable.
        """
        from MRIAnomalyLib.gui.runner import Settings

        self.runner.start(volumeNode, Settings(model=model, device=device, quality=quality))
        if not wait:
            return None
        outcome = self.runner.wait()
        outcome.check()
        return outcome.nodes

    def cancel(self) -> None:
        """End a run that is under way; nothing of it is kept."""
        self.runner.cancel()


class MRIAnomalyTest(ScriptedLoadableModuleTest):
    """The self-test: the real detection on a sample scan, in the application and outside it."""

    def setUp(self) -> None:
        """Begin with an empty scene."""
        slicer.mrmlScene.Clear()

    def runTest(self) -> None:
        """Run every test of the module."""
        from MRIAnomalyLib.gui import selftest

        self.setUp()
        logic = MRIAnomalyLogic()
        try:
            selftest.run(self, logic)
        finally:
            logic.runner.close()

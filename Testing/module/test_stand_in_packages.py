"""The stand-ins of Slicer's Python packages and of its dialogs."""

from enum import Enum
from typing import Annotated

import doubles
import pytest
import qt
import slicer
from doubles import dialogs, packages, watch
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import Choice, WithinRange, parameterNodeWrapper
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleLogic, ScriptedLoadableModuleTest


class Plane(Enum):
    AXIAL = "axial"
    CORONAL = "coronal"


@parameterNodeWrapper
class Parameters:
    volume: slicer.vtkMRMLScalarVolumeNode
    threshold: Annotated[float, WithinRange(0.0, 10.0)] = 2.5
    thorough: bool
    plane: Plane = Plane.CORONAL
    device: Annotated[str, Choice(["auto", "cpu"])] = "auto"


@parameterNodeWrapper
class WithoutDefault:
    device: Annotated[str, Choice(["auto", "cpu"])]


class ToyLogic(ScriptedLoadableModuleLogic):
    pass


class ToyTest(ScriptedLoadableModuleTest):
    __test__ = False  # for Slicer to run, not for pytest

    def runTest(self):
        self.setUp()
        self.delayDisplay("running")
        self.assertTrue(slicer.app.testingEnabled())


class TestParameterNode:
    def test_widgets_and_parameters_follow_each_other(self, toy_panel, scene):
        parameters, ui = Parameters(ToyLogic().getParameterNode()), slicer.util.childWidgetVariables(toy_panel)
        tag = parameters.connectGui(ui)
        volume = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "T1")
        assert parameters.volume is volume
        ui.slider.value, ui.box.checked, ui.plane.currentIndex, ui.device.currentText = 4.0, True, 0, "cpu"
        assert (parameters.threshold, parameters.thorough, parameters.plane, parameters.device) == (4.0, True, Plane.AXIAL, "cpu")
        parameters.threshold, parameters.plane = 1.5, Plane.CORONAL
        assert (ui.slider.value, ui.slider.maximum, ui.plane.currentText) == (1.5, 10.0, "CORONAL")
        parameters.disconnectGui(tag)
        ui.slider.value = 9.0
        assert parameters.threshold == 1.5

    def test_values_outlive_the_wrapper_and_wrong_ones_are_refused(self, scene):
        parameters = Parameters(ToyLogic().getParameterNode())
        assert (parameters.threshold, parameters.thorough, parameters.plane, parameters.device) == (2.5, False, Plane.CORONAL, "auto")
        parameters.device = "cpu"
        assert Parameters(ToyLogic().getParameterNode()).device == "cpu"
        for name, wrong in (("threshold", 11.0), ("device", "quantum")):
            with pytest.raises(ValueError):
                setattr(parameters, name, wrong)

    def test_a_choice_needs_a_default(self, scene):
        with pytest.raises(ValueError, match="must be in one of"):
            WithoutDefault(scene.AddNewNodeByClass("vtkMRMLScriptedModuleNode"))

    def test_a_self_test_runs(self, testing_mode):
        ToyTest().runTest()


class TestDialogs:
    def test_a_question_is_answered_as_prepared(self):
        doubles.answers += [("Install", True), ("Remove", False)]
        assert slicer.util.confirmOkCancelDisplay("Install torch?")
        assert not slicer.util.confirmYesNoDisplay("Remove the results?")

    @pytest.mark.parametrize("says, button", [(True, "Yes"), (False, "No")])
    def test_a_message_box_of_qt_is_answered_too(self, says, button):
        doubles.answers.append(("Overwrite", says))
        assert qt.QMessageBox.question(None, "MRI Anomaly", "Overwrite the folder?") == getattr(qt.QMessageBox, button)

    def test_a_message_needs_no_answer_but_is_kept(self):
        slicer.util.errorDisplay("The disk is full.")
        assert doubles.messages == ["The disk is full."]

    def test_a_file_dialog_gives_the_path_alone(self):
        doubles.answers.append(("Choose", "/bundle.zip"))
        assert qt.QFileDialog.getOpenFileName(None, "Choose a bundle") == "/bundle.zip"

    def test_pages_are_not_opened(self):
        qt.QDesktopServices.openUrl(qt.QUrl("https://www.slicer.org"))
        assert doubles.opened == ["https://www.slicer.org"]

    def test_an_unexpected_question_is_noted_even_if_the_code_swallows_the_refusal(self):
        with pytest.raises(dialogs.Unanswered):
            slicer.util.confirmYesNoDisplay("Really?")
        assert watch.left_behind() == ["nobody answered: Really?"]


class TestPackages:
    def test_a_pretended_package_is_missing_until_it_is_asked_for(self):
        pytest.importorskip("slicer.packaging")  # 5.10 has none
        packages.versions["safetensors"] = None
        assert not slicer.packaging.pip_check("safetensors>=0.5")
        doubles.answers.append(("install", True))
        slicer.packaging.pip_ensure(["safetensors>=0.5"], requester="Toy")
        assert packages.asked == ["safetensors>=0.5"]
        assert slicer.packaging.pip_check("safetensors>=0.5")

    @pytest.mark.parametrize("says", [True, False])
    def test_torch_is_asked_for_through_its_extension(self, says):
        from PyTorchUtils import PyTorchUtilsLogic

        packages.versions["torch"] = None
        doubles.answers.append(("PyTorch will be downloaded", says))
        torch = PyTorchUtilsLogic().installTorch(askConfirmation=True, torchVersionRequirement=">=2.6")
        assert (torch is not None) == PyTorchUtilsLogic.torchInstalled() == says

    def test_an_older_slicer_has_no_packaging(self, slicer_5_10):
        with pytest.raises(ImportError):
            __import__("slicer.packaging")
        slicer.util.pip_install("deepbet>=1.0")
        assert packages.asked == ["deepbet>=1.0"]


def test_text_goes_through_the_translation():
    assert _("Apply") == "Apply"

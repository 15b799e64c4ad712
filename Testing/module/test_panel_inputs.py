"""What is chosen in the panel before a run: volume, model, device, quality, and why Apply cannot be pressed."""

import shutil

import doubles
import pytest
import qt
import slicer
import slicer.util
import vtk
from doubles import packages
from jobs import FakeJobs, choose_volume, job_folders
from results import make_result
from scenes import add_scan
from tiny_bundle import make_bundle

from MRIAnomalyLib.gui.scene import add_result


@pytest.fixture
def jobs(monkeypatch, tmp_path):
    return FakeJobs(monkeypatch, tmp_path)


@pytest.fixture
def models(tmp_path, monkeypatch):
    """Two models that can be used, one that was altered, and a folder for what the user adds."""
    shipped, own = tmp_path / "shipped", tmp_path / "own"
    own.mkdir()
    steps = {"latent_dim": 8, "learning_rate": 1e-4, "fast_steps": 100, "thorough_steps": 400}
    timing = {"cpu": {"seconds": 34.2, "hardware": "2 cores of a Pentium"}}
    make_bundle(shipped / "brain-t1-anogan", config=steps, timing=timing, validation={"pixel_ap": 0.4})
    make_bundle(shipped / "brain-t2-anogan", name="brain-t2-anogan", recipe={"anatomy": "brain", "sequence": "T2", "plane": "axial"})
    make_bundle(shipped / "knee-pdfs-anogan", name="knee-pdfs-anogan")
    (shipped / "knee-pdfs-anogan" / "LICENSE").write_text("Do what you like.")
    monkeypatch.setattr("MRIAnomalyLib.resources.bundle_folders", lambda: [shipped, own])
    monkeypatch.setattr("MRIAnomalyLib.resources.user_bundles_folder", lambda: own)
    return shipped


@pytest.fixture
def ui(jobs, models, module):
    return module.widget.panel.ui


@pytest.fixture
def bundle_file(tmp_path):
    """Make a .mrianomaly file of a new bundle."""

    def make(name, alter=False):
        folder = tmp_path / "to zip" / name
        make_bundle(folder, name=name)
        if alter:
            (folder / "LICENSE").write_text("Do what you like.")
        packed = shutil.make_archive(str(tmp_path / "packed"), "zip", folder.parent, name)
        shutil.rmtree(folder.parent)
        return shutil.move(packed, tmp_path / "Patient Name.mrianomaly")

    return make


def texts(combo):
    return [combo.itemText(row) for row in range(combo.count)]


class TestApply:
    def test_the_first_volume_of_the_scene_is_chosen_to_save_a_click(self, jobs, models, scene, request):
        result = make_result((6, 20, 18))
        add_result(scene, result, add_scan(scene, result, "Scan"))
        ui = request.getfixturevalue("module").widget.panel.ui
        assert ui.inputSelector.currentNode().GetName() == "Scan"
        assert ui.applyButton.enabled

    def test_without_a_volume_it_says_how_to_get_one(self, ui):
        assert not ui.applyButton.enabled
        assert ui.applyButton.toolTip.startswith("Choose an input volume: load one with File > Add Data")

    def test_of_a_volume_without_voxels_it_says_so(self, ui, scene):
        scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Empty")
        choose_volume(ui, "Empty")
        assert (ui.applyButton.enabled, ui.applyButton.toolTip) == (False, "The input volume has no voxels: choose another one.")

    def test_of_a_result_it_says_so_and_shows_what_it_belongs_to(self, ui, scene):
        result = make_result((6, 20, 18))
        add_result(scene, result, add_scan(scene, result, "Scan"))
        choose_volume(ui, "Scan heatmap")
        assert (ui.applyButton.enabled, ui.applyButton.toolTip) == (False, "This volume is a result: choose the scan itself.")
        assert ui.resultsButton.visible

    def test_of_another_modality_it_says_so(self, ui, scene):
        scan = add_scan(scene, make_result((6, 20, 18)), "CT")
        hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
        hierarchy.SetItemAttribute(hierarchy.GetItemByDataNode(scan), "DICOM.Modality", "CT")
        choose_volume(ui, "CT")
        assert not ui.applyButton.enabled
        assert "not a magnetic resonance scan" in ui.applyButton.toolTip

    def test_without_a_model_it_says_so(self, jobs, scene, monkeypatch, request):
        monkeypatch.setattr("MRIAnomalyLib.resources.bundle_folders", lambda: [])
        add_scan(scene, make_result((6, 20, 18)))
        ui = request.getfixturevalue("module").widget.panel.ui
        assert not ui.applyButton.enabled
        assert ui.applyButton.toolTip.startswith("There is no model to compare with")
        assert texts(ui.modelSelector) == ["Automatic: no model is installed"]

    def test_when_it_can_be_pressed_it_says_what_it_does(self, ui, scene):
        add_scan(scene, make_result((6, 20, 18)))
        choose_volume(ui, "Scan")
        assert (ui.applyButton.enabled, ui.applyButton.toolTip) == (True, "Look for what healthy people do not show")

    def test_a_volume_of_several_values_a_voxel_is_refused_in_words(self, ui, scene):
        node = add_scan(scene, make_result((6, 20, 18)))
        choose_volume(ui, "Scan")
        node.GetImageData().AllocateScalars(vtk.VTK_FLOAT, 3)
        doubles.click(ui.applyButton)
        assert ui.statusLabel.text.startswith("The input volume has several values a voxel")
        assert (ui.applyButton.text, job_folders()) == ("Apply", [])

    def test_a_full_disk_is_told_in_words(self, ui, scene, monkeypatch):
        def full(*args, **how):
            raise OSError(28, "No space left on device")

        add_scan(scene, make_result((6, 20, 18)))
        choose_volume(ui, "Scan")
        monkeypatch.setattr("numpy.savez", full)
        doubles.click(ui.applyButton)
        assert ui.statusLabel.text.startswith("Nothing can be written into Slicer's folder for temporary files")
        assert (ui.applyButton.text, job_folders()) == ("Apply", [])

    def test_who_does_not_want_packages_installed_is_back_at_the_panel(self, ui, scene):
        packages.versions["safetensors"] = None
        add_scan(scene, make_result((6, 20, 18)))
        choose_volume(ui, "Scan")
        doubles.answers.append(("safetensors", False))
        doubles.click(ui.applyButton)
        assert ui.statusLabel.text.startswith("Nothing was computed: safetensors would have to be installed first.")
        assert (ui.applyButton.text, ui.applyButton.enabled, job_folders()) == ("Apply", True, [])


class TestModels:
    def test_the_list_names_what_can_be_used_and_why_another_cannot(self, ui):
        automatic, brain, once, knee = texts(ui.modelSelector)
        assert automatic == "Automatic: brain-t1-anogan"
        assert brain.startswith("brain-t1-anogan (") and once == "brain-t2-anogan (brain, T2, axial)"
        assert knee.startswith("knee-pdfs-anogan: refused. LICENSE was altered")
        with pytest.raises(AssertionError, match="cannot be chosen"):
            doubles.choose(ui.modelSelector, knee)

    def test_the_card_is_shown_with_training_data_license_and_seconds(self, ui):
        assert ui.cardBrowser.plainText.startswith("brain-t1-anogan")
        assert "Knows nothing." in ui.cardBrowser.plainText and "![" not in ui.cardBrowser.markdown
        for words in ("2 healthy people: Made up", "CC BY-SA 3.0", "34 s a scan on the CPU (2 cores of a Pentium)", "a GPU: not measured"):
            assert words in ui.modelNote.text
        doubles.choose(ui.modelSelector, "brain-t2-anogan (brain, T2, axial)")
        assert ui.cardBrowser.plainText.startswith("brain-t2-anogan")

    def test_the_qualities_follow_the_model(self, ui):
        assert texts(ui.qualitySelector) == ["Fast: 100 search steps", "Thorough: 400 search steps"]
        assert "4.0 times as long" in ui.qualitySelector.toolTip
        doubles.choose(ui.modelSelector, "brain-t2-anogan (brain, T2, axial)")
        assert texts(ui.qualitySelector) == ["Fast", "Thorough"]
        assert not ui.qualitySelector.enabled

    def test_choices_are_kept_in_the_scene_and_come_back(self, ui, module):
        doubles.choose(ui.qualitySelector, "Thorough: 400 search steps")
        doubles.choose(ui.modelSelector, texts(ui.modelSelector)[1])
        parameters = module.widget.logic.getParameterNode()
        assert (parameters.model, parameters.quality) == ("brain-t1-anogan", "thorough")
        module.container.exit()
        module.container.enter()
        assert (ui.modelSelector.currentData, ui.qualitySelector.currentData) == ("brain-t1-anogan", "thorough")

    def test_a_scene_that_asks_for_a_model_not_at_hand_gets_the_automatic_choice(self, ui, module, scene):
        add_scan(scene, make_result((6, 20, 18)))
        choose_volume(ui, "Scan")
        module.widget.logic.getParameterNode().model = "brain-of-a-colleague"
        module.container.enter()
        assert ui.modelSelector.currentText == "Automatic: brain-t1-anogan"
        assert ui.applyButton.enabled

    def test_a_model_is_added_from_a_file_and_chosen(self, ui, bundle_file, module):
        doubles.answers.append(("Add a model", str(bundle_file("spine-t1-anogan"))))
        doubles.click(ui.addBundleButton)
        assert ui.statusLabel.text == "The model spine-t1-anogan was added."
        assert ui.modelSelector.currentData == module.widget.logic.getParameterNode().model == "spine-t1-anogan"

    @pytest.mark.parametrize("wanted", [True, False])
    def test_a_model_that_is_installed_already_is_replaced_after_a_question(self, ui, bundle_file, models, wanted):
        file = str(bundle_file("spine-t1-anogan"))
        doubles.answers.append(("Add a model", file))
        doubles.click(ui.addBundleButton)
        card = models.parent / "own" / "spine-t1-anogan" / "card.md"
        card.write_text("altered")
        doubles.answers += [("Add a model", file), ("This model is installed already. Replace it?", wanted)]
        doubles.click(ui.addBundleButton)
        assert ui.statusLabel.text == ("The model spine-t1-anogan was added." if wanted else "The model was left as it is.")
        assert (card.read_text() == "altered") != wanted

    def test_a_damaged_file_is_refused_in_words_and_not_named_in_the_log(self, ui, bundle_file, models, tmp_path):
        before = texts(ui.modelSelector)
        (tmp_path / "Patient.mrianomaly").write_bytes(b"no zip")
        for path, word in (
            (bundle_file("spine-t1-anogan", alter=True), "altered"),
            (tmp_path / "Patient.mrianomaly", "Patient.mrianomaly is"),
        ):
            doubles.answers.append(("Add a model", str(path)))
            doubles.click(ui.addBundleButton)
            assert word in ui.statusLabel.text
        assert texts(ui.modelSelector) == before
        assert list((models.parent / "own").iterdir()) == []
        assert "Patient" not in ui.logText.plainText

    def test_thinking_better_of_it_changes_nothing(self, ui):
        doubles.answers.append(("Add a model", ""))
        doubles.click(ui.addBundleButton)
        assert ui.statusLabel.text == ""


class TestDevices:
    def test_a_graphics_card_is_listed_with_its_free_memory(self, ui, jobs, spin_until):
        jobs.have_gpu("RTX 9000")
        assert spin_until(lambda: ui.deviceSelector.count > 2)
        assert texts(ui.deviceSelector) == [
            "Automatic: GPU: RTX 9000, 20.0 of 24.0 GiB free",
            "GPU: RTX 9000, 20.0 of 24.0 GiB free",
            "CPU",
        ]
        assert ui.deviceNote.text == ""
        doubles.choose(ui.deviceSelector, "GPU: RTX 9000, 20.0 of 24.0 GiB free")
        assert slicer.util.settingsValue("MRIAnomaly/Device", "") == "cuda:0"

    def test_without_one_it_says_why(self, ui, spin_until):
        assert ui.deviceNote.text == ""
        assert spin_until(lambda: "no GPU that PyTorch can use" in ui.deviceNote.text)
        assert texts(ui.deviceSelector) == ["Automatic: CPU", "CPU"]

    def test_the_users_choice_is_remembered_on_this_machine(self, jobs, models, scene, spin_until, request):
        qt.QSettings().setValue("MRIAnomaly/Device", "cuda:0")
        ui = request.getfixturevalue("module").widget.panel.ui
        jobs.have_gpu("RTX 9000")
        assert ui.deviceSelector.currentData == "auto"  # until it is known whether it is there
        assert spin_until(lambda: ui.deviceSelector.currentData == "cuda:0")

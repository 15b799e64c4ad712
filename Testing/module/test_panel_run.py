"""The panel driven by clicks, with real jobs: from the choice of an input to its findings, and every way a run may end."""

import os
import signal

import doubles
import numpy as np
import pytest
import qt
import slicer
from doubles import processes
from fake_pipeline import result_for
from jobs import TESTING, apply, begin, choose_volume, end, job_folders
from results import make_result
from scenes import add_scan, delete, grid_transform, ijk_to_ras, in_world, inventory, linear_transform, result_on, shown_place

from MRIAnomalyLib.gui.exchange import volume_of
from MRIAnomalyLib.gui.found import findings_of, inputs_with_results, results_of

MODULE = TESTING.parent / "MRIAnomaly" / "MRIAnomaly.py"


def plain(scene):
    """What is in the scene besides the choices of the panel and its plot view."""
    named, items = inventory(scene)
    return [one for one in named if one[0] not in ("vtkMRMLScriptedModuleNode", "vtkMRMLPlotViewNode")], items


class TestToTheEnd:
    def test_from_the_choice_of_an_input_to_a_finding_by_clicks_alone(self, jobs, scene, module):
        ui = module.widget.panel.ui
        assert not ui.applyButton.enabled
        for name in ("First", "Second"):
            add_scan(scene, make_result((8, 30, 28)), name)
        choose_volume(ui, "Second")
        apply(ui)
        second = slicer.util.getNode("Second")
        assert ui.statusLabel.text == "Done."
        assert ui.verdictLabel.text.startswith("Flagged: fewer than 1 in 46")
        assert "The scanner is another one." in ui.warningsLabel.text
        assert "no p below 0.021" in ui.certaintyLabel.text
        findings = findings_of(scene, results_of(scene, second))
        doubles.click_row(ui.findingsTable, 1, column=4)
        np.testing.assert_allclose(shown_place(scene), findings[1].centroid_ras_mm, atol=1e-6)
        layers = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceCompositeNode()
        assert (layers.GetBackgroundVolumeID(), layers.GetForegroundVolumeID()) == (second.GetID(), results_of(scene, second).heatmap)
        assert job_folders() == []

    @pytest.mark.parametrize(("grid", "transform"), [("cropped", None), ("right-handed", linear_transform), ("oblique", grid_transform)])
    def test_results_lie_on_the_input_wherever_it_is(self, jobs, scene, module, grid, transform):
        ui = module.widget.panel.ui
        scan = add_scan(scene, result_on(grid), transform=transform and transform(scene))
        choose_volume(ui, "Scan")
        apply(ui)
        nodes, expected = results_of(scene, scan), result_for(volume_of(scan))
        heatmap, healthy = (scene.GetNodeByID(node_id) for node_id in (nodes.heatmap, nodes.healthy))
        for node in (heatmap, healthy):
            np.testing.assert_allclose(ijk_to_ras(node), ijk_to_ras(scan), atol=1e-9)
            assert node.GetTransformNodeID() == scan.GetTransformNodeID()
        np.testing.assert_allclose(slicer.util.arrayFromVolume(heatmap), expected.heatmap.array, atol=1e-6)
        np.testing.assert_allclose(slicer.util.arrayFromVolume(healthy), expected.healthy.array, rtol=1e-6)
        for number in (1, 2):
            doubles.click(ui.nextButton)
            np.testing.assert_allclose(shown_place(scene), in_world(scan, expected.findings[number - 1].centroid_ras_mm), atol=1e-3)

    def test_a_second_run_takes_the_place_of_the_first(self, panel, scene, scan):
        apply(panel)
        layers = slicer.app.layoutManager().sliceWidget("Green").mrmlSliceCompositeNode()
        layers.SetForegroundOpacity(0.25)
        before, first = inventory(scene), results_of(scene, scan)
        apply(panel)
        second = results_of(scene, scan)
        assert inventory(scene) == before
        assert set(first.outputs().values()) & set(second.outputs().values()) == set()
        assert (layers.GetForegroundVolumeID(), layers.GetForegroundOpacity()) == (second.heatmap, 0.25)

    def test_two_volumes_keep_their_results_side_by_side(self, panel, scene, scan):
        other = add_scan(scene, make_result((8, 30, 28), findings=False), "Other")
        apply(panel)
        choose_volume(panel, "Other")
        assert not panel.resultsButton.visible
        apply(panel)
        assert inputs_with_results(scene) == [scan, other]
        doubles.click(panel.nextButton)
        doubles.click(panel.nextButton)
        choose_volume(panel, "Scan")
        assert panel.resultsButton.visible
        doubles.click(panel.nextButton)
        np.testing.assert_allclose(shown_place(scene), findings_of(scene, results_of(scene, scan))[0].centroid_ras_mm, atol=1e-6)

    def test_only_what_is_ticked_is_made(self, panel, scene, scan):
        panel.outputsButton.collapsed = False
        slicer.app.processEvents()
        for box in (panel.makeHealthyCheckBox, panel.makeResidualCheckBox, panel.makePlotCheckBox):
            doubles.press(box, qt.Qt.Key_Space)
        apply(panel)
        made = results_of(scene, scan).outputs()
        assert set(made) == {"heatmap", "scored", "findings", "findings_table", "slice_scores", "report"}
        assert not panel.healthyButton.enabled and not panel.plotView.visible


class TestOtherEnds:
    @pytest.mark.parametrize(
        ("mode", "sentence"),
        [
            ("unread", "This is no scan: choose another one."),
            ("alien", "This is a knee, and the model knows brains."),
            ("wrong", "The job itself failed; details are in "),
            ("killed", "The analysis ended unexpectedly: "),
            ("stopped", "Cancelled; nothing half-written was left behind."),
        ],
    )
    def test_the_last_words_of_a_failed_job_are_what_the_user_reads(self, panel, jobs, scene, mode, sentence):
        before = plain(scene)
        jobs.go_as(mode)
        apply(panel)
        assert panel.statusLabel.text.startswith(sentence)
        assert sentence in panel.logText.plainText
        assert not panel.progressBar.visible and not panel.resultsButton.visible
        assert (plain(scene), job_folders()) == (before, [])

    def test_the_same_button_cancels(self, panel, jobs, scene):
        before = plain(scene)
        jobs.go_as("waits")
        begin(panel)
        assert (panel.applyButton.text, panel.progressBar.visible) == ("Cancel", True)
        apply(panel)
        assert panel.statusLabel.text == "Cancelled."
        assert (plain(scene), job_folders(), processes.running()) == (before, [], [])

    def test_a_job_killed_from_outside_takes_nothing_with_it(self, panel, jobs, scan):
        jobs.go_as("waits")
        begin(panel)
        for number in processes.running():
            os.kill(number, signal.SIGKILL)
        end(panel)
        assert panel.statusLabel.text.startswith("The analysis ended unexpectedly")
        assert panel.applyButton.enabled

    def test_closing_the_scene_ends_the_run(self, panel, jobs, scene):
        jobs.go_as("waits")
        begin(panel)
        scene.Clear(False)
        end(panel)
        assert processes.running() == []
        assert not panel.applyButton.enabled
        assert scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode") == 0
        assert job_folders() == []

    def test_removing_the_input_ends_the_run(self, panel, jobs, scene, scan):
        jobs.go_as("waits")
        begin(panel)
        delete(scene, scan)
        end(panel)
        assert panel.statusLabel.text == "Cancelled."
        assert scene.GetNumberOfNodesByClass("vtkMRMLTableNode") == 0
        assert (job_folders(), processes.running()) == ([], [])

    def test_an_input_that_was_changed_meanwhile_gets_no_result_and_is_not_named(self, panel, jobs, scene, scan):
        scan.SetName("Patient Name^1970")
        before = plain(scene)
        jobs.go_as("waits")
        begin(panel)
        slicer.util.updateVolumeFromArray(scan, slicer.util.arrayFromVolume(scan)[:-1])
        jobs.go_on()
        end(panel)
        assert panel.statusLabel.text == "The input volume was changed during the analysis: press Apply again."
        assert plain(scene) == before
        assert "Patient" not in panel.logText.plainText

    def test_an_input_that_was_moved_meanwhile_gets_no_result(self, panel, jobs, scene, scan):
        jobs.go_as("waits")
        begin(panel)
        scan.SetOrigin(1, 2, 3)
        jobs.go_on()
        end(panel)
        assert panel.statusLabel.text.startswith("The input volume was changed")
        assert results_of(scene, scan) is None


class TestMeanwhile:
    def test_leaving_the_module_lets_the_run_go_on_and_its_results_arrive(self, panel, jobs, module, scene, scan, spin_until):
        jobs.go_as("waits")
        begin(panel)
        module.container.exit()
        module.container.hide()
        jobs.go_on()
        assert spin_until(lambda: results_of(scene, scan))
        module.container.show()
        module.container.enter()
        assert panel.resultsButton.visible and panel.applyButton.text == "Apply"

    def test_closing_the_scene_from_another_module_ends_the_run_too(self, panel, jobs, module, scene):
        jobs.go_as("waits")
        begin(panel)
        module.container.exit()
        module.container.hide()
        scene.Clear(False)
        end(panel)
        assert processes.running() == []
        add_scan(scene, make_result((8, 30, 28)), "Next")
        module.container.show()
        module.container.enter()
        assert panel.inputSelector.currentNode().GetName() == "Next"
        jobs.go_as("")
        apply(panel)
        assert panel.resultsButton.visible

    def test_choosing_another_volume_does_not_change_what_is_analysed(self, panel, jobs, scene, scan):
        other = add_scan(scene, make_result((8, 30, 28)), "Other")
        jobs.go_as("waits")
        begin(panel)
        choose_volume(panel, "Other")
        jobs.go_on()
        end(panel)
        assert inputs_with_results(scene) == [scan]
        assert results_of(scene, other) is None

    def test_slicer_may_quit(self, jobs, scene, scan):
        loaded = doubles.load_module(MODULE)
        jobs.go_as("waits")
        begin(loaded.widget.panel.ui)
        doubles.unload_module(loaded)
        assert (job_folders(), processes.running()) == ([], [])

    def test_the_interface_goes_on_answering(self, panel, jobs, spin_until):
        clock, gaps = qt.QElapsedTimer(), []
        clock.start()
        timer = qt.QTimer()
        timer.interval = 5
        timer.connect("timeout()", lambda: gaps.append(clock.restart()))
        timer.start()
        jobs.go_as("waits")
        begin(panel)
        assert not spin_until(lambda: False, 500)
        jobs.go_on()
        end(panel)
        timer.stop()
        print(f"gaps of a 5 ms timer during a run: 95 % below {np.percentile(gaps, 95):.0f} ms, longest {max(gaps)} ms")
        # the share of time without an answer: nearly all of it if the panel waited for the job
        assert sum(gap for gap in gaps if gap > 50) < sum(gaps) / 2

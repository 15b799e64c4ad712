"""The results half of the panel on results that are in the scene: words, table, plot, sliders, keys, saving, clearing."""

import dataclasses

import doubles
import numpy as np
import pytest
import qt
import slicer
from jobs import FakeJobs, choose_volume
from results import make_result
from scenes import add_scan, delete, in_world, linear_transform, shown_place

from MRIAnomalyLib.gui.found import findings_of, results_of
from MRIAnomalyLib.gui.nodes import DetectionNodes
from MRIAnomalyLib.gui.scene import add_result
from MRIAnomalyLib.gui.segments import segment_ids

RESULT = make_result((8, 30, 28), warnings=("The scanner is another one.",))
ROLES = [field.name for field in dataclasses.fields(DetectionNodes) if field.name not in ("input", "mask")]


@pytest.fixture
def scan(scene):
    return add_scan(scene, RESULT, transform=linear_transform(scene))


@pytest.fixture
def nodes(scene, scan):
    return add_result(scene, RESULT, scan)


@pytest.fixture
def ui(monkeypatch, tmp_path, nodes, module):
    """The panel, opened on a scene with a result."""
    FakeJobs(monkeypatch, tmp_path)
    return module.widget.panel.ui


@pytest.fixture
def window(ui):
    return slicer.util.mainWindow()


def layers(name="Red"):
    return slicer.app.layoutManager().sliceWidget(name).mrmlSliceCompositeNode()


def stands_at(scene, scan, ras_mm):
    return np.allclose(shown_place(scene), in_world(scan, ras_mm), atol=1e-6)


def texts_in(table):
    cells = table.model()
    shown = [column for column in range(cells.columnCount()) if not table.isColumnHidden(column)]
    heads = [cells.headerData(column, qt.Qt.Horizontal) for column in shown]
    return heads, [[cells.index(row, column).data() for column in shown] for row in range(cells.rowCount())]


def filled(scene, nodes):
    node = scene.GetNodeByID(nodes.findings)
    return [label for label, one in segment_ids(node).items() if node.GetDisplayNode().GetSegmentVisibility2DFill(one)]


class TestWords:
    def test_verdict_certainty_and_warnings_are_told(self, ui):
        assert ui.verdictLabel.text == RESULT.verdict
        assert "not the chance of a disease" in ui.certaintyLabel.text
        assert "no p below 0.021 can be reached" in ui.certaintyLabel.text
        assert "The scanner is another one." in ui.warningsLabel.text and ui.warningsLabel.visible
        assert "A scan that is not flagged is not thereby normal." in ui.researchLabel.text

    def test_a_result_without_findings_or_warnings_leaves_no_empty_places(self, ui, scene):
        plain = make_result((8, 30, 28), findings=False)
        add_result(scene, plain, add_scan(scene, plain, "Plain"))
        choose_volume(ui, "Plain")
        assert ui.verdictLabel.text == plain.verdict
        assert not ui.warningsLabel.visible and not ui.findingsTable.visible
        assert not ui.previousButton.enabled and not ui.nextButton.enabled
        assert ui.plotView.visible

    def test_of_one_level_no_curve_is_drawn(self, ui, scene):
        one = dataclasses.replace(RESULT, slices=[dataclasses.replace(row, scored=row.slice == 4) for row in RESULT.slices])
        add_result(scene, one, add_scan(scene, one, "Level"))
        choose_volume(ui, "Level")
        assert ui.verdictLabel.text == one.verdict
        assert not ui.plotView.visible


class TestFindings:
    def test_the_table_has_a_row_for_each_finding_under_heads(self, ui):
        heads, rows = texts_in(ui.findingsTable)
        assert len(rows) == len(RESULT.findings) == 2
        assert [row[0] for row in rows] == ["1", "2"]
        assert [row[heads.index("Side")] for row in rows] == [finding.side for finding in RESULT.findings]

    @pytest.mark.parametrize("number", [1, 2])
    def test_a_click_on_a_row_goes_there_and_fills_its_segment(self, ui, scene, scan, nodes, number):
        doubles.click_row(ui.findingsTable, number - 1, column=4)
        assert stands_at(scene, scan, RESULT.findings[number - 1].centroid_ras_mm)
        assert filled(scene, nodes) == [number]

    def test_a_click_on_the_selected_row_goes_back_there(self, ui, scene, scan):
        doubles.click_row(ui.findingsTable, 1, column=4)
        slicer.vtkMRMLSliceNode.JumpAllSlices(scene, 1, 2, 3, slicer.vtkMRMLSliceNode.OffsetJumpSlice)
        doubles.click_row(ui.findingsTable, 1, column=4)
        assert stands_at(scene, scan, RESULT.findings[1].centroid_ras_mm)

    def test_next_and_previous_go_round_by_button_and_key(self, ui, window, module):
        def at():
            selected = [index.row() + 1 for index in ui.findingsTable.selectionModel().selectedRows()]
            assert selected == [module.widget.logic.getParameterNode().finding]
            return selected[0]

        for act, number in (
            (lambda: doubles.click(ui.nextButton), 1),
            (lambda: doubles.click(ui.nextButton), 2),
            (lambda: doubles.click(ui.nextButton), 1),
            (lambda: doubles.click(ui.previousButton), 2),
            (lambda: doubles.press(window, qt.Qt.Key_P), 1),
            (lambda: doubles.press(window, qt.Qt.Key_N), 2),
        ):
            act()
            assert at() == number

    def test_previous_begins_with_the_last(self, ui, module):
        doubles.click(ui.previousButton)
        assert module.widget.logic.getParameterNode().finding == 2

    def test_views_that_show_something_else_get_the_result_back(self, ui, scene, scan, nodes):
        other = add_scan(scene, RESULT, "Other")
        slicer.util.setSliceViewerLayers(background=other, foreground=other)
        doubles.click(ui.nextButton)
        assert (layers().GetBackgroundVolumeID(), layers().GetForegroundVolumeID()) == (scan.GetID(), nodes.heatmap)

    @pytest.mark.parametrize("series", [0, 1])
    def test_a_click_on_the_plot_goes_to_its_slice(self, ui, scene, scan, nodes, series):
        node = scene.GetNodeByID(nodes.score_plot).GetNthPlotSeriesNode(series)
        numbers = [one.slice for one in RESULT.slices if series == 0 or np.isfinite(one.threshold)]
        doubles.click_point(ui.plotView, node, 3)
        (place,) = [one.center_ras_mm for one in RESULT.slices if one.slice == numbers[3]]
        assert stands_at(scene, scan, place)

    def test_keys_do_nothing_while_another_module_is_open(self, ui, window, module):
        module.container.exit()
        doubles.press(window, qt.Qt.Key_N)
        assert module.widget.logic.getParameterNode().finding == 0


class TestOverlay:
    def test_the_sliders_begin_where_the_views_are(self, ui):
        assert (ui.opacitySlider.value, ui.opacitySlider.maximum) == (0.6, 1.0)
        assert ui.thresholdSlider.value == pytest.approx(RESULT.heat_threshold)

    def test_opacity_and_threshold_act_at_once(self, ui, scene, nodes):
        ui.opacitySlider.value = 0.25
        ui.thresholdSlider.value = 1.5
        assert {layers(name).GetForegroundOpacity() for name in ("Red", "Green", "Yellow")} == {0.25}
        heatmap = scene.GetNodeByID(nodes.heatmap)
        assert heatmap.GetDisplayNode().GetLowerThreshold() == 1.5
        assert "1.5" in slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(heatmap).GetTitleText()

    def test_healthy_counterpart_comes_and_goes_by_button_and_key(self, ui, window, scan, nodes):
        for act, shown in (
            (lambda: doubles.click(ui.healthyButton), nodes.healthy),
            (lambda: doubles.press(window, qt.Qt.Key_H), scan.GetID()),
            (lambda: doubles.press(window, qt.Qt.Key_H), nodes.healthy),
        ):
            act()
            assert {layers(name).GetBackgroundVolumeID() for name in ("Red", "Green", "Yellow")} == {shown}
            assert ui.healthyButton.checked == (shown == nodes.healthy)

    def test_the_overlay_goes_and_comes_by_button_and_key(self, ui, window):
        ui.opacitySlider.value = 0.4
        for act, opacity in (
            (lambda: doubles.click(ui.overlayButton), 0.0),
            (lambda: doubles.press(window, qt.Qt.Key_O), 0.4),
            (lambda: doubles.press(window, qt.Qt.Key_O), 0.0),
        ):
            act()
            assert (layers().GetForegroundOpacity(), ui.overlayButton.checked) == (opacity, opacity > 0)

    def test_a_model_without_a_mask_leaves_no_button_for_it(self, ui, window, nodes):
        assert not ui.maskButton.visible
        doubles.press(window, qt.Qt.Key_M)
        assert layers().GetForegroundVolumeID() == nodes.heatmap

    def test_the_mask_comes_in_place_of_the_heatmap_by_button_and_key_with_the_same_opacity(self, ui, window, scene):
        learned = dataclasses.replace(RESULT, mask=RESULT.volume.like(RESULT.scored.array.astype(np.float32)))
        masked = add_result(scene, learned, add_scan(scene, learned, "Masked"))
        choose_volume(ui, "Masked")
        assert ui.maskButton.visible
        for act, shown in (
            (lambda: doubles.click(ui.maskButton), masked.mask),
            (lambda: doubles.press(window, qt.Qt.Key_M), masked.heatmap),
            (lambda: doubles.press(window, qt.Qt.Key_M), masked.mask),
        ):
            act()
            assert {layers(name).GetForegroundVolumeID() for name in ("Red", "Green", "Yellow")} == {shown}
            assert ui.maskButton.checked == (shown == masked.mask)
        ui.opacitySlider.value = 0.3
        assert layers().GetForegroundOpacity() == 0.3
        doubles.click(ui.overlayButton)
        assert (layers().GetForegroundOpacity(), ui.maskButton.checked) == (0.0, True)
        doubles.click(ui.nextButton)
        assert layers().GetForegroundVolumeID() == masked.mask

    def test_show_in_views_brings_the_result_back(self, ui, scene, scan, nodes):
        slicer.util.setSliceViewerLayers(background=add_scan(scene, RESULT, "Other"), foreground=None)
        doubles.click(ui.showButton)
        assert (layers().GetBackgroundVolumeID(), layers().GetForegroundVolumeID()) == (scan.GetID(), nodes.heatmap)


class TestKeeping:
    def test_results_are_saved_into_a_new_folder_each_time(self, ui, tmp_path):
        (tmp_path / "Patient Name^1970").mkdir()
        for name in ("mrianomaly-result", "mrianomaly-result-2"):
            doubles.answers.append(("Folder to save results into", str(tmp_path / "Patient Name^1970")))
            doubles.click(ui.saveButton)
            assert ui.statusLabel.text == f"Saved in the folder {name}."
            assert (tmp_path / "Patient Name^1970" / name / "heatmap.nii.gz").exists()
        assert "Patient" not in ui.logText.plainText
        assert [key for key in qt.QSettings().allKeys() if "Patient" in str(qt.QSettings().value(key))] == []

    def test_a_folder_that_cannot_be_written_is_told_and_not_logged(self, ui, tmp_path, monkeypatch):
        monkeypatch.setattr("os.access", lambda path, mode: "Patient" not in str(path))  # the superuser, too, is refused here
        (tmp_path / "Patient").mkdir()
        doubles.answers.append(("Folder to save results into", str(tmp_path / "Patient")))
        doubles.click(ui.saveButton)
        assert ui.statusLabel.text.startswith("Nothing can be written into")
        assert "Patient" not in ui.logText.plainText

    def test_thinking_better_of_saving_writes_nothing(self, ui):
        doubles.answers.append(("Folder to save results into", ""))
        doubles.click(ui.saveButton)
        assert ui.statusLabel.text == ""

    def test_clearing_takes_the_result_out_of_scene_views_and_panel(self, ui, scene, scan):
        doubles.click(ui.healthyButton)
        doubles.click(ui.clearButton)
        assert results_of(scene, scan) is None
        assert not ui.resultsButton.visible
        assert (layers().GetBackgroundVolumeID(), layers().GetForegroundVolumeID()) == (scan.GetID(), None)
        assert ui.applyButton.enabled

    def test_a_scene_that_was_saved_and_opened_again_brings_results_and_choices_back(self, ui, scene, module, tmp_path):
        parameters = module.widget.logic.getParameterNode()
        parameters.quality, parameters.makePlot = "thorough", False
        doubles.click_row(ui.findingsTable, 1, column=4)
        before = findings_of(scene, results_of(scene, parameters.inputVolume))
        path = str(tmp_path / "saved.mrb")
        scene.SetURL(path)
        assert scene.WriteToMRB(path)
        scene.Clear(False)
        assert not ui.resultsButton.visible and not ui.applyButton.enabled
        assert scene.ReadFromMRB(path, True)
        assert ui.inputSelector.currentNode().GetName() == "Scan"
        assert (ui.verdictLabel.text, ui.resultsButton.visible) == (RESULT.verdict, True)
        assert (ui.qualitySelector.currentData, ui.makePlotCheckBox.checked) == ("thorough", False)
        assert [index.row() for index in ui.findingsTable.selectionModel().selectedRows()] == [1]
        scan = ui.inputSelector.currentNode()
        doubles.click(ui.nextButton)
        np.testing.assert_allclose(shown_place(scene), in_world(scan, before[0].centroid_ras_mm), atol=1e-3)
        doubles.click_point(ui.plotView, scene.GetNodeByID(results_of(scene, scan).score_plot).GetNthPlotSeriesNode(0), 3)


class TestDeletedParts:
    @pytest.mark.parametrize("role", ROLES)
    def test_the_panel_goes_on_with_what_is_left(self, ui, scene, scan, nodes, window, role, tmp_path):
        doubles.click(ui.healthyButton)
        delete(scene, scene.GetNodeByID(getattr(nodes, role)))
        slicer.app.processEvents()
        gone = {
            "heatmap": lambda: not ui.opacitySlider.enabled and not ui.thresholdSlider.enabled,
            "healthy": lambda: not ui.healthyButton.enabled and not ui.healthyButton.checked,
            "findings_table": lambda: not ui.nextButton.enabled and not ui.findingsTable.visible,
            "score_plot": lambda: not ui.plotView.visible,
            "report": lambda: ui.verdictLabel.text == "",
        }
        assert gone.get(role, lambda: True)()
        if role != "findings_table":
            doubles.click_row(ui.findingsTable, 1, column=4)
            assert stands_at(scene, scan, RESULT.findings[1].centroid_ras_mm)
        for key in (qt.Qt.Key_H, qt.Qt.Key_O, qt.Qt.Key_N, qt.Qt.Key_P):
            doubles.press(window, key)
        if ui.plotView.visible:
            line = 1 if role == "slice_scores" else 0  # the line of the scores goes with its table
            doubles.click_point(ui.plotView, scene.GetNodeByID(nodes.score_plot).GetNthPlotSeriesNode(line), 3)
        doubles.click(ui.showButton)
        doubles.answers.append(("Folder to save results into", str(tmp_path)))
        doubles.click(ui.saveButton)
        doubles.click(ui.clearButton)
        assert results_of(scene, scan) is None

    def test_without_the_input_there_is_nothing_to_show(self, ui, scene, scan):
        delete(scene, scan)
        slicer.app.processEvents()
        assert not ui.resultsButton.visible
        assert not ui.applyButton.enabled

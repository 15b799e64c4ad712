import dataclasses

import numpy as np
import pytest
import slicer
from results import make_result
from scenes import add_scan, add_slice_views, delete, grid_transform, in_world, linear_transform, shown_place

from MRIAnomalyLib.gui import views
from MRIAnomalyLib.gui.found import remove_results
from MRIAnomalyLib.gui.scene import add_result
from MRIAnomalyLib.gui.segments import segment_ids
from MRIAnomalyLib.gui.tables import rows_of


@pytest.fixture
def shown(scene):
    """A result in three views: (views, result, input volume, nodes)."""
    result, layers = make_result(), add_slice_views(scene)
    scan = add_scan(scene, result)
    return layers, result, scan, add_result(scene, result, scan)


class TestFirstDisplay:
    def test_the_heatmap_lies_over_the_input_in_every_view(self, shown):
        layers, _, scan, nodes = shown
        assert len(layers) == 3
        for view in layers:
            assert (view.GetBackgroundVolumeID(), view.GetForegroundVolumeID()) == (scan.GetID(), nodes.heatmap)
            assert view.GetForegroundOpacity() == 0.6

    def test_the_views_stand_at_the_first_finding(self, scene, shown):
        np.testing.assert_allclose(shown_place(scene), shown[1].findings[0].centroid_ras_mm, atol=1e-6)

    def test_without_findings_they_stand_at_the_slice_that_scores_highest(self, scene):
        add_slice_views(scene)
        result = make_result(findings=False)
        add_result(scene, result, add_scan(scene, result))
        highest = max((one for one in result.slices if one.scored), key=lambda one: one.score)
        np.testing.assert_allclose(shown_place(scene), highest.center_ras_mm, atol=1e-6)

    def test_when_nothing_was_scored_they_stay_where_they_are(self, scene):
        add_slice_views(scene)
        before = shown_place(scene)
        result = make_result(findings=False)
        silent = tuple(dataclasses.replace(one, scored=False, score=np.nan) for one in result.slices)
        add_result(scene, dataclasses.replace(result, slices=silent), add_scan(scene, result))
        assert shown_place(scene) == before

    @pytest.mark.parametrize("make_transform", [linear_transform, grid_transform])
    def test_below_a_transform_they_stand_where_the_finding_is_in_the_world(self, scene, make_transform):
        add_slice_views(scene)
        result = make_result()
        scan = add_scan(scene, result, transform=make_transform(scene))
        add_result(scene, result, scan)
        here = result.findings[0].centroid_ras_mm
        assert np.linalg.norm(np.subtract(in_world(scan, here), here)) > 3
        np.testing.assert_allclose(shown_place(scene), in_world(scan, here), atol=1e-6)


class TestWhatWasInTheForeground:
    def test_comes_back_when_the_result_is_removed(self, scene):
        layers, result = add_slice_views(scene), make_result()
        pet, scan = add_scan(scene, result, "PET"), add_scan(scene, result)
        for view in layers:
            view.SetForegroundVolumeID(pet.GetID())
            view.SetForegroundOpacity(0.25)
        add_result(scene, result, scan)
        add_result(scene, result, scan)
        remove_results(scene, scan)
        assert {view.GetForegroundVolumeID() for view in layers} == {pet.GetID()}
        assert {view.GetForegroundOpacity() for view in layers} == {0.25}
        assert {view.GetBackgroundVolumeID() for view in layers} == {scan.GetID()}

    def test_stays_empty_when_it_was_removed_in_the_meantime(self, scene):
        layers, result = add_slice_views(scene), make_result()
        pet, scan = add_scan(scene, result, "PET"), add_scan(scene, result)
        layers[0].SetForegroundVolumeID(pet.GetID())
        add_result(scene, result, scan)
        delete(scene, pet)
        remove_results(scene, scan)
        assert {view.GetForegroundVolumeID() for view in layers} == {None}

    def test_is_remembered_across_the_results_of_two_inputs(self, scene):
        layers, result = add_slice_views(scene), make_result()
        pet, first, second = (add_scan(scene, result, name) for name in ("PET", "First", "Second"))
        layers[0].SetForegroundVolumeID(pet.GetID())
        add_result(scene, result, first)
        add_result(scene, result, second)
        remove_results(scene, first)
        assert layers[0].GetForegroundVolumeID() != pet.GetID()
        remove_results(scene, second)
        assert layers[0].GetForegroundVolumeID() == pet.GetID()


def test_another_inputs_results_are_shown_with_the_opacity_that_the_user_chose(scene, shown):
    layers, result, scan, first = shown
    second = add_result(scene, result, add_scan(scene, result, "Second"))
    views.set_overlay_opacity(scene, scene.GetNodeByID(second.heatmap), 0.3)
    views.show_results(scene, first)
    for view in layers:
        assert (view.GetBackgroundVolumeID(), view.GetForegroundVolumeID()) == (scan.GetID(), first.heatmap)
        assert view.GetForegroundOpacity() == 0.3


class TestOverlay:
    def test_opacity_acts_on_the_views_of_this_heatmap_only(self, scene, shown):
        layers, _, _, nodes = shown
        layers[1].SetForegroundVolumeID(nodes.residual)
        heatmap = scene.GetNodeByID(nodes.heatmap)
        views.set_overlay_opacity(scene, heatmap, 0.2)
        assert [view.GetForegroundOpacity() for view in layers] == [0.2, 0.6, 0.2]
        assert views.overlay_opacity(scene, heatmap) == 0.2

    def test_there_is_no_opacity_where_no_view_shows_the_heatmap(self, scene, shown):
        for view in shown[0]:
            view.SetForegroundVolumeID(None)
        assert views.overlay_opacity(scene, scene.GetNodeByID(shown[3].heatmap)) is None

    def test_switched_off_and_on_it_has_the_opacity_from_before(self, scene, shown):
        layers, heatmap = shown[0], scene.GetNodeByID(shown[3].heatmap)
        views.set_overlay_opacity(scene, heatmap, 0.45)
        for visible in (False, False):
            views.set_overlay_visible(scene, heatmap, visible)
        assert {view.GetForegroundOpacity() for view in layers} == {0}
        for visible in (True, True):
            views.set_overlay_visible(scene, heatmap, visible)
        assert {view.GetForegroundOpacity() for view in layers} == {0.45}

    def test_the_threshold_hides_what_is_below_and_stands_in_the_legend(self, scene, shown):
        heatmap = scene.GetNodeByID(shown[3].heatmap)
        views.set_overlay_threshold(heatmap, 0.75)
        display = heatmap.GetDisplayNode()
        assert display.GetApplyThreshold()
        assert display.GetLowerThreshold() == 0.75
        assert display.GetUpperThreshold() > 1e30
        assert slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(heatmap).GetTitleText() == "-log10 p, shown from 0.75"

    def test_the_threshold_moves_also_when_the_user_removed_the_legend(self, scene, shown):
        heatmap = scene.GetNodeByID(shown[3].heatmap)
        scene.RemoveNode(slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(heatmap))
        views.set_overlay_threshold(heatmap, 0.75)
        assert heatmap.GetDisplayNode().GetLowerThreshold() == 0.75


class TestFlicker:
    def test_healthy_takes_the_place_of_the_input_and_gives_it_back(self, scene, shown):
        layers, result, scan, nodes = shown
        other = add_scan(scene, result, "Other")
        layers[2].SetBackgroundVolumeID(other.GetID())
        views.flicker(scene, nodes, True)
        assert [view.GetBackgroundVolumeID() for view in layers] == [nodes.healthy, nodes.healthy, other.GetID()]
        assert {view.GetForegroundVolumeID() for view in layers} == {nodes.heatmap}
        views.flicker(scene, nodes, False)
        assert [view.GetBackgroundVolumeID() for view in layers] == [scan.GetID(), scan.GetID(), other.GetID()]

    def test_brightness_does_not_jump_whichever_of_the_two_was_adjusted(self, scene, shown):
        _, _, scan, nodes = shown
        before, after = (node.GetDisplayNode() for node in (scan, scene.GetNodeByID(nodes.healthy)))
        before.SetWindowLevelMinMax(100, 321)
        views.flicker(scene, nodes, True)
        assert (after.GetWindowLevelMin(), after.GetWindowLevelMax()) == (100, 321)
        after.SetWindowLevelMinMax(50, 650)
        views.flicker(scene, nodes, False)
        assert (before.GetWindowLevelMin(), before.GetWindowLevelMax()) == (50, 650)

    def test_without_a_healthy_counterpart_nothing_happens(self, scene, shown):
        layers, _, scan, nodes = shown
        delete(scene, scene.GetNodeByID(nodes.healthy))
        views.flicker(scene, nodes, True)
        views.flicker(scene, dataclasses.replace(nodes, healthy=None), True)
        views.flicker(scene, dataclasses.replace(nodes, healthy=None), False)
        assert {view.GetBackgroundVolumeID() for view in layers} == {scan.GetID()}


class TestFindings:
    def filled(self, scene, nodes):
        node = scene.GetNodeByID(nodes.findings)
        display = node.GetDisplayNode()
        assert display.GetVisibility2DFill()
        assert all(display.GetSegmentVisibility2DOutline(segment) for segment in segment_ids(node).values())
        return [label for label, segment in segment_ids(node).items() if display.GetSegmentVisibility2DFill(segment)]

    def test_only_the_highlighted_one_is_filled(self, scene, shown):
        nodes = shown[3]
        assert self.filled(scene, nodes) == []
        for label, filled in ((2, [2]), (1, [1]), (None, []), (7, [])):
            views.highlight(scene, nodes, label)
            assert self.filled(scene, nodes) == filled

    def test_a_finding_is_known_after_the_user_renamed_and_reordered_the_segments(self, scene, shown):
        nodes = shown[3]
        segmentation = scene.GetNodeByID(nodes.findings).GetSegmentation()
        first, second = segmentation.GetNthSegmentID(0), segmentation.GetNthSegmentID(1)
        segmentation.GetSegment(first).SetName("Scar")
        segmentation.ReorderSegments([second, first])
        views.highlight(scene, nodes, 1)
        assert scene.GetNodeByID(nodes.findings).GetDisplayNode().GetSegmentVisibility2DFill(first)

    def test_highlighting_without_segmentation_does_nothing(self, scene, shown):
        delete(scene, scene.GetNodeByID(shown[3].findings))
        views.highlight(scene, shown[3], 1)


def test_a_slice_of_the_plot_is_found_in_space(scene, shown):
    rows = rows_of(scene.GetNodeByID(shown[3].slice_scores))
    for one in shown[1].slices:
        assert views.ras_of_slice(rows, one.slice) == one.center_ras_mm
    assert views.ras_of_slice(rows, 999) is None


def test_a_jump_keeps_pan_and_zoom(scene, shown):
    red = scene.GetNodeByID("vtkMRMLSliceNodeRed")
    red.SetFieldOfView(60, 50, 1)
    matrix = red.GetSliceToRAS()
    pan = matrix.GetElement(0, 3), matrix.GetElement(1, 3)
    views.jump_to(scene, shown[2], shown[1].findings[1].centroid_ras_mm)
    assert red.GetFieldOfView()[:2] == (60, 50)
    assert (matrix.GetElement(0, 3), matrix.GetElement(1, 3)) == pan
    np.testing.assert_allclose(shown_place(scene), shown[1].findings[1].centroid_ras_mm, atol=1e-6)

import dataclasses

import numpy as np
import pytest
import slicer
import slicer.util
from results import make_result
from scenes import add_scan, add_slice_views, grid_transform, ijk_to_ras, inventory, linear_transform, result_on

import MRIAnomalyLib
from MRIAnomalyLib.errors import UsageError
from MRIAnomalyLib.gui import scene as scene_module
from MRIAnomalyLib.gui.nodes import all_nodes, outputs_of
from MRIAnomalyLib.gui.scene import add_result
from MRIAnomalyLib.gui.segments import label_map
from MRIAnomalyLib.gui.views import set_overlay_opacity, set_overlay_threshold

MAPS = ("heatmap", "healthy", "residual", "scored")


def names(scene):
    return sorted(node.GetName() for node in all_nodes(scene) if node.GetAttribute("MRIAnomaly.Role"))


@pytest.mark.parametrize("grid", ["straight", "oblique", "right-handed", "cropped"])
def test_every_map_has_the_voxels_and_the_matrix_of_the_input(scene, grid):
    result = result_on(grid)
    scan = add_scan(scene, result)
    nodes = add_result(scene, result, scan)
    for role in MAPS:
        node = scene.GetNodeByID(getattr(nodes, role))
        np.testing.assert_allclose(ijk_to_ras(node), ijk_to_ras(scan), rtol=0, atol=1e-12)
        np.testing.assert_array_equal(slicer.util.arrayFromVolume(node), getattr(result, role).array)
    np.testing.assert_array_equal(label_map(scene.GetNodeByID(nodes.findings), scan), result.finding_labels.array)


@pytest.mark.parametrize("make_transform", [linear_transform, grid_transform])
def test_outputs_follow_the_transform_of_the_input_and_are_not_resampled(scene, make_transform):
    result, transform = make_result(), make_transform(scene)
    scan = add_scan(scene, result, transform=transform)
    nodes = add_result(scene, result, scan)
    for role in (*MAPS, "findings"):
        assert scene.GetNodeByID(getattr(nodes, role)).GetTransformNodeID() == transform.GetID()
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(scene.GetNodeByID(nodes.heatmap)), result.heatmap.array)
    np.testing.assert_array_equal(label_map(scene.GetNodeByID(nodes.findings), scan), result.finding_labels.array)


def test_every_output_tells_its_role_its_input_and_where_it_comes_from(scene):
    result = make_result()
    scan = add_scan(scene, result)
    nodes = add_result(scene, result, scan)
    for role, node_id in nodes.outputs().items():
        node = scene.GetNodeByID(node_id)
        assert node.GetAttribute("MRIAnomaly.Role") == role
        assert node.GetNodeReference("MRIAnomaly.input") is scan
        stamp = [node.GetAttribute(f"MRIAnomaly.{fact}") for fact in ("Version", "Model", "ModelSHA256", "Seed", "Threshold")]
        assert stamp == [MRIAnomalyLib.__version__, "brain-t1-anogan", "f" * 64, "0", "1.2"]


def test_maps_state_what_their_voxels_mean(scene):
    nodes = add_result(scene, make_result())
    heat, healthy = scene.GetNodeByID(nodes.heatmap), scene.GetNodeByID(nodes.healthy)
    assert heat.GetVoxelValueQuantity().GetCodeMeaning().startswith("-log10 p")
    assert heat.GetVoxelValueUnits().GetCodeMeaning() == "no units"
    assert healthy.GetVoxelValueQuantity().GetCodeMeaning() == "MR signal intensity"


def test_a_model_that_learns_a_mask_brings_a_mask_node(scene):
    result = make_result()
    learned = dataclasses.replace(result, mask=result.volume.like(result.scored.array.astype(np.float32)))
    mask = scene.GetNodeByID(add_result(scene, learned).mask)
    assert slicer.util.arrayFromVolume(mask).max() == 1
    assert mask.GetDisplayNode().GetWindowLevelMax() == 1
    table, colour = mask.GetDisplayNode().GetColorNode(), [0.0] * 4
    assert table.GetName() == "MRIAnomaly mask"
    opacities = []
    for entry in (0, table.GetNumberOfColors() // 2, table.GetNumberOfColors() - 1):
        table.GetColor(entry, colour)
        opacities.append(colour[3])
    assert opacities[0] == 0 < opacities[1] < opacities[2] == 1


def test_what_was_not_asked_for_is_not_made(scene):
    nodes = add_result(scene, make_result(), what=frozenset({"healthy"}))
    assert nodes.residual is nodes.findings is nodes.score_plot is None
    assert names(scene) == ["T1 findings table", "T1 healthy", "T1 heatmap", "T1 report", "T1 scored", "T1 slice scores"]


def test_a_volume_without_findings_gets_an_empty_segmentation(scene):
    result = make_result(findings=False)
    nodes = add_result(scene, result, add_scan(scene, result))
    assert scene.GetNodeByID(nodes.findings).GetSegmentation().GetNumberOfSegments() == 0


def test_a_volume_that_a_script_made_without_display_can_be_shown(scene):
    result = make_result()
    scan = add_scan(scene, result)
    scene.RemoveNode(scan.GetDisplayNode())
    add_result(scene, result, scan)
    assert scan.GetDisplayNode()


class TestRunAgain:
    def test_the_old_result_is_replaced_and_nothing_piles_up(self, scene):
        result = make_result()
        scan = add_scan(scene, result)
        old, before = add_result(scene, result, scan), inventory(scene)
        new = add_result(scene, dataclasses.replace(result, heatmap=result.volume.like(2 * result.heatmap.array)), scan)
        assert inventory(scene) == before
        assert not any(scene.GetNodeByID(node_id) for node_id in old.outputs().values())
        np.testing.assert_array_equal(slicer.util.arrayFromVolume(scene.GetNodeByID(new.heatmap)), 2 * result.heatmap.array)

    def test_the_result_of_another_volume_is_kept(self, scene):
        result = make_result()
        first, second = add_scan(scene, result, "First"), add_scan(scene, result, "Second")
        kept = add_result(scene, result, first)
        add_result(scene, result, second)
        add_result(scene, result, second)
        assert all(scene.GetNodeByID(node_id) for node_id in kept.outputs().values())
        assert len(outputs_of(scene, first)) == len(outputs_of(scene, second)) == len(kept.outputs()) + 3  # two lines, thresholds

    def test_the_views_stay_as_the_user_set_them_up(self, scene):
        result, views = make_result(), add_slice_views(scene)
        scan = add_scan(scene, result)
        first = add_result(scene, result, scan)
        red = scene.GetNodeByID("vtkMRMLSliceNodeRed")
        red.SetFieldOfView(55, 44, 1)
        red.SetSliceOffset(-3.25)
        set_overlay_opacity(scene, scene.GetNodeByID(first.heatmap), 0.35)
        views[0].SetForegroundVolumeID(None)
        views[1].SetForegroundVolumeID(first.residual)
        views[1].SetBackgroundVolumeID(first.healthy)
        again = add_result(scene, result, scan)
        assert red.GetFieldOfView()[:2] == (55, 44)
        assert red.GetSliceOffset() == -3.25
        assert [view.GetForegroundVolumeID() for view in views] == [None, again.residual, again.heatmap]
        assert [view.GetBackgroundVolumeID() for view in views] == [scan.GetID(), again.healthy, scan.GetID()]
        assert {view.GetForegroundOpacity() for view in views} == {0.35}

    def test_views_of_what_is_no_longer_made_fall_back_to_input_and_heatmap(self, scene):
        result, views = make_result(), add_slice_views(scene)
        scan = add_scan(scene, result)
        first = add_result(scene, result, scan)
        views[0].SetBackgroundVolumeID(first.healthy)
        views[1].SetForegroundVolumeID(first.residual)
        again = add_result(scene, result, scan, what=frozenset())
        assert {view.GetBackgroundVolumeID() for view in views} == {scan.GetID()}
        assert {view.GetForegroundVolumeID() for view in views} == {again.heatmap}

    def test_plot_and_table_views_go_on_with_the_new_nodes(self, scene):
        result = make_result()
        scan = add_scan(scene, result)
        first = add_result(scene, result, scan)
        plot = scene.AddNewNodeByClass("vtkMRMLPlotViewNode")
        table = scene.AddNewNodeByClass("vtkMRMLTableViewNode")
        plot.SetPlotChartNodeID(first.score_plot)
        table.SetTableNodeID(first.findings_table)
        again = add_result(scene, result, scan)
        assert plot.GetPlotChartNodeID() == again.score_plot
        assert table.GetTableNodeID() == again.findings_table

    @pytest.mark.parametrize(("moved", "shown"), [(True, 1.45), (False, 1.3)])
    def test_only_a_threshold_that_the_user_moved_outlives_the_model(self, scene, moved, shown):
        result = make_result()
        scan = add_scan(scene, result)
        first = add_result(scene, result, scan)
        if moved:
            set_overlay_threshold(scene.GetNodeByID(first.heatmap), 1.45)
        again = add_result(scene, dataclasses.replace(result, heat_threshold=1.3), scan)
        heatmap = scene.GetNodeByID(again.heatmap)
        assert heatmap.GetDisplayNode().GetLowerThreshold() == shown
        legend = slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(heatmap)
        assert legend.GetTitleText() == f"-log10 p, shown from {shown}"

    def test_a_copy_that_the_user_made_of_an_output_stays(self, scene):
        result = make_result()
        scan = add_scan(scene, result)
        heatmap = scene.GetNodeByID(add_result(scene, result, scan).heatmap)
        copy = slicer.vtkMRMLScalarVolumeNode()
        copy.Copy(heatmap)
        copy.SetName("Heatmap of the other model")
        copy = scene.AddNode(copy)
        add_result(scene, result, scan)
        assert scene.IsNodePresent(copy)

    def test_the_folder_follows_the_new_name_of_the_input(self, scene):
        result = make_result()
        scan = add_scan(scene, result, "Old")
        add_result(scene, result, scan)
        scan.SetName("New")
        nodes = add_result(scene, result, scan)
        hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
        folder = hierarchy.GetItemParent(hierarchy.GetItemByDataNode(scene.GetNodeByID(nodes.heatmap)))
        assert hierarchy.GetItemName(folder) == "New anomaly"
        assert not hierarchy.GetItemByName("Old anomaly")


class TestFailure:
    @pytest.mark.parametrize("step", ["add_heatmap", "add_findings", "add_plot", "place_beside"])
    @pytest.mark.parametrize("of", ["a first run", "a later run", "a run without input"])
    def test_a_failure_midway_leaves_the_scene_as_it_was(self, scene, monkeypatch, step, of):
        result, views = make_result(), add_slice_views(scene)
        scan = None if of == "a run without input" else add_scan(scene, result)
        if of == "a later run":
            add_result(scene, result, scan)
        before = inventory(scene), [view.GetForegroundVolumeID() for view in views]
        real = getattr(scene_module, step)

        def fail(*arguments):
            real(*arguments)
            raise MemoryError

        monkeypatch.setattr(scene_module, step, fail)
        with pytest.raises(MemoryError):
            add_result(scene, result, scan)
        assert (inventory(scene), [view.GetForegroundVolumeID() for view in views]) == before

    def test_a_volume_that_was_not_analysed_is_refused_and_its_result_stays(self, scene):
        result = make_result()
        scan = add_scan(scene, result)
        add_result(scene, result, scan)
        before = inventory(scene)
        with pytest.raises(UsageError, match="choose the volume that was analysed"):
            add_result(scene, make_result(oblique=False), scan)
        assert inventory(scene) == before


def test_results_lie_in_a_folder_beside_the_input_in_its_study(scene):
    result = make_result()
    scan = add_scan(scene, result)
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    study = hierarchy.CreateStudyItem(hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), "Subject"), "Study")
    hierarchy.SetItemParent(hierarchy.GetItemByDataNode(scan), study)
    nodes = add_result(scene, result, scan)
    shown = [node for node_id in nodes.outputs().values() if not (node := scene.GetNodeByID(node_id)).GetHideFromEditors()]
    folders = {hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node)) for node in shown}
    assert [hierarchy.GetItemName(folder) for folder in folders] == ["Scan anomaly"]
    assert hierarchy.GetItemParent(folders.pop()) == study
    assert not hierarchy.GetItemByDataNode(scene.GetNodeByID(nodes.scored))

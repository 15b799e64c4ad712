import dataclasses

import pytest
from results import make_result
from scenes import add_scan, add_slice_views, delete, ijk_to_ras, inventory, placed

from MRIAnomalyLib.gui import found, views
from MRIAnomalyLib.gui.nodes import all_nodes, outputs_of
from MRIAnomalyLib.gui.saving import save_results
from MRIAnomalyLib.gui.scene import add_result
from MRIAnomalyLib.gui.segments import segment_ids
from MRIAnomalyLib.gui.tables import read_table
from MRIAnomalyLib.outputs.tables import findings_table, result_record, slices_table


def use_everything(scene, scan, folder):
    """All that a panel does with a result, whatever is left of it."""
    nodes = found.results_of(scene, scan)
    if nodes is None:
        return
    found.record_of(scene, nodes)
    found.findings_of(scene, nodes)
    views.show_results(scene, nodes)
    views.flicker(scene, nodes, True)
    views.flicker(scene, nodes, False)
    views.highlight(scene, nodes, 1)
    save_results(scene, nodes, folder, overwrite=True)


def test_a_volume_without_result_has_none(scene):
    scan = add_scan(scene, make_result())
    assert found.results_of(scene, scan) is None
    assert found.inputs_with_results(scene) == []
    assert found.input_of(scene, scan) is None
    found.remove_results(scene, scan)


def test_results_are_known_by_their_inputs_after_everything_was_renamed(scene):
    result = make_result()
    first, second = add_scan(scene, result, "First"), add_scan(scene, result, "Second")
    nodes = [add_result(scene, result, scan) for scan in (first, second)]
    for n, node in enumerate(all_nodes(scene, "vtkMRMLStorableNode")):
        node.SetName(f"Renamed {n}")
    assert found.inputs_with_results(scene) == [first, second]
    assert [found.results_of(scene, scan) for scan in (first, second)] == nodes
    assert all(found.input_of(scene, scene.GetNodeByID(one)) is second for one in nodes[1].outputs().values())


def test_the_record_and_the_findings_are_read_back_from_the_nodes(scene):
    result = make_result()
    nodes = add_result(scene, result)
    assert found.record_of(scene, nodes) == result_record(result)
    assert found.findings_of(scene, nodes) == list(result.findings)


def test_tables_are_read_back_with_types_units_and_meanings(scene):
    result = make_result()
    nodes = add_result(scene, result)
    found_table, scores = (scene.GetNodeByID(node_id) for node_id in (nodes.findings_table, nodes.slice_scores))
    assert read_table(found_table) == findings_table(result)
    assert read_table(scores).columns == slices_table(result).columns
    for row in read_table(scores).rows:
        assert [type(cell) for cell in row] == [column.kind for column in slices_table(result).columns]


def test_a_report_that_was_edited_is_an_empty_record(scene):
    nodes = add_result(scene, make_result())
    scene.GetNodeByID(nodes.report).SetText("see my notes")
    assert found.record_of(scene, nodes) == {}


@pytest.mark.parametrize("role", [field.name for field in dataclasses.fields(found.DetectionNodes) if field.name not in ("input", "mask")])
def test_what_the_user_deleted_is_none_and_the_rest_goes_on_working(scene, tmp_path, role):
    result = make_result()
    add_slice_views(scene)
    scan = add_scan(scene, result)
    nodes = add_result(scene, result, scan)
    delete(scene, scene.GetNodeByID(getattr(nodes, role)))
    left = found.results_of(scene, scan)
    assert getattr(left, role) is None
    assert left == dataclasses.replace(nodes, **{role: None})
    use_everything(scene, scan, tmp_path / "out")
    add_result(scene, result, scan)
    assert set(found.results_of(scene, scan).outputs()) == set(nodes.outputs())


def test_the_outputs_of_an_input_that_was_deleted_belong_to_nobody(scene):
    result = make_result()
    scan = add_scan(scene, result)
    heatmap = scene.GetNodeByID(add_result(scene, result, scan).heatmap)
    delete(scene, scan)
    assert found.inputs_with_results(scene) == []
    assert found.input_of(scene, heatmap) is None


def test_removing_leaves_the_scene_as_before_but_for_the_colours(scene):
    result = make_result()
    scan = add_scan(scene, result)
    add_result(scene, result, scan)
    found.remove_results(scene, scan)
    before = inventory(scene)
    add_result(scene, result, scan)
    found.remove_results(scene, scan)
    assert inventory(scene) == before
    assert found.results_of(scene, scan) is None
    assert not [node for node in all_nodes(scene) if node.GetAttribute("MRIAnomaly.Role")]


class TestReloaded:
    """In a scene that was saved with results of two inputs, one of them renamed, and opened again."""

    @pytest.fixture
    def reloaded(self, scene, tmp_path):
        result = make_result()
        add_slice_views(scene)
        for name in ("First", "Second"):
            add_result(scene, result, add_scan(scene, result, name))
        first = found.inputs_with_results(scene)[0]
        scene.GetNodeByID(found.results_of(scene, first).heatmap).SetName("Renamed")
        pet = add_scan(scene, result, "PET")
        scene.GetNodeByID("vtkMRMLSliceCompositeNodeGreen").SetForegroundVolumeID(pet.GetID())
        views.show_results(scene, found.results_of(scene, first))
        path = str(tmp_path / "saved.mrb")
        scene.SetURL(path)
        assert scene.WriteToMRB(path)
        assert scene.ReadFromMRB(path, True)
        return result

    def test_both_results_are_found_whole(self, scene, reloaded):
        inputs = found.inputs_with_results(scene)
        assert [node.GetName() for node in inputs] == ["First", "Second"]
        for scan in inputs:
            nodes = found.results_of(scene, scan)
            assert {field.name for field in dataclasses.fields(nodes) if getattr(nodes, field.name) is None} == {"mask"}
            assert found.record_of(scene, nodes) == result_record(reloaded)
            for stored, original in zip(found.findings_of(scene, nodes), reloaded.findings, strict=True):
                # tables are stored with six digits
                assert stored.centroid_ras_mm == pytest.approx(original.centroid_ras_mm, abs=1e-3)
                assert stored.volume_ml == pytest.approx(original.volume_ml, rel=1e-5)
                assert (stored.label, stored.slices, stored.side, stored.sign) == (
                    original.label,
                    original.slices,
                    original.side,
                    original.sign,
                )

    def test_segments_know_their_findings(self, scene, reloaded):
        nodes = found.results_of(scene, found.inputs_with_results(scene)[0])
        assert list(segment_ids(scene.GetNodeByID(nodes.findings))) == [1, 2]

    def test_a_rerun_replaces_all_of_it_with_a_threshold_that_nobody_moved(self, scene, reloaded):
        scan = found.inputs_with_results(scene)[0]
        before = len(outputs_of(scene, scan))
        # reading turned the left-handed volume round, so that the new answer is on other voxels than the old one
        turned = placed(reloaded, lambda array: array[::-1].copy(), ijk_to_ras(scan))
        nodes = add_result(scene, dataclasses.replace(turned, heat_threshold=1.3), scan)
        assert len(outputs_of(scene, scan)) == before
        assert scene.GetNodeByID(nodes.heatmap).GetName() == "First heatmap"
        assert scene.GetNodeByID(nodes.heatmap).GetDisplayNode().GetLowerThreshold() == 1.3

    def test_clearing_gives_the_views_back_what_they_had_before_it_was_saved(self, scene, reloaded):
        found.remove_results(scene, found.inputs_with_results(scene)[0])
        green = scene.GetNodeByID("vtkMRMLSliceCompositeNodeGreen")
        assert scene.GetNodeByID(green.GetForegroundVolumeID()).GetName() == "PET"

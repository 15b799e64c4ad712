import dataclasses
import gzip
import json

import numpy as np
import pytest
import slicer
import slicer.util
from results import make_result
from scenes import add_scan, grid_transform, inventory, linear_transform, result_on

from MRIAnomalyLib.errors import MRIAnomalyError, UsageError
from MRIAnomalyLib.files.reading import read_volume
from MRIAnomalyLib.gui import saving
from MRIAnomalyLib.gui.saving import save_results
from MRIAnomalyLib.gui.scene import add_result
from MRIAnomalyLib.gui.segments import segment_ids
from MRIAnomalyLib.outputs.folder import read_result

FILES = {f"{name}.nii.gz" for name in ("heatmap", "healthy", "residual", "scored", "findings")} | {
    "findings.csv",
    "slices.csv",
    "result.json",
}


def saved(scene, result, folder, transform=None, name="Scan"):
    scan = add_scan(scene, result, name, transform(scene) if transform else None)
    return save_results(scene, add_result(scene, result, scan), folder)


@pytest.mark.parametrize("grid", ["straight", "oblique", "right-handed", "cropped"])
def test_maps_are_read_back_with_their_voxels_and_their_place(scene, tmp_path, grid):
    result = result_on(grid)
    folder = saved(scene, result, tmp_path / "out")
    assert {path.name for path in folder.iterdir()} == FILES
    for part in ("heatmap", "healthy", "residual", "scored"):
        volume = read_volume(folder / f"{part}.nii.gz")
        np.testing.assert_array_equal(volume.array, getattr(result, part).array)
        np.testing.assert_allclose(volume.affine, result.volume.affine, rtol=0, atol=1e-4)
    np.testing.assert_array_equal(read_volume(folder / "findings.nii.gz").array, result.finding_labels.array)


@pytest.mark.parametrize("transform", [linear_transform, grid_transform])
def test_a_parent_transform_is_left_out_of_the_files(scene, tmp_path, transform):
    result = make_result()
    folder = saved(scene, result, tmp_path / "out", transform)
    np.testing.assert_array_equal(read_volume(folder / "findings.nii.gz").array, result.finding_labels.array)
    np.testing.assert_allclose(read_volume(folder / "heatmap.nii.gz").affine, result.volume.affine, rtol=0, atol=1e-4)


def test_the_folder_is_read_as_the_one_of_the_command_line(scene, tmp_path):
    result = make_result()
    back = read_result(saved(scene, result, tmp_path / "out"), result.volume)
    assert back.findings == result.findings
    assert [dataclasses.astuple(one)[:3] for one in back.slices] == [dataclasses.astuple(one)[:3] for one in result.slices]
    np.testing.assert_equal([one.score for one in back.slices], [one.score for one in result.slices])
    assert (back.model, back.verdict, back.seconds) == (result.model, result.verdict, result.seconds)
    np.testing.assert_array_equal(back.scored.array, result.scored.array)


def test_the_tables_are_those_of_the_command_line_byte_for_byte(scene, tmp_path):
    result = make_result()
    ours = saved(scene, result, tmp_path / "slicer")
    theirs = result.save(tmp_path / "command", only=("findings", "slices", "result"))
    for name in ("findings.csv", "result.json"):
        assert (ours / name).read_bytes() == (theirs / name).read_bytes()


def test_a_mask_is_saved_with_the_detectors_that_learn_one(scene, tmp_path):
    result = make_result()
    mask = np.linspace(0, 1, result.scored.array.size, dtype=np.float32).reshape(result.volume.shape)
    folder = saved(scene, dataclasses.replace(result, mask=result.volume.like(mask)), tmp_path / "out")
    np.testing.assert_array_equal(read_volume(folder / "mask.nii.gz").array, mask)


def test_nothing_in_the_folder_tells_the_name_of_the_input(scene, tmp_path):
    folder = saved(scene, make_result(), tmp_path / "out", name="Mustermann^Erika")
    for path in folder.iterdir():
        stored = path.read_bytes()
        assert b"Mustermann" not in (gzip.decompress(stored) if path.suffix == ".gz" else stored)


def test_findings_are_saved_as_the_user_left_them_with_the_labels_of_the_table(scene, tmp_path):
    result = make_result()
    scan = add_scan(scene, result)
    nodes = add_result(scene, result, scan)
    findings = scene.GetNodeByID(nodes.findings)
    findings.GetSegmentation().RemoveSegment(segment_ids(findings)[1])
    findings.GetSegmentation().AddEmptySegment("mine", "Not a finding")
    save_results(scene, nodes, tmp_path / "out")
    labels = result.finding_labels.array
    np.testing.assert_array_equal(read_volume(tmp_path / "out" / "findings.nii.gz").array, np.where(labels == 2, 2, 0))


def test_a_scene_is_not_changed_by_saving(scene, tmp_path):
    result = make_result()
    nodes = add_result(scene, result, add_scan(scene, result))
    before = inventory(scene)
    save_results(scene, nodes, tmp_path / "out")
    assert inventory(scene) == before
    assert scene.GetNodeByID(nodes.heatmap).GetStorageNode() is None


def test_a_folder_that_exists_is_replaced_only_when_allowed(scene, tmp_path):
    nodes = add_result(scene, make_result())
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match="exists already"):
        save_results(scene, nodes, tmp_path / "out")
    assert (tmp_path / "out" / "notes.txt").read_text() == "mine"
    save_results(scene, nodes, tmp_path / "out", overwrite=True)
    assert json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))["score"]
    assert not (tmp_path / "out" / "notes.txt").exists()


def test_a_folder_is_whole_or_not_there(scene, tmp_path, monkeypatch):
    nodes = add_result(scene, make_result())

    class FullDisk(slicer.vtkMRMLVolumeArchetypeStorageNode):
        def WriteData(self, node):
            return "residual" not in self.GetFileName()

    monkeypatch.setattr(saving.slicer, "vtkMRMLVolumeArchetypeStorageNode", FullDisk)
    with pytest.raises(MRIAnomalyError, match=r"residual\.nii\.gz could not be written"):
        save_results(scene, nodes, tmp_path / "empty" / "out")
    assert not (tmp_path / "empty").exists()
    assert not list(tmp_path.glob("*partial*"))


def test_accents_and_spaces_in_the_path_are_no_obstacle(scene, tmp_path):
    folder = saved(scene, make_result(), tmp_path / "Lékař ü 漢" / "my results")
    assert read_volume(folder / "heatmap.nii.gz").array.max() > 1

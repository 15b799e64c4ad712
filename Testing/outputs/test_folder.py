import re
from dataclasses import replace

import numpy as np
import pytest
from results import DEFAULT, make_result

from MRIAnomalyLib.errors import UsageError
from MRIAnomalyLib.outputs.folder import READABLE, check_parts, read_result, write_result


def names(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def result():
    return make_result(warnings=("A <b>bold</b> warning.",))


def test_by_default_everything_but_the_evidence_is_written(result, tmp_path):
    assert write_result(result, tmp_path / "out") == tmp_path / "out"
    assert names(tmp_path / "out") == DEFAULT


def test_the_scene_comes_from_the_function_handed_in(result, tmp_path):
    write_result(result, tmp_path / "out", ("scene",), scene_writer=lambda result, path: path.write_text(result.verdict))
    assert names(tmp_path / "out") == {"scene.mrb"}


def test_a_scene_without_a_writer_says_what_to_install(result, tmp_path):
    with pytest.raises(UsageError, match=r"mrianomaly\[scene\]"):
        write_result(result, tmp_path / "out", ("scene",))
    assert not (tmp_path / "out").exists()


def test_only_the_parts_asked_for_are_written(result, tmp_path):
    write_result(result, tmp_path / "out", ("findings", "evidence"))
    assert names(tmp_path / "out") == {"findings.nii.gz", "findings.csv", "evidence/residual_z.nii.gz"}


def test_a_detector_that_learns_a_mask_gets_its_file(result, tmp_path):
    write_result(replace(result, mask=result.healthy.like(np.full(result.volume.shape, 0.5))), tmp_path / "out", ("mask",))
    assert names(tmp_path / "out") == {"mask.nii.gz"}


def test_an_unknown_part_lists_those_that_exist():
    with pytest.raises(UsageError, match=r"no output called heatmaps; choose among heatmap, healthy, .*scene"):
        check_parts(("heatmaps", "slices"))


def test_a_folder_that_exists_is_refused_and_left_as_it_was(result, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("keep")
    with pytest.raises(UsageError):
        write_result(result, tmp_path / "out", ("result",))
    assert names(tmp_path) == {"out/mine.txt"}


def test_a_scene_that_fails_leaves_nothing_behind(result, tmp_path):
    def fail(result, path):
        raise RuntimeError("no scene")

    with pytest.raises(RuntimeError):
        write_result(result, tmp_path / "out", ("result", "scene"), scene_writer=fail)
    assert names(tmp_path) == set()


def test_a_result_comes_back_from_its_folder(result, tmp_path):
    back = read_result(write_result(result, tmp_path / "out", READABLE), result.volume)
    for name in (
        "score",
        "p_value",
        "p_floor",
        "heat_threshold",
        "flagged",
        "verdict",
        "warnings",
        "findings",
        "model",
        "seconds",
        "versions",
        "settings",
    ):
        assert getattr(back, name) == getattr(result, name)
    for name in ("heatmap", "healthy", "residual", "scored", "finding_labels"):
        one, other = getattr(back, name), getattr(result, name)
        assert np.array_equal(one.array, other.array)
        assert one.array.dtype == other.array.dtype
        assert one.affine is result.volume.affine


def test_bare_arrays_come_back_the_same_and_say_nothing_of_place(result, tmp_path):
    learned = replace(result, mask=result.healthy.like(np.full(result.volume.shape, 0.5, np.float32)))
    folder = write_result(learned, tmp_path / "out", READABLE, maps="npy")
    assert {path.suffix for path in folder.iterdir()} == {".npy", ".csv", ".json"}
    elsewhere = replace(result.volume, affine=np.diag([1.0, 2.0, 3.0, 1.0]))
    back = read_result(folder, elsewhere)
    for name in ("heatmap", "healthy", "residual", "scored", "finding_labels", "mask"):
        one, other = getattr(back, name), getattr(learned, name)
        assert np.array_equal(one.array, other.array)
        assert one.array.dtype == other.array.dtype
        assert one.affine is elsewhere.affine


def test_bare_arrays_of_another_size_are_refused(result, tmp_path):
    folder = write_result(result, tmp_path / "out", READABLE, maps="npy")
    with pytest.raises(UsageError, match="choose the input that was analysed"):
        read_result(folder, make_result(shape=(8, 40, 36)).volume)


def test_evidence_too_is_written_as_bare_arrays(result, tmp_path):
    write_result(result, tmp_path / "out", ("evidence",), maps="npy")
    assert names(tmp_path / "out") == {"evidence/residual_z.npy"}


def test_a_folder_of_another_input_is_refused(result, tmp_path):
    write_result(result, tmp_path / "out", READABLE)
    moved = result.volume.affine.copy()
    moved[0, 3] += 0.5
    for other in (make_result(shape=(8, 40, 36)).volume, replace(result.volume, affine=moved)):
        with pytest.raises(UsageError, match="choose the input that was analysed"):
            read_result(tmp_path / "out", other)


def test_an_incomplete_folder_names_what_is_missing(result, tmp_path):
    write_result(result, tmp_path / "out", ("result", "findings"))
    with pytest.raises(UsageError, match=r"slices\.csv is missing"):
        read_result(tmp_path / "out", result.volume)


def test_the_report_is_one_page_without_outside_references_or_scripts(result, tmp_path):
    write_result(result, tmp_path / "out", ("report",))
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert set(re.findall(r'src="([^:"]*:[^;"]*)', page)) == {"data:image/png"}
    assert "http" not in page
    assert "<script" not in page
    assert "A &lt;b&gt;bold&lt;/b&gt; warning." in page
    assert "no flag does not mean normal" in page
    assert result.verdict in page
    assert "Score along the slices" in page


def test_the_report_of_one_level_has_no_curve(tmp_path):
    write_result(make_result(shape=(1, 40, 36)), tmp_path / "out", ("report",))
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "Score of the level" in page
    assert 'alt="Score of each slice' not in page

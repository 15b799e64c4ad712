import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from results import make_result

from MRIAnomalyLib.errors import UsageError
from MRIAnomalyLib.gui.mrb import write_mrb
from MRIAnomalyLib.outputs.tables import result_record

PROBE = Path(__file__).with_name("scene_probe.py")
needs_slicer = [pytest.mark.slicer, pytest.mark.skipif(importlib.util.find_spec("slicer") is None, reason="slicer-core is not installed")]


def probe(folder, *arguments):
    """Facts and arrays of a scene, read in another process: VTK's singletons stay out of this one."""
    run = subprocess.run([sys.executable, str(PROBE), *map(str, arguments), str(folder / "facts")], capture_output=True, text=True)
    assert run.returncode == 0 and not re.search("(ERROR|Warning): In ", run.stderr), run.stderr[-2000:]
    return json.loads((folder / "facts.json").read_text()), np.load(folder / "facts.npz")


def as_slicer_loads(array, affine):
    """Slicer turns left-handed volumes round along their last axis while loading; every voxel stays where it was in space."""
    if np.linalg.det(affine) > 0:
        return array, affine
    turned = affine.copy()
    turned[:3, 3] += turned[:3, 2] * (len(array) - 1)
    turned[:3, 2] *= -1
    return array[::-1], turned


@pytest.fixture(scope="module")
def result():
    return make_result()


@pytest.fixture(scope="module")
def saved(result, tmp_path_factory):
    folder = tmp_path_factory.mktemp("scene")
    write_mrb(result, folder / "scene.mrb")
    return probe(folder, "read", folder / "scene.mrb")


@pytest.fixture(scope="module")
def replaced(tmp_path_factory):
    return probe(tmp_path_factory.mktemp("again"), "again")


def test_without_slicer_core_the_user_is_told_what_to_install(result, tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"pip install 'mrianomaly\[scene\]'"):
        write_mrb(result, tmp_path / "scene.mrb")


class TestSavedScene:
    pytestmark = needs_slicer

    def test_every_volume_lies_on_the_input_and_points_to_it(self, saved, result):
        facts, arrays = saved
        assert set(facts["volumes"]) == {"T1", "T1 heatmap", "T1 healthy", "T1 residual"}
        for name, volume in facts["volumes"].items():
            np.testing.assert_allclose(volume["matrix"], as_slicer_loads(arrays[name], result.volume.affine)[1], atol=1e-4)
            assert volume["input"] == (None if name == "T1" else "T1")
        for name, expected in (
            ("T1", result.volume),
            ("T1 heatmap", result.heatmap),
            ("T1 healthy", result.healthy),
            ("T1 residual", result.residual),
        ):
            np.testing.assert_array_equal(arrays[name], as_slicer_loads(expected.array, expected.affine)[0])

    def test_the_heatmap_is_a_thresholded_overlay_on_a_fixed_scale(self, saved, result):
        heat = saved[0]["volumes"]["T1 heatmap"]
        assert heat["colours"] == "MRIAnomaly heat"
        assert heat["first_colour"][3] == 0
        assert heat["apply"]
        assert heat["lower"] == pytest.approx(result.heat_threshold)
        assert heat["upper"] > 1e6
        assert heat["window"] == [0, 1.68]
        assert saved[0]["legend"] == ["-log10 p, shown from 1.2", True]
        assert len(saved[0]["layers"]) == 3
        assert all(layers == saved[0]["layers_wanted"] for layers in saved[0]["layers"])

    def test_healthy_shares_the_window_of_the_input_and_the_residual_is_centred_on_zero(self, saved):
        volumes = saved[0]["volumes"]
        assert volumes["T1 healthy"]["window"] == volumes["T1"]["window"]
        assert sum(volumes["T1 residual"]["window"]) == pytest.approx(0)
        assert volumes["T1 residual"]["colours"] == "MRIAnomaly residual"

    def test_each_finding_is_a_segment_with_its_own_voxels(self, saved, result):
        facts, arrays = saved
        assert facts["segmentation"]["name"] == "T1 findings"
        expected = [f"Finding {f.label} ({f.volume_ml:.1f} mL, {f.side})" for f in result.findings]
        assert [segment["name"] for segment in facts["segmentation"]["segments"]] == expected
        for n, segment in enumerate(facts["segmentation"]["segments"]):
            labels, _ = as_slicer_loads(result.finding_labels.array, result.volume.affine)
            np.testing.assert_array_equal(arrays[f"segment{n}"] > 0, labels == n + 1)
            assert "SCT^49755003^Morphologically Altered Structure~SCT^52988006^Lesion" in segment["terminology"]

    def test_tables_keep_types_units_and_empty_scores(self, saved, result):
        found, scores = (saved[0]["tables"][f"T1 {name}"] for name in ("findings table", "slice scores"))
        assert found["types"] == ["int", *["double"] * 6, *["string"] * 3]
        assert scores["types"] == ["int", *["double"] * 3, "bit", *["double"] * 2, "bit", *["double"] * 2]
        assert found["units"]["r_mm"] == "mm"
        assert found["units"]["volume_ml"] == "mL"
        assert found["locked"]
        assert found["input"] == scores["input"] == "T1"
        assert [row[0] for row in found["cells"]] == ["1", "2"]
        assert scores["cells"][0][5] == "nan"  # the first slice was not scored
        assert float(scores["cells"][5][5]) == pytest.approx(result.slices[5].score)

    def test_the_plot_shows_scores_and_threshold_against_the_slice(self, saved):
        expected = [
            {"table": "T1 slice scores", "x": "slice", "y": "score"},
            {"table": "T1 score thresholds", "x": "slice", "y": "threshold"},
        ]
        assert saved[0]["plots"] == {"T1 score plot": expected}
        assert {row[1] for row in saved[0]["tables"]["T1 score thresholds"]["cells"]} == {"3"}

    def test_where_the_model_could_judge_is_kept_out_of_sight(self, saved, result):
        assert saved[0]["scored"] == [int(result.scored.array.sum())]

    def test_the_report_node_holds_the_json_record(self, saved, result):
        assert json.loads(saved[0]["texts"]["T1 report"]) == result_record(result)

    def test_everything_sits_in_a_folder_beside_the_input(self, saved):
        assert saved[0]["folders"]["T1 heatmap"] == saved[0]["folders"]["T1 residual"] == "T1 anomaly"
        assert saved[0]["folder_beside_input"]

    def test_the_views_open_at_the_first_finding(self, saved, result):
        assert saved[0]["axial_s_mm"] == pytest.approx(result.findings[0].centroid_ras_mm[2], abs=0.01)


class TestAddedAgain:
    """In one running scene, with an input below a transform; nothing goes through files here, so that voxels keep their order."""

    pytestmark = needs_slicer

    def test_geometry_is_the_inputs_own_matrix(self, replaced):
        for volume in replaced[0]["volumes"].values():
            np.testing.assert_allclose(volume["matrix"], make_result().volume.affine, rtol=0, atol=1e-12)

    def test_a_second_result_replaces_the_first(self, replaced):
        facts, _ = replaced
        assert facts["nodes"] == facts["nodes_before"]
        assert set(facts["volumes"]) == {"T1", "T1 heatmap", "T1 healthy", "T1 residual"}
        assert set(facts["plots"]) == {"T1 score plot"}
        assert "someone else's table" in facts["tables"]

    def test_outputs_follow_the_transform_of_the_input(self, replaced):
        assert {volume["transform"] for volume in replaced[0]["volumes"].values()} == {"Repositioning"}

    def test_a_volume_that_was_not_analysed_is_refused(self, replaced):
        assert "choose the volume that was analysed" in replaced[0]["refused"]

"""`mrianomaly demo` as a new user runs it: two real heads in, a whole folder of answers out for each and for each of two models."""

import csv
import json
import subprocess
import sys

import nibabel as nib
import numpy as np
import pytest
from results import DEFAULT

from MRIAnomalyLib import resources
from MRIAnomalyLib.bundles.bundle import list_bundles
from MRIAnomalyLib.bundles.loading import best_by_sequence

HEADS = {"ms_lesions": "brain_t1_ms_lesions.nii.gz", "healthy_head": "brain_t1_healthy_head.nii.gz"}
SAMPLES = {**HEADS, **{f"{name}_anogan": head for name, head in HEADS.items()}}

pytestmark = [pytest.mark.slow, pytest.mark.slicer]


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    out = tmp_path_factory.mktemp("demo") / "answers"
    command = [sys.executable, "-m", "MRIAnomalyLib", "demo", "--out", str(out), "--progress", "json"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return out, done


def answer(demo, name):
    return json.loads((demo[0] / name / "result.json").read_text())


@pytest.mark.parametrize("name", SAMPLES)
def test_every_promised_file_is_there(demo, name):
    assert {path.name for path in (demo[0] / name).iterdir()} == {*DEFAULT, "scene.mrb"}


@pytest.mark.parametrize("name", SAMPLES)
def test_every_map_lies_on_the_inputs_grid_bit_for_bit(demo, name):
    scan = nib.load(resources.sample(SAMPLES[name]))
    for path in (demo[0] / name).glob("*.nii.gz"):
        written = nib.load(path)
        assert written.shape == scan.shape
        assert np.array_equal(written.affine, scan.affine)


@pytest.mark.parametrize("name", SAMPLES)
def test_input_is_healthy_plus_residual(demo, name):
    arrays = {key: nib.load(demo[0] / name / f"{key}.nii.gz").get_fdata() for key in ("healthy", "residual", "scored")}
    scan = nib.load(resources.sample(SAMPLES[name])).get_fdata()
    inside = arrays["scored"] > 0
    assert inside.mean() > 0.05
    assert np.abs(scan - arrays["healthy"] - arrays["residual"])[inside].max() < 1e-2 * scan.max()


def test_the_best_model_stands_beside_anogan(demo):
    best = {bundle.name for bundle in best_by_sequence(list_bundles()).values()}
    assert {answer(demo, name)["model"]["name"] for name in HEADS} <= best
    assert {answer(demo, f"{name}_anogan")["model"]["name"] for name in HEADS} == {"brain-t1-anogan"}


def test_the_healthy_head_is_not_flagged_and_stays_dark(demo):
    said = answer(demo, "healthy_head")
    assert not said["flagged"]
    heat = nib.load(demo[0] / "healthy_head" / "heatmap.nii.gz").get_fdata()
    scored = nib.load(demo[0] / "healthy_head" / "scored.nii.gz").get_fdata() > 0
    assert (heat[scored] >= said["heat_threshold"]).mean() < 0.02


def test_the_patient_is_flagged_and_the_heat_is_drawn_to_the_lesions(demo):
    said = answer(demo, "ms_lesions")
    assert said["flagged"]
    lesion = nib.load(resources.sample("brain_t1_ms_lesions_mask.nii.gz")).get_fdata() > 0
    heat = nib.load(demo[0] / "ms_lesions" / "heatmap.nii.gz").get_fdata()
    scored = nib.load(demo[0] / "ms_lesions" / "scored.nii.gz").get_fdata() > 0
    shown = heat >= said["heat_threshold"]
    assert shown[lesion & scored].mean() > 2 * shown[~lesion & scored].mean()
    first = np.asarray(nib.load(demo[0] / "ms_lesions" / "findings.nii.gz").dataobj) == 1
    assert lesion[first].mean() > 0.7


def test_the_demo_tells_what_experts_drew(demo):
    assert "experts drew 50 mL of lesions" in demo[1].stdout


def test_findings_lie_inside_their_own_labels(demo):
    labels = nib.load(demo[0] / "ms_lesions" / "findings.nii.gz")
    with (demo[0] / "ms_lesions" / "findings.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert rows
    array = np.asarray(labels.dataobj)
    for row in rows:
        i, j, k = np.rint(np.linalg.inv(labels.affine) @ [float(row["r_mm"]), float(row["a_mm"]), float(row["s_mm"]), 1])[:3].astype(int)
        assert array[i, j, k] == int(row["finding"])
        voxels = (array == int(row["finding"])).sum()
        assert float(row["volume_ml"]) == pytest.approx(voxels * abs(np.linalg.det(labels.affine[:3, :3])) / 1000, abs=2e-3)


def test_the_smallest_reachable_p_is_stated(demo):
    said = answer(demo, "ms_lesions")
    assert said["p_value"] >= said["p_floor"] == pytest.approx(1 / (said["model"]["calibration_subjects"] + 1))


def test_progress_names_every_stage(demo):
    lines = [json.loads(line) for line in demo[1].stderr.splitlines()]
    stages = {line["stage"] for line in lines if "stage" in line}
    assert stages >= {"read", "prepare", "reconstruct", "evidence", "findings", "write"}
    assert "finished" in lines[-1]


def test_standard_output_says_what_was_found_and_where_to_look(demo):
    assert "Not flagged" in demo[1].stdout and "Flagged" in demo[1].stdout
    assert "overview.png" in demo[1].stdout

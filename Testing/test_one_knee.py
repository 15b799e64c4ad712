"""The whole way of a model of knees: learned from few people, automatic for knees only, silent where it cannot judge."""

import csv
import json

import numpy as np
import pytest
from knee_model import make_knee_model, write_knee, write_people
from pseudo_knee import bright_spot, knee

from MRIAnomalyLib import detect, learning
from MRIAnomalyLib.bundles import loading
from MRIAnomalyLib.cli.main import main
from MRIAnomalyLib.errors import CalibrationError, NotComparableError
from MRIAnomalyLib.prepare.geometry import apply_affine

RIGHT, LEFT = (90.0, 0.0, 0.0), (-90.0, 0.0, 0.0)


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    return write_people(tmp_path_factory.mktemp("few"), range(100, 104))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    folder = tmp_path_factory.mktemp("knee")
    return make_knee_model(folder, folder / "scratch")


@pytest.fixture(scope="module")
def found(bundle):
    """Of a whole left knee with a bright spot in its middle."""
    return detect(bright_spot(knee(7, slices=24, step_mm=4.0, middle=LEFT, left=True)), model=bundle, device="cpu")


def test_a_detector_of_one_sided_anatomy_learns_without_mirror_images(bundle):
    assert bundle.model["config"]["mirror"] is False
    assert (bundle.model["config"]["levels"], bundle.model["config"]["intensity_top"]) == (10, 1.7)
    assert bundle.model["calibration"]["evidence"]["symmetric"] is False


def test_without_asking_for_few_people_19_are_needed(bundle, few, tmp_path):
    with pytest.raises(CalibrationError, match="4 healthy subjects were given, 19 or more"):
        learning.calibrate(bundle.folder, few, tmp_path / "knee-tiny-denoiser", device="cpu")


def test_without_p_values_the_verdict_says_so_and_nothing_is_flagged_or_coloured(found):
    assert found.verdict.startswith("Not calibrated: 4 healthy people of the model's own scanner are too few")
    assert not found.flagged
    assert np.isnan(found.p_value)
    assert not any(one.flagged for one in found.slices)
    assert (found.heatmap.array == 0).all()
    assert any(warning.startswith("No p-values: 4 healthy people are too few, 19 are needed") for warning in found.warnings)


def test_the_strongest_evidence_lies_in_the_spot(found):
    evidence = found.evidence["evidence"]
    place = apply_affine(evidence.affine, np.array(np.unravel_index(evidence.array.argmax(), evidence.shape)[::-1]))
    assert np.abs(place - [LEFT[0], -40, 30]).max() < 8
    assert found.findings[0].sign == "bright"


def test_only_the_levels_that_were_learned_are_judged_and_the_others_are_listed(found):
    across = apply_affine(found.volume.affine, np.argwhere(found.scored.array)[:, ::-1])[:, 0]
    assert np.ptp(across) <= 10
    assert np.median(across) == pytest.approx(LEFT[0], abs=4)
    assert [one.slice for one in found.slices if one.scored] == list(range(10))
    assert found.slices[0].slice < -50
    assert "in the level R -3 to +3 mm (from the middle of the knee), all that was looked at" in found.verdict
    assert "Nothing is said of the rest of the knee." in found.warnings[0]


def test_a_model_that_forbids_commercial_use_is_never_taken_silently(found):
    assert "The model knee-tiny-denoiser may not be used commercially (CC BY-NC 4.0)." in found.warnings


def test_the_answer_is_written_without_p_values(found, tmp_path):
    folder = found.save(tmp_path / "out", only=("result", "report", "overview"))
    record = json.loads((folder / "result.json").read_text())
    assert record["p_value"] is None
    assert record["p_floor"] == 1.0
    assert (folder / "overview.png").stat().st_size > 10_000
    assert "No p-value: 4 people are too few." in (folder / "report.html").read_text()
    assert "not calibrated" in (folder / "report.html").read_text()


def test_the_automatic_choice_goes_by_what_the_scan_shows(bundle, monkeypatch):
    asked = []

    def best_of(entries, sequence):
        asked.append(sequence)
        return bundle

    monkeypatch.setattr(loading, "best_of", best_of)
    assert not detect(knee(8, middle=RIGHT), device="cpu").flagged
    with pytest.raises(NotComparableError, match="does not look like a fat-suppressed proton-density scan"):
        detect(knee(8, slices=24, step_mm=4.0, marrow=220.0), device="cpu")
    assert asked == ["PDFS", "PDFS"]


def test_a_slab_that_does_not_say_its_side_is_judged_with_a_warning(bundle):
    result = detect(knee(9), model=bundle, device="cpu")
    assert result.scored.array.mean() > 0.3
    assert any("does not say which knee" in warning for warning in result.warnings)


def test_the_command_line_says_that_a_slab_has_no_p_value_and_what_the_licence_forbids(bundle, tmp_path, capfd):
    scan = write_knee(tmp_path / "slab.nii", bright_spot(knee(7, middle=RIGHT)))
    assert main(["detect", str(scan), "--model", str(bundle.folder), "--out", str(tmp_path / "out"), "--device", "cpu"]) == 0
    said = capfd.readouterr()
    assert said.out.startswith("Not calibrated: 4 healthy people of the model's own scanner are too few")
    assert "may not be used commercially (CC BY-NC 4.0)" in said.err
    with (tmp_path / "out" / "slices.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["scored"] for row in rows] == ["1"] * 10
    assert {row["p_value"] for row in rows} == {""}


def test_the_command_line_refuses_a_whole_knee_whose_fat_is_not_suppressed(bundle, tmp_path, capfd):
    scan = write_knee(tmp_path / "whole.nii", knee(8, slices=24, step_mm=4.0, marrow=220.0))
    assert main(["detect", str(scan), "--model", str(bundle.folder), "--out", str(tmp_path / "out"), "--device", "cpu"]) == 3
    assert "This does not look like a fat-suppressed proton-density scan: brightness of bone marrow" in capfd.readouterr().err
    assert not (tmp_path / "out").exists()

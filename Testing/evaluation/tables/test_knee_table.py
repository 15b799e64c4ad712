"""The knee table on knees made of cylinders, and a model that learned for a moment."""

import io
import json
import re
from types import SimpleNamespace

import nibabel as nib
import numpy as np
import pytest
from knee_model import make_knee_model
from matplotlib.image import imread
from pseudo_knee import bright_spot, knee

from MRIAnomalyLib.errors import UsageError
from MRIAnomalyLib.evaluation import knee_scans, knees
from MRIAnomalyLib.evaluation.tables import knee as table
from MRIAnomalyLib.evaluation.tables.knee import knee_tables

PEOPLE = {"sub-02": "minor_fluid", "sub-06": "no_obvious", "sub-07": "abnormal_visible"}
FINER = 3  # a pixel of the made-up knees is so many of the set's


def write_set(root):
    """The set's folder, with a bright spot in the abnormal knee."""
    (root / "knee_mridata").mkdir()
    rows = []
    for number, (subject, impression) in enumerate(PEOPLE.items(), 20):
        volume = knee(number) if impression in knees.NORMAL else bright_spot(knee(number))
        fine = volume.array.repeat(FINER, 1).repeat(FINER, 2)
        np.savez(root / "knee_mridata" / f"{subject}.npz", sagittal=np.clip(fine / 2, 0, 255).astype(np.uint8))
        rows.append({"subject": subject, "file": f"{subject}.npz", "visual_impression": impression})
    return rows


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The tables of both splits, with one lesion of each kind in each normal person."""
    folder = tmp_path_factory.mktemp("tables")
    bundle, rows = make_knee_model(folder, folder / "scratch"), write_set(folder)
    outline = np.zeros((60, 60, 3), np.uint8)
    outline[20:40, 22:38, 1] = 1
    nib.save(nib.Nifti1Image(outline, np.eye(4)), folder / "outline.nii")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(knee_scans, "lesion_outlines", lambda *how: 200 * [folder / "outline.nii"])
        patch.setattr(knees, "knees", lambda root, split: rows)
        for split in ("test", "validation"):
            knee_tables(folder, folder / split, True, split=split, models=[str(bundle.folder)])
    return folder


@pytest.fixture(scope="module")
def tables(written):
    return json.loads((written / "test" / "knee.json").read_text())


def test_a_spot_that_no_other_knee_has_is_the_strongest_finding_of_the_abnormal_one(tables):
    rows = {row["subject"]: row for row in tables["people"]}
    assert {subject: row["impression"] for subject, row in rows.items()} == PEOPLE
    sign, _, place = rows["sub-07"]["strongest"].split(", ")
    front, up = map(int, re.findall(r"[+-]\d+", place))
    assert sign == "bright"
    assert abs(front + 38) < 8 and abs(up - 28) < 8  # the field is a little smaller than that of a whole knee
    assert rows["sub-07"]["score"] > max(rows["sub-02"]["score"], rows["sub-06"]["score"])


def test_models_are_ranked_by_lesions_of_both_kinds_beside_a_map_that_asks_none(tables):
    known = {row["map"]: row for row in tables["deciding"]}
    assert set(known) == {"evidence", "atlas z"}
    assert known["atlas z"]["model"] == "none, calibration of knee-tiny-denoiser"
    row = known["evidence"]
    assert row["pixel_ap"] == pytest.approx((row["dark_ap"] + row["bright_ap"]) / 2, abs=1e-3)
    assert [one["trained"] for one in tables["models"]] == ["2 steps from nothing"]
    assert known["evidence"]["error"] > 0 and "error" not in known["atlas z"]
    assert {one["map"] for one in tables["lesions"]}.isdisjoint({"asymmetry z", "atlas and asymmetry"})
    assert all(one["score raised"].endswith(" of 2") and len(one["ap of each person"].split(", ")) == 2 for one in tables["lesions"])


def test_a_lesion_is_seen_better_than_by_chance_by_the_map_of_brightness(tables):
    for row in tables["lesions"]:
        if row["map"] == "atlas z":
            assert row["auroc"] > 0.6


def test_a_model_stands_beside_the_maps_without_one_in_each_knee(tables):
    rows = tables["compared"]
    assert {(row["B"], row["lesion"]) for row in rows} == {(name, kind) for name in ("intensity", "atlas z") for kind in ("dark", "bright")}
    assert all(len(row["volume_auroc of each person"].split(", ")) == 2 for row in rows)
    assert not any("95" in column for row in [*rows, *tables["trivial_scores"]] for column in row)


def test_the_page_says_what_the_figures_cannot_tell_and_shows_the_best_model(written):
    page = (written / "test" / "knee.md").read_text(encoding="utf-8")
    for said in ("1 visibly abnormal", "of 17", "not stated by the source", "p-values: none", "synthetic", "--split test"):
        assert said in page
    assert "Intervals: 95 %" not in page
    assert "](pictures/knee-tiny-denoiser.png)" in page
    picture = (written / "test" / "pictures" / "knee-tiny-denoiser.png").read_bytes()
    assert imread(io.BytesIO(picture)).shape[1] == 1100


def test_knees_to_choose_by_are_measured_without_pictures(written):
    assert "Pictures" not in (written / "validation" / "knee-validation.md").read_text(encoding="utf-8")
    assert not (written / "validation" / "pictures").exists()


def test_a_model_for_brains_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(table, "choose_bundle", lambda name: SimpleNamespace(name="brain-t1-anogan", model={"recipe": {}}))
    with pytest.raises(UsageError, match="is for T1 scans of a brain: name models for fat-suppressed knees"):
        knee_tables(tmp_path, tmp_path, False, models=["brain-t1-anogan"])


def test_another_split_is_refused(tmp_path):
    with pytest.raises(UsageError, match="not of train"):
        knee_scans.knee_people(tmp_path, "train", quick=False)

"""The whole way of a model that knows one level of the brain: what lies outside is never shown as judged."""

import csv

import nibabel as nib
import numpy as np
import pytest
from pseudo_flair import one_slice, whole

from MRIAnomalyLib import detect, learning
from MRIAnomalyLib.bundles import loading
from MRIAnomalyLib.bundles.bundle import open_bundle
from MRIAnomalyLib.files.nifti import MNI152_CODE
from MRIAnomalyLib.outputs.views import best_positions, cuts, plane_of
from MRIAnomalyLib.prepare.geometry import apply_affine

TINY = {"width": 4, "steps": 2, "batch_size": 4, "precision": "float32"}


def write_people(folder, count, first):
    """A table of people, each with a slice of their own noise."""
    with (folder / f"{first}.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "subject", "image", "mask"])
        for number in range(first, first + count):
            volume = one_slice(number=number)
            image = nib.Nifti1Image(volume.array.T, volume.affine)
            image.set_sform(volume.affine, MNI152_CODE)
            nib.save(image, folder / f"{number}.nii")
            writer.writerow([number, number, f"{number}.nii", "none"])
    return folder / f"{first}.csv"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    folder = tmp_path_factory.mktemp("flair")
    out, how = folder / "brain-flair-denoiser", {"resume": False, "max_minutes": None, "seed": 0, "checkpoints": folder / "checkpoints"}
    learning.train("denoiser", write_people(folder, 4, 1), out, config=TINY, recipe={"sequence": "FLAIR"}, **how)
    learning.calibrate(out, write_people(folder, 20, 100), device="cpu", overwrite=True)
    return open_bundle(out)


@pytest.fixture(scope="module")
def found(bundle):
    """Of a whole brain with a bright spot in the level and a brighter one far above it."""
    brain = whole(number=7)
    to_voxel = np.linalg.inv(brain.affine)
    for height, brightness in ((18, 160), (50, 400)):
        i, j, k = np.rint(apply_affine(to_voxel, np.array([36.0, -30.0, height]))).astype(int)
        brain.array[k - 2 : k + 3, j - 4 : j + 5, i - 4 : i + 5] = brightness
    return detect(brain, model=bundle, device="cpu")


def test_a_detector_learns_the_range_of_its_recipe(bundle):
    assert (bundle.model["config"]["levels"], bundle.model["config"]["intensity_top"]) == (1, 1.7)
    assert bundle.model["recipe"]["first_mm"] == 18.0


def test_only_the_level_is_judged_and_the_answer_says_so(found):
    heights = apply_affine(found.volume.affine, np.argwhere(found.scored.array)[:, ::-1])[:, 2]
    assert np.ptp(heights) < 10
    assert np.median(heights) == pytest.approx(18, abs=4)
    assert "in the level S +17 to +19 mm (MNI152), all that was looked at" in found.verdict
    assert found.warnings[0].startswith("Only the level S +17 to +19 mm (MNI152) was looked at.")


def test_slices_that_the_model_never_saw_are_listed_as_not_scored(found):
    scored = [one.slice for one in found.slices if one.scored]
    assert scored == [0]
    assert found.slices[0].slice < -20
    assert found.slices[-1].slice > 20
    assert np.diff([one.slice for one in found.slices]).tolist() == [1] * (len(found.slices) - 1)
    assert not any(one.flagged or np.isfinite(one.score) or np.isfinite(one.p_value) for one in found.slices if not one.scored)


def test_no_map_says_anything_outside_the_level(found):
    outside = found.scored.array == 0
    for map_ in (found.heatmap, found.evidence["evidence"]):
        assert np.abs(map_.array[outside]).max() < np.abs(map_.array).max()
    assert (found.heatmap.array[outside] == 0).all()
    heights = apply_affine(found.volume.affine, np.argwhere(found.finding_labels.array)[:, ::-1])[:, 2]
    assert np.abs(heights - 18).max(initial=0) < 10  # the brighter spot far above is none of its business


def test_the_picture_shows_the_level_and_hardly_anything_of_it_as_not_judged(found):
    plane = plane_of(found)
    (position,) = best_positions(found, plane)
    (cut,) = cuts(found, plane, [position])
    tissue = cut.image > 20
    assert position == pytest.approx(18, abs=4)
    assert cut.unjudged[tissue].mean() < 0.35  # its rim


def test_a_slice_alone_is_judged_whole(bundle):
    result = detect(one_slice(number=300), model=bundle, device="cpu")
    assert [one.scored for one in result.slices] == [True]
    assert result.scored.array.mean() > 0.3
    assert "all that was looked at" in result.verdict


def test_the_automatic_choice_goes_by_the_contrast_of_the_scan(bundle, monkeypatch):
    asked = []

    def best_of(entries, sequence):
        asked.append(sequence)
        return bundle

    monkeypatch.setattr(loading, "best_of", best_of)
    detect(one_slice(number=301), device="cpu")
    with pytest.raises(Exception, match="does not look like a FLAIR scan"):
        detect(whole(grey=0.7), device="cpu")
    assert asked == ["FLAIR", "T1"]

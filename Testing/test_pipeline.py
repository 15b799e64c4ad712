"""The whole way on the shipped bundle and the shipped brain; few search steps, for speed."""

import re
from dataclasses import replace
from types import SimpleNamespace

import nibabel as nib
import numpy as np
import pytest
import torch
from ellipses import ellipses
from taught import normals, taught

from MRIAnomalyLib import detect, pipeline, read_volume, resources
from MRIAnomalyLib.bundles.bundle import open_bundle
from MRIAnomalyLib.bundles.loading import hardware, load_detector, pick_device
from MRIAnomalyLib.detectors import fanogan
from MRIAnomalyLib.detectors.mask_inversion import around
from MRIAnomalyLib.detectors.memory import Redrawn
from MRIAnomalyLib.errors import BundleError, Cancelled, InputError, NotComparableError, UsageError
from MRIAnomalyLib.records import Volume

MODEL = "brain-t1-anogan"


@pytest.fixture(scope="module")
def brain():
    return read_volume(resources.sample("brain_t1_ms_lesions.nii.gz"))


@pytest.fixture(scope="module")
def found(brain):
    return detect(brain, model=MODEL, device="cpu", steps=5)


def test_the_same_scan_turned_and_flipped_gives_the_same_answer(brain, found):
    turned = Volume(np.ascontiguousarray(brain.array.transpose(1, 2, 0)[:, ::-1]), _turned_affine(brain))
    again = detect(turned, model=MODEL, device="cpu", steps=5)
    assert again.score == pytest.approx(found.score, rel=0.02)
    assert len(again.findings) == len(found.findings)
    for one, other in zip(found.findings, again.findings, strict=True):
        assert one.side == other.side
        assert np.linalg.norm(np.subtract(one.centroid_ras_mm, other.centroid_ras_mm)) < 6
    heat = again.heatmap.array[:, ::-1].transpose(2, 0, 1)
    assert np.corrcoef(heat.ravel(), found.heatmap.array.ravel())[0, 1] > 0.97


def _turned_affine(volume):
    """Of `array.transpose(1, 2, 0)[:, ::-1]`: the new (k, j, i) are the old (j, I - 1 - i, k)."""
    from_new = np.zeros((4, 4))  # new (i, j, k) -> old (i, j, k)
    from_new[0, 1], from_new[0, 3] = -1, volume.shape[2] - 1
    from_new[1, 2] = from_new[2, 0] = from_new[3, 3] = 1
    return volume.affine @ from_new


def test_every_map_carries_the_inputs_own_affine(brain, found):
    maps = [found.heatmap, found.healthy, found.residual, found.scored, found.finding_labels, *found.evidence.values()]
    assert all(map_.affine is brain.affine and map_.shape == brain.shape for map_ in maps)


@pytest.fixture(scope="module")
def masked(brain):
    """What mask inversion finds on the generator of the same model; of a tenth of the slices it says that they failed."""
    detector = around(load_detector(open_bundle(MODEL)), ellipses(6, 64), pool=50, fast_steps=16)
    redraw = detector.reconstruct
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(detector, "reconstruct", lambda stack, **how: replace(redraw(stack, **how), failed=stack.level % 10 == 5))
        patch.setattr(pipeline, "load_detector", lambda bundle: detector)
        return detect(brain, model=MODEL, device="cpu", steps=16)


def test_a_learned_mask_is_written_on_the_inputs_own_grid(brain, masked, tmp_path):
    assert masked.mask.affine is brain.affine
    assert masked.mask.shape == brain.shape
    assert 0 <= masked.mask.array.min() <= masked.mask.array.max() <= 1
    written = nib.load(masked.save(tmp_path / "out", ("mask",)) / "mask.nii.gz")
    np.testing.assert_array_equal(written.affine, brain.affine)
    np.testing.assert_allclose(written.get_fdata().T, masked.mask.array)


def test_slices_that_failed_are_named_where_there_is_brain(masked, found):
    (warning,) = (one for one in masked.warnings if one.startswith("No healthy counterpart was found for slice "))
    assert "15, 25, 35, 45" in warning
    assert not any("No healthy counterpart" in one for one in found.warnings)


def test_with_a_mask_the_healthy_counterpart_is_the_scan_where_nothing_is_masked_but_for_resampling(masked, found):
    completed, drawn = (np.median(np.abs(one.residual.array[one.scored.array > 0])) for one in (masked, found))
    assert completed < 0.75 * drawn


def test_heat_and_findings_stay_where_the_model_could_judge(found):
    outside = found.scored.array == 0
    assert (found.heatmap.array[outside] == 0).all()
    assert found.heatmap.array.max() <= -np.log10(found.p_floor) + 1e-6


def test_running_again_gives_the_same_numbers(brain, found):
    again = detect(brain, model=MODEL, device="cpu", steps=5)
    assert again.score == pytest.approx(found.score, rel=1e-3)
    assert [one.score for one in again.slices] == pytest.approx([one.score for one in found.slices], rel=1e-2, nan_ok=True)


def test_another_contrast_is_refused_unless_it_is_forced(brain):
    inverted = brain.like(np.where(brain.array > 0, brain.array.max() * 1.05 - brain.array, 0))
    with pytest.raises(NotComparableError, match="does not look like"):
        detect(inverted, model=MODEL, device="cpu", steps=2)
    forced = detect(inverted, model=MODEL, device="cpu", steps=2, force=True)
    assert any("Scored on request" in warning for warning in forced.warnings)


def test_an_extracted_brain_is_named_as_such_on_the_cpu_that_was_asked_for(found):
    assert any("cut out by another program" in warning for warning in found.warnings)
    assert found.device == "cpu"


def test_what_the_detector_had_to_do_for_want_of_memory_stands_in_the_result(brain, monkeypatch):
    def cramped(detector, stack, **how):
        return Redrawn(detector.reconstruct(stack, steps=2), "cpu", ("The GPU was small.",))

    monkeypatch.setattr(pipeline, "redraw", cramped)
    monkeypatch.setattr(pipeline, "pick_device", lambda wanted: "cuda")
    result = detect(brain, model=MODEL, device="cuda", steps=2)
    assert result.device == "cpu"
    assert "The GPU was small." in result.warnings


def test_part_of_a_brain_is_refused(brain):
    slab = Volume(brain.array[60:75], brain.affine)
    with pytest.raises(NotComparableError, match="mm thin"):
        detect(slab, model=MODEL)


def test_raising_in_the_progress_callback_stops_the_run(brain):
    def stop(progress):
        if progress.stage == "reconstruct":
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        detect(brain, model=MODEL, device="cpu", steps=50, progress=stop)


@pytest.mark.parametrize("name", ["abacus", "cuda:99", "cpu:1", "cuda:x", "meta", ""])
def test_a_device_that_is_not_there_is_named(name):
    with pytest.raises(UsageError, match=f"The device {name} is not there"):
        pick_device(name)


def test_the_processor_is_a_device_with_a_name():
    assert pick_device("cpu") == "cpu"
    assert re.match(r"\d+ cores? of \w+", hardware("cpu"))


def test_an_unknown_model_is_answered_with_the_known_ones(brain):
    with pytest.raises(BundleError, match=MODEL):
        detect(brain, model="brain-t1-oracle")


def test_a_ct_is_not_read(tmp_path):
    import nibabel as nib

    rng = np.random.default_rng(0)
    nib.save(nib.Nifti1Image(rng.integers(-1000, 2000, (8, 9, 10)).astype(np.int16), np.eye(4)), tmp_path / "ct.nii")
    with pytest.raises(InputError, match="CT"):
        read_volume(tmp_path / "ct.nii")


def test_steps_of_an_f_anogan_are_those_of_a_refinement_from_its_encoders_answer(brain, monkeypatch):
    class Reached(Exception):
        pass

    def search(generator, critic, slices, mask, starts, settings, progress):
        assert settings.steps == 3
        assert torch.equal(starts[:, 0], detector.encode(slices, settings.rows_at_once))
        raise Reached

    detector = taught("fanogan").detector
    monkeypatch.setattr(fanogan, "search", search)
    monkeypatch.setattr(pipeline, "load_detector", lambda bundle: detector)
    monkeypatch.setattr(pipeline, "place_as", lambda *_: None)
    monkeypatch.setattr(pipeline, "cut", lambda *_: SimpleNamespace(stack=normals(3)))
    with pytest.raises(Reached):
        pipeline.detect(brain, model="brain-t1-anogan", device="cpu", steps=3)

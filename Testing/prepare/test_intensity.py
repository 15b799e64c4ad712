import numpy as np

from MRIAnomalyLib.prepare.intensity import TISSUE_TARGETS, apply_tone, bias_field, tissue_peaks, tone_curve


def brain_voxels(means, seed=0):
    """20,000 voxels of three tissues with the template's idea of them, a third of it wrong."""
    rng = np.random.default_rng(seed)
    tissue = rng.integers(0, 3, 20_000)
    believed = np.where(rng.random(20_000) < 0.3, rng.integers(0, 3, 20_000), tissue)
    return rng.normal(np.array(means)[tissue], 4), (believed == 1) * 1.0, (believed == 2) * 1.0


def test_tissue_peaks_are_found_although_the_template_is_often_wrong():
    values, grey, white = brain_voxels([30, 70, 100])
    assert np.abs(tissue_peaks(values, grey, white) - [30, 70, 100]).max() < 2


def test_a_lesion_in_white_matter_hardly_moves_its_peak():
    values, grey, white = brain_voxels([30, 70, 100])
    struck = np.flatnonzero(white)[::10]
    values[struck] *= 0.6
    assert abs(tissue_peaks(values, grey, white)[2] - 100) < 5


def test_two_scanners_contrasts_become_one():
    for means in ([50, 140, 200], [0.3, 0.62, 1.0]):
        tone = tone_curve(np.array(means, float))
        assert np.allclose(apply_tone(np.array(means, float), tone), TISSUE_TARGETS)


def test_the_tone_curve_has_an_inverse_also_beyond_white_matter():
    tone = tone_curve(np.array([40.0, 75.0, 100.0]))
    values = np.linspace(0, 400, 50)
    assert np.abs(apply_tone(apply_tone(values, tone), tone, inverse=True) - values).max() < 1e-3


def test_the_tone_curve_never_folds_whatever_the_peaks():
    source, target = tone_curve(np.array([90.0, 101.0, 100.0]))
    assert (np.diff(source) > 0).all() and (np.diff(target) > 0).all()


def test_shading_is_taken_out():
    k, j, i = np.meshgrid(*[np.linspace(-1, 1, size) for size in (40, 48, 44)], indexing="ij")
    mask = i**2 + j**2 + k**2 < 0.8
    tissue = 100 + 40 * (np.sin(9 * i) * np.sin(8 * j) * np.sin(7 * k) > 0)
    shading = 1 + 0.35 * k
    field = bias_field(np.where(mask, tissue * shading, 0), np.diag([2.0, 2.0, 2.0, 1.0]), mask)
    left = (shading / field)[mask]
    assert left.std() / left.mean() < 0.4 * shading[mask].std() / shading[mask].mean()

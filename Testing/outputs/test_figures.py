from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread
from results import make_result

from MRIAnomalyLib.outputs import panels
from MRIAnomalyLib.outputs.figures import overview, slice_pictures
from MRIAnomalyLib.outputs.heat import heat_ceiling, heat_colours
from MRIAnomalyLib.outputs.panels import caption
from MRIAnomalyLib.outputs.views import best_positions, cuts, plane_of
from MRIAnomalyLib.records import SliceScore, Volume

CASES = {
    "findings": {},
    "no findings": {"findings": False},
    "warnings": {"warnings": ("Another scanner than the training's. " * 12,) * 5},
    "one slice": {"shape": (1, 40, 36)},
}


@pytest.fixture(scope="module")
def result():
    return make_result()


@pytest.mark.parametrize("case", CASES)
def test_an_overview_is_drawn_for(case, tmp_path):
    overview(make_result(**CASES[case]), tmp_path / "overview.png")
    picture = imread(tmp_path / "overview.png")[..., :3]
    assert picture.shape[1] == 1760
    orange = (picture[..., 0] > 0.8) & (picture[..., 2] < 0.45)
    assert orange[200:, :1250].sum() > 200 or case == "no findings"


def test_warnings_are_drawn_in_amber_across_the_page(tmp_path):
    amber = []
    for warnings in ((), ("The registration may be off.",)):
        overview(make_result(findings=False, warnings=warnings), tmp_path / "overview.png")
        picture = imread(tmp_path / "overview.png")[:250, :1200, :3]
        amber.append((np.abs(picture - np.array([1.0, 0.69, 0.0])).max(-1) < 0.1).sum())
    assert amber[0] == 0
    assert amber[1] > 1000


def test_the_longest_verdict_stands_on_the_page_to_its_last_word(tmp_path, monkeypatch):
    said = []
    verdict = (
        "Flagged in the level S +17 to +19 mm (MNI152), all that was looked at: stranger than 80 patients without an acute stroke in "
        "this level (p = 0.012, the smallest value it can give). Look first at finding 1: right, 0.9 mL, brighter than expected."
    )
    text = Figure.text
    monkeypatch.setattr(Figure, "text", lambda self, x, y, words, **how: said.append(words) or text(self, x, y, words, **how))
    overview(replace(make_result(), verdict=verdict), tmp_path / "overview.png")
    assert verdict in " ".join(said)


def test_of_one_level_the_evidence_is_large_and_no_score_runs_along_slices(tmp_path, monkeypatch):
    said, drawn = [], []
    text, draw = Figure.text, panels.draw_panel
    monkeypatch.setattr(Figure, "text", lambda self, x, y, words, **how: said.append(words) or text(self, x, y, words, **how))
    monkeypatch.setattr(
        panels, "draw_panel", lambda axes, kind, *rest: drawn.append((kind, axes.get_position())) or draw(axes, kind, *rest)
    )
    overview(make_result(shape=(1, 40, 36)), tmp_path / "overview.png")
    assert "How unusual is this level?" in said
    assert "Score along the slices" not in said
    boxes = dict(drawn)
    assert boxes["input + evidence"].width > 1.9 * boxes["input"].width
    assert boxes["input"].width == pytest.approx(boxes["healthy counterpart"].width)
    assert len({round(box.x1, 3) for box in boxes.values()}) == 2  # two of them below each other
    overview(make_result(), tmp_path / "overview.png")
    assert {"How unusual is the whole scan?", "Score along the slices"} <= set(said)


def test_the_heat_scale_is_fixed_by_the_calibration_and_clear_at_the_bottom(result):
    assert heat_ceiling(result) == 1.68  # log10 of 47, rounded up
    assert heat_ceiling(replace(result, heatmap=result.heatmap.like(result.heatmap.array * 9))) == heat_ceiling(result)
    colours = heat_colours(np.linspace(0, 1, 64))
    assert colours[0, 3] == 0
    lightness = colours[:, :3] @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(lightness) > 0).all()


def test_the_first_plane_goes_through_the_first_finding(result):
    plane = plane_of(result)
    positions = best_positions(result, plane)
    assert plane.name == "axial"
    assert positions[0] == result.findings[0].centroid_ras_mm[2]
    first = cuts(result, plane, positions)[0]
    assert 1 in first.findings
    assert "#1 bright" in caption(first, plane, result)


def test_without_findings_the_highest_slice_comes_first():
    result = make_result(findings=False)
    highest = max((s for s in result.slices if s.scored), key=lambda s: s.score)
    assert best_positions(result, plane_of(result))[0] == highest.center_ras_mm[2]


def _marked(affine):
    """A scan of an empty head with a bright spot in front on the patient's right: +R, +A."""
    shape = (41, 41, 41)
    k, j, i = np.indices(shape)
    world = np.stack([i, j, k], -1) @ affine[:3, :3].T + affine[:3, 3]
    spot = np.linalg.norm(world - np.array([12.0, 14.0, 0.0]), axis=-1) < 5
    volume = Volume((100.0 * spot + 10).astype(np.float32), affine)
    base = make_result(findings=False)
    slices = tuple(SliceScore(n, (0.0, 0.0, s), True, 1.0, 0.5, False, {}) for n, s in enumerate((-4.0, 0.0, 4.0)))
    flat = volume.like(np.zeros(shape, np.float32))
    return replace(
        base, volume=volume, heatmap=flat, healthy=flat, scored=volume.like(np.ones(shape, np.uint8)), finding_labels=flat, slices=slices
    )


@pytest.mark.parametrize("axes", [(0, 1, 2), (1, 2, 0), (2, 0, 1)])
@pytest.mark.parametrize("signs", [(1, 1, 1), (-1, 1, 1), (1, -1, -1)])
def test_the_patients_right_is_on_the_left_and_anterior_is_up_for_any_orientation(axes, signs):
    affine = np.eye(4)
    affine[:3, :3] = np.eye(3)[:, axes] @ np.diag(signs)
    affine[:3, 3] = -affine[:3, :3] @ [20, 20, 20]
    result = _marked(affine)
    cut = cuts(result, plane_of(result), [0.0])[0]
    rows, columns = np.nonzero(cut.image > 60)
    assert columns.mean() < 0.4 * cut.image.shape[1]
    assert rows.mean() < 0.4 * cut.image.shape[0]


def test_a_tilted_single_slice_is_seen_whole():
    result = make_result(shape=(1, 40, 36))
    cut = cuts(result, plane_of(result), best_positions(result, plane_of(result)))[0]
    tissue = (cut.image > 100).any(axis=0).sum(), (cut.image > 100).any(axis=1).sum()
    # the ellipsoid has half axes of 0.75 of 36 x 1.5 mm and 0.8 of 40 x 1.2 mm
    assert tissue[0] / tissue[1] == pytest.approx(0.75 * 35 * 1.5 / (0.8 * 39 * 1.2), rel=0.08)


def test_tissue_that_was_not_judged_never_looks_normal(result):
    unjudged = replace(result, scored=result.scored.like(np.zeros_like(result.scored.array)))
    plane = plane_of(result)
    cut = cuts(unjudged, plane, [result.findings[0].centroid_ras_mm[2]])[0]
    assert cut.unjudged.sum() > 0.9 * (cut.image > 200).sum()
    assert slice_pictures(unjudged) != slice_pictures(result)

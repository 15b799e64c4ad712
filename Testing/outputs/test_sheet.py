import io
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.image import imread

from MRIAnomalyLib.outputs.sheet import Row, sheet
from MRIAnomalyLib.outputs.views import plane_across

Y, X = np.mgrid[-1:1:32j, -1:1:32j]
BRAIN = (X / 0.8) ** 2 + Y**2 < 0.8
SPOT = (X + 0.3) ** 2 + (Y + 0.2) ** 2 < 0.05
PLAIN = Row(
    title="Healthy head",
    note="made up",
    verdict="not flagged, p = 0.5",
    flagged=False,
    place="slice at S +3 mm",
    image=np.where(BRAIN, 0.8, 0),
    healthy=np.where(BRAIN, 0.8, 0),
    brain=BRAIN,
    evidence=np.zeros(BRAIN.shape),
    found=np.zeros(BRAIN.shape, int),
)


def drawn(*rows):
    """(pixels, pixels, 3) in 0 to 255, without the head, whose key shows all colours."""
    page = imread(io.BytesIO(sheet("brain-t1-anogan", "calibrated on 46 people", rows, 3.0)))
    return np.round(255 * page[165:, :, :3]).astype(int)


def near(page, colour, tolerance=30):
    return (np.abs(page - np.array(colour)).max(-1) <= tolerance).sum()


def with_spot(sign):
    return replace(
        PLAIN,
        image=PLAIN.image + 0.4 * sign * SPOT,
        evidence=6.0 * sign * SPOT,
        found=sign * SPOT.astype(int),
    )


def test_the_page_is_shown_without_loss_at_its_width_and_is_small_enough_for_version_control():
    page = sheet("brain-t1-anogan", "calibrated on 46 people", [with_spot(1), with_spot(-1), PLAIN, PLAIN], 3.0)
    assert imread(io.BytesIO(page)).shape[1] == 1100
    assert len(page) < 250_000
    assert page[25] == 3  # PNG colour type: a palette


@pytest.mark.parametrize(("sign", "own", "other"), [(1, (103, 0, 31), (5, 48, 97)), (-1, (5, 48, 97), (103, 0, 31))])
def test_brighter_is_red_and_darker_is_blue(sign, own, other):
    page = drawn(with_spot(sign))
    assert near(page, own) > 200 > 20 > near(page, other)


def test_a_dark_finding_and_a_known_lesion_have_outlines_of_their_own_colours():
    blue, yellow = (0x5A, 0xD1, 0xFF), (0xFF, 0xE1, 0x4D)
    plain, found, known = (drawn(row) for row in (PLAIN, with_spot(-1), replace(PLAIN, truth=SPOT)))
    assert [near(page, blue) > 20 for page in (plain, found, known)] == [False, True, False]
    assert [near(page, yellow) > 50 for page in (plain, found, known)] == [False, False, True]


def test_a_flagged_scan_stands_out():
    alarm, calm = (0xE8, 0x61, 0x2C), (0x4A, 0x8F, 0xC7)
    flagged, plain = drawn(replace(PLAIN, flagged=True, verdict="flagged, p = 0.02")), drawn(PLAIN)
    assert near(flagged, alarm) > 500 > 50 > near(plain, alarm)
    assert near(plain, calm) > 500 > 50 > near(flagged, calm)


def test_all_rows_have_one_window_so_that_a_faint_scan_looks_faint():
    faint = replace(PLAIN, image=PLAIN.image / 2, healthy=PLAIN.healthy / 2)
    page = drawn(PLAIN, faint)
    greys = page[(page.max(-1) - page.min(-1)) == 0][:, 0]
    assert (greys > 248).sum() > 1000  # the brighter scan is white
    assert ((greys > 120) & (greys < 135)).sum() > 1000  # the other is half as bright beside it


def test_a_mask_that_was_learned_is_shown_in_the_place_of_the_residual():
    plain, masked = drawn(with_spot(1)), drawn(replace(with_spot(1), mask=SPOT.astype(float)))
    coloured, left = (((page.max(-1) - page.min(-1)) > 60).sum() for page in (plain, masked))
    assert left < 0.8 * coloured  # the evidence alone is in colours
    assert near(masked, (255, 255, 255), 6) > near(plain, (255, 255, 255), 6) + 100


def test_sagittal_slices_have_marks_of_their_own():
    axial, sagittal = (
        imread(io.BytesIO(sheet("knee-pdfs-anogan", "", [PLAIN], 3.0, plane_across(np.array(normal)))))
        for normal in ([0, 0, 1], [-1, 0, 0])
    )
    assert not np.array_equal(axial, sagittal)

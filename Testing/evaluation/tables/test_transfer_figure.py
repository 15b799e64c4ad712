from itertools import product

from PIL import Image

from MRIAnomalyLib.evaluation.tables.transfer_figure import LABELS, draw

WAYS = ("from nothing", "from the bundle", "from the bundle, 2 layers frozen")


def rows(*pairs):
    figures = {name: value for measure in LABELS for name, value in ((measure, 0.5), (f"{measure}_95", [0.45, 0.6]))}
    naming = product(pairs, (25, 100), WAYS)
    return [{"cohort": cohort, "model": model, "slices": slices, "way": way, **figures} for (cohort, model), slices, way in naming]


def test_each_cohort_and_model_has_its_line_of_panels_and_the_picture_stays_small(tmp_path):
    heights = []
    for pairs in ([("flair", "a")], [("flair", "a"), ("flair", "b"), ("knees", "a")]):
        draw(tmp_path / "curves.png", rows(*pairs))
        with Image.open(tmp_path / "curves.png") as picture:
            heights.append(picture.height)
    assert heights[1] > 2 * heights[0]
    assert (tmp_path / "curves.png").stat().st_size < 90_000


def test_every_way_is_drawn_in_a_colour_of_its_own(tmp_path):
    colours = []
    for ways in (1, 3):
        draw(tmp_path / "curves.png", [row for row in rows(("flair", "a")) if row["way"] in WAYS[:ways]])
        with Image.open(tmp_path / "curves.png") as picture:
            held = picture.convert("RGB").getcolors(10**6)
            # hues, not greys: axes and text are black on white
            colours.append(sum(count for count, (red, green, blue) in held if max(red, green, blue) - min(red, green, blue) > 60))
    assert colours[1] > 2 * colours[0] > 0

"""Folders of pictures by class."""

import numpy as np
import pytest
from class_pictures import write_pictures
from PIL import Image

from MRIAnomalyLib.errors import InputError
from MRIAnomalyLib.evaluation.class_images import SIZE_PX, ClassImages, hold_out, read_images, trivial_scores

CLASSES = ("0", "1", "2")


def test_small_pictures_get_a_dark_rim_and_keep_their_class(tmp_path):
    write_pictures(tmp_path, CLASSES, 4, side=28)
    images = read_images(tmp_path, CLASSES)
    assert images.pixels.shape == (12, 1, SIZE_PX, SIZE_PX)
    assert images.label.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    assert not images.pixels[:, :, :2].any() and not images.pixels[..., -2:].any()
    np.testing.assert_array_equal(images.pixels[0, 0, 2:30, 2:30], np.asarray(Image.open(tmp_path / "0" / "0.png")))


def test_a_coloured_picture_is_seen_in_colour_or_as_the_mean_of_its_colours(tmp_path):
    write_pictures(tmp_path, CLASSES, 2, side=32, colour=True)
    images = read_images(tmp_path, CLASSES)
    coloured, grey = images.stack(colour=True), images.stack(colour=False)
    assert (coloured.pixels.shape, grey.pixels.shape) == ((6, 3, 32, 32), (6, 1, 32, 32))
    assert coloured.mask.shape == grey.mask.shape == (6, 1, 32, 32)
    np.testing.assert_allclose(coloured.pixels.mean(1), grey.pixels[:, 0], atol=1e-6)
    assert coloured.pixels.min() >= 0 and coloured.pixels.max() <= 1


def test_no_picture_is_both_learned_from_and_held_out_and_each_class_gives_its_share():
    images = ClassImages(np.arange(60 * 4).reshape(60, 1, 2, 2), np.repeat([0, 1], [40, 20]))
    learned, held = hold_out(images)
    assert (np.bincount(learned.label).tolist(), np.bincount(held.label).tolist()) == ([36, 18], [4, 2])
    assert set(learned.pixels[:, 0, 0, 0]).isdisjoint(held.pixels[:, 0, 0, 0])


def test_trivial_scores_say_how_bright_how_uneven_and_how_empty_a_picture_is():
    pixels = np.zeros((3, 1, 32, 32), np.uint8)
    pixels[1] = 255
    pixels[2, ..., ::2] = 255
    scores = trivial_scores(ClassImages(pixels, np.zeros(3, int)))
    assert scores["mean intensity"].tolist() == pytest.approx([0, 1, 0.5])
    assert scores["spread of intensity"].tolist() == pytest.approx([0, 0, 0.5])
    assert scores["background share"].tolist() == [1, 0, 0.5]
    assert scores["gradient energy"][:2].tolist() == [0, 0] and scores["gradient energy"][2] > 0


def test_what_is_no_such_folder_is_refused_with_what_was_expected(tmp_path):
    with pytest.raises(InputError, match=r"0 holds no pictures .* name the folder with train/0"):
        read_images(tmp_path, CLASSES)
    write_pictures(tmp_path, CLASSES, 1, side=40)
    with pytest.raises(InputError, match="is 40 by 40 pixels; at most 32"):
        read_images(tmp_path, CLASSES)
    write_pictures(tmp_path, CLASSES, 1, side=32)
    write_pictures(tmp_path, CLASSES[:1], 1, side=32, colour=True)
    with pytest.raises(InputError, match="both grey and coloured"):
        read_images(tmp_path, CLASSES)
    (tmp_path / "1" / "0.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"0\.png cannot be read as a picture"):
        read_images(tmp_path, CLASSES)

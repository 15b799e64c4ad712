import csv

import numpy as np
from matplotlib.image import imread
from PIL import Image

from MRIAnomalyLib.training.curves import write_losses, write_samples


def test_the_csv_has_one_line_for_each_entry_and_the_png_is_a_picture(tmp_path):
    write_losses(tmp_path, [{"step": 50, "generator": 2.5}, {"step": 100, "generator": 1.25}])
    rows = list(csv.DictReader((tmp_path / "losses.csv").open()))
    assert rows == [{"step": "50", "generator": "2.5"}, {"step": "100", "generator": "1.25"}]
    assert imread(tmp_path / "losses.png").ndim == 3
    assert len(list(tmp_path.iterdir())) == 2


def test_a_run_of_two_stages_leaves_empty_what_one_of_them_does_not_have(tmp_path):
    write_losses(tmp_path, [{"step": 50, "critic": 2.5}, {"step": 100, "encoder": 0.5}])
    assert (tmp_path / "losses.csv").read_text().split() == ["step,critic,encoder", "50,2.5,", "100,,0.5"]


def test_a_run_without_a_logged_step_draws_no_curve(tmp_path):
    write_losses(tmp_path, [])
    assert not list(tmp_path.iterdir())


def test_the_front_is_up_and_the_patients_right_is_on_the_left(tmp_path):
    slices = np.zeros((4, 1, 8, 8), np.float32)
    slices[0, 0, 0, 0] = 1.5  # of the first slice, which begins in front on the patient's right
    write_samples(tmp_path / "samples.png", slices, 1.5)
    sheet = np.asarray(Image.open(tmp_path / "samples.png").convert("L"))
    assert sheet.shape == (16, 16)  # two by two slices
    assert sheet[0, 0] == sheet.astype(int).sum() == 255

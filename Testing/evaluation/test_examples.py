import csv

import numpy as np
import pytest
from matplotlib.image import imsave

from MRIAnomalyLib.errors import UsageError
from MRIAnomalyLib.evaluation import examples
from MRIAnomalyLib.evaluation.examples import examples_of, prepare_examples, volumes
from MRIAnomalyLib.evaluation.scans import people_of
from MRIAnomalyLib.evaluation.steps import Steps
from MRIAnomalyLib.prepare.recipe import Recipe, recipe_from


@pytest.fixture
def strokes(tmp_path):
    """Sixty patients: the first fifteen without a stroke, the others with one as large as their number."""
    folder = tmp_path / "soop_flair"
    folder.mkdir()
    with (folder / "cases.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "subject", "image", "mask", "plane", "qc_fail", "lesion_free_slice"])
        for number in range(150, 150 + 250):
            free = number < 150 + 130
            writer.writerow([f"s{number}", f"s{number}", "x.png", "" if free else f"{number}.png", "axial", 0, int(free)])
            if not free:
                lesion = np.zeros((20, 30), np.uint8)
                lesion.flat[:number] = 1
                imsave(folder / f"{number}.png", lesion, cmap="gray", vmin=0, vmax=1)
    return tmp_path


def test_without_data_sets_the_sample_scans_are_shown():
    shown = examples_of("T1", None)
    assert [example.case.image.is_file() for example in shown] == [True, True]
    assert [example.case.mask is not None for example in shown] == [True, False]


def test_a_dark_and_a_bright_lesion_go_into_a_validation_subject_by_an_outline_of_the_validation_order(root):
    people = people_of(root, "validation", quick=False)
    _, dark, bright, _ = examples_of("T1", root)
    assert {dark.case.subject, bright.case.subject} == {people.own[0].subject}
    assert dark.outline == bright.outline == people.outlines[0]
    assert dark.change < 0 < bright.change
    assert "30 % darker" in dark.note


def test_flair_models_have_no_sample_scan_and_say_what_to_name():
    with pytest.raises(UsageError, match=r"FLAIR.*--root"):
        examples_of("FLAIR", None)


def test_strokes_are_of_the_validation_split_and_of_growing_size(strokes):
    shown = examples_of("FLAIR", strokes)
    people = {case.subject for case in examples.flair.flair(strokes, "validation")}
    assert {example.case.subject for example in shown} <= people
    areas = [examples.flair.lesion_mm2(example.case) for example in shown]
    assert areas[0] < areas[1] < areas[2]
    assert areas[3] == 0
    assert f"{areas[2] / 100:.1f} cm" in shown[2].note


def test_a_head_that_is_painted_twice_is_prepared_once(root, monkeypatch):
    shown, prepared, changes, told = examples_of("T1", root), [], [], []
    monkeypatch.setattr(examples, "scan_of", lambda case, recipe, steps: prepared.append(case.id) or steps.one() or case.id)
    monkeypatch.setattr(
        examples, "painted", lambda clean, outline, change, recipe, steps: changes.append(change) or steps.one() or f"{clean} {change:+g}"
    )
    scans = prepare_examples(shown, Recipe(), Steps(volumes(shown), lambda progress: told.append((progress.done, progress.total))))
    assert prepared == ["patient", "validation0", "healthy"]
    assert scans == ["patient", f"validation0 {changes[0]:+g}", f"validation0 {changes[1]:+g}", "healthy"]
    assert told[-1] == (volumes(shown), volumes(shown))


def test_levels_are_prepared_as_the_flair_table_does(strokes, monkeypatch):
    monkeypatch.setattr(examples.flair, "scan_of_level", lambda case, recipe, steps: f"level of {case.id}")
    shown = examples_of("FLAIR", strokes)
    scans = prepare_examples(shown, recipe_from({"sequence": "FLAIR"}), Steps(volumes(shown), None))
    assert scans == [f"level of {example.case.id}" for example in shown]

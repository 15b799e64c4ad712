"""A model beside a baseline that looks at the model's own slices, on knees of which some are only known to be abnormal."""

import csv

import pytest
from knee_model import make_knee_model, write_knee, write_people
from pseudo_knee import bright_spot, knee

from MRIAnomalyLib.cli.main import main

MIDDLE = (90.0, 0.0, 0.0)


@pytest.fixture(scope="module")
def answer(tmp_path_factory):
    """Rows of cases.csv of an evaluation, by case and model, and what was printed."""
    folder = tmp_path_factory.mktemp("knees")
    bundle = make_knee_model(folder, folder / "scratch")
    with (folder / "cases.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "subject", "image", "mask", "label", "sequence"])
        for number in (7, 8, 9, 100):
            sick = number == 9
            scan = bright_spot(knee(number, middle=MIDDLE)) if sick else knee(number, middle=MIDDLE)
            write_knee(folder / f"{number}.nii", scan)
            writer.writerow([number, number, f"{number}.nii", "" if sick else "none", "abnormal" if sick else "normal", "PDFS"])
    healthy, out = write_people(folder / "healthy", range(200, 206)), folder / "answer"
    models = f"{bundle.folder},baseline:mean-residual"
    arguments = ["--cases", str(folder / "cases.csv"), "--model", models, "--healthy", str(healthy), "--out", str(out), "--device", "cpu"]
    code = main(["evaluate", *arguments, "--quick", "--progress", "none"])
    with (out / "cases.csv").open(newline="") as file:
        return code, list(csv.DictReader(file)), (out / "evaluation.md").read_text()


def test_a_model_and_a_baseline_see_the_same_cases(answer):
    code, rows, _ = answer
    assert code == 0
    assert [(row["id"], row["model"]) for row in rows] == [
        (case, model) for case in ("7", "8", "100", "9") for model in ("knee-pdfs-denoiser", "baseline:mean-residual")
    ]


def test_a_knee_that_is_only_known_to_be_abnormal_is_sick_without_a_place(answer):
    rows = {row["id"]: row for row in answer[1] if row["model"] == "baseline:mean-residual"}
    assert (rows["9"]["state"], rows["9"]["lesions"]) == ("abnormal", "")
    assert float(rows["9"]["score"]) > max(float(rows[case]["score"]) for case in ("7", "8", "100"))
    assert "| image AUROC |" in answer[2]
    assert "pixel AP" not in answer[2]


def test_a_model_without_p_values_flags_nobody(answer):
    assert {row.get("flagged") or "" for row in answer[1]} == {""}


def test_the_page_says_how_many_cases_are_of_people_the_model_was_made_with(answer):
    models = answer[2].partition("## Models")[2]
    assert models.rstrip().splitlines()[4].rstrip(" |").endswith(" 1")  # person 100 was among those it was compared with

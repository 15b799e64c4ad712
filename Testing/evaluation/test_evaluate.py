"""Any methods on anybody's cases: volumes and single slices of FLAIR-like brains, on grids of their own."""

import csv
import json
import sys

import nibabel as nib
import numpy as np
import pytest
from pseudo_flair import LEVEL, whole

from MRIAnomalyLib.cli.main import main
from MRIAnomalyLib.errors import CalibrationError, InputError, UsageError
from MRIAnomalyLib.evaluation import evaluate as evaluating
from MRIAnomalyLib.evaluation.evaluate import evaluate
from MRIAnomalyLib.evaluation.task import Task
from MRIAnomalyLib.files.nifti import MNI152_CODE
from MRIAnomalyLib.prepare.geometry import apply_affine, resample
from MRIAnomalyLib.records import Volume

LESION_MM = np.array([36.0, -30.0, 18.0])  # its middle, 10 mm from which it ends
FINE = np.array([[-1.2, 0, 0, 78], [0, 1.2, 0, -112], [0, 0, 2, 18], [0, 0, 0, 1]])  # columns to the left, rows from back to front
SHAPES = {"usual": ((1, 95, 79), LEVEL), "fine": ((1, 157, 131), FINE)}
NAMES = "baseline:threshold,baseline:zscore,baseline:atlas-asymmetry,baseline:mean-residual,baseline:pca"


def lesion_in(shape, affine):
    k, j, i = np.meshgrid(*map(np.arange, shape), indexing="ij")
    return (np.abs(apply_affine(affine, np.stack([i, j, k], -1)) - LESION_MM) < 10).all(-1)


def with_lesion(brain):
    return brain.like(np.where(lesion_in(brain.shape, brain.affine) & (brain.array > 20), 190, brain.array).astype(np.float32))


def save(path, volume):
    image = nib.Nifti1Image(volume.array.T, volume.affine)
    image.set_sform(volume.affine, MNI152_CODE)
    nib.save(image, path)


def write_case(folder, number, grid="usual", sick=False):
    """One level of a person's brain, and a lesion in it whose mask lies on the other grid; the row of the table."""
    brain = with_lesion(whole(number=number)) if sick else whole(number=number)
    shape, affine = SHAPES[grid]
    save(folder / f"{number}.nii", Volume(resample(brain.array, brain.affine, shape, affine).astype(np.float32), affine))
    if sick:
        shape, affine = SHAPES["fine" if grid == "usual" else "usual"]
        save(folder / f"{number}_mask.nii", Volume(lesion_in(shape, affine).astype(np.float32), affine))
    return [number, f"p{number}", f"{number}.nii", f"{number}_mask.nii" if sick else "none", "", "FLAIR"]


def write_table(path, rows):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["id", "subject", "image", "mask", "label", "sequence"], *rows])
    return path


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """Cases of every kind, one of them unreadable, and eight healthy people for the baselines."""
    folder = tmp_path_factory.mktemp("cases")
    rows = [write_case(folder, number, grid) for number, grid in ((1, "usual"), (2, "fine"), (3, "usual"), (4, "fine"))]
    rows += [write_case(folder, number, grid, sick=True) for number, grid in ((5, "usual"), (6, "fine"), (7, "usual"))]
    brain = with_lesion(whole(number=8))
    save(folder / "8.nii", brain)
    save(folder / "8_mask.nii", brain.like(lesion_in(brain.shape, brain.affine).astype(np.float32)))
    rows.append([8, "p8", "8.nii", "8_mask.nii", "", "FLAIR"])
    rows.append([9, "p9", "1.nii", "", "", "FLAIR"])
    (folder / "broken.nii").write_bytes(b"this is no scan")
    rows.append([10, "p10", "broken.nii", "none", "", "FLAIR"])
    healthy = [write_case(folder, number) for number in range(20, 28)]
    return write_table(folder / "cases.csv", rows), write_table(folder / "healthy.csv", healthy)


@pytest.fixture(scope="module")
def answer(tables, tmp_path_factory):
    """Folder of tables, exit code, and what was said on the way."""
    out = tmp_path_factory.mktemp("out") / "answer"
    with pytest.MonkeyPatch.context() as patch:
        errors = []
        patch.setattr("MRIAnomalyLib.cli.progress.Reporter.error", lambda self, sentence, code: errors.append(sentence))
        cases, healthy = map(str, tables)
        code = main(["evaluate", "--cases", cases, "--model", NAMES, "--healthy", healthy, "--out", str(out), "--progress", "none"])
    return out, code, errors


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_an_unreadable_file_is_reported_and_the_rest_evaluated(answer):
    out, code, (said,) = answer
    assert code == 5
    assert said.startswith("1 of the cases failed, all others are in")
    failed = [row for row in rows_of(out / "cases.csv") if row["problem"]]
    assert {row["id"] for row in failed} == {"10"}
    assert {row["model"] for row in failed} == set(NAMES.split(","))
    assert all("broken.nii" in row["problem"] for row in failed)


def test_volumes_and_slices_on_any_grid_are_known_for_what_they_are(answer):
    rows = [row for row in rows_of(answer[0] / "cases.csv") if row["model"] == "baseline:zscore"]
    assert [row["state"] for row in rows] == [*4 * ["healthy"], *4 * ["lesion"], "unknown", ""]
    assert [row["lesions"] for row in rows] == [*4 * ["0"], *4 * ["1"], "", ""]


def test_methods_that_see_the_lesion_have_good_figures_and_intervals_around_them(answer):
    figures = {(row["model"], row["figure"]): row for row in rows_of(answer[0] / "figures.csv")}
    for model in ("baseline:atlas-asymmetry", "baseline:mean-residual"):
        assert float(figures[model, "image AUROC"]["value"]) > 0.8
        ap = figures[model, "pixel AP"]
        assert float(ap["value"]) > 0.3
        assert float(ap["95 % low"]) <= float(ap["value"]) <= float(ap["95 % high"])
        assert float(figures[model, "l1-ratio"]["value"]) > 2
        assert float(figures[model, "best possible Dice"]["value"]) >= float(figures[model, "Dice at the threshold"]["value"])


def test_the_page_holds_every_table_and_the_picture(answer):
    page = (answer[0] / "evaluation.md").read_text()
    for heading in ("Figures", "Compared", "Trivial scores", "Lesions by size and contrast", "Not evaluated"):
        assert f"## {heading}" in page
    assert "curves.png" in page
    assert (answer[0] / "curves.png").stat().st_size > 5000
    told = json.loads((answer[0] / "evaluation.json").read_text())
    assert len(told["compared"]) == 2 * 10  # every pair of five
    assert "SHA-256" in told["conditions"]["table"]


def test_a_mended_case_is_all_that_a_resumed_run_looks_at(answer, tables, monkeypatch):
    out, _, _ = answer
    seen = []
    read = evaluating._read
    monkeypatch.setattr(evaluating, "_read", lambda case, method, prepared: seen.append(case.id) or read(case, method, prepared))
    monkeypatch.setattr(evaluating, "prepare_cases", lambda *told: pytest.fail("healthy people were prepared again"))
    before = rows_of(out / "figures.csv")
    task = Task(tables[0], NAMES.split(","), out, tables[1], device="cpu", resume=True, overwrite=True)
    assert {failure.case for failure in evaluate(task)} == {"10"}
    assert set(seen) == {"10"}
    assert rows_of(out / "figures.csv") == before
    write_case(tables[0].parent, 30)
    (tables[0].parent / "30.nii").rename(tables[0].parent / "broken.nii")
    assert evaluate(task) == []
    assert rows_of(out / "cases.csv")[-1]["state"] == "healthy"


@pytest.fixture
def without_anomalib(monkeypatch):
    for name in ("ganomaly.loss", "patchcore.torch_model"):
        monkeypatch.setitem(sys.modules, f"anomalib.models.image.{name}", None)


def test_a_method_that_cannot_run_here_is_left_out_with_the_reason(tables, tmp_path, capsys, without_anomalib):
    cases, healthy = map(str, tables)
    models, out = "baseline:zscore,baseline:ganomaly,baseline:patchcore", tmp_path / "out"
    arguments = ["--cases", cases, "--model", models, "--healthy", healthy, "--out", str(out), "--quick", "--progress", "none"]
    assert main(["evaluate", *arguments]) == 0
    said = capsys.readouterr().err
    for name in ("ganomaly", "patchcore"):
        assert f"Warning: baseline:{name} was left out: anomalib cannot be imported" in said
        assert f"| baseline:{name} | anomalib cannot be imported" in (out / "evaluation.md").read_text().partition("## Left out")[2]
    assert {row["model"] for row in rows_of(out / "cases.csv")} == {"baseline:zscore"}


def test_nothing_but_what_cannot_run_here_is_refused(tables, tmp_path, without_anomalib):
    with pytest.raises(UsageError, match=r"pip install 'mrianomaly\[anomalib\]'"):
        evaluate(Task(tables[0], ["baseline:ganomaly"], tmp_path / "out", tables[1]))


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"models": ["baseline:luck"]}, UsageError, "no baseline luck; there are: baseline:threshold"),
        ({"healthy": None}, UsageError, "--healthy"),
        ({"healthy": "cases"}, UsageError, "also among the cases"),
        ({"healthy": "three"}, CalibrationError, "3 healthy people were given, 6"),
        ({"cases": "two sequences"}, UsageError, "FLAIR, T1: split them"),
        ({"cases": "nothing readable"}, InputError, "None of the 1 cases could be evaluated"),
    ],
)
def test_what_cannot_be_done_is_said_in_words_and_nothing_is_written(tables, tmp_path, changes, error, words):
    cases, healthy = tables
    (cases.parent / "empty.nii").touch()
    rows = {
        "three": [[number, f"p{number}", f"{number}.nii", "none", "", "FLAIR"] for number in (20, 21, 22)],
        "two sequences": [[1, "p1", "1.nii", "none", "", "T1"], [2, "p2", "2.nii", "none", "", "FLAIR"]],
        "nothing readable": [[1, "p1", "empty.nii", "none", "", "FLAIR"]],
    }
    others = {name: write_table(cases.parent / f"{name}.csv", some) for name, some in rows.items()} | {"cases": cases}
    changes = {name: others.get(value, value) if isinstance(value, str) else value for name, value in changes.items()}
    task = Task(**{"cases": cases, "models": ["baseline:zscore"], "out": tmp_path / "out", "healthy": healthy, "quick": True} | changes)
    with pytest.raises(error, match=words):
        evaluate(task)
    assert not task.out.exists()

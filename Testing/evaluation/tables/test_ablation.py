import json
from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest
from taught import normals, taught
from tiny_bundle import make_model

from MRIAnomalyLib.bundles.bundle import save_bundle
from MRIAnomalyLib.cli.main import main
from MRIAnomalyLib.detectors import Detector, create, settings_of
from MRIAnomalyLib.evaluation.ablations import ABLATIONS
from MRIAnomalyLib.evaluation.cohorts import write_slices
from MRIAnomalyLib.evaluation.tables import ablation
from MRIAnomalyLib.evaluation.tables.ablation import rows_of
from MRIAnomalyLib.evaluation.trials import Found


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Bundles whose losses are left out one by one, people of its scanner, and the outline of a lesion."""
    monkeypatch.setattr(ablation, "user_folder", lambda: tmp_path / "own")
    monkeypatch.setattr("MRIAnomalyLib.training.adversarial.STATISTICS_BATCHES", 3)

    def made(kind, root, recipe, folder, most, progress):
        folder.mkdir(parents=True)
        for split, seed in (("train", 5), ("validation", 6)):
            stack = normals(8, seed)
            stack.subject[:] = np.arange(8) // 4
            write_slices(folder / f"{split}.npz", stack)

    monkeypatch.setattr(ablation, "make_cohort", made)
    mask = np.zeros((60, 60, 3), np.uint8)
    mask[20:50, 20:44, 1] = 1
    (tmp_path / "soop_lesion_masks").mkdir()
    nib.save(nib.Nifti1Image(mask, np.eye(4)), tmp_path / "soop_lesion_masks" / "m.nii.gz")
    rows = "\n".join(["mask,lesion_volume_ml", *["m.nii.gz,10"] * 200])
    (tmp_path / "soop_lesion_masks" / "cases.csv").write_text(rows)
    for name in ("latent_regularised", "hq_anogan", "anogan", "denoiser"):
        detector = taught(name).detector
        model = make_model(f"brain-t1-{name.replace('_', '-')}", detector=name, config=detector.settings())
        save_bundle(tmp_path / model["name"], model, detector.weights(), {"scores": np.zeros(1)}, "# Card", {}, "None.")
    return tmp_path


def run(place, name, *more):
    where = ["--root", str(place), "--model", str(place / name), "--out", str(place / "tables")]
    return main(["benchmark", "ablation", *where, "--quick", "--device", "cpu", "--progress", "none", *more])


def test_each_loss_is_left_out_alone_and_with_the_other_and_a_second_run_trains_nothing(place, monkeypatch):
    assert run(place, "brain-t1-latent-regularised") == 0
    tables = json.loads((place / "tables" / "ablation.json").read_text())
    assert [row["losses"] for row in tables["variants"]] == list(ABLATIONS["latent_regularised"].variants)
    told = [[column for column in row if column.startswith("slices by") and not column.endswith("95")] for row in tables["variants"]]
    both, pixel = ["slices by pixel", "slices by latent"], ["slices by pixel"]
    assert told == [both, both, pixel, pixel]  # without the latent loss there is no second encoder to give that score
    assert all(row["error 95"][0] <= row["error"] <= row["error 95"][1] for row in tables["variants"])
    assert "| without both |" in (place / "tables" / "ablation.md").read_text()

    monkeypatch.setattr("MRIAnomalyLib.detectors.base.Detector.fit", None)
    assert run(place, "brain-t1-latent-regularised", "--resume") == 0
    assert json.loads((place / "tables" / "ablation.json").read_text()) == tables


def test_the_encoder_of_hq_anogan_alone_learns_with_each_loss_left_out_and_that_of_the_bundle_is_asked_in_several_ways(place, monkeypatch):
    learned = []

    def fit(detector, normals, **how):
        learned.append(detector.config)
        return whole(detector, normals, **how)

    of, whole = ABLATIONS["hq_anogan"], Detector.fit
    few = {name: replace(use, settings={**use.settings, "refine_steps": 8}) for name, use in of.uses.items()}
    monkeypatch.setitem(ABLATIONS, "hq_anogan", replace(of, uses=few))
    monkeypatch.setattr(Detector, "fit", fit)
    monkeypatch.setitem(ablation.QUICK, "seeds", 1)
    assert run(place, "brain-t1-hq-anogan", "--set", "encoder_rate=0.01") == 0
    tables, page = ((place / "tables" / f"ablation-hq-anogan.{kind}").read_text() for kind in ("json", "md"))
    tables = json.loads(tables)
    assert [row["losses"] for row in tables["variants"]] == list(of.variants)
    assert [row["use"] for row in tables["uses"]] == list(of.uses)
    assert {config.steps for config in learned} == {0}
    assert [config.encoder_rate for config in learned] == [0.01] * 5 + [2e-3] * 5
    assert [config.encoder_steps for config in learned] == [3] * 5 + [0] * 5
    both, slices, features, *_ = learned
    assert (both.image_weight, both.perceptual_weight) == (1.0, 0.8)
    assert (slices.perceptual_weight, features.image_weight) == (0.0, 0.0)
    one_pass, projected, searched, *_ = tables["uses"]
    assert searched["error"] < one_pass["error"] != projected["error"]
    assert tables["command"].endswith("--steps 3 --seeds 1 --set encoder_rate=0.01")
    assert "| losses | error | error 95 | pixels | pixels 95 |\n" in page
    assert "| losses | pixel | perceptual | reencoding | mahalanobis | coarse | middle | fine | combined |\n" in page


def test_a_search_is_asked_in_each_way_by_the_bundle_as_it_is_and_nothing_is_trained(place, monkeypatch, capsys):
    of = ABLATIONS["anogan"]
    few = {
        name: replace(use, settings={**use.settings, "fast_steps": min(use.settings["fast_steps"], 20)}) for name, use in of.uses.items()
    }
    monkeypatch.setitem(ABLATIONS, "anogan", replace(of, uses=few))
    monkeypatch.setattr("MRIAnomalyLib.detectors.base.Detector.fit", None)
    assert run(place, "brain-t1-anogan") == 0
    tables, page = ((place / "tables" / f"ablation-anogan.{kind}").read_text() for kind in ("json", "md"))
    rows = {row["use"]: row for row in json.loads(tables)["uses"]}
    assert list(rows) == list(of.uses)
    assert rows["150 steps"]["error"] < rows["1 step"]["error"]
    scores = {name: [row[f"slices by {term}"] for term in ("residual", "discrimination", "loss")] for name, row in rows.items()}
    assert scores["150 steps, lambda 0"][0] == scores["150 steps, lambda 0"][2]
    assert scores["150 steps, lambda 0.5"] != scores["150 steps"]
    assert "--steps" not in page and "learned from" not in page and "## Variants" not in page
    assert run(place, "brain-t1-anogan", "--steps", "5") == 2
    assert "leave out --steps and --set" in capsys.readouterr().err


@pytest.mark.parametrize("method", [method for method, of in ABLATIONS.items() if of.uses])
def test_a_bundle_is_asked_only_in_ways_that_need_no_training(method):
    fixed = settings_of(method) - create(method).anytime
    assert all(settings_of(method) > use.settings.keys() for use in ABLATIONS[method].uses.values())
    assert not any(fixed & use.settings.keys() for use in ABLATIONS[method].uses.values())


def test_a_bundle_of_another_method_is_refused(place, capsys):
    assert run(place, "brain-t1-denoiser") == 2
    assert "name a bundle of the method latent_regularised or hq_anogan" in capsys.readouterr().err


def test_a_row_is_the_mean_over_trainings_and_people():
    (row,) = rows_of(
        "losses", {"all": [Found([0.1, 0.2], [0.6, 0.6], {"pixel": [0.5, 0.7]}), Found([0.3, 0.4], [0.8, 0.8], {"pixel": [0.7, 0.9]})]}
    )
    assert (row["error"], row["pixels"], row["slices by pixel"]) == (0.25, 0.7, 0.7)
    assert 0.1 <= row["error 95"][0] < 0.25 < row["error 95"][1] <= 0.4

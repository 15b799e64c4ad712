import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from taught import normals, taught
from tiny_bundle import make_model

from MRIAnomalyLib.bundles.bundle import save_bundle
from MRIAnomalyLib.cli.main import main
from MRIAnomalyLib.evaluation.cohorts import write_slices
from MRIAnomalyLib.evaluation.tables import ablation


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Two bundles, one of which draws slices, and people of their scanner."""
    monkeypatch.setattr(ablation, "user_folder", lambda: tmp_path / "own")

    def made(kind, root, recipe, folder, most, progress):
        folder.mkdir(parents=True)
        for split, seed in (("train", 5), ("validation", 6)):
            stack = normals(24, seed)
            write_slices(folder / f"{split}.npz", replace(stack, subject=np.arange(24) // 6))

    monkeypatch.setattr(ablation, "make_cohort", made)
    for name in ("anogan", "denoiser"):
        detector = taught(name).detector
        model = make_model(f"brain-t1-{name}", detector=name, config=detector.settings())
        save_bundle(tmp_path / model["name"], model, detector.weights(), {"scores": np.zeros(1)}, "# Card", {}, "None.")
    return tmp_path


def run(place, name):
    where = ["--root", str(place), "--model", str(place / name), "--out", str(place / "tables")]
    return main(["benchmark", "generated", *where, "--quick", "--progress", "none"])


def test_drawn_slices_stand_beside_those_that_were_learned_from(place):
    assert run(place, "brain-t1-anogan") == 0
    table = json.loads((place / "tables" / "generated.json").read_text())
    learned, drawn = table["models"]
    assert learned["slices"] == "learned slices themselves"
    assert drawn["slices"] == "brain-t1-anogan"
    assert learned["nearest"] == 0 < drawn["nearest"]
    assert learned["frechet"] < drawn["frechet"]
    page = (place / "tables" / "generated.md").read_text()
    assert "untrained convolutions" in page
    assert "(generated.png)" in page


def test_the_picture_sets_drawn_slices_below_real_ones(place):
    assert run(place, "brain-t1-anogan") == 0
    with Image.open(place / "tables" / "generated.png") as picture:
        side = normals(1, 0).pixels.shape[-1]
        assert picture.size == (12 * side, 2 * side)


def test_a_method_that_draws_no_slices_is_refused(place, capsys):
    assert run(place, "brain-t1-denoiser") == 2
    assert "denoiser of brain-t1-denoiser draws no slices of its own" in capsys.readouterr().err

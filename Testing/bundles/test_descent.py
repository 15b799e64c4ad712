import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from tiny_bundle import make_bundle, make_model

from MRIAnomalyLib.bundles.bundle import open_bundle
from MRIAnomalyLib.bundles.descent import descended, people_behind, recipe_over, source_of
from MRIAnomalyLib.bundles.model import parse_model
from MRIAnomalyLib.errors import BundleError
from MRIAnomalyLib.prepare.recipe import Recipe, recipe_from

T1 = SimpleNamespace(model={"recipe": {"pixel_mm": 2.5, "center_mm": [0.0, -20.0]}})
FLAIR = SimpleNamespace(model={"recipe": {"sequence": "FLAIR", "pixel_mm": 2.5}})


def test_the_same_kind_of_scan_is_prepared_as_for_the_parent():
    assert recipe_over(T1, {}) == Recipe(pixel_mm=2.5, center_mm=(0.0, -20.0))
    assert recipe_over(T1, {"size_px": 128, "sequence": "T1"}) == replace(recipe_over(T1, {}), size_px=128)
    assert recipe_over(FLAIR, {"first_mm": 20.0}) == replace(recipe_from(FLAIR.model["recipe"]), first_mm=20.0)


@pytest.mark.parametrize(("parent", "other"), [(T1, "FLAIR"), (FLAIR, "T1")])
def test_another_sequence_is_prepared_as_is_usual_for_it(parent, other):
    assert recipe_over(parent, {"sequence": other}) == recipe_from({"sequence": other})


def test_a_source_is_known_by_the_sha256_of_its_weights(tmp_path):
    parent = make_bundle(tmp_path / "parent")
    source = source_of(parent)
    assert source.origin == {"name": "brain-t1-anogan", "weights_sha256": parent.model["files"]["weights.safetensors"]}
    assert source.settings == parent.model["config"]
    Path(tmp_path / "parent" / "weights.safetensors").write_bytes(b"altered")
    with pytest.raises(BundleError):
        source_of(parent)


def test_everyone_is_known_that_a_chain_of_trainings_learned_from(tmp_path):
    model = make_model()
    for number in range(2):  # each starts from the one before, on another person and one known already
        parent = make_bundle(tmp_path / str(number), **model)
        model = descended(make_model(splits={"train": [f"new {number}", "one"]}), parent)
    assert people_behind(model) == {"one", "two", "new 0", "new 1"}
    assert model["splits"] == {"train": ["new 1", "one"], "source": ["new 0", "two"]}
    assert model["licence"].endswith("CC BY-SA 3.0")
    assert open_bundle(make_bundle(tmp_path / "child", **model).folder).model["training"]["from"]["name"] == "brain-t1-anogan"


@pytest.mark.parametrize("origin", [[], {"name": "brain-t1-anogan"}, {"name": 3, "weights_sha256": "a"}])
def test_a_bundle_that_tells_its_origin_wrongly_is_refused(tmp_path, origin):
    model = make_bundle(tmp_path / "child").model
    model["training"]["from"] = origin
    with pytest.raises(BundleError, match="damaged or was made by another program"):
        parse_model(json.dumps(model).encode())

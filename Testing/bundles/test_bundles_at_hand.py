"""Bundles found by name, listed, and lent weights by another one."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from tiny_bundle import make_bundle, put

from MRIAnomalyLib.bundles.bundle import Bundle, BundleProblem, list_bundles, open_bundle
from MRIAnomalyLib.errors import BundleError

ROOT = Path(__file__).resolve().parents[2]


def test_bundles_are_found_by_name_and_by_folder(at_hand):
    make_bundle(at_hand / "brain-t1-anogan")
    assert open_bundle("brain-t1-anogan").folder == at_hand / "brain-t1-anogan"
    assert open_bundle(str(at_hand / "brain-t1-anogan")).name == "brain-t1-anogan"


def test_a_folder_of_the_same_name_does_not_hide_a_bundle(at_hand, tmp_path, monkeypatch):
    make_bundle(at_hand / "brain-t1-anogan")
    (tmp_path / "brain-t1-anogan").mkdir()
    monkeypatch.chdir(tmp_path)
    assert open_bundle("brain-t1-anogan").folder == at_hand / "brain-t1-anogan"


def test_an_unknown_name_is_answered_with_the_known_ones(at_hand):
    make_bundle(at_hand / "brain-t1-anogan")
    with pytest.raises(BundleError, match="no model called 'brain-t9-anogan'; at hand: brain-t1-anogan"):
        open_bundle("brain-t9-anogan")


def test_a_folder_that_is_no_bundle_and_a_file_are_told_apart(tmp_path):
    with pytest.raises(BundleError, match="holds no model"):
        open_bundle(tmp_path)
    (tmp_path / "x.mrianomaly").write_bytes(b"")
    with pytest.raises(BundleError, match="models install"):
        open_bundle(tmp_path / "x.mrianomaly")


def test_the_list_tells_why_a_bundle_is_refused(at_hand):
    make_bundle(at_hand / "brain-t1-anogan")
    damaged = make_bundle(at_hand / "knee-pdfs-anogan", name="knee-pdfs-anogan")
    (damaged.folder / "LICENSE").write_text("Do what you like.")
    make_bundle(at_hand / "renamed")
    sound, knee, renamed = list_bundles()
    assert isinstance(sound, Bundle) and sound.name == "brain-t1-anogan"
    assert isinstance(knee, BundleProblem) and "LICENSE" in knee.reason
    assert isinstance(renamed, BundleProblem) and "give it that name" in renamed.reason


def test_of_two_bundles_of_one_name_the_first_place_wins(tmp_path, monkeypatch):
    places = [tmp_path / "a", tmp_path / "b"]
    for place in places:
        make_bundle(place / "brain-t1-anogan")
    monkeypatch.setattr("MRIAnomalyLib.resources.bundle_folders", lambda: places)
    first, second = list_bundles()
    assert first.folder.parent == places[0]
    assert isinstance(second, BundleProblem) and "comes first" in second.reason
    assert open_bundle("brain-t1-anogan").folder.parent == places[0]


def test_bundles_are_listed_without_torch(bundle):
    code = "import sys; from MRIAnomalyLib.bundles import bundle, install; print(len(bundle.list_bundles()), 'torch' in sys.modules)"
    environment = {**os.environ, "MRIANOMALY_BUNDLES": str(bundle.folder.parent)}
    answer = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert int(answer[0]) > 0 and answer[1] == "False"


def borrowing(tmp_path, lender, **changes):
    """A bundle whose own weights lack what another one holds, and that says so."""
    loan = {"name": lender.name, "weights_sha256": lender.model["files"]["weights.safetensors"], "networks": ["half", "counted"], **changes}
    bundle = make_bundle(tmp_path / "brain-t1-mask-inversion", name="brain-t1-mask-inversion", detector="mask_inversion", lender=loan)
    put(bundle, "weights.safetensors", safetensors.numpy.save({"own": np.arange(3)}))
    return open_bundle(bundle.folder)


def test_networks_that_another_bundle_holds_are_taken_from_there(tmp_path, bundle):
    weights = borrowing(tmp_path, bundle).weights()
    assert sorted(weights) == ["counted", "half", "own"]
    np.testing.assert_array_equal(weights["half"], bundle.weights()["half"])


def test_a_lender_that_is_missing_or_has_other_weights_is_named(tmp_path, bundle, at_hand):
    with pytest.raises(BundleError, match=r"needs the weights of brain-t1-anogan as they were"):
        borrowing(tmp_path, bundle, weights_sha256="0" * 64).weights()
    with pytest.raises(BundleError, match=r"no model called 'brain-t1-fanogan'"):
        borrowing(tmp_path / "other", bundle, name="brain-t1-fanogan").weights()

"""A small bundle, and a folder in which bundles are found."""

import pytest
from tiny_bundle import make_bundle


@pytest.fixture
def bundle(tmp_path):
    return make_bundle(tmp_path / "brain-t1-anogan")


@pytest.fixture
def at_hand(tmp_path, monkeypatch):
    """A folder in which bundles are found, and no other."""
    folder = tmp_path / "at hand"
    folder.mkdir()
    monkeypatch.setattr("MRIAnomalyLib.resources.bundle_folders", lambda: [folder])
    return folder

"""A small but whole bundle, for every test that needs one."""

import json

import numpy as np

from MRIAnomalyLib.bundles.bundle import save_bundle
from MRIAnomalyLib.bundles.card import write_card
from MRIAnomalyLib.bundles.contents import sha256_of

PNG = b"\x89PNG\r\n\x1a\n"


def make_model(name="brain-t1-anogan", **changes):
    """What `save_bundle` wants to know of a model."""
    return {
        "name": name,
        "detector": "anogan",
        "licence": "CC BY-SA 3.0",
        "config": {"latent_dim": 8, "learning_rate": 1e-4},
        "recipe": {"plane": "axial", "pixel_mm": 3.0},
        "plane": "axial",
        "training": {"data": "Made up", "licence": "CC0", "subjects": 2},
        "splits": {"train": ["one", "two"], "calibration": ["three"]},
        "calibration": {"data": "Made up", "subjects": 1, "smallest_p": 0.5},
        **changes,
    }


def make_arrays():
    rng = np.random.default_rng(4)
    return {
        "half": rng.normal(size=(3, 4)).astype(np.float16),
        "turned": np.asfortranarray(rng.normal(size=(2, 5)).astype(np.float32)),
        "counted": np.array(7, dtype=np.int64),
        "inside": np.array([True, False]),
    }


def make_bundle(folder, **changes):
    """Write a bundle into a folder and open it."""
    model = make_model(**changes)
    results = [{"cases": "none", "AP": 0.5}]
    card = write_card(model, use="To try.", limits=["Knows nothing."], results=results, pictures={"curves.png": "Losses"})
    return save_bundle(folder, model, make_arrays(), {"scores": np.zeros(1)}, card, {"curves.png": PNG}, "Share alike.")


def describe(bundle, change):
    """Rewrite model.json after a change, as somebody would who knows the format."""
    path = bundle.folder / "model.json"
    model = json.loads(path.read_text())
    change(model)
    path.write_text(json.dumps(model))
    return bundle.folder


def put(bundle, name, content):
    """Replace a file and its SHA-256 with it: only the other checks are left to notice."""
    (bundle.folder / name).write_bytes(content)
    return describe(bundle, lambda model: model["files"].update({name: sha256_of(content)}))

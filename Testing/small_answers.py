"""What a model of known quality says of small made-up brains: for tests of the tables."""

from dataclasses import dataclass, replace
from functools import cache, partial
from types import SimpleNamespace

import numpy as np

from MRIAnomalyLib.calibration.evidence import EvidenceConfig
from MRIAnomalyLib.calibration.judgement import calibrate
from MRIAnomalyLib.evaluation.answers import Answers, Seen
from MRIAnomalyLib.evaluation.scans import Scan
from MRIAnomalyLib.files.cases import Case
from MRIAnomalyLib.findings.components import count_curve
from MRIAnomalyLib.prepare.recipe import Recipe
from MRIAnomalyLib.records import Prepared, Reconstruction, SliceStack

LEVELS, SIDE, NOISE = 8, 24, 0.1
FACTS = {"brain_ml": 1400.0, "extracted": 0.0, "correlation": 0.6, "scaling": 1.5, "fluid": 0.5, "grey": 0.8}
Y, X = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j]
BRAIN = np.broadcast_to((X / 0.9) ** 2 + Y**2 < 0.9, (LEVELS, 1, SIDE, SIDE))
HEALTHY = np.where(BRAIN, 0.8 + 0.2 * np.cos(3 * (X**2 + Y**2)), 0).astype(np.float32)
LESION = np.broadcast_to((X - 0.4) ** 2 + Y**2 < 0.03, (LEVELS, SIDE, SIDE)) & (np.arange(LEVELS) > 3)[:, None, None]


def slices(number, change=0.0, noise=NOISE):
    """One brain: the healthy picture, this person's noise, and a lesion as much brighter as `change`."""
    grain = np.random.default_rng(number).normal(0, noise, BRAIN.shape)
    pixels = (HEALTHY + np.where(BRAIN, grain, 0) + change * LESION[:, None]).astype(np.float32)
    return SliceStack(pixels, np.array(BRAIN), np.arange(LEVELS), np.zeros(LEVELS, int))


def prepared(stack):
    """Slices as a preparation gives them, of an ordinary brain that they hold all of."""
    nowhere, tone = np.eye(4), (np.ones(2), np.ones(2))
    return Prepared(stack, nowhere, nowhere, stack.pixels, tone, FACTS, (0, len(stack) - 1))


@dataclass(frozen=True)
class Model:
    """Redraws the healthy picture, `blur` off, and takes the noise for as large as `spread`."""

    blur: float = 0.0
    spread: float | None = None

    def redraw(self, stack):
        spread = None if self.spread is None else np.full_like(stack.pixels, self.spread)
        return Reconstruction(HEALTHY + np.float32(self.blur) * (stack.pixels - HEALTHY), {}, spread=spread)

    @property
    @cache  # noqa: B019 (a few models, for as long as the tests run)
    def calibration(self):
        healthy = [slices(1000 + number) for number in range(24)]
        pairs = [(stack, self.redraw(stack)) for stack in healthy]
        return calibrate(pairs, partial(count_curve, voxel_mm3=18.0), EvidenceConfig())

    def see(self, case, stack, truth=None):
        redrawn, healthy = self.redraw(stack), self.calibration
        return Seen(Scan(case, prepared(stack), truth), redrawn, healthy.judge(stack, redrawn), "T1", healthy.config.score_voxels)


def bundle(name="brain-t1-anogan", sha="a"):
    """As much of one as the tables ask for."""
    model = {
        "name": name,
        "recipe": {"size_px": Recipe().size_px, "pixel_mm": 3.0},
        "calibration": {"subjects": 24, "steps": 0, "ranges": {name: [value, value] for name, value in FACTS.items()}},
        "files": {"weights.safetensors": f"{sha}w", "calibration.safetensors": f"{sha}c"},
        "splits": {"calibration": ["x"]},
        "timing": {"cpu": {"seconds": 6.4, "hardware": "1 core"}},
    }
    return SimpleNamespace(name=name, model=model, facts=SimpleNamespace(sha256=sha * 64))


def answers(model=Model(), label="brain-t1-anogan", **changes):
    """Four healthy people of the own scanner and three of others, two patients, and a lesion in each of the four."""

    def case(name, site="own"):
        return Case(id=name, subject=name, image=None, site=site)

    own = [case(name) for name in "abcd"]
    others = [case("e", "other"), case("f", "other"), case("g", "studyforrest")]
    patients = [case("patient07", "clinic"), case("patient19", "clinic")]
    seen = Answers(
        label,
        bundle(label),
        model.calibration,
        own=[model.see(one, slices(number)) for number, one in enumerate(own)],
        others=[model.see(one, slices(10 + number)) for number, one in enumerate(others)],
        patients=[model.see(one, slices(20 + number, 0.2 * number), np.array(LESION)) for number, one in enumerate(patients)],
        painted={
            kind: [model.see(one, slices(number, change), np.array(LESION)) for number, one in enumerate(own)]
            for kind, change in (("dark", -0.3), ("bright", 0.25))
        },
    )
    return replace(seen, **changes)

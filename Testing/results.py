"""A small synthetic answer with one bright and one dark finding, for every test that needs a Result."""

import numpy as np

from MRIAnomalyLib.outputs.folder import write_result
from MRIAnomalyLib.prepare.geometry import apply_affine
from MRIAnomalyLib.records import Finding, ModelFacts, Result, SliceScore, Volume

# the files of an answer that no option changed, but for the scene
DEFAULT = {
    "heatmap.nii.gz",
    "healthy.nii.gz",
    "residual.nii.gz",
    "scored.nii.gz",
    "findings.nii.gz",
    "findings.csv",
    "slices.csv",
    "result.json",
    "overview.png",
    "report.html",
}


def make_affine(shape, oblique=True, spacing=(1.5, 1.2, 4.0)):
    """Voxel (i, j, k) -> RAS mm, centred a little off the origin, in values that a NIfTI file can store."""
    affine = np.eye(4)
    affine[:3, :3] = np.diag([-spacing[0], spacing[1], spacing[2]])
    if oblique:
        turn, tilt = np.radians([9.0, -14.0])
        about_s = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
        about_r = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
        affine[:3, :3] = about_s @ about_r @ affine[:3, :3]
    middle = (np.array(shape[::-1]) - 1) / 2
    affine[:3, 3] = np.array([2.5, -17.0, 11.0]) - affine[:3, :3] @ middle
    return affine.astype(np.float32).astype(float)


def _blob(shape, center, radius):
    """1 inside an ellipsoid, given in fractions of the half axes, 0 outside; softly between."""
    grid = np.meshgrid(*[np.linspace(-1, 1, n) if n > 1 else np.zeros(1) for n in shape], indexing="ij")
    distance = sum(((axis - c) / r) ** 2 for axis, c, r in zip(grid, center, radius, strict=True))
    return np.clip(1.5 - distance, 0, 1)


def _finding(label, labels, affine, z, sign):
    k, j, i = np.argwhere(labels == label).T
    center = apply_affine(affine, np.array([np.median(i), np.median(j), np.median(k)]))
    inside = z[labels == label]
    side = "right" if center[0] > 2.5 else "left"
    volume_ml = len(k) * abs(np.linalg.det(affine[:3, :3])) / 1000
    return Finding(
        label,
        tuple(map(float, center)),
        float(volume_ml),
        float(inside.max()),
        float(inside.mean()),
        (int(k.min()), int(k.max())),
        side,
        sign,
    )


def _slices(volume, z, scored):
    center = (np.array(volume.shape[::-1]) - 1) / 2
    for k in range(volume.shape[0]):
        place = tuple(map(float, apply_affine(volume.affine, np.array([center[0], center[1], k]))))
        if not scored[k].any():
            yield SliceScore(k, place, False, np.nan, np.nan, False, {})
            continue
        score = float(z[k][scored[k] > 0].max())
        p_value = 1 / 47 if score > 3 else 0.4
        yield SliceScore(k, place, True, score, p_value, score > 3, {"residual": 0.9 * score, "discrimination": 0.1 * score}, 3.0)


def make_result(shape=(12, 40, 36), oblique=True, findings=True, warnings=(), header=None):
    """A Result on an anisotropic grid (k, j, i): an ellipsoid of brain, a bright and a dark spot in it, slices at the ends not scored."""
    rng = np.random.default_rng(3)
    affine = make_affine(shape, oblique)
    brain = _blob(shape, (0, 0, 0), (1.1, 0.8, 0.75)) > 0.5
    spots = [_blob(shape, (0.1, 0.35, 0.3), (0.3, 0.2, 0.2)), _blob(shape, (-0.2, -0.3, -0.3), (0.3, 0.17, 0.15))]
    healthy = brain * (420 + 60 * np.sin(np.arange(shape[2]) / 3.0)) + 0.0
    lesion = (140 * spots[0] - 160 * spots[1]) * (brain * findings)
    image = healthy + lesion + rng.normal(0, 6, shape) * brain
    volume = Volume(image.astype(np.float32), affine, "T1", "MR", header, "0" * 64)
    z = np.where(brain, 6 * findings * np.maximum(*spots) + np.abs(rng.normal(0, 0.7, shape)), 0)
    labels = np.zeros(shape, np.uint16)
    if findings:
        labels[(spots[0] > 0.6) & brain] = 1
        labels[(spots[1] > 0.6) & brain] = 2
    scored = brain.astype(np.uint8)
    if shape[0] > 4:
        scored[[0, -1]] = 0
    found = tuple(_finding(n, labels, affine, z, sign) for n, sign in ((1, "bright"), (2, "dark")) if findings)
    return Result(
        volume=volume,
        heatmap=volume.like((np.clip(z / 6, 0, 1) * np.log10(47) * scored).astype(np.float32)),
        healthy=volume.like(healthy.astype(np.float32)),
        residual=volume.like((image - healthy).astype(np.float32)),
        scored=volume.like(scored),
        finding_labels=volume.like(labels),
        evidence={"residual_z": volume.like(z.astype(np.float32))},
        mask=None,
        score=float(z.max()),
        p_value=1 / 47 if findings else 0.45,
        p_floor=1 / 47,
        heat_threshold=1.2,
        flagged=findings,
        false_alarms=0.05,
        verdict="Flagged: fewer than 1 in 46 healthy people look this unusual to the model."
        if findings
        else "Not flagged: as ordinary as healthy people.",
        warnings=tuple(warnings),
        slices=tuple(_slices(volume, z, scored)),
        findings=found,
        model=ModelFacts("brain-t1-anogan", "anogan", "Apache-2.0", "98 healthy adults, one scanner", 46, "f" * 64),
        device="cpu",
        seed=0,
        seconds={"prepare": 1.5, "reconstruct": 8.25},
        versions={"mrianomaly": "0.1.0"},
        settings={"quality": "fast"},
        writer=write_result,
    )

"""Where to look first, and the pictures of those planes: cut in the input's own RAS space, so that any orientation displays right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..prepare.geometry import apply_affine, resample
from ..records import Array, Result, SliceScore, Volume

_PIXELS = 360  # per side of a cut: about what a panel gets on paper
_MARGIN_MM = 10.0  # shown around what was scored
_APART_MM = 9.0  # planes closer than this show the same thing twice


@dataclass(frozen=True)
class Plane:
    """A way to look at a body as radiologists do: the patient's right, or front, on the left of the picture."""

    name: str
    normal: int  # RAS axis that it cuts across
    columns: int  # RAS axis that falls from left to right
    rows: int  # RAS axis that falls from top to bottom
    left: str  # mark on the left of the picture
    right: str

    def position(self, ras_mm: float) -> str:
        """A place along the normal in words: "S +23 mm"."""
        return f"{'RAS'[self.normal]} {round(ras_mm):+d} mm".replace("-", "\N{MINUS SIGN}")


AXIAL = Plane("axial", 2, 0, 1, "R", "L")
_PLANES = (Plane("sagittal", 0, 1, 2, "A", "P"), Plane("coronal", 1, 0, 2, "R", "L"), AXIAL)


def plane_across(normal: Array) -> Plane:
    """The plane that is most nearly cut across by this RAS direction (3,)."""
    return _PLANES[int(np.argmax(np.abs(normal)))]


@dataclass(frozen=True, eq=False)
class Cut:
    """One plane through everything that is shown; pictures are (rows, columns)."""

    position_mm: float
    image: Array
    healthy: Array
    heat: Array
    unjudged: Array  # bool: something is there, but the model could not say anything
    findings: dict[int, Array]  # label -> how far each pixel is inside, outline at 0.5


def plane_of(result: Result) -> Plane:
    """The plane nearest to the model's slices: axial for the brain; for a scan of one slice, that slice's own."""
    centers = np.array([s.center_ras_mm for s in result.slices])
    normal = centers[-1] - centers[0]
    if not normal.any():
        # the direction with the fewest voxels is the one that was cut across
        normal = result.volume.affine[:3, 2 - int(np.argmin(result.volume.shape))]
    return plane_across(normal)


def grey_window(result: Result) -> tuple[float, float]:
    """Intensities drawn black and white, for the input and its healthy counterpart alike."""
    values = result.volume.array[result.scored.array > 0]
    low, high = np.percentile(values if values.size else result.volume.array, [0.5, 99.7])
    return float(low), float(max(high, low + 1e-6))


def one_level(result: Result) -> bool:
    """Whether one slice alone was scored: nothing runs along the slices then."""
    return sum(s.scored for s in result.slices) == 1


def best_positions(result: Result, plane: Plane, count: int = 4) -> list[float]:
    """Places along the plane's normal in mm, most suspicious first: where findings are, then where slices score high."""
    if len(result.slices) == 1 or one_level(result):
        only = next((s for s in result.slices if s.scored), result.slices[0])
        return [only.center_ras_mm[plane.normal]]
    chosen: list[float] = []
    for finding in result.findings:
        seen = [nearest_slice(result, plane, place).slice for place in chosen]
        if not any(finding.slices[0] <= one <= finding.slices[1] for one in seen):
            chosen.append(finding.centroid_ras_mm[plane.normal])
    scored = sorted((s for s in result.slices if s.scored), key=lambda s: -s.score)
    middle = result.slices[len(result.slices) // 2]
    for one in [s for s in scored if s.flagged] or scored or [middle]:
        place = one.center_ras_mm[plane.normal]
        if all(abs(place - other) >= _APART_MM for other in chosen):
            chosen.append(place)
    return chosen[:count]


def nearest_slice(result: Result, plane: Plane, place: float) -> SliceScore:
    """The slice of the model's grid that lies nearest to a place along the plane's normal."""
    return min(result.slices, key=lambda s: abs(s.center_ras_mm[plane.normal] - place))


def cuts(result: Result, plane: Plane, positions: list[float]) -> list[Cut]:
    """The pictures at these places, all of the same square field of view around what was scored."""
    low, high = _field(result)
    size = max(high[plane.columns] - low[plane.columns], high[plane.rows] - low[plane.rows])
    axes = -np.eye(3)[[plane.columns, plane.rows, plane.normal]]
    alone = 1 in result.volume.shape
    if alone:  # a tilted slice that stands alone would leave the plane: look at it straight on
        own = (result.volume.affine[:3, :3] / result.volume.spacing_mm).T
        nearest = own[np.argmax(np.abs(own @ axes.T), axis=0)]
        axes = nearest * np.sign(np.sum(nearest * axes, axis=1))[:, None]
    level = not alone and one_level(result)
    if level:
        axes = _along_level(result, axes)
    affine = np.eye(4)
    affine[:3, :3] = axes.T * (size / (_PIXELS - 1))
    pictures = []
    for position in positions:
        middle = (low + high) / 2
        if level:
            middle = _judged_places(result).mean(0)
        elif not alone:
            middle[plane.normal] = position
        affine[:3, 3] = middle - (axes[0] + axes[1]) * size / 2
        pictures.append(_cut(result, affine, position, order=0 if level else 1))  # one level fades at once where it is interpolated
    return pictures


def _judged_places(result: Result) -> Array:
    """(M, 3) RAS mm of the voxels that were judged."""
    return apply_affine(result.volume.affine, np.argwhere(result.scored.array)[:, ::-1])


def _along_level(result: Result, axes: Array) -> Array:
    """The axes (3, 3; column, row, normal) turned onto the one level that was judged, which a tilted head shows aslant."""
    places = _judged_places(result)
    normal = np.linalg.eigh(np.cov(places.T))[1][:, 0]
    normal = normal * np.sign(normal @ axes[2])
    column = axes[0] - (axes[0] @ normal) * normal
    column /= np.linalg.norm(column)
    row = axes[1] - (axes[1] @ normal) * normal - (axes[1] @ column) * column
    return np.stack([column, row / np.linalg.norm(row), normal])


def _cut(result: Result, target: Array, position: float, order: int) -> Cut:
    """Everything through one plane; `order` of interpolation for what the model says."""

    def through(volume: Volume, order: int = 1) -> Array:
        return resample(volume.array, volume.affine, (1, _PIXELS, _PIXELS), target, order)[0]

    labels = np.unique(through(result.finding_labels, 0))
    findings = {int(n): through(result.volume.like((result.finding_labels.array == n).astype(np.float32)), order) for n in labels if n}
    image, healthy, heat = (
        through(volume.like(volume.array.astype(np.float32, copy=False)), how)
        for volume, how in ((result.volume, 1), (result.healthy, order), (result.heatmap, order))
    )
    low, high = grey_window(result)
    tissue = ndimage.binary_fill_holes(image > low + 0.08 * (high - low))
    return Cut(position, image, healthy, heat, tissue & (through(result.scored, 0) == 0), findings)


def _field(result: Result) -> tuple[Array, Array]:
    """Lowest and highest RAS mm (3,) of what was scored, with a margin; of everything when nothing was."""
    where = result.scored.array > 0
    if not where.any():
        where = np.ones_like(where)
    spans = [np.flatnonzero(where.any(axis=tuple({0, 1, 2} - {axis})))[[0, -1]] for axis in (2, 1, 0)]
    corners = apply_affine(result.volume.affine, np.array(np.meshgrid(*spans, indexing="ij")).reshape(3, -1).T)
    return corners.min(0) - _MARGIN_MM, corners.max(0) + _MARGIN_MM

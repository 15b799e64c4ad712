"""Find the knee in a scan. There is no template: the leg's outline and the middle of the field say where the joint is.

The frame is that of a right knee, in mm from the middle of the joint: right (its lateral side), anterior, superior. A left knee is mirrored
into it, so that both look alike; which one it is shows in the patient's own coordinates, whose origin is the middle of the table.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import ndimage

from ..errors import NotComparableError
from ..records import Array, Volume
from .brain import foreground
from .geometry import apply_affine, resample
from .placing import Placed

WHOLE_MM = (
    70.0  # of a scan's extent from side to side, from which on both sides of the leg are in it; a thinner one is a slab of its middle
)
SIDE_FROM_MM = 30.0  # of the knee's middle from the patient's midline; a knee that was moved nearer to it does not say its side
JOINT_MM = 25.0  # above and below the middle of the field: where the leg's middle is measured
SMOOTHING_MM = 1.2  # of the picture whose bright part is the leg: the field is noisy
MOST_POINTS = 100_000  # of the leg, that its middle is measured on
RIM_PERCENT = 0.5  # of those points, beyond which a skin fold or a coil's band does not move it
# (anterior, superior) mm, first and last: inside the shafts of femur and tibia, whatever the knee's bend
MARROW_MM = (((-10.0, 15.0), (35.0, 60.0)), ((-5.0, 20.0), (-50.0, -30.0)))


def place_knee(volume: Volume, progress: Callable[[int, int], None] | None = None) -> Placed:
    """The leg in a scan and the frame of its knee, on the scan's own grid.

    Args:
        volume: one knee, any orientation; a slab thinner than a leg counts as its middle.
        progress: called with (steps done, steps in all).

    Raises:
        NotComparableError: there is nothing in this volume.
    """
    tell = progress or (lambda done, total: None)
    array, affine = np.maximum(volume.array, 0), volume.affine
    mask = _leg(array, volume.spacing_mm)
    tell(1, 2)
    points = apply_affine(affine, np.argwhere(mask)[:: max(1, int(mask.sum()) // MOST_POINTS), ::-1])
    if not len(points):
        raise NotComparableError("There is nothing in this volume. Give a scan of a knee.")
    low, high = _field(volume)
    middle = (low + high) / 2
    near = points[np.abs(points[:, 2] - middle[2]) < JOINT_MM]
    edges = np.percentile(near if len(near) else points, [RIM_PERCENT, 100 - RIM_PERCENT], axis=0)
    middle[1] = edges[:, 1].mean()
    if high[0] - low[0] >= WHOLE_MM:
        middle[0] = edges[:, 0].mean()
    side = float(np.sign(middle[0])) if abs(middle[0]) > SIDE_FROM_MM else 0.0
    to_world = np.diag([-1.0 if side < 0 else 1.0, 1.0, 1.0, 1.0])
    to_world[:3, 3] = middle
    facts = {"leg_mm": float(np.ptp(edges[:, 1])), "side": side, **_marrow(array, affine, mask, to_world)}
    tell(2, 2)
    reach = np.stack([low, high], 1) - middle[:, None]
    reach[0] = np.sort(to_world[0, 0] * reach[0])
    # one voxel more on every side: the outer half of the outermost voxels must not fade to black
    around, shifted = np.pad(array, 1, mode="edge"), affine.copy()
    shifted[:3, 3] = apply_affine(affine, np.full(3, -1.0))
    return Placed(
        head=around,
        affine=shifted,
        mask=np.pad(mask, 1, mode="edge"),
        bias=np.ones_like(around),
        to_world=to_world,
        facts=facts,
        reach_mm=reach,
        step_mm=float(volume.spacing_mm.min()),
    )


def _leg(array: Array, spacing_mm: Array) -> Array:
    """(K, J, I) bool: what is not air, filled slice by slice, as the field cuts the leg open at its ends."""
    smooth = ndimage.gaussian_filter(array, tuple(SMOOTHING_MM / spacing_mm[::-1] / 2.355))
    mask, across = foreground(smooth), int(np.argmin(array.shape))
    return np.moveaxis(np.stack([ndimage.binary_fill_holes(cut) for cut in np.moveaxis(mask, across, 0)]), 0, across)


def _field(volume: Volume) -> tuple[Array, Array]:
    """Lowest and highest RAS mm (3,) of the scan, half a voxel beyond its outermost centres."""
    ends = [(-0.5, size - 0.5) for size in volume.shape[::-1]]
    corners = apply_affine(volume.affine, np.array(np.meshgrid(*ends, indexing="ij")).reshape(3, -1).T)
    return corners.min(0), corners.max(0)


def _marrow(array: Array, affine: Array, mask: Array, to_world: Array) -> dict[str, float]:
    """Brightness of bone marrow over that of the middle tissue: below 1 where fat is suppressed; empty where no shaft is in the field."""
    values = []
    for (back, front), (low, high) in MARROW_MM:
        shape = (int(high - low), int(front - back), 3)
        box = np.eye(4)
        box[:3, 3] = [-1.0, back, low]
        to_voxel = np.linalg.inv(to_world) @ affine
        inside = resample(mask.astype(np.float32), to_voxel, shape, box) > 0.5
        values.append(resample(array, to_voxel, shape, box)[inside])
    seen = np.concatenate(values)
    return {"marrow": float(np.median(seen) / np.median(array[mask]))} if len(seen) > np.prod(shape) / 2 else {}

"""FLAIR-like brains made of the template's tissue maps: a whole one, and single slices, each with a person's own noise."""

import numpy as np
from scipy import ndimage

from MRIAnomalyLib.prepare.brain import template_map
from MRIAnomalyLib.prepare.geometry import resample
from MRIAnomalyLib.records import Volume

LEVEL = np.array([[2.0, 0, 0, -78], [0, -2, 0, 76], [0, 0, 2, 18], [0, 0, 0, 1]])  # as pictures lie: rows from front to back
SHAPE = (1, 95, 79)


def whole(grey=1.1, fluid=0.2, number=0):
    """(K, J, I) at 2 mm in the template's own space: white matter is 100, outside it is 0."""
    (grey_map, affine), (white_map, _), (brain, _) = (template_map(kind) for kind in ("gm", "wm", "brain_mask"))
    tissue = fluid + (grey - fluid) * grey_map + (1 - fluid) * white_map
    grain = ndimage.gaussian_filter(np.random.default_rng(number).normal(0, 0.1, tissue.shape), 1)
    return Volume((100 * (brain > 0.5) * (tissue + grain)).astype(np.float32), affine, in_template_space=True)


def one_slice(grey=1.1, number=0, level_mm=18.0, moved_mm=0.0):
    """The level of a whole brain, its skull gone; `moved_mm` to the right of where its header says."""
    brain, affine = whole(grey, number=number), LEVEL.copy()
    affine[2, 3] = level_mm
    there = affine.copy()
    there[0, 3] -= moved_mm
    return Volume(resample(brain.array, brain.affine, SHAPE, there).astype(np.float32), affine, in_template_space=True)

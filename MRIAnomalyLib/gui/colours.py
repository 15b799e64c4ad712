"""The two colour tables of the project, one of each in a scene."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer

from ..outputs.heat import heat_colours
from ..records import Array

_STEPS = 256


def heat_table(scene: Any) -> Any:
    """`MRIAnomaly heat`: clear at the bottom, then dark red to yellow; the colours of the pictures."""
    return _table(scene, "MRIAnomaly heat", heat_colours(np.linspace(0, 1, _STEPS)))


def diverging_table(scene: Any) -> Any:
    """`MRIAnomaly residual`: blue where darker than healthy, white where equal, red where brighter; safe for colour-blind eyes."""
    place = np.linspace(-1, 1, _STEPS)
    anchors = np.array(
        [[-1, 0.02, 0.19, 0.38], [-0.5, 0.26, 0.58, 0.76], [0, 0.97, 0.97, 0.97], [0.5, 0.84, 0.38, 0.30], [1, 0.40, 0.0, 0.12]]
    )
    channels = [np.interp(place, anchors[:, 0], anchors[:, channel]) for channel in (1, 2, 3)]
    return _table(scene, "MRIAnomaly residual", np.stack([*channels, np.ones(_STEPS)], axis=-1))


def _table(scene: Any, name: str, colours: Array) -> Any:
    tag = name.replace(" ", "")
    node = scene.GetSingletonNode(tag, "vtkMRMLColorTableNode")
    if node:
        return node
    node = slicer.vtkMRMLColorTableNode()
    node.SetName(name)
    node.SetSingletonTag(tag)
    node.SetAttribute("Category", "MRIAnomaly")  # the folder in colour selectors
    node.SetTypeToUser()
    node.SetNumberOfColors(len(colours))
    for n, colour in enumerate(colours):
        node.SetColor(n, str(n), *colour)
    node.SetHideFromEditors(False)
    return scene.AddNode(node)

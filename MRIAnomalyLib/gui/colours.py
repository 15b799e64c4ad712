"""The three colour tables of the project, one of each in a scene."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer

from ..outputs.heat import heat_colours
from ..outputs.signed import signed_colours
from ..records import Array

_STEPS = 256
_ALTERED = (0.25, 0.85, 0.85)  # red, green, blue: no colour of the heatmap, and as bright as its middle


def heat_table(scene: Any) -> Any:
    """`MRIAnomaly heat`: clear at the bottom, then dark red to yellow; the colours of the pictures."""
    return _table(scene, "MRIAnomaly heat", heat_colours(np.linspace(0, 1, _STEPS)))


def diverging_table(scene: Any) -> Any:
    """`MRIAnomaly residual`: blue where darker than healthy, red where brighter; the colours of the pictures."""
    return _table(scene, "MRIAnomaly residual", signed_colours(np.linspace(-1, 1, _STEPS)))


def mask_table(scene: Any) -> Any:
    """`MRIAnomaly mask`: clear where nothing is altered, and one colour the more opaque the more is."""
    share = np.linspace(0, 1, _STEPS)
    return _table(scene, "MRIAnomaly mask", np.column_stack([np.tile(_ALTERED, (_STEPS, 1)), share]))


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

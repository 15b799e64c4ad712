"""What the panel remembers in the scene: choices about this case. No path and no identity, because scenes are passed on."""

from __future__ import annotations

from slicer import vtkMRMLScalarVolumeNode
from slicer.parameterNodeWrapper import parameterNodeWrapper


@parameterNodeWrapper
class MRIAnomalyParameterNode:
    """The fields are named in the .ui file, where a widget shows one of them as it is."""

    inputVolume: vtkMRMLScalarVolumeNode
    model: str = "auto"
    quality: str = "fast"
    makeHealthy: bool = True
    makeResidual: bool = True
    makeFindings: bool = True
    makePlot: bool = True
    finding: int = 0  # number of the one that was gone to last; 0 for none

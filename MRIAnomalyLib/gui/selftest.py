"""What `MRIAnomalyTest` runs: the real detection on the sample scan with lesions, through the logic alone."""

from __future__ import annotations

from typing import Any

import slicer

from .. import resources
from . import found, install
from .nodes import node_by_id

_SAMPLE = "brain_t1_ms_lesions.nii.gz"


def run(case: Any, logic: Any) -> None:
    """Detect, look at what was made, run again, clean up.

    Args:
        case: the ScriptedLoadableModuleTest, whose assertions and messages are used.
        logic: a MRIAnomalyLogic.
    """
    needed = install.missing(whole_head=False)
    if needed:  # a build machine has no torch, and a test must not change Slicer's Python
        case.delayDisplay(f"Skipped: {', '.join(entry.name for entry in needed)} not installed.")
        return
    volume = _load(_SAMPLE)
    case.delayDisplay("Detecting in the sample scan; this takes about a minute.")
    nodes = logic.detect(volume, device="cpu")
    record = found.record_of(slicer.mrmlScene, nodes)
    case.assertTrue(record["flagged"], "The sample scan with lesions is flagged.")
    case.assertGreater(len(found.findings_of(slicer.mrmlScene, nodes)), 0)
    heatmap = node_by_id(slicer.mrmlScene, nodes.heatmap)
    case.assertEqual(heatmap.GetImageData().GetDimensions(), volume.GetImageData().GetDimensions())
    case.assertEqual(found.results_of(slicer.mrmlScene, volume), nodes)
    found.remove_results(slicer.mrmlScene, volume)
    case.assertIsNone(found.results_of(slicer.mrmlScene, volume))
    case.delayDisplay("The self-test passed.")


def _load(name: str) -> Any:
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "sample")
    storage = slicer.vtkMRMLVolumeArchetypeStorageNode()
    storage.SetFileName(str(resources.sample(name)))
    storage.ReadData(node)
    node.CreateDefaultDisplayNodes()
    return node

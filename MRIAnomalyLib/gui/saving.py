"""The output folder made from the nodes of a scene: what Slicer can write by itself, from what the user sees now."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import slicer

from ..errors import MRIAnomalyError
from ..files.atomic import whole_folder
from .nodes import DetectionNodes, node_by_id
from .segments import label_map
from .tables import read_table

_MAPS = ("heatmap", "healthy", "residual", "mask", "scored")
_TABLES = {"findings_table": "findings.csv", "slice_scores": "slices.csv"}


def save_results(scene: Any, nodes: DetectionNodes, folder: Path, overwrite: bool = False) -> Path:
    """Write the maps, findings, tables and record of a result that are in the scene; returns the folder.

    Maps lie on the voxels of the input, without its parent transform; findings are saved as the user edited them. The folder has the
    files of `outputs.folder.write_result` without the pictures, the page and the scene.

    Raises:
        UsageError: the folder exists and `overwrite` is not set, or nothing can be written there.
        MRIAnomalyError: a file could not be written.
    """
    from ..outputs.tables import write_csv

    with whole_folder(folder, overwrite) as target:
        for role in _MAPS:
            volume = node_by_id(scene, getattr(nodes, role))
            if volume:
                _write(volume, target / f"{role}.nii.gz")
        if node_by_id(scene, nodes.findings):
            _write(_labels(scene, nodes), target / "findings.nii.gz")
        for role, name in _TABLES.items():
            table = node_by_id(scene, getattr(nodes, role))
            if table:
                write_csv(read_table(table), target / name)
        report = node_by_id(scene, nodes.report)
        if report:
            (target / "result.json").write_text(report.GetText(), encoding="utf-8")
    return folder


def _labels(scene: Any, nodes: DetectionNodes) -> Any:
    """The findings as a volume node that no scene holds."""
    from .volumes import fill

    input_node = node_by_id(scene, nodes.input)
    labels = slicer.vtkMRMLLabelMapVolumeNode()
    fill(labels, input_node, label_map(node_by_id(scene, nodes.findings), input_node))
    return labels


def _write(volume: Any, path: Path) -> None:
    storage = slicer.vtkMRMLVolumeArchetypeStorageNode()  # outside the scene, so that the node keeps the file it was loaded from
    storage.SetFileName(str(path))
    if not storage.WriteData(volume):
        raise MRIAnomalyError(f"{path.name} could not be written: make room on the disk, or name another folder.")

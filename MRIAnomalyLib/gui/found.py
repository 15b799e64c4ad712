"""What of ours is in a scene, also after it was saved, reloaded and renamed, or after the user deleted a part."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .nodes import REFERENCE, DetectionNodes, all_nodes, gather, is_output, node_by_id, outputs_of, remove_nodes
from .tables import place_mm, rows_of
from .views import restore

if TYPE_CHECKING:
    from ..records import Finding


def results_of(scene: Any, input_node: Any) -> DetectionNodes | None:
    """The result of this input, with None for parts that are gone; None when there is nothing of it."""
    outputs = outputs_of(scene, input_node)
    return gather(input_node, outputs) if outputs else None


def input_of(scene: Any, node: Any) -> Any:
    """The input volume that an output belongs to; None for other nodes, or when it is gone."""
    return node_by_id(scene, node.GetNodeReferenceID(REFERENCE)) if is_output(node) else None


def inputs_with_results(scene: Any) -> list[Any]:
    """The volumes that have a result, in the order of the scene."""
    wanted = {node.GetNodeReferenceID(REFERENCE) for node in all_nodes(scene) if is_output(node)}
    return [node for node in all_nodes(scene, "vtkMRMLScalarVolumeNode") if node.GetID() in wanted]


def record_of(scene: Any, nodes: DetectionNodes) -> dict[str, Any]:
    """The content of result.json; empty when the report is gone or no longer JSON."""
    report = node_by_id(scene, nodes.report)
    try:
        return json.loads(report.GetText()) if report else {}
    except ValueError:  # texts can be edited
        return {}


def findings_of(scene: Any, nodes: DetectionNodes) -> list[Finding]:
    """The findings, most significant first; none when their table is gone."""
    from ..records import Finding

    def finding(row: dict[str, Any]) -> Finding:
        first, last = row["slices"].split("-")
        kept = {name: row[name] for name in ("volume_ml", "peak", "mean", "side", "sign")}
        return Finding(label=row["finding"], centroid_ras_mm=place_mm(row), slices=(int(first), int(last)), **kept)

    return [finding(row) for row in rows_of(node_by_id(scene, nodes.findings_table))]


def remove_results(scene: Any, input_node: Any) -> None:
    """Remove the result of this input, and give the slice views back what they showed before."""
    outputs = outputs_of(scene, input_node)
    restore(scene, gather(input_node, outputs))
    remove_nodes(scene, outputs)

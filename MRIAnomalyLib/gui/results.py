"""The results half of the panel: what was found in the chosen volume, read from the scene, and where to look."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import qt
from slicer.i18n import tr as _

from ..errors import MRIAnomalyError
from . import found, views
from .nodes import node_by_id
from .plots import panel_view
from .tables import rows_of

if TYPE_CHECKING:
    from ..records import Finding
    from .nodes import DetectionNodes

_COLUMNS = ("finding", "volume_ml", "peak", "side", "sign")  # of the findings table that fit into a panel


class ResultsView:
    """Shows the result of one input volume and acts on the slice views.

    Args:
        ui: the widgets of the panel by name.
        scene: the vtkMRMLScene.
        say: tells the user a sentence.
        went_to: called with the number of the finding that was gone to.
    """

    def __init__(self, ui: Any, scene: Any, say: Callable[[str], None], went_to: Callable[[int], None]) -> None:
        self._ui, self._scene, self._say, self._went_to = ui, scene, say, went_to
        self._input: Any = None
        self._nodes: DetectionNodes | None = None
        self._findings: list[Finding] = []
        self.current = 0  # number of the finding that was gone to last; 0 for none
        ui.findingsTable.connect("selectionChanged()", self._on_row)
        ui.findingsTable.connect("clicked(QModelIndex)", self._on_row)  # also the row that is selected already
        ui.plotView.connect("dataSelected(vtkStringArray*,vtkCollection*)", self._on_point)
        ui.previousButton.connect("clicked(bool)", self.previous_finding)
        ui.nextButton.connect("clicked(bool)", self.next_finding)
        ui.healthyButton.connect("toggled(bool)", self._on_healthy)
        ui.overlayButton.connect("toggled(bool)", self._on_overlay)
        ui.maskButton.connect("toggled(bool)", self._on_mask)
        ui.opacitySlider.connect("valueChanged(double)", self._on_opacity)
        ui.thresholdSlider.connect("valueChanged(double)", self._on_threshold)
        ui.showButton.connect("clicked(bool)", self._on_show)
        ui.saveButton.connect("clicked(bool)", self._on_save)
        ui.clearButton.connect("clicked(bool)", self._on_clear)

    def show(self, input_node: Any, current: int = 0) -> None:
        """Show what the scene holds about this volume; nothing when it is None or has no result."""
        nodes = found.results_of(self._scene, input_node) if input_node else None
        self._ui.resultsButton.setVisible(nodes is not None)
        self._input, self._nodes = input_node, nodes
        self._findings = found.findings_of(self._scene, nodes) if nodes else []
        self.current = current if current <= len(self._findings) else 0
        self._fill_words(found.record_of(self._scene, nodes) if nodes else {})
        self._fill_table()
        self._fill_plot()
        self._read_overlay()
        for button in (self._ui.previousButton, self._ui.nextButton):
            button.enabled = bool(self._findings)
        self._ui.healthyButton.enabled = self._node("healthy") is not None
        self._ui.maskButton.setVisible(self._node("mask") is not None)  # few models learn one

    def next_finding(self) -> None:
        """Go to the next finding, after the last one to the first."""
        if self._findings:
            self.go_to(self.current % len(self._findings) + 1)

    def previous_finding(self) -> None:
        """Go to the finding before, before the first one to the last."""
        if self._findings:
            self.go_to((self.current - 2) % len(self._findings) + 1 if self.current else len(self._findings))

    def toggle_healthy(self) -> None:
        """Exchange input and healthy counterpart in the slice views."""
        if self._ui.healthyButton.enabled:
            self._ui.healthyButton.checked = not self._ui.healthyButton.checked

    def toggle_overlay(self) -> None:
        """Show or hide the heatmap, or the mask, in the slice views."""
        if self._ui.overlayButton.enabled:
            self._ui.overlayButton.checked = not self._ui.overlayButton.checked

    def toggle_mask(self) -> None:
        """Exchange heatmap and mask in the slice views."""
        if self._node("mask") and self._ui.maskButton.enabled:
            self._ui.maskButton.checked = not self._ui.maskButton.checked

    def go_to(self, number: int) -> None:
        """Show a finding (from 1, most significant first) in all slice views, and mark it there and in the table."""
        assert self._nodes is not None
        overlay = self._overlay()
        if overlay and views.overlay_opacity(self._scene, overlay) is None:  # the views show something else
            views.show_results(self._scene, self._nodes)
            self._read_overlay()
        self.current = number
        views.jump_to(self._scene, self._input, self._findings[number - 1].centroid_ras_mm)
        views.highlight(self._scene, self._nodes, number)
        self._select(number)
        self._went_to(number)

    def _node(self, role: str) -> Any:
        return node_by_id(self._scene, getattr(self._nodes, role)) if self._nodes else None

    def _overlay(self) -> Any:
        """What lies over the input: the mask where a view shows it, else the heatmap."""
        mask = self._node("mask")
        return mask if mask and views.overlay_opacity(self._scene, mask) is not None else self._node("heatmap")

    def _fill_words(self, record: dict[str, Any]) -> None:
        self._ui.verdictLabel.text = record.get("verdict", "")
        self._ui.certaintyLabel.text = (
            _("No p-value can be given: too few healthy people to compare with.")
            if record and record["p_floor"] >= 1
            else _(
                "p is the share of healthy people who look at least as strange, not the chance of a disease; no p below {floor:.3f} can be "
                "reached. Flagged when p is at most {rate:.2f}. Score {score:.2f}."
            ).format(score=record["score"], floor=record["p_floor"], rate=record["false_alarms"])
            if record
            else ""
        )
        self._ui.warningsLabel.text = "\n".join(_("Caution: {warning}").format(warning=warning) for warning in record.get("warnings", []))
        self._ui.warningsLabel.setVisible(bool(record.get("warnings")))

    def _fill_table(self) -> None:
        table = self._node("findings_table")
        view = self._ui.findingsTable
        view.blockSignals(True)
        view.setMRMLTableNode(table)
        names = [table.GetColumnName(place) for place in range(table.GetNumberOfColumns())] if table else []
        for place, name in enumerate(names):
            view.setColumnHidden(place, name not in _COLUMNS)
        view.blockSignals(False)
        view.setVisible(bool(self._findings))
        if self.current:
            self._select(self.current)

    def _select(self, number: int) -> None:
        self._ui.findingsTable.blockSignals(True)
        self._ui.findingsTable.selectRow(number - 1)
        self._ui.findingsTable.blockSignals(False)

    def _fill_plot(self) -> None:
        chart = self._node("score_plot")
        scored = [row for row in rows_of(self._node("slice_scores")) if row["scored"]]
        self._ui.plotView.setVisible(chart is not None and len(scored) != 1)  # of one slice there is no curve
        if chart:
            view_node = panel_view(self._scene)
            view_node.SetPlotChartNodeID(chart.GetID())
            self._ui.plotView.setMRMLPlotViewNode(view_node)

    def _read_overlay(self) -> None:
        heatmap, overlay = self._node("heatmap"), self._overlay()
        display = heatmap.GetDisplayNode() if heatmap else None
        opacity = views.overlay_opacity(self._scene, overlay) if overlay else None
        self._ui.thresholdSlider.enabled = display is not None
        for widget in (self._ui.opacitySlider, self._ui.overlayButton, self._ui.maskButton):
            widget.enabled = opacity is not None
        if opacity is not None:
            _set(self._ui.opacitySlider, 0.0, 1.0, opacity)
        if display:
            _set(self._ui.thresholdSlider, 0.0, display.GetWindowLevelMax(), display.GetLowerThreshold())
        healthy = bool(self._nodes and self._nodes.healthy and views.in_background(self._scene, self._nodes.healthy))
        states = {
            self._ui.healthyButton: healthy,
            self._ui.overlayButton: opacity is None or opacity > 0,
            self._ui.maskButton: overlay is not None and overlay is not heatmap,
        }
        for button, on in states.items():
            button.blockSignals(True)
            button.checked = on
            button.blockSignals(False)

    def _on_row(self) -> None:
        row = self._ui.findingsTable.currentIndex().row()
        if 0 <= row < len(self._findings):
            self.go_to(row + 1)

    def _on_point(self, series_ids: Any, points: Any) -> None:
        if not series_ids.GetNumberOfValues() or not points.GetNumberOfItems() or not points.GetItemAsObject(0).GetNumberOfValues():
            return
        series = node_by_id(self._scene, series_ids.GetValue(0))
        row = points.GetItemAsObject(0).GetValue(0)
        number = int(series.GetTableNode().GetTable().GetColumnByName(series.GetXColumnName()).GetValue(row))
        place = views.ras_of_slice(rows_of(self._node("slice_scores")), number)
        if place:
            views.jump_to(self._scene, self._input, place)

    def _on_healthy(self, on: bool) -> None:
        if self._nodes:
            views.flicker(self._scene, self._nodes, on)

    def _on_overlay(self, on: bool) -> None:
        if self._overlay():
            views.set_overlay_visible(self._scene, self._overlay(), on)
            self._read_overlay()

    def _on_mask(self, on: bool) -> None:
        if self._nodes:
            views.show_mask(self._scene, self._nodes, on)
            self._read_overlay()

    def _on_opacity(self, value: float) -> None:
        if self._overlay():
            views.set_overlay_opacity(self._scene, self._overlay(), value)
            self._read_overlay()

    def _on_threshold(self, value: float) -> None:
        if self._node("heatmap"):
            views.set_overlay_threshold(self._node("heatmap"), value)

    def _on_show(self) -> None:
        if self._nodes:
            views.show_results(self._scene, self._nodes)
            self._read_overlay()

    def _on_save(self) -> None:
        from .saving import save_results

        chosen = qt.QFileDialog.getExistingDirectory(self._ui.saveButton, _("Folder to save results into"))
        if not chosen or not self._nodes:
            return
        names = (f"mrianomaly-result{number}" for number in ("", *(f"-{n}" for n in range(2, 10_000))))
        folder = next(Path(chosen) / name for name in names if not (Path(chosen) / name).exists())
        try:
            save_results(self._scene, self._nodes, folder)
        except MRIAnomalyError as error:
            self._say(str(error))
        else:
            self._say(_("Saved in the folder {name}.").format(name=folder.name))

    def _on_clear(self) -> None:
        found.remove_results(self._scene, self._input)
        self.show(self._input)


def _set(slider: Any, minimum: float, maximum: float, value: float) -> None:
    slider.blockSignals(True)
    slider.minimum, slider.maximum, slider.value = minimum, maximum, value
    slider.blockSignals(False)

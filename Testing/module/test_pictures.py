"""What the user sees, drawn: the panel in both themes, and the slice views through Slicer's own displayable managers."""

import doubles
import numpy as np
import pytest
import slicer
from PySide6 import QtCore, QtWidgets
from results import make_result
from scenes import add_scan
from window_pictures import Window, dark_palette, pixels

from MRIAnomalyLib.gui.scene import add_result

BRIGHT_OUTLINE, DARK_OUTLINE = (255, 255, 255), (89, 209, 255)
SCORE_LINE = (74, 143, 199)


@pytest.fixture
def window(module):
    """The panel over an empty scene."""
    window = Window(module, size=(1300, 900))
    yield window
    window.close()


@pytest.fixture
def shown(module, window, scene):
    """A result with one bright and one dark finding in panel and views: (window, result, scan, nodes)."""
    result = make_result(oblique=False, warnings=("The scanner is not one that this model knows: read the findings with caution.",))
    scan = add_scan(scene, result)
    slicer.util.setSliceViewerLayers(background=scan)
    window.fit_views()
    nodes = add_result(scene, result, scan)
    module.widget.panel.ui.inputSelector.setCurrentNode(scan)
    return window, result, scan, nodes


@pytest.fixture
def dark_theme(app):
    former = QtWidgets.QApplication.palette()
    QtWidgets.QApplication.setPalette(dark_palette())
    yield
    QtWidgets.QApplication.setPalette(former)


def redness(picture, place):
    """How much more red than blue there is around a pixel."""
    row, column = place
    around = picture[row - 1 : row + 2, column - 1 : column + 2].astype(int)
    return (around[..., 0] - around[..., 2]).mean()


def count_of(picture, color, tolerance=12):
    return int((np.abs(picture.astype(int) - color).max(axis=-1) <= tolerance).sum())


def spread(picture):
    return np.ptp(picture.astype(int).mean(axis=-1))


class TestSliceViews:
    @pytest.mark.parametrize("name", ["Red", "Yellow", "Green"])
    def test_the_finding_has_the_colors_of_heat_and_is_grey_without_the_overlay(self, shown, module, name):
        window, result, _, _ = shown
        view = window.views[name]
        place = view.pixel_of(result.findings[0].centroid_ras_mm)
        assert redness(view.grab(), place) > 60
        module.widget.panel.ui.opacitySlider.value = 0.0
        assert abs(redness(view.grab(), place)) < 3

    def test_the_finding_that_was_gone_to_is_filled_and_outlined(self, shown, module, scene):
        window, result, _, nodes = shown
        view = window.views["Red"]
        doubles.click(module.widget.panel.ui.nextButton)
        doubles.click(module.widget.panel.ui.nextButton)  # the second one, which is darker than healthy
        place = view.pixel_of(result.findings[1].centroid_ras_mm)
        marked = view.grab()
        assert count_of(marked, DARK_OUTLINE) > 20
        scene.GetNodeByID(nodes.findings).GetDisplayNode().SetVisibility(False)
        plain = view.grab()
        assert count_of(plain, DARK_OUTLINE) == 0
        assert redness(marked, place) < redness(plain, place)  # the fill is blue

    def test_the_legend_names_the_threshold_and_goes_with_its_switch(self, shown, scene):
        window, _, _, nodes = shown
        legend = slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(scene.GetNodeByID(nodes.heatmap))
        assert "shown from 1.2" in legend.GetTitleText()
        view = window.views["Red"]
        with_legend = view.grab()
        legend.SetVisibility(False)
        changed = np.argwhere((with_legend != view.grab()).any(axis=-1))
        assert len(changed) > 500
        assert np.median(changed[:, 1]) > 0.6 * with_legend.shape[1]  # at the right, off the middle

    def test_a_higher_threshold_colors_less(self, shown, module):
        window, _, _, _ = shown
        slider = module.widget.panel.ui.thresholdSlider
        colored = []
        for value in (0.2, 1.2, 1.6):
            slider.value = value
            picture = window.views["Red"].grab().astype(int)
            colored.append(int((picture[..., 0] - picture[..., 2] > 60).sum()))
        assert colored[0] > colored[1] > colored[2] > 0

    def test_the_healthy_counterpart_takes_the_place_of_the_input(self, shown, module):
        window, result, _, _ = shown
        ui, view = module.widget.panel.ui, window.views["Red"]
        doubles.click(ui.previousButton)  # to the last one, which is darker than healthy
        ui.opacitySlider.value = 0.0
        row, column = view.pixel_of(result.findings[1].centroid_ras_mm)
        before = int(view.grab()[row, column, 0])
        ui.healthyButton.checked = True
        assert int(view.grab()[row, column, 0]) > before + 15


class TestPanel:
    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_it_can_be_read_in_both_themes(self, theme, request):
        if theme == "dark":
            request.getfixturevalue("dark_theme")
        window = request.getfixturevalue("shown")[0]
        window.grab_panel()
        for label in texts(window, QtWidgets.QLabel):
            picture = pixels(label.grab())
            assert spread(picture) > 100, f"{label.objectName()} cannot be told from its ground"
            assert (np.median(picture) < 100) == (theme == "dark"), f"{label.objectName()} keeps a ground of its own"

    def test_no_text_is_cut_off(self, shown):
        window = shown[0]
        window.grab_panel()
        assert texts(window, QtWidgets.QLabel)
        for label in texts(window, QtWidgets.QLabel):
            needed = label.heightForWidth(label.width()) if label.wordWrap() else label.sizeHint().height()
            assert label.height() >= needed, f"{label.objectName()} is too low for its text"
            assert label.wordWrap() or label.width() >= label.sizeHint().width(), f"{label.objectName()} is too narrow for its text"
        for button in texts(window, QtWidgets.QPushButton):
            assert button.width() >= button.fontMetrics().horizontalAdvance(button.text()) + 4, f"{button.objectName()} is too narrow"
        assert window.scroll.widget().width() <= window.scroll.viewport().width(), "something reaches beyond the right edge"

    def test_the_findings_table_fits_into_the_panel_and_has_words_as_heads(self, shown, module):
        shown[0].grab_panel()
        table = doubles.unwrap(module.widget.panel.ui.findingsTable)
        shown_columns = [n for n in range(table.model().columnCount()) if not table.isColumnHidden(n)]
        heads = [table.model().headerData(n, QtCore.Qt.Horizontal) for n in shown_columns]
        assert heads == ["No.", "Volume [mL]", "Peak (SD)", "Side", "Appears"]
        assert table.model().rowCount() == 2
        assert sum(map(table.columnWidth, shown_columns)) <= table.viewport().width()
        assert table.columnWidth(shown_columns[-1]) >= table.sizeHintForColumn(shown_columns[-1])

    @pytest.mark.parametrize("state", ["window", "shown"])
    def test_empty_space_gathers_at_the_bottom(self, state, request):
        request.getfixturevalue(state)
        window = request.getfixturevalue("window")
        window.scroll.resize(440, 2000)
        window.grab_panel()
        layout = window.scroll.findChild(QtWidgets.QWidget, "inputsButton").parentWidget().layout()
        parts = [item.widget() for n in range(layout.count()) if (item := layout.itemAt(n)).widget() and item.widget().isVisible()]
        needed = [max(part.sizeHint().height(), part.heightForWidth(part.width())) for part in parts]
        spare = {part.objectName(): part.height() - low for part, low in zip(parts, needed, strict=True) if part.height() > low + 2}
        assert spare == {}


class TestWindow:
    def test_panel_views_and_plot_stand_side_by_side(self, shown):
        picture = pixels(shown[0].grab())
        assert picture.shape == (900, 1300, 3)
        panel, red, plot, yellow, green = parts = [
            picture[:, :440],
            picture[:450, 440:870],
            picture[:450, 870:],
            picture[450:, 440:870],
            picture[450:, 870:],
        ]
        assert all(spread(part) > 100 for part in parts)
        assert np.median(panel) > 200
        assert all(np.percentile(view, 10) == 0 for view in (red, yellow, green))
        assert count_of(plot, SCORE_LINE, tolerance=25) > 100

    def test_without_a_result_there_is_no_plot(self, window):
        picture = pixels(window.grab())
        assert spread(picture[:450, 870:][30:]) == 0


def texts(window, kind):
    """The widgets of a kind that say something and are in no collapsed section."""
    said = [one for one in window.scroll.findChildren(kind) if one.isVisible() and one.text()]
    return [one for one in said if not one.parentWidget().property("collapsed")]

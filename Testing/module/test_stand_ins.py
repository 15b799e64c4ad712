"""The stand-ins of Slicer's widgets behave like them, on real nodes."""

import doubles
import numpy as np
import qt
import slicer
import vtk


def add_volume(scene, name, kind="vtkMRMLScalarVolumeNode"):
    return scene.AddNewNodeByClass(kind, name)


class TestStandIns:
    def test_only_a_selector_that_the_ui_file_connects_gets_the_scene(self, toy_panel, scene):
        add_volume(scene, "T1")
        assert slicer.util.findChild(toy_panel, "selector").currentNode().GetName() == "T1"
        assert slicer.util.findChild(toy_panel, "forgotten").currentNode() is None

    def test_a_selector_follows_the_scene_and_offers_what_fits(self, toy_panel, scene):
        selector, seen = slicer.util.findChild(toy_panel, "selector"), []
        selector.connect("currentNodeChanged(vtkMRMLNode*)", lambda node: seen.append(node and node.GetName()))
        add_volume(scene, "labels", "vtkMRMLLabelMapVolumeNode")
        first = add_volume(scene, "T1")
        add_volume(scene, "T2")
        scene.RemoveNode(first)
        assert selector.nodeCount() == 1
        scene.Clear(False)
        assert seen == ["T1", "T2", None]

    def test_a_table_shows_names_in_its_first_row_unless_the_node_says_header(self, scene):
        node = scene.AddNewNodeByClass("vtkMRMLTableNode", "findings")
        for name, kind, value in (("label", vtk.vtkIntArray, 4), ("flagged", vtk.vtkBitArray, 1)):
            column = kind()
            column.SetName(name)
            column.InsertNextValue(value)
            node.AddColumn(column)
        view = slicer.qMRMLTableView()
        view.setMRMLTableNode(node)
        cells = view.model()
        assert (cells.rowCount(), cells.index(0, 0).data(), cells.index(1, 0).data()) == (2, "label", "4")
        node.SetUseColumnTitleAsColumnHeader(True)
        assert (cells.rowCount(), cells.index(0, 0).data()) == (1, "4")
        assert cells.index(0, 1).data(qt.Qt.CheckStateRole) == 2

    def test_a_clicked_row_is_told_and_selected(self, scene):
        node = scene.AddNewNodeByClass("vtkMRMLTableNode", "findings")
        slicer.util.updateTableFromArray(node, np.arange(3), ["label"])
        node.SetUseColumnTitleAsColumnHeader(True)
        view, rows = slicer.qMRMLTableView(), []
        view.setMRMLTableNode(node)
        view.connect("clicked(QModelIndex)", lambda index: rows.append(index.row()))
        view.show()
        doubles.click_row(view, 2)
        assert rows == [2]
        assert [index.row() for index in view.selectionModel().selectedIndexes] == [2]

    def test_a_clicked_point_of_a_plot_is_told_by_series_and_row(self, scene, app):
        series = scene.AddNewNodeByClass("vtkMRMLPlotSeriesNode", "score")
        view, seen = app.layoutManager().plotWidget(0).plotView(), []

        def chosen(ids, points):
            seen.append((ids.GetValue(0), points.GetItemAsObject(0).GetValue(0)))

        view.connect("dataSelected(vtkStringArray*,vtkCollection*)", chosen)
        doubles.click_point(view, series, 5)
        view.disconnect("dataSelected(vtkStringArray*,vtkCollection*)", chosen)
        doubles.click_point(view, series, 6)
        assert seen == [(series.GetID(), 5)]

    def test_a_section_hides_its_widgets_and_not_those_that_were_hidden_before(self, toy_panel):
        section, selector = (slicer.util.findChild(toy_panel, name) for name in ("section", "selector"))
        section.collapsed = True
        assert not selector.visible
        section.collapsed = False
        assert selector.visible
        selector.visible = False
        section.collapsed = True
        section.collapsed = False
        assert not selector.visible

    def test_slice_views_are_real_nodes(self, scene, app):
        volume = add_volume(scene, "T1")
        slicer.util.setSliceViewerLayers(background=volume, foregroundOpacity=0.4)
        views = [app.layoutManager().sliceWidget(name) for name in app.layoutManager().sliceViewNames()]
        assert {view.mrmlSliceNode().GetName() for view in views} == {"Red", "Green", "Yellow"}
        assert {view.mrmlSliceCompositeNode().GetBackgroundVolumeID() for view in views} == {volume.GetID()}

    def test_a_chart_is_shown_by_a_layout_with_a_plot(self, scene, app):
        before = app.layoutManager().layout
        slicer.modules.plots.logic().ShowChartInLayout(scene.AddNewNodeByClass("vtkMRMLPlotChartNode", "scores"))
        assert app.layoutManager().layout != before
        app.layoutManager().setLayout(before)

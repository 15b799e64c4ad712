"""Charts drawn without a screen, with VTK's own chart as in Slicer's plot views, from the chart node."""

import slicer
import vtk
from slice_pictures import grab_window


def chart_picture(chart_node, size):
    """The chart of a vtkMRMLPlotChartNode: (height, width, 3) uint8."""
    view = vtk.vtkContextView()
    window = view.GetRenderWindow()
    window.SetOffScreenRendering(1)
    window.SetSize(*size)
    chart = vtk.vtkChartXY()
    view.GetScene().AddItem(chart)
    chart.SetTitle(chart_node.GetTitle())
    chart.SetShowLegend(chart_node.GetLegendVisibility())
    for axis, title in ((vtk.vtkAxis.BOTTOM, chart_node.GetXAxisTitle()), (vtk.vtkAxis.LEFT, chart_node.GetYAxisTitle())):
        chart.GetAxis(axis).SetTitle(title)
    for n in range(chart_node.GetNumberOfPlotSeriesNodes()):
        _add_line(chart, chart_node.GetNthPlotSeriesNode(n))
    picture = grab_window(window)
    window.Finalize()
    return picture


def _add_line(chart, series):
    table = series.GetTableNode().GetTable()
    line = chart.AddPlot(vtk.vtkChart.LINE)
    line.SetInputData(table, series.GetXColumnName(), series.GetYColumnName())
    line.SetColorF(*series.GetColor())
    line.SetWidth(series.GetLineWidth())
    line.SetLabel(series.GetName())
    if series.GetLineStyle() == slicer.vtkMRMLPlotSeriesNode.LineStyleDash:
        line.GetPen().SetLineType(vtk.vtkPen.DASH_LINE)

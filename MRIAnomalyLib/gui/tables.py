"""Tables of a result as table nodes with typed columns, units and meanings, and back."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import vtk

from .nodes import add_output

if TYPE_CHECKING:
    from ..outputs.tables import Table

_ARRAYS = {int: vtk.vtkIntArray, float: vtk.vtkDoubleArray, bool: vtk.vtkBitArray, str: vtk.vtkStringArray}
_EMPTY = {int: 0, float: math.nan, bool: False, str: ""}

# heads of columns in Slicer, which adds the unit; not translated, because a scene is passed on
_TITLES = {
    "finding": "No.",
    "r_mm": "R",
    "a_mm": "A",
    "s_mm": "S",
    "volume_ml": "Volume",
    "peak": "Peak (SD)",
    "mean": "Mean (SD)",
    "slices": "Slices",
    "side": "Side",
    "sign": "Appears",
    "slice": "Slice",
    "scored": "Judged",
    "score": "Score",
    "p_value": "p",
    "flagged": "Flagged",
}


def add_table(scene: Any, input_node: Any, what: str, table: Table) -> Any:
    """A locked table node; an empty cell is nan, 0 or an empty text."""
    node = add_output(scene, input_node, "vtkMRMLTableNode", what)
    for n, column in enumerate(table.columns):
        array = _ARRAYS[column.kind]()
        array.SetName(column.name)
        for row in table.rows:
            array.InsertNextValue(_EMPTY[column.kind] if row[n] is None else row[n])
        node.AddColumn(array)
        if column.unit:
            node.SetColumnUnitLabel(column.name, column.unit)
        node.SetColumnDescription(column.name, column.meaning)
        node.SetColumnTitle(column.name, _TITLES.get(column.name, column.name))
    node.SetUseColumnTitleAsColumnHeader(True)  # otherwise the names are a first row, and row 1 is finding 0
    node.SetLocked(True)
    return node


def read_table(node: Any) -> Table:
    """The table that `add_table` was given, also from a scene that was saved and reloaded."""
    from ..outputs.tables import Column, Table

    arrays = [node.GetTable().GetColumn(n) for n in range(node.GetNumberOfColumns())]
    kinds = [next(kind for kind, array in _ARRAYS.items() if isinstance(column, array)) for column in arrays]
    names = [array.GetName() for array in arrays]
    columns = tuple(
        Column(name, kind, node.GetColumnUnitLabel(name), node.GetColumnDescription(name)) for name, kind in zip(names, kinds, strict=True)
    )
    cells = [[kind(array.GetValue(row)) for row in range(node.GetNumberOfRows())] for array, kind in zip(arrays, kinds, strict=True)]
    return Table(columns, tuple(zip(*cells, strict=True)))


def rows_of(node: Any) -> list[dict[str, Any]]:
    """The rows of a table node, each as column name -> value; none without a node."""
    if node is None:
        return []
    table = read_table(node)
    return [dict(zip([column.name for column in table.columns], row, strict=True)) for row in table.rows]


def place_mm(row: dict[str, Any]) -> tuple[float, float, float]:
    """Where a row of either table is, in RAS mm of the input's own space."""
    return row["r_mm"], row["a_mm"], row["s_mm"]

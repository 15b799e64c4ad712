import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from results import make_result

from MRIAnomalyLib.outputs.tables import findings_table, read_findings, read_slices, record_text, result_record, slices_table, write_csv


def rows(table, folder):
    write_csv(table, folder / "table.csv")
    with (folder / "table.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.reader(stream))


def test_findings_csv_has_the_promised_columns_and_one_row_a_finding(tmp_path):
    result = make_result()
    header, *cells = rows(findings_table(result), tmp_path)
    assert header == ["finding", "r_mm", "a_mm", "s_mm", "volume_ml", "peak", "mean", "slices", "side", "sign"]
    assert [row[0] for row in cells] == ["1", "2"]
    assert [row[9] for row in cells] == ["bright", "dark"]
    assert float(cells[0][1]) == result.findings[0].centroid_ras_mm[0]


def test_slices_csv_ends_with_one_column_a_term_and_leaves_unscored_slices_empty(tmp_path):
    header, *cells = rows(slices_table(make_result()), tmp_path)
    assert header == ["slice", "r_mm", "a_mm", "s_mm", "scored", "score", "p_value", "flagged", "residual", "discrimination"]
    assert len(cells) == 12
    assert cells[0][4:] == ["0", "", "", "", "", ""]
    assert cells[5][4] == "1"
    assert cells[5][7] in ("0", "1")


def test_tables_without_findings_have_a_header_only(tmp_path):
    assert len(rows(findings_table(make_result(findings=False)), tmp_path)) == 1


def test_findings_and_slices_come_back_from_csv_exactly(tmp_path):
    result = make_result()
    write_csv(findings_table(result), tmp_path / "findings.csv")
    write_csv(slices_table(result), tmp_path / "slices.csv")
    assert read_findings(tmp_path / "findings.csv") == result.findings
    # nan is not equal to itself, its text is
    assert repr(read_slices(tmp_path / "slices.csv", [s.threshold for s in result.slices])) == repr(result.slices)


def test_result_json_is_strict_and_says_nothing_where_there_is_no_number():
    result = replace(
        make_result(),
        p_value=float("nan"),
        seconds={"prepare": np.float32(1.5), "lost": np.inf},
        settings={"steps": np.int64(200), "path": Path("x")},
    )

    def refuse(word):
        raise AssertionError(f"{word} is not JSON")

    record = json.loads(record_text(result), parse_constant=refuse)
    assert record["p_value"] is None
    assert record["seconds"] == {"prepare": 1.5, "lost": None}
    assert record["settings"] == {"steps": 200, "path": "x"}


def test_result_json_holds_what_is_needed_to_repeat_and_judge_the_run():
    result = make_result(warnings=("Other scanner.",))
    record = result_record(result)
    assert record["p_floor"] == pytest.approx(1 / 47)
    assert record["warnings"] == ["Other scanner."]
    assert record["model"]["licence"] == "Apache-2.0"
    assert record["input"]["sha256"] == "0" * 64
    assert record["input"]["shape_ijk"] == [36, 40, 12]
    assert np.array_equal(record["input"]["affine_ras"], result.volume.affine)
    assert {"score", "verdict", "device", "seconds", "versions", "seed", "settings", "heat_threshold"} <= set(record)


def test_result_json_does_not_name_the_input():
    result = make_result()
    named = replace(result, volume=replace(result.volume, name="Doe^Jane"))
    assert "Doe" not in record_text(named)

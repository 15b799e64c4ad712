import json

from MRIAnomalyLib.evaluation.page import json_text, write_csv

TABLES = {
    "command": "mrianomaly benchmark brain",
    "conditions": {"quick": False, "seeds": [0, 1]},
    "means": [{"model": "mine", "auroc 95": [0.5, 0.75]}, {"model": "mine", "auroc": 1.0}],
    "left_out": [],
}


def test_the_json_of_tables_has_one_line_for_each_row_and_fact_and_loses_nothing():
    text = json_text(TABLES)
    assert json.loads(text) == TABLES
    assert [line.strip() for line in text.splitlines() if "mine" in line] == [
        '{"model": "mine", "auroc 95": [0.5, 0.75]},',
        '{"model": "mine", "auroc": 1.0}',
    ]
    assert ' "left_out": []\n' in text
    assert '  "quick": false,\n' in text


def test_a_table_of_rows_has_the_ends_of_intervals_and_the_figure_before_them_in_columns_of_their_own(tmp_path):
    write_csv(tmp_path / "t.csv", [{"model": "a", "ap": [0.5, 0.4, 0.6], "auroc_95": [0.7, 0.9]}, {"model": "b", "n": 3}])
    assert (tmp_path / "t.csv").read_text() == "model,ap,ap low,ap high,auroc_95 low,auroc_95 high,n\na,0.5,0.4,0.6,0.7,0.9,\nb,,,,,,3\n"

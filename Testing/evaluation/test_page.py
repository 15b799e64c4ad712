import json

from MRIAnomalyLib.evaluation.page import json_text

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

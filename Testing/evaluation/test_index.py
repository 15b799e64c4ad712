import json
from pathlib import Path

from MRIAnomalyLib.evaluation.index import index_of

OURS = Path(__file__).parents[2] / "docs" / "benchmarks"


def test_every_page_stands_there_with_its_command_and_aims(tmp_path):
    (tmp_path / "strokes.md").write_text("# Strokes\n\ntext\n")
    (tmp_path / "strokes.json").write_text(json.dumps({"command": "mrianomaly benchmark flair", "conditions": {"aims": "AP 0.5"}}))
    (tmp_path / "pictures.md").write_text("# Pictures\n")
    assert index_of(tmp_path).splitlines()[-2:] == [
        "| [Pictures: pictures](pictures.md) |  |  |",
        "| [Strokes: strokes](strokes.md) | `mrianomaly benchmark flair` | AP 0.5 |",
    ]


def test_the_index_of_this_repository_is_that_of_its_pages():
    assert (OURS / "README.md").read_text(encoding="utf-8") == index_of(OURS)

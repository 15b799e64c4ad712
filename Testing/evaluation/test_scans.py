import numpy as np
import pytest

from MRIAnomalyLib.errors import UsageError
from MRIAnomalyLib.evaluation import scans
from MRIAnomalyLib.evaluation.lesions import BRIGHT, DARK
from MRIAnomalyLib.evaluation.scans import people_of, prepare_scans
from MRIAnomalyLib.evaluation.steps import Steps
from MRIAnomalyLib.prepare.recipe import Recipe


def test_validation_and_test_share_neither_people_nor_outlines(root):
    test, validation = (people_of(root, split, quick=False) for split in ("test", "validation"))
    assert not {case.subject for case in test.own} & {case.subject for case in validation.own}
    assert not set(test.outlines) & set(validation.outlines)
    assert len(people_of(root, "test", quick=True).own) == 3


def test_only_the_two_splits_have_tables(root):
    with pytest.raises(UsageError, match="test and validation, not of train"):
        people_of(root, "train", quick=False)


def test_each_head_is_prepared_once_and_painted_dark_and_bright_with_its_own_outline(root, monkeypatch):
    people, prepared, painted, told = people_of(root, "validation", quick=False), [], [], []
    monkeypatch.setattr(scans, "head_of", lambda case: case.id)
    monkeypatch.setattr(scans, "prepare_head", lambda head, recipe: prepared.append(head) or head)
    monkeypatch.setattr(
        scans.lesions, "paint", lambda head, clean, outline, change, recipe: painted.append((head, outline, change)) or (head, np.ones(1))
    )
    made = prepare_scans(people, Recipe(), Steps(people.volumes, lambda progress: told.append((progress.done, progress.total))))
    assert prepared == ["validation0", "validation1", "validation2", "validation3", "o1", "o2"]
    assert [change for *_, change in painted] == 4 * [DARK] + 4 * [BRIGHT]
    assert [outline for _, outline, _ in painted] == [*people.outlines[:4], *people.outlines[:4]]
    assert [scan.case.id for scan in made.painted["dark"]] == [scan.case.id for scan in made.own]
    assert told[-1] == (people.volumes, people.volumes)

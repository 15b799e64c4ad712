from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from ellipses import ellipses
from small_answers import prepared

from MRIAnomalyLib.errors import InputError
from MRIAnomalyLib.evaluation import cohorts
from MRIAnomalyLib.evaluation.cohorts import KINDS, LOOKED_AT, MOST_OF_ONE, at_hand, few_slices, make_cohort, read_cohort, write_slices
from MRIAnomalyLib.prepare.recipe import Recipe


def people(*counts, first=0):
    """As many slices of each person."""
    subject = np.repeat(np.arange(first, first + len(counts)), counts)
    return replace(ellipses(len(subject), 16), subject=subject, level=np.concatenate([np.arange(count) for count in counts]))


def test_few_slices_are_of_as_few_people_as_hold_them_and_spread_over_the_levels():
    stack = people(*[60] * 6)
    some = few_slices(stack, 25, seed=0)
    assert (len(some), len(set(some.subject)), some.level.min(), some.level.max()) == (25, 1, 0, 59)
    more = few_slices(stack, 120, seed=0)
    assert sorted(np.unique(more.subject, return_counts=True)[1]) == [20, MOST_OF_ONE, MOST_OF_ONE]
    assert set(some.subject) < set(more.subject)
    assert {int(few_slices(stack, 5, seed).subject[0]) for seed in range(20)} == set(range(6))


def test_no_more_slices_are_given_than_there_are():
    stack = people(60, 3, 1)
    assert at_hand(stack) == len(few_slices(stack, 400, seed=1)) == MOST_OF_ONE + 4


def test_a_cohort_is_read_as_it_was_written_and_a_few_slices_of_each_person_are_looked_at(tmp_path):
    train, validation = people(12, 4), people(20, 5, first=2)
    write_slices(tmp_path / "train.npz", train)
    write_slices(tmp_path / "validation.npz", validation)
    cohort = read_cohort(tmp_path)
    for name, array in vars(train).items():
        assert np.array_equal(getattr(cohort.train, name), array)
    assert cohort.levels == 20
    assert list(np.unique(cohort.validation.subject, return_counts=True)[1]) == [LOOKED_AT, 5]


@pytest.mark.parametrize("wrong", ["nothing", "text", "lacking", "flat", "sizes"])
def test_a_folder_that_holds_no_cohort_is_refused(tmp_path, wrong):
    stack = people(3)
    for split in ("train", "validation"):
        write_slices(tmp_path / f"{split}.npz", stack)
    path = tmp_path / "validation.npz"
    if wrong == "nothing":
        path.unlink()
    elif wrong == "text":
        path.write_text("slices")
    elif wrong == "lacking":
        np.savez(path, pixels=stack.pixels)
    elif wrong == "flat":
        write_slices(path, replace(stack, pixels=stack.pixels[:, 0]))
    else:
        write_slices(path, ellipses(3, 32))
    with pytest.raises(InputError, match="prepare"):
        read_cohort(tmp_path)


def test_the_people_of_other_scanners_are_in_one_half_each(root):
    train, validation = KINDS["other-scanners"].people(root)
    assert {case.id for case in train} | {case.id for case in validation} == {"o1", "o2"}
    assert len(train) == len(validation) == 1


def test_a_cohort_is_made_of_the_slices_that_hold_brain(tmp_path):
    sizes = {"a": 5, "b": 3, "c": 4}

    def scan(case, recipe, steps):
        steps.one()
        return SimpleNamespace(prepared=prepared(replace(ellipses(sizes[case], 32), level=np.arange(sizes[case]))))

    kind = cohorts.Kind({}, lambda root: (["a", "b"], ["c"]), scan)
    told = []
    make_cohort(kind, tmp_path, Recipe(), tmp_path / "made", None, told.append)
    cohort = read_cohort(tmp_path / "made")
    assert list(cohort.train.subject) == [0] * 5 + [1] * 3
    assert (len(cohort.validation), len(told)) == (4, 3)
    make_cohort(kind, tmp_path, Recipe(), tmp_path / "few", 1)
    assert list(read_cohort(tmp_path / "few").train.subject) == [0] * 5

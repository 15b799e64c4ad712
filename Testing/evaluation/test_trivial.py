import numpy as np
from small_answers import slices

from MRIAnomalyLib.evaluation.bootstrap import draws
from MRIAnomalyLib.evaluation.trivial import confounds, trivial_scores

SICK = np.arange(24) % 2 == 1


def rows(change, people=24):
    stacks = [slices(number) for number in range(24)]
    for sick, stack in zip(SICK, stacks, strict=True):
        stack.pixels[stack.mask] += change * sick
    owner = np.arange(24) % people
    return {row["score"]: row for row in confounds([trivial_scores(one) for one in stacks], SICK, owner, draws(people, 50, 0))}


def test_a_set_whose_sick_scans_are_darker_throughout_is_confounded_by_their_mean():
    found = rows(-0.05)
    assert found["mean intensity"]["auroc"] == 1
    assert found["mean intensity"]["confounded"] == "yes"
    assert found["spread of intensity"]["confounded"] == found["background share"]["confounded"] == "no"


def test_a_set_that_differs_in_nothing_is_not():
    assert {row["confounded"] for row in rows(0.0).values()} == {"no"}


def test_many_scans_of_few_people_are_no_proof():
    assert rows(-0.05, people=4)["mean intensity"]["auroc"] == 1
    assert rows(-0.05, people=4)["mean intensity"]["confounded"] == "no"

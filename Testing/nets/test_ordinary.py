import torch

from MRIAnomalyLib.nets.likelihood import Likelihood
from MRIAnomalyLib.nets.ordinary import COMBINED, Ordinary
from MRIAnomalyLib.nets.standard import Standard


def cloud(count=4000):
    """Vectors that differ most in the first of six directions."""
    return 2 + torch.randn(count, 6, generator=torch.Generator().manual_seed(0)) * torch.tensor([5.0, 1, 1, 1, 1, 1])


def test_the_distance_is_that_of_mahalanobis():
    likelihood, vectors = Likelihood(6, 6), cloud()
    likelihood.fit(vectors)
    covariance = torch.cov(vectors.T, correction=0)
    inverse = torch.linalg.inv(covariance + 0.1 * covariance.trace() / 6 * torch.eye(6))
    off = vectors - vectors.mean(0)
    torch.testing.assert_close(likelihood(vectors), ((off @ inverse) * off).sum(1) / 6, rtol=1e-3, atol=1e-4)


def test_few_directions_are_enough_to_tell_what_is_far_for_its_direction():
    likelihood = Likelihood(6, 1)
    likelihood.fit(cloud())
    along, across = likelihood(2 + torch.diag(torch.full((6,), 5.0))[:2])
    assert across > 5 * along
    assert 0.5 < likelihood(cloud()).mean() < 1


def test_the_nearest_vector_lies_in_the_widest_directions():
    likelihood = Likelihood(6, 1)
    likelihood.fit(cloud())
    nearest = likelihood.nearest(cloud(8))
    assert (nearest[:, 1:] - 2).abs().max() < 0.5
    torch.testing.assert_close(likelihood.nearest(nearest), nearest)


def test_vectors_that_are_all_the_same_are_no_reason_to_fail():
    likelihood = Likelihood(6, 4)
    likelihood.fit(torch.ones(10, 6))
    assert (likelihood(torch.ones(2, 6)) == 0).all()


def test_scores_of_different_kinds_count_alike_whatever_their_scale():
    scores = torch.randn(2000, 2, generator=torch.Generator().manual_seed(0)) * torch.tensor([1.0, 100.0]) + torch.tensor([0.0, 7.0])
    standard = Standard(2)
    standard.fit(scores)
    odd = torch.tensor([[3.0, 7.0], [0.0, 307.0]])
    torch.testing.assert_close(standard(odd), torch.tensor([1.5, 1.5]), rtol=0.1, atol=0)


def test_the_combined_score_is_the_mean_of_all_once_each_is_in_units_of_healthy_slices():
    ordinary, random = Ordinary(6, 4, 3), torch.Generator().manual_seed(0)
    ordinary.learn_styles(torch.randn(50, 24, generator=random))
    terms = {name: torch.rand(50, generator=random) for name in COMBINED}
    ordinary.learn_terms(terms)
    assert abs(ordinary.combined(terms).median()) < 0.5
    stranger = {**terms, "pixel": terms["pixel"] + 1}
    assert (ordinary.combined(stranger) > ordinary.combined(terms)).all()


def test_a_style_of_one_layer_that_is_off_is_seen_in_its_own_band():
    ordinary, styles = Ordinary(6, 4, 3), torch.randn(200, 24, generator=torch.Generator().manual_seed(0))
    ordinary.learn_styles(styles)
    odd = styles[:8].clone()
    odd[:, 20:] += 10  # of the last layer
    before, after = ordinary.distances(styles[:8]), ordinary.distances(odd)
    assert (after["fine"] > before["fine"]).all()
    assert (after["mahalanobis"] > before["mahalanobis"]).all()
    assert all(torch.equal(after[name], before[name]) for name in ("coarse", "middle"))

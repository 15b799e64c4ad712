import math

import numpy as np
import pytest
import torch

from MRIAnomalyLib.training.low_rank import LOW_RANK_FORMS, effective_rank, low_rank_loss

ONE_DIRECTION = torch.outer(torch.linspace(-2, 3, 64), torch.linspace(1, 2, 40))


def latents(rows, columns, dtype=torch.float32):
    return torch.randn(rows, columns, generator=torch.Generator().manual_seed(rows), dtype=dtype) + 0.5


def by_numpy(latent, form):
    z = latent.double().numpy()
    if form == "nuclear_norm":
        return np.linalg.svd(z, compute_uv=False).sum()
    centred = z - z.mean(0)
    return np.linalg.svd(centred, compute_uv=False).sum() / np.linalg.norm(centred)


@pytest.mark.parametrize("form", LOW_RANK_FORMS)
@pytest.mark.parametrize("shape", [(64, 40), (16, 100), (32, 32)])
def test_both_forms_are_what_a_singular_value_decomposition_gives(form, shape):
    assert low_rank_loss(latents(*shape), form).item() == pytest.approx(by_numpy(latents(*shape), form), rel=1e-5)


@pytest.mark.parametrize("form", LOW_RANK_FORMS)
@pytest.mark.parametrize("shape", [(7, 4), (4, 7)])
def test_gradients_are_those_of_finite_differences(form, shape):
    assert torch.autograd.gradcheck(lambda z: low_rank_loss(z, form), latents(*shape, torch.float64).requires_grad_(True))


def test_the_gradient_of_the_nuclear_norm_is_the_product_of_the_singular_vectors():
    latent = latents(9, 5, torch.float64).requires_grad_(True)
    low_rank_loss(latent, "nuclear_norm").backward()
    u, _, v = np.linalg.svd(latent.detach().numpy(), full_matrices=False)
    np.testing.assert_allclose(latent.grad.numpy(), u @ v, atol=1e-10)


def test_the_scale_free_form_knows_neither_scale_nor_rotation_and_the_nuclear_norm_knows_scale():
    latent = latents(64, 40)
    rotation = torch.linalg.qr(latents(40, 40))[0]
    free, norm = (low_rank_loss(latent, form).item() for form in ("scale_free", "nuclear_norm"))
    for changed in (0.001 * latent, 1000 * latent, latent @ rotation, latent + 3):
        assert low_rank_loss(changed, "scale_free").item() == pytest.approx(free, rel=1e-4)
    assert low_rank_loss(0.001 * latent, "nuclear_norm").item() == pytest.approx(0.001 * norm, rel=1e-4)


def test_one_direction_gives_one_and_equally_strong_ones_the_root_of_their_number():
    assert low_rank_loss(ONE_DIRECTION, "scale_free").item() == pytest.approx(1, abs=1e-4)
    four = torch.cat([torch.eye(4), -torch.eye(4)])
    assert low_rank_loss(four, "scale_free").item() == pytest.approx(2)


@pytest.mark.parametrize("form", LOW_RANK_FORMS)
@pytest.mark.parametrize("latent", [torch.eye(6), torch.zeros(6, 3), ONE_DIRECTION], ids=["equal", "none", "one"])
def test_equal_and_vanishing_singular_values_have_a_finite_gradient(form, latent):
    latent = latent.clone().requires_grad_(True)
    low_rank_loss(latent, form).backward()
    assert latent.grad.isfinite().all()


def test_vectors_that_are_all_the_same_lose_nothing():
    assert low_rank_loss(torch.ones(8, 3), "scale_free").item() == 0


def test_the_effective_rank_counts_directions_by_their_share_of_the_variance():
    assert effective_rank(ONE_DIRECTION) == pytest.approx(1, abs=1e-4)
    axes = torch.eye(3)[:2]
    assert effective_rank(torch.cat([axes, -axes])) == pytest.approx(2)
    uneven = axes * torch.tensor([[math.sqrt(3)], [1]])  # shares 3/4 and 1/4
    wanted = math.exp(-0.75 * math.log(0.75) - 0.25 * math.log(0.25))
    assert effective_rank(torch.cat([uneven, -uneven])) == pytest.approx(wanted)

import torch

from MRIAnomalyLib.nets.patch_critic import PatchCritic


def critic():
    torch.manual_seed(0)
    return PatchCritic(4).eval()


def test_each_logit_sees_26_pixels():
    slices = torch.rand(1, 1, 64, 64, requires_grad=True)
    logits = critic()(slices)
    assert logits.shape == (1, 1, 16, 16)
    (gradient,) = torch.autograd.grad(logits[0, 0, 8, 8], slices)
    rows, columns = gradient[0, 0].nonzero().T
    assert rows.max() - rows.min() == columns.max() - columns.min() == 25


def test_a_slice_is_judged_alone():
    judge, slices = critic(), torch.rand(3, 1, 32, 32)
    torch.testing.assert_close(judge(slices)[:1], judge(slices[:1]))


def test_the_layers_cannot_stretch_a_difference():
    judge = critic().train()
    slices = torch.rand(2, 1, 32, 32)
    for _ in range(50):
        judge(slices)  # each step brings the estimate of the largest singular value nearer
    for layer in (module for module in judge.modules() if isinstance(module, torch.nn.Conv2d)):
        assert torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item() < 1.05

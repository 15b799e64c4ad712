import torch

from MRIAnomalyLib.training.hiding import grid, random_hidden


def random(seed=0):
    return torch.Generator().manual_seed(seed)


def test_a_grid_hides_a_quarter_and_its_shifts_hide_every_pixel_alike():
    assert (grid(64, 16, 0, 0) > 0).float().mean() == 0.25
    together = sum((grid(64, 16, row, column) > 0).int() for row in range(0, 32, 8) for column in range(0, 32, 8))
    assert (together == 4).all()
    assert grid(32, 8, 3, 5)[3:11, 5:13].all()
    assert not grid(32, 8, 3, 5)[2].any()


def test_a_grid_tells_how_deep_a_pixel_lies_in_its_square():
    assert grid(16, 4, 0, 0)[:4, :4].tolist() == [[1, 1, 1, 1], [1, 2, 2, 1], [1, 2, 2, 1], [1, 1, 1, 1]]
    assert grid(16, 4, 0, 14)[1, :3].tolist() == [2, 1, 0]  # a square that the edge of the image cuts


def test_the_same_generator_state_hides_the_same_and_the_next_draw_hides_something_else():
    one, other = random(3), random(3)
    first = random_hidden(6, 32, one)
    assert torch.equal(first, random_hidden(6, 32, other))
    assert not torch.equal(first, random_hidden(6, 32, one))


def test_every_slice_hides_something_and_shows_something():
    hidden = random_hidden(300, 64, random())
    assert hidden.shape == (300, 1, 64, 64)
    assert set(hidden.unique().tolist()) == {0.0, 1.0}
    share = hidden.mean((1, 2, 3))
    assert share.min() > 0
    assert share.max() < 0.75
    assert 0.15 < share.mean() < 0.35


def test_every_place_is_hidden_about_as_often_as_any_other():
    often = random_hidden(3000, 32, random(1)).mean((0, 1))
    inner = often[4:-4, 4:-4]
    assert inner.max() < 2 * inner.min()
    assert often.min() > 0.05

"""A device that is too small, played by a detector that refuses to hold more than so many slices."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from ellipses import ellipses

from MRIAnomalyLib.detectors import anogan
from MRIAnomalyLib.detectors.base import Detector, create
from MRIAnomalyLib.detectors.memory import is_out_of_memory, redraw
from MRIAnomalyLib.inversion.search import search
from MRIAnomalyLib.records import Reconstruction

OUT_OF_MEMORY = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    RuntimeError("MPS backend out of memory (MPS allocated: 8.00 GB)"),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
]


@dataclass(frozen=True)
class NoConfig:
    seed: int = 0


class Cramped(Detector):
    """Halves each slice; its GPU holds `room` slices at once, and from the slice `spoiled_from` on none at all."""

    def __init__(self, room, error=OUT_OF_MEMORY[0], spoiled_from=np.inf):
        super().__init__(NoConfig())
        self.room, self.error, self.spoiled_from = room, error, spoiled_from
        self.calls = []  # (first slice, slices, device) of those that came through

    def build(self):
        pass

    def modules(self):
        return {}

    def course(self, normals, device):
        raise NotImplementedError

    def reconstruct(self, stack, *, seed=0, device="cpu", steps=None, rows_at_once=None, progress=None):
        first, held = int(stack.level[0]), min(rows_at_once or len(stack), len(stack))
        if device != "cpu" and (held > self.room or first + len(stack) > self.spoiled_from):
            raise self.error
        self.calls.append((first, len(stack), device))
        if progress:
            progress(1, 2)
            progress(2, 2)
        sums = stack.pixels.sum((1, 2, 3))
        return Reconstruction(stack.pixels / 2, {"sum": sums}, latent=sums[:, None])


@pytest.fixture(scope="module")
def stack():
    return numbered(ellipses(20, size=16))


def numbered(stack):
    return type(stack)(stack.pixels, stack.mask, np.arange(len(stack)), stack.subject)


def test_a_gpu_with_room_is_asked_once_and_nothing_is_said(stack):
    detector = Cramped(room=20)
    found = redraw(detector, stack, device="cuda:0")
    assert detector.calls == [(0, 20, "cuda:0")]
    assert (found.device, found.warnings) == ("cuda:0", ())


@pytest.mark.parametrize("error", OUT_OF_MEMORY, ids=["cuda", "mps", "cublas"])
def test_fewer_slices_at_once_give_the_same_answer_and_it_is_said_how_many(stack, error):
    detector = Cramped(room=6, error=error)
    found = redraw(detector, stack, device="cuda")
    assert detector.calls == [(0, 5, "cuda"), (5, 5, "cuda"), (10, 5, "cuda"), (15, 5, "cuda")]
    whole = detector.reconstruct(stack)
    assert np.array_equal(found.reconstruction.healthy, whole.healthy)
    assert np.array_equal(found.reconstruction.terms["sum"], whole.terms["sum"])
    assert np.array_equal(found.reconstruction.latent, whole.latent)
    assert found.reconstruction.mask is None
    assert found.device == "cuda"
    assert found.warnings == ("The GPU ran out of memory: it computed 5 of 20 slices at a time, which takes longer.",)


def test_where_not_even_one_slice_fits_the_cpu_does_the_rest_and_what_is_done_stays_done(stack):
    detector = Cramped(room=20, spoiled_from=13)
    found = redraw(detector, stack, device="cuda")
    assert detector.calls == [(0, 10, "cuda"), (10, 2, "cuda"), (12, 1, "cuda"), (13, 7, "cpu")]
    assert np.array_equal(found.reconstruction.healthy, detector.reconstruct(stack).healthy)
    assert found.device == "cpu"
    assert found.warnings == ("The GPU had too little memory for even one slice: the CPU computed 7 of the 20, which takes longer.",)


def test_a_single_slice_that_does_not_fit_goes_to_the_cpu(stack):
    assert redraw(Cramped(room=0), stack.take(np.array([3])), device="cuda").device == "cpu"


def test_progress_is_told_in_slices_and_ends_with_all_of_them(stack):
    told = []
    redraw(Cramped(room=10), stack, device="cuda", progress=lambda done, total: told.append((done, total)))
    assert told == [(5, 20), (10, 20), (15, 20), (20, 20)]


def test_any_other_error_ends_the_work_and_so_does_a_computer_without_memory(stack):
    with pytest.raises(RuntimeError, match="illegal memory access"):
        redraw(Cramped(room=0, error=RuntimeError("CUDA error: an illegal memory access was encountered")), stack, device="cuda")

    class Full(Cramped):
        def reconstruct(self, stack, **how):
            raise self.error

    with pytest.raises(torch.OutOfMemoryError):
        redraw(Full(room=0), stack, device="cpu")


def test_only_a_device_that_is_full_counts_as_out_of_memory():
    assert all(is_out_of_memory(error) for error in OUT_OF_MEMORY)
    assert not is_out_of_memory(KeyError("out of memory"))
    assert not is_out_of_memory(RuntimeError("shapes do not match"))


def test_anogan_holds_no_more_slices_than_it_is_told_and_finds_the_same(monkeypatch):
    held = []
    monkeypatch.setattr(anogan, "search", lambda *problem: held.append(problem[5].rows_at_once) or search(*problem))
    detector, few = create("anogan", {"width": 4, "image_size": 16}), ellipses(5, size=16)
    free, cramped = (detector.reconstruct(few, steps=12, rows_at_once=rows) for rows in (None, 2))
    assert held == [32, 2]
    np.testing.assert_allclose(cramped.healthy, free.healthy, atol=1e-3)
    np.testing.assert_allclose(cramped.terms["loss"], free.terms["loss"], rtol=1e-3)

import numpy as np
import pytest

from MRIAnomalyLib.bundles.compact import FEWEST, compacted, expanded
from MRIAnomalyLib.errors import BundleError

KERNELS = np.random.default_rng(1).normal(0, [[[[0.1]]], [[[10.0]]]], (2, 256, 4, 4)).astype(np.float16)
MAP = np.cumsum(np.random.default_rng(2).normal(0, 0.01, 5000)).astype(np.float16)


@pytest.mark.parametrize("bits", [6, 7])
@pytest.mark.parametrize("array", [KERNELS, MAP, np.full((3, 2000), 0.25, np.float16), np.zeros(6000, np.float32)])
def test_no_value_moves_by_more_than_half_a_code_of_its_row(array, bits):
    back = expanded(compacted({"a": array}, bits))["a"]
    rows = array.reshape(len(array) if array.ndim > 1 else 1, -1).astype(np.float64)
    most = np.ptp(rows, axis=1, keepdims=True) / (2**bits - 1) / 2
    assert back.shape == array.shape
    assert back.dtype == np.float32
    assert (np.abs(back.reshape(rows.shape) - rows) <= most * 1.001 + 1e-7).all()


def test_weights_take_two_fifths_of_half_precision_and_smooth_maps_less():
    for array, share in ((KERNELS, 0.42), (MAP, 0.35)):
        assert sum(kept.nbytes for kept in compacted({"a": array}).values()) < share * array.nbytes


def test_bytes_come_back_as_they_were_and_take_fewer():
    covered = np.packbits(np.hypot(*np.mgrid[-128:128, -128:128]) < 100)
    kept = compacted({"coverage": covered})
    back = expanded(kept)["coverage"]
    assert back.dtype == np.uint8
    assert np.array_equal(back, covered)
    assert sum(array.nbytes for array in kept.values()) < 0.3 * covered.nbytes


def test_whole_numbers_and_what_is_small_stay_as_they_are():
    arrays = {"batches": np.array(7), "levels": np.arange(FEWEST), "bias": np.linspace(0, 1, FEWEST - 1, dtype=np.float32)}
    assert compacted(arrays) == expanded(arrays) == arrays


def test_codes_that_do_not_fit_their_shape_are_refused():
    kept = compacted({"a": MAP})
    others = ({"a:shape": np.array([4999], np.int32)}, {"a:shape": np.array([5001], np.int32)}, {"a:differences": np.zeros(9, np.uint8)})
    for wrong in others:
        with pytest.raises(BundleError, match="'a' of the bundle cannot be read"):
            expanded({**kept, **wrong})
    with pytest.raises(BundleError, match="'a' of the bundle cannot be read"):
        expanded({name: array for name, array in kept.items() if name != "a:scale"})

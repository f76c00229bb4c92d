from collections import namedtuple

import numpy as np
import pytest

import minigrad as mg
from minigrad.data import default_collate

Pair = namedtuple("Pair", ["left", "right"])


@pytest.mark.parametrize(
    ("samples", "dtype"),
    [
        ([1, 2], mg.int64),
        ([1.0, 2.0], mg.float32),
        ([1, 2.0], mg.float32),
        ([True, False], mg.bool_),
        ([np.float64(1), np.float64(2)], mg.float64),
        ([np.uint8(1), np.uint8(2)], mg.uint8),
        ([np.zeros(3), np.ones(3)], mg.float64),
        ([mg.zeros(3, dtype=mg.float64), mg.ones(3, dtype=mg.float64)], mg.float64),
        ([mg.tensor(1), mg.tensor(2)], mg.int64),
    ],
)
def test_numbers_arrays_and_tensors_become_one_tensor_of_their_dtype(samples, dtype):
    batch = default_collate(samples)
    assert isinstance(batch, mg.Tensor)
    assert batch.dtype == dtype
    assert batch.tolist() == [np.asarray(sample).tolist() for sample in samples]


def test_a_tuple_of_parts_becomes_a_tuple_of_batches():
    data, (label, weight) = default_collate([(mg.zeros(2), (1, 0.5)), (mg.ones(2), (2, 0.25))])
    assert data.tolist() == [[0, 0], [1, 1]]
    assert label.tolist() == [1, 2]
    assert weight.tolist() == [0.5, 0.25]


def test_lists_dicts_and_named_tuples_stay_what_they_are():
    batch = default_collate([{"a": [1, 2], "b": Pair(3, 4)}, {"b": Pair(7, 8), "a": [5, 6]}])
    assert list(batch) == ["a", "b"]
    assert isinstance(batch["a"], list)
    assert [part.tolist() for part in batch["a"]] == [[1, 5], [2, 6]]
    assert isinstance(batch["b"], Pair)
    assert batch["b"].right.tolist() == [4, 8]


def test_strings_become_their_list():
    assert default_collate([("cat", 0), ("dog", 1)])[0] == ["cat", "dog"]


def test_a_batch_shares_no_memory_with_the_samples():
    sample = np.zeros(2)
    batch = default_collate([sample])
    sample[0] = 1
    assert batch.tolist() == [[0, 0]]


def test_gradients_flow_through_a_batch():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    default_collate([x, 3 * x]).sum().backward()
    assert x.grad.tolist() == [4, 4]


def test_no_samples_are_refused():
    with pytest.raises(ValueError, match="default_collate: at least one sample is needed"):
        default_collate([])


def test_other_types_are_refused_with_their_place_and_the_remedy():
    with pytest.raises(
        TypeError, match=r"default_collate: sample\[1\]\['x'\] must be .*got NoneType None(?s:.*)collate_fn"
    ):
        default_collate([(1, {"x": None})])


def test_object_arrays_are_refused():
    with pytest.raises(TypeError, match="object"):
        default_collate([np.array([None])])


def test_samples_of_different_kinds_are_refused_with_both():
    with pytest.raises(TypeError, match=r"sample\[0\] is int 1 in one sample, str 'a' in another"):
        default_collate([(1,), ("a",)])


def test_samples_of_different_shapes_are_refused_with_both_shapes():
    with pytest.raises(ValueError, match=r"sample\[0\] has shape \(2,\) in one sample and \(3,\)(?s:.*)Pad them"):
        default_collate([(mg.zeros(2), 0), (mg.zeros(3), 1)])


def test_tuples_of_different_lengths_are_refused_with_both_lengths():
    with pytest.raises(ValueError, match="sample has length 2 in one sample and 1 in another"):
        default_collate([(1, 2), (1,)])


def test_dicts_of_different_keys_are_refused_with_both_lists():
    with pytest.raises(ValueError, match=r"sample has the keys \['a'\] in one sample and \['b'\] in another"):
        default_collate([{"a": 1}, {"b": 1}])


def test_what_is_no_list_of_samples_is_refused():
    with pytest.raises(TypeError, match="default_collate: a list of samples is needed, got int 5"):
        default_collate(5)

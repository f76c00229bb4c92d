"""Tensors from data, shapes and ranges: values, dtypes, and whose memory they lie in."""

import numpy as np
import pytest

import minigrad as mg

DTYPES = [mg.float32, mg.float64, mg.int8, mg.int16, mg.int32, mg.int64, mg.uint8, mg.bool_]


@pytest.mark.parametrize(
    ("data", "dtype"),
    [
        (1.5, mg.float32),
        (1, mg.int64),
        (True, mg.bool_),
        ([], mg.float32),
        ([[], []], mg.float32),
        ([1, 2.5], mg.float32),
        ([1, True], mg.int64),
        ([True, False], mg.bool_),
        ((1, (2,))[1], mg.int64),
        (range(3), mg.int64),
        (np.float64(1.5), mg.float64),
        (np.int32(1), mg.int32),
        (np.zeros(2), mg.float64),
        (np.zeros(2, np.float32), mg.float32),
        (np.zeros(2, np.uint8), mg.uint8),
        ([np.zeros(2), np.zeros(2)], mg.float64),
        ([np.float64(1.0)], mg.float64),
        ([np.float32(1.0)], mg.float32),
        ([mg.ones(2, dtype=mg.float64)] * 2, mg.float64),
        ([mg.ones(2), mg.ones(2)], mg.float32),
        (mg.ones(2, dtype=mg.int8), mg.int8),
    ],
)
def test_the_data_decide_the_dtype(data, dtype):
    made = mg.tensor(data)
    assert made.dtype == dtype
    np.testing.assert_array_equal(made.numpy(), np.array([np.asarray(each) for each in data] if made.ndim else data))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("make", [mg.zeros, mg.ones, mg.empty])
def test_shapes_are_integers_or_one_sequence(make, dtype):
    for made in (make(2, 3, dtype=dtype), make((2, 3), dtype=dtype), make([2, 3], dtype=dtype)):
        assert made.shape == (2, 3)
        assert made.dtype == dtype
        if make is not mg.empty:  # whose numbers do not matter
            assert (made == (1 if make is mg.ones else 0)).all()
    assert make(()).shape == make().shape == ()
    assert make(mg.tensor(2), np.int64(0)).shape == (2, 0)


@pytest.mark.parametrize("dtype", DTYPES)
def test_likenesses_have_the_shape_and_dtype_of_their_model(dtype):
    model = mg.ones((2, 0, 3), dtype=dtype)
    for made in (mg.zeros_like(model), mg.ones_like(model), mg.empty_like(model), mg.full_like(model, 1)):
        assert (made.shape, made.dtype) == (model.shape, model.dtype)
    assert mg.zeros_like(model, dtype=mg.float64).dtype == mg.float64
    assert mg.ones_like(np.zeros(2, np.int32)).dtype == mg.int32
    assert mg.full_like(mg.zeros(2), 1, requires_grad=True).requires_grad


@pytest.mark.parametrize(
    ("value", "dtype"),
    [(2, mg.int64), (2.0, mg.float32), (True, mg.bool_), (np.float64(2), mg.float64), (mg.tensor(2.0), mg.float32)],
)
def test_the_number_decides_the_dtype_of_full(value, dtype):
    made = mg.full((2, 2), value)
    assert made.dtype == dtype
    assert made.tolist() == [[value, value]] * 2
    assert mg.full(3, value, dtype="float64").dtype == mg.float64


@pytest.mark.parametrize(
    ("arguments", "expected", "dtype"),
    [
        ((5,), [0, 1, 2, 3, 4], mg.int64),
        ((2, 5), [2, 3, 4], mg.int64),
        ((5, 2, -2), [5, 3], mg.int64),
        ((0,), [], mg.int64),
        ((1.0, 3), [1, 2], mg.float32),
        ((0, 1, 0.25), [0, 0.25, 0.5, 0.75], mg.float32),
        ((0, -1, -0.5), [0, -0.5], mg.float32),
        ((np.int64(3),), [0, 1, 2], mg.int64),
        ((mg.tensor(3),), [0, 1, 2], mg.int64),
    ],
)
def test_arange_counts_as_in_pytorch(arguments, expected, dtype):
    made = mg.arange(*arguments)
    assert made.tolist() == expected
    assert made.dtype == dtype
    assert mg.arange(*arguments, dtype=mg.float64, requires_grad=True).requires_grad


def test_linspace_holds_both_ends():
    assert mg.linspace(0, 1, 5).tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert mg.linspace(3, 5, 1).tolist() == [3]
    assert mg.linspace(3, 5, 0).shape == (0,)
    assert mg.linspace(0, 1, 3).dtype == mg.float32
    assert mg.linspace(0, 4, 3, dtype=mg.int64).tolist() == [0, 2, 4]
    assert mg.linspace(1, 0, 3, dtype=mg.float64, requires_grad=True).is_leaf


def test_eye_may_be_wider_than_high():
    assert mg.eye(2).tolist() == [[1, 0], [0, 1]]
    assert mg.eye(2, 3, dtype=mg.int64).tolist() == [[1, 0, 0], [0, 1, 0]]
    assert mg.eye(0).shape == (0, 0)
    assert mg.eye(1, requires_grad=True).requires_grad


def test_tensor_copies_as_tensor_and_from_numpy_share():
    array = np.arange(3.0)
    assert not np.shares_memory(mg.tensor(array).data, array)
    assert np.shares_memory(mg.from_numpy(array).data, array)
    assert np.shares_memory(mg.as_tensor(array).data, array)
    made = mg.as_tensor(array)
    assert mg.as_tensor(made) is made
    assert mg.as_tensor(made, dtype=mg.float64) is made
    assert mg.as_tensor(array, dtype=mg.float32).dtype == mg.float32
    assert mg.as_tensor([1.0]).dtype == mg.float32


def test_a_copy_of_a_tensor_is_a_leaf_outside_of_its_graph():
    x = mg.ones(2, requires_grad=True)
    twin = mg.tensor(2 * x)
    assert twin.is_leaf
    assert not twin.requires_grad


def test_strides_and_byte_order_of_an_array_do_not_matter():
    array = np.arange(6, dtype=">f8").reshape(2, 3).T
    made = mg.tensor(array.astype("<f8"))
    assert made.tolist() == array.tolist()
    assert mg.tensor(array, dtype=mg.float64).dtype.isnative


def test_half_precision_may_be_read_into_another_dtype():
    assert mg.tensor(np.ones(2, np.float16), dtype=mg.float32).tolist() == [1, 1]


def test_the_default_dtype_is_that_of_python_floats_and_empty_shapes():
    mg.set_default_dtype(mg.float64)
    try:
        made = [
            mg.tensor(1.5),
            mg.zeros(1),
            mg.full((1,), 1.5),
            mg.arange(0.0, 1.0),
            mg.eye(1),
            mg.rand(1),
            mg.randn(1),
        ]
        assert {each.dtype for each in made} == {mg.float64}
        assert (mg.tensor([1]) / 2).dtype == mg.float64
        assert mg.tensor(1).dtype == mg.int64
    finally:
        mg.set_default_dtype(mg.float32)

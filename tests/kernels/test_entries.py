"""What machine code reads of an array object is what NumPy says of it."""

import contextlib
import sys
import tracemalloc

import numba
import numpy as np
import pytest

import minigrad_kernels as mk
from minigrad_kernels.elementwise_loops import relu_all, relu_backward_all
from minigrad_kernels.entries import Entries
from tests.kernels.conftest import AS_PYTHON

RELU = Entries(relu_all, np.ndarray, np.ndarray)
RELU_BACKWARD = Entries(relu_backward_all, np.ndarray, np.ndarray, np.ndarray)


class Matrix(np.ndarray):
    """An array of another type."""


def read_only(x):
    x.flags.writeable = False
    return x


MEMORY = np.zeros(40)
X = np.zeros((3, 4))
PAIRS = [
    (X, np.zeros((3, 4)), True),
    (X, X, False),
    (X, X.copy().view(Matrix), False),
    (X, np.zeros((3, 4), np.float32), False),
    (X, np.zeros((3, 4), np.int64), False),
    (X, np.zeros((3, 4), ">f8"), False),
    (X, np.zeros((4, 3)), False),
    (X, np.zeros(12), False),
    (X, np.zeros((3, 4, 1)), False),
    (X, np.zeros((4, 3)).T, False),
    (X, np.zeros((3, 8))[:, ::2], False),
    (X, read_only(np.zeros((3, 4))), False),
    (read_only(np.zeros((3, 4))), np.zeros((3, 4)), True),
    (np.zeros((4, 3)).T, np.zeros((4, 3)).T, False),
    (np.zeros((3, 4))[::-1], np.zeros((3, 4)), False),
    (X, np.zeros(8 * 12 + 1, np.uint8)[1:].view(float).reshape(3, 4), False),
    (np.zeros(8 * 12 + 1, np.uint8)[1:].view(float).reshape(3, 4), X, False),
    (MEMORY[:20], MEMORY[20:], True),
    (MEMORY[20:], MEMORY[:20], True),
    (MEMORY[:20], MEMORY[19:39], False),
    (MEMORY[1:21], MEMORY[:20], False),
    (np.zeros(()), np.ones(()), True),
    (np.zeros(0), np.zeros(0), True),
    (np.zeros((0, 3)), np.zeros((0, 4)), False),
    (np.zeros((1, 1, 1, 1, 2)), np.zeros((1, 1, 1, 1, 2)), True),
    (X, None, False),
    (X, [0.0] * 12, False),
    (X, np.float64(1), False),
]


@pytest.mark.parametrize("number", range(len(PAIRS)))
def test_an_array_is_filled_if_it_fits_and_nothing_else_is(number):
    x, out, expected = PAIRS[number]
    if out is None:
        pytest.skip("None asks for a new array")
    before = np.array(out)
    assert RELU.entry(np.dtype(float))(x, out) is (out if expected else None)
    assert RELU_BACKWARD.entry(np.dtype(float))(x, x, out) is (out if expected else None)
    assert expected or np.array_equal(np.array(out), before)


@pytest.mark.parametrize("number", range(len(PAIRS)))
def test_two_operands_match_if_they_are_of_one_class_dtype_and_shape_and_contiguous(number):
    x, y, fits = PAIRS[number]
    # Unlike `out`, an operand may be read-only, and overlap the other one.
    expected = fits or (type(y) is np.ndarray and y.dtype is x.dtype and y.shape == x.shape)
    for array in (x, y) if expected else ():
        expected = expected and array.flags.c_contiguous and array.flags.aligned
    assert (RELU_BACKWARD.entry(np.dtype(float))(x, y, None) is not None) == expected


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_loop_runs_over_all_numbers_of_any_shape_and_no_others(dtype):
    entry = RELU.entry(np.dtype(dtype))
    for shape in [(), (1,), (7,), (2, 3), (3, 1, 5), (0,), (2, 0)]:
        size = int(np.prod(shape))
        memory, x = np.full(size + 2, 9, dtype), np.arange(1, size + 1, dtype=dtype).reshape(shape)
        out = memory[1:-1].reshape(shape)
        assert entry(x, out) is out
        assert np.array_equal(memory, [9, *range(1, size + 1), 9])
        result = entry(x, None)
        assert type(result) is np.ndarray
        assert result.dtype == dtype
        assert result.flags.carray
        assert result.flags.owndata
        assert np.array_equal(result, x)
        assert result.shape == shape


# In plain Python there is nothing to count, and NumPy's own np.zeros keeps a reference to the dtype at each call.
compiled_only = pytest.mark.skipif(AS_PYTHON or numba.config.DISABLE_JIT, reason="plain Python counts by itself")


def references_kept(call, objects):
    """How many references more there are to each object after a hundred calls."""
    counts = [[], []]
    for count in counts:
        for number in range(len(objects)):
            count.append(sys.getrefcount(objects[number]))
        if count is counts[0]:
            for _ in range(100):
                call()
    return [after - before for before, after in zip(*counts)]


@compiled_only
def test_no_reference_is_kept_or_lost():
    x, out, grad, weight, bias = np.ones((3, 4)), np.zeros((3, 4)), np.ones((3, 2)), np.ones((2, 4)), np.ones(2)
    labels, dtype = np.zeros(3, np.int64), np.dtype(float)
    row = np.ones(4)
    objects = x, out, grad, weight, bias, row, labels, dtype, None, np.ndarray
    calls = [
        lambda: mk.relu(x),
        lambda: mk.relu(x, out),
        lambda: mk.relu_backward(x, x, out),
        lambda: mk.matmul(x, weight.T),
        lambda: mk.linear(x, weight, bias, "relu"),
        lambda: mk.linear(x, weight, None, "none", grad.copy()),
        lambda: mk.linear_backward(grad, x, None, grad, "tanh"),
        lambda: mk.linear_backward(grad, None, weight, None, "none", False),
        lambda: mk.squared_errors(x, out),
        lambda: mk.cross_entropy_rows(x, labels, reduction="none"),
        lambda: mk.softmax_rows_backward(x, out),
        lambda: mk.sum_axes(x),
        lambda: mk.column_sums(x),
        lambda: mk.bias_activation(out, row),
        # What does not fit, and what is refused.
        lambda: RELU.entry(dtype)(x, x),
        lambda: RELU_BACKWARD.entry(dtype)(x, labels, out),
        lambda: mk.relu(x.T),
        lambda: refused(mk.linear, x, weight.T),
        lambda: refused(mk.logits_cross_entropies, x, out - 1),
        lambda: refused(mk.cross_entropy_rows, x, labels - 1),
    ]
    for call in calls:
        call()
        # The interpreter itself keeps a few references to None and to classes meanwhile, but not one a call.
        assert max(map(abs, references_kept(call, objects))) < 50


def refused(function, *arguments):
    """Call a function that raises. What pytest.raises keeps of it holds the arguments."""
    with contextlib.suppress(ValueError, IndexError):
        function(*arguments)
        pytest.fail("accepted")


@compiled_only
def test_memory_does_not_grow():
    x, weight, labels = np.ones((64, 32)), np.ones((16, 32)), np.zeros(64, np.int64)
    grad = mk.linear(x, weight, None, "tanh")

    def call():
        mk.linear_backward(grad, x, weight, grad, "tanh")
        mk.cross_entropy_rows(x, labels)
        mk.squared_errors_backward(np.ones(()), x, x)
        with contextlib.suppress(IndexError):
            mk.cross_entropy_rows(x, labels - 1)

    call()
    tracemalloc.start()
    try:
        for _ in range(20):
            call()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(50):
            call()
        # NumPy reports its arrays' memory to tracemalloc: one array that is kept is 4 kB or more, fifty are 200.
        assert tracemalloc.get_traced_memory()[0] - before < 20_000
    finally:
        tracemalloc.stop()

"""What machine code reads of an array object is what NumPy says of it."""

import numba
import numpy as np
import pytest

from minigrad_kernels.elementwise_loops import relu_all, relu_backward_all
from minigrad_kernels.operands import OperandKernel, fit

RELU = OperandKernel("relu", relu_all, 2)
RELU_BACKWARD = OperandKernel("relu_backward", relu_backward_all, 3)


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
def test_operands_fit_if_a_flat_loop_can_fill_one_from_the_other(number):
    x, out, expected = PAIRS[number]
    assert fit(x, out) is expected
    assert RELU.entry(np.dtype(float))(x, out) is expected
    assert RELU_BACKWARD.entry(np.dtype(float))(x, x, out) is expected


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_loop_runs_over_all_numbers_of_any_shape_and_no_others(dtype):
    entry = RELU.entry(np.dtype(dtype))
    for shape in [(), (1,), (7,), (2, 3), (3, 1, 5), (0,), (2, 0)]:
        size = int(np.prod(shape))
        memory, x = np.full(size + 2, 9, dtype), np.arange(1, size + 1, dtype=dtype).reshape(shape)
        assert entry(x, memory[1:-1].reshape(shape)) is True
        assert np.array_equal(memory, [9, *range(1, size + 1), 9])


def test_what_does_not_fit_is_left_as_it_was():
    x, out = np.ones(4), np.zeros((2, 2))
    assert RELU.entry(np.dtype(float))(x, out) is False
    assert not out.any()


def test_compiled_code_calls_kernels_with_its_own_arrays():
    @numba.njit
    def double_of_relu(x, out):
        done = relu_all(x, out)
        out *= 2
        return done

    x, out = np.array([[-1.0, 2.0]]), np.empty((1, 2))
    assert double_of_relu(x, out) is True
    assert np.array_equal(out, [[0.0, 4.0]])
    assert double_of_relu(x, np.empty((2, 1))) is False

"""Integers beside index arrays: PyTorch selects the integers first, NumPy counts them as arrays."""

import numpy as np
import pytest

import minigrad as mg

INDICES = {
    "number, slice, array": ((0, slice(None), [0, 1]), (3, 2)),
    "slice, number, slice, array": ((slice(None), 1, slice(None), [0, 2, 1]), (2, 4, 3)),
    "array, slice, number": (([1, 0], slice(None), slice(None), 2), (2, 3, 4)),
    "number, Ellipsis, array": ((1, Ellipsis, [4, 0]), (3, 4, 2)),
    "number, slice, mask": ((0, slice(None), [True, False, True, True]), (3, 3, 5)),
    "None, array, slice, number": ((None, [1], slice(None), 2), (1, 1, 3, 5)),
    "number and array side by side": ((slice(None), 0, [0, 1]), (2, 2, 5)),
}


def by_hand(array, index):
    """Select by the integers first, from the last axis to the first, then by what is left."""
    parts = list(index)
    if Ellipsis in parts:
        place = parts.index(Ellipsis)
        parts[place : place + 1] = [slice(None)] * (array.ndim - len([part for part in parts if part is not None]) + 1)
    axes, along = [], 0
    for place, part in enumerate(parts):
        if isinstance(part, int) and not isinstance(part, bool):
            axes.append((along, place, part))
        along += part is not None
    for axis, place, number in reversed(axes):
        array = np.take(array, number, axis)
        del parts[place]
    return array[tuple(parts)]


@pytest.mark.parametrize(("index", "shape"), INDICES.values(), ids=INDICES)
def test_integers_select_before_arrays_do(index, shape):
    array = np.random.default_rng(0).standard_normal((2, 3, 4, 5))
    if "side" not in str(index) and len(index) == 3 and index[0] == 0 and index[2] == [0, 1]:
        array = array[..., 0]
    chosen = mg.tensor(array)[index]
    assert chosen.shape == shape
    np.testing.assert_array_equal(chosen.numpy(), by_hand(array, index))


def test_writing_and_the_gradients_go_to_the_same_elements():
    array = np.random.default_rng(1).standard_normal((2, 3, 4))
    index = (0, slice(None), [0, 2])
    x = mg.tensor(array, requires_grad=True)
    weights = np.arange(1.0, 7.0).reshape(3, 2)
    (x[index] * weights).sum().backward()
    expected = np.zeros((2, 3, 4))
    expected[0][:, [0, 2]] = weights
    np.testing.assert_array_equal(x.grad.numpy(), expected)

    y = mg.zeros(2, 3, 4, dtype=mg.float64)
    value = mg.tensor(weights, requires_grad=True)
    y[index] = value
    np.testing.assert_array_equal(y.detach().numpy(), expected)
    (y * array).sum().backward()
    np.testing.assert_array_equal(value.grad.numpy(), array[0][:, [0, 2]])


def test_an_integer_tensor_without_axes_selects_like_an_integer():
    x = mg.tensor([[1.0, 2.0], [3.0, 4.0]])
    row = x[mg.tensor(1)]
    row[0] = 9.0
    assert x.tolist() == [[1.0, 2.0], [9.0, 4.0]]


def test_elements_cannot_be_deleted():
    x = mg.ones(3)
    with pytest.raises(TypeError, match=r"(?s)del x\[index\]: .*Select those to keep"):
        del x[0]
    assert x.shape == (3,)


@pytest.mark.parametrize("index", [(slice(None), [0, 1, 1], Ellipsis, [0, 2, 3]), ([1, 0], Ellipsis, [1, 2], [0, 3])])
def test_an_ellipsis_of_no_axis_separates_no_arrays(index):
    array = np.random.default_rng(0).standard_normal((2, 3, 4))
    expected = array[tuple([part for part in index if part is not Ellipsis])]
    x = mg.tensor(array)
    assert np.array_equal(x[index].numpy(), expected)
    x[index] = -mg.tensor(expected)
    assert np.array_equal(x[index].numpy(), -expected)


def test_an_index_into_nothing_has_a_gradient_of_nothing():
    x = mg.zeros(2, 1, 0, requires_grad=True)
    x[[1, 1], mg.tensor([[0, -1], [-1, 0], [0, 0]])].sum().backward()
    assert x.grad.shape == (2, 1, 0)

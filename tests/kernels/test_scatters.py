"""Adding at places agrees with its definition in plain loops, number for number: both add in the same order."""

import numpy as np
import pytest

import minigrad_kernels as mk

FLOATS = [np.float32, np.float64]
SHAPES = [
    ((5, 3), 0),
    ((5, 3), 1),
    ((7,), 0),
    ((2, 4, 3), 1),
    ((2, 1, 17), 1),
    ((3, 4, 1), 1),
    ((0, 3), 1),
    ((3, 0), 0),
]


def naive_index_add(out, axis, index, source):
    for number, place in enumerate(index):
        key = (slice(None),) * axis
        out[(*key, place)] += source[(*key, number)]


def naive_scatter_add(out, axis, index, source):
    for place in np.ndindex(index.shape):
        target = list(place)
        target[axis] = index[place]
        out[tuple(target)] += source[place]


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("count", [0, 1, 9])
@pytest.mark.parametrize(("shape", "axis"), SHAPES, ids=str)
def test_slices_are_added_one_after_the_other(shape, axis, count, dtype, generator):
    index = generator.integers(0, max(shape[axis], 1), count if shape[axis] else 0)
    source = generator.standard_normal((*shape[:axis], index.size, *shape[axis + 1 :])).astype(dtype)
    start = generator.standard_normal(shape).astype(dtype)
    out, expected = start.copy(), start.copy()
    naive_index_add(expected, axis, index, source)
    assert mk.index_add(out, axis, index, source) is out
    np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(("shape", "axis"), SHAPES, ids=str)
def test_numbers_are_added_one_after_the_other(shape, axis, dtype, generator):
    # Longer than out along the axis, and shorter along the others.
    lengths = [max(length - 1, 0) for length in shape]
    for along, length in ((axis, 6), (axis, 1)):
        lengths[along] = length if shape[axis] else 0
        for part in (lengths, [*shape[:axis], lengths[axis], *shape[axis + 1 :]]):
            index = generator.integers(0, max(shape[axis], 1), part)
            source = generator.standard_normal(part).astype(dtype)
            out, expected = np.ones(shape, dtype), np.ones(shape, dtype)
            naive_scatter_add(expected, axis, index, source)
            assert mk.scatter_add(out, axis, index, source) is out
            np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize("kind", [np.int64, np.int32, np.uint8])
def test_any_layout_and_integer_dtype_will_do(in_layout, kind, generator):
    source = generator.standard_normal((4, 6))
    index = generator.integers(0, 5, (4, 6)).astype(kind)
    expected = np.zeros((4, 5))
    naive_scatter_add(expected, 1, index, source)
    np.testing.assert_array_equal(mk.scatter_add(np.zeros((4, 5)), 1, in_layout(index), in_layout(source)), expected)
    np.testing.assert_array_equal(mk.scatter_add(np.zeros((5, 4)).T, 1, index, in_layout(source)), expected)
    rows = np.array([3, 0, 3, 3], kind)
    expected = np.zeros((5, 6))
    naive_index_add(expected, 0, rows, source)
    np.testing.assert_array_equal(mk.index_add(np.zeros((5, 6)), 0, rows, in_layout(source)), expected)
    np.testing.assert_array_equal(mk.index_add(np.zeros((10, 6))[::2], 0, rows, source), expected)


@pytest.mark.parametrize("bad", [-1, 3, -(2**62)])
def test_an_index_out_of_range_is_named_and_nothing_added(bad):
    out = np.zeros((3, 2))
    with pytest.raises(IndexError, match=rf"\[0, 3\).*axis 0.*{bad} at position 1"):
        mk.index_add(out, 0, np.array([0, bad]), np.ones((2, 2)))
    with pytest.raises(IndexError, match=rf"\[0, 3\).*axis 0.*{bad} at position 3"):
        mk.scatter_add(out, 0, np.array([[0, 0], [0, bad]]), np.ones((2, 2)))
    assert not out.any()


@pytest.mark.parametrize("kind", [np.int64, np.int8, np.uint8])
def test_the_first_number_that_is_no_place_is_found(in_layout, kind):
    index = np.arange(12).reshape(3, 4).astype(kind)
    for length, position in ((12, -1), (11, 11), (5, 5), (0, 0)):
        assert mk.first_outside(in_layout(index), length) == position
    if kind != np.uint8:
        index[1, 2] = -1
        assert mk.first_outside(in_layout(index), 12) == 6
    assert mk.first_outside(np.zeros((0, 2), kind), 0) == -1


REFUSED = {
    "integers": (TypeError, "float32 or float64", (np.zeros(3, int), 0, np.zeros(1, int), np.zeros(1, int))),
    "two dtypes": (TypeError, "one dtype", (np.zeros(3), 0, np.zeros(1, int), np.zeros(1, np.float32))),
    "floats as index": (TypeError, "integers", (np.zeros(3), 0, np.zeros(1), np.zeros(1))),
    "no index": (TypeError, "list", (np.zeros(3), 0, [0], np.zeros(1))),
    "axis": (ValueError, "axis", (np.zeros(3), 1, np.zeros(1, int), np.zeros(1))),
    "shape": (ValueError, r"\(3, 2\).*\(1,\).*\(1, 3\)", (np.zeros((3, 2)), 0, np.zeros(1, int), np.zeros((1, 3)))),
    "read-only": (ValueError, "read-only", (np.broadcast_to(np.zeros(1), 3), 0, np.zeros(1, int), np.zeros(1))),
}


@pytest.mark.parametrize(("kind", "words", "arguments"), REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("function", [mk.index_add, mk.scatter_add], ids=["index_add", "scatter_add"])
def test_what_does_not_fit_is_refused(function, kind, words, arguments):
    with pytest.raises(kind, match=words):
        function(*arguments)

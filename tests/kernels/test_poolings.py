"""Poolings and their transposes against naive loops."""

import re

import numpy as np
import pytest

import minigrad_kernels as mk
from minigrad_kernels import Pooling
from minigrad_kernels.pooling_windows import windows_of
from tests.kernels.conftest import AS_PYTHON

FLOATS = (np.float32, np.float64)
POOLINGS = {
    "plain": Pooling(2, (4, 6), (2, 3), (2, 2), (2, 2)),
    "overlapping": Pooling(2, (5, 7), (4, 5), (2, 3)),
    "padded": Pooling(2, (4, 5), (3, 3), (3, 3), (2, 2), (1, 1)),
    "uneven": Pooling(2, (5, 6), (5, 4), (2, 3), (1, 2), (0, 1)),
    "beyond the end": Pooling(2, (5, 5), (3, 3), (2, 2), (2, 2)),
    "padding not counted": Pooling(2, (4, 5), (3, 3), (3, 3), (2, 2), (1, 1), count_padding=False),
    "divisor": Pooling(2, (3, 4), (2, 2), (2, 2), (1, 2), divisor=-7),
    "adaptive": Pooling(2, (7, 5), (3, 4)),
    "adaptive, more": Pooling(2, (2, 3), (5, 7)),
    "of everything": Pooling(2, (4, 21), (1, 1)),
    "one row": Pooling(1, (1, 9), (1, 4), (1, 2), (1, 2)),
    "wider than a vector": Pooling(2, (3, 43), (2, 41), (2, 3)),
}
DILATED = {
    "dilated": Pooling(2, (6, 7), (4, 3), (2, 3), (1, 1), (0, 0), (2, 2)),
    "dilated, padded": Pooling(2, (5, 6), (3, 3), (2, 2), (2, 2), (1, 1), (2, 3)),
    "a window without numbers": Pooling(2, (2, 5), (1, 4), (2, 2), (1, 1), (1, 0), (3, 1)),
}
ALL = {**POOLINGS, **DILATED}


def spans(pooling, axis):
    """For each window along an axis its places in the image, and how many places a mean counts."""
    length, kernel, before = pooling.image[axis], pooling.kernel[axis], pooling.before[axis]
    found = []
    for i in range(pooling.result[axis]):
        if kernel == 0:
            count = pooling.result[axis]
            inside = list(range(i * length // count, -(-(i + 1) * length // count)))
            counted = len(inside)
        else:
            start = i * pooling.stride[axis] - before
            places = [start + k * pooling.dilation[axis] for k in range(kernel)]
            inside = [place for place in places if 0 <= place < length]
            counted = len([place for place in places if place < length + before])
        found.append((inside, counted if pooling.count_padding else len(inside)))
    return found


def naive(pooling, image, grad):
    """The largest numbers and their places, the means, and both gradients, of one image, by the definition."""
    rows, columns = spans(pooling, 0), spans(pooling, 1)
    largest, places, means = np.zeros(pooling.result), np.zeros(pooling.result, int), np.zeros(pooling.result)
    of_largest, of_means = np.zeros(pooling.image), np.zeros(pooling.image)
    for i, (inside_rows, row_count) in enumerate(rows):
        for j, (inside_columns, column_count) in enumerate(columns):
            best, place, total = -np.inf, None, 0.0
            for row in inside_rows:
                for column in inside_columns:
                    number = float(image[row, column])
                    total += number
                    if place is None or number > best or np.isnan(number):
                        best, place = number, (row, column)
            largest[i, j] = best
            places[i, j] = -1 if place is None else place[0] * pooling.image[1] + place[1]
            if place is not None:
                of_largest[place] += grad[i, j]
            divisor = pooling.divisor or row_count * column_count
            means[i, j] = total / divisor if divisor else 0.0
            for row in inside_rows:
                for column in inside_columns:
                    of_means[row, column] += grad[i, j] / divisor
    return largest, places, means, of_largest, of_means


def operands(generator, pooling, dtype):
    """Images whose numbers are often equal, and gradients."""
    lengths = [pooling.image, pooling.result]
    x, grad = [(2, 3, *each) for each in lengths]
    return generator.integers(-3, 4, x).astype(dtype), generator.standard_normal(grad).astype(dtype)


def in_axes(pooling, x):
    """An array with the axes that the pooling has."""
    return x if pooling.axes == 2 else x.reshape(*x.shape[:-2], x.shape[-1])


def twins_of(pooling, x, grad):
    """What `naive` returns for each of a batch of images."""
    images, grads = x.reshape(-1, *pooling.image), grad.reshape(-1, *pooling.result)
    found = [naive(pooling, image, slopes) for image, slopes in zip(images, grads)]
    return [np.stack(each) for each in zip(*found)]


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", ALL)
def test_the_largest_number_and_its_place_match_the_naive_twin(generator, name, dtype):
    pooling = ALL[name]
    x, grad = operands(generator, pooling, dtype)
    largest, places, _, of_largest, _ = twins_of(pooling, x, grad)
    out, found = mk.max_pooling(in_axes(pooling, x), pooling)
    assert (out.dtype, found.dtype) == (dtype, np.int64)
    assert np.array_equal(out.reshape(largest.shape), largest)
    assert np.array_equal(found.reshape(places.shape), places)
    gradient = mk.max_pooling_backward(in_axes(pooling, grad), found, pooling)
    # At most as many gradients meet at a place as there are windows.
    np.testing.assert_allclose(gradient.reshape(of_largest.shape), of_largest, rtol=1e-5, atol=1e-5)
    taken = mk.taken_at_places(in_axes(pooling, x), found, pooling)
    assert np.array_equal(taken, np.where(found < 0, 0, out))


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", POOLINGS)
def test_the_means_match_the_naive_twin(generator, name, dtype):
    pooling = POOLINGS[name]
    x, grad = operands(generator, pooling, dtype)
    _, _, means, _, of_means = twins_of(pooling, x, grad)
    out = mk.mean_pooling(in_axes(pooling, x), pooling)
    gradient = mk.mean_pooling_backward(in_axes(pooling, grad), pooling)
    assert out.dtype == gradient.dtype == dtype
    # Sums of at most 84 small integers are exact; those of the gradients round once for each.
    np.testing.assert_allclose(out.reshape(means.shape), means, rtol=2 * np.finfo(dtype).eps)
    bound = 200 * np.finfo(dtype).eps * abs(grad).max()
    np.testing.assert_allclose(gradient.reshape(of_means.shape), of_means, rtol=0, atol=bound)


def test_nan_infinity_and_equal_numbers():
    pooling = Pooling(2, (3, 3), (1, 1), (3, 3))
    nan, inf = np.nan, np.inf
    for image, value, place in [
        ([[1, 2, 2], [2, 0, 2], [0, 0, 0]], 2, 1),
        ([[0, -0.0, 0], [0, 0, 0], [0, 0, 0]], 0, 0),
        ([[0, nan, 0], [nan, inf, 0], [0, 0, 0]], nan, 3),
        ([[nan, 1, 2], [3, 4, 5], [6, 7, 8]], nan, 0),
        ([[-inf] * 3] * 3, -inf, 0),
        ([[-inf] * 3, [-inf, inf, inf], [-inf] * 3], inf, 4),
    ]:
        out, places = mk.max_pooling(np.array(image, float), pooling)
        assert np.array_equal(out[0, 0], value, equal_nan=True)
        assert places[0, 0] == place


def test_any_layout_and_batch(generator):
    pooling = POOLINGS["padded"]
    x, grad = operands(generator, pooling, np.float64)
    out, places = mk.max_pooling(x, pooling)
    means, spread = mk.mean_pooling(x, pooling), mk.mean_pooling_backward(grad, pooling)
    added = mk.max_pooling_backward(grad, places, pooling)
    wide = np.repeat(x, 2, -1)[..., ::2]
    for other in (np.array(x.T, order="C").T, wide, x.astype(">f8"), x[::-1].copy()[::-1]):
        assert np.array_equal(mk.max_pooling(other, pooling)[0], out)
        assert np.array_equal(mk.mean_pooling(other, pooling), means)
    other = np.array(grad.T, order="C").T
    assert np.array_equal(mk.max_pooling_backward(other, places.astype(np.int32), pooling), added)
    assert np.array_equal(mk.mean_pooling_backward(other, pooling), spread)
    assert np.array_equal(mk.mean_pooling(x[1, 2], pooling), means[1, 2])
    for function in (mk.mean_pooling, lambda empty, pooling: mk.max_pooling(empty, pooling)[0]):
        assert function(np.zeros((0, 4, 5)), pooling).shape == (0, 3, 3)


def test_places_outside_the_image_are_left_out():
    pooling = Pooling(1, (1, 3), (1, 2), (1, 2))
    places = np.array([5, -1])
    assert not mk.max_pooling_backward(np.ones(2), places, pooling).any()
    assert not mk.taken_at_places(np.ones(3), places, pooling).any()


def test_the_tables_say_where_windows_lie():
    windows = windows_of(POOLINGS["padded"])
    assert windows.rows.tolist() == [0, 2, 1, 4, 3, 4]
    assert windows.columns.reshape(2, -1)[:, :3].tolist() == [[0, 1, 3], [2, 4, 5]]
    assert windows.divisors.tolist() == [3, 3, 2, 3, 3, 3]


@pytest.mark.parametrize(
    ("call", "error", "parts"),
    [
        (lambda: mk.max_pooling(np.ones((4, 5)), POOLINGS["plain"]), ValueError, ["(..., 4, 6)", "(4, 5)"]),
        (lambda: mk.mean_pooling(np.ones(6), POOLINGS["plain"]), ValueError, ["x", "(..., 4, 6)", "(6,)"]),
        (lambda: mk.mean_pooling(np.ones((4, 6), int), POOLINGS["plain"]), TypeError, ["int64", "np.asarray"]),
        (lambda: mk.mean_pooling_backward(np.ones((4, 6)), POOLINGS["plain"]), ValueError, ["grad", "(..., 2, 3)"]),
        (lambda: mk.max_pooling([[1.0]], POOLINGS["plain"]), TypeError, ["came list"]),
        (
            lambda: mk.max_pooling_backward(np.ones((2, 3)), np.ones((2, 3)), POOLINGS["plain"]),
            TypeError,
            ["places", "float64", "max_pooling"],
        ),
        (
            lambda: mk.taken_at_places(np.ones((4, 6)), np.ones((2, 2), int), POOLINGS["plain"]),
            ValueError,
            ["(2, 3)", "(2, 2)"],
        ),
    ],
)
def test_errors_say_what_was_needed_and_what_came(call, error, parts):
    with pytest.raises(error, match=re.escape("needed")) as caught:
        call()
    for part in parts:
        assert part in str(caught.value)


@pytest.mark.skipif(AS_PYTHON, reason="takes minutes in plain Python")
def test_large_images(generator):
    x = generator.standard_normal((3, 200, 300)).astype(np.float32)
    pooling = Pooling(2, (200, 300), (50, 60), (4, 5), (4, 5))
    blocks = x.reshape(3, 50, 4, 60, 5).transpose(0, 1, 3, 2, 4).reshape(3, 50, 60, 20)
    out, places = mk.max_pooling(x, pooling)
    assert np.array_equal(out, blocks.max(-1))
    assert np.array_equal(np.take_along_axis(x.reshape(3, -1), places.reshape(3, -1), 1), out.reshape(3, -1))
    # 20 numbers around 1, summed in one order or another.
    np.testing.assert_allclose(mk.mean_pooling(x, pooling), blocks.mean(-1), atol=20 * np.finfo(np.float32).eps)

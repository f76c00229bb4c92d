"""Convolutions, their transposes and their weights' gradients against naive loops, at every layout and vector width."""

import itertools
import os
import re
import subprocess
import sys

import numpy as np
import pytest

import minigrad_kernels as mk
from minigrad_kernels import Geometry, convolutions, machine
from tests.kernels.conftest import AS_PYTHON

FLOATS = (np.float32, np.float64)


def geometry_of(image, kernel, stride=(1, 1), before=(0, 0), dilation=(1, 1), channels=2, filters=3, groups=1, more=0):
    """A convolution whose result is as long as its padding allows; `more` lengthens the image behind what is seen."""
    result = []
    for axis in (0, 1):
        room = image[axis] - more + 2 * before[axis] - dilation[axis] * (kernel[axis] - 1) - 1
        result.append(room // stride[axis] + 1)
    return Geometry(2, channels, filters, groups, image, kernel, tuple(result), stride, before, dilation)


# Vectors of channels; of images there are more than a tile has rows.
MANY_CHANNELS = {
    "many channels": geometry_of((2, 2), (3, 3), before=(1, 1), channels=16, filters=16),
    "many channels, stride": geometry_of((4, 3), (3, 2), (2, 2), (1, 0), channels=17, filters=16),
    "many channels, in place": geometry_of((2, 1), (1, 1), channels=32, filters=35),
}
# What is different: strides of each axis below, at and above the kernel, zeros before and none, rows narrower and wider
# than a vector, images in one block and several, and each number of filters that tiles treat in their own way.
GEOMETRIES = {
    "plain": geometry_of((5, 6), (2, 3)),
    "one number": geometry_of((1, 1), (1, 1), channels=1, filters=1),
    "kernel of one": geometry_of((4, 5), (1, 1)),
    "as large as the image": geometry_of((3, 4), (3, 4)),
    "padded": geometry_of((4, 3), (3, 3), before=(1, 2)),
    "padded beyond the kernel": geometry_of((2, 3), (2, 2), before=(3, 4)),
    "stride 2": geometry_of((7, 8), (3, 2), (2, 2), (1, 0)),
    "stride 3 above the kernel": geometry_of((8, 9), (2, 1), (3, 3), (1, 1)),
    "other strides": geometry_of((6, 9), (2, 3), (1, 2), (0, 1)),
    "dilated": geometry_of((8, 7), (2, 3), dilation=(3, 2), before=(1, 1)),
    "dilated, stride": geometry_of((9, 10), (3, 2), (2, 3), (2, 2), (2, 3)),
    "longer than seen": geometry_of((9, 9), (2, 2), (3, 2), more=2),
    "groups": geometry_of((4, 4), (2, 2), channels=2, filters=2, groups=3),
    "each channel alone": geometry_of((5, 4), (3, 3), before=(1, 1), channels=1, filters=1, groups=4),
    "1 filter": geometry_of((5, 5), (2, 2), filters=1),
    "9 filters": geometry_of((4, 6), (2, 2), (1, 1), (1, 1), filters=9, channels=1),
    "14 filters": geometry_of((4, 5), (2, 2), filters=14, channels=5),
    "wide": geometry_of((3, 70), (2, 3), before=(1, 1), filters=9, channels=1),
    "wide, stride 2": geometry_of((3, 71), (2, 3), (1, 2), before=(1, 1), filters=2, channels=1),
    "one position": geometry_of((2, 3), (2, 3), channels=3, filters=4),
    **MANY_CHANNELS,
    "one row": geometry_of((1, 40), (1, 5), (1, 1), (0, 2), channels=3, filters=5),
}
LARGE = geometry_of((61, 90), (3, 3), before=(1, 1), channels=3, filters=10)
every_geometry = pytest.mark.parametrize("name", GEOMETRIES)


def places_of(geometry):
    """Each (position, tap, place in the image) as pairs of indices, without places outside."""
    found = []
    ranges = [range(length) for length in (*geometry.result, *geometry.kernel)]
    for i, j, k, l in itertools.product(*ranges):
        row = i * geometry.stride[0] + k * geometry.dilation[0] - geometry.before[0]
        column = j * geometry.stride[1] + l * geometry.dilation[1] - geometry.before[1]
        if 0 <= row < geometry.image[0] and 0 <= column < geometry.image[1]:
            found.append(((i, j), (k, l), (row, column)))
    return found


def naive(geometry, x, weight, grad):
    """The result without a bias, the image's gradient and the weight's, in float64, by the definition."""
    x, weight, grad = [np.asarray(each, float) for each in (x, weight, grad)]
    result, grad_x, grad_weight = np.zeros(grad.shape), np.zeros(x.shape), np.zeros(weight.shape)
    for position, tap, place in places_of(geometry):
        for f in range(geometry.groups * geometry.filters):
            for c in range(geometry.channels):
                channel = f // geometry.filters * geometry.channels + c
                result[:, f][(..., *position)] += weight[(f, c, *tap)] * x[:, channel][(..., *place)]
                grad_x[:, channel][(..., *place)] += weight[(f, c, *tap)] * grad[:, f][(..., *position)]
                grad_weight[(f, c, *tap)] += np.sum(x[:, channel][(..., *place)] * grad[:, f][(..., *position)])
    return result, grad_x, grad_weight


def operands(generator, geometry, dtype, images=2):
    """x, weight, bias of the result, bias of the image, and grad."""
    filters, channels = geometry.groups * geometry.filters, geometry.groups * geometry.channels
    shapes = [(images, channels, *geometry.image), (filters, geometry.channels, *geometry.kernel)]
    shapes += [(filters,), (channels,), (images, filters, *geometry.result)]
    return [generator.standard_normal(shape).astype(dtype) for shape in shapes]


def assert_near(result, exact, size, terms):
    """A sum of so many products rounds once for each; `size` is the sum of the products' sizes."""
    assert result.shape == exact.shape
    assert np.all(abs(result - exact) <= 2 * (terms + 2) * np.finfo(result.dtype).eps * (size + 1e-30))


def check(geometry, generator, dtype, images=2):
    """Compare all three maps with the naive ones."""
    x, weight, bias, image_bias, grad = operands(generator, geometry, dtype, images)
    exact = naive(geometry, x, weight, grad)
    sizes = naive(geometry, abs(x), abs(weight), abs(grad))
    taps = geometry.kernel[0] * geometry.kernel[1]
    result = mk.convolution(x, weight, bias, geometry)
    assert result.dtype == dtype
    column, image_column = bias[:, None, None].astype(float), image_bias[:, None, None].astype(float)
    assert_near(result, exact[0] + column, sizes[0] + abs(column), geometry.channels * taps)
    image = mk.transposed_convolution(grad, weight, image_bias, geometry)
    assert_near(image, exact[1] + image_column, sizes[1] + abs(image_column), geometry.filters * taps)
    grad_weight, grad_bias = mk.weight_gradient(x, grad, geometry, bias=True)
    positions = images * geometry.result[0] * geometry.result[1]
    assert_near(grad_weight, exact[2], sizes[2], positions)
    assert_near(grad_bias, grad.sum((0, 2, 3), float), abs(grad).sum((0, 2, 3), float), positions)


@pytest.mark.parametrize("dtype", FLOATS)
@every_geometry
def test_all_three_maps_match_the_naive_twins(generator, name, dtype):
    check(GEOMETRIES[name], generator, dtype, 9 if name in MANY_CHANNELS else 2)


@pytest.mark.skipif(machine.VECTOR_BITS < 256, reason="short vectors are soon full")
@pytest.mark.parametrize("name", MANY_CHANNELS)
def test_where_there_are_few_positions_vectors_are_of_channels(name):
    assert convolutions._ready(MANY_CHANNELS[name], np.dtype(np.float32)).by_channels == (True, True)


@pytest.mark.skipif(AS_PYTHON, reason="takes minutes in plain Python")
def test_images_of_several_blocks(generator):
    """Compared with the same sums by NumPy, for which the naive loops would take a minute."""
    x, weight, _, _, grad = operands(generator, LARGE, np.float64)
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, LARGE.kernel, axis=(2, 3))
    result, sizes = [np.einsum("ncijkl,fckl->nfij", *each) for each in ((windows, weight), (abs(windows), abs(weight)))]
    assert_near(mk.convolution(x, weight, None, LARGE), result, sizes, 27)
    exact, sizes = [np.einsum("ncijkl,nfij->fckl", *each) for each in ((windows, grad), (abs(windows), abs(grad)))]
    assert_near(mk.weight_gradient(x, grad, LARGE)[0], exact, sizes, grad.size)


# More images than are summed together.
@pytest.mark.parametrize("images", [1, 3, 150])
def test_batches(generator, images):
    check(geometry_of((2, 3), (2, 2), before=(1, 0), channels=1, filters=2), generator, np.float32, images)


@pytest.mark.skipif(AS_PYTHON, reason="plain Python has no vectors")
@pytest.mark.parametrize("bits", [bits for bits in machine.WIDTHS if bits < machine.WIDEST_BITS])
def test_the_kernels_match_the_naive_twins_at_every_narrower_width(bits):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "MINIGRAD_VECTOR_BITS": str(bits)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__, "-k", "three_maps and float32"]
    result = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout[-3000:]


def in_other_layouts(x):
    """The same array transposed, sliced, reversed and unaligned in memory, read-only and in the other byte order."""
    wide = np.full((*x.shape[:-1], 2 * x.shape[-1]), np.nan, x.dtype)
    wide[..., ::2] = x
    memory = np.zeros(x.nbytes + 1, np.uint8)
    unaligned = memory[1:].view(x.dtype).reshape(x.shape)
    unaligned[...] = x
    locked = x.copy()
    locked.flags.writeable = False
    swapped = x.astype(x.dtype.newbyteorder())
    return [np.array(x.T, order="C").T, wide[..., ::2], x[::-1].copy()[::-1], unaligned, locked, swapped]


def test_every_layout_of_each_operand(generator):
    geometry = GEOMETRIES["stride 2"]
    x, weight, bias, image_bias, grad = operands(generator, geometry, np.float32)
    result = mk.convolution(x, weight, bias, geometry)
    image = mk.transposed_convolution(grad, weight, image_bias, geometry)
    gradients = mk.weight_gradient(x, grad, geometry, True)
    for other in zip(*[in_other_layouts(each) for each in (x, weight, bias, image_bias, grad)]):
        assert np.array_equal(mk.convolution(*other[:3], geometry), result)
        assert np.array_equal(mk.transposed_convolution(other[4], other[1], other[3], geometry), image)
        assert all(map(np.array_equal, mk.weight_gradient(other[0], other[4], geometry, True), gradients))
    repeated = np.broadcast_to(x[:1], x.shape)
    assert np.array_equal(mk.convolution(repeated, weight, bias, geometry)[1], result[0])


def test_any_batch_axes_and_sequences(generator):
    geometry = Geometry(1, 2, 3, 1, (1, 7), (1, 3), (1, 5), (1, 1), (0, 0), (1, 1))
    x, weight, grad = [generator.standard_normal(shape) for shape in [(2, 2, 2, 7), (3, 2, 3), (2, 2, 3, 5)]]
    result = mk.convolution(x, weight, None, geometry)
    image, (grad_weight, _) = (
        mk.transposed_convolution(grad, weight, None, geometry),
        mk.weight_gradient(x, grad, geometry),
    )
    assert (result.shape, image.shape, grad_weight.shape) == (grad.shape, x.shape, weight.shape)
    assert np.array_equal(mk.convolution(x[1, 0], weight, None, geometry), result[1, 0])
    exact = naive(geometry, x.reshape(4, 2, 1, 7), weight.reshape(3, 2, 1, 3), grad.reshape(4, 3, 1, 5))
    for computed, wanted in zip((result, image, grad_weight), exact):
        np.testing.assert_allclose(computed.reshape(wanted.shape), wanted, rtol=1e-12, atol=1e-12)


def test_without_images_or_channels(generator):
    geometry = GEOMETRIES["plain"]
    x, weight, bias, _, grad = operands(generator, geometry, np.float64, images=0)
    assert mk.convolution(x, weight, bias, geometry).shape == grad.shape
    assert mk.transposed_convolution(grad, weight, None, geometry).shape == x.shape
    for gradient, like in zip(mk.weight_gradient(x, grad, geometry, True), (weight, bias)):
        assert gradient.shape == like.shape
        assert not gradient.any()
    empty = geometry._replace(channels=0)
    x, weight, bias, _, grad = operands(generator, empty, np.float64)
    assert np.array_equal(mk.convolution(x, weight, bias, empty), np.broadcast_to(bias[:, None, None], grad.shape))
    assert np.array_equal(mk.weight_gradient(x, grad, empty, True)[1], grad.reshape(2, 3, -1).sum((0, 2)))


def test_a_number_that_no_window_sees_spoils_nothing(generator):
    """Infinity and NaN reach those results and gradients whose sums they are a part of, and no others."""
    geometry = geometry_of((4, 5), (2, 2), before=(1, 0), channels=1, filters=2)
    x, weight, _, _, grad = operands(generator, geometry, np.float64, images=1)
    for special in (np.nan, np.inf):
        spoiled, slopes = x.copy(), grad.copy()
        spoiled[0, 0, 0, 0] = slopes[0, 1, 2, 3] = special
        with np.errstate(invalid="ignore"):
            exact = naive(geometry, spoiled, weight, grad)
            assert np.array_equal(np.isfinite(mk.convolution(spoiled, weight, None, geometry)), np.isfinite(exact[0]))
            assert np.array_equal(np.isfinite(mk.weight_gradient(spoiled, grad, geometry)[0]), np.isfinite(exact[2]))
            exact = naive(geometry, x, weight, slopes)
            image = mk.transposed_convolution(slopes, weight, None, geometry)
            assert np.array_equal(np.isfinite(image), np.isfinite(exact[1]))


def test_the_gradients_of_many_numbers_are_accurate(generator, many):
    geometry = Geometry(1, 1, 1, 1, (1, many), (1, 1), (1, many), (1, 1), (0, 0), (1, 1))
    x, grad = np.ones((1, 1, many), np.float32), (generator.random((1, 1, many)) + 0.5).astype(np.float32)
    exact = grad.sum(dtype=np.float64)
    for gradient in mk.weight_gradient(x, grad, geometry, bias=True):
        # 64 vectors, or 512 numbers, in float32; their totals in float64; the result is rounded once more.
        assert abs(gradient.sum(dtype=np.float64) - exact) <= 513 * np.finfo(np.float32).eps * exact


def test_the_operands_stay_as_they_are_and_the_bits_the_same(generator):
    geometry = GEOMETRIES["padded"]
    arrays = operands(generator, geometry, np.float32)
    copies = [array.copy() for array in arrays]
    x, weight, bias, image_bias, grad = arrays

    def results():
        both = mk.convolution(x, weight, bias, geometry), mk.transposed_convolution(grad, weight, image_bias, geometry)
        return [*both, *mk.weight_gradient(x, grad, geometry, True)]

    first = results()
    assert all(map(np.array_equal, results(), first))
    assert all(map(np.array_equal, arrays, copies))


def ones(*shape, dtype=np.float32):
    return np.ones(shape, dtype)


PLAIN = GEOMETRIES["plain"]


@pytest.mark.parametrize(
    ("call", "error", "parts"),
    [
        (lambda: mk.convolution(ones(1, 2, 5, 5), ones(3, 2, 2, 3), None, PLAIN), ValueError, ["(..., 2, 5, 6)", "x"]),
        (lambda: mk.convolution(ones(2, 5, 6), ones(3, 2, 3, 3), None, PLAIN), ValueError, ["weight", "(3, 2, 2, 3)"]),
        (lambda: mk.convolution(ones(2, 5, 6), ones(3, 2, 2, 3), ones(2), PLAIN), ValueError, ["bias", "(3,)", "(2,)"]),
        (lambda: mk.convolution(ones(5, 6), ones(3, 2, 2, 3), None, PLAIN), ValueError, ["came shape (5, 6)"]),
        (lambda: mk.convolution(ones(2, 5, 6, dtype=int), ones(3, 2, 2, 3), None, PLAIN), TypeError, ["x", "int64"]),
        (lambda: mk.convolution(ones(2, 5, 6), ones(3, 2, 2, 3, dtype=float), None, PLAIN), TypeError, ["one dtype"]),
        (lambda: mk.convolution([1.0], ones(3, 2, 2, 3), None, PLAIN), TypeError, ["x as an array", "came list"]),
        (
            lambda: mk.transposed_convolution(ones(3, 4, 3), ones(3, 2, 2, 3), None, PLAIN),
            ValueError,
            ["grad", "3, 4, 4)"],
        ),
        (lambda: mk.transposed_convolution(ones(3, 4, 4), ones(3, 2, 2, 3), ones(3), PLAIN), ValueError, ["(2,)"]),
        (lambda: mk.weight_gradient(ones(2, 2, 5, 6), ones(1, 3, 4, 4), PLAIN), ValueError, ["grad", "(2, 3, 4, 4)"]),
        (lambda: mk.weight_gradient(ones(2, 5, 6), ones(3, 4, 4, dtype=float), PLAIN), TypeError, ["grad of float64"]),
    ],
)
def test_errors_say_what_was_needed_and_what_came(call, error, parts):
    with pytest.raises(error, match=re.escape("needed")) as caught:
        call()
    for part in parts:
        assert part in str(caught.value)

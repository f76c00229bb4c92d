"""Getting every kernel ready: each public function is called once for each dtype, and what it needs is compiled.

The functions themselves choose kernels and bring arrays into the layouts that kernels are compiled for; so tiny calls
compile what any call would.
"""

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from minigrad_kernels import (
    accumulating_updates,
    attentions,
    biases,
    conditions,
    convolutions,
    cross_entropies,
    distances,
    draws,
    dropouts,
    elementwise,
    embeddings,
    losses,
    moment_updates,
    normalisations,
    poolings,
    recurrences,
    rms_updates,
    robust_updates,
    scans,
    scatters,
    softmaxes,
    special_functions,
    sums,
    totals,
    triangular,
    updates,
)
from minigrad_kernels.compiling import Compiled, watch
from minigrad_kernels.convolution_plans import Geometry
from minigrad_kernels.entries import operand_call
from minigrad_kernels.linears import MIN_SHARED_LAYER, linear, linear_backward
from minigrad_kernels.pooling_windows import Pooling
from minigrad_kernels.products import matmul
from minigrad_kernels.threads import MIN_SHARED_WORK, get_num_threads, prepare_helpers, set_num_threads

FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
# Rows and columns of matrices whose product, or which as a layer, is worth sharing among threads.
SHARED_SIZE = math.ceil(MIN_SHARED_WORK ** (1 / 3))
SHARED_LAYER_SIZE = math.ceil(MIN_SHARED_LAYER ** (1 / 3))


class Warmed(NamedTuple):
    """What became of one call.

    Attributes:
        done: The calls so far, this one included.
        calls: How many there are.
        compiled: The kernels that it had to compile; none if all were on disk or in memory.
    """

    done: int
    calls: int
    compiled: list[Compiled]


def warm_up() -> Iterator[Warmed]:
    """Compile, or load from disk, every kernel for float32 and float64, and say after each call what it took.

    Yields:
        A report on each call.

    Example:
        >>> reports = warm_up()
        >>> next(reports).done
        1
    """
    calls = _calls()
    for done, (function, *arguments) in enumerate(calls, 1):
        before = len(watch.compiled)
        function(*arguments)
        yield Warmed(done, len(calls), watch.compiled[before:])


def _calls() -> list[tuple[Any, ...]]:
    """Return every call: a function and its arguments."""
    calls: list[tuple[Any, ...]] = []
    for dtype in FLOATS:
        calls += [*_products(dtype), *_triangles(dtype), *_elementwise(dtype), *_rows(dtype), *_totals(dtype)]
        calls += [(windows_of_image, np.ones((2, 2), dtype)), *_networks(dtype), *_updates(dtype)]
    return [*calls, (prepare_helpers,), *_integers()]


def _products(dtype: np.dtype) -> list[tuple[Any, ...]]:
    """Products of matrices and of stacks of them, and linear layers, alone and shared."""
    matrix, stack, bias = np.ones((2, 2), dtype), np.ones((2, 2, 2), dtype), np.ones(2, dtype)
    large = np.ones((SHARED_SIZE, SHARED_SIZE), dtype)
    layer = np.ones((SHARED_LAYER_SIZE, SHARED_LAYER_SIZE), dtype)
    return [
        (matmul, matrix, matrix),
        (matmul, stack, stack),
        (linear, matrix, matrix, bias),
        (linear_backward, matrix, matrix, matrix),
        (biases.bias_activation, matrix, bias),
        (with_threads, matmul, large, large),
        (with_threads, linear, layer, layer),
    ]


def _triangles(dtype: np.dtype) -> list[tuple[Any, ...]]:
    """LU factors, triangular systems, and bounds; the exponential of matrices is made of products."""
    matrix = np.ones((2, 2), dtype)
    return [
        (triangular.lu_factor, matrix),
        (triangular.solve_triangular, matrix, matrix, False),
        (conditions.solutions_are_bounded, matrix, matrix, matrix, 1.0),
        (conditions.log_determinant_bound, matrix),
    ]


def with_threads(function: Callable[..., Any], *arguments: Any) -> None:
    """Call a function while two threads or more may share its work, whatever the process is set to."""
    threads = get_num_threads()
    set_num_threads(max(2, threads))
    try:
        function(*arguments)
    finally:
        set_num_threads(threads)


def windows_of_image(x: np.ndarray) -> None:
    """Call the convolutions and the poolings, with windows of one number of an image."""
    image = x.shape[0], x.shape[1]
    geometry = Geometry(2, 1, 1, 1, image, (1, 1), image, (1, 1), (0, 0), (1, 1))
    pooling = Pooling(2, image, image, (1, 1))
    images, weight = x.reshape(1, *image), np.ones((1, 1, 1, 1), x.dtype)
    convolutions.convolution(images, weight, None, geometry)
    convolutions.weight_gradient(images, images, geometry)
    # Few positions and many channels have kernels of their own.
    small, many = np.ones((4, 32, 2, 2), x.dtype), np.ones((32, 32, 1, 1), x.dtype)
    geometry = Geometry(2, 32, 32, 1, (2, 2), (1, 1), (1, 1), (2, 2), (0, 0), (1, 1))
    convolutions.convolution(small, many, None, geometry)
    convolutions.weight_gradient(small, small[..., :1, :1], geometry)
    places = poolings.max_pooling(x, pooling)[1]
    poolings.max_pooling_backward(x, places, pooling)
    poolings.taken_at_places(x, places, pooling)
    poolings.mean_pooling(x, pooling)
    poolings.mean_pooling_backward(x, pooling)


def _elementwise(dtype: np.dtype) -> list[tuple[Any, ...]]:
    """Functions of each element and their gradients."""
    x = np.ones(2, dtype)
    one = [elementwise.exp, elementwise.log, elementwise.tanh, elementwise.sigmoid, elementwise.erf]
    one += [elementwise.relu, elementwise.sign]
    two = [elementwise.relu_backward, elementwise.tanh_backward, elementwise.sigmoid_backward]
    special = [special_functions.erfc, special_functions.erfinv, special_functions.lgamma, special_functions.digamma]
    calls: list[tuple[Any, ...]] = [(special_functions.polygamma, 1, x)]
    calls += [*[(function, x) for function in one], *[(function, x) for function in special]]
    return [*calls, *[(function, x, x) for function in two]]


def _rows(dtype: np.dtype) -> list[tuple[Any, ...]]:
    """Softmaxes, sums, means and variances along rows and columns, and cross-entropy."""
    x, labels, grad = np.ones((2, 2), dtype), np.zeros(2, np.int64), np.ones((), dtype)
    long = np.ones((2, distances.LONG), dtype)
    many = np.ones((distances.LONG, distances.MANY // distances.LONG**2), dtype)
    return [
        (softmaxes.softmax_rows, x),
        (softmaxes.softmax_rows_backward, x, x),
        (softmaxes.log_softmax_rows, x),
        (softmaxes.log_softmax_rows_backward, x, x),
        (cross_entropies.cross_entropy_rows, x, labels),
        (cross_entropies.cross_entropy_rows_backward, grad, x, labels),
        (sums.column_sums, x),
        (sums.sum_axes, x),
        (sums.sum_axes, x, 0),
        (sums.sum_axes, x, 1),
        (sums.mean_variance_rows, x),
        (sums.mean_variance_columns, x),
        (scans.running_sums, x, 0),
        (scans.linear_recurrence, x, x, 0),
        (distances.pair_distances, x[None], x[None], 2.0),
        (add_to_zeros, scatters.index_add, labels, x),
        (add_to_zeros, scatters.scatter_add, np.zeros((2, 2), np.int64), x),
        (distances.pair_distances, long[None], long[None], 2.0),
        (distances.pair_distances, many[None], many[None], 2.0),
    ]


def add_to_zeros(function: Callable[..., Any], index: np.ndarray, source: np.ndarray) -> None:
    """Call a function that adds to its first argument."""
    function(np.zeros(source.shape, source.dtype), 0, index, source)


def _totals(dtype: np.dtype) -> list[tuple[Any, ...]]:
    """Sums of everything, and losses of numbers."""
    forward = [
        losses.squared_errors,
        losses.absolute_errors,
        losses.logits_cross_entropies,
        losses.binary_cross_entropies,
    ]
    backward = [
        losses.squared_errors_backward,
        losses.absolute_errors_backward,
        losses.logits_cross_entropies_backward,
        losses.binary_cross_entropies_backward,
    ]
    x, grad = np.ones((2, 2), dtype), np.ones((), dtype)
    calls: list[tuple[Any, ...]] = [(totals.total, x)]
    calls += [(function, x, x) for function in forward]
    return [*calls, *[(function, grad, x, x) for function in backward]]


def _networks(dtype: np.dtype) -> list[tuple[Any, ...]]:
    """Normalisation, attention, embeddings and dropout."""
    x, index = np.ones((2, 2), dtype), np.zeros(2, np.int64)
    heads, weights = np.ones((1, 1, 2, 2), dtype), np.ones((1, 2, 2), dtype)
    return [
        (normalise, x),
        (attentions.attention, heads, heads, heads),
        (attentions.attention_backward, heads, heads, heads, heads, weights),
        (recurrent, x),
        (embeddings.gather_rows, x, index),
        (embeddings.scatter_rows, x, index, 1),
        (embeddings.largest_places, x, index, 1),
        (dropouts.dropped, x, 0, 0, 0.5),
    ]


def recurrent(x: np.ndarray) -> None:
    """Call the sequences of recurrent layers, of one step, and compute the gradients."""
    width = x.shape[1]
    state, weight, projected = x[:1], np.ones((4 * width, width), x.dtype), np.ones((1, 1, 4 * width), x.dtype)
    output = recurrences.rnn_sequence(projected[..., :width], state, x)
    recurrences.rnn_sequence_backward(output, state, x, output)
    output, gates = recurrences.gru_sequence(projected[..., : 3 * width], state, weight[: 3 * width])
    recurrences.gru_sequence_backward(output, state, weight[: 3 * width], output, gates)
    output, gates, cells = recurrences.lstm_sequence(projected, state, state, weight)
    recurrences.lstm_sequence_backward(output, None, state, state, weight, output, gates, cells)


def normalise(x: np.ndarray) -> None:
    """Normalise a matrix along its rows and along its columns, and compute the gradients."""
    rows, columns = (len(x), 1, x.shape[1], 1), (len(x), x.shape[1], 1)
    _, mean, inverse = normalisations.normalised_rows(x, rows)
    normalisations.normalised_rows_backward(x, x, rows, None, mean, inverse)
    _, mean, variance, inverse = normalisations.normalised_channels(x, columns)
    normalisations.normalised_channels_backward(x, x, columns, None, mean, inverse)
    normalisations.moved_averages(mean, variance, inverse, inverse, 0.1)


def _updates(dtype: np.dtype) -> list[tuple[Any, ...]]:
    """Updates of the optimizers, whose step counts are float64."""
    x, step = np.ones(1, dtype), np.zeros(())
    return [
        (updates.GRADIENT_FITS.entry, dtype),
        (operand_call, updates.sgd_update, (x, x, 0.1, 0.0, False)),
        (operand_call, updates.sgd_momentum_update, (x, x, x, step, 0.1, 0.9, 0.0, 0.0, False, False)),
        (operand_call, updates.adam_update, (x, x, x, x, step, 0.1, 0.9, 0.999, 1e-8, 0.0, False, False)),
        (operand_call, updates.amsgrad_update, (x, x, x, x, x, step, 0.1, 0.9, 0.999, 1e-8, 0.0, False, False)),
        *_other_updates(x, step),
    ]


def _other_updates(x: np.ndarray, step: np.ndarray) -> list[tuple[Any, ...]]:
    """Updates that scale gradients in other ways than Adam."""
    means, zeros = (0.1, 0.9, 1e-8, 0.0, 0.0, False), (step, 0.1, 0.0, 0.0, 1e-8, 0.0, False)
    betas = (0.1, 0.9, 0.999, 1e-8, 0.0)
    return [
        (operand_call, rms_updates.rmsprop_update, (x, x, x, step, *means)),
        (operand_call, rms_updates.rmsprop_momentum_update, (x, x, x, x, step, *means)),
        (operand_call, rms_updates.rmsprop_centered_update, (x, x, x, x, step, *means)),
        (operand_call, rms_updates.rmsprop_centered_momentum_update, (x, x, x, x, x, step, *means)),
        (operand_call, accumulating_updates.adagrad_update, (x, x, x, *zeros)),
        (operand_call, accumulating_updates.adadelta_update, (x, x, x, x, step, 1.0, 0.9, 1e-6, 0.0, False)),
        (operand_call, moment_updates.adamax_update, (x, x, x, x, step, *betas, False)),
        (operand_call, moment_updates.nadam_update, (x, x, x, x, step, step, *betas, 0.004, False, False)),
        (operand_call, moment_updates.radam_update, (x, x, x, x, step, *betas, False, False)),
        (operand_call, robust_updates.rprop_update, (x, x, x, x, step, 0.1, 0.5, 1.2, 1e-6, 50.0, False)),
        (operand_call, robust_updates.asgd_update, (x, x, x, step, step, step, 0.1, 1e-4, 0.75, 1e6, 0.0, False)),
    ]


def _integers() -> list[tuple[Any, ...]]:
    """Products of integers, checks of an index, and random draws, each of the dtypes that it can fill."""
    integers = np.ones((2, 2), np.int64)
    rows: list[tuple[Any, ...]] = [(matmul, integers, integers), (scatters.first_outside, integers, 2)]
    for dtype in FLOATS:
        rows += [(draws.fill_uniform, 0, 0, np.empty(2, dtype)), (draws.fill_normal, 0, 0, np.empty(2, dtype))]
    rows.append((draws.fill_words, 0, 0, np.empty(2, np.uint64)))
    rows.append((draws.fill_integers, 0, 0, 0, 9, np.empty(2, np.int64)))
    rows.append((draws.fill_permutation, 0, 0, np.empty(2, np.int64)))
    return rows

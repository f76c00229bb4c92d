"""Softmax, log-softmax and cross-entropy agree with their definitions within the stated bounds, for every layout."""

import math
import re

import numpy as np
import pytest

import minigrad_kernels as mk

FLOATS = [np.float32, np.float64]
SHAPES = [(1, 1), (3, 1), (1, 7), (5, 16), (64, 10), (7, 33), (300, 3), (2, 2500)]


def naive_softmax(row):
    """The definition in Python floats."""
    largest = max(row)
    powers = [math.exp(x - largest) for x in row]
    total = math.fsum(powers)
    return [power / total for power in powers]


def naive_log_softmax(row):
    """The definition in Python floats."""
    largest = max(row)
    total = math.fsum(math.exp(x - largest) for x in row)
    return [x - largest - math.log(total) for x in row]


def twin(function, x):
    """A naive function of each row."""
    return np.array([function([float(each) for each in row]) for row in x]).reshape(x.shape)


def softmax_bound(x, exact):
    """(n/2 + d + 5)·eps relatively; below the smallest normal number two of the smallest one."""
    info = np.finfo(x.dtype)
    distance = x.max(1, keepdims=True).astype(float) - x
    return (x.shape[1] / 2 + distance + 5) * info.eps * exact + 2 * float(info.smallest_subnormal)


def log_softmax_bound(x, exact):
    """(n/2 + d + |result| + 5)·eps."""
    distance = x.max(1, keepdims=True).astype(float) - x
    return (x.shape[1] / 2 + distance + abs(exact) + 5) * np.finfo(x.dtype).eps


@pytest.fixture(params=SHAPES, ids=str)
def shape(request, most_work):
    if request.param[0] * request.param[1] > most_work / 100:
        pytest.skip("too large for plain Python")
    return request.param


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("spread", [1.0, 40.0, 1e4])
def test_forward_matches_the_naive_twin(shape, spread, dtype, generator):
    x = (generator.standard_normal(shape) * spread).astype(dtype)
    exact = twin(naive_softmax, x)
    result = mk.softmax_rows(x)
    assert result.dtype == dtype
    assert np.all(abs(result - exact) <= softmax_bound(x, exact))
    exact = twin(naive_log_softmax, x)
    assert np.all(abs(mk.log_softmax_rows(x) - exact) <= log_softmax_bound(x, exact))


@pytest.mark.parametrize("dtype", FLOATS)
def test_backward_matches_the_naive_twin(shape, dtype, generator):
    x = generator.standard_normal(shape).astype(dtype)
    grad = generator.standard_normal(shape).astype(dtype)
    p = mk.softmax_rows(x)
    wide_p, wide_grad = p.astype(float), grad.astype(float)
    n, eps = shape[1], np.finfo(dtype).eps
    exact = wide_p * (wide_grad - (wide_grad * wide_p).sum(1, keepdims=True))
    # A sum of n products rounds at most n times; 3 operations follow.
    bound = (n + 3) * eps * wide_p * (abs(wide_grad) + (abs(wide_grad) * wide_p).sum(1, keepdims=True))
    assert np.all(abs(mk.softmax_rows_backward(grad, p) - exact) <= bound)
    logs = mk.log_softmax_rows(x)
    powers = np.exp(logs.astype(float))
    exact = wide_grad - powers * wide_grad.sum(1, keepdims=True)
    bound = (n + 4) * eps * (abs(wide_grad) + powers * abs(wide_grad).sum(1, keepdims=True))
    assert np.all(abs(mk.log_softmax_rows_backward(grad, logs) - exact) <= bound)


@pytest.mark.parametrize("dtype", FLOATS)
def test_any_layout_gives_the_result_of_the_contiguous_matrix(in_layout, dtype, generator):
    x, grad = generator.standard_normal((2, 5, 7)).astype(dtype)
    labels = generator.integers(0, 7, 5)
    for function in (mk.softmax_rows, mk.log_softmax_rows):
        assert np.array_equal(function(in_layout(x)), function(x))
        out = np.empty((7, 5), dtype).T
        assert function(in_layout(x), out=out) is out
        assert np.array_equal(out, function(x))
    for function in (mk.softmax_rows_backward, mk.log_softmax_rows_backward):
        assert np.array_equal(function(in_layout(grad), in_layout(x)), function(grad, x))
    expected = mk.cross_entropy_rows(x, labels)
    found = mk.cross_entropy_rows(in_layout(x), in_layout(labels[:, None])[:, 0])
    assert found.loss == expected.loss
    assert np.array_equal(found.probabilities, expected.probabilities)


def test_cross_entropy_writes_to_out(generator):
    x, labels = generator.standard_normal((6, 5)), np.array([0, 1, 2, 3, 4, 0])
    first, second = np.empty((2, 6, 5))
    expected = mk.cross_entropy_rows(x, labels)
    assert mk.cross_entropy_rows(x, labels, out=first).probabilities is first
    assert np.array_equal(first, expected.probabilities)
    grad = mk.cross_entropy_rows_backward(np.ones(()), first, labels, out=second)
    assert grad is second
    assert np.array_equal(grad, mk.cross_entropy_rows_backward(np.ones(()), first, labels))


def test_out_may_be_the_operand_or_overlap_it(generator):
    x = generator.standard_normal((6, 5))
    expected = mk.softmax_rows(x[:5])
    y = x.copy()
    mk.softmax_rows(y[:5], out=y[:5])
    assert np.array_equal(y[:5], expected)
    mk.softmax_rows(x[:5], out=x[1:])
    assert np.array_equal(x[1:], expected)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(
    ("row", "softmax", "log_softmax"),
    [
        ([0.0, np.nan, 1.0], [np.nan] * 3, [np.nan] * 3),
        ([0.0, -np.nan, 1.0], [np.nan] * 3, [np.nan] * 3),
        ([-np.inf] * 3, [np.nan] * 3, [np.nan] * 3),
        ([0.0, np.inf, 1.0], [np.nan] * 3, [np.nan] * 3),
        ([0.0, -np.inf, 0.0], [0.5, 0.0, 0.5], [-math.log(2), -np.inf, -math.log(2)]),
        ([3e38, -3e38, 0.0], [1.0, 0.0, 0.0], None),
        ([-0.0, -1e30, -np.inf], [1.0, 0.0, 0.0], [0.0, -1e30, -np.inf]),
    ],
)
def test_special_logits_as_in_pytorch(row, softmax, log_softmax, dtype):
    x = np.array([[1.0, 2.0, 3.0], row], dtype)
    assert np.array_equal(mk.softmax_rows(x)[1], softmax, equal_nan=True)
    assert np.isfinite(mk.softmax_rows(x)[0]).all()
    if log_softmax is not None:
        # Half an ulp of ln 2.
        assert np.allclose(mk.log_softmax_rows(x)[1], log_softmax, rtol=np.finfo(dtype).eps, atol=0, equal_nan=True)


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0)])
def test_matrices_without_elements(shape):
    x = np.empty(shape)
    for function in (mk.softmax_rows, mk.log_softmax_rows):
        assert function(x).shape == shape
    for function in (mk.softmax_rows_backward, mk.log_softmax_rows_backward):
        assert function(x, x).shape == shape


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("ignore_index", [-100, 0])
def test_cross_entropy_and_its_gradient_match_their_naive_twins(shape, reduction, ignore_index, dtype, generator):
    rows, n = shape
    x = (3 * generator.standard_normal(shape)).astype(dtype)
    labels = generator.integers(0, n, rows)
    labels[::5] = ignore_index
    counts = labels != ignore_index
    logs = twin(naive_log_softmax, x)
    losses = np.where(counts, -logs[np.arange(rows), np.where(counts, labels, 0)], 0)
    share = 1.0
    if reduction == "mean":
        share = 1 / counts.sum() if counts.any() else math.nan
    result = mk.cross_entropy_rows(x, labels, ignore_index, reduction)
    eps = np.finfo(dtype).eps
    each = log_softmax_bound(x, logs).max(1)
    assert result.loss.dtype == dtype
    if reduction == "none":
        assert np.all(abs(result.loss - losses) <= each)
    else:
        exact = losses.sum() * share
        bound = each.sum() * (share if share == share else 1) + eps * abs(exact)
        assert np.array_equal(result.loss, exact, equal_nan=True) or abs(result.loss - exact) <= bound
    assert result.share == share or not counts.any()
    exact = twin(naive_softmax, x)
    assert np.all(abs(result.probabilities - exact) <= softmax_bound(x, exact))

    grad = generator.standard_normal(rows if reduction == "none" else ()).astype(dtype)
    one_hot = (np.arange(n) == labels[:, None]).astype(float)
    weights = np.broadcast_to(grad.astype(float) * share, (rows,))[:, None]
    expected = np.where(counts[:, None], weights * (result.probabilities - one_hot), 0)
    found = mk.cross_entropy_rows_backward(np.asarray(grad), result.probabilities, labels, ignore_index, result.share)
    # The weight, the product and the difference round once each.
    assert np.all(abs(found - expected) <= np.where(counts[:, None], 3 * eps * abs(weights), 0))


def test_rows_that_are_ignored_count_nothing_whatever_their_logits():
    logits = np.array([[1.0, 2.0], [np.nan, np.inf], [0.0, 0.0]])
    result = mk.cross_entropy_rows(logits, np.array([0, -100, 1]), reduction="none")
    assert np.isfinite(result.loss).all()
    assert result.loss[1] == 0
    grad = mk.cross_entropy_rows_backward(np.ones(3), result.probabilities, np.array([0, -100, 1]))
    assert np.array_equal(grad[1], [0, 0])


def test_a_mean_of_nothing_is_nan_and_its_gradient_zero():
    labels = np.array([-100, -100])
    result = mk.cross_entropy_rows(np.zeros((2, 3)), labels)
    assert np.isnan(result.loss)
    assert np.isnan(result.share)
    grad = mk.cross_entropy_rows_backward(np.ones(()), result.probabilities, labels, share=result.share)
    assert np.array_equal(grad, np.zeros((2, 3)))


@pytest.mark.parametrize("bad", [3, -1, 2**40, -(2**63)])
@pytest.mark.parametrize("position", [0, 4])
def test_a_bad_label_is_named_with_its_position(bad, position):
    labels = np.array([0, -100, 2, 1, 0])
    labels[position] = bad
    part = f"needed labels from 0 to 2 or ignore_index=-100, came {bad} at position {position};"
    with pytest.raises(IndexError, match=re.escape(part)):
        mk.cross_entropy_rows(np.zeros((5, 3)), labels)
    with pytest.raises(IndexError, match=re.escape(part)):
        mk.cross_entropy_rows_backward(np.ones(()), np.zeros((5, 3)), labels)


def test_a_mean_over_no_rows_is_nan():
    result = mk.cross_entropy_rows(np.zeros((0, 3)), np.zeros(0, np.int64))
    assert np.isnan(result.loss)
    grad = mk.cross_entropy_rows_backward(np.ones(()), result.probabilities, np.zeros(0, np.int64), share=result.share)
    assert grad.shape == (0, 3)


def test_without_classes_every_label_is_bad():
    with pytest.raises(IndexError, match="came 0 at position 0"):
        mk.cross_entropy_rows(np.zeros((2, 0)), np.array([0, 0]))


@pytest.mark.parametrize(
    ("call", "error", "part"),
    [
        (lambda: mk.softmax_rows(np.ones(3)), ValueError, "softmax_rows: needed matrices (rows, n), came shape (3,)"),
        (lambda: mk.softmax_rows(np.ones((1, 3), int)), TypeError, "came dtype int64"),
        (lambda: mk.softmax_rows([[1.0]]), TypeError, "came list"),
        (lambda: mk.log_softmax_rows(np.ones((1, 3)), out=np.ones((3, 1))), ValueError, "came (1, 3) and (3, 1)"),
        (
            lambda: mk.softmax_rows_backward(np.ones((1, 3)), np.ones((1, 3), np.float32)),
            TypeError,
            "came float64 and float32",
        ),
        (lambda: mk.cross_entropy_rows(np.ones((2, 3)), np.ones(2)), TypeError, "labels as an array of int64, came"),
        (lambda: mk.cross_entropy_rows(np.ones((2, 3)), np.array([1])), ValueError, "came (2, 3) and (1,)"),
        (lambda: mk.cross_entropy_rows(np.ones((1, 3)), np.array([1]), reduction="max"), ValueError, "came 'max'"),
        (lambda: mk.cross_entropy_rows(np.ones((1, 3), int), np.array([1])), TypeError, "came dtype int64"),
        (
            lambda: mk.cross_entropy_rows_backward(np.ones(3), np.ones((2, 3)), np.array([1, 1])),
            ValueError,
            "grad of shape () or (2,), came (3,)",
        ),
        (lambda: overlapping_probabilities(np.ones((2, 3))), ValueError, "apart from the operand, came shape (2, 3)"),
        (
            lambda: mk.cross_entropy_rows(np.ones((1, 3)), np.array([1]), out=np.ones((1, 3), np.float32)),
            TypeError,
            "needed out as an array of float64, came float32",
        ),
        (
            lambda: mk.cross_entropy_rows_backward(1.0, np.ones((2, 3)), np.array([1, 1])),
            TypeError,
            "needed grad as an array of float64, came float",
        ),
    ],
)
def test_errors_say_what_was_needed_and_what_came(call, error, part):
    with pytest.raises(error, match=re.escape(part)):
        call()


def overlapping_probabilities(x):
    """Probabilities in the place of the logits."""
    mk.cross_entropy_rows(x, np.array([0, 0]), out=x)

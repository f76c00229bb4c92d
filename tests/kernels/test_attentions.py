"""Attention and its gradients agree with their definitions within the stated bounds, in every layout."""

import math
import re

import numpy as np
import pytest

import minigrad_kernels as mk
from tests.kernels.conftest import AS_PYTHON

FLOATS = [np.float32, np.float64]
# (N, H, L, S, E, D): batch entries, heads, queries, keys, features of a key and of a value.
SHAPES = [(1, 1, 1, 1, 1, 1), (2, 3, 5, 7, 4, 6), (1, 2, 17, 33, 8, 1), (2, 1, 16, 16, 16, 16), (1, 1, 3, 2, 1, 5)]


def naive_head(q, k, v, mask, factors, scale, causal, grad):
    """The definition for one head in Python floats: result, weights, gradients of q, k, v and mask."""
    rows, keys, features, width = len(q), len(k), len(q[0]), len(v[0])
    out, weights = np.zeros((rows, width)), np.zeros((rows, keys))
    grad_q, grad_k, grad_v, slopes = (
        np.zeros((rows, features)),
        np.zeros((keys, features)),
        np.zeros((keys, width)),
        np.zeros((rows, keys)),
    )
    for i in range(rows):
        scores = []
        for j in range(keys):
            score = scale * math.fsum(a * b for a, b in zip(q[i], k[j], strict=True)) + mask[i][j]
            scores.append(-math.inf if causal and j > i else score)
        largest = max(scores)
        if largest == -math.inf:
            continue
        powers = [math.exp(score - largest) for score in scores]
        weights[i] = [power / math.fsum(powers) for power in powers]
        met = weights[i] * factors[i]
        out[i] = sum(met[j] * np.array(v[j]) for j in range(keys))
        grad_v += met[:, None] * grad[i][None, :]
        towards = np.array([math.fsum(a * b for a, b in zip(grad[i], v[j], strict=True)) for j in range(keys)])
        towards = towards * factors[i]
        slopes[i] = weights[i] * (towards - (weights[i] * towards).sum())
        grad_q[i] = scale * sum(slopes[i, j] * np.array(k[j]) for j in range(keys))
        grad_k += scale * slopes[i][:, None] * np.array(q[i])[None, :]
    return out, weights, grad_q, grad_k, grad_v, slopes


def naive(q, k, v, mask, factors, scale, causal, grad):
    """The definition for all heads."""
    batches, heads = q.shape[:2]
    found = []
    for n in range(batches):
        for h in range(heads):
            arrays = [array[n, h].astype(float) for array in (q, k, v, mask)]
            found.append(
                naive_head(*arrays, factors[n * heads + h].astype(float), scale, causal, grad[n, h].astype(float))
            )
    return [np.array(each) for each in zip(*found, strict=True)]


def drawn(generator, shape, dtype):
    """Queries, keys, values, a mask that hides some, dropout's factors, a gradient."""
    n, h, rows, keys, features, width = shape
    q, k = generator.standard_normal((n, h, rows, features)), generator.standard_normal((n, h, keys, features))
    v, grad = generator.standard_normal((n, h, keys, width)), generator.standard_normal((n, h, rows, width))
    mask = np.where(generator.random((n, h, rows, keys)) < 0.3, -np.inf, generator.standard_normal((n, h, rows, keys)))
    mask[..., rows // 2, :] = -np.inf
    factors = (generator.random((n * h, rows, keys)) < 0.75) / 0.75
    return [each.astype(dtype) for each in (q, k, v, mask, factors, grad)]


def near(shape, dtype):
    """The absolute error, for numbers below 4.

    Scores, sums of E products, are below 16·E, and exp makes their errors relative ones; results are sums of S, and
    gradients sums of S or L of products of three such.
    """
    _, _, rows, keys, features, width = shape
    return {"rtol": 0, "atol": 64 * (rows + keys + features + width) * float(np.finfo(dtype).eps)}


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("dropped", [False, True])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_attention_and_its_gradients_match_the_naive_twin(shape, dropped, causal, masked, dtype, generator):
    q, k, v, mask, factors, grad = drawn(generator, shape, dtype)
    no_mask, no_factors = np.zeros_like(mask), np.ones_like(factors)
    expected = naive(q, k, v, mask if masked else no_mask, factors if dropped else no_factors, 0.7, causal, grad)
    given = mask if masked else None, factors if dropped else None, 0.7, causal
    out, weights = mk.attention(q, k, v, *given)
    found = mk.attention_backward(grad, q, k, v, weights, given[1], 0.7, mask=True)
    for got, exact in zip((out, weights, *found), expected, strict=True):
        assert got.dtype == dtype
        assert np.allclose(got.reshape(exact.shape), exact, **near(shape, dtype))
    # What is not kept or wanted changes nothing else.
    assert np.array_equal(mk.attention(q, k, v, *given, keep=False)[0], out)
    for one, other in zip(mk.attention_backward(grad, q, k, v, weights, given[1], 0.7)[:3], found, strict=False):
        assert np.array_equal(one, other)


@pytest.mark.skipif(AS_PYTHON, reason="a million multiplications")
@pytest.mark.parametrize("features", [3, 1])
def test_long_heads_are_done_block_by_block(features, generator):
    # 16 rows of 5000 scores fill the block; the last one has a single row.
    shape = (1, 1, 33, 5000, features, 2)
    q, k, v, mask, _, _ = drawn(generator, shape, np.float64)
    out, weights = mk.attention(q, k, v, mask, None, 0.5, causal=False)
    scores = 0.5 * q[0, 0] @ k[0, 0].T + mask[0, 0]
    powers = np.exp(scores - np.maximum(scores.max(1, keepdims=True), -1e300))
    exact = powers / np.maximum(powers.sum(1, keepdims=True), 1e-300)
    assert np.allclose(weights[0], exact, rtol=1e-12, atol=0)
    assert np.allclose(out[0, 0], exact @ v[0, 0], rtol=0, atol=1e-13)
    transposed = np.ascontiguousarray(q.swapaxes(2, 3)).swapaxes(2, 3)
    assert np.allclose(mk.attention(transposed, k, v, mask, None, 0.5)[0], out, rtol=0, atol=1e-13)


def laid_out(x, layout):
    """The same stack of matrices in another memory layout."""
    if layout == "heads apart":
        # What a layer makes of (N, L, H·E): (N, L, H, E), transposed.
        return np.ascontiguousarray(x.transpose(0, 2, 1, 3)).transpose(0, 2, 1, 3)
    if layout == "transposed":
        return np.ascontiguousarray(x.swapaxes(2, 3)).swapaxes(2, 3)
    if layout == "sliced":
        wide = np.full((*x.shape[:2], 2 * x.shape[2], 3 * x.shape[3]), np.nan, x.dtype)
        wide[..., ::2, 1::3] = x
        return wide[..., ::2, 1::3]
    if layout == "reversed":
        return np.ascontiguousarray(x[::-1, ::-1, ::-1, ::-1])[::-1, ::-1, ::-1, ::-1]
    memory = np.zeros(x.nbytes + 1, np.uint8)
    copy = memory[1:].view(x.dtype).reshape(x.shape)
    copy[...] = x
    copy.flags.writeable = False
    return copy


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("layout", ["heads apart", "transposed", "sliced", "reversed", "read-only and unaligned"])
@pytest.mark.parametrize("shape", [(2, 3, 5, 7, 4, 6), (2, 2, 1, 4, 3, 1), (1, 2, 4, 1, 1, 3)], ids=str)
def test_any_layout_gives_the_result_of_the_contiguous_arrays(shape, layout, dtype, generator):
    q, k, v, mask, factors, grad = drawn(generator, shape, dtype)
    out, weights = mk.attention(q, k, v, mask, factors)
    expected = mk.attention_backward(grad, q, k, v, weights, factors)
    q, k, v, mask, grad = [laid_out(each, layout) for each in (q, k, v, mask, grad)]
    got, got_weights = mk.attention(q, k, v, mask, factors)
    assert np.allclose(got, out, **near(shape, dtype))
    found = mk.attention_backward(grad, q, k, v, got_weights, factors)
    for one, other in zip(found[:3], expected[:3], strict=True):
        assert np.allclose(one, other, **near(shape, dtype))


def test_operands_may_be_broadcast_without_a_copy(generator):
    q, k, v = generator.standard_normal((1, 2, 3, 4)), generator.standard_normal((2, 1, 5, 4)), np.ones((5, 2))
    wide = np.broadcast_to(q, (2, 2, 3, 4)), np.broadcast_to(k, (2, 2, 5, 4)), np.broadcast_to(v, (2, 2, 5, 2))
    mask = np.broadcast_to(np.array([0.0, 0.0, -np.inf, 0.0, 0.0]), (2, 2, 3, 5))
    expected = mk.attention(*[np.array(each) for each in wide], np.array(mask))
    found = mk.attention(*wide, mask)
    assert np.array_equal(found[0], expected[0])
    assert np.all(found[1][..., 2] == 0)


@pytest.mark.parametrize("dtype", FLOATS)
def test_a_query_that_sees_nothing_gets_zeros_and_spoils_no_gradient(dtype, generator):
    q, k, v, _, _, grad = drawn(generator, (1, 1, 3, 4, 2, 2), dtype)
    mask = np.zeros((1, 1, 3, 4), dtype)
    mask[..., 1, :] = -np.inf
    out, weights = mk.attention(q, k, v, mask)
    assert np.all(out[..., 1, :] == 0)
    assert np.all(weights[:, 1] == 0)
    grad_q, grad_k, grad_v, grad_mask = mk.attention_backward(grad, q, k, v, weights, mask=True)
    assert np.all(grad_q[..., 1, :] == 0)
    assert np.all(grad_mask[..., 1, :] == 0)
    # Keys and values get what they would get if that query were not there.
    kept = [0, 2]
    alone = mk.attention_backward(grad[..., kept, :], q[..., kept, :], k, v, weights[:, kept])
    assert np.allclose(grad_k, alone[1], **near((1, 1, 3, 4, 2, 2), dtype))
    assert np.allclose(grad_v, alone[2], **near((1, 1, 3, 4, 2, 2), dtype))


def test_nan_stays_in_its_row_and_infinite_scores_follow_softmax():
    q, k, v = np.ones((1, 1, 3, 1)), np.array([[[[1.0], [2.0]]]]), np.array([[[[1.0], [3.0]]]])
    q[0, 0, 0] = np.nan
    q[0, 0, 1] = np.inf
    out, weights = mk.attention(q, k, v)
    assert np.isnan(weights[0, 0]).all()
    assert np.isnan(weights[0, 1]).all()
    assert np.isfinite(out[0, 0, 2]).all()
    # Scores that are minus infinity by themselves are as good as masked.
    q[0, 0, 1] = -np.inf
    assert mk.attention(q, k, v)[1][0, 1].tolist() == [0.0, 0.0]


@pytest.mark.parametrize("shape", [(0, 2, 3, 4, 5, 6), (1, 2, 3, 0, 5, 6), (1, 1, 0, 2, 2, 2), (1, 2, 3, 4, 0, 2)])
def test_axes_without_elements(shape, generator):
    n, h, rows, keys, features, width = shape
    q, k, v = np.ones((n, h, rows, features)), np.ones((n, h, keys, features)), generator.random((n, h, keys, width))
    out, weights = mk.attention(q, k, v)
    # Without features all scores are 0, without keys there is nothing to sum.
    assert np.allclose(out, v.mean(2, keepdims=True) if keys else 0, rtol=0, atol=1e-15)
    grads = mk.attention_backward(np.ones(out.shape), q, k, v, weights)
    assert [each.shape for each in grads[:3]] == [q.shape, k.shape, v.shape]


Q, K, V = np.ones((1, 1, 2, 3)), np.ones((1, 1, 4, 3)), np.ones((1, 1, 4, 5))


@pytest.mark.parametrize(
    ("call", "error", "part"),
    [
        (lambda: mk.attention([1.0], K, V), TypeError, "came q of list"),
        (lambda: mk.attention(Q, K.astype(np.float32), V), TypeError, "came k of float32"),
        (lambda: mk.attention(Q.astype(int), K.astype(int), V), TypeError, "came q of int64"),
        (lambda: mk.attention(Q[0], K, V), ValueError, "came q (1, 2, 3), k (1, 1, 4, 3), v (1, 1, 4, 5)"),
        (lambda: mk.attention(Q, K, V[..., :3, :]), ValueError, "needed q (N, H, L, E)"),
        (lambda: mk.attention(Q, K, V, np.ones((2, 4))), ValueError, "mask (2, 4)"),
        (lambda: mk.attention(Q, K, V, None, np.ones((2, 4))), ValueError, "factors (2, 4)"),
        (lambda: mk.attention_backward(V, Q, K, V, np.ones((1, 2, 4))), ValueError, "grad (1, 1, 4, 5)"),
    ],
)
def test_errors_say_what_was_needed_and_what_came(call, error, part):
    with pytest.raises(error, match=re.escape(part)):
        call()

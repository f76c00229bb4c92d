"""What gradients are where a derivative has no one value: finite wherever there is a subgradient, and documented.

The values are PyTorch's but for those of the second table: where it has NaN, we have a subgradient or a limit.
"""

import inspect
import math

import numpy as np
import pytest

import minigrad as mg

F, L = mg.nn.functional, mg.linalg
INF = math.inf
ZEROS, EYE = [0.0, 0.0], [[1.0, 0.0], [0.0, 1.0]]
RANK_1 = [[1.0, 1.0], [1.0, 1.0]]
NOTHING = [[0.0, 0.0], [0.0, 0.0]]
HALF_EYE = [[0.5, 0.0], [0.0, 0.5]]


def with_options(op, **options):
    return lambda *operands: op(*operands, **options)


# What is called, its operands, and the gradient of each with respect to the sum of what it returns.
EDGES = {
    "norm": (mg.norm, [ZEROS], [ZEROS]),
    "sqrt": (mg.sqrt, [[0.0, 4.0]], [[INF, 0.25]]),
    "rsqrt": (mg.rsqrt, [[0.0]], [[-INF]]),
    "log": (mg.log, [[0.0]], [[INF]]),
    "reciprocal": (mg.reciprocal, [[0.0]], [[-INF]]),
    "abs": (mg.abs, [[0.0]], [[0.0]]),
    "sinc": (mg.sinc, [[0.0]], [[0.0]]),
    "asin": (mg.asin, [[1.0]], [[INF]]),
    "acosh": (mg.acosh, [[1.0]], [[INF]]),
    "atanh": (mg.atanh, [[1.0]], [[INF]]),
    "std of equal numbers": (mg.std, [[2.0, 2.0, 2.0]], [[0.0, 0.0, 0.0]]),
    "std along an axis": (
        with_options(mg.std, dim=0),
        [[[2.0, 1.0], [2.0, 3.0]]],
        [[[0.0, -(0.5**0.5)], [0.0, 0.5**0.5]]],
    ),
    "std of one number": (mg.std, [[2.0]], [[math.nan]]),
    "std of one number, divided by 1": (with_options(mg.std, correction=0), [[2.0]], [[0.0]]),
    "var of one number": (mg.var, [[2.0]], [[math.nan]]),
    "svdvals, equal": (L.svdvals, [EYE], [EYE]),
    "svdvals, zeros": (L.svdvals, [NOTHING], [EYE]),
    "eigvalsh, equal": (L.eigvalsh, [EYE], [EYE]),
    "matrix_norm, fro at zeros": (L.matrix_norm, [NOTHING], [NOTHING]),
    "matrix_norm, nuc at zeros": (with_options(L.matrix_norm, ord="nuc"), [NOTHING], [EYE]),
    "matrix_norm, 2 at equal values": (with_options(L.matrix_norm, ord=2), [EYE], [HALF_EYE]),
    "matrix_norm, inf at equal rows": (with_options(L.matrix_norm, ord=INF), [EYE], [HALF_EYE]),
    "cdist": (mg.cdist, [[[1.0, 2.0]], [[1.0, 2.0], [1.0, 5.0]]], [[[0.0, -1.0]], [[0.0, 0.0], [0.0, 1.0]]]),
    "dist": (mg.dist, [[1.0, 2.0], [1.0, 2.0]], [ZEROS, ZEROS]),
    "pdist": (F.pdist, [[[1.0, 2.0], [1.0, 2.0]]], [NOTHING]),
    "cosine_similarity": (with_options(F.cosine_similarity, dim=0, eps=0.5), [ZEROS, [3.0, 4.0]], [[1.2, 1.6], ZEROS]),
    "normalize": (with_options(F.normalize, dim=0, eps=0.5), [ZEROS], [[2.0, 2.0]]),
    "logsumexp, one -inf": (with_options(mg.logsumexp, dim=0), [[-INF, 1.0]], [[0.0, 1.0]]),
    "softmax, one -inf": (lambda x: mg.softmax(x, 0)[1], [[-INF, 1.0]], [[0.0, 0.0]]),
    "softmax, all -inf": (with_options(mg.softmax, dim=0), [[-INF, -INF]], [[math.nan, math.nan]]),
    "prod, a zero": (mg.prod, [[0.0, 2.0, 3.0]], [[6.0, 0.0, 0.0]]),
    "prod, two zeros": (mg.prod, [[0.0, 0.0, 3.0]], [[0.0, 0.0, 0.0]]),
    "cumprod, zeros": (with_options(mg.cumprod, dim=0), [[2.0, 0.0, 3.0, 0.0]], [[1.0, 8.0, 0.0, 0.0]]),
    "pow, below 1": (mg.pow, [[0.0], [0.5]], [[INF], [0.0]]),
    "pow, 0": (mg.pow, [[0.0], [0.0]], [[0.0], [0.0]]),
    "pow, 1": (mg.pow, [[0.0], [1.0]], [[1.0], [0.0]]),
    "pow, above 1": (mg.pow, [[0.0], [1.5]], [[0.0], [0.0]]),
    "pow of a negative base": (mg.pow, [[-2.0], [2.0]], [[-4.0], [math.nan]]),
    "float_power": (mg.float_power, [[0.0], [0.0]], [[0.0], [0.0]]),
    "atan2": (mg.atan2, [[0.0], [0.0]], [[0.0], [0.0]]),
    "entr": (mg.special.entr, [[0.0]], [[INF]]),
    "layer_norm": (lambda x: F.layer_norm(x, (2,)), [[1.0, 1.0]], [ZEROS]),
    "renorm": (
        with_options(mg.renorm, p=2, dim=0, maxnorm=1.0),
        [[[0.0, 0.0], [1.0, 0.0]]],
        [[[1.0, 1.0], [1.0, 1.0]]],
    ),
}
# PyTorch has NaN here, and zeros for the determinant of a singular matrix.
BEYOND_PYTORCH = {
    "norm, 0": (lambda x: mg.norm(x, 0), [ZEROS], [ZEROS]),
    "hypot": (mg.hypot, [[0.0], [0.0]], [[0.0], [0.0]]),
    "logsumexp, all -inf": (with_options(mg.logsumexp, dim=0), [[-INF, -INF]], [ZEROS]),
    "logcumsumexp": (with_options(mg.logcumsumexp, dim=0), [[-INF, -INF, 1.0]], [[0.0, 0.0, 1.0]]),
    "logaddexp": (mg.logaddexp, [[-INF], [-INF]], [[0.5], [0.5]]),
    "xlogy": (mg.xlogy, [[0.0], [0.0]], [[0.0], [0.0]]),
    "eigh, a function of the matrix": (lambda A: together(*L.eigh(A)), [EYE], [EYE]),
    "svd, the matrix itself": (lambda A: product(*L.svd(A, False)), [RANK_1], [RANK_1]),
    "det": (mg.det, [[[1.0, 2.0], [2.0, 4.0]]], [[[4.0, -2.0], [-2.0, 1.0]]]),
    "det, zeros": (mg.det, [NOTHING], [NOTHING]),
}


def together(values, vectors):
    """Return the trace of the matrix with these eigenvalues and eigenvectors."""
    return ((vectors * values) @ vectors.mT).trace()


def product(U, S, Vh):
    return (U * S) @ Vh


@pytest.mark.parametrize("p", [0, 0.5, 1, 1.5, 2, 3, INF, -1, -INF])
@pytest.mark.parametrize("op", [mg.norm, L.vector_norm, mg.dist], ids=["norm", "vector_norm", "dist"])
def test_a_norm_has_gradient_zero_at_zero_whatever_its_order(op, p):
    x = mg.zeros(3, dtype=mg.float64, requires_grad=True)
    (op(x, x.detach(), p) if op is mg.dist else op(x, p)).backward()
    assert x.grad.tolist() == [0, 0, 0]


@pytest.mark.parametrize("name", [*EDGES, *BEYOND_PYTORCH])
def test_the_gradient_at_an_edge_is(name):
    op, operands, expected = (EDGES | BEYOND_PYTORCH)[name]
    leaves = [mg.tensor(operand, dtype=mg.float64, requires_grad=True) for operand in operands]
    op(*leaves).sum().backward()
    for leaf, grad in zip(leaves, expected, strict=True):
        # Rounding: a few operations on numbers of size 1.
        np.testing.assert_allclose(leaf.grad.numpy(), grad, rtol=1e-12, atol=1e-12)


DOCUMENTED = """
    norm dist cdist sqrt rsqrt log reciprocal abs sinc asin acosh atanh std var prod cumprod pow atan2 hypot logsumexp
    logcumsumexp logaddexp softmax xlogy det renorm linalg.svdvals linalg.svd linalg.eigvalsh linalg.eigh
    linalg.matrix_norm linalg.vector_norm special.entr nn.functional.pdist nn.functional.cosine_similarity
    nn.functional.normalize nn.functional.layer_norm
"""


@pytest.mark.parametrize("name", DOCUMENTED.split())
def test_the_docstring_says_what_the_gradient_is_at_an_edge(name):
    function = mg
    for part in name.split("."):
        function = getattr(function, part)
    assert "gradient" in inspect.getdoc(function).lower()


STEPS = {
    "floor": mg.floor,
    "round": mg.round,
    "sign": lambda x: mg.sign(x) - 1,
    "floor_divide": lambda x: mg.floor_divide(x, 1.0),
    "rounded quotient": lambda x: mg.div(x, 1.0, rounding_mode="trunc"),
    "sign of copysign": lambda x: mg.copysign(1.0, x) - 1,
}


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_what_is_constant_between_its_jumps_has_gradient_zero_whatever_arrives(step):
    x = mg.tensor([0.25], dtype=mg.float64, requires_grad=True)
    arriving = mg.sqrt(step(x)).sum()  # the root of 0, whose gradient is infinite
    (slope,) = mg.autograd.grad(arriving, x, create_graph=True)
    assert slope.tolist() == [0.0]
    assert mg.autograd.grad(slope.sum(), x)[0].tolist() == [0.0]

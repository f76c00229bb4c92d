"""The matrix product does what numpy.matmul does, for every layout, shape and dtype."""

import itertools
import sys
from fractions import Fraction

import numpy as np
import pytest

from minigrad_kernels import matmul
from tests.kernels.conftest import LAYOUTS, laid_out

FLOATS = [np.float32, np.float64]


def naive_product(a, b):
    """The definition in plain loops, in float64."""
    (m, k), n = a.shape, b.shape[1]
    out = np.zeros((m, n))
    for i in range(m):
        for j in range(n):
            for p in range(k):
                out[i, j] += float(a[i, p]) * float(b[p, j])
    return out


def assert_product(result, a, b, exact=None):
    """|error| ≤ (k + 2)·eps·(|a| @ |b|), whatever the order of the sum; k products and k − 1 sums each round once.

    Source: Higham, Accuracy and Stability of Numerical Algorithms, section 3.5.
    """
    k = a.shape[-1]
    eps = np.finfo(result.dtype).eps
    wide_a, wide_b = a.astype(np.float64), b.astype(np.float64)
    exact = np.matmul(wide_a, wide_b) if exact is None else exact
    # The comparison's own float64 rounding may double the bound for float64 results.
    bound = 2 * (k + 2) * eps * np.matmul(abs(wide_a), abs(wide_b))
    assert result.shape == exact.shape
    assert np.all(abs(result - exact) <= bound)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(("a_layout", "b_layout"), list(itertools.product(LAYOUTS, LAYOUTS)))
def test_every_pair_of_layouts_gives_the_product(generator, dtype, a_layout, b_layout):
    for m, k, n in [(3, 2, 4), (9, 11, 10)]:
        a = generator.standard_normal((m, k)).astype(dtype)
        b = generator.standard_normal((k, n)).astype(dtype)
        result = matmul(laid_out(a, a_layout), laid_out(b, b_layout))
        assert result.dtype == dtype
        assert_product(result, a, b, naive_product(a, b))


@pytest.mark.parametrize("dtype", FLOATS)
def test_every_small_shape_gives_the_product(generator, dtype):
    lengths = [0, 1, 2, 3, 5, 8, 9, 17]
    for m, k, n in itertools.product(lengths, lengths, lengths):
        a = generator.standard_normal((m, k)).astype(dtype)
        b = generator.standard_normal((k, n)).astype(dtype)
        assert_product(matmul(a, b), a, b)
        assert_product(matmul(a.copy(order="F"), b.copy(order="F")), a, b)


# Around tiles of 4, 6 and 8 rows and 1 to 4 vectors, KC = 256 or 512, and the thresholds of gemm.py and matvec.py.
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("form", ["nn", "nt", "tn", "tt"])
@pytest.mark.parametrize(
    "shape",
    [
        (1, 300, 300), (7, 300, 33), (8, 257, 32), (17, 255, 256), (300, 5, 31), (33, 520, 257), (64, 128, 10),
        (300, 300, 1), (16, 513, 300), (100, 3, 300),
        # Dot products in tiles of 4×4, 8×2 and 2×8, and one or two columns that are multiplied apart.
        (19, 200, 3), (45, 130, 2), (2, 70, 21), (6, 90, 13), (1, 200, 20), (30, 64, 33), (26, 40, 18), (25, 33, 9),
        # Narrow results, with the rest of a long sum or without, and short rows times a vector, by halves of a vector.
        (1, 43, 10), (1, 16, 3), (2, 21, 20), (3, 9, 32), (4, 45, 5), (4, 8, 17),
        (100, 10, 1), (17, 24, 1), (16, 1, 1), (33, 12, 1), (21, 4, 1), (19, 8, 1),
    ],
)  # fmt: skip
def test_every_form_gives_the_product_at_the_edges_of_the_blocks(generator, most_work, dtype, form, shape):
    m, k, n = shape
    if m * k * n > most_work:
        m, k, n = min(m, 40), min(k, 40), min(n, 40)
    a = generator.standard_normal((m, k)).astype(dtype, order="C" if form[0] == "n" else "F")
    b = generator.standard_normal((k, n)).astype(dtype, order="C" if form[1] == "n" else "F")
    assert_product(matmul(a, b), a, b)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("shape", [(1, 43, 10), (3, 19, 17), (4, 11, 2), (33, 5, 1), (40, 10, 1), (18, 20, 1)])
def test_a_narrow_product_reads_and_writes_nothing_beside_its_operands(generator, dtype, shape):
    m, k, n = shape
    # NaN beside the rows of both, and beside the result.
    a, b = np.full((m, k + 9), np.nan, dtype)[:, 4:-5], np.full((k, n + 9), np.nan, dtype)[:, 4:-5]
    a[...], b[...] = generator.standard_normal((m, k)), generator.standard_normal((k, n))
    memory = np.full(m * n + 40, 9, dtype)
    out = memory[20:-20].reshape(m, n)
    assert matmul(a, b, out) is out
    assert_product(out, a, b)
    assert np.all(memory[:20] == 9)
    assert np.all(memory[-20:] == 9)
    # Each row is summed in the same order, wherever it is.
    for i in range(m) if n == 1 else ():
        assert np.array_equal(matmul(np.ascontiguousarray(a[::-1]), b)[m - 1 - i], out[i])


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(
    ("a_shape", "b_shape"),
    [
        ((4,), (4,)), ((0,), (0,)), ((4,), (4, 3)), ((3, 4), (4,)), ((4,), (2, 4, 3)), ((2, 3, 4), (4,)),
        ((2, 3, 4), (4, 5)), ((2, 3, 4), (1, 4, 5)), ((3, 4), (2, 4, 5)), ((2, 3, 4), (2, 4, 5)),
        ((2, 1, 3, 4), (5, 4, 2)), ((1, 1, 3, 4), (2, 5, 4, 2)), ((2, 0, 4), (2, 4, 3)), ((0, 3, 4), (4, 2)),
        ((2, 3, 0), (2, 0, 3)), ((2, 1, 0, 3), (1, 3, 3, 0)), ((6, 1, 1), (1, 1, 7)),
    ],
)  # fmt: skip
def test_vectors_and_stacks_broadcast_as_in_numpy(generator, dtype, a_shape, b_shape):
    a = generator.standard_normal(a_shape).astype(dtype)
    b = generator.standard_normal(b_shape).astype(dtype)
    result = matmul(a, b)
    assert isinstance(result, np.ndarray)
    assert result.dtype == dtype
    assert_product(result, a, b)


def test_stacks_of_transposed_and_broadcast_matrices_give_the_product(generator):
    a = generator.standard_normal((2, 3, 5, 4)).mT
    b = generator.standard_normal((2, 3, 6, 5)).mT
    assert_product(matmul(a, b), a, b)
    assert_product(matmul(a[:, ::2], b[:, ::2]), a[:, ::2], b[:, ::2])
    assert_product(matmul(a[0, 0], b), a[0, 0], b)
    assert_product(matmul(a, b[0, 0]), a, b[0, 0])
    constant = np.broadcast_to(np.float64(2), (2, 3, 4, 5))
    assert_product(matmul(constant, b), constant, b)


def test_a_sum_of_no_products_is_zero():
    assert np.array_equal(matmul(np.empty((2, 0)), np.empty((0, 3))), np.zeros((2, 3)))
    out = np.full((2, 3), np.nan)
    matmul(np.empty((2, 0)), np.empty((0, 3)), out)
    assert np.array_equal(out, np.zeros((2, 3)))


@pytest.mark.parametrize("length", [3, 20])
def test_nan_and_infinity_stay_in_their_row(length):
    a = np.ones((length, length), np.float32)
    a[1, 2], a[0, 1] = np.nan, np.inf
    result = matmul(a, np.ones((length, length), np.float32))
    assert np.all(result[0] == np.inf)
    assert np.all(np.isnan(result[1]))
    assert np.all(result[2:] == length)


@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.int64, np.uint8, np.uint32, np.uint64])
def test_integers_wrap_around_as_in_numpy(generator, dtype):
    limits = np.iinfo(dtype)
    # Of 64-bit integers only small ones: plain Python warns where NumPy's scalars wrap around.
    high = min(limits.max, 2**28)
    a = generator.integers(max(limits.min, -high), high, (9, 12)).astype(dtype)
    b = generator.integers(max(limits.min, -high), high, (12, 10)).astype(dtype)
    result = matmul(a, b)
    assert result.dtype == dtype
    assert np.array_equal(result, np.matmul(a, b))


def test_booleans_give_or_of_and(generator):
    a, b = generator.random((9, 5)) < 0.3, generator.random((5, 11)) < 0.3
    result = matmul(a, b)
    assert result.dtype == np.bool_
    assert np.array_equal(result, np.matmul(a, b))


@pytest.mark.parametrize(
    ("a_dtype", "b_dtype"),
    [
        (np.float32, np.float64),
        (np.int64, np.float32),
        (np.bool_, np.float32),
        (np.int8, np.uint8),
        (">f4", np.float32),
    ],
)
def test_two_dtypes_promote_as_in_numpy(generator, a_dtype, b_dtype):
    a = generator.integers(0, 5, (4, 3)).astype(a_dtype)
    b = generator.integers(0, 5, (3, 6)).astype(b_dtype)
    result, expected = matmul(a, b), np.matmul(a, b)
    assert result.dtype == expected.dtype
    assert np.array_equal(result, expected)


def test_the_result_is_written_to_out_whatever_its_layout(generator):
    a, b = generator.standard_normal((5, 4)), generator.standard_normal((4, 6))
    for out in (np.empty((5, 6)), np.empty((6, 5)).T, np.empty((10, 12))[::2, ::2]):
        assert matmul(a, b, out) is out
        assert np.array_equal(out, matmul(a, b))


def test_out_may_overlap_the_operands(generator):
    a = generator.standard_normal((5, 5))
    expected = matmul(a, a)
    assert np.array_equal(matmul(a, a, a), expected)


@pytest.mark.parametrize(
    ("a_shape", "b_shape"), [((5, 4), (4, 6)), ((4,), (4, 6)), ((5, 4), (4,)), ((4,), (4,)), ((3, 5, 4), (3, 4, 6))]
)
def test_out_takes_the_result_of_vectors_and_stacks(generator, a_shape, b_shape):
    a, b = generator.standard_normal(a_shape), generator.standard_normal(b_shape)
    expected = matmul(a, b)
    out = np.full(expected.shape, np.nan)
    assert matmul(a, b, out) is out
    assert np.array_equal(out, expected)
    assert np.array_equal(matmul(a, b, out=np.full(expected.shape, np.nan)), expected)


def test_out_may_be_part_of_an_operand_or_of_the_same_memory(generator):
    memory = generator.standard_normal((4, 6, 6))
    for a, b, out in [
        (memory[0], memory[1], memory[1]),
        (memory[0, ::-1], memory[1], memory[0]),
        (memory[0, :, :3], memory[1, :3], memory[1]),
        (memory[:2], memory[2:], memory[1:3]),
        (memory[::-1][:2], memory[:2], memory[2:]),
    ]:
        memory[...] = generator.standard_normal(memory.shape)
        expected = matmul(a.copy(), b.copy())
        assert np.array_equal(matmul(a, b, out), expected)


def test_negative_and_zero_strides_and_axes_of_length_one_give_the_product(generator):
    x = generator.standard_normal((6, 5))
    row, column = np.broadcast_to(x[0], (4, 5)), np.broadcast_to(x[:, :1], (6, 4))
    vector = np.broadcast_to(np.float64(3), (5,))
    stack = np.broadcast_to(x, (3, 6, 5))
    for a, b in [
        (x[::-1], x.T[:, ::-1]), (row, x.T), (x, row.T), (column, x[:4]), (x, vector), (vector, x.T), (vector, vector),
        (x[:, :1], x[:1]), (x[:1], x[:1].T), (x[::6], x[::6].T), (x[:, ::5], x[::6]), (stack, x.T), (x.T, stack),
        (stack[::2], stack.mT[::2]), (stack[:, ::-1], x.T), (x[:, 0], x), (x.T, x[::1, 0]), (x[0, ::-1], x.T),
    ]:  # fmt: skip
        assert_product(matmul(a, b), a, b)


def test_stacks_of_any_layout_give_the_product(generator):
    x = generator.standard_normal((4, 3, 6, 5))
    y = generator.standard_normal((4, 3, 5, 7))
    matrix, vector = generator.standard_normal((5, 2)), generator.standard_normal(5)
    for a, b in [
        (x, y), (x[::2], y[::2]), (x[:, 1:], y[:, 1:]), (x.swapaxes(0, 1), y.swapaxes(0, 1)), (x[:, :1], y),
        (x, y[:, :1]), (x[0], y), (x, y[1]), (x[:1, :1], y), (x, y[:1, :1]), (x, matrix), (x, vector), (x[::-1], y),
        (x[:, :, :1], matrix), (x[:, ::2, :1], matrix), (x.transpose(2, 0, 1, 3), matrix), (vector, y), (y.mT, vector),
        (x[:1, :1], matrix), (vector, y[:1]),
    ]:  # fmt: skip
        assert_product(matmul(a, b), a, b)


def test_references_to_the_arrays_and_their_dtype_are_counted_right():
    a, b, out = np.ones((3, 3)), np.ones((3, 3)), np.empty((3, 3))
    matmul(a, b)
    before = [sys.getrefcount(x) for x in (a, b, out, a.dtype)]
    for _ in range(20):
        matmul(a, b)
        matmul(a, b, out)
        with pytest.raises(ValueError, match="needed"):
            matmul(a, b[:2])
    after = [sys.getrefcount(x) for x in (a, b, out, a.dtype)]
    assert after == before
    result, another = matmul(a, b), np.empty(1)
    assert result.flags.owndata
    assert sys.getrefcount(result) == sys.getrefcount(another)


def test_a_subclass_of_arrays_is_multiplied_as_an_array(generator):
    class Named(np.ndarray):
        pass

    a = generator.standard_normal((3, 4)).view(Named)
    b = generator.standard_normal((4, 2))
    assert np.array_equal(matmul(a, b), matmul(a.view(np.ndarray), b))
    assert np.array_equal(matmul(b.T, a.T), matmul(b.T, a.view(np.ndarray).T))


def test_the_operands_stay_as_they_are(generator):
    a, b = generator.standard_normal((40, 20)), generator.standard_normal((30, 20)).T
    a_before, b_before = a.copy(), b.copy()
    matmul(a, b)
    assert np.array_equal(a, a_before)
    assert np.array_equal(b, b_before)


@pytest.mark.parametrize(
    ("a", "b", "out", "error", "parts"),
    [
        (np.ones((2, 3)), np.ones((4, 3)), None, ValueError, ["(2, 3)", "(4, 3)", "a's last axis (3)", "a @ b.mT?"]),
        (np.ones((3, 2)), np.ones((3, 4)), None, ValueError, ["(3, 2)", "(3, 4)", "a.mT @ b?"]),
        (np.ones((2, 3)), np.ones(4), None, ValueError, ["(2, 3)", "(4,)", "only axis (4)", "reshape"]),
        (np.ones(()), np.ones((4, 5)), None, ValueError, ["at least one axis", "()", "(4, 5)", "use *"]),
        (np.ones((2, 1, 1)), np.ones((3, 1, 1)), None, ValueError, ["broadcast", "(2, 1, 1)", "(3, 1, 1)", "equal"]),
        ([[1.0]], np.ones((1, 1)), None, TypeError, ["NumPy arrays", "list for a", "np.asarray(a)"]),
        (np.ones((1, 1), complex), np.ones((1, 1)), None, TypeError, ["float32", "complex128", "(1, 1)", ".astype"]),
        (np.ones((1, 1), np.float16), np.ones((1, 1), np.float16), None, TypeError, ["float16", ".astype"]),
        (np.ones((2, 3)), np.ones((3, 4)), np.empty((4, 2)), ValueError, ["shape (2, 4)", "(4, 2)", "np.empty"]),
        (np.ones((2, 3)), np.ones((3, 4)), np.empty((2, 4), int), TypeError, ["float64", "int64", "np.empty"]),
    ],
)
def test_what_cannot_be_multiplied_raises_with_shapes_and_a_remedy(a, b, out, error, parts):
    with pytest.raises(error, match=r"^matmul: needed") as caught:
        matmul(a, b, out)
    for part in parts:
        assert part in str(caught.value)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("shape", [(2, 3, 2), (7, 5, 9), (1, 6, 20), (20, 6, 1), (40, 33, 50)])
@pytest.mark.parametrize("form", ["nn", "nt", "tn", "tt"])
def test_zero_times_infinity_and_nan_is_nan(dtype, shape, form):
    m, k, n = shape
    a = np.zeros((m, k), dtype, order="C" if form[0] == "n" else "F")
    b = np.ones((k, n), dtype, order="C" if form[1] == "n" else "F")
    b[k - 1, 0], b[0, n - 1] = np.inf, np.nan
    with np.errstate(invalid="ignore"):
        result = matmul(a, b)
    assert np.all(np.isnan(result[:, [0, n - 1]]))
    assert np.all(result[:, 1 : n - 1] == 0)


@pytest.mark.parametrize("form", ["nn", "nt", "tn", "tt"])
@pytest.mark.parametrize("shape", [(5, 40, 7), (1, 200, 3), (3, 200, 1), (13, 300, 5)])
def test_float64_sums_are_within_k_eps_of_the_exact_ones(generator, shape, form):
    m, k, n = shape
    a = generator.standard_normal((m, k)).astype(np.float64, order="C" if form[0] == "n" else "F")
    b = generator.standard_normal((k, n)).astype(np.float64, order="C" if form[1] == "n" else "F")
    result = matmul(a, b)
    for i, j in itertools.product(range(m), range(n)):
        products = [Fraction(x) * Fraction(y) for x, y in zip(a[i].tolist(), b[:, j].tolist())]
        error = abs(Fraction(float(result[i, j])) - sum(products))
        assert error <= k * np.finfo(np.float64).eps * sum(map(abs, products))


def test_the_bits_are_the_same_in_every_run(generator):
    for m, k, n in [(4, 4, 4), (33, 70, 17), (1, 50, 20), (20, 50, 1)]:
        a, b = generator.standard_normal((m, k)), generator.standard_normal((k, n))
        first = matmul(a, b)
        assert all(np.array_equal(matmul(a.copy(), b.copy()), first) for _ in range(3))

"""Decompositions multiply to their matrix, functions have their defining properties, edges are PyTorch's."""

import math

import numpy as np
import pytest

import minigrad as mg

EPSILON = np.finfo(np.float64).eps
# Matrices of up to 40 rows with elements around 1: products of three of them, and a condition below 1e3.
BOUND = 40 * 1e3 * EPSILON
SHAPES = [(3, 3), (5, 2), (2, 5), (2, 4, 3), (2, 3, 4), (40, 40), (1, 1)]
SQUARE = [(3, 3), (2, 4, 4), (2, 1, 3, 3), (40, 40), (1, 1)]


def numbers(*shape):
    return mg.tensor(np.random.default_rng(2).standard_normal(shape))


def definite(*shape):
    x = numbers(*shape)
    return x @ x.mT + mg.eye(shape[-1], dtype=mg.float64)


def close(x, y, bound=BOUND):
    np.testing.assert_allclose(np.asarray(x), np.asarray(y), rtol=0, atol=bound)


def identity_like(x):
    return np.broadcast_to(np.eye(x.shape[-1]), x.shape)


# Decompositions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", SQUARE)
def test_a_cholesky_factor_times_its_transpose_is_the_matrix(shape):
    A = definite(*shape)
    L, U = mg.linalg.cholesky(A), mg.linalg.cholesky(A, upper=True)
    close(L @ L.mT, A)
    close(U.mT @ U, A)
    assert np.array_equal(np.triu(L.data, 1), np.zeros(shape))
    assert np.array_equal(np.tril(U.data, -1), np.zeros(shape))


def test_a_cholesky_factor_is_of_the_triangle_that_is_returned():
    A = mg.tensor([[4.0, 99.0], [2.0, 5.0]])
    assert mg.cholesky(A).tolist() == [[2.0, 0.0], [1.0, 2.0]]
    assert mg.cholesky(A.mT, True).tolist() == [[2.0, 1.0], [0.0, 2.0]]


def test_cholesky_ex_says_which_of_a_batch_have_no_factor_and_where():
    good, bad = [[4.0, 2.0], [2.0, 5.0]], [[1.0, 2.0], [2.0, 1.0]]
    worse = [[-1.0, 0.0], [0.0, 1.0]]
    A = mg.tensor([good, bad, worse]).requires_grad_()
    L, info = mg.linalg.cholesky_ex(A)
    assert (info.tolist(), info.dtype) == ([0, 2, 1], mg.int32)
    assert L[0].tolist() == [[2.0, 0.0], [1.0, 2.0]]
    assert np.isnan(L.detach().data[1:]).all()
    L[0].sum().backward()
    assert np.isfinite(A.grad.data).all()
    assert not A.grad.data[1:].any()
    assert mg.linalg.cholesky_ex(mg.tensor(good)).info.item() == 0


@pytest.mark.parametrize("order", range(1, 9))
def test_the_order_of_the_minor_that_is_not_positive_is_found(order):
    A = np.eye(8)
    A[order - 1, order - 1] = -1
    assert mg.linalg.cholesky_ex(mg.tensor(A)).info.item() == order


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("full", [False, True])
def test_singular_vectors_and_values_multiply_to_the_matrix(shape, full):
    A = numbers(*shape)
    U, S, Vh = mg.linalg.svd(A, full_matrices=full)
    k = min(shape[-2:])
    assert U.shape == (*shape[:-1], shape[-2] if full else k)
    assert Vh.shape == (*shape[:-2], shape[-1] if full else k, shape[-1])
    close((U[..., :k] * S[..., None, :]) @ Vh[..., :k, :], A)
    close(U.mT @ U, identity_like(U.mT @ U))
    close(Vh @ Vh.mT, identity_like(Vh @ Vh.mT))
    close(mg.linalg.svdvals(A), S)
    older = mg.svd(A, some=not full)
    assert np.array_equal(older.V.data, Vh.mT.data)
    assert np.array_equal(mg.svd(A, compute_uv=False).S.data, mg.linalg.svdvals(A).data)


@pytest.mark.parametrize("shape", SQUARE)
def test_eigenvectors_are_stretched_by_their_eigenvalues(shape):
    A = definite(*shape)
    L, V = mg.linalg.eigh(A)
    close(A @ V, V * L[..., None, :])
    close(V.mT @ V, identity_like(A))
    close(mg.linalg.eigvalsh(A), L)
    assert np.array_equal(np.sort(L.data), L.data)


def test_eigenvalues_are_of_the_triangle_that_is_named():
    A = mg.tensor([[0.0, 3.0], [1.0, 0.0]], dtype=mg.float64)
    close(mg.linalg.eigvalsh(A), [-1, 1], 1e-15)
    close(mg.linalg.eigvalsh(A, UPLO="u"), [-3, 3], 1e-15)
    close(mg.linalg.eigh(A, "U").eigenvalues, [-3, 3], 1e-15)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("mode", ["reduced", "complete", "r"])
def test_an_orthogonal_factor_and_a_triangle_multiply_to_the_matrix(shape, mode):
    A = numbers(*shape)
    Q, R = mg.linalg.qr(A, mode)
    rows, columns = shape[-2:]
    k = rows if mode == "complete" else min(rows, columns)
    assert R.shape == (*shape[:-2], k, columns)
    assert np.array_equal(np.triu(R.data), R.data)
    if mode == "r":
        assert Q.shape == (0,)
        close(R.mT @ R, A.mT @ A)
    else:
        assert Q.shape == (*shape[:-1], k)
        close(Q @ R, A)
        close(Q.mT @ Q, identity_like(Q.mT @ Q))


@pytest.mark.parametrize("shape", SHAPES)
def test_a_permutation_and_two_triangles_multiply_to_the_matrix(shape):
    A = numbers(*shape)
    P, L, U = mg.linalg.lu(A)
    close(P @ L @ U, A)
    assert np.array_equal(np.tril(L.data), L.data)
    assert np.array_equal(np.triu(U.data), U.data)
    assert np.array_equal(P.data.sum(-1), np.ones(shape[:-1]))
    found, pivots, info = mg.linalg.lu_factor_ex(A)
    assert (pivots.dtype, info.dtype) == (mg.int32, mg.int32)
    assert not info.data.any()
    close(found, mg.linalg.lu_factor(A).LU, 0)


def test_without_exchanges_there_is_no_permutation():
    P, L, U = mg.linalg.lu(mg.tensor([[1.0, 2.0], [3.0, 4.0]]), pivot=False)
    assert P.shape == (0,)
    assert (L.tolist(), U.tolist()) == ([[1, 0], [3, 1]], [[1, 2], [0, -2]])


def test_a_singular_matrix_has_triangles_and_a_number_of_its_first_zero_pivot():
    A = mg.tensor([[1.0, 2.0], [2.0, 4.0]])
    P, L, U = mg.linalg.lu(A)
    assert (P @ L @ U).tolist() == A.tolist()
    assert mg.linalg.lu_factor_ex(A).info.item() == 2


@pytest.mark.parametrize("left", [True, False])
@pytest.mark.parametrize("adjoint", [True, False])
def test_factors_solve_for_the_matrix_or_its_transpose_on_either_side(left, adjoint):
    A, B = numbers(3, 4, 4), numbers(2, 1, 4, 4)
    X = mg.linalg.lu_solve(*mg.linalg.lu_factor(A), B, left=left, adjoint=adjoint)
    assert X.shape == (2, 3, 4, 4)
    A = A.mT if adjoint else A
    close(A @ X if left else X @ A, np.broadcast_to(B.data, X.shape))


def test_substitution_reads_one_triangle_and_broadcasts():
    A, B = numbers(2, 1, 3, 3) + 3 * mg.eye(3, dtype=mg.float64), numbers(4, 3, 2)
    for upper, part in ((True, np.triu), (False, np.tril)):
        X = mg.linalg.solve_triangular(A, B, upper=upper)
        assert X.shape == (2, 4, 3, 2)
        close(part(A.data) @ X.data, np.broadcast_to(B.data, X.shape))
    unread = mg.tensor([[1.0, 2.0], [math.nan, 1.0]])
    assert mg.linalg.solve_triangular(unread, mg.ones(2, 1), upper=True).tolist() == [[-1], [1]]


def test_inv_ex_says_which_of_a_batch_have_no_inverse():
    A = mg.tensor([[[2.0, 0.0], [0.0, 4.0]], [[1.0, 2.0], [2.0, 4.0]], [[0.0, 0.0], [0.0, 0.0]]])
    inverse, info = mg.linalg.inv_ex(A)
    assert info.tolist() == [0, 2, 1]
    assert inverse[0].tolist() == [[0.5, 0.0], [0.0, 0.25]]
    assert np.isnan(inverse.data[1:]).all()


# Functions of matrices ------------------------------------------------------------------------------------------------


def test_the_exponential_of_a_sum_of_multiples_is_a_product():
    A = numbers(2, 4, 4)
    close(mg.matrix_exp(A) @ mg.matrix_exp(2 * A), mg.matrix_exp(3 * A), 1e-9)  # elements up to 1e3, condition 1e4
    close(mg.linalg.matrix_exp(mg.zeros(3, 3)), np.eye(3), 0)
    close(mg.logdet(mg.matrix_exp(A)), np.trace(A.data, axis1=-2, axis2=-1))


def test_powers_are_repeated_products():
    A = mg.tensor([[1, 1], [1, 0]])
    assert mg.matrix_power(A, 30).tolist() == [[1346269, 832040], [832040, 514229]]
    assert mg.matrix_power(A, 0).tolist() == [[1, 0], [0, 1]]
    B = numbers(2, 3, 3)
    close(mg.matrix_power(B, -2) @ B @ B, identity_like(B))
    assert mg.matrix_power(B, 1) is not B


@pytest.mark.parametrize("shapes", [[(2, 3), (3, 4)], [(3,), (3, 4), (4, 2), (2,)], [(9, 2), (2, 30), (30, 1), (1, 5)]])
def test_a_chain_of_products_has_the_value_of_any_order(shapes):
    factors = [numbers(*shape) for shape in shapes]
    expected = factors[0]
    for factor in factors[1:]:
        expected = expected @ factor
    found = mg.linalg.multi_dot(factors)
    assert found.shape == expected.shape
    close(found, expected)


def test_a_chain_of_products_takes_the_fewest_multiplications(monkeypatch):
    shapes = []

    def counted(x, y):
        shapes.append(x.shape + y.shape)
        return mg.matmul(x, y)

    monkeypatch.setattr("minigrad.ops.matrix_functions.matmul", counted)
    mg.linalg.multi_dot([mg.ones(10, 100), mg.ones(100, 5), mg.ones(5, 50)])
    assert shapes == [(10, 100, 100, 5), (10, 5, 5, 50)]  # 7500 multiplications; the other order takes 75 000


def test_the_logarithm_of_a_negative_determinant_is_nan_and_of_zero_minus_infinity():
    assert math.isnan(mg.logdet(mg.tensor([[0.0, 1.0], [1.0, 0.0]])).item())
    assert mg.logdet(mg.zeros(2, 2)).item() == -math.inf


@pytest.mark.parametrize(
    ("order", "expected"),
    [(None, 8), (2, 8), (-2, 0.125), (1, 8), ("fro", math.sqrt(16.25 * 4.0625)), ("nuc", 4.5 * 2.25)],
)
def test_a_condition_number_is_the_growth_of_a_relative_error(order, expected):
    close(mg.linalg.cond(mg.tensor(np.diag([4.0, 0.5])), order), expected, 1e-14)


def test_a_singular_matrix_of_a_batch_has_an_infinite_condition():
    A = mg.tensor([[[2.0, 0.0], [0.0, 1.0]], [[1.0, 1.0], [1.0, 1.0]]])
    assert mg.linalg.cond(A, 1).tolist() == [2, math.inf]
    assert mg.linalg.cond(A, "nuc").tolist()[1] == math.inf
    assert mg.linalg.cond(mg.tensor(np.diag([1.0, 0.0]))).item() == math.inf
    assert mg.linalg.cond(mg.tensor(np.diag([1.0, 0.0])), -2).item() == 0
    assert math.isnan(mg.linalg.cond(mg.zeros(2, 2)).item())
    assert mg.linalg.cond(mg.zeros(0, 0)).item() == 0


def test_a_rank_counts_what_is_above_the_tolerance():
    A = mg.tensor(np.diag([4.0, 2.0, 1e-20]))
    assert mg.linalg.matrix_rank(A).item() == 2
    assert mg.linalg.matrix_rank(A, 2.0).item() == 1
    assert mg.linalg.matrix_rank(A, atol=mg.tensor(0.0), rtol=0.0).item() == 3
    assert mg.linalg.matrix_rank(-A, hermitian=True).item() == 2
    assert mg.linalg.matrix_rank(mg.stack([A, 0 * A]), atol=mg.tensor([3.0, 0.0])).tolist() == [1, 0]
    assert mg.linalg.matrix_rank(mg.zeros(2, 0, 3)).tolist() == [0, 0]


# Products -------------------------------------------------------------------------------------------------------------


def test_a_cross_product_is_along_the_first_axis_of_three_or_the_last():
    x, y = numbers(3, 3), numbers(3, 3).mT
    close(mg.cross(x, y), np.cross(x.data, y.data, axis=0), 0)
    close(mg.linalg.cross(x, y), np.cross(x.data, y.data), 0)
    close(x.cross(y, 1), np.cross(x.data, y.data), 0)


def test_a_kronecker_product_is_numpys():
    for left, right in (((2, 3), (3, 2)), ((2,), (2, 2, 2)), ((), (3,))):
        x, y = numbers(*left), numbers(*right)
        close(x.kron(y), np.kron(x.data, y.data), 0)


def test_powers_side_by_side_are_numpys_rising():
    x = numbers(4)
    close(mg.linalg.vander(x), np.vander(x.data, increasing=True))
    assert mg.linalg.vander(mg.tensor([0, -2], dtype=mg.int32), 3).tolist() == [[1, 0, 0], [1, -2, 4]]
    assert mg.linalg.vander(mg.tensor([0, -2], dtype=mg.int32)).dtype == mg.int64


def test_a_tensor_and_its_inverse_multiply_to_the_identity():
    A = mg.tensor(np.random.default_rng(3).standard_normal((4, 6, 8, 3)))
    inverse = mg.linalg.tensorinv(A)
    assert inverse.shape == (8, 3, 4, 6)
    close(np.tensordot(inverse.data, A.data, 2).reshape(24, 24), np.eye(24))
    B = numbers(4, 6)
    close(np.tensordot(A.data, mg.linalg.tensorsolve(A, B).data, 2), B)
    moved = mg.linalg.tensorsolve(A.movedim(3, 0), B, dims=(0,))
    assert moved.shape == (8, 3)
    close(moved, mg.linalg.tensorsolve(A, B))


# Norms ----------------------------------------------------------------------------------------------------------------


def test_the_norms_of_matrices_are_numpys():
    A = numbers(2, 3, 4)
    for order in ("fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf):
        expected = np.linalg.norm(A.data, order, axis=(1, 2))
        close(mg.linalg.matrix_norm(A, order), expected, 1e-14)
        kept = mg.linalg.norm(A, order, (2, 0), keepdim=True)
        assert kept.shape == (1, 3, 1)
        close(kept, np.linalg.norm(A.data, order, axis=(2, 0), keepdims=True), 1e-14)


def test_the_norms_of_vectors_are_of_all_elements_unless_axes_are_named():
    A = numbers(2, 3)
    for order in (0, 0.5, 1, 2, 3.5, -1, math.inf, -math.inf):
        close(mg.linalg.vector_norm(A, order), np.linalg.norm(A.data.ravel(), order), 1e-14)
        close(mg.linalg.vector_norm(A, order, 1), np.linalg.norm(A.data, order, axis=1), 1e-14)
    assert mg.linalg.vector_norm(A.float(), dtype=mg.float64).dtype == mg.float64


# Edges ----------------------------------------------------------------------------------------------------------------


def test_empty_matrices_have_empty_decompositions():
    for shape in ((0, 0), (2, 0, 0)):
        empty = mg.zeros(*shape)
        assert mg.cholesky(empty).shape == shape
        assert mg.linalg.eigh(empty).eigenvectors.shape == shape
        assert mg.matrix_exp(empty).shape == shape
        assert mg.logdet(empty).tolist() == ([0, 0] if len(shape) == 3 else 0)
    for shape in ((0, 3), (3, 0), (2, 0, 3)):
        empty, rows, columns = mg.zeros(*shape), shape[-2], shape[-1]
        U, S, Vh = mg.linalg.svd(empty)
        assert (U.shape[-1], S.shape[-1], Vh.shape[-1]) == (rows, 0, columns)
        assert mg.linalg.qr(empty).R.shape == (*shape[:-2], 0, columns)
        assert mg.linalg.lu(empty).P.shape == (*shape[:-1], rows)
        assert mg.linalg.matrix_norm(empty, "nuc").tolist() == mg.linalg.matrix_norm(empty, 1).tolist()
    assert mg.cholesky(mg.zeros(0, 3, 3)).shape == (0, 3, 3)


@pytest.mark.parametrize("dtype", [mg.float32, mg.float64])
def test_results_have_the_dtype_of_the_operands(dtype):
    A, B = mg.tensor([[2.0, 1.0], [1.0, 3.0]], dtype=dtype), mg.ones(2, 1, dtype=dtype)
    results = [mg.cholesky(A), mg.linalg.cholesky_ex(A).L, *mg.linalg.eigh(A), mg.linalg.eigvalsh(A), *mg.linalg.svd(A)]
    results += [mg.linalg.svdvals(A), *mg.linalg.qr(A), *mg.linalg.lu(A), mg.linalg.lu_factor(A).LU, mg.matrix_exp(A)]
    results += [mg.linalg.solve_triangular(A, B, upper=True), mg.linalg.lu_solve(*mg.linalg.lu_factor(A), B)]
    results += [
        mg.linalg.inv_ex(A).inverse,
        mg.matrix_power(A, -1),
        mg.logdet(A),
        mg.linalg.cond(A),
        mg.linalg.cond(A, 1),
    ]
    assert {result.dtype for result in results} == {dtype}


def test_a_view_is_of_the_diagonal():
    A = mg.zeros(2, 2, 2)
    mg.linalg.diagonal(A).fill_(1.0)
    assert A.tolist() == [[[1, 0], [0, 1]]] * 2

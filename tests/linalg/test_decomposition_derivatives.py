"""First and second derivatives of decompositions equal finite differences, also where these look at one triangle only.

The bounds are those of ``differences.py``: gaps between the values of the samples are at least about 0.3, whose inverse
enters the derivative once an order.
"""

import numpy as np
import pytest

import minigrad as mg
from tests.linalg.differences import check_first, check_second, oblong, other, square


def spread(rng, *shape):
    """Return matrices with singular values 1, 2, 3 ..."""
    u, s, vh = np.linalg.svd(rng.standard_normal(shape), full_matrices=False)
    return u * np.arange(s.shape[-1], 0, -1.0) @ vh


def spread_symmetric(rng, *shape):
    """Return symmetric matrices with eigenvalues 1, 2, 3 ..."""
    q, _ = np.linalg.qr(rng.standard_normal(shape))
    return q * np.arange(1.0, shape[-1] + 1) @ q.swapaxes(-2, -1)


def lower(rng, *shape):
    """Return lower triangles with a large diagonal."""
    return np.tril(square(rng, *shape))


def symmetric(A):
    return (A + A.mT) / 2


def joined(tensors):
    """Return several results as one vector."""
    return mg.cat([mg.flatten(each) for each in tensors])


def cholesky(A):
    return mg.linalg.cholesky(symmetric(A))


def upper_cholesky(A):
    return mg.linalg.cholesky(symmetric(A), upper=True)


def eigh(A):
    return joined(mg.linalg.eigh(symmetric(A)))


def upper_eigh(A):
    return mg.linalg.eigh(symmetric(A), UPLO="U").eigenvectors


def eigvalsh(A):
    return mg.linalg.eigvalsh(symmetric(A))


def svd(A):
    return joined(mg.linalg.svd(A, full_matrices=False))


def u_alone(A):
    return mg.linalg.svd(A, full_matrices=False).U


def v_alone(A):
    return mg.linalg.svd(A, full_matrices=False).Vh


def projection_by_full_svd(A):
    U, S, Vh = mg.linalg.svd(A)
    return joined([U[..., : S.shape[-1]], Vh[..., : S.shape[-1], :]])


def older_svd(A):
    return joined(mg.svd(A))


def qr(A):
    return joined(mg.linalg.qr(A))


def q_alone(A):
    return mg.linalg.qr(A).Q


def r_alone(A):
    return mg.linalg.qr(A).R


def r_by_mode(A):
    return mg.linalg.qr(A, mode="r").R


def complete_qr(A):
    return joined(mg.linalg.qr(A, mode="complete"))


def lu(A):
    return joined(mg.linalg.lu(A)[1:])


def lu_without_pivot(A):
    return joined(mg.linalg.lu(A, pivot=False)[1:])


def lu_factor(A):
    return mg.linalg.lu_factor(A).LU


def solved_by_lu(A, B):
    return mg.linalg.lu_solve(*mg.linalg.lu_factor(A), B)


def solved_by_lu_transposed(A, B):
    return mg.linalg.lu_solve(*mg.linalg.lu_factor(A), B, adjoint=True)


def solved_by_lu_from_the_right(A, B):
    return mg.linalg.lu_solve(*mg.linalg.lu_factor(A), B, left=False)


def forward_substitution(A, B):
    return mg.linalg.solve_triangular(A, B, upper=False)


def back_substitution_from_the_right(A, B):
    return mg.linalg.solve_triangular(A.mT, B, upper=True, left=False)


def unit_substitution(A, B):
    return mg.linalg.solve_triangular(A, B, upper=True, unitriangular=True)


CASES = {
    "cholesky": (cholesky, [(square, 3, 3)]),
    "cholesky, a batch": (cholesky, [(square, 2, 3, 3)]),
    "cholesky, upper": (upper_cholesky, [(square, 3, 3)]),
    "eigh": (eigh, [(spread_symmetric, 3, 3)]),
    "eigh, a batch": (eigh, [(spread_symmetric, 2, 3, 3)]),
    "eigh, upper": (upper_eigh, [(spread_symmetric, 3, 3)]),
    "eigvalsh": (eigvalsh, [(spread_symmetric, 3, 3)]),
    "svd, square": (svd, [(spread, 3, 3)]),
    "svd, tall": (svd, [(spread, 4, 2)]),
    "svd, wide": (svd, [(spread, 2, 4)]),
    "svd, a batch": (svd, [(spread, 2, 3, 2)]),
    "svd, U alone": (u_alone, [(spread, 4, 3)]),
    "svd, V alone": (v_alone, [(spread, 3, 4)]),
    "svd, complete bases": (projection_by_full_svd, [(spread, 4, 2)]),
    "svd, the older one": (older_svd, [(spread, 2, 3)]),
    "svdvals": (mg.linalg.svdvals, [(spread, 3, 4)]),
    "qr, square": (qr, [(oblong, 3, 3)]),
    "qr, tall": (qr, [(oblong, 4, 2)]),
    "qr, wide": (qr, [(oblong, 2, 4)]),
    "qr, a batch": (qr, [(oblong, 2, 3, 2)]),
    "qr, Q alone": (q_alone, [(oblong, 4, 2)]),
    "qr, R alone": (r_alone, [(oblong, 4, 2)]),
    "qr, Q alone of a wide one": (q_alone, [(oblong, 2, 3)]),
    "qr, R alone of a wide one": (r_alone, [(oblong, 2, 3)]),
    "qr, R by mode": (r_by_mode, [(oblong, 3, 2)]),
    "qr, complete": (complete_qr, [(oblong, 2, 3)]),
    "lu, square": (lu, [(oblong, 3, 3)]),
    "lu, tall": (lu, [(oblong, 4, 2)]),
    "lu, wide": (lu, [(oblong, 2, 4)]),
    "lu, a batch": (lu, [(oblong, 2, 3, 3)]),
    "lu, without pivots": (lu_without_pivot, [(square, 3, 3)]),
    "lu_factor": (lu_factor, [(oblong, 3, 3)]),
    "lu_solve": (solved_by_lu, [(oblong, 3, 3), (other, 3, 2)]),
    "lu_solve, broadcast": (solved_by_lu, [(oblong, 3, 3), (other, 2, 3, 2)]),
    "lu_solve, transposed": (solved_by_lu_transposed, [(oblong, 2, 3, 3), (other, 3, 2)]),
    "lu_solve, from the right": (solved_by_lu_from_the_right, [(oblong, 3, 3), (other, 2, 3)]),
    "solve_triangular, lower": (forward_substitution, [(lower, 3, 3), (other, 3, 2)]),
    "solve_triangular, broadcast": (forward_substitution, [(lower, 2, 1, 3, 3), (other, 2, 3, 1)]),
    "solve_triangular, from the right": (back_substitution_from_the_right, [(lower, 3, 3), (other, 2, 3)]),
    "solve_triangular, unit": (unit_substitution, [(square, 3, 3), (other, 3, 2)]),
    "matrix_exp": (mg.matrix_exp, [(other, 3, 3)]),
    "matrix_exp, a batch": (mg.matrix_exp, [(square, 2, 3, 3)]),
    "matrix_power": (lambda A: mg.matrix_power(A, 3), [(square, 3, 3)]),
    "matrix_power, negative": (lambda A: mg.matrix_power(A, -2), [(square, 2, 2, 2)]),
    "multi_dot": (lambda *x: mg.linalg.multi_dot(x), [(other, 2), (other, 2, 3), (other, 3, 1), (other, 1, 2)]),
    "inv_ex": (lambda A: mg.linalg.inv_ex(A).inverse, [(square, 2, 3, 3)]),
    "logdet": (mg.logdet, [(square, 3, 3)]),
    "tensorinv": (mg.linalg.tensorinv, [(lambda rng, *shape: square(rng, 6, 6).reshape(shape), 2, 3, 6)]),
    "tensorsolve": (
        mg.linalg.tensorsolve,
        [(lambda rng, *shape: square(rng, 4, 4).reshape(shape), 2, 2, 4), (other, 2, 2)],
    ),
    "cross": (mg.linalg.cross, [(other, 2, 3), (other, 1, 3)]),
    "vecdot": (mg.linalg.vecdot, [(other, 2, 3), (other, 3)]),
    "kron": (mg.kron, [(other, 2, 2), (other, 3)]),
    "vander": (lambda x: mg.linalg.vander(x, 4), [(other, 2, 3)]),
    "norm nuc": (lambda A: mg.linalg.matrix_norm(A, "nuc"), [(spread, 2, 3, 2)]),
    "norm 2": (lambda A: mg.linalg.matrix_norm(A, 2, (0, 1), True), [(spread, 2, 3)]),
    "norm -2": (lambda A: mg.linalg.matrix_norm(A, -2, (2, 0)), [(other, 2, 3, 2)]),
    "vector norm 3": (lambda x: mg.linalg.vector_norm(x, 3, -1), [(other, 2, 3)]),
    "cond": (mg.linalg.cond, [(spread, 2, 3, 3)]),
    "cond fro": (lambda A: mg.linalg.cond(A, "fro"), [(spread, 3, 3)]),
    "cond nuc": (lambda A: mg.linalg.cond(A, "nuc"), [(spread, 3, 3)]),
    "the logarithm of a matrix by eigh": (
        lambda A: (lambda L, V: (V * mg.log(L)) @ mg.ops.shapes.matrix_transpose(V))(*mg.linalg.eigh(symmetric(A))),
        [(spread_symmetric, 3, 3)],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_gradient_equals_differences_of_the_function(name):
    check_first(*CASES[name])


@pytest.mark.parametrize("name", CASES)
def test_the_second_derivative_equals_differences_of_the_gradient(name):
    check_second(*CASES[name])


@pytest.mark.parametrize("shape", [(3, 3), (4, 3), (3, 4)])
def test_below_full_rank_what_does_not_depend_on_the_vectors_has_its_gradient_along_changes_that_keep_the_rank(shape):
    # A = F G has rank 2, and U S V.T is A itself.
    def function(F, G):
        U, S, Vh = mg.linalg.svd(F @ G, full_matrices=False)
        return (U * S) @ Vh

    check_first(function, [(oblong, shape[0], 2), (oblong, 2, shape[1])])


def with_equal_values(rng, *shape):
    """Return symmetric matrices with the eigenvalues 1, 1, 2."""
    q, _ = np.linalg.qr(rng.standard_normal(shape))
    return q * np.array([1.0, 1.0, 2.0]) @ q.swapaxes(-2, -1)


def test_where_values_are_equal_the_space_that_their_vectors_span_has_its_gradient():
    def by_eigenvectors(A):
        L, V = mg.linalg.eigh(symmetric(A))
        V = V[:, :2]
        return mg.cat([mg.sum(L * L).reshape(1), mg.flatten(V @ mg.ops.shapes.matrix_transpose(V))])

    def by_singular_vectors(A):
        U, S, Vh = mg.linalg.svd(A)
        return mg.cat([mg.sum(S * S).reshape(1), mg.flatten(U[:, 1:] @ Vh[1:])])

    check_first(by_eigenvectors, [(with_equal_values, 3, 3)])
    check_first(by_singular_vectors, [(with_equal_values, 3, 3)])


@pytest.mark.parametrize(
    "function",
    [
        mg.linalg.svd,
        mg.linalg.svdvals,
        mg.linalg.eigh,
        mg.linalg.eigvalsh,
        mg.linalg.pinv,
        lambda A: mg.linalg.lstsq(A, A).solution,
        lambda A: mg.linalg.norm(A, 2),
        lambda A: mg.linalg.norm(A, "nuc"),
        lambda A: mg.linalg.norm(A, -2),
        mg.linalg.norm,
        mg.linalg.vector_norm,
        lambda A: mg.linalg.vector_norm(A, 1),
        lambda A: mg.linalg.vector_norm(A, np.inf),
        lambda A: mg.linalg.vector_norm(A, 3.5),
    ],
)
@pytest.mark.parametrize("matrix", [np.zeros((3, 3)), np.eye(3), np.diag([2.0, 0.0, 0.0]), np.ones((3, 3))])
def test_equal_values_and_zeros_have_finite_gradients_of_both_orders(function, matrix):
    A = mg.tensor(matrix, requires_grad=True)
    result = function(A)
    total = sum((each * each).sum() + each.sum() for each in (result if isinstance(result, tuple) else [result]))
    (first,) = mg.autograd.grad(total, A, create_graph=True)
    assert np.isfinite(first.data).all()
    (second,) = mg.autograd.grad(first.sum(), A, materialize_grads=True)
    assert np.isfinite(second.data).all()


def test_the_gradient_of_the_largest_singular_value_is_the_product_of_its_vectors():
    A = mg.tensor(np.random.default_rng(3).standard_normal((4, 3)), requires_grad=True)
    U, S, Vh = mg.linalg.svd(A.detach())
    mg.linalg.norm(A, 2).backward()
    np.testing.assert_allclose(A.grad.data, np.outer(U[:, 0], Vh[0]), rtol=0, atol=1e-14)  # rounding of sizes below 1


def test_equal_singular_values_share_the_gradient_of_the_norm():
    for order in (2, -2):
        A = mg.eye(4).requires_grad_()
        mg.linalg.norm(A, order).backward()
        assert A.grad.tolist() == (np.eye(4) / 4).tolist()


def test_the_gradient_of_a_cholesky_factor_is_symmetric():
    A = mg.tensor([[4.0, 1.0], [1.0, 3.0]], dtype=mg.float64, requires_grad=True)
    mg.cholesky(A).sum().backward()
    assert A.grad[0, 1].item() == A.grad[1, 0].item() != 0


def test_the_size_of_what_arrives_does_not_cost_the_gradient_of_the_exponential_its_digits():
    A = mg.tensor(np.random.default_rng(4).standard_normal((3, 3)), requires_grad=True)
    seed = np.random.default_rng(5).standard_normal((3, 3))
    (small,) = mg.autograd.grad(mg.matrix_exp(A), A, mg.tensor(seed))
    (large,) = mg.autograd.grad(mg.matrix_exp(A), A, mg.tensor(seed * 2.0**60))
    np.testing.assert_array_equal(large.data, small.data * 2.0**60)


def test_a_gradient_that_is_not_finite_goes_through_the_exponential_as_nan():
    A = mg.tensor(np.eye(2), requires_grad=True)
    (grad,) = mg.autograd.grad(mg.matrix_exp(A), A, mg.tensor([[np.nan, 0.0], [0.0, 1.0]], dtype=mg.float64))
    assert np.isnan(grad.data).all()


@pytest.mark.parametrize("name", ["cholesky", "svdvals", "eigvalsh", "qr", "lu", "matrix_exp", "pinv"])
def test_the_gradient_of_an_empty_matrix_is_empty(name):
    empty = mg.zeros(2, 0, 0).requires_grad_()
    result = getattr(mg.linalg, name)(empty)
    (result[-1] if isinstance(result, tuple) else result).sum().backward()
    assert empty.grad.shape == (2, 0, 0)

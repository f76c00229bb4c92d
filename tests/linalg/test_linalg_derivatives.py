"""First and second derivatives of linear algebra equal finite differences, in float64."""

import numpy as np
import pytest

import minigrad as mg
from tests.linalg.differences import (
    agree,
    check_first,
    check_second,
    differences,
    make,
    oblong,
    of_rank,
    other,
    square,
    weighted,
)

EPSILON = np.finfo(np.float64).eps


def solution_of_lstsq(A, B):
    return mg.linalg.lstsq(A, B).solution


def residuals_of_lstsq(A, B):
    return mg.linalg.lstsq(A, B).residuals


def both_of_lstsq(A, B):
    found = mg.linalg.lstsq(A, B)
    return mg.cat([found.solution.flatten(), found.residuals.flatten()])


def right_solve(A, B):
    return mg.linalg.solve(A, B, left=False)


def logabsdet(A):
    return mg.linalg.slogdet(A).logabsdet


CASES = {
    "solve, a vector": (mg.linalg.solve, [(square, 3, 3), (other, 3)]),
    "solve, a matrix": (mg.linalg.solve, [(square, 3, 3), (other, 3, 2)]),
    "solve, a batch": (mg.linalg.solve, [(square, 2, 3, 3), (other, 2, 3, 2)]),
    "solve, a batch of vectors": (mg.linalg.solve, [(square, 2, 3, 3), (other, 2, 3)]),
    "solve, a batch and one vector": (mg.linalg.solve, [(square, 2, 3, 3), (other, 3)]),
    "solve, batches that broadcast": (mg.linalg.solve, [(square, 2, 1, 3, 3), (other, 4, 3, 2)]),
    "solve, one matrix and a batch": (mg.linalg.solve, [(square, 3, 3), (other, 2, 3, 1)]),
    "solve from the right": (right_solve, [(square, 3, 3), (other, 2, 3)]),
    "solve from the right, broadcast": (right_solve, [(square, 2, 3, 3), (other, 1, 4, 3)]),
    "inv": (mg.linalg.inv, [(square, 3, 3)]),
    "inv, a batch": (mg.linalg.inv, [(square, 2, 3, 3)]),
    "inv, 1 by 1": (mg.linalg.inv, [(square, 1, 1)]),
    "det": (mg.linalg.det, [(square, 3, 3)]),
    "det, a batch": (mg.linalg.det, [(square, 2, 3, 3)]),
    "det, 1 by 1": (mg.linalg.det, [(square, 1, 1)]),
    "det, negative": (mg.linalg.det, [(other, 4, 4)]),
    "det, rank n - 1": (mg.linalg.det, [(of_rank, 2, 3, 3)]),
    "det, rank n - 2": (mg.linalg.det, [(of_rank, 1, 3, 3)]),
    "det, rank n - 3": (mg.linalg.det, [(of_rank, 0, 3, 3)]),
    "det, a batch of rank n - 1": (mg.linalg.det, [(of_rank, 3, 2, 4, 4)]),
    "slogdet": (logabsdet, [(square, 3, 3)]),
    "slogdet, a batch": (logabsdet, [(square, 2, 3, 3)]),
    "pinv, square": (mg.linalg.pinv, [(oblong, 3, 3)]),
    "pinv, tall": (mg.linalg.pinv, [(oblong, 4, 2)]),
    "pinv, wide": (mg.linalg.pinv, [(oblong, 2, 4)]),
    "pinv, a batch of tall ones": (mg.linalg.pinv, [(oblong, 2, 3, 2)]),
    "pinv, a batch of wide ones": (mg.linalg.pinv, [(oblong, 2, 2, 3)]),
    "lstsq, square": (solution_of_lstsq, [(oblong, 3, 3), (other, 3, 2)]),
    "lstsq, tall, a vector": (solution_of_lstsq, [(oblong, 4, 2), (other, 4)]),
    "lstsq, tall, a matrix": (solution_of_lstsq, [(oblong, 4, 2), (other, 4, 3)]),
    "lstsq, wide": (solution_of_lstsq, [(oblong, 2, 4), (other, 2, 3)]),
    "lstsq, a batch of vectors": (solution_of_lstsq, [(oblong, 2, 4, 2), (other, 2, 4)]),
    "lstsq, a batch of wide ones": (solution_of_lstsq, [(oblong, 2, 2, 3), (other, 2, 2, 1)]),
    "lstsq, batches that broadcast": (solution_of_lstsq, [(oblong, 2, 1, 4, 2), (other, 3, 4, 2)]),
    "lstsq, residuals": (residuals_of_lstsq, [(oblong, 4, 2), (other, 4, 3)]),
    "lstsq, residuals of a vector": (residuals_of_lstsq, [(oblong, 4, 2), (other, 4)]),
    "lstsq, solution and residuals": (both_of_lstsq, [(oblong, 2, 4, 2), (other, 2, 4, 1)]),
}


@pytest.mark.parametrize("name", CASES)
def test_the_gradient_equals_differences_of_the_function(name):
    check_first(*CASES[name])


@pytest.mark.parametrize("name", CASES)
def test_the_second_derivative_equals_differences_of_the_gradient(name):
    check_second(*CASES[name])


def test_the_third_derivative_of_the_determinant_equals_differences_of_the_second():
    arrays, rng = make([(square, 3, 3)])
    first, second = rng.standard_normal((2, 3, 3))

    def curvature(leaf, create_graph):
        (gradient,) = mg.autograd.grad(mg.det(leaf), leaf, create_graph=True)
        (result,) = mg.autograd.grad((gradient * first).sum(), leaf, create_graph=create_graph)
        return (result * second).sum()

    leaf = mg.tensor(arrays[0], requires_grad=True)
    found = mg.autograd.grad(curvature(leaf, True), leaf)
    agree(found, differences(lambda moved: curvature(mg.tensor(moved[0], requires_grad=True), False).item(), arrays))


def test_below_full_rank_the_pseudo_inverse_has_its_gradient_along_changes_that_keep_the_rank():
    # A = F G with thin factors has rank 2 whatever they are.
    arrays, rng = make([(oblong, 4, 2), (oblong, 2, 3)])
    weights = rng.standard_normal((3, 4))

    def function(F, G):
        # A cut above rounding, so that no difference counts a third singular value.
        return mg.linalg.pinv(F @ G, rtol=1e-8)

    leaves, loss = weighted(function, arrays, weights)
    agree(
        mg.autograd.grad(loss, leaves), differences(lambda moved: weighted(function, moved, weights)[1].item(), arrays)
    )


def test_below_full_rank_the_solution_of_least_squares_has_its_gradient_along_changes_that_keep_the_rank():
    arrays, rng = make([(oblong, 4, 2), (oblong, 2, 3), (other, 4, 2)])
    weights = rng.standard_normal((3, 2))

    def function(F, G, B):
        return mg.linalg.lstsq(F @ G, B, rcond=1e-8).solution

    leaves, loss = weighted(function, arrays, weights)
    agree(
        mg.autograd.grad(loss, leaves), differences(lambda moved: weighted(function, moved, weights)[1].item(), arrays)
    )


def test_the_gradient_of_a_symmetric_pseudo_inverse_is_that_of_any():
    matrix = np.array([[2.0, 0.5], [0.5, 1.0]])
    gradients = []
    for hermitian in (False, True):
        leaf = mg.tensor(matrix, requires_grad=True)
        mg.linalg.pinv(leaf, hermitian=hermitian).sum().backward()
        gradients.append(leaf.grad.data)
    # Two decompositions of a matrix of condition 3: equal but for rounding.
    np.testing.assert_allclose(*gradients, rtol=1e-14)


def test_the_gradient_of_the_sign_of_a_determinant_is_zero():
    leaf = mg.tensor([[2.0, 1.0], [1.0, 3.0]], requires_grad=True)
    mg.slogdet(leaf).sign.backward()
    assert leaf.grad.tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_the_gradient_of_det_at_a_singular_matrix_is_its_cofactors():
    leaf = mg.tensor([[1.0, 2.0], [2.0, 4.0]], dtype=mg.float64, requires_grad=True)
    mg.det(leaf).backward()
    np.testing.assert_allclose(leaf.grad.data, [[4, -2], [-2, 1]], atol=1e-14)  # rounding of numbers of size 5


def test_cofactors_do_not_overflow_where_the_determinant_does_not():
    # Products from either end would be 1e400; det is 1. The logarithms' sum is off by about 1e3 * eps.
    leaf = mg.tensor(np.diag([1e200, 1e200, 1e-200, 1e-200]), requires_grad=True)
    mg.det(leaf).backward()
    np.testing.assert_allclose(np.diag(leaf.grad.data), [1e-200, 1e-200, 1e200, 1e200], rtol=1e4 * EPSILON)


def test_a_constant_needs_no_gradient():
    B = mg.tensor([1.0, 2.0], requires_grad=True)
    mg.linalg.solve(np.eye(2, dtype=np.float32) * 2, B).sum().backward()
    assert B.grad.tolist() == [0.5, 0.5]


@pytest.mark.parametrize("dtype", [mg.float32, mg.float64])
def test_gradients_keep_the_dtype(dtype):
    A = mg.tensor([[2.0, 1.0], [1.0, 3.0]], dtype=dtype, requires_grad=True)
    B = mg.tensor([1.0, 2.0], dtype=dtype, requires_grad=True)
    total = mg.linalg.solve(A, B).sum() + mg.linalg.inv(A).sum() + mg.det(A) + mg.slogdet(A).logabsdet
    total = total + mg.linalg.pinv(A).sum() + mg.linalg.lstsq(A, B).solution.sum()
    assert total.dtype == dtype
    total.backward()
    assert A.grad.dtype == B.grad.dtype == dtype

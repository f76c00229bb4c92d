"""Solutions, inverses, determinants and norms have their defining properties, and PyTorch's shapes at the edges."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad.ops import lapack

EPSILON = np.finfo(np.float64).eps
# Matrices of up to 5 rows and a condition below 100: products of two of them are off by at most 5 * 100 * eps.
BOUND = 500 * EPSILON


def matrices(*shape):
    """Return float64 matrices with singular values in [1, 3]."""
    rng = np.random.default_rng(1)
    u, _, vh = np.linalg.svd(rng.standard_normal(shape), full_matrices=False)
    return mg.tensor(u * rng.uniform(1, 3, u.shape[:-2] + (1, u.shape[-1])) @ vh)


def numbers(*shape):
    return mg.tensor(np.random.default_rng(2).standard_normal(shape))


def close(x, y, bound=BOUND):
    np.testing.assert_allclose(np.asarray(x), np.asarray(y), rtol=0, atol=bound)


def test_two_equations_have_their_solution():
    A = mg.tensor([[2.0, 3.0], [1.0, -1.0]], dtype=mg.float64)
    close(mg.linalg.solve(A, mg.tensor([13.0, -1.0], dtype=mg.float64)), [2, 3], 1e-14)


@pytest.mark.parametrize(
    ("A", "B", "shape"),
    [
        ((3, 3), (3, 2), (3, 2)),
        ((2, 3, 3), (2, 3, 2), (2, 3, 2)),
        ((2, 1, 3, 3), (4, 3, 2), (2, 4, 3, 2)),
        ((3, 3), (2, 3, 2), (2, 3, 2)),
    ],
)
def test_a_solution_solves_with_leading_axes_broadcast(A, B, shape):
    A, B = matrices(*A), numbers(*B)
    X = mg.linalg.solve(A, B)
    assert X.shape == shape
    close(A @ X, np.broadcast_to(B.data, shape))


def test_a_vector_is_solved_for_in_each_matrix_of_a_batch():
    A, b = matrices(2, 3, 3), numbers(3)
    x = mg.linalg.solve(A, b)
    assert x.shape == (2, 3)
    close(A[1] @ x[1], b)


def test_b_of_the_axes_of_a_but_the_last_holds_vectors():
    A, B = matrices(2, 3, 3), numbers(2, 3)
    X = mg.linalg.solve(A, B)
    assert X.shape == (2, 3)
    close(A[1] @ X[1], B[1])


def test_a_solution_from_the_right_solves():
    A, B = matrices(2, 3, 3), numbers(2, 4, 3)
    close(mg.linalg.solve(A, B, left=False) @ A, B)


def test_nan_stays_in_its_column():
    B = mg.tensor([[math.nan, 1.0], [1.0, 1.0]])
    X = mg.linalg.solve(mg.tensor([[2.0, 1.0], [1.0, 2.0]]), B)
    assert np.isnan(X.data[:, 0]).all()
    assert np.isfinite(X.data[:, 1]).all()


def test_a_badly_scaled_matrix_is_not_singular():
    assert mg.linalg.inv(mg.tensor(np.diag([1.0, 1e-200]))).tolist() == [[1.0, 0.0], [0.0, 1e200]]


def test_a_barely_invertible_matrix_is_solved_with():
    # Condition 1e12 is far from 1 / eps.
    A = mg.tensor([[1.0, 1.0], [1.0, 1.0 + 1e-12]], dtype=mg.float64)
    X = mg.linalg.solve(A, A @ mg.tensor([1.0, 2.0], dtype=mg.float64))
    close(X, [1, 2], 1e12 * 10 * EPSILON)


def test_an_inverse_times_its_matrix_is_the_identity():
    A = matrices(2, 3, 3)
    close(mg.linalg.inv(A) @ A, np.broadcast_to(np.eye(3), (2, 3, 3)))
    assert np.array_equal(mg.inverse(A).data, mg.linalg.inv(A).data)


@pytest.mark.parametrize("shape", [(3, 3), (5, 2), (2, 5), (2, 4, 3), (2, 3, 4)])
def test_a_pseudo_inverse_satisfies_the_four_equations_of_penrose(shape):
    A = matrices(*shape)
    P = mg.linalg.pinv(A)
    close(A @ P @ A, A)
    close(P @ A @ P, P)
    close((A @ P).mT, A @ P)
    close((P @ A).mT, P @ A)


def test_a_pseudo_inverse_by_hand_is_v_s_u():
    A = matrices(4, 3)
    U, s, Vh = np.linalg.svd(A.data, full_matrices=False)
    close(mg.linalg.pinv(A), Vh.T @ np.diag(1 / s) @ U.T)


def test_a_symmetric_matrix_is_read_below_its_diagonal():
    A = mg.tensor([[2.0, 99.0], [0.5, 1.0]], dtype=mg.float64)
    close(mg.linalg.pinv(A, hermitian=True), np.linalg.inv([[2.0, 0.5], [0.5, 1.0]]))


@pytest.mark.parametrize(
    ("tolerances", "kept"),
    [
        ({}, [1, 1, 1]),
        ({"rtol": 0.3}, [1, 1, 0]),
        ({"atol": 2.0}, [1, 0, 0]),  # a value equal to the bound counts as 0
        ({"atol": 0.5, "rtol": 0.3}, [1, 1, 0]),
        ({"atol": 3.0, "rtol": 0.3}, [1, 0, 0]),
        ({"rtol": mg.tensor(0.3)}, [1, 1, 0]),
    ],
)
def test_singular_values_up_to_the_larger_tolerance_count_as_zero(tolerances, kept):
    P = mg.linalg.pinv(mg.tensor(np.diag([4.0, 2.0, 1.0])), **tolerances)
    close(P, np.diag([0.25, 0.5, 1.0] * np.array(kept)))


def test_each_matrix_may_have_its_own_tolerance():
    A = mg.tensor(np.stack([np.diag([4.0, 1.0])] * 2))
    P = mg.linalg.pinv(A, atol=mg.tensor([0.0, 2.0]), rtol=0.0)
    close(P, [np.diag([0.25, 1]), np.diag([0.25, 0])])


def test_pinverse_is_pinv_with_a_relative_tolerance():
    A = mg.tensor(np.diag([4.0, 1.0]))
    close(mg.pinverse(A, 0.5), np.diag([0.25, 0]))
    close(mg.pinverse(A), np.diag([0.25, 1]))


def test_tensors_have_the_methods_that_pytorch_gives_them():
    A = matrices(3, 3)
    for name in ("det", "inverse", "pinverse"):
        assert np.array_equal(getattr(A, name)().data, getattr(mg, name)(A).data)
    assert A.slogdet().logabsdet.item() == mg.slogdet(A).logabsdet.item()


def test_least_squares_fits_a_line():
    # The normal equations of (0, 1), (1, 3), (2, 6): intercept 5/6, slope 5/2, squared residuals 1/6.
    A = mg.tensor([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]], dtype=mg.float64)
    found = mg.linalg.lstsq(A, mg.tensor([1.0, 3.0, 6.0], dtype=mg.float64))
    close(found.solution, [5 / 6, 5 / 2], 1e-14)
    close(found.residuals, [1 / 6], 1e-14)
    assert found.rank.item() == 2
    close(found.singular_values, np.linalg.svd(A.data, compute_uv=False))


def test_of_many_solutions_least_squares_finds_the_shortest():
    A, B = matrices(2, 4), numbers(2, 3)
    X = mg.linalg.lstsq(A, B).solution
    close(A @ X, B)
    close(X, mg.linalg.pinv(A) @ B)


def test_below_full_rank_least_squares_finds_the_shortest_and_says_the_rank():
    A = mg.tensor([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]], dtype=mg.float64)
    found = mg.linalg.lstsq(A, mg.tensor([1.0, 2.0, 3.0], dtype=mg.float64))
    close(found.solution, [0.2, 0.4], 1e-14)
    assert found.rank.item() == 1
    assert found.residuals.shape == (0,)


@pytest.mark.parametrize("driver", [None, "gels", "gelsy", "gelsd", "gelss"])
def test_every_driver_finds_the_same(driver):
    A, B = matrices(4, 2), numbers(4, 3)
    assert np.array_equal(mg.linalg.lstsq(A, B, driver=driver).solution.data, mg.linalg.lstsq(A, B).solution.data)


def test_what_least_squares_says_about_the_matrix_is_outside_of_the_graph():
    A = matrices(4, 2).requires_grad_()
    found = mg.linalg.lstsq(A, numbers(4, 3))
    assert [each.requires_grad for each in found] == [True, True, False, False]


def test_the_residuals_of_an_exact_fit_are_empty_and_have_no_gradient():
    A, B = matrices(2, 2).requires_grad_(), numbers(2, 2)
    found = mg.linalg.lstsq(A, B)
    assert found.residuals.shape == (0,)
    found.residuals.sum().backward()
    assert A.grad.tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_a_determinant_is_the_signed_volume():
    assert mg.det(mg.tensor([[0.0, 2.0], [3.0, 0.0]])).item() == pytest.approx(-6, rel=4 * EPSILON)
    assert mg.det(mg.tensor([[1.0, 2.0], [2.0, 4.0]])).item() == 0


def test_a_determinant_beyond_all_floats_has_a_logarithm():
    A = mg.tensor(np.diag([1e200, -1e200]))
    assert mg.det(A).item() == -math.inf
    sign, logabsdet = mg.slogdet(A)
    assert sign.item() == -1
    assert logabsdet.item() == pytest.approx(400 * math.log(10), rel=4 * EPSILON)


def test_a_singular_matrix_has_the_sign_zero():
    sign, logabsdet = mg.linalg.slogdet(mg.tensor([[1.0, 2.0], [2.0, 4.0]]))
    assert (sign.item(), logabsdet.item()) == (0, -math.inf)


def test_empty_matrices_have_empty_inverses_and_the_determinant_one():
    empty = mg.zeros(2, 0, 0)
    assert mg.det(empty).tolist() == [1, 1]
    assert [each.tolist() for each in mg.slogdet(empty)] == [[1, 1], [0, 0]]
    assert mg.linalg.inv(empty).shape == (2, 0, 0)
    assert mg.linalg.solve(empty, mg.zeros(2, 0, 3)).shape == (2, 0, 3)
    assert mg.linalg.inv(mg.zeros(0, 3, 3)).shape == (0, 3, 3)
    assert mg.linalg.pinv(mg.zeros(2, 0, 3)).shape == (2, 3, 0)
    assert mg.linalg.lstsq(mg.zeros(0, 3), mg.zeros(0, 2)).solution.tolist() == [[0, 0]] * 3
    assert mg.linalg.lstsq(mg.zeros(3, 0), mg.zeros(3, 2)).solution.shape == (0, 2)


@pytest.mark.parametrize("name", ["det", "inv", "pinv"])
def test_the_gradient_of_an_empty_matrix_is_empty(name):
    empty = mg.zeros(2, 0, 0).requires_grad_()
    getattr(mg.linalg, name)(empty).sum().backward()
    assert empty.grad.shape == (2, 0, 0)


@pytest.mark.parametrize("dtype", [mg.float32, mg.float64])
def test_results_have_the_dtype_of_the_operands(dtype):
    A, B = mg.tensor([[2.0, 1.0], [1.0, 3.0]], dtype=dtype), mg.tensor([1.0, 2.0], dtype=dtype)
    results = [mg.linalg.solve(A, B), mg.linalg.inv(A), mg.linalg.pinv(A), mg.det(A), *mg.slogdet(A)]
    results += [mg.linalg.lstsq(A, B)[0], mg.linalg.lstsq(A, B)[1], mg.linalg.lstsq(A, B)[3]]
    assert {result.dtype for result in results} == {dtype}
    assert mg.linalg.lstsq(A, B).rank.dtype == mg.int64


def test_arrays_give_arrays():
    A = np.array([[2.0, 1.0], [1.0, 3.0]])
    for result in (
        mg.linalg.inv(A),
        mg.linalg.solve(A, A[0]),
        mg.linalg.pinv(A),
        *mg.linalg.lstsq(A, A),
        *mg.slogdet(A),
    ):
        assert isinstance(result, (np.ndarray, np.generic))


def test_matrices_that_do_not_lie_in_rows_are_read_right():
    A, B = matrices(3, 3), numbers(2, 3)
    close(A.mT @ mg.linalg.solve(A.mT, B.mT), B.mT)
    close(mg.linalg.inv(A.mT), mg.linalg.inv(A).mT)


@pytest.mark.parametrize(
    ("ord", "dim", "expected"),
    [
        (None, None, math.sqrt(30)),
        ("fro", None, math.sqrt(30)),
        (1, None, 6),
        (-1, None, 4),
        (math.inf, None, 7),
        (-math.inf, None, 3),
        (1, -1, [3, 7]),
        (math.inf, 0, [3, 4]),
        (3, 1, [9 ** (1 / 3), 91 ** (1 / 3)]),
        (1, (1, 0), 7),
        (None, (0, 1), math.sqrt(30)),
    ],
)
def test_norms_of_vectors_and_matrices_are_told_apart_by_their_axes(ord, dim, expected):
    A = mg.tensor([[1.0, -2.0], [-3.0, 4.0]], dtype=mg.float64)
    close(mg.linalg.norm(A, ord, dim), expected, 1e-14)
    kept = mg.linalg.norm(A, ord, dim, keepdim=True)
    assert kept.ndim == 2


def test_the_gradient_of_a_matrix_norm_is_that_of_its_largest_column():
    A = mg.tensor([[1.0, -2.0], [-3.0, 4.0]], requires_grad=True)
    mg.linalg.norm(A, 1).backward()
    assert A.grad.tolist() == [[0, -1], [0, 1]]


def test_the_norm_of_zero_has_the_gradient_zero():
    x = mg.zeros(3).requires_grad_()
    mg.linalg.norm(x).backward()
    assert x.grad.tolist() == [0, 0, 0]


@pytest.mark.parametrize("dtype", [mg.float32, mg.float64])
def test_determinants_are_the_same_without_the_loops_that_numpy_does_not_name_in_public(monkeypatch, dtype):
    A = mg.tensor(np.random.default_rng(3).standard_normal((2, 3, 3)), dtype=dtype)
    fast = (mg.det(A), *mg.slogdet(A))
    monkeypatch.setattr(lapack, "LOOPS", None)
    for found, expected in zip((mg.det(A), *mg.slogdet(A)), fast, strict=True):
        assert found.dtype == dtype
        assert mg.equal(found, expected)

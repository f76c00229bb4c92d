"""What decompositions refuse, they refuse with the matrix of the batch, the pivot or rank, and the remedy."""

import math

import numpy as np
import pytest

import minigrad as mg

INDEFINITE = [[1.0, 2.0, 0.0], [2.0, 5.0, 3.0], [0.0, 3.0, 1.0]]  # minors 1, 1, -8
NAN = [[1.0, math.nan], [0.0, 1.0]]
LinAlgError = mg.linalg.LinAlgError


def batch(*matrices):
    return mg.stack([mg.tensor(matrix) for matrix in matrices])


def in_batch():
    return batch([[1.0, 0.0], [0.0, 1.0]], NAN)


EYE = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
ERRORS = {
    "cholesky, not definite": (
        lambda: mg.linalg.cholesky(mg.tensor(INDEFINITE)),
        LinAlgError,
        ["linalg.cholesky: A is not positive definite", "minor of order 3 of 3", "eigvalsh", "A + 1e-6"],
    ),
    "cholesky, one of a batch": (
        lambda: mg.linalg.cholesky(batch(EYE, EYE, INDEFINITE)),
        LinAlgError,
        ["A[2] is not positive definite", "order 3 of 3", "shape (3, 3, 3)"],
    ),
    "cholesky, the upper triangle": (
        lambda: mg.cholesky(mg.tensor([[1.0, 2.0], [0.0, 1.0]]), True),
        LinAlgError,
        ["minor of order 2 of 2"],
    ),
    "cholesky, negative": (lambda: mg.cholesky(mg.tensor([[-1.0]])), LinAlgError, ["minor of order 1 of 1"]),
    "cholesky, not square": (lambda: mg.cholesky(mg.ones(2, 3)), ValueError, ["linalg.cholesky: A must be square"]),
    "cholesky, NaN in a batch": (
        lambda: mg.cholesky(in_batch()),
        ValueError,
        ["linalg.cholesky: A must be finite", "nan at [0, 1] of the matrix A[1]", "(2, 2, 2)"],
    ),
    "cholesky_ex, checked": (
        lambda: mg.linalg.cholesky_ex(mg.tensor(INDEFINITE), check_errors=True),
        LinAlgError,
        ["order 3 of 3"],
    ),
    "inv_ex, checked": (
        lambda: mg.linalg.inv_ex(mg.ones(2, 2), check_errors=True),
        LinAlgError,
        ["linalg.inv_ex: A is singular", "rank is 1 of 2"],
    ),
    "eigh, not square": (lambda: mg.linalg.eigh(mg.ones(2, 3)), ValueError, ["linalg.eigh: A must be square"]),
    "eigh, NaN in a batch": (lambda: mg.linalg.eigh(in_batch()), ValueError, ["linalg.eigh", "the matrix A[1]"]),
    "eigvalsh, infinity": (lambda: mg.linalg.eigvalsh(mg.tensor([[math.inf]])), ValueError, ["inf at [0, 0]"]),
    "eigh, no triangle": (lambda: mg.linalg.eigh(mg.eye(2), "X"), ValueError, ["UPLO must be 'L' or 'U'", "'X'"]),
    "svd, NaN in a batch": (lambda: mg.linalg.svd(in_batch()), ValueError, ["linalg.svd: A must be finite", "A[1]"]),
    "svd, a vector": (lambda: mg.linalg.svd(mg.ones(3)), ValueError, ["linalg.svd: A must be a matrix"]),
    "svd, a driver": (lambda: mg.linalg.svd(mg.eye(2), driver="gesvd"), ValueError, ["driver must be None"]),
    "svdvals, integers": (lambda: mg.linalg.svdvals(mg.tensor([[1]])), TypeError, ["A must be float32", "int64"]),
    "qr, NaN in a batch": (lambda: mg.linalg.qr(in_batch()), ValueError, ["linalg.qr: A must be finite", "A[1]"]),
    "qr, a mode": (lambda: mg.linalg.qr(mg.eye(2), "full"), ValueError, ["mode must be", "'full'", "'complete'"]),
    "qr, complete and tall": (
        lambda: mg.linalg.qr(mg.ones(3, 2).requires_grad_(), "complete"),
        RuntimeError,
        ["qr: the operation has no derivative"],
    ),
    "lu_factor, singular": (
        lambda: mg.linalg.lu_factor(batch(EYE, [[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 2.0, 3.0]])),
        LinAlgError,
        ["linalg.lu_factor: A[1] has no pivot in column 1", "element [1, 1] of U is 0", "linalg.lu takes it"],
    ),
    "lu_factor, without exchanges": (
        lambda: mg.linalg.lu_factor(mg.tensor([[0.0, 1.0], [1.0, 0.0]]), pivot=False),
        LinAlgError,
        ["no pivot in column 0", "pivot=True"],
    ),
    "lu, without exchanges": (
        lambda: mg.linalg.lu(mg.tensor([[0.0, 1.0], [1.0, 0.0]]), pivot=False),
        LinAlgError,
        ["linalg.lu: A has no pivot in column 0", "pivot=True"],
    ),
    "lu, NaN in a batch": (lambda: mg.linalg.lu(in_batch()), ValueError, ["linalg.lu: A must be finite", "A[1]"]),
    "lu_solve, pivots of floats": (
        lambda: mg.linalg.lu_solve(mg.eye(2), mg.ones(2), mg.ones(2, 1)),
        TypeError,
        ["pivots must be of integers", "(2,) float32"],
    ),
    "lu_solve, too few pivots": (
        lambda: mg.linalg.lu_solve(mg.eye(2), mg.tensor([1]), mg.ones(2, 1)),
        ValueError,
        ["pivots must be (2,)", "one for each row", "(1,) int64"],
    ),
    "lu_solve, pivots from 0": (
        lambda: mg.linalg.lu_solve(mg.eye(2), mg.tensor([0, 1]), mg.ones(2, 1)),
        IndexError,
        ["from 1 to 2, got 0 to 1"],
    ),
    "lu_solve, a vector": (
        lambda: mg.linalg.lu_solve(mg.eye(2), mg.tensor([1, 2]), mg.ones(2)),
        ValueError,
        ["linalg.lu_solve", "(..., m, k)"],
    ),
    "solve_triangular, a zero": (
        lambda: mg.linalg.solve_triangular(
            batch([[1.0, 5.0], [0.0, 1.0]], [[1.0, 5.0], [0.0, 0.0]]), mg.ones(2, 1), upper=True
        ),
        LinAlgError,
        ["linalg.solve_triangular: A[1] is singular", "element 1 of its diagonal is 0", "linalg.lstsq"],
    ),
    "solve_triangular, NaN": (
        lambda: mg.linalg.solve_triangular(mg.tensor(NAN), mg.ones(2, 1), upper=True),
        ValueError,
        ["A must be finite", "nan at [0, 1]"],
    ),
    "solve_triangular, a vector": (
        lambda: mg.linalg.solve_triangular(mg.eye(2), mg.ones(2), upper=True),
        ValueError,
        ["linalg.solve_triangular", "as many rows in B, (..., m, k)"],
    ),
    "solve_triangular, dtypes": (
        lambda: mg.linalg.solve_triangular(mg.eye(2), np.ones((2, 1)), upper=True),
        TypeError,
        ["must have one dtype"],
    ),
    "matrix_exp, infinity": (
        lambda: mg.matrix_exp(mg.tensor([[math.inf]])),
        ValueError,
        ["linalg.matrix_exp: A must be finite"],
    ),
    "matrix_power, singular": (
        lambda: mg.matrix_power(mg.ones(2, 2), -1),
        LinAlgError,
        ["linalg.inv: A is singular"],
    ),
    "matrix_power, not square": (
        lambda: mg.matrix_power(mg.ones(2, 3), 2),
        ValueError,
        ["linalg.matrix_power: A must"],
    ),
    "matrix_power, a float": (
        lambda: mg.matrix_power(mg.eye(2), 0.5),
        TypeError,
        ["n must be an integer, got float 0.5"],
    ),
    "multi_dot, one": (lambda: mg.linalg.multi_dot([mg.eye(2)]), ValueError, ["at least two tensors", "got 1"]),
    "multi_dot, shapes": (
        lambda: mg.linalg.multi_dot([mg.ones(2, 3), mg.ones(2, 3)]),
        ValueError,
        ["tensor 1 must have as many rows as tensor 0 has columns", "(2, 3)", "x.T"],
    ),
    "multi_dot, a batch": (
        lambda: mg.linalg.multi_dot([mg.eye(2), mg.ones(2, 2, 2)]),
        ValueError,
        ["tensor 1 is (2, 2, 2)", "matmul takes batches"],
    ),
    "matrix_rank, tol twice": (
        lambda: mg.linalg.matrix_rank(mg.eye(2), 0.5, rtol=0.1),
        ValueError,
        ["tol stands for atol"],
    ),
    "cross, no three": (lambda: mg.cross(mg.ones(2, 2), mg.ones(2, 2)), ValueError, ["an axis of length 3"]),
    "cross, another axis": (
        lambda: mg.linalg.cross(mg.ones(3, 2), mg.ones(3, 2)),
        ValueError,
        ["linalg.cross: axis -1 must have 3 elements", "(3, 2)"],
    ),
    "cross, ranks": (lambda: mg.linalg.cross(mg.ones(2, 3), mg.ones(3)), ValueError, ["as many axes", "(3,)"]),
    "vecdot, dtypes": (
        lambda: mg.linalg.vecdot(mg.ones(2), np.ones(2)),
        TypeError,
        ["linalg.vecdot: x and y must have one dtype"],
    ),
    "vecdot, shapes": (lambda: mg.linalg.vecdot(mg.ones(2), mg.ones(3)), ValueError, ["vecdot", "broadcast"]),
    "vander, one power": (lambda: mg.linalg.vander(mg.ones(3), 1), ValueError, ["N must be at least 2, got 1"]),
    "vander, bools": (lambda: mg.linalg.vander(mg.tensor([True])), TypeError, ["linalg.vander", "x.float()"]),
    "tensorinv, lengths": (
        lambda: mg.linalg.tensorinv(mg.ones(2, 3, 4)),
        ValueError,
        ["ind=2 gives 6 and 4", "(2, 3, 4)"],
    ),
    "tensorinv, no axes": (lambda: mg.linalg.tensorinv(mg.ones(2, 2), 0), ValueError, ["at least one", "ind=0"]),
    "tensorsolve, lengths": (
        lambda: mg.linalg.tensorsolve(mg.ones(2, 3), mg.ones(2)),
        ValueError,
        ["linalg.tensorsolve", "A is (2, 3)", "dims"],
    ),
    "vector_norm, of nothing": (
        lambda: mg.linalg.vector_norm(mg.zeros(0), math.inf),
        ValueError,
        ["of order inf of no element", "(0,)"],
    ),
    "vector_norm, integers": (lambda: mg.linalg.vector_norm(mg.tensor([1])), TypeError, ["x must be float32"]),
    "vector_norm, a word": (lambda: mg.linalg.vector_norm(mg.ones(2), "fro"), TypeError, ["ord must be a number"]),
    "matrix_norm, one axis": (lambda: mg.linalg.matrix_norm(mg.eye(2), 1, 0), ValueError, ["dim must name two axes"]),
    "matrix_norm, an order": (lambda: mg.linalg.matrix_norm(mg.eye(2), 3), ValueError, ["'nuc'", "ord=3"]),
    "norm, a word for vectors": (lambda: mg.linalg.norm(mg.ones(2), "nuc"), ValueError, ["ord='nuc'", "dim=(-2, -1)"]),
    "norm, the same axis": (lambda: mg.linalg.norm(mg.eye(2), 1, (0, 0)), ValueError, ["named twice"]),
    "cond, not square": (lambda: mg.linalg.cond(mg.ones(2, 3), 1), ValueError, ["linalg.cond: A must be square"]),
    "logdet, of a singular one": (
        lambda: mg.logdet(mg.ones(2, 2).requires_grad_()).backward(),
        LinAlgError,
        ["rank is 1 of 2"],
    ),
    "the gradient of qr below full rank": (
        lambda: mg.linalg.qr(mg.zeros(2, 2).requires_grad_()).R.sum().backward(),
        LinAlgError,
        ["solve_triangular: A is singular", "element 0 of its diagonal"],
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_a_bad_operand_is_refused_with_a_clear_sentence(name):
    call, kind, parts = ERRORS[name]
    with pytest.raises(kind) as caught:
        call()
    for part in parts:
        assert part in str(caught.value)
    assert "test_decomposition_errors.py" in str(caught.value)
    assert not isinstance(caught.value, np.linalg.LinAlgError)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_an_iteration_that_does_not_converge_names_its_matrix(monkeypatch):
    def failing(x, *arguments):
        if x[..., 0, 0].max() == 2:
            raise np.linalg.LinAlgError("SVD did not converge")
        return svd(x, *arguments)

    svd = np.linalg.svd
    monkeypatch.setattr(np.linalg, "svd", failing)
    with pytest.raises(LinAlgError, match=r"did not converge for A\[1\]; A has shape \(3, 2, 2\)"):
        mg.linalg.svd(batch(NAN[1:] * 2, [[2.0, 0.0], [0.0, 1.0]], NAN[1:] * 2))

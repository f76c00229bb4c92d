"""What linear algebra refuses, it refuses with who, what was needed, what came and the remedy."""

import math

import numpy as np
import pytest

import minigrad as mg

SINGULAR = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]
NAN = [[1.0, math.nan], [0.0, 1.0]]


def both(A, B):
    return lambda: mg.linalg.solve(mg.tensor(A), mg.tensor(B))


ERRORS = {
    "solve, a matrix that is not square": (
        lambda: mg.linalg.solve(mg.ones(2, 3), mg.ones(2)),
        ValueError,
        ["linalg.solve: A must be square", "2 rows and 3 columns", "(2, 3) float32", "linalg.lstsq and linalg.pinv"],
    ),
    "inv, a matrix that is not square": (
        lambda: mg.linalg.inv(mg.ones(2, 3)),
        ValueError,
        ["linalg.inv: A must be sq"],
    ),
    "det, a matrix that is not square": (lambda: mg.det(mg.ones(2, 3)), ValueError, ["linalg.det: A must be square"]),
    "slogdet, not square": (lambda: mg.slogdet(mg.ones(2, 3)), ValueError, ["linalg.slogdet: A must be square"]),
    "pinv, hermitian and not square": (
        lambda: mg.linalg.pinv(mg.ones(2, 3), hermitian=True),
        ValueError,
        ["linalg.pinv: A must be square"],
    ),
    "inv, a vector": (lambda: mg.linalg.inv(mg.ones(3)), ValueError, ["must be a matrix (m, n)", "(3,)", "unsqueeze"]),
    "solve, shapes that clash": (
        lambda: mg.linalg.solve(mg.ones(3, 3), mg.ones(2, 4)),
        ValueError,
        ["linalg.solve", "as many rows in B", "A is (3, 3) float32", "B is (2, 4) float32", "B.mT"],
    ),
    "solve, batches that clash": (
        lambda: mg.linalg.solve(mg.ones(2, 3, 3), mg.ones(4, 3, 1)),
        ValueError,
        ["must broadcast", "A is (2, 3, 3)", "B is (4, 3, 1)"],
    ),
    "solve from the right, a vector": (
        lambda: mg.linalg.solve(mg.ones(3, 3), mg.ones(3), left=False),
        ValueError,
        ["X A = B needs a matrix B", "A is (3, 3)", "B is (3,)"],
    ),
    "lstsq, shapes that clash": (
        lambda: mg.linalg.lstsq(mg.ones(4, 2), mg.ones(2)),
        ValueError,
        ["linalg.lstsq", "A is (4, 2)", "B is (2,)"],
    ),
    "solve, a number as B": (lambda: mg.linalg.solve(mg.ones(3, 3), 1.0), ValueError, ["A is (3, 3)"]),
    "solve, dtypes that differ": (
        lambda: mg.linalg.solve(mg.eye(2), np.ones(2)),
        TypeError,
        ["must have one dtype", "A is (2, 2) float32", "B is (2,) float64", "B.double()"],
    ),
    "solve, integers": (both([[1, 0], [0, 1]], [1.0, 2.0]), TypeError, ["A must be float32", "int64", "A.float()"]),
    "solve, integers as B": (both([[1.0, 0.0], [0.0, 1.0]], [1, 2]), TypeError, ["B must be float32", "B.float()"]),
    "det, integers": (lambda: mg.det(mg.tensor([[1, 0], [0, 1]])), TypeError, ["linalg.det", "A.double()"]),
    "inv, no tensor": (lambda: mg.linalg.inv([[1.0]]), TypeError, ["a Tensor, array or number is needed"]),
    "solve, NaN": (
        both(NAN, [1.0, 2.0]),
        ValueError,
        ["linalg.solve: A must be finite", "1 of its 4 elements", "nan at [0, 1]", "division by 0"],
    ),
    "inv, NaN": (lambda: mg.linalg.inv(mg.tensor(NAN)), ValueError, ["linalg.inv: A must be finite"]),
    "det, infinity": (lambda: mg.det(mg.tensor([[math.inf]])), ValueError, ["linalg.det", "inf at [0, 0]"]),
    "pinv, NaN": (lambda: mg.linalg.pinv(mg.tensor(NAN)), ValueError, ["linalg.pinv: A must be finite"]),
    "lstsq, NaN": (lambda: mg.linalg.lstsq(mg.tensor(NAN), mg.ones(2)), ValueError, ["linalg.lstsq: A must be finite"]),
    "inv, a pivot of 0": (
        lambda: mg.linalg.inv(mg.tensor([[1.0, 2.0], [2.0, 4.0]])),
        mg.linalg.LinAlgError,
        ["linalg.inv: A is singular", "rank is 1 of 2", "0.0e+00 of its largest", "shape (2, 2)", "linalg.pinv(A)"],
    ),
    "inv, zeros": (lambda: mg.linalg.inv(mg.zeros(2, 2)), mg.linalg.LinAlgError, ["rank is 0 of 2"]),
    "inv, singular but for rounding": (
        lambda: mg.linalg.inv(mg.tensor(SINGULAR, dtype=mg.float64)),
        mg.linalg.LinAlgError,
        ["rank is 2 of 3"],
    ),
    "solve, singular but for rounding": (
        both(SINGULAR, [1.0, 0.0, 0.0]),
        mg.linalg.LinAlgError,
        ["linalg.solve: A is singular", "rank is 2 of 3", "linalg.lstsq(A, B)"],
    ),
    "solve, one of a batch": (
        lambda: mg.linalg.solve(mg.stack([mg.eye(3), mg.tensor(SINGULAR), mg.eye(3)]), mg.ones(3, 1)),
        mg.linalg.LinAlgError,
        ["A[1] is singular", "rank is 2 of 3", "shape (3, 3, 3)"],
    ),
    "inv, one of a batch of batches": (
        lambda: mg.linalg.inv(mg.stack([mg.stack([mg.eye(2), mg.ones(2, 2)]), mg.stack([mg.eye(2)] * 2)])),
        mg.linalg.LinAlgError,
        ["A[0, 1] is singular", "rank is 1 of 2"],
    ),
    "lstsq, an unknown driver": (
        lambda: mg.linalg.lstsq(mg.ones(3, 2), mg.ones(3), driver="qr"),
        ValueError,
        ["linalg.lstsq: driver must be one of", "'qr'"],
    ),
    "norm, a matrix's of a batch without axes": (
        lambda: mg.linalg.norm(mg.ones(2, 3, 3), 1),
        ValueError,
        ["linalg.norm", "ord=1", "dim=(-2, -1)"],
    ),
    "norm, an order that matrices have not": (lambda: mg.linalg.norm(mg.ones(3, 3), 3), ValueError, ["ord=3", "'nuc'"]),
}


@pytest.mark.parametrize("name", ERRORS)
def test_a_bad_operand_is_refused_with_a_clear_sentence(name):
    call, kind, parts = ERRORS[name]
    with pytest.raises(kind) as caught:
        call()
    for part in parts:
        assert part in str(caught.value)
    assert "test_linalg_errors.py" in str(caught.value)


@pytest.mark.parametrize("name", ERRORS)
def test_the_words_of_numpy_do_not_reach_the_user(name):
    call, kind, _ = ERRORS[name]
    with pytest.raises(kind) as caught:
        call()
    assert not isinstance(caught.value, np.linalg.LinAlgError)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_the_gradient_of_the_logarithm_at_a_singular_matrix_is_refused_with_the_place_that_asked_for_it():
    A = mg.tensor([[1.0, 2.0], [2.0, 4.0]], requires_grad=True)
    logabsdet = mg.slogdet(A).logabsdet
    with pytest.raises(mg.linalg.LinAlgError, match="rank is 1 of 2") as caught:
        logabsdet.backward()
    assert any("in the backward of slogdet" in note for note in caught.value.__notes__)
    assert A.grad is None


@pytest.mark.parametrize(
    "function", [mg.linalg.inv, mg.det, mg.linalg.pinv, lambda A: mg.linalg.lstsq(A, A[0]).solution]
)
def test_a_matrix_or_result_that_was_changed_in_place_gives_no_wrong_gradient(function):
    leaf = mg.tensor([[2.0, 1.0], [1.0, 3.0]], requires_grad=True)
    A = leaf * 1
    result = function(A)
    if function is mg.linalg.inv:
        # Its rule reads the result alone.
        result += 1
    else:
        A += 1
    with pytest.raises(RuntimeError, match="changed in place"):
        result.sum().backward()
    assert leaf.grad is None

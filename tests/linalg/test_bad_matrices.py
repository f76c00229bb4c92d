"""Every function of linalg on matrices that are singular, indefinite, not finite or not square."""

import math

import pytest

import minigrad as mg

GOOD = [[2.0, 1.0], [1.0, 3.0]]
KINDS = {
    "singular": [[1.0, 2.0], [2.0, 4.0]],
    "indefinite": [[1.0, 2.0], [2.0, 1.0]],
    "nan": [[1.0, math.nan], [math.nan, 1.0]],
    "oblong": [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]],
}
RIGHT = mg.tensor([[1.0], [2.0]])
PIVOTS = mg.tensor([1, 2])
L = mg.linalg

# What messages say, for one matrix and for one of a batch: the entry, and the rank, pivot or minor.
SINGULAR = ("{A} is singular: its numerical rank is 1 of 2",)
NO_PIVOT = ("{A} has no pivot in column 1",)
INDEFINITE = ("{A} is not positive definite: its leading minor of order 2 of 2 is not positive",)
INFINITE = ("A must be finite; 2 of its", "the first is nan at [0, 1]{of A}")
HALF_INFINITE = ("A must be finite; 1 of its", "the first is nan at [0, 1]{of A}")
OBLONG = ("must be square, (..., n, n); it has 2 rows and 3 columns",)
FINITE = {"nan": INFINITE}
SQUARE = {"nan": INFINITE, "oblong": OBLONG}
REGULAR = {"singular": SINGULAR, **SQUARE}
DEFINITE = {"singular": INDEFINITE, "indefinite": INDEFINITE, **SQUARE}

# What each refuses; the other kinds it takes. Sums and products pass NaN on, as PyTorch's do.
REFUSED = {
    "cholesky": (L.cholesky, DEFINITE),
    "cholesky_ex": (L.cholesky_ex, SQUARE),
    "cholesky_ex, checked": (lambda A: L.cholesky_ex(A, check_errors=True), DEFINITE),
    "cond": (L.cond, FINITE),
    "cond, 1": (lambda A: L.cond(A, 1), SQUARE),
    "det": (L.det, SQUARE),
    "slogdet": (L.slogdet, SQUARE),
    "logdet": (mg.logdet, SQUARE),
    "eigh": (L.eigh, SQUARE),
    "eigvalsh": (L.eigvalsh, SQUARE),
    "inv": (L.inv, REGULAR),
    "inverse": (mg.inverse, REGULAR),
    "inv_ex": (L.inv_ex, SQUARE),
    "inv_ex, checked": (lambda A: L.inv_ex(A, check_errors=True), REGULAR),
    "lstsq": (lambda A: L.lstsq(A, RIGHT), FINITE),
    "lu": (L.lu, FINITE),
    "lu_factor": (L.lu_factor, {"singular": NO_PIVOT, **FINITE}),
    "lu_factor_ex": (L.lu_factor_ex, FINITE),
    "lu_factor_ex, checked": (lambda A: L.lu_factor_ex(A, check_errors=True), {"singular": NO_PIVOT, **FINITE}),
    "lu_solve": (
        lambda A: L.lu_solve(A, PIVOTS.expand(A.shape[:-1]), RIGHT),
        {"nan": ("A must be finite; 1 of its", "the first is nan at [1, 0]{of A}"), "oblong": OBLONG},
    ),
    "matrix_exp": (L.matrix_exp, SQUARE),
    "matrix_norm": (L.matrix_norm, {}),
    "matrix_norm, 2": (lambda A: L.matrix_norm(A, 2), FINITE),
    "matrix_norm, nuc": (lambda A: L.matrix_norm(A, "nuc"), FINITE),
    "matrix_power, 2": (lambda A: L.matrix_power(A, 2), {"oblong": OBLONG}),
    "matrix_power, -1": (lambda A: L.matrix_power(A, -1), REGULAR),
    "matrix_rank": (L.matrix_rank, FINITE),
    "matrix_rank, hermitian": (lambda A: L.matrix_rank(A, hermitian=True), SQUARE),
    "norm": (L.norm, {}),
    "norm, nuc": (lambda A: L.norm(A, "nuc", (-2, -1)), FINITE),
    "pinv": (L.pinv, FINITE),
    "pinverse": (mg.pinverse, FINITE),
    "pinv, hermitian": (lambda A: L.pinv(A, hermitian=True), SQUARE),
    "qr": (L.qr, FINITE),
    "solve": (lambda A: L.solve(A, RIGHT), REGULAR),
    "solve, from the right": (lambda A: L.solve(A, RIGHT.mT, left=False), REGULAR),
    "solve_triangular": (lambda A: L.solve_triangular(A, RIGHT, upper=True), {"nan": HALF_INFINITE, "oblong": OBLONG}),
    "svd": (L.svd, FINITE),
    "older svd": (mg.svd, FINITE),
    "svdvals": (L.svdvals, FINITE),
}
# Their operands are no matrices, or not one: they have tests of their own.
OTHERS = {
    "LinAlgError", "cross", "diagonal", "matmul", "multi_dot", "tensorinv", "tensorsolve", "vander", "vecdot",
    "vector_norm",
}  # fmt: skip


def operand(kind, batched):
    good = [row + [0.0] * (len(KINDS[kind][0]) - 2) for row in GOOD]
    return mg.tensor([[good, KINDS[kind]], [good, good]] if batched else KINDS[kind])


@pytest.mark.parametrize("batched", [False, True], ids=["alone", "in a batch"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_matrix_is_taken_or_refused_by_its_place_in_the_batch(name, kind, batched):
    call, refused = REFUSED[name]
    A = operand(kind, batched)
    if kind not in refused:
        call(A)
        return
    error = L.LinAlgError if kind in ("singular", "indefinite") else ValueError
    with pytest.raises(error) as caught:
        call(A)
    said = str(caught.value)
    for part in refused[kind]:
        entry, of_entry = ("A[0, 1]", " of the matrix A[0, 1]") if batched else ("A", "; it is")
        assert part.replace("{A}", entry).replace("{of A}", of_entry) in said
    assert str(tuple(A.shape)) in said


def test_the_table_names_every_function():
    functions = {name for name in L.__all__ if not name.endswith("Result")}
    older = {"inverse", "logdet", "older svd", "pinverse"}
    assert functions == {name.partition(",")[0] for name in REFUSED} - older | OTHERS


def test_equations_with_a_pivot_of_0_name_the_place_on_the_diagonal():
    factors = mg.tensor([[[2.0, 1.0], [0.5, 1.0]], [[2.0, 1.0], [0.5, 0.0]]])
    with pytest.raises(L.LinAlgError, match=r"^lu_solve, in .*: A\[1\] is singular: element 1 of its diagonal is 0"):
        L.lu_solve(factors, PIVOTS.expand(2, 2), RIGHT)
    with pytest.raises(L.LinAlgError, match=r"^linalg.solve_triangular: A\[1\] is singular: element 1 of its diagonal"):
        L.solve_triangular(factors, RIGHT, upper=True)


CALLED = {
    "linalg.cond": lambda A: L.cond(A),
    "linalg.matrix_norm": lambda A: L.matrix_norm(A, 2),
    "linalg.matrix_power": lambda A: L.matrix_power(A, -1),
    "linalg.cholesky_ex": lambda A: L.cholesky_ex(A, check_errors=True),
    "logdet": lambda A: mg.logdet(A),
    "inverse": lambda A: A.inverse(),
    "pinverse": lambda A: mg.pinverse(A),
    "linalg.tensorinv": lambda A: L.tensorinv(A, 1),
    "linalg.tensorsolve": lambda A: L.tensorsolve(A, mg.tensor([1.0, 2.0])),
}


@pytest.mark.parametrize("name", CALLED)
def test_the_message_begins_with_the_function_that_was_called(name):
    with pytest.raises(ValueError, match=rf"^(linalg\.)?{name.rpartition('.')[2]}[,:]"):
        CALLED[name](operand("nan", False))

"""Samples of linear algebra; ``tests/samples.py`` puts them into the table.

Where only one triangle is read (``cholesky``, ``eigh``) the gradient is that of all of a symmetric matrix, and
differences of single elements say something else: ``smooth=False``; ``tests/linalg`` has their derivatives. Singular
vectors, eigenvectors and the columns of Q have signs, which are LAPACK's choice and not PyTorch's: ``torch=""``.
"""

import numpy as np

from tests.samples import MAKERS, Operand, Sample, given, integers, normal, regular

INFINITY = float("inf")


def make_definite(rng, shape):
    """Symmetric matrices with eigenvalues from 1 up."""
    factor = rng.standard_normal(shape)
    return factor @ factor.swapaxes(-2, -1) + np.eye(shape[-1])


def make_triangle(rng, shape):
    """Lower triangles with a diagonal in [2, 3], and something above them that is not read."""
    return rng.standard_normal(shape) * 0.5 + (2.5 - 0.5 * rng.random(shape)) * np.eye(shape[-1])


MAKERS["definite"] = make_definite
MAKERS["triangle"] = make_triangle


def definite(*shape):
    return Operand("definite", shape)


def triangle(*shape):
    return Operand("triangle", shape)


def of(op, *operands, kwargs=None, note="", **options):
    """A sample of a function of linalg."""
    return Sample(f"linalg.{op}", operands, kwargs or {}, note, **options)


DECOMPOSITIONS = [
    Sample("cholesky", (definite(3, 3),), smooth=False),
    Sample("cholesky", (definite(2, 2, 2), True), note="upper", smooth=False),
    of("cholesky", definite(3, 3), kwargs={"upper": True}, note="upper", smooth=False),
    of("cholesky", definite(0, 2, 2), note="empty", smooth=False),
    of("cholesky_ex", definite(2, 2, 2), smooth=False),
    of("eigh", definite(3, 3), torch="", smooth=False),
    of("eigh", definite(2, 2, 2), "U", note="upper", torch="", smooth=False),
    of("eigvalsh", definite(3, 3), smooth=False),
    of("eigvalsh", definite(2, 2, 2), kwargs={"UPLO": "U"}, note="upper", smooth=False),
    Sample("svd", (regular(3, 2),), torch=""),
    Sample("svd", (regular(2, 3), False), note="complete", torch="", grad=False),
    Sample("svd", (regular(2, 3), True, False), note="values alone"),
    *[of("svd", regular(*shape), False, note=f"{shape}", torch="") for shape in ((3, 3), (4, 2), (2, 3, 4))],
    *[of("svdvals", regular(*shape), note=f"{shape}") for shape in ((3, 3), (4, 2), (2, 3, 4))],
    *[of("qr", regular(*shape), note=f"{shape}", torch="") for shape in ((3, 3), (4, 2), (2, 2, 4))],
    of("qr", regular(2, 3), "complete", note="complete", torch=""),
    of("qr", regular(3, 2), "r", note="r", torch=""),
    *[of("lu", regular(*shape), note=f"{shape}") for shape in ((3, 3), (4, 2), (2, 2, 4))],
    of("lu", regular(3, 3), kwargs={"pivot": False}, note="no pivots", torch=""),
    *[of("lu_factor", regular(*shape), note=f"{shape}") for shape in ((3, 3), (4, 2), (2, 2, 4))],
    of("lu_factor_ex", regular(3, 3)),
]

SYSTEMS = [
    *[
        of(
            "solve_triangular",
            triangle(3, 3),
            normal(3, 2),
            kwargs={"upper": upper, **more},
            note=f"upper={upper} {note}",
        )
        for upper in (True, False)
        for note, more in (("", {}), ("unit", {"unitriangular": True}))
    ],
    of("solve_triangular", triangle(3, 3), normal(2, 3), kwargs={"upper": True, "left": False}, note="right"),
    of("solve_triangular", triangle(2, 1, 2, 2), normal(3, 2, 1), kwargs={"upper": False}, note="broadcast"),
    of("solve_triangular", triangle(0, 2, 2), normal(2, 1), kwargs={"upper": False}, note="empty"),
    *[
        of(
            "lu_solve",
            triangle(2, 2),
            given([2, 2], np.int32),
            normal(2, 2),
            kwargs={"left": left, "adjoint": adjoint},
            note=note,
        )
        for left, adjoint, note in ((True, False, ""), (True, True, "adjoint"), (False, False, "right"))
    ],
    of("lu_solve", triangle(2, 2, 2), given([[2, 2], [1, 2]], np.int32), normal(2, 1), note="broadcast"),
    of("inv_ex", regular(2, 2, 2)),
    of("tensorinv", Operand("regular", (4, 4)), kwargs={"ind": 1}),
    of("tensorsolve", Operand("regular", (3, 3)), normal(3)),
    of("lstsq", regular(2, 3, 2), normal(3, 1), note="broadcast", torch=""),
    of("pinv", regular(2, 3, 2), kwargs={"rtol": 1e-3}, note="rtol"),
    of("matrix_rank", regular(2, 3, 2), grad=False),
    of("matrix_rank", given([[1.0, 2.0], [2.0, 4.0]]), note="singular", grad=False),
    of("matrix_rank", definite(3, 3), kwargs={"hermitian": True, "atol": 2.0, "rtol": 0.1}, note="bounds", grad=False),
    of("matrix_rank", given([[4.0, 0.0], [0.0, 1.0]]), 2.0, note="tol", grad=False),
]

FUNCTIONS = [
    Sample("logdet", (definite(3, 3),)),
    Sample("logdet", (definite(2, 2, 2),), note="batch"),
    Sample("logdet", (given([[0.0, 1.0], [1.0, 0.0]]),), note="negative", grad=False),
    Sample("matrix_exp", (normal(3, 3),)),
    Sample("matrix_exp", (normal(2, 2, 2),), note="batch"),
    Sample("matrix_exp", (given([[30.0, 20.0], [-10.0, -40.0]]),), note="large"),
    Sample("matrix_exp", (normal(0, 0),), note="empty"),
    of("matrix_exp", normal(2, 2)),
    *[Sample("matrix_power", (regular(2, 2), n), note=f"{n}") for n in (-2, 0, 1, 3)],
    Sample("matrix_power", (integers(-2, 3, 2, 2), 5), note="integers", grad=False),
    of("matrix_power", regular(2, 2, 2), 2),
    of("multi_dot", (normal(2, 3), normal(3, 4), normal(4, 2))),
    of("multi_dot", (normal(3), normal(3, 4), normal(4)), note="vectors"),
]

PRODUCTS = [
    Sample("cross", (normal(3, 2), normal(3, 2)), note="first"),
    Sample("cross", (normal(2, 3), normal(2, 3), 1), note="dim"),
    of("cross", normal(2, 3), normal(1, 3)),
    of("cross", normal(3, 2), normal(3, 1), kwargs={"dim": 0}, note="dim"),
    of("cross", integers(-3, 3, 2, 3), integers(-3, 3, 2, 3), note="integers", grad=False),
    of("vecdot", normal(2, 3), normal(3)),
    of("vecdot", normal(2, 3), normal(2, 1), kwargs={"dim": 0}, note="dim"),
    Sample("kron", (normal(2, 3), normal(2, 2))),
    Sample("kron", (normal(2), normal(2, 2)), note="ranks"),
    Sample("kron", (normal(), normal(2)), note="0-d"),
    Sample("kron", (integers(0, 5, 2), integers(0, 5, 2)), note="integers", grad=False),
    of("vander", given([0.0, -1.5, 2.0, 0.5])),
    of("vander", normal(2, 2), 4, note="N", torch="", grad=True),
    of("vander", integers(-3, 4, 3), note="integers", grad=False),
    of("diagonal", normal(2, 3, 3)),
    of("diagonal", normal(2, 3), kwargs={"offset": 1, "dim1": 1, "dim2": 0}, note="offset"),
]

NORMS_AND_CONDITIONS = [
    *[
        of("vector_norm", Operand("distinct", (2, 3)), order, note=f"{order}")
        for order in (0, 0.5, 1, 2, 3, -1, INFINITY, -INFINITY)
    ],
    of("vector_norm", normal(2, 3, 2), kwargs={"dim": (0, 2), "keepdim": True}, note="axes"),
    of("vector_norm", normal(), note="0-d"),
    of("vector_norm", normal(0, 3), 1, -1, note="empty"),
    *[
        of("matrix_norm", Operand("distinct", (2, 3)), order, note=f"{order}")
        for order in ("fro", "nuc", 1, -1, 2, -2, INFINITY, -INFINITY)
    ],
    of("matrix_norm", regular(2, 3, 2), "nuc", (0, -1), True, note="axes"),
    of("matrix_norm", normal(0, 2), 2, note="empty"),
    of("norm", normal(2, 3)),
    of("norm", Operand("distinct", (2, 3)), "nuc", note="nuc"),
    of("norm", normal(2, 3), INFINITY, -1, True, note="rows"),
    *[of("cond", regular(2, 3, 3), order, note=f"{order}") for order in (None, 2, -2)],
    # PyTorch does not differentiate these: it says that its own operation changed a tensor in place.
    *[of("cond", regular(2, 2), order, note=f"{order}", torch="") for order in ("fro", "nuc", 1, -INFINITY)],
    of("cond", given([[1.0, 1.0], [1.0, 1.0]]), 1, note="singular", grad=False),
]

LINEAR_ALGEBRA = [*DECOMPOSITIONS, *SYSTEMS, *FUNCTIONS, *PRODUCTS, *NORMS_AND_CONDITIONS]

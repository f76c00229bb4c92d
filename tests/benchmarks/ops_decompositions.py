"""What the operations of linear algebra cost beyond LAPACK, as NumPy calls it: forward, without gradient.

    python tests/benchmarks/ops_decompositions.py [float32|float64]

A row is an operation, a column a shape; each number is the operation's time on a Tensor over that of NumPy's function
on the array, the best of many short runs of both, taking turns, on one pinned thread. At most 1.5 is wanted of
decompositions, and of what is made of one: what is added are checks of shapes and of finite elements, and the Tensor.
Systems and determinants have a table of their own: there a bound on the condition is added too, by which singular
matrices are refused; determinants save most of what NumPy's own Python code takes. NumPy has no function for what the
third table holds, our own kernels: there the number is the time over that of the NumPy function that it names, which
does comparable work.
"""

import os
import sys
import time
from pathlib import Path

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[2] / "kernels")]

import numpy as np  # noqa: E402 - the number of threads is read at import

import minigrad as mg  # noqa: E402

SHAPES = [(8, 8), (16, 16), (32, 32), (64, 64), (128, 128), (256, 256), (100, 8, 8), (16, 32, 32), (60, 10), (10, 60)]
WANTED = 1.5
ROUNDS, SECONDS = 40, 0.0007
#: What takes a right-hand side too.
WITH_COLUMNS = ("lstsq", "solve", "solve_triangular / solve")


def general(shape, dtype):
    """Return matrices far from singular."""
    rng = np.random.default_rng(0)
    return (rng.standard_normal(shape) + 3 * np.eye(shape[-2], shape[-1])).astype(dtype)


def definite(shape, dtype):
    """Return symmetric matrices with eigenvalues from 1 up."""
    x = general(shape, np.float64)
    return (x @ x.swapaxes(-2, -1) / shape[-1] + np.eye(shape[-1])).astype(dtype)


def columns(shape, dtype, count=1):
    """Return right-hand sides for matrices of a shape."""
    return np.random.default_rng(1).standard_normal((*shape[:-1], count)).astype(dtype)


def lstsq_of_each(A, B):
    """Return NumPy's least squares of a matrix, or of one after the other."""
    if A.ndim == 2:
        return np.linalg.lstsq(A, B)
    return [np.linalg.lstsq(a, b) for a, b in zip(A, B)]


#: Each operation beside NumPy's function, what makes its operand, and whether matrices must be square.
DECOMPOSITIONS = {
    "cholesky": (mg.linalg.cholesky, np.linalg.cholesky, definite, True),
    "eigh": (mg.linalg.eigh, np.linalg.eigh, definite, True),
    "eigvalsh": (mg.linalg.eigvalsh, np.linalg.eigvalsh, definite, True),
    "svd": (mg.linalg.svd, np.linalg.svd, general, False),
    "svd, thin": (lambda A: mg.linalg.svd(A, False), lambda A: np.linalg.svd(A, False), general, False),
    "svdvals": (mg.linalg.svdvals, np.linalg.svdvals, general, False),
    "qr": (mg.linalg.qr, np.linalg.qr, general, False),
    "pinv": (mg.linalg.pinv, np.linalg.pinv, general, False),
    "lstsq": (mg.linalg.lstsq, lstsq_of_each, general, False),
    "matrix_rank": (mg.linalg.matrix_rank, np.linalg.matrix_rank, general, False),
    "matrix_norm 2": (
        lambda A: mg.linalg.matrix_norm(A, 2),
        lambda A: np.linalg.matrix_norm(A, ord=2),
        general,
        False,
    ),
    "cond": (mg.linalg.cond, np.linalg.cond, general, False),
}
SYSTEMS = {
    "inv": (mg.linalg.inv, np.linalg.inv, general, True),
    "solve": (mg.linalg.solve, np.linalg.solve, general, True),
    "det": (mg.linalg.det, np.linalg.det, general, True),
    "slogdet": (mg.linalg.slogdet, np.linalg.slogdet, general, True),
}
#: Our own kernels, with NumPy's function that they are compared with.
OWN_KERNELS = {
    "lu_factor / det": (mg.linalg.lu_factor, np.linalg.det, general, True),
    "solve_triangular / solve": (
        lambda A, B: mg.linalg.solve_triangular(A, B, upper=True),
        np.linalg.solve,
        general,
        True,
    ),
    "matrix_exp / 8 products": (mg.linalg.matrix_exp, lambda A: [A @ A for _ in range(8)], general, True),
}


def ratio(ours, theirs):
    """Return the least time of one function over that of another; short runs of both take turns."""
    calls = []
    for function in (ours, theirs):
        function()
        begun = time.perf_counter()
        function()
        calls.append(max(1, int(SECONDS / (time.perf_counter() - begun))))
    least = [float("inf")] * 2
    for _ in range(ROUNDS):
        for which, function in enumerate((ours, theirs)):
            begun = time.perf_counter()
            for _ in range(calls[which]):
                function()
            least[which] = min(least[which], (time.perf_counter() - begun) / calls[which])
    return least[0] / least[1]


def measured(entry, shape, dtype, with_columns):
    """Return the ratio of an operation for a shape, None where it takes none such."""
    ours, theirs, make, square = entry
    if square and shape[-1] != shape[-2]:
        return None
    arrays = [make(shape, dtype)]
    if with_columns:
        arrays.append(columns(shape, dtype))
    tensors = [mg.tensor(array) for array in arrays]
    # An overflow of det is no news here.
    with np.errstate(all="ignore"):
        return ratio(lambda: ours(*tensors), lambda: theirs(*arrays))


def print_table(entries, dtype):
    """Print the ratios of some operations, and the largest."""
    print(f"{dtype:26s}" + "".join([f"{'x'.join(map(str, shape)):>10s}" for shape in SHAPES]))
    largest = 0.0
    for name, entry in entries.items():
        print(f"{name:26s}", end="", flush=True)
        for shape in SHAPES:
            found = measured(entry, shape, dtype, name in WITH_COLUMNS)
            largest = max(largest, found or 0.0)
            print(f"{'' if found is None else f'{found:.2f}':>10s}", end="", flush=True)
        print()
    print(f"the largest is {largest:.2f}\n")


def main():
    """Print the tables."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    for dtype in sys.argv[1:] or ("float64", "float32"):
        print(f"Decompositions, of which at most {WANTED} is wanted")
        print_table(DECOMPOSITIONS, dtype)
        print("Systems and determinants")
        print_table(SYSTEMS, dtype)
        print("Our own kernels")
        print_table(OWN_KERNELS, dtype)


if __name__ == "__main__":
    main()

"""The calls that ``ops.py`` times, made of the table in ``expressions.py``: what is called, and with which operands."""

import math
import re
from dataclasses import dataclass

import numpy as np

import minigrad as mg
from tests.benchmarks.expressions import FAMILIES
from tests.public import public_operations

#: What other files of this folder time, by the words in the path of the family's file.
ELSEWHERE = {
    "ops_decompositions.py": (
        *("determinants", "pseudoinverses", "systems", "cholesky_factors", "eigenvalues", "lu_factors", "older_names"),
        *("matrix_functions", "matrix_norms", "orthogonal_factors", "ranks", "singular_values"),
    ),
    "ops_convolutions.py": ("convolutions", "poolings", "unfolding"),
    "ops_networks.py": ("attentions", "batch_norms", "instance_norms", "layer_norms", "dropouts", "embeddings"),
}
#: What there is no time to compare of: it raises, or it only sets a number, or a second call is another one.
NOTHING_TO_TIME = ("Tensor.cuda", "Tensor.half", "manual_seed")
NOTHING_TO_TIME += tuple([f"Tensor.{name}_" for name in ("squeeze", "swapaxes", "t", "transpose", "unsqueeze")])
#: What draws: the numbers are others, the shapes and dtypes are compared.
DRAWS = ("rand", "randn", "rand_like", "randn_like", "randint", "randperm", "bernoulli", "uniform_", "normal_")
DRAWS += ("nn.functional.dropout", "empty", "empty_like", "normal", "multinomial", "Tensor.bernoulli_")


@dataclass(frozen=True)
class Case:
    """One call beside NumPy's expression.

    Attributes:
        name: of the operation, and what tells its cases apart.
        family: of the table.
        function: the operation.
        call: the source of the call, in which ``op`` is the function.
        expression: NumPy's; None where it has none.
        writes: the name of the operand that is written to, if any.
    """

    name: str
    family: str
    function: object
    call: str
    expression: str | None
    writes: str = ""


def functions():
    """Return the public operations by each of their names."""
    found = {}
    for public in public_operations():
        for name in public.names:
            found[name] = public.function
    return found


def cases():
    """Return the cases of all operations of the table that are there, and of their forms in place."""
    named = functions()
    found = []
    for family, entries in FAMILIES.items():
        for name, entry in entries.items():
            dotted = name.partition(" | ")[0]
            if dotted in named:
                arguments, expression, *call = entry
                source = call[0] if call else f"op({arguments})"
                writes = arguments.partition(",")[0] if dotted.endswith("_") else ""
                if "__setitem__" in source:
                    writes = "x"
                found.append(Case(name, family, named[dotted], source, expression, writes))
    entries = {case.function: case for case in reversed(found)}
    for public in public_operations():
        name = public.names[0]
        base = entries.get(named.get(name.rstrip("_").removeprefix("Tensor.")))
        if name in NOTHING_TO_TIME:
            continue
        if name.endswith("_") and public.function not in entries and base is not None:
            arguments = base.call.removeprefix("op(").removesuffix(")")
            first = arguments.partition(",")[0]
            expression = written_over(first, base.expression)
            found.append(Case(name, "in_place", public.function, base.call, expression, first))
    return found


#: What an operator between two operands, or before one, is called as a function that writes to ``out``.
OPERATORS = {"+": "add", "-": "subtract", "*": "multiply", "/": "true_divide", "//": "floor_divide", "%": "remainder"}
OPERATORS |= {"**": "power", "&": "bitwise_and", "|": "bitwise_or", "^": "bitwise_xor"}
SIGNS = {"-": "negative", "~": "bitwise_not"}


def written_over(first, expression):
    """Return NumPy's expression for writing a result over its first operand."""
    if expression is None:
        return None
    parts = re.fullmatch(r"(\w+) ?([-+*/%&|^]+) ?(\w+)", expression)
    if parts is not None and parts[2] in OPERATORS:
        return f"np.{OPERATORS[parts[2]]}({parts[1]}, {parts[3]}, out={first})"
    if expression[0] in SIGNS and expression[1:].isidentifier():
        return f"np.{SIGNS[expression[0]]}({expression[1:]}, out={first})"
    if expression.startswith("np.") and expression.count("(") == 1 and expression.endswith(")"):
        function = getattr(np, expression[3:].partition("(")[0])
        if isinstance(function, np.ufunc) or function is np.clip:
            return f"{expression[:-1]}, out={first}, casting='unsafe')"
    return f"np.copyto({first}, {expression}, casting='unsafe')"


def covered_elsewhere(public):
    """Return whether another file of this folder times an operation, or there is nothing to time."""
    if public.names[0] in NOTHING_TO_TIME:
        return True
    return any(word in public.family for words in ELSEWHERE.values() for word in words)


def operands(number, dtype):
    """Return the arrays that the expressions name, with ``number`` elements each, and the numbers n, m, r and c.

    x, y: normal; z: of both signs, none near 0; p: in [0.5, 2); u, v: in [0.1, 0.9); s: above 1; i, j: 0 to 7;
    b, d: bools; A, B, P: (r, c), P positive; A2: (r, 2 * c); C: (r, 1); S, T, Q: (m, m), Q by columns; e: (m,); G,
    H: matrices of 10 by 10, or one of m by m; L: scores of 10 classes; hot, lists, labels: targets of theirs;
    signs: 1 and -1; a: near 1; K, N: vectors of three; I, J: images, (1, 4, h, w) and (1, 1, 2 * h, 2 * w); D, U:
    indices along rows, U without repetition; picks, order: of rows, likewise; bounds: 16 in order; W: (10, 10, 10).
    """
    rng = np.random.Generator(np.random.PCG64(0))
    r, m = (1000, 1000) if number == 1_000_000 else (2, max(2, math.isqrt(number)))
    c = number // r
    samples = number // 10
    h = min(500, max(1, math.isqrt(number // 4)))
    w = number // (4 * h)

    def normal(*shape):
        return rng.standard_normal(shape).astype(dtype)

    batch = (number // 100, 10, 10) if number >= 1000 else (1, m, m)
    lists = np.argsort(rng.random((samples, 10)), axis=1)
    lists[:, 3:] = -1
    names = {
        "x": normal(number), "y": normal(number),
        "z": (np.where(rng.random(number) < 0.5, -1, 1) * (0.5 + rng.random(number))).astype(dtype),
        "p": (0.5 + 1.5 * rng.random(number)).astype(dtype), "s": (1.5 + rng.random(number)).astype(dtype),
        "u": (0.1 + 0.8 * rng.random(number)).astype(dtype), "v": (0.1 + 0.8 * rng.random(number)).astype(dtype),
        "i": rng.integers(0, 8, number), "j": rng.integers(0, 8, number),
        "b": rng.random(number) < 0.5, "d": rng.random(number) < 0.5,
        "A": normal(r, c), "B": normal(r, c), "P": (0.5 + rng.random((r, c))).astype(dtype), "A2": normal(r, 2 * c),
        "C": normal(r, 1), "S": normal(m, m), "T": normal(m, m), "Q": normal(m, m).T, "e": normal(m),
        "G": normal(*batch), "H": normal(*batch), "D": rng.integers(0, c, (r, c)), "slope": np.array([0.25], dtype),
        "places": rng.permutation(number), "signs": np.where(rng.random(number) < 0.5, -1, 1).astype(dtype),
        "L": normal(samples, 10), "labels": rng.integers(0, 10, samples), "lists": lists,
        "hot": rng.integers(0, 2, (samples, 10)).astype(dtype), "a": (1 + 0.001 * rng.random(number)).astype(dtype),
        "K": normal(number // 3, 3), "N": normal(number // 3, 3), "I": normal(1, 4, h, w), "W": normal(10, 10, 10),
        "J": normal(1, 1, 2 * h, 2 * w), "U": np.argsort(rng.random((r, c)), axis=1), "picks": rng.integers(0, r, r),
        "order": rng.permutation(r), "bounds": np.sort(normal(16)),
    }  # fmt: skip
    return names, {"n": number, "r": r, "c": c, "m": m, "h": h, "w": w}


def namespaces(number, dtype):
    """Return what the names of a call and of an expression stand for: tensors, and arrays of the same numbers."""
    arrays, numbers = operands(number, dtype)
    shared = {"np": np, "math": math, "f": np.dtype(dtype), **numbers}
    rows = np.arange(len(arrays["L"]))
    rng = np.random.Generator(np.random.PCG64(1))
    of_numpy = {**shared, **{name: array.copy("K") for name, array in arrays.items()}, "rows": rows, "rng": rng}
    tensors = {name: mg.from_numpy(array) for name, array in arrays.items()}
    return {**shared, **tensors, "array": arrays["x"].copy()}, of_numpy


def functions_of(case, of_minigrad, of_numpy):
    """Return the call and the expression (None where there is none) as functions without arguments."""
    call = eval(f"lambda: {case.call}", {**of_minigrad, "op": case.function})
    expression = None if case.expression is None else eval(f"lambda: {case.expression}", of_numpy)
    return call, expression

"""The table that drives every operation's tests: one entry is one call.

A new operation is one line here: its value and first gradient are compared with PyTorch's (``reference/make_ops.py``
writes them), its gradient and second gradient with finite differences, and the other tests of ``ops/test_samples.py``
run on it too.
"""

import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Operand:
    """An array to be made: ``kind`` names a maker below; ``grad`` says whether gradients are wanted."""

    kind: str
    shape: tuple[int, ...]
    options: tuple = ()
    grad: bool = True

    def make(self, seed):
        """Return the array, the same one for the same seed."""
        return np.array(MAKERS[self.kind](np.random.Generator(np.random.PCG64(seed)), self.shape, *self.options))


def make_distinct(rng, shape):
    """Numbers 0.2 apart, none within 0.06 of zero or of another's negative: far from ties and kinks."""
    size = int(np.prod(shape))
    return (rng.permutation(np.arange(size)) * 0.2 - size // 2 * 0.2 + 0.07).reshape(shape)


def make_nonzero(rng, shape):
    """Numbers of both signs with a size in [0.5, 2)."""
    return np.where(rng.random(shape) < 0.5, -1, 1) * (0.5 + 1.5 * rng.random(shape))


MAKERS = {
    "normal": lambda rng, shape: rng.standard_normal(shape),
    "positive": lambda rng, shape: 0.5 + 1.5 * rng.random(shape),
    "shifted": lambda rng, shape: 1.5 + 1.5 * rng.random(shape),
    "unit": lambda rng, shape: 0.1 + 0.8 * rng.random(shape),
    "distinct": make_distinct,
    "nonzero": make_nonzero,
    "integers": lambda rng, shape, low, high: rng.integers(low, high, shape),
    "bools": lambda rng, shape: rng.random(shape) < 0.5,
    "given": lambda rng, shape, data, dtype: np.resize(np.array(data, dtype), shape),
    "regular": lambda rng, shape: rng.standard_normal(shape) + 3 * np.eye(shape[-2], shape[-1]),
}


def normal(*shape):
    return Operand("normal", shape)


def positive(*shape):
    return Operand("positive", shape)


def unit(*shape):
    """In (0.1, 0.9)."""
    return Operand("unit", shape)


def distinct(*shape):
    return Operand("distinct", shape)


def nonzero(*shape):
    return Operand("nonzero", shape)


def regular(*shape):
    """Matrices that are far from singular."""
    return Operand("regular", shape)


def integers(low, high, *shape):
    return Operand("integers", shape, (low, high), grad=False)


def bools(*shape):
    return Operand("bools", shape, grad=False)


def given(data, dtype=np.float64, grad=None):
    """These numbers."""
    array = np.array(data, dtype)
    wanted = array.dtype.kind == "f" if grad is None else grad
    return Operand("given", array.shape, (tuple(array.ravel().tolist()), array.dtype.str), grad=wanted)


def constant(operand):
    """The operand as it is, but without a gradient."""
    return Operand(operand.kind, operand.shape, operand.options, grad=False)


@dataclass(frozen=True)
class Sample:
    """One call of an operation.

    Attributes:
        op: its name in minigrad and in PyTorch; ``.name`` for a method, ``.name_`` for one in place (on a copy).
        args, kwargs: its arguments; an Operand, also in a list or tuple, is made into an array.
        note: tells the samples of one operation apart.
        torch: PyTorch's dotted name where it is another; "" where it has no such call.
        grad: whether to differentiate it.
        smooth: False at kinks, where the gradient is a convention and finite differences say nothing.
        alone: the dtype of the result does not follow the operands'.
    """

    op: str
    args: tuple = ()
    kwargs: dict = field(default_factory=dict)
    note: str = ""
    torch: str | None = None
    grad: bool = True
    smooth: bool = True
    alone: bool = False

    @property
    def id(self):
        """The key in the reference file and in the names of tests."""
        return f"{self.op}-{self.note}" if self.note else self.op

    def operands(self):
        """Return the Operands in the order of the call."""
        found: list[Operand] = []
        walk((self.args, self.kwargs), found.append)
        return found

    def arrays(self):
        """Return the array of each operand."""
        seed = zlib.crc32(self.id.encode())
        return [operand.make([seed, index]) for index, operand in enumerate(self.operands())]

    def call(self, library, values, method=False):
        """Run the operation of ``library`` (minigrad or torch) on values that take the operands' places."""
        remaining = iter(values)
        args, kwargs = walk((self.args, self.kwargs), lambda operand: next(remaining))
        return run(library, self, args, kwargs, method)


def weights(size):
    """Return the numbers 1, -1.1, 1.2 … by which a test multiplies the elements of an output."""
    numbers = 1 + 0.1 * np.arange(size)
    numbers[1::2] *= -1
    return numbers


def walk(value: Any, replace):
    """Return nested tuples, lists and dicts with each Operand replaced."""
    if isinstance(value, Operand):
        return replace(value)
    if isinstance(value, (tuple, list)):
        return type(value)([walk(each, replace) for each in value])
    if isinstance(value, dict):
        return {key: walk(each, replace) for key, each in value.items()}
    return value


def run(library, sample, args, kwargs, method=False):
    """Call an operation by its name, ``x[index]`` and ``x[index] = value`` too."""
    name = sample.op
    if library.__name__ == "torch" and sample.torch is not None:
        name = sample.torch
    if name == "x[index]":
        return args[0][args[1]]
    if name == "x[index] = value":
        copy = args[0].clone()
        copy[args[1]] = args[2]
        return copy
    if name.startswith("."):
        first = args[0].clone() if name.endswith("_") else args[0]
        attribute = getattr(first, name[1:])
        return attribute(*args[1:], **kwargs) if callable(attribute) else attribute
    if method:
        return getattr(args[0], name)(*args[1:], **kwargs)
    function = library
    for part in name.split("."):
        function = getattr(function, part)
    return function(*args, **kwargs)


def outputs_of(result):
    """Return the tensors (or numbers) of a result as a list."""
    return list(result) if isinstance(result, (tuple, list)) else [result]


def each(op, operand, *notes, **options):
    """Samples of an operation of one operand: as it is, 0-d and empty."""
    kind = Operand(operand.kind, (), operand.options, operand.grad)
    empty = Operand(operand.kind, (0, 3), operand.options, operand.grad)
    return [
        Sample(op, (operand,), **options),
        Sample(op, (kind,), note="0-d", **options),
        Sample(op, (empty,), note="empty", **options),
    ]


def pairs(op, x, y, **options):
    """Samples of an operation of two operands: equal shapes, broadcasting both ways, 0-d, empty."""

    def like(operand, *shape):
        return Operand(operand.kind, shape, operand.options, operand.grad)

    return [
        Sample(op, (like(x, 2, 3), like(y, 2, 3)), note="equal shapes", **options),
        Sample(op, (like(x, 3), like(y, 2, 3)), note="(3,) with (2, 3)", **options),
        Sample(op, (like(x, 2, 1), like(y, 1, 3)), note="(2, 1) with (1, 3)", **options),
        Sample(op, (like(x, 2, 3), like(y)), note="(2, 3) with 0-d", **options),
        Sample(op, (like(x), like(y)), note="0-d", **options),
        Sample(op, (like(x, 0, 3), like(y, 3)), note="empty", **options),
    ]


def reductions(op, operand, several=True, empty=True, **options):
    """Samples of an operation that reduces all axes, one, or several."""

    def like(*shape):
        return Operand(operand.kind, shape, operand.options, operand.grad)

    found = [
        Sample(op, (like(2, 3),), note="all", **options),
        Sample(op, (like(2, 3, 2),), {"dim": 1}, note="dim=1", **options),
        Sample(op, (like(2, 3), -1), note="-1", **options),
        Sample(op, (like(2, 3),), {"dim": 0, "keepdim": True}, note="keepdim", **options),
    ]
    if several:
        found += [
            Sample(op, (like(2, 3, 2),), {"dim": (0, 2)}, note="dim=(0, 2)", **options),
            Sample(op, (like(2, 3, 2), (-1, 0), True), note="(-1, 0) keepdim", **options),
        ]
    if empty:
        found.append(Sample(op, (like(0, 3),), {"dim": 0}, note="empty", **options))
    return found


ARITHMETIC = [
    *pairs("add", normal(), normal()),
    Sample("add", (normal(2, 3), normal(3)), {"alpha": 2.5}, note="alpha"),
    Sample("add", (normal(2, 3), 0.1), {"alpha": 3}, note="number alpha"),
    Sample("add", (normal(2, 3), 0.1), note="number"),
    Sample("add", (integers(-5, 5, 3), integers(-5, 5, 3)), note="integers", grad=False),
    *pairs("sub", normal(), normal()),
    Sample("sub", (normal(3), normal(2, 3)), {"alpha": 2}, note="alpha"),
    Sample("sub", (normal(3), 0.1), note="number"),
    *pairs("mul", normal(), normal()),
    Sample("mul", (normal(2, 3), 0.1), note="number"),
    *pairs("div", normal(), nonzero()),
    Sample("div", (normal(3), 0.3), note="number"),
    Sample("div", (integers(-9, 9, 4), integers(1, 4, 4)), note="integers", grad=False),
    Sample("div", (distinct(4), positive(4)), {"rounding_mode": "floor"}, note="floor"),
    Sample("div", (distinct(4), positive(4)), {"rounding_mode": "trunc"}, note="trunc"),
    Sample(
        "div", (integers(-9, 9, 9), integers(1, 4, 9)), {"rounding_mode": "trunc"}, note="trunc integers", grad=False
    ),
    *pairs("floor_divide", given(5.3, grad=True), given(1.7, grad=True)),
    Sample("floor_divide", (given([-7, 7, -7, 7], int), given([2, 2, -2, -2], int)), note="integers", grad=False),
    Sample("remainder", (distinct(2, 4), positive(4))),
    Sample("remainder", (given([-5.0, 5.0, -5.0, 5.0]), given([3.0, 3.0, -3.0, -3.0])), note="signs"),
    Sample("remainder", (given([-5, 5, -5, 5], int), given([3, 3, -3, -3], int)), note="integers", grad=False),
    Sample("remainder", (distinct(4), 0.7), note="number"),
    *each("neg", normal(2, 3)),
    *each("positive", normal(2, 3)),
    *pairs("pow", positive(), normal()),
    Sample("pow", (nonzero(4), 2), note="square"),
    Sample("pow", (nonzero(4), 3.0), note="cube"),
    Sample("pow", (positive(4), 0.5), note="root"),
    Sample("pow", (nonzero(4), -1), note="inverse"),
    Sample("pow", (normal(4), 0), note="zero"),
    Sample("pow", (normal(4), 1), note="one"),
    Sample("pow", (2, normal(4)), note="number base"),
    Sample("pow", (given([0.0, 0.0, 2.0, 3.0]), given([0.0, 1.0, 0.0, 2.0])), note="zero base", smooth=False),
    Sample("pow", (given([2, 3, -2], int), 3), note="integers", grad=False),
]

ELEMENTWISE = [
    *each("exp", normal(2, 3)),
    *each("log", positive(2, 3)),
    *each("sqrt", positive(2, 3)),
    *each("square", normal(2, 3)),
    *each("abs", nonzero(2, 3)),
    *each("sign", nonzero(2, 3)),
    *each("tanh", normal(2, 3)),
    *each("sigmoid", normal(2, 3)),
    *each("relu", nonzero(2, 3)),
    Sample("sigmoid", (given([-800.0, 800.0, 0.0]),), note="extremes"),
    Sample("abs", (given([0.0, -0.0, 1.0]),), note="zero", smooth=False, grad=True),
    Sample("relu", (given([0.0, -1.0, 2.0]),), note="zero", smooth=False),
    Sample("exp", (integers(0, 3, 4),), note="integers", grad=False, alone=True),
    Sample("sign", (bools(4),), note="bools", grad=False),
    Sample("square", (bools(4),), note="bools", grad=False),
    *each("clamp", distinct(3, 4), kwargs={"min": -0.6, "max": 0.5}),
    Sample("clamp", (distinct(3, 4),), {"min": 0.0}, note="min"),
    Sample("clamp", (distinct(3, 4), None, 0.4), note="max"),
    Sample("clamp", (distinct(3, 4), distinct(4), 5.0), note="tensor min", torch=""),
    Sample("clamp", (distinct(3, 4), given([-1.0, 0.5, -0.3, 0.0]), given([0.0, 1.0, -0.5, 0.33])), note="tensors"),
    Sample("clamp", (distinct(3, 4), None, given([[0.17], [0.0], [-0.33]])), note="tensor max"),
    Sample("clamp", (given([0.0, 1.0, 2.0]), 0, 1), note="at the bounds", smooth=False),
    Sample("clamp", (integers(-5, 5, 6), -2, 2), note="integers", grad=False),
    *pairs("maximum", given(0.3, grad=True), given(0.7, grad=True)),
    *pairs("minimum", given(0.3, grad=True), given(0.7, grad=True)),
    Sample("maximum", (distinct(3, 4), given([0.0, 0.57, -0.41, 1.0])), note="distinct"),
    Sample("minimum", (distinct(3, 4), given([0.0, 0.57, -0.41, 1.0])), note="distinct"),
    Sample("maximum", (given([1.0, 2.0, 3.0]), given([1.0, 3.0, 2.0])), note="tie", smooth=False),
    Sample("minimum", (given([1.0, 2.0, 3.0]), given([1.0, 3.0, 2.0])), note="tie", smooth=False),
    Sample("where", (bools(2, 3), normal(2, 3), normal(3))),
    Sample("where", (bools(2, 1), normal(3), normal()), note="broadcast"),
    Sample("where", (bools(4), normal(4), 0.3), note="number"),
    Sample("where", (bools(0, 3), normal(0, 3), normal(3)), note="empty"),
    Sample(".where", (normal(2, 3), bools(2, 3), normal(3)), note="method"),
]

COMPARISONS = [
    *[
        Sample(op, (given([1.0, 2.0, 3.0, np.nan]), given([1.0, 3.0, 2.0, np.nan])), grad=False)
        for op in ("eq", "ne", "lt", "le", "gt", "ge")
    ],
    *[
        Sample(op, (integers(0, 2, 2, 3), integers(0, 2, 3)), note="broadcast", grad=False)
        for op in ("eq", "ne", "lt", "le", "gt", "ge", "logical_and", "logical_or", "logical_xor")
    ],
    *[
        Sample(op, (bools(2, 4), bools(4)), note="bools", grad=False)
        for op in ("bitwise_and", "bitwise_or", "bitwise_xor", "logical_and", "logical_or", "logical_xor")
    ],
    *[
        Sample(op, (integers(0, 16, 2, 3), integers(0, 16, 3)), note="integers", grad=False)
        for op in ("bitwise_and", "bitwise_or", "bitwise_xor")
    ],
    Sample("eq", (integers(0, 3, 5), 1), note="number", grad=False),
    Sample("logical_not", (normal(3),), grad=False),
    Sample("bitwise_not", (bools(4),), note="bools", grad=False),
    Sample("bitwise_not", (integers(-4, 4, 4),), note="integers", grad=False),
    *[Sample(op, (given([1.0, np.inf, -np.inf, np.nan]),), grad=False) for op in ("isnan", "isinf", "isfinite")],
    *reductions("all", bools(), grad=False),
    *reductions("any", bools(), grad=False),
    Sample(
        "isclose", (given([1.0, 1.0, np.nan, np.inf]), given([1.00001, 1.1, np.nan, np.inf])), grad=False, alone=True
    ),
    Sample("isclose", (bools(4), bools(4)), note="bools", grad=False),
    Sample("allclose", (given([1.0, np.nan]), given([1.0, np.nan])), {"equal_nan": True}, grad=False),
    Sample("equal", (given([1.0, 2.0]), given([1.0, 2.0])), grad=False),
    Sample("equal", (given([1.0, 2.0]), given([1.0])), note="shapes", grad=False),
]

REDUCTIONS = [
    *reductions("sum", normal()),
    Sample("sum", (normal(),), note="0-d"),
    Sample("sum", (bools(2, 3),), note="bools", grad=False),
    Sample("sum", (given([200, 100], np.uint8),), note="uint8", grad=False),
    Sample("sum", (normal(2, 3),), {"dim": ()}, note="dim=()"),
    *reductions("mean", normal()),
    Sample("mean", (normal(),), note="0-d"),
    *reductions("var", normal(), empty=False),
    Sample("var", (normal(4), None), {"correction": 0}, note="correction=0"),
    Sample("var", (normal(2, 4), 1, False), note="unbiased"),
    Sample("var", (normal(4), False), note="unbiased alone"),
    Sample("var", (given([1.0]),), note="one", smooth=False),
    *reductions("std", normal(), empty=False),
    Sample("std", (normal(2, 4), 1), {"correction": 2}, note="correction=2"),
    Sample("std", (given([2.0, 2.0]),), note="zero", smooth=False),
    Sample("std", (given([2.0]),), note="one", smooth=False),
    *reductions("logsumexp", normal()),
    Sample("logsumexp", (normal(), 0), note="0-d"),
    Sample("logsumexp", (given([1000.0, 999.0, -1000.0]), 0), note="extremes"),
    Sample("logsumexp", (given([[-np.inf, 0.0], [1.0, 2.0]]), 1), note="one infinite"),
]
REDUCTIONS = [sample for sample in REDUCTIONS if sample.id != "logsumexp-all"] + [
    Sample("logsumexp", (normal(2, 3), (0, 1)), note="all"),
]

EXTREMES = [
    *[Sample(op, (distinct(2, 3),), note="all") for op in ("max", "min")],
    *[Sample(op, (distinct(2, 3, 2), 1), note="dim") for op in ("max", "min")],
    *[Sample(op, (distinct(2, 3), -1, True), note="keepdim") for op in ("max", "min")],
    *[Sample(op, (distinct(), 0), note="0-d") for op in ("max", "min")],
    *[Sample(op, (distinct(2, 3), given([0.0, 0.57, -0.41])), note="operand") for op in ("max", "min")],
    *[Sample(op, (given([2.0, 3.0, 3.0, 2.0]),), note="tie", smooth=False) for op in ("max", "min")],
    *[Sample(op, (given([2.0, 3.0, 3.0, 2.0]), 0), note="tie along", smooth=False) for op in ("max", "min")],
    *[Sample(op, (given([2.0, np.nan, 3.0]), 0), note="nan", smooth=False) for op in ("max", "min")],
    *reductions("amax", distinct(), empty=False),
    *reductions("amin", distinct(), empty=False),
    *[Sample(op, (given([[2.0, 3.0, 3.0], [2.0, 2.0, 2.0]]), 1), note="tie", smooth=False) for op in ("amax", "amin")],
    *[Sample(op, (distinct(),), note="0-d") for op in ("amax", "amin")],
    *reductions("argmax", distinct(), several=False, empty=False, grad=False),
    *reductions("argmin", distinct(), several=False, empty=False, grad=False),
    *[Sample(op, (given([1.0, 3.0, 3.0, 1.0]),), note="tie", grad=False) for op in ("argmax", "argmin")],
    *[Sample(op, (given([1.0, np.nan, 3.0, np.nan]),), note="nan", grad=False) for op in ("argmax", "argmin")],
]

NORMS = [
    *reductions("norm", normal()),
    *[Sample("norm", (nonzero(2, 4), p, 1), note=f"p={p}") for p in (1, 2, 3, 1.5, 0.5, -1)],
    *[Sample("norm", (distinct(2, 3), p, 0, True), note=f"p={p} keepdim") for p in (np.inf, -np.inf)],
    Sample("norm", (nonzero(3), 0), note="p=0"),
    *[Sample("norm", (given([0.0, 0.0]), p), note=f"zero p={p}", smooth=False) for p in (1, 2, 3, np.inf)],
    Sample("norm", (given([3.0, -3.0, 1.0]), np.inf), note="tie", smooth=False),
]
NORMS = [sample for sample in NORMS if sample.note not in ("-1", "(-1, 0) keepdim")] + [
    Sample("norm", (normal(2, 3), "fro", -1), note="-1"),
]

SHAPES = [
    *[Sample(op, (normal(2, 3), (3, 2))) for op in ("reshape", ".view")],
    Sample("reshape", (normal(2, 3), (-1,)), note="-1"),
    Sample("reshape", (normal(), (1, 1)), note="0-d"),
    Sample("reshape", (normal(0, 3), (3, -1)), note="empty"),
    Sample(".reshape", (normal(2, 3), 3, -1), note="integers"),
    Sample("view", (normal(2, 3), (6,)), torch=".view"),
    Sample(".view_as", (normal(2, 3), constant(normal(6)))),
    Sample(".reshape_as", (normal(2, 3), constant(normal(6)))),
    Sample("flatten", (normal(2, 3, 2),)),
    Sample("flatten", (normal(2, 3, 2), 1, -1), note="some"),
    Sample("flatten", (normal(),), note="0-d"),
    Sample("unflatten", (normal(2, 6), 1, (3, -1))),
    Sample("permute", (normal(2, 3, 2), (2, 0, -2))),
    Sample(".permute", (normal(2, 3, 2), 2, 0, 1)),
    Sample("transpose", (normal(2, 3, 2), 0, -1)),
    Sample("transpose", (normal(), 0, 0), note="0-d"),
    Sample("t", (normal(2, 3),)),
    Sample("t", (normal(3),), note="vector"),
    Sample(".T", (normal(2, 3),)),
    Sample(".mT", (normal(2, 3, 2),)),
    Sample("movedim", (normal(2, 3, 2), 0, -1)),
    Sample("movedim", (normal(2, 3, 2), (0, 1), (2, 0)), note="several"),
    Sample("squeeze", (normal(1, 3, 1),)),
    Sample("squeeze", (normal(1, 3, 1), 0), note="dim"),
    Sample("squeeze", (normal(1, 3, 1), (0, 1)), note="dims"),
    Sample("squeeze", (normal(1, 3, 1), ()), note="no dims"),
    Sample("unsqueeze", (normal(2, 3), 1)),
    Sample("unsqueeze", (normal(2, 3), -1), note="-1"),
    Sample("unsqueeze", (normal(), 0), note="0-d"),
    Sample(".expand", (normal(2, 1), 3, -1, 4)),
    Sample("expand", (normal(2, 1), (3, -1, 4)), torch=".expand"),
    Sample(".expand_as", (normal(3), constant(normal(2, 3)))),
    Sample("broadcast_to", (normal(), (2, 3))),
    Sample("broadcast_to", (normal(1), (0,)), note="empty"),
    Sample(".sum_to_size", (normal(4, 2, 3), 2, 1)),
]

JOINING = [
    Sample("cat", ([normal(2, 3), normal(1, 3)],)),
    Sample("cat", ((normal(2, 3), normal(2, 1), normal(2, 2)), -1), note="-1"),
    Sample("cat", ([normal(0), normal(2, 3)],), note="empty 1-d"),
    Sample("cat", ([normal(0, 3), normal(2, 3)],), note="empty"),
    Sample("cat", ([integers(0, 3, 2), integers(0, 3, 1)],), note="integers", grad=False),
    Sample("stack", ([normal(2, 3), normal(2, 3)],)),
    Sample("stack", ((normal(3), normal(3), normal(3)), -1), note="-1"),
    Sample("stack", ([normal(), normal()],), note="0-d"),
    Sample("split", (normal(5, 2), 2)),
    Sample("split", (normal(2, 5), [1, 4], 1), note="sections"),
    Sample("split", (normal(4), [0, 4]), note="empty section"),
    Sample("chunk", (normal(5, 2), 2)),
    Sample("chunk", (normal(2, 3), 5, 1), note="more than there are"),
    Sample("unbind", (normal(3, 2),)),
    Sample("unbind", (normal(3, 2), 1), note="dim"),
]

INDICES = [
    ("number", normal(3, 4), 1),
    ("negative", normal(3, 4), -1),
    ("numbers", normal(3, 4), (1, -2)),
    ("slice", normal(5, 2), slice(1, 4, 2)),
    ("slices", normal(3, 4), (slice(None, 2), slice(-3, None))),
    ("empty slice", normal(3), slice(2, 1)),
    ("None", normal(3, 2), (slice(None), None, 1)),
    ("Ellipsis", normal(2, 3, 2), (..., 0)),
    ("all of 0-d", normal(), ...),
    ("array", normal(4, 2), given([2, 0, 3], int)),
    ("repeated", normal(4, 2), given([1, 1, 3, 1], int)),
    ("negative array", normal(4), given([-1, 0, -1], int)),
    ("list", normal(4, 2), [0, 2]),
    ("two arrays", normal(3, 4), (given([0, 2], int), given([1, 1], int))),
    ("arrays that broadcast", normal(3, 4), (given([[0], [2]], int), given([1, 3], int))),
    ("arrays apart", normal(2, 3, 2), (given([0, 1], int), slice(None), given([1, 1], int))),
    ("array and slice", normal(3, 4), (slice(1, None), given([3, 0, 0], int))),
    ("mask", normal(2, 3), given([[True, False, True], [False, False, True]], bool)),
    ("row mask", normal(3, 2), given([True, False, True], bool)),
    ("mask and number", normal(3, 2), (given([True, False, True], bool), 1)),
    ("empty array", normal(3, 2), given([], int)),
]
INDEXING = [
    *[Sample("x[index]", (x, index), note=note) for note, x, index in INDICES],
    Sample("x[index]", (normal(5), slice(None, None, -2)), note="negative step", torch=""),
    Sample("x[index] = value", (normal(3, 4), 1, normal(4)), note="row"),
    Sample("x[index] = value", (normal(3, 4), (slice(None), 1), normal()), note="column of 0-d"),
    Sample("x[index] = value", (normal(3, 4), (slice(1, 3), slice(None, 2)), normal(2)), note="broadcast"),
    Sample("x[index] = value", (normal(3, 4), 0, normal(1, 4)), note="leading axis"),
    Sample("x[index] = value", (normal(3, 4), 0, 2.5), note="number"),
    Sample("x[index] = value", (normal(4, 2), given([2, 0], int), normal(2, 2)), note="array"),
    Sample("x[index] = value", (normal(4), given([2, 0, 2], int), normal(3)), note="repeated", torch=""),
    Sample("x[index] = value", (normal(3, 4), (given([0, 2], int), given([1, 3], int)), normal(2)), note="two arrays"),
    Sample("x[index] = value", (normal(3), given([True, False, True], bool), normal(2)), note="mask"),
    Sample("x[index] = value", (normal(3), given([True, False, True], bool), 0.0), note="mask number"),
    Sample("x[index] = value", (constant(normal(3, 2)), 1, normal(2)), note="into a constant"),
    Sample("gather", (normal(3, 4), 1, given([[0, 0], [3, 1], [2, 2]], int))),
    Sample("gather", (normal(3, 4), 0, given([[2, 0, 1], [2, 2, 2]], int)), note="smaller index"),
    Sample("gather", (normal(2, 3, 2), -1, integers(0, 2, 2, 3, 4)), note="longer index"),
    Sample("gather", (normal(3), 0, given([], int)), note="empty"),
    Sample("diagonal", (normal(3, 4),)),
    Sample("diagonal", (normal(2, 3, 4), 1, 1, 2), note="offset"),
    Sample("diagonal", (normal(3, 3), -1), note="below"),
    Sample("one_hot", (given([[0, 2], [1, 0]], int),), torch="nn.functional.one_hot", grad=False),
    Sample("one_hot", (given([0, 2], int), 4), note="classes", torch="nn.functional.one_hot", grad=False),
]

PRODUCT_SHAPES = [
    ((3,), (3,)),
    ((3,), (3, 2)),
    ((2, 3), (3,)),
    ((2, 3), (3, 4)),
    ((1, 1), (1, 1)),
    ((3,), (2, 3, 4)),
    ((2, 4, 3), (3,)),
    ((2, 2, 3), (3, 4)),
    ((2, 3), (2, 3, 2)),
    ((2, 2, 3), (2, 3, 2)),
    ((2, 1, 2, 3), (2, 3, 2)),
    ((1, 2, 3), (2, 3, 2)),
    ((0, 3), (3, 2)),
    ((2, 0), (0, 3)),
]
PRODUCTS = [
    *[Sample("matmul", (normal(*x), normal(*y)), note=f"{x} with {y}") for x, y in PRODUCT_SHAPES],
    Sample("matmul", (integers(-3, 3, 2, 3), integers(-3, 3, 3, 2)), note="integers", grad=False),
    Sample("mm", (normal(2, 3), normal(3, 4))),
    Sample("mv", (normal(2, 3), normal(3))),
    Sample("bmm", (normal(2, 2, 3), normal(2, 3, 2))),
    Sample("dot", (normal(4), normal(4))),
    Sample("dot", (normal(0), normal(0)), note="empty"),
    Sample("outer", (normal(2), normal(3))),
    Sample("addmm", (normal(4), normal(2, 3), normal(3, 4))),
    Sample("addmm", (normal(2, 4), normal(2, 3), normal(3, 4)), {"beta": 0.5, "alpha": -2.0}, note="factors"),
    Sample("addmm", (normal(), normal(2, 3), normal(3, 4)), {"beta": 0}, note="beta=0"),
    Sample("addmm", (integers(0, 5, 2), integers(0, 5, 2, 3), integers(0, 5, 3, 2)), note="integers", grad=False),
    *[
        Sample("linear", (normal(*x, 3), normal(2, 3), normal(2)), note=note, torch="nn.functional.linear")
        for note, x in (("vector", ()), ("batch", (4,)), ("batches", (2, 2)), ("empty", (0,)))
    ],
    Sample("linear", (normal(4, 3), normal(2, 3)), note="no bias", torch="nn.functional.linear"),
    *[
        Sample("linear", (normal(*x, 3), normal(2, 3), normal(2)), {"activation": kind}, note=kind + note, torch="")
        for kind in ("relu", "tanh", "sigmoid")
        for note, x in ((" vector", ()), (" batch", (4,)), (" batches", (2, 2)))
    ],
    Sample("trace", (normal(3, 4),)),
]

NORMALISATIONS = [
    *[Sample(op, (normal(2, 3), 1)) for op in ("softmax", "log_softmax")],
    *[Sample(op, (normal(2, 3, 2), -2), note="-2") for op in ("softmax", "log_softmax")],
    *[Sample(op, (normal(), 0), note="0-d") for op in ("softmax", "log_softmax")],
    *[Sample(op, (normal(0, 3), 1), note="empty") for op in ("softmax", "log_softmax")],
    *[Sample(op, (given([1000.0, 0.0, -1000.0]), 0), note="extremes") for op in ("softmax", "log_softmax")],
    *[
        Sample(op, (given([[-np.inf, 0.0, 1.0], [-np.inf] * 3]), 1), note="-inf", smooth=False)
        for op in ("softmax", "log_softmax")
    ],
    # Along the last axis a kernel works on rows; PyTorch's numbers are compared with for matrices.
    *[Sample(op, (normal(2, 3, 2), -1), note="-1", torch="") for op in ("softmax", "log_softmax")],
    Sample("softmax", (normal(2, 3), 1, np.float64), note="dtype", torch="", alone=True),
]

CONVERSIONS = [
    Sample("clone", (normal(2, 3),)),
    Sample(".contiguous", (normal(2, 3),)),
    Sample("cast", (normal(2, 3), np.float64), torch="", alone=True),
    Sample("cast", (normal(2, 3), np.int64), note="integers", torch="", grad=False, alone=True),
    Sample(".double", (normal(2, 3),), alone=True),
    # Of float32 the differences say nothing.
    Sample(".float", (normal(2, 3),), alone=True, smooth=False),
    Sample(".int", (normal(2, 3),), alone=True, grad=False),
    Sample(".long", (normal(2, 3),), alone=True, grad=False),
    Sample(".bool", (given([0.0, -0.0, 0.5, np.nan], grad=False),), alone=True, grad=False),
    Sample(".type_as", (normal(2, 3), integers(0, 2, 1)), alone=True, grad=False),
    Sample(".detach", (normal(2, 3),), grad=False),
    Sample("bernoulli", (given([0.0, 1.0, 1.0]),), smooth=False),
]

IN_PLACE = [
    *[Sample(f".{op}_", (normal(2, 3), nonzero(3))) for op in ("add", "sub", "mul", "div", "copy")],
    Sample(".add_", (normal(2, 3), nonzero(3)), {"alpha": 2}, note="alpha"),
    Sample(".sub_", (normal(2, 3), nonzero(3)), {"alpha": 2}, note="alpha"),
    Sample(".mul_", (normal(2, 3), 2.5), note="number"),
    Sample(".copy_", (normal(2, 3), normal()), note="0-d"),
    Sample(".pow_", (positive(2, 3), normal(3))),
    Sample(".pow_", (nonzero(2, 3), 2), note="square"),
    Sample(".floor_divide_", (distinct(4), positive(4))),
    Sample(".remainder_", (distinct(4), positive(4))),
    Sample(".bitwise_and_", (integers(0, 8, 4), integers(0, 8, 4)), grad=False),
    Sample(".bitwise_or_", (integers(0, 8, 4), integers(0, 8, 4)), grad=False),
    Sample(".bitwise_xor_", (integers(0, 8, 4), integers(0, 8, 4)), grad=False),
    *[Sample(f".{op}_", (normal(2, 3),)) for op in ("neg", "exp", "tanh", "sigmoid", "zero")],
    *[Sample(f".{op}_", (positive(2, 3),)) for op in ("log", "sqrt")],
    *[Sample(f".{op}_", (nonzero(2, 3),)) for op in ("abs", "relu")],
    Sample(".clamp_", (distinct(3, 4), -0.6, 0.5)),
    Sample(".fill_", (normal(2, 3), 1.5), note="number"),
    Sample(".fill_", (normal(2, 3), normal()), note="0-d"),
]

LINALG = [
    Sample("det", (regular(3, 3),)),
    Sample("linalg.det", (regular(2, 2, 2),), note="batch"),
    # PyTorch's gradient is 0 there; the right one is the matrix of cofactors.
    Sample("linalg.det", (given([[1.0, 2.0], [2.0, 4.0]]),), note="singular", torch=""),
    Sample("slogdet", (regular(3, 3),)),
    Sample("linalg.slogdet", (regular(2, 2, 2),), note="batch"),
    Sample("inverse", (regular(3, 3),)),
    Sample("linalg.inv", (regular(2, 2, 2),), note="batch"),
    Sample("linalg.solve", (regular(3, 3), normal(3, 2))),
    Sample("linalg.solve", (regular(3, 3), normal(3)), note="vector"),
    Sample("linalg.solve", (regular(2, 2, 2), normal(2, 2, 1)), note="batch"),
    Sample("pinverse", (regular(3, 2),)),
    Sample("linalg.pinv", (regular(2, 3),), note="wide"),
    Sample("linalg.lstsq", (regular(4, 2), normal(4, 1)), torch=""),
]

LOSSES = [
    *[
        Sample(f"nn.functional.{op}", (normal(2, 3), nonzero(2, 3)), {"reduction": reduction}, note=reduction)
        for op in ("mse_loss", "l1_loss")
        for reduction in ("mean", "sum", "none")
    ],
    *[
        Sample(f"nn.functional.{op}", (x, unit(2, 3)), {"reduction": reduction}, note=reduction)
        for op, x in (("binary_cross_entropy", unit(2, 3)), ("binary_cross_entropy_with_logits", normal(2, 3)))
        for reduction in ("mean", "sum", "none")
    ],
    *[
        Sample(
            f"nn.functional.{op}", (normal(4, 3), given([0, 2, 1, 2], int)), {"reduction": reduction}, note=reduction
        )
        for op in ("cross_entropy", "nll_loss")
        for reduction in ("mean", "sum", "none")
    ],
    Sample(
        "nn.functional.cross_entropy",
        (normal(4, 3), given([0, 2, -100, 2], int), constant(positive(3))),
        {"label_smoothing": 0.2},
        note="weights and smoothing",
    ),
    Sample("nn.functional.cross_entropy", (normal(4, 3), unit(4, 3)), note="probabilities"),
    Sample("nn.functional.cross_entropy", (normal(2, 3, 2), given([[0, 2], [1, 1]], int)), note="more axes"),
    # With probability 1 nothing is left to chance.
    Sample("nn.functional.dropout", (normal(2, 3), 1.0)),
]

# They are made of the makers above.
from tests.convention_samples import CONVENTIONS  # noqa: E402
from tests.convolution_samples import CONVOLUTIONS  # noqa: E402
from tests.function_samples import FUNCTIONS  # noqa: E402
from tests.linalg_samples import LINEAR_ALGEBRA  # noqa: E402
from tests.loss_samples import LOSS_SAMPLES  # noqa: E402
from tests.network_samples import NETWORKS  # noqa: E402
from tests.shape_samples import SHAPE_FUNCTIONS  # noqa: E402
from tests.statistics_samples import STATISTICS  # noqa: E402
from tests.vocabulary_samples import VOCABULARY  # noqa: E402

SAMPLES = [
    *ARITHMETIC,
    *ELEMENTWISE,
    *COMPARISONS,
    *REDUCTIONS,
    *EXTREMES,
    *NORMS,
    *SHAPES,
    *JOINING,
    *INDEXING,
    *PRODUCTS,
    *NORMALISATIONS,
    *CONVERSIONS,
    *IN_PLACE,
    *LINALG,
    *LINEAR_ALGEBRA,
    *LOSSES,
    *FUNCTIONS,
    *CONVENTIONS,
    *LOSS_SAMPLES,
    *SHAPE_FUNCTIONS,
    *CONVOLUTIONS,
    *NETWORKS,
    *STATISTICS,
    *VOCABULARY,
]

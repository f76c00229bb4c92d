"""Samples of the functions of each element, and of the activations; ``tests/samples.py`` puts them into the table."""

import numpy as np

from tests.samples import (
    Operand,
    Sample,
    bools,
    constant,
    distinct,
    each,
    given,
    integers,
    nonzero,
    normal,
    pairs,
    positive,
    unit,
)

NAN, INFINITY = np.nan, np.inf
FOR_INTEGERS = ("sin", "exp2", "lgamma", "erf", "reciprocal", "deg2rad", "log1p", "sinh", "atan", "sinc")


def above_one(*shape):
    return Operand("shifted", shape)


def beside(x, y):
    """Two operands of shape (2, 3) and (3,)."""
    return (Operand(x.kind, (2, 3), x.options, x.grad), Operand(y.kind, (3,), y.options, y.grad))


TRIGONOMETRY = [
    *[sample for op in ("sin", "cos", "tan", "atan", "deg2rad", "rad2deg") for sample in each(op, normal(2, 3))],
    *[sample for op in ("asin", "acos", "atanh") for sample in each(op, unit(2, 3))],
    *[sample for op in ("sinh", "cosh", "asinh") for sample in each(op, normal(2, 3))],
    *[Sample(op, (given([-0.9, -0.2, 0.6]),), note="negative") for op in ("asin", "acos", "atanh")],
    *[Sample(op, (given([1.0, -1.0, 2.0]),), note="edges", smooth=False) for op in ("asin", "acos", "atanh")],
    *each("acosh", above_one(2, 3)),
    Sample("acosh", (given([1.0, 0.5]),), note="edges", smooth=False),
    *each("sinc", normal(2, 3)),
    Sample("sinc", (given([0.3, -1.0, 2.5, 40.25]),), note="far"),
    # PyTorch's gradient near 0 has lost digits, and its second gradient at 0 is 0.
    Sample("sinc", (given([0.0, 0.01, -0.05, 0.09]),), note="near", torch=""),
    *pairs("atan2", normal(), nonzero()),
    Sample(
        "atan2", (given([0.0, 0.0, -0.0, 1.0, -1.0]), given([1.0, -1.0, -2.0, 0.0, 0.0])), note="axes", smooth=False
    ),
    Sample("atan2", (given([0.0, -0.0]), given([0.0, -0.0])), note="origin", torch="", smooth=False),
    Sample("atan2", (given([INFINITY, -1.0, NAN]), given([INFINITY, -INFINITY, 1.0])), note="special", grad=False),
    Sample("atan2", (integers(-3, 4, 5), integers(-3, 4, 5)), note="integers", grad=False, alone=True),
]

LOGARITHMS = [
    *[sample for op in ("exp2", "expm1") for sample in each(op, normal(2, 3))],
    *[sample for op in ("log2", "log10", "log1p") for sample in each(op, positive(2, 3))],
    *[Sample(op, (given([0.0, -0.5, INFINITY, NAN]),), note="edges", smooth=False) for op in ("log2", "log10")],
    Sample("log1p", (given([-1.0, -0.5, 1e-9, NAN]),), note="edges", smooth=False),
    Sample("expm1", (given([1e-9, -800.0, 800.0]),), note="edges", smooth=False),
    *each("logit", unit(2, 3)),
    Sample("logit", (unit(4), 0.3), note="eps"),
    Sample("logit", (given([0.0, 1.0, -0.5, 1.5, NAN]),), note="edges", smooth=False),
    Sample("logit", (given([0.0, 1.0, 0.1, 0.9, 0.5]), 0.1), note="at eps", smooth=False),
    *pairs("logaddexp", normal(), normal()),
    *pairs("logaddexp2", normal(), normal()),
    *[
        Sample(op, (given([800.0, -800.0, 1.0, -INFINITY]), given([799.0, -799.0, -INFINITY, 1.0])), note=note, **more)
        for op, note, more in (
            ("logaddexp", "extremes", {"smooth": False}),
            ("logaddexp2", "extremes", {"smooth": False}),
        )
    ],
    *[
        Sample(op, (given([INFINITY, -INFINITY]), given([INFINITY, -INFINITY])), note="infinite", grad=False)
        for op in ("logaddexp", "logaddexp2")
    ],
    *[Sample(op, (given([1.0, 2.0]), given([1.0, 2.0])), note="equal") for op in ("logaddexp", "logaddexp2")],
]

ROUNDING = [
    *[sample for op in ("ceil", "floor", "trunc", "round", "frac") for sample in each(op, distinct(2, 3))],
    *[
        Sample(op, (given([-2.5, -0.5, 0.5, 1.5, 2.0, -3.0, NAN, INFINITY]),), note="edges", smooth=False)
        for op in ("ceil", "floor", "trunc", "round")
    ],
    Sample("frac", (given([-2.5, 2.0, -3.0, NAN]),), note="edges", smooth=False),
    *[Sample(op, (integers(-5, 5, 4),), note="integers", grad=False) for op in ("ceil", "floor", "trunc", "round")],
    Sample("round", (normal(2, 3),), {"decimals": 2}, note="decimals"),
    Sample("round", (given([1250.0, -1350.0, 449.9]),), {"decimals": -2}, note="before the point", smooth=False),
    *pairs("fmod", given(5.3, grad=True), given(1.7, grad=True)),
    Sample("fmod", (given([-5.0, 5.0, -5.0, 5.0]), given([3.0, 3.0, -3.0, -3.0])), note="signs"),
    Sample("fmod", (given([-5, 5, -5, 5], int), given([3, 3, -3, -3], int)), note="integers", grad=False),
    Sample("fmod", (distinct(4), 0.7), note="number"),
    Sample("fmod", (given([5.0, INFINITY, NAN]), given([0.0, 1.0, 1.0])), note="special", grad=False),
]

SIGNS = [
    *each("sgn", nonzero(2, 3)),
    Sample("signbit", (given([-1.0, 0.0, -0.0, 2.0, -INFINITY]),), grad=False),
    Sample("signbit", (integers(-3, 3, 5),), note="integers", grad=False),
    Sample("signbit", (bools(3),), note="bools", grad=False),
    *pairs("copysign", nonzero(), nonzero()),
    Sample("copysign", (given([0.0, -2.0, 3.0, -0.0]), given([1.0, -0.0, 0.0, -1.0])), note="zero", smooth=False),
    Sample("copysign", (nonzero(3), -1), note="number"),
    Sample("copysign", (integers(1, 4, 3), integers(-3, 0, 3)), note="integers", grad=False, alone=True),
    Sample("heaviside", (given([-1.0, 0.0, -0.0, 2.0, NAN]), constant(normal(5))), grad=False),
    Sample("heaviside", (integers(-1, 2, 2, 3), integers(5, 9, 3)), note="integers", grad=False),
    *each("nan_to_num", normal(2, 3)),
    Sample("nan_to_num", (given([NAN, 1.0, INFINITY]), 7.0, 8.0), note="given"),
    # The default is the largest number of the dtype.
    Sample("nan_to_num", (given([NAN, 1.0, INFINITY, -INFINITY]),), note="limits", smooth=False, alone=True),
    Sample("nan_to_num", (integers(0, 5, 3),), note="integers", grad=False),
]

POWERS = [
    *each("reciprocal", nonzero(2, 3)),
    *each("rsqrt", positive(2, 3)),
    Sample("rsqrt", (given([0.0, -1.0, INFINITY]),), note="edges", smooth=False),
    Sample("reciprocal", (given([0.0, -0.0, INFINITY]),), note="edges", grad=False),
    *pairs("hypot", normal(), nonzero()),
    Sample("hypot", (given([3e200, INFINITY]), given([4e200, NAN])), note="extremes", grad=False, alone=True),
    # PyTorch's gradient at the origin is NaN.
    Sample("hypot", (given([0.0, 3.0]), given([0.0, 0.0])), note="origin", smooth=False, torch=""),
    *[
        Sample(sample.op, sample.args, sample.kwargs, sample.note, alone=True)
        for sample in pairs("float_power", positive(), normal())
    ],
    Sample("float_power", (integers(1, 4, 3), -1), note="integers", grad=False, alone=True),
    Sample("float_power", (positive(3), 0.1), note="number", alone=True),
    Sample("float_power", (2, normal(3)), note="number base", alone=True),
    *pairs("ldexp", normal(), normal()),
    # PyTorch's gradient is 0 where such a power is negative.
    Sample("ldexp", (normal(3), integers(-3, 4, 3)), note="integer powers", torch=""),
    Sample("ldexp", (normal(3), integers(-3, 4, 3)), note="values", grad=False),
]

SPECIAL = [
    *[sample for op in ("erf", "erfc") for sample in each(op, normal(2, 3))],
    *[Sample(op, (given([-8.0, 8.0, 26.0, INFINITY, -INFINITY, NAN]),), note="edges", smooth=False) for op in ("erf",)],
    Sample("erfc", (given([-8.0, 5.0, 12.0, INFINITY, -INFINITY, NAN]),), note="edges", smooth=False),
    *each("erfinv", unit(2, 3)),
    Sample("erfinv", (given([-0.95, 0.0, 0.5, -0.3]),), note="both signs"),
    Sample("erfinv", (given([-1.0, 1.0, 1.5, NAN]),), note="edges", smooth=False),
    *each("lgamma", positive(2, 3)),
    Sample("lgamma", (given([-0.4, -1.7, -3.3, 12.5]),), note="negative"),
    # PyTorch's trigamma, the gradient of digamma, is right to 9 digits only.
    *each("digamma", positive(2, 3), torch=""),
    Sample("digamma", (given([-0.4, -1.7, -3.3, 12.5]),), note="negative", torch=""),
    Sample("digamma", (given([0.3, 1.46, 9.0, -0.4, -1.7, -3.3, 12.5]),), note="values", grad=False),
    Sample("lgamma", (given([0.0, -1.0, INFINITY, -INFINITY, NAN]),), note="poles", grad=False),
    Sample("digamma", (given([0.0, -0.0, -1.0, INFINITY, -INFINITY, NAN]),), note="poles", grad=False),
    *[Sample("polygamma", (n, positive(2, 3)), note=f"n={n}", torch="") for n in (0, 1)],
    *[Sample("polygamma", (n, positive(2, 3)), note=f"n={n}") for n in (2, 3)],
    Sample("polygamma", (2, given([-0.4, -1.7, -3.3, 12.5])), note="negative"),
    Sample(".polygamma", (positive(3), 2)),
    *[
        Sample(sample.op, sample.args, sample.kwargs, sample.note, torch=None)
        for op in ("xlogy", "special.xlog1py")
        for sample in pairs(op, normal(), positive())
    ],
    Sample("xlogy", (given([0.0, 0.0, 0.0, 2.0]), given([0.0, -1.0, NAN, 0.0])), note="zero", grad=False),
    Sample("xlogy", (given([0.0, 0.0]), given([0.0, -1.0])), note="at zero", torch="", smooth=False),
    Sample("xlogy", (2, positive(3)), note="number"),
    Sample("xlogy", (normal(3), 2.5), note="number of the logarithm"),
    Sample("special.xlog1py", (given([0.0, 0.0, 0.0, 2.0]), given([-1.0, -2.0, NAN, -1.0])), note="zero", grad=False),
    Sample("special.xlog1py", (given([0.0, 0.0]), given([-1.0, -2.0])), note="at zero", torch="", smooth=False),
    *each("special.entr", positive(2, 3)),
    Sample("special.entr", (given([0.0, 1.0, -1.0, NAN]),), note="edges", smooth=False),
    Sample("special.entr", (integers(0, 3, 4),), note="integers", grad=False, alone=True),
    *[Sample(op, (integers(1, 4, 4),), note="integers", grad=False, alone=True) for op in FOR_INTEGERS],
]

BOUNDS = [
    Sample("clamp_min", (distinct(3, 4), 0.0)),
    Sample("clamp_max", (distinct(3, 4), 0.4)),
    Sample("clamp_min", (distinct(3, 4), given([[0.18], [0.0], [-0.32]])), note="tensor"),
    Sample("clamp_max", (distinct(3, 4), given([[0.18], [0.0], [-0.32]])), note="tensor"),
    *[
        Sample(op, (given([1.0, 2.0]), given([1.0, 3.0])), note="tie", smooth=False)
        for op in ("clamp_min", "clamp_max")
    ],
    Sample("clamp_min", (integers(-5, 5, 6), 1), note="integers", grad=False),
    *pairs("fmax", given(0.3, grad=True), given(0.7, grad=True)),
    *pairs("fmin", given(0.3, grad=True), given(0.7, grad=True)),
    *[
        Sample(op, (given([1.0, NAN, 2.0, NAN, 3.0]), given([1.0, 1.0, NAN, NAN, -3.0])), note="nan", smooth=False)
        for op in ("fmax", "fmin")
    ],
    Sample("fmax", (bools(3), bools(3)), note="bools", grad=False),
    *[
        Sample("count_nonzero", (integers(0, 2, 2, 3, 2), dim), note=f"{dim}", grad=False)
        for dim in (None, 0, -1, (0, 2))
    ],
    Sample("count_nonzero", (given([0.0, -0.0, NAN, 2.0]),), note="nan", grad=False),
    Sample("count_nonzero", (given(3.0),), note="0-d", grad=False),
    Sample("count_nonzero", (constant(normal(0, 3)), 0), note="empty", grad=False),
]

INTERPOLATION = [
    *[Sample("lerp", (normal(2, 3), normal(2, 3), weight), note=f"{weight}") for weight in (0.0, 0.3, 0.7, 1.0, -2.0)],
    Sample("lerp", (normal(2, 3), normal(3), normal(2, 1)), note="tensor weight"),
    Sample("lerp", (normal(), normal(), unit()), note="0-d"),
    Sample("lerp", (normal(0, 3), normal(3), 0.5), note="empty"),
    *[
        Sample(op, (normal(2, 3), normal(2, 3), nonzero(2, 3)), kwargs, note=note)
        for op in ("addcmul", "addcdiv")
        for note, kwargs in (("", {}), ("value", {"value": -0.5}))
    ],
    *[Sample(op, (normal(3), normal(2, 1), nonzero(1, 3)), note="broadcast") for op in ("addcmul", "addcdiv")],
    *[Sample(op, (normal(), normal(), nonzero()), note="0-d") for op in ("addcmul", "addcdiv")],
    *[Sample(op, (normal(0, 3), normal(3), nonzero(3)), note="empty") for op in ("addcmul", "addcdiv")],
    Sample(
        "addcmul", (integers(0, 5, 3), integers(0, 5, 3), integers(0, 5, 3)), {"value": 2}, note="integers", grad=False
    ),
]

#: Activations without arguments: their kinks are multiples of 1/2, far from `distinct`'s numbers.
PLAIN = [
    *("elu", "celu", "selu", "gelu", "silu", "softplus", "mish", "logsigmoid", "softsign", "tanhshrink", "hardtanh"),
    *("relu6", "hardswish", "leaky_relu", "rrelu", "hardshrink", "softshrink"),
]
#: Those of them that have no kink, so that finite differences say something there too.
WITHOUT_KINK = ("gelu", "silu", "softplus", "mish", "logsigmoid", "tanhshrink")
KINKS = [-3.0, -1.0, -0.5, -0.0, 0.0, 0.5, 1.0, 3.0, 6.0]
WITHOUT_NAN = given(KINKS)
FUNCTIONAL = "nn.functional."
ACTIVATIONS = [
    *[sample for op in PLAIN for sample in each(FUNCTIONAL + op, distinct(3, 5))],
    *[Sample(FUNCTIONAL + op, (WITHOUT_NAN,), note="kinks", smooth=op in WITHOUT_KINK) for op in PLAIN],
    *[
        Sample(FUNCTIONAL + op, (given([NAN, -800.0, 800.0]),), note="extremes", smooth=False)
        for op in PLAIN
        if op != "leaky_relu"
    ],
    *[
        Sample(FUNCTIONAL + op, (distinct(3, 5),), {"inplace": True}, note="inplace", grad=False)
        for op in ("elu", "celu", "selu", "silu", "mish", "hardtanh", "relu6", "hardswish", "leaky_relu", "rrelu")
    ],
    # PyTorch's sixth is one of float32.
    *[
        Sample(sample.op, sample.args, sample.kwargs, sample.note, torch="")
        for sample in each(FUNCTIONAL + "hardsigmoid", distinct(3, 5))
    ],
    Sample(FUNCTIONAL + "hardsigmoid", (WITHOUT_NAN,), note="kinks", smooth=False, torch=""),
    Sample(FUNCTIONAL + "hardsigmoid", (given([*KINKS, NAN]),), note="values", grad=False),
    Sample(FUNCTIONAL + "elu", (distinct(3, 5), 0.6), note="alpha"),
    Sample(FUNCTIONAL + "elu", (WITHOUT_NAN, 0.6), note="alpha kinks", smooth=False),
    # PyTorch's 1 / alpha is one of float32 in the gradient.
    Sample(FUNCTIONAL + "celu", (distinct(3, 5), 0.6), note="alpha", torch=""),
    Sample(FUNCTIONAL + "celu", (distinct(3, 5), -0.75), note="negative alpha", torch=""),
    Sample(FUNCTIONAL + "celu", (distinct(3, 5), 0.5), note="alpha of one bit"),
    Sample(FUNCTIONAL + "gelu", (distinct(3, 5),), {"approximate": "tanh"}, note="tanh"),
    Sample(
        FUNCTIONAL + "gelu", (given([NAN, -40.0, 40.0]),), {"approximate": "tanh"}, note="tanh extremes", smooth=False
    ),
    Sample(FUNCTIONAL + "softplus", (distinct(3, 5), 2.0, 1.5), note="beta"),
    Sample(FUNCTIONAL + "softplus", (given([0.75, 0.7500001]), 2.0, 1.5), note="at the threshold", smooth=False),
    Sample(FUNCTIONAL + "hardtanh", (distinct(3, 5), -0.6, 0.5), note="bounds"),
    Sample(FUNCTIONAL + "leaky_relu", (distinct(3, 5), 0.2), note="slope"),
    Sample(FUNCTIONAL + "leaky_relu", (distinct(3, 5), -1.5), note="negative slope"),
    Sample(FUNCTIONAL + "leaky_relu", (given([-2.0, 3.0, INFINITY]), 0.0), note="no slope", smooth=False),
    Sample(FUNCTIONAL + "rrelu", (distinct(3, 5), 0.3, 0.3, True), note="training"),
    Sample(FUNCTIONAL + "hardshrink", (distinct(3, 5), 0.8), note="lambd"),
    Sample(FUNCTIONAL + "softshrink", (distinct(3, 5), 0.8), note="lambd"),
    Sample(FUNCTIONAL + "threshold", (distinct(3, 5), 0.2, -7.0)),
    Sample(FUNCTIONAL + "threshold", (given([0.0, 1.0, 2.0, NAN]), 1.0, 20.0), note="kinks", smooth=False),
    Sample(FUNCTIONAL + "threshold", (distinct(3, 5), 0.2, -7.0, True), note="inplace", grad=False),
    *[
        Sample(FUNCTIONAL + "prelu", (distinct(*x), unit(*w)), note=f"{x} {w}")
        for x, w in (
            ((2, 3), (1,)),
            ((2, 3), (3,)),
            ((2, 3, 2), (3,)),
            ((3,), (1,)),
            ((2, 3), ()),
            ((0, 3), (3,)),
        )
    ],
    Sample(FUNCTIONAL + "prelu", (given([[-1.0, 0.0, 2.0]]), given([0.5, 0.25, 0.1])), note="kinks", smooth=False),
    *[Sample(FUNCTIONAL + "softmin", (normal(2, 3), dim), note=f"{dim}") for dim in (1, -2)],
    *[Sample(FUNCTIONAL + "glu", (normal(4, 6), dim), note=f"{dim}") for dim in (0, -1)],
    *[Sample(FUNCTIONAL + "swiglu", (normal(4, 6), dim), note=f"{dim}", torch="") for dim in (0, -1)],
    Sample(FUNCTIONAL + "glu", (normal(0, 2),), note="empty"),
]

SIMILARITIES = [
    Sample(FUNCTIONAL + "normalize", (normal(3, 4),)),
    *[
        Sample(FUNCTIONAL + "normalize", (nonzero(2, 3, 2), p, dim), note=f"p={p} dim={dim}")
        for p, dim in ((1, 0), (3, -1))
    ],
    Sample(FUNCTIONAL + "normalize", (normal(2, 3, 2), 2.0, (1, 2)), note="two axes"),
    Sample(FUNCTIONAL + "normalize", (given([[0.0, 0.0], [3.0, 4.0]]),), note="zero", smooth=False),
    Sample(FUNCTIONAL + "normalize", (normal(0, 3),), note="empty"),
    Sample(FUNCTIONAL + "cosine_similarity", (normal(3, 4), normal(3, 4))),
    Sample(FUNCTIONAL + "cosine_similarity", (normal(4), normal(3, 4), -1), note="broadcast"),
    Sample(FUNCTIONAL + "cosine_similarity", (normal(2, 3, 1), normal(3, 4), 1), note="broadcast both"),
    Sample(FUNCTIONAL + "cosine_similarity", (given([0.0, 0.0]), given([1.0, 2.0]), 0), note="zero", smooth=False),
    Sample(
        FUNCTIONAL + "cosine_similarity",
        (given([1e-9, 0.0]), given([1.0, 2.0]), 0),
        note="tiny",
        smooth=False,
        alone=True,
    ),
    Sample(FUNCTIONAL + "pairwise_distance", (normal(3, 4), normal(3, 4))),
    Sample(FUNCTIONAL + "pairwise_distance", (normal(3, 4), normal(4), 1.0, 0.0, True), note="p=1"),
    Sample(FUNCTIONAL + "pairwise_distance", (normal(3, 4), normal(3, 4), 3.0), note="p=3"),
    Sample(FUNCTIONAL + "pairwise_distance", (given([1.0, 2.0]), given([1.0, 2.0])), note="equal", smooth=False),
]

FORMS_IN_PLACE = [
    *[
        Sample(f".{op}_", (normal(2, 3),))
        for op in ("atan", "cos", "cosh", "deg2rad", "erf", "erfc", "exp2", "expm1", "rad2deg", "sin", "sinc")
    ],
    *[Sample(f".{op}_", (normal(2, 3),)) for op in ("sinh", "square", "tan")],
    *[Sample(f".{op}_", (unit(2, 3),)) for op in ("acos", "asin", "erfinv", "logit")],
    Sample(".digamma_", (positive(3),), torch=""),
    # PyTorch does not differentiate these three in place.
    *[
        Sample(f".{op}_", (x,), torch="")
        for op, x in (("acosh", above_one(3)), ("asinh", normal(3)), ("atanh", unit(3)))
    ],
    *[Sample(f".{op}_", (positive(2, 3),)) for op in ("lgamma", "log10", "log1p", "log2", "reciprocal", "rsqrt")],
    *[Sample(f".{op}_", (distinct(2, 3),)) for op in ("ceil", "floor", "frac", "round", "sgn", "sign", "trunc")],
    Sample(".logit_", (unit(3), 0.3), note="eps"),
    Sample(".round_", (normal(2, 3),), {"decimals": 1}, note="decimals"),
    Sample(".nan_to_num_", (given([NAN, 1.0, INFINITY]), 7.0, 8.0)),
    *[Sample(f".{op}_", beside(normal(), nonzero())) for op in ("atan2", "copysign", "fmod", "hypot", "ldexp")],
    Sample(".xlogy_", beside(normal(), positive())),
    # PyTorch takes float64 only.
    Sample(".float_power_", beside(positive(), normal()), alone=True),
    Sample(".heaviside_", (constant(distinct(3)), constant(normal(3))), grad=False),
    Sample(".bitwise_not_", (integers(0, 8, 4),), grad=False),
    Sample(".logical_not_", (integers(0, 2, 4),), grad=False),
    *[Sample(f".logical_{op}_", (integers(0, 2, 4), integers(0, 2, 4)), grad=False) for op in ("and", "or", "xor")],
    Sample(".clamp_min_", (distinct(3, 4), 0.0)),
    Sample(".clamp_max_", (distinct(3, 4), 0.4)),
    Sample(".lerp_", (normal(2, 3), normal(3), 0.3)),
    *[Sample(f".{op}_", (normal(2, 3), normal(3), nonzero(3)), {"value": 2.5}) for op in ("addcmul", "addcdiv")],
]

FUNCTIONS = [
    *TRIGONOMETRY,
    *LOGARITHMS,
    *ROUNDING,
    *SIGNS,
    *POWERS,
    *SPECIAL,
    *BOUNDS,
    *INTERPOLATION,
    *ACTIVATIONS,
    *SIMILARITIES,
    *FORMS_IN_PLACE,
    Sample("rsub", (normal(2, 3), nonzero(3)), {"alpha": 2}),
]

"""What NumPy's users write for each public operation: the table that ``ops.py`` times and a test holds to its values.

An entry is the name of an operation and two pieces of source, its arguments and NumPy's expression, or three where the
call itself is to be written: ``"Tensor.T": ("", "A.T", "A.T")``. Behind a ``|`` stands what tells the entries of one
operation apart. Both sides are evaluated with the names that ``cases.py`` makes: tensors in the call, arrays in NumPy's
expression.
"""

from tests.benchmarks.place_expressions import JOINED, PLACES
from tests.benchmarks.statistics_expressions import DISTANCES, ORDERS, RUNNING, SEVERAL

#: Without an expression in NumPy.
NONE = None

ACTIVATIONS = {
    "nn.functional.elu": ("x", "np.where(x > 0, x, np.expm1(x))"),
    "nn.functional.celu": ("x", "np.where(x > 0, x, np.expm1(x))"),
    "nn.functional.selu": ("x", "1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x))"),
    "nn.functional.gelu": (
        "x, 'tanh'",
        "0.5 * x * (1 + np.tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)))",
    ),
    "nn.functional.silu": ("x", "x / (1 + np.exp(-x))"),
    "nn.functional.softplus": ("x", "np.log1p(np.exp(x))"),
    "nn.functional.mish": ("x", "x * np.tanh(np.log1p(np.exp(x)))"),
    "nn.functional.logsigmoid": ("x", "-np.log1p(np.exp(-x))"),
    "nn.functional.softsign": ("x", "x / (1 + np.abs(x))"),
    "nn.functional.tanhshrink": ("x", "x - np.tanh(x)"),
    "nn.functional.softmin": ("A, 1", "(e := np.exp(-A - (-A).max(1, keepdims=True))) / e.sum(1, keepdims=True)"),
    "nn.functional.glu": ("A2, 1", "A2[:, :c] / (1 + np.exp(-A2[:, c:]))"),
    "nn.functional.swiglu": ("A2, 1", "(g := A2[:, :c]) / (1 + np.exp(-g)) * A2[:, c:]"),
    "nn.functional.hardtanh": ("x", "np.clip(x, -1, 1)"),
    "nn.functional.relu6": ("x", "np.clip(x, 0, 6)"),
    "nn.functional.hardsigmoid": ("x", "np.clip(x + 3, 0, 6) / 6"),
    "nn.functional.hardswish": ("x", "x * np.clip(x + 3, 0, 6) / 6"),
    "nn.functional.leaky_relu": ("x", "np.where(x > 0, x, 0.01 * x)"),
    "nn.functional.prelu": ("x, slope", "np.where(x > 0, x, slope * x)"),
    "nn.functional.rrelu": ("x", "np.where(x > 0, x, (1 / 8 + 1 / 3) / 2 * x)"),
    "nn.functional.hardshrink": ("x", "np.where(np.abs(x) <= 0.5, 0, x)"),
    "nn.functional.softshrink": ("x", "x - np.clip(x, -0.5, 0.5)"),
    "nn.functional.threshold": ("x, 0.1, 2.0", "np.where(x > 0.1, x, 2.0)"),
    "nn.functional.dropout": ("x", "x * (rng.random(n, f) >= 0.5) * 2"),
    "softmax": ("A, 1", "(e := np.exp(A - A.max(1, keepdims=True))) / e.sum(1, keepdims=True)"),
    "log_softmax": ("A, 1", "(s := A - A.max(1, keepdims=True)) - np.log(np.exp(s).sum(1, keepdims=True))"),
}

ARITHMETIC = {
    "add": ("x, y", "x + y"),
    "sub": ("x, y", "x - y"),
    "rsub": ("x, y", "y - x"),
    "mul": ("x, y", "x * y"),
    "div": ("x, z", "x / z"),
    "floor_divide": ("x, z", "x // z"),
    "remainder": ("x, z", "x % z"),
    "neg": ("x", "-x"),
    "positive": ("x", "x"),
    "pow": ("p, y", "p**y"),
    "pow | square": ("x, 2", "x**2"),
    "clamp_min": ("x, 0.0", "np.maximum(x, 0)"),
    "clamp_max": ("x, 0.0", "np.minimum(x, 0)"),
    "fmax": ("x, y", "np.fmax(x, y)"),
    "fmin": ("x, y", "np.fmin(x, y)"),
    "lerp": ("x, y, 0.3", "x + 0.3 * (y - x)"),
    "addcmul": ("x, y, z", "x + y * z"),
    "addcdiv": ("x, y, z", "x + y / z"),
    "reciprocal": ("z", "1 / z"),
    "rsqrt": ("p", "1 / np.sqrt(p)"),
    "hypot": ("x, y", "np.hypot(x, y)"),
    "float_power": ("p, y", "np.float_power(p, y)"),
    "ldexp": ("x, j", "np.ldexp(x, j)"),
}

COMPARISONS = {
    "eq": ("x, y", "x == y"),
    "ne": ("x, y", "x != y"),
    "lt": ("x, y", "x < y"),
    "le": ("x, y", "x <= y"),
    "gt": ("x, y", "x > y"),
    "ge": ("x, y", "x >= y"),
    "logical_and": ("b, d", "np.logical_and(b, d)"),
    "logical_or": ("b, d", "np.logical_or(b, d)"),
    "logical_xor": ("b, d", "np.logical_xor(b, d)"),
    "logical_not": ("b", "np.logical_not(b)"),
    "bitwise_and": ("i, j", "i & j"),
    "bitwise_or": ("i, j", "i | j"),
    "bitwise_xor": ("i, j", "i ^ j"),
    "bitwise_not": ("i", "~i"),
    "bitwise_left_shift": ("i, j", "i << j"),
    "bitwise_right_shift": ("i, j", "i >> j"),
    "isnan": ("x", "np.isnan(x)"),
    "isinf": ("x", "np.isinf(x)"),
    "isfinite": ("x", "np.isfinite(x)"),
    "all": ("b", "b.all()"),
    "any": ("b", "b.any()"),
    "isclose": ("x, y", "np.isclose(x, y)"),
    "allclose": ("x, x", "np.allclose(x, x)"),
    "equal": ("x, x", "np.array_equal(x, x)"),
    "count_nonzero": ("x", "np.count_nonzero(x)"),
    "signbit": ("x", "np.signbit(x)"),
    "where": ("b, x, y", "np.where(b, x, y)"),
    "Tensor.where": ("x, b, y", "np.where(b, x, y)"),
}

CONVERSIONS = {
    "cast": ("x, np.int32", "x.astype(np.int32)"),
    "Tensor.to": ("x, np.int32", "x.astype(np.int32)"),
    "Tensor.cpu": ("x", "x"),
    "Tensor.float": ("i", "i.astype(np.float32)"),
    "Tensor.double": ("i", "i.astype(np.float64)"),
    "Tensor.int": ("x", "x.astype(np.int32)"),
    "Tensor.long": ("x", "x.astype(np.int64)"),
    "Tensor.bool": ("x", "x.astype(np.bool_)"),
    "Tensor.type_as": ("i, x", "i.astype(f)"),
    "clone": ("x", "x.copy()"),
    "contiguous": ("Q", "np.ascontiguousarray(Q)"),
    "detach": ("x", "x.view()"),
}

CREATION = {
    "tensor": ("array", "np.array(x)"),
    "as_tensor": ("array", "np.asarray(x)"),
    "from_numpy": ("array", "np.asarray(x)"),
    "from_dlpack": ("array", "np.from_dlpack(x)"),
    "zeros": ("n", "np.zeros(n, np.float32)"),
    "ones": ("n", "np.ones(n, np.float32)"),
    "empty": ("n", "np.empty(n, np.float32)"),
    "full": ("(n,), 2.0", "np.full(n, 2.0, np.float32)"),
    "zeros_like": ("x", "np.zeros_like(x)"),
    "ones_like": ("x", "np.ones_like(x)"),
    "empty_like": ("x", "np.empty_like(x)"),
    "full_like": ("x, 2.0", "np.full_like(x, 2.0)"),
    "arange": ("n", "np.arange(n)"),
    "linspace": ("0, 1, n", "np.linspace(0, 1, n, dtype=np.float32)"),
    "eye": ("m", "np.eye(m, dtype=np.float32)"),
    "rand": ("n", "rng.random(n, np.float32)"),
    "randn": ("n", "rng.standard_normal(n, np.float32)"),
    "rand_like": ("x", "rng.random(n, f)"),
    "randn_like": ("x", "rng.standard_normal(n, f)"),
    "randint": ("0, 10, (n,)", "rng.integers(0, 10, n)"),
    "randperm": ("n", "rng.permutation(n)"),
    "bernoulli": ("u", "(rng.random(n, f) < u).astype(f)"),
    "normal": ("x, p", "rng.standard_normal(n, f) * p + x"),
    "multinomial": ("p, 10, True", "np.searchsorted(q := np.cumsum(p), rng.random(10) * q[-1], 'right')"),
}

FUNCTIONS = {
    **{
        name: ("x", f"np.{name}(x)")
        for name in ("exp", "square", "abs", "sign", "tanh", "exp2", "expm1", "sinh", "cosh", "ceil", "floor", "trunc")
    },
    **{name: ("x", f"np.{name}(x)") for name in ("sin", "cos", "tan", "sinc", "deg2rad", "rad2deg", "round")},
    **{name: ("p", f"np.{name}(p)") for name in ("log", "log2", "log10", "log1p", "sqrt")},
    **{name: ("x, y", f"np.{name}(x, y)") for name in ("maximum", "minimum", "logaddexp", "logaddexp2", "copysign")},
    "asin": ("u", "np.arcsin(u)"),
    "acos": ("u", "np.arccos(u)"),
    "atan": ("x", "np.arctan(x)"),
    "atan2": ("x, y", "np.arctan2(x, y)"),
    "asinh": ("x", "np.arcsinh(x)"),
    "acosh": ("s", "np.arccosh(s)"),
    "atanh": ("u", "np.arctanh(u)"),
    "sigmoid": ("x", "1 / (1 + np.exp(-x))"),
    "relu": ("x", "np.maximum(x, 0)"),
    "clamp": ("x, -0.5, 0.5", "np.clip(x, -0.5, 0.5)"),
    "frac": ("x", "x - np.trunc(x)"),
    "fmod": ("x, z", "np.fmod(x, z)"),
    "heaviside": ("x, y", "np.heaviside(x, y)"),
    "nan_to_num": ("x", "np.nan_to_num(x)"),
    "logit": ("u", "np.log(u / (1 - u))"),
    "xlogy": ("x, p", "x * np.log(p)"),
    "special.xlog1py": ("x, p", "x * np.log1p(p)"),
    "special.entr": ("p", "-p * np.log(p)"),
    "erf": ("x", "np.fromiter(map(math.erf, x), f, n)"),
    "erfc": ("x", "np.fromiter(map(math.erfc, x), f, n)"),
    "lgamma": ("p", "np.fromiter(map(math.lgamma, p), f, n)"),
    **dict.fromkeys(("erfinv", "digamma"), ("u", NONE)),
    "polygamma": ("2, p", NONE),
    "Tensor.polygamma": ("p, 2", NONE),
}

INDEXING = {
    "x[index]": ("", "x[2:-2]", "x[2:-2]"),
    "x[index] | row": ("", "A[1]", "A[1]"),
    "x[index] | array": ("", "x[places]", "x[places]"),
    "x[index] | mask": ("", "x[b]", "x[b]"),
    "x[index] = value": ("", "x.__setitem__(slice(2, -2), 1.0)", "x.__setitem__(slice(2, -2), 1.0)"),
    "x[index] = value | array": ("", "x.__setitem__(places, y)", "x.__setitem__(places, y)"),
    "gather": ("A, 1, D", "np.take_along_axis(A, D, 1)"),
    "diagonal": ("S", "S.diagonal()"),
    "one_hot": ("j, 8", "np.eye(8, dtype=np.int64)[j]"),
    "cat": ("[x, y]", "np.concatenate([x, y])"),
    "stack": ("[x, y]", "np.stack([x, y])"),
    "split": ("x, n // 2", "np.split(x, 2)"),
    "chunk": ("x, 2", "np.array_split(x, 2)"),
    "unbind": ("I, 1", "tuple(I.swapaxes(0, 1))"),
}

SHAPES = {
    "reshape": ("x, (2, -1)", "x.reshape(2, -1)"),
    "view": ("x, (2, -1)", "x.reshape(2, -1)"),
    "view_as": ("x, A", "x.reshape(A.shape)"),
    "reshape_as": ("x, A", "x.reshape(A.shape)"),
    "flatten": ("A", "A.reshape(-1)"),
    "unflatten": ("x, 0, (2, -1)", "x.reshape(2, -1)"),
    "permute": ("A, (1, 0)", "A.transpose(1, 0)"),
    "transpose": ("A, 0, 1", "A.swapaxes(0, 1)"),
    "swapaxes": ("A, 0, 1", "A.swapaxes(0, 1)"),
    "t": ("A", "A.T"),
    "Tensor.T": ("", "A.T", "A.T"),
    "Tensor.mT": ("", "A.mT", "A.mT"),
    "movedim": ("A, 0, 1", "np.moveaxis(A, 0, 1)"),
    "squeeze": ("C, 1", "C.squeeze(1)"),
    "unsqueeze": ("x, 0", "np.expand_dims(x, 0)"),
    "expand": ("C, (r, 7)", "np.broadcast_to(C, (r, 7))"),
    "expand_as": ("C, A", "np.broadcast_to(C, A.shape)"),
    "broadcast_to": ("C, (r, 7)", "np.broadcast_to(C, (r, 7))"),
    "sum_to_size": ("A, (1, c)", "A.sum(0, keepdims=True)"),
}

REDUCTIONS = {
    "sum": ("x", "x.sum()"),
    "sum | rows": ("A, 1", "A.sum(1)"),
    "sum | columns": ("A, 0", "A.sum(0)"),
    "mean": ("x", "x.mean()"),
    "mean | rows": ("A, 1", "A.mean(1)"),
    "var": ("x", "x.var(ddof=1)"),
    "var | rows": ("A, 1", "A.var(1, ddof=1)"),
    "std": ("x", "x.std(ddof=1)"),
    "logsumexp": ("A, 1", "(t := A.max(1)) + np.log(np.exp(A - t[:, None]).sum(1))"),
    "norm": ("x", "np.linalg.norm(x)"),
    "norm | rows": ("A, 2, 1", "np.linalg.norm(A, 2, 1)"),
    "linalg.norm": ("x", "np.linalg.norm(x)"),
    "max": ("x", "x.max()"),
    "max | rows": ("A, 1", "(A.max(1), A.argmax(1))"),
    "min": ("x", "x.min()"),
    "amax": ("A, 1", "A.max(1)"),
    "amin": ("A, 1", "A.min(1)"),
    "argmax": ("A, 1", "A.argmax(1)"),
    "argmin": ("A, 1", "A.argmin(1)"),
    "trace": ("S", "np.trace(S)"),
}

PRODUCTS = {
    "matmul": ("S, T", "S @ T"),
    "mm": ("S, T", "S @ T"),
    "mv": ("S, e", "S @ e"),
    "bmm": ("G, H", "G @ H"),
    "dot": ("x, y", "x @ y"),
    "outer": ("e, e", "np.outer(e, e)"),
    "addmm": ("T, S, T", "T + S @ T"),
    "linear": ("S, T, e", "S @ T.T + e"),
    "nn.functional.normalize": ("A", "A / np.linalg.norm(A, 2, 1, keepdims=True)"),
    "nn.functional.cosine_similarity": (
        "A, B",
        "(A * B).sum(1) / (np.linalg.norm(A, 2, 1) * np.linalg.norm(B, 2, 1))",
    ),
    "nn.functional.pairwise_distance": ("A, B", "np.linalg.norm(A - B + 1e-6, 2, 1)"),
}

COSINES = "(A * B).sum(1) / np.sqrt((A * A).sum(1) * (B * B).sum(1))"
LOSSES = {
    "nn.functional.mse_loss": ("x, y", "np.square(x - y).mean()"),
    "nn.functional.l1_loss": ("x, y", "np.abs(x - y).mean()"),
    "nn.functional.huber_loss": ("x, y", "np.where((a := np.abs(x - y)) < 1, 0.5 * a * a, a - 0.5).mean()"),
    "nn.functional.smooth_l1_loss": ("x, y", "np.where((a := np.abs(x - y)) < 1, 0.5 * a * a, a - 0.5).mean()"),
    "nn.functional.binary_cross_entropy": ("u, v", "-(v * np.log(u) + (1 - v) * np.log1p(-u)).mean()"),
    "nn.functional.binary_cross_entropy_with_logits": (
        "x, v",
        "(np.maximum(x, 0) - x * v + np.log1p(np.exp(-np.abs(x)))).mean()",
    ),
    "nn.functional.cross_entropy": (
        "L, labels",
        "(np.log(np.exp(s := L - L.max(1, keepdims=True)).sum(1)) - s[rows, labels]).mean()",
    ),
    "nn.functional.nll_loss": ("L, labels", "-L[rows, labels].mean()"),
    "nn.functional.multi_margin_loss": (
        "L, labels",
        "((np.maximum(0, 1 - L[rows, labels][:, None] + L).sum(1) - 1) / 10).mean()",
    ),
    "nn.functional.multilabel_margin_loss": (
        "L, lists",
        "(np.where(~(lists[..., None] == np.arange(10)).any(1)[:, None] & (lists >= 0)[..., None], np.maximum(0, 1 - "
        "np.take_along_axis(L, np.maximum(lists, 0), 1)[..., None] + L[:, None]), 0).sum((1, 2)) / 10).mean()",
    ),
    "nn.functional.multilabel_soft_margin_loss": (
        "L, hot",
        "(hot * np.log1p(np.exp(-L)) + (1 - hot) * np.log1p(np.exp(L))).mean(1).mean()",
    ),
    "nn.functional.margin_ranking_loss": ("x, y, signs", "np.maximum(0, -signs * (x - y)).mean()"),
    "nn.functional.hinge_embedding_loss": ("x, signs", "np.where(signs == 1, x, np.maximum(0, 1 - x)).mean()"),
    "nn.functional.soft_margin_loss": ("x, signs", "np.log1p(np.exp(-signs * x)).mean()"),
    "nn.functional.cosine_embedding_loss": (
        "A, B, signs[:r]",
        f"np.where(signs[:r] == 1, 1 - (k := {COSINES}), np.maximum(0, k)).mean()",
    ),
    "nn.functional.triplet_margin_loss": (
        "A, B, P",
        "np.maximum(0, 1 + np.linalg.norm(A - B + 1e-6, 2, 1) - np.linalg.norm(A - P + 1e-6, 2, 1)).mean()",
    ),
    "nn.functional.gaussian_nll_loss": ("x, y, p", "(0.5 * (np.log(p) + np.square(x - y) / p)).mean()"),
    "nn.functional.poisson_nll_loss": ("x, p", "(np.exp(x) - p * x).mean()"),
    "nn.functional.kl_div": ("x, u", "(u * (np.log(u) - x)).mean()"),
}

#: Forms in place whose arguments are not those of the operation.
IN_PLACE = {
    "copy_": ("x, y", "np.copyto(x, y)"),
    "zero_": ("x", "x.fill(0)"),
    "fill_": ("x, 2.0", "x.fill(2.0)"),
    "uniform_": ("x", "np.copyto(x, rng.random(n, f))"),
    "normal_": ("x", "np.copyto(x, rng.standard_normal(n, f))"),
    "Tensor.bernoulli_": ("x, 0.5", "np.copyto(x, rng.random(n, f) < 0.5)"),
    "Tensor.polygamma_": ("p, 1", NONE),
    "Tensor.addbmm_": ("S, S[None], T[None]", "np.copyto(S, S + S @ T)"),
}

FAMILIES = {
    "activations": ACTIVATIONS,
    "arithmetic": ARITHMETIC,
    "comparisons": COMPARISONS,
    "conversions": CONVERSIONS,
    "creation": CREATION,
    "functions": FUNCTIONS,
    "indexing": INDEXING,
    "shapes": SHAPES,
    "reductions": REDUCTIONS,
    "products": PRODUCTS,
    "losses": LOSSES,
    "joins": JOINED,
    "places": PLACES,
    "running": RUNNING,
    "orders": ORDERS,
    "distances": DISTANCES,
    "several operands": SEVERAL,
    "in_place": IN_PLACE,
}

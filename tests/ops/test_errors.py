"""What the operations refuse: one table of calls, the exception, and what its message must say.

Every message also names this file's line and, but for a few rows, a remedy in its last line, and every call leaves its
operands as they were, bit for bit.
"""

import operator

import numpy as np
import pytest

import minigrad as mg
from minigrad.nn import functional as F
from tests.ops.refusals import check_refusal

OPERATORS = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / y,
    "floor_divide": lambda x, y: x // y,
    "remainder": lambda x, y: x % y,
    "pow": lambda x, y: x**y,
    "lt": lambda x, y: x < y,
    "ge": lambda x, y: x >= y,
    "eq": mg.eq,
    "maximum": mg.maximum,
    "minimum": mg.minimum,
    "isclose": mg.isclose,
    "logical_and": mg.logical_and,
    **{name: getattr(mg, name) for name in ("atan2", "copysign", "float_power", "fmax", "fmod", "heaviside", "hypot")},
    **{name: getattr(mg, name) for name in ("ldexp", "logaddexp", "xlogy")},
}
#: Neither numbers nor tensors, and a word that the message shows of each.
MAKE_ONE = "minigrad.tensor"
STRANGERS = {
    "a string": ("a", "'a'", MAKE_ONE),
    "None": (None, "None", MAKE_ONE),
    "a list": ([1.0], "[1.0]", MAKE_ONE),
    "complex": (1j, "1j", "no complex"),
}
UNARY = ["exp", "log", "sqrt", "square", "abs", "sign", "tanh", "sigmoid", "relu", "neg", "positive"]
UNARY += ["isnan", "logical_not", "bitwise_not", "sum", "mean", "var", "std", "max", "amin", "argmax", "norm", "clone"]
UNARY += ["sin", "acos", "sinh", "log1p", "logit", "ceil", "round", "frac", "signbit", "nan_to_num", "reciprocal"]
UNARY += ["rsqrt", "erf", "erfinv", "lgamma", "digamma", "sinc", "deg2rad", "count_nonzero"]
UNARY += ["flatten", "squeeze", "t", "trace", "diagonal", "one_hot", "unbind", "zeros_like", "randn_like", "bernoulli"]

#: name: (call, exception, what the message holds)
TABLE = {
    # Shapes that do not fit
    "matmul": (lambda o: o.a @ o.a, ValueError, "matmul", "(2, 3) float32", "y.T would fit", "o.a @ o.a"),
    "matmul with a vector": (lambda o: o.a @ o.b, ValueError, "matmul", "(2, 3)", "(4,)"),
    "matmul of 0-d": (lambda o: o.a @ o.s, ValueError, "matmul", "(2, 3)", "()", "*"),
    "matmul of a batch": (
        lambda o: mg.zeros(2, 2, 3) @ mg.zeros(3, 3, 2),
        ValueError,
        "matmul",
        "(2, 2, 3)",
        "(3, 3, 2)",
        "broadcast",
    ),
    "a name": (lambda o: o.c @ o.b, ValueError, "matmul", "(2, 2) float32 'cells'", "(4,)"),
    "mm": (lambda o: mg.mm(o.a, o.b), ValueError, "mm", "matrix", "(4,)", "matmul takes all ranks"),
    "mm inside": (lambda o: mg.mm(o.a, o.c), ValueError, "(2, 3)", "(2, 2)"),
    "mv": (lambda o: mg.mv(o.a, o.a), ValueError, "mv", "vector", "(2, 3)"),
    "bmm": (lambda o: mg.bmm(o.a, o.a), ValueError, "bmm", "batch", "(2, 3)"),
    "dot": (lambda o: mg.dot(o.w, o.b), ValueError, "dot", "one length", "(3,)", "(4,)", "outer"),
    "dot of matrices": (lambda o: mg.dot(o.a, o.a), ValueError, "dot", "vector", "(2, 3)"),
    "outer": (lambda o: mg.outer(o.a, o.b), ValueError, "outer", "vector", "(2, 3)", "x.flatten()"),
    "trace": (lambda o: mg.trace(o.b), ValueError, "trace", "matrix", "(4,)", "x.diagonal"),
    "linear": (lambda o: mg.linear(o.a, o.c), ValueError, "linear", "(2, 3)", "(2, 2)", "'cells'", "in_features"),
    "linear bias": (lambda o: mg.linear(o.c, o.c, o.b), ValueError, "linear", "bias (4,)", "2 elements"),
    "linear transposed": (lambda o: mg.linear(o.c, mg.zeros(2, 3)), ValueError, "linear", "weight.T would fit"),
    "linear of images": (lambda o: mg.linear(mg.zeros(5, 2, 2), mg.zeros(3, 4)), ValueError, "input.flatten(1)"),
    "linear of a vector": (lambda o: mg.linear(o.c, o.b), ValueError, "linear", "weight (4,)", "unsqueeze"),
    "linear dtype": (
        lambda o: mg.linear(o.c.double(), o.c),
        TypeError,
        "linear",
        "float64",
        "float32",
        "model.to",
    ),
    "linear bias dtype": (lambda o: mg.linear(o.c, o.c, o.d), TypeError, "linear", "bias (2,) float64"),
    "addmm": (lambda o: mg.addmm(o.b, o.a, o.a.T), ValueError, "addmm", "(2, 2)", "(4,)"),
    "addmm factors": (lambda o: mg.addmm(o.a, o.a, o.a), ValueError, "addmm", "(2, 3)"),
    "addmm alpha": (lambda o: mg.addmm(o.i, o.i[:, None], o.i[None], alpha=0.5), TypeError, "addmm", "alpha=0.5"),
    "where": (lambda o: mg.where(o.m, o.a, o.b), ValueError, "where", "(2, 3)", "(4,)"),
    "where condition": (lambda o: mg.where(o.m, o.b, 0), ValueError, "where", "(3,) bool", "(4,)"),
    "where of floats": (lambda o: mg.where(o.w, o.w, 0), TypeError, "where", "bool", "(3,) float32", "x != 0"),
    "clamp": (lambda o: mg.clamp(o.a, o.b), ValueError, "clamp", "(2, 3)", "(4,)"),
    "clamp of nothing": (lambda o: mg.clamp(o.a), ValueError, "clamp", "min and max"),
    "clamp to a string": (lambda o: mg.clamp(o.a, "a"), TypeError, "clamp", "'a'"),
    "cat": (lambda o: mg.cat([o.a, o.c]), ValueError, "cat", "(2, 3)", "(2, 2)", "dim 0"),
    "cat of ranks": (lambda o: mg.cat([o.a, o.b]), ValueError, "cat", "(2, 3)", "(4,)"),
    "cat of 0-d": (lambda o: mg.cat([o.s, o.s]), ValueError, "cat", "0-d", "stack"),
    "cat of nothing": (lambda o: mg.cat([]), ValueError, "cat", "at least one"),
    "cat of a tensor": (lambda o: mg.cat(o.a), TypeError, "cat", "list or tuple", "(2, 3)"),
    "cat of strings": (lambda o: mg.cat([o.a, "a"]), TypeError, "cat", "'a'"),
    "stack": (lambda o: mg.stack([o.a, o.c]), ValueError, "stack", "(2, 3)", "(2, 2)"),
    "stack of nothing": (lambda o: mg.stack(()), ValueError, "stack", "at least one"),
    "expand": (lambda o: o.a.expand(2, 4), ValueError, "expand", "(2, 3)", "(2, 4)", "length 1"),
    "expand to fewer": (lambda o: o.a.expand(3), ValueError, "expand", "(2, 3)", "(3,)"),
    "expand a new axis by -1": (lambda o: o.b.expand(-1, 4), ValueError, "expand", "(4,)", "(-1, 4)"),
    "broadcast_to": (lambda o: mg.broadcast_to(o.a, (2, 4)), ValueError, "(2, 3)", "(2, 4)"),
    "sum_to_size": (lambda o: o.a.sum_to_size(4), ValueError, "sum_to_size", "(2, 3)", "(4,)"),
    # Bad axes, shapes and lengths
    "axis": (lambda o: o.a.sum(2), IndexError, "sum", "dim 2", "[-2, 1]"),
    "negative axis": (lambda o: o.a.mean(-3), IndexError, "mean", "dim -3", "[-2, 1]"),
    "axis of 0-d": (lambda o: o.s.sum(1), IndexError, "sum", "dim 1", "[-1, 0]"),
    "axis of argmax": (lambda o: o.s.argmax(5), IndexError, "argmax", "dim 5"),
    "axis twice": (lambda o: o.a.sum((0, -2)), ValueError, "sum", "twice", "(0, -2)"),
    "axis of a float": (lambda o: o.a.sum(1.0), TypeError, "sum", "integer", "1.0"),
    "axis of a string": (lambda o: o.a.softmax("a"), TypeError, "softmax", "integer", "'a'"),
    "axes one by one": (lambda o: o.a.sum(0, (1,)), TypeError, "sum", "keepdim", "(1,)", "one tuple"),
    "keepdim of max": (lambda o: o.a.max(0, "a"), TypeError, "max", "keepdim", "'a'"),
    "keepdim of argmax": (lambda o: o.a.argmax(0, 2), TypeError, "argmax", "keepdim", "2"),
    "unbiased": (lambda o: o.a.var(0, "a"), TypeError, "var", "unbiased", "'a'"),
    "rtol": (lambda o: mg.isclose(o.a, o.a, "a"), TypeError, "isclose", "rtol", "'a'"),
    "an integer beyond int64": (lambda o: o.i + 2**70, TypeError, "add", str(2**70), "int64"),
    "softmax": (lambda o: o.a.softmax(2), IndexError, "softmax", "dim 2"),
    "several axes of argmax": (lambda o: o.a.argmax((0, 1)), TypeError, "argmax", "(0, 1)"),
    "cat axis": (lambda o: mg.cat([o.a, o.a], 2), IndexError, "cat", "dim 2"),
    "transpose": (lambda o: o.a.transpose(0, 2), IndexError, "transpose", "dim 2"),
    "permute": (lambda o: o.a.permute(0, 0), ValueError, "permute", "(2, 3)", "(0, 0)"),
    "permute fewer": (lambda o: o.a.permute(1), ValueError, "permute", "(2, 3)", "(1,)"),
    "t": (lambda o: mg.zeros(2, 2, 2).t(), ValueError, "t:", "(2, 2, 2)", "mT"),
    "mT": (lambda o: o.b.mT, ValueError, "mT", "(4,)"),
    "movedim": (lambda o: mg.movedim(o.a, (0, 1), 0), ValueError, "movedim", "(0, 1)"),
    "movedim of a string": (lambda o: mg.movedim(o.a, "a", 0), TypeError, "movedim", "'a'"),
    "squeeze": (lambda o: o.a.squeeze(2), IndexError, "squeeze", "dim 2"),
    "unsqueeze": (lambda o: o.a.unsqueeze(4), IndexError, "unsqueeze", "dim 4"),
    "flatten": (lambda o: o.a.flatten(1, 0), ValueError, "flatten", "start_dim 1", "end_dim 0"),
    "reshape": (lambda o: o.a.reshape(4), ValueError, "reshape", "(2, 3) float32", "6 elements", "(4,)"),
    "reshape by -1": (lambda o: o.a.reshape(4, -1), ValueError, "reshape", "(2, 3)", "(4, -1)"),
    "reshape by -1 twice": (lambda o: o.a.reshape(-1, -1), ValueError, "reshape", "(-1, -1)"),
    "reshape of nothing by -1": (lambda o: o.e.reshape(0, -1), ValueError, "reshape", "(0, 3)", "(0, -1)"),
    "reshape to a float": (lambda o: o.a.reshape(6.0), TypeError, "reshape", "integer", "6.0"),
    "reshape to a string": (lambda o: o.a.reshape("a"), TypeError, "reshape", "'a'"),
    "view": (lambda o: o.a.T.view(6), ValueError, "view", "(3, 2)", "(6,)", "reshape"),
    "unflatten": (lambda o: o.a.unflatten(1, (2, 2)), ValueError, "unflatten", "axis 1", "(2, 3)", "(2, 2)"),
    "unflatten of 0-d": (lambda o: mg.unflatten(o.s, 0, (1,)), ValueError, "unflatten", "()"),
    "split": (lambda o: o.a.split([1, 1], 1), ValueError, "split", "(2, 3)", "[1, 1]", "axis 1"),
    "split by a negative": (lambda o: o.b.split(-1), ValueError, "split", "(4,)", "-1"),
    "split by a float": (lambda o: o.b.split(1.5), TypeError, "split", "1.5"),
    "split by a string": (lambda o: o.b.split("a"), TypeError, "split", "'a'"),
    "split of 0-d": (lambda o: o.s.split(1), ValueError, "split", "()"),
    "chunk": (lambda o: o.a.chunk(0), ValueError, "chunk", "at least 1", "0"),
    "chunk of 0-d": (lambda o: o.s.chunk(2), ValueError, "chunk", "0-d"),
    "unbind of 0-d": (lambda o: o.s.unbind(), ValueError, "unbind", "0-d"),
    "diagonal": (lambda o: o.a.diagonal(0, 1, 1), ValueError, "diagonal", "different axes", "(2, 3)"),
    "diagonal of a vector": (lambda o: o.b.diagonal(), IndexError, "diagonal", "dim 1"),
    "diagonal offset": (lambda o: o.a.diagonal(0.5), TypeError, "diagonal", "offset", "0.5"),
    # Indices
    "index": (lambda o: o.b[4], IndexError, "x[index]", "index 4", "axis 0", "length 4", "(4,)"),
    "second index": (lambda o: o.a[0, -4], IndexError, "x[index]", "index -4", "axis 1", "length 3"),
    "too many indices": (lambda o: o.b[0, 0], IndexError, "x[index]", "2 axes", "there are 1", "(4,)"),
    "index of 0-d": (lambda o: o.s[0], IndexError, "x[index]", "there are 0"),
    "index array": (lambda o: o.b[mg.tensor([0, 7])], IndexError, "x[index]", "index 7", "length 4"),
    "index arrays": (lambda o: o.a[o.i[:2], o.i], IndexError, "x[index]", "(2,)", "(3,)", "broadcast"),
    "mask": (lambda o: o.b[o.m], IndexError, "x[index]", "mask", "(3,)", "(4,)"),
    "float index": (lambda o: o.b[1.0], TypeError, "x[index]", "integers", "1.0"),
    "float array": (lambda o: o.b[o.w], TypeError, "x[index]", "integers", "(3,) float32"),
    "string index": (lambda o: o.b["a"], TypeError, "x[index]", "'a'"),
    "ragged index": (lambda o: o.b[[[0], [1, 2]]], TypeError, "x[index]", "ragged"),
    "slice of strings": (lambda o: o.b["a":"b"], TypeError, "x[index]", "slice", "'a'"),
    "slice step": (lambda o: o.b[::0], IndexError, "x[index]", "step 0"),
    "two Ellipses": (lambda o: o.a[..., ...], IndexError, "x[index]", "Ellipsis"),
    "gather": (lambda o: o.a.gather(1, mg.tensor([[3]])), IndexError, "gather", "index 3", "axis 1", "length 3"),
    "gather negative": (lambda o: o.a.gather(1, mg.tensor([[-1]])), IndexError, "gather", "index -1"),
    "gather shape": (lambda o: o.a.gather(0, o.i), ValueError, "gather", "(2, 3)", "(3,)"),
    "gather floats": (lambda o: o.a.gather(0, o.a), TypeError, "gather", "integers", "float32"),
    "one_hot": (lambda o: mg.one_hot(o.i, 2), ValueError, "one_hot", "[0, 1]", "0 to 2"),
    "one_hot of negatives": (lambda o: mg.one_hot(-o.i), ValueError, "one_hot", "-2 to 0"),
    "one_hot of floats": (lambda o: mg.one_hot(o.a), TypeError, "one_hot", "integers", "float32", "x.long()"),
    "one_hot classes": (lambda o: mg.one_hot(o.i, "a"), TypeError, "one_hot", "num_classes", "'a'"),
    # Writes
    "write index": (lambda o: o.b.__setitem__(9, 1), IndexError, "x[index] = value", "index 9", "length 4"),
    "write to an array of places": (
        lambda o: o.b.__setitem__(np.array([0, 1, 9]), 1.0),
        IndexError,
        "x[index] = value",
        "index 9",
    ),
    "write shape": (lambda o: o.a.__setitem__(0, o.b), ValueError, "x[index] = value", "(4,)", "(3,)", "(2, 3)"),
    "write a string": (lambda o: o.a.__setitem__(0, "a"), TypeError, "set_item", "'a'"),
    "write a list": (lambda o: o.a.__setitem__(0, [1, 2, 3]), TypeError, "set_item", "[1, 2, 3]"),
    "write to a leaf": (lambda o: o.w.__setitem__(0, 1.0), RuntimeError, "x[index] = value", "leaf", "no_grad"),
    "write to a view": (lambda o: o.h[:2].__setitem__(0, 1.0), RuntimeError, "view", "clone()"),
    "write to expanded": (lambda o: o.r.__setitem__(0, 1.0), RuntimeError, "read-only", "clone()"),
    "add in place to a leaf": (lambda o: o.w.add_(1), RuntimeError, "add_", "leaf", "no_grad"),
    "zero a leaf": (lambda o: o.w.zero_(), RuntimeError, "zero_", "leaf"),
    "fill a leaf": (lambda o: o.w.fill_(1), RuntimeError, "fill_", "leaf"),
    "copy to a leaf": (lambda o: o.w.copy_(o.w), RuntimeError, "copy_", "leaf"),
    "draw into a leaf": (lambda o: o.w.uniform_(), RuntimeError, "uniform_", "leaf"),
    "draw normal into a leaf": (lambda o: o.w.normal_(), RuntimeError, "normal_", "leaf"),
    "add in place to expanded": (lambda o: o.r.add_(1), RuntimeError, "add_", "read-only"),
    "add in place a larger one": (lambda o: o.w.detach().add_(o.c), ValueError, "add", "(3,)", "(2, 2)"),
    "grow in place": (lambda o: o.b.add_(mg.ones(2, 4)), ValueError, "add_", "(2, 4)", "(4,)"),
    "floats into integers": (lambda o: o.i.add_(0.5), TypeError, "add_", "float32", "int64", "x.float()"),
    "quotient into integers": (lambda o: o.i.div_(2), TypeError, "div_", "float32", "int64"),
    "integers into bools": (lambda o: o.m.add_(1), TypeError, "add_", "int64", "bool"),
    "in place with a string": (lambda o: o.b.mul_("a"), TypeError, "mul", "'a'"),
    "in place on an array": (lambda o: mg.add_(o.array, 1), TypeError, "add_", "Tensor", "(3,) float64"),
    "copy shape": (lambda o: o.b.copy_(o.a), ValueError, "copy_", "(2, 3)", "(4,)"),
    "fill with several": (lambda o: o.b.fill_(o.b), ValueError, "fill_", "one number", "(4,)"),
    "divide integers in place by 0": (lambda o: o.i.floor_divide_(0), ZeroDivisionError, "floor_divide", "x.float()"),
    # Dtypes
    "integer division by zero": (lambda o: o.i // 0, ZeroDivisionError, "floor_divide", "x.float()"),
    "integer remainder by zero": (lambda o: o.i % o.i, ZeroDivisionError, "remainder"),
    "negative power of integers": (lambda o: o.i**-1, ValueError, "pow", "negative", "x.float()"),
    "mean of integers": (lambda o: o.i.mean(), TypeError, "mean", "floating", "(3,) int64", "x.float()"),
    "var of integers": (lambda o: o.i.var(), TypeError, "var", "int64"),
    "std of bools": (lambda o: o.m.std(), TypeError, "std", "bool"),
    "difference of bools": (lambda o: o.m - o.m, TypeError, "sub", "(3,) bool", "^"),
    "negative bools": (lambda o: -o.m, TypeError, "neg", "bool"),
    "relu of bools": (lambda o: o.m.relu(), TypeError, "relu", "bool"),
    "power of bools": (lambda o: o.m**o.m, TypeError, "pow", "bool"),
    "bits of floats": (lambda o: o.b & o.b, TypeError, "bitwise_and", "(4,) float32"),
    "inverted floats": (lambda o: ~o.b, TypeError, "bitwise_not", "float32"),
    "integers that require grad": (lambda o: mg.tensor([1], requires_grad=True), TypeError, "int64", "x.float()"),
    "integer parameters": (lambda o: o.i.requires_grad_(), TypeError, "requires_grad", "(3,) int64"),
    "arange that requires grad": (lambda o: mg.arange(3, requires_grad=True), TypeError, "int64"),
    "var of two corrections": (lambda o: o.b.var(None, True, correction=1), ValueError, "var", "not both"),
    "var correction": (lambda o: o.b.var(correction="a"), TypeError, "var", "correction", "'a'"),
    "norm order": (lambda o: o.a.norm("two"), ValueError, "norm", "'two'"),
    "nuclear norm of a vector": (
        lambda o: o.b.norm("nuc"),
        ValueError,
        "norm",
        "'nuc'",
        "(4,) float32",
        "dim=(-2, -1)",
    ),
    "rounding mode": (lambda o: mg.div(o.b, 2, rounding_mode="up"), ValueError, "div", "'up'", "floor"),
    "alpha": (lambda o: mg.add(o.b, 1, alpha="a"), TypeError, "add", "alpha", "'a'"),
    "extreme of nothing": (lambda o: o.e.max(), ValueError, "max", "(0, 3)"),
    "extreme of an empty axis": (lambda o: o.e.min(0), ValueError, "min", "(0, 3)"),
    "argmax of nothing": (lambda o: o.e.argmax(), ValueError, "argmax", "(0, 3)"),
    "float16": (lambda o: o.b + np.ones(4, np.float16), TypeError, "add", "float16", "no complex"),
    "float16 and a number": (lambda o: mg.mul(np.ones(4, np.float16), 2.0), TypeError, "mul", "float16"),
    "complex array": (lambda o: o.b * np.ones(4, complex), TypeError, "mul", "complex128", "no complex"),
    "object array": (lambda o: o.b * np.array([None] * 4), TypeError, "mul", "object"),
    "cast to complex": (lambda o: o.b.to(complex), TypeError, "to", "complex128", "no complex"),
    "cast to half": (lambda o: o.b.half(), TypeError, "float16", "half precision"),
    "cast to a string": (lambda o: mg.cast(o.b, "spam"), TypeError, "cast", "'spam'"),
    "cuda": (lambda o: o.b.cuda(), TypeError, "cuda", "CPU"),
    "to a device": (lambda o: o.b.to("cuda:0"), TypeError, "cuda:0", "CPU"),
    "type_as a number": (lambda o: o.b.type_as("a"), TypeError, "type_as", "'a'"),
    # Functions of each element
    "ceil of bools": (lambda o: o.m.ceil(), TypeError, "ceil", "(3,) bool"),
    "frac of integers": (lambda o: o.i.frac(), TypeError, "frac", "(3,) int64", "x.float()"),
    "decimals of integers": (lambda o: o.i.round(decimals=2), TypeError, "round", "decimals=2", "(3,) int64"),
    "decimals": (lambda o: o.b.round(decimals=0.5), TypeError, "round", "decimals", "0.5"),
    "fmod of integers by zero": (lambda o: o.i.fmod(0), ZeroDivisionError, "fmod", "x.float()"),
    "logit eps": (lambda o: o.b.logit("a"), TypeError, "logit", "eps", "'a'"),
    "heaviside of a leaf": (lambda o: mg.heaviside(o.w, 1.0), RuntimeError, "heaviside", "no derivative", "detach"),
    "polygamma order": (lambda o: mg.polygamma(-1, o.b), ValueError, "polygamma", "[0, 170]", "-1"),
    "polygamma of a fraction": (lambda o: mg.polygamma(0.5, o.b), TypeError, "polygamma", "n must", "0.5"),
    "lerp of integers": (lambda o: mg.lerp(o.i, o.i, 0.5), TypeError, "lerp", "(3,) int64", "x.float()"),
    "addcmul value": (lambda o: mg.addcmul(o.i, o.i, o.i, value=0.5), TypeError, "addcmul", "value=0.5"),
    "addcmul shapes": (lambda o: mg.addcmul(o.b, o.a, o.a), ValueError, "addcmul", "(4,)", "(2, 3)"),
    "addcdiv of integers": (lambda o: mg.addcdiv(o.i, o.i, o.i), TypeError, "addcdiv", "int64", "x.float()"),
    "clamp_min to a string": (lambda o: o.b.clamp_min("a"), TypeError, "clamp", "'a'"),
    # Activations
    "elu alpha": (lambda o: F.elu(o.b, "a"), TypeError, "elu", "alpha", "'a'"),
    "celu alpha": (lambda o: F.celu(o.b, 0.0), ZeroDivisionError, "celu", "alpha"),
    "gelu approximate": (lambda o: F.gelu(o.b, "erf"), ValueError, "gelu", "'erf'", "tanh"),
    "hardtanh bounds": (lambda o: F.hardtanh(o.b, 1.0, -1.0), ValueError, "hardtanh", "1.0 and -1.0"),
    "rrelu bounds": (lambda o: F.rrelu(o.b, 0.5, 0.2, True), ValueError, "rrelu", "0.5 and 0.2"),
    "softshrink lambd": (lambda o: F.softshrink(o.b, -0.5), ValueError, "softshrink", "-0.5"),
    "threshold of a string": (lambda o: F.threshold(o.b, "a", 0.0), TypeError, "threshold", "'a'"),
    "prelu weight": (lambda o: F.prelu(o.a, o.b), ValueError, "prelu", "3 for (2, 3)", "(4,)"),
    "prelu of integers": (lambda o: F.prelu(o.i, o.s), TypeError, "prelu", "(3,) int64"),
    "glu": (lambda o: F.glu(o.a), ValueError, "glu", "even", "length 3", "axis 1", "(2, 3)"),
    "glu of 0-d": (lambda o: F.glu(o.s), ValueError, "glu", "even", "()"),
    "glu axis": (lambda o: F.glu(o.a, 2), IndexError, "glu", "dim 2"),
    "swiglu": (lambda o: F.swiglu(o.a), ValueError, "swiglu", "length 3"),
    "relu in place on a leaf": (lambda o: F.elu(o.w, inplace=True), RuntimeError, "elu_", "leaf", "no_grad"),
    "sin in place on a leaf": (lambda o: o.w.sin_(), RuntimeError, "sin_", "leaf", "no_grad"),
    "sin in place of integers": (lambda o: o.i.sin_(), TypeError, "sin_", "int64", "x.float()"),
    "normalize axis": (lambda o: F.normalize(o.b), IndexError, "norm", "dim 1"),
    "cosine_similarity": (lambda o: F.cosine_similarity(o.a, o.b), ValueError, "cosine_similarity", "(2, 3)", "(4,)"),
    "cosine_similarity of integers": (
        lambda o: F.cosine_similarity(o.i, o.i, 0),
        TypeError,
        "cosine_similarity",
        "(3,) int64",
    ),
    "pairwise_distance": (lambda o: F.pairwise_distance(o.a, o.b), ValueError, "sub", "(2, 3)", "(4,)"),
    # Creation
    "ragged lists": (lambda o: mg.tensor([[1, 2], [3]]), ValueError, "tensor", "ragged", "[[1, 2], [3]]"),
    "ragged depth": (lambda o: mg.tensor([1, [2]]), ValueError, "tensor", "ragged"),
    "a string as data": (lambda o: mg.tensor("a"), TypeError, "tensor", "'a'"),
    "strings as data": (lambda o: mg.tensor(["a"]), TypeError, "tensor", "'a'"),
    "None as data": (lambda o: mg.tensor(None), TypeError, "tensor", "None"),
    "a dict as data": (lambda o: mg.tensor({}), TypeError, "tensor", "dict"),
    "objects as data": (lambda o: mg.tensor(np.array([None, 1])), TypeError, "tensor", "object"),
    "complex data": (lambda o: mg.tensor([1j]), TypeError, "tensor", "complex", "no complex"),
    "complex zeros": (lambda o: mg.zeros(2, dtype=complex), TypeError, "zeros", "complex128", "no complex"),
    "unknown dtype": (lambda o: mg.tensor(1, dtype="spam"), TypeError, "tensor", "'spam'", "float32"),
    "data beyond the dtype": (lambda o: mg.tensor([300], dtype=mg.uint8), ValueError, "tensor", "300", "uint8"),
    "NaN as an integer": (lambda o: mg.tensor([np.nan], dtype=mg.int64), ValueError, "tensor", "nan", "int64"),
    "integers beyond int64": (lambda o: mg.tensor([2**64]), TypeError, "tensor"),
    "from_numpy of a list": (lambda o: mg.from_numpy([1]), TypeError, "from_numpy", "[1]"),
    "from_numpy of objects": (lambda o: mg.from_numpy(np.array([None])), TypeError, "from_numpy", "object"),
    "from_dlpack": (lambda o: mg.from_dlpack("a"), TypeError, "from_dlpack", "'a'"),
    "negative length": (lambda o: mg.zeros(2, -1), ValueError, "zeros", "negative", "(2, -1)"),
    "float length": (lambda o: mg.ones(2.5), TypeError, "ones", "integer", "2.5"),
    "full of several": (lambda o: mg.full((2,), o.b), ValueError, "full", "(4,)"),
    "full of a string": (lambda o: mg.full((2,), "a"), TypeError, "full", "'a'"),
    "full beyond the dtype": (lambda o: mg.full((2,), 300, dtype=mg.uint8), ValueError, "full", "300", "uint8"),
    "arange without a way": (lambda o: mg.arange(3, 0), ValueError, "arange", "3", "0"),
    "arange step": (lambda o: mg.arange(0, 3, 0), ValueError, "arange", "steps of 0"),
    "arange to infinity": (lambda o: mg.arange(float("inf")), ValueError, "arange", "inf"),
    "arange of a string": (lambda o: mg.arange("a"), TypeError, "arange", "'a'"),
    "linspace steps": (lambda o: mg.linspace(0, 1, -1), ValueError, "linspace", "-1"),
    "linspace of float steps": (lambda o: mg.linspace(0, 1, 2.5), TypeError, "linspace", "steps", "2.5"),
    "eye": (lambda o: mg.eye(-1), ValueError, "eye", "-1"),
    "eye of a string": (lambda o: mg.eye("a"), TypeError, "eye", "'a'"),
    # Draws
    "rand of integers": (lambda o: mg.rand(2, dtype=mg.int64), TypeError, "rand", "int64", "randint"),
    "rand of a negative length": (lambda o: mg.rand(-2), ValueError, "rand", "(-2,)"),
    "rand of a generator": (lambda o: mg.rand(2, generator=7), TypeError, "rand", "Generator", "7"),
    "randn_like of integers": (lambda o: mg.randn_like(o.i), TypeError, "randn_like", "int64"),
    "randint bounds": (lambda o: mg.randint(3, 3, (2,)), ValueError, "randint", "3 and 3"),
    "randint of floats": (lambda o: mg.randint(0.5, 3, (2,)), TypeError, "randint", "low", "0.5"),
    "randint without size": (lambda o: mg.randint(3), TypeError, "randint", "size", "randint(10, (2, 3))"),
    "randperm": (lambda o: mg.randperm(-1), ValueError, "randperm", "-1"),
    "randperm of a float": (lambda o: mg.randperm(2.5), TypeError, "randperm", "2.5"),
    "bernoulli": (lambda o: mg.bernoulli(o.b), ValueError, "bernoulli", "[0, 1]", "1.0 to 4.0"),
    "bernoulli of NaN": (lambda o: mg.bernoulli(mg.tensor([np.nan])), ValueError, "bernoulli", "nan"),
    "bernoulli of integers": (lambda o: mg.bernoulli(o.i), TypeError, "bernoulli", "int64"),
    "uniform_ bounds": (lambda o: o.b.uniform_(2, 1), ValueError, "uniform_", "2 and 1"),
    "uniform_ integers": (lambda o: o.i.uniform_(), TypeError, "uniform_", "int64"),
    "uniform_ of a list": (lambda o: mg.uniform_([1.0]), TypeError, "uniform_", "Tensor"),
    "normal_ std": (lambda o: o.b.normal_(0, -1), ValueError, "normal_", "-1"),
    "normal_ of a string": (lambda o: o.b.normal_("a"), TypeError, "normal_", "mean", "'a'"),
    "seed": (lambda o: mg.manual_seed(1.5), TypeError, "manual_seed", "1.5"),
    "generator seed": (lambda o: mg.Generator("a"), TypeError, "Generator", "'a'"),
    "generator state": (lambda o: mg.Generator().set_state(3), TypeError, "set_state", "(seed, counter)", "3"),
}

#: Where the remedy would only repeat what is needed: a string that is no number, nothing to join, a length below 0.
WITHOUT_REMEDY = {
    *("cat of nothing", "stack of nothing", "chunk", "linspace steps", "eye", "randperm", "rounding mode"),
    *("axis of a string", "rtol", "movedim of a string", "reshape to a string", "split by a string", "one_hot classes"),
    *("var correction", "alpha", "arange of a string", "eye of a string", "normal_ of a string", "generator seed"),
    *("logit eps", "elu alpha", "threshold of a string"),
}


def of_shapes(run):
    return lambda o: run(o.a, o.b)


def with_stranger(run, stranger):
    return lambda o: run(o.a, stranger)


def of_stranger(operation, stranger):
    return lambda o: operation(stranger)


def with_one(operation):
    return lambda x, y: operation(x, y, 1.0)


OPERATORS["addcmul"], OPERATORS["addcdiv"] = with_one(mg.addcmul), with_one(mg.addcdiv)
OPERATORS["lerp"] = with_one(mg.lerp)
for name, run in OPERATORS.items():
    TABLE[f"{name} shapes"] = (of_shapes(run), ValueError, name, "(2, 3) float32", "(4,) float32")
    for kind, (stranger, shown, remedy) in STRANGERS.items():
        TABLE[f"{name} with {kind}"] = (with_stranger(run, stranger), TypeError, name, shown, remedy)
for name in UNARY:
    for kind, (stranger, shown, remedy) in STRANGERS.items():
        TABLE[f"{name} of {kind}"] = (of_stranger(getattr(mg, name), stranger), TypeError, shown, remedy)


@pytest.mark.parametrize("name", TABLE)
def test_bad_input_is_refused_with_a_clear_message_and_changes_nothing(name):
    check_refusal(*TABLE[name], "test_errors.py:", with_remedy=name not in WITHOUT_REMEDY)


def test_a_comparison_with_what_is_no_number_is_false_as_in_python():
    x = mg.tensor([1.0])
    assert operator.eq(x, None) is False
    assert operator.ne(x, "a") is True
    assert x not in ("mean", None)


def test_a_comparison_with_a_list_is_refused_rather_than_false():
    with pytest.raises(TypeError, match="eq: a Tensor, array or number is needed"):
        operator.eq(mg.tensor([1.0]), [1.0])


def test_a_reflected_operator_names_the_operation_too():
    with pytest.raises(TypeError, match=r"^sub: .*'a'"):
        "a" - mg.tensor([1.0])
    with pytest.raises(TypeError, match=r"^matmul: .*list \[1.0\]"):
        [1.0] @ mg.tensor([1.0])


CALLED = {
    "swapaxes, in transpose: ": lambda x: x.swapaxes(0, 5),
    "moveaxis: ": lambda x: mg.moveaxis(x, 0, 5),
    "subtract: ": lambda x: mg.subtract(x, mg.ones(4)),
    "sub: ": lambda x: x - mg.ones(4),
    "add_, in add: ": lambda x: x.add_(mg.ones(4)),
    "std_mean, in std: ": lambda x: mg.std_mean(
        x,
        7,
    ),
}


@pytest.mark.parametrize("who", CALLED)
def test_a_message_begins_with_the_name_that_the_user_called(who):
    with pytest.raises((ValueError, IndexError)) as caught:
        CALLED[who](mg.ones(2, 3))
    assert str(caught.value).startswith(who)

"""What running, ordering and counting operations and special products refuse; the form is ``test_errors.py``'s."""

import math

import pytest

import minigrad as mg
from minigrad.nn import functional as F
from tests.ops.test_errors import fitting, operands

#: name: (call, exception, what the message holds)
TABLE = {
    "cumsum axis": (lambda o: mg.cumsum(o.b, 1), IndexError, "cumsum", "dim 1", "[-1, 0]"),
    "cumprod of a string": (lambda o: mg.cumprod("a", 0), TypeError, "cumprod", "'a'"),
    "logcumsumexp of integers": (lambda o: mg.logcumsumexp(o.i, 0), TypeError, "(3,) int64", "x.float()"),
    "cummax axis": (lambda o: mg.cummax(o.a, 2), IndexError, "cummax", "dim 2"),
    "prod of two axes": (lambda o: mg.prod(o.a, (0, 1)), TypeError, "prod", "dim must be an integer", "(0, 1)"),
    "nanmean of integers": (lambda o: mg.nanmean(o.i), TypeError, "nanmean", "(3,) int64"),
    "var_mean of integers": (lambda o: mg.var_mean(o.i), TypeError, "var", "(3,) int64"),
    "aminmax of nothing": (lambda o: mg.aminmax(o.e), ValueError, "(0, 3) float32", "no element"),
    "aminmax of two axes": (lambda o: mg.aminmax(o.a, dim=(0, 1)), TypeError, "aminmax", "(0, 1)"),
    "sort axis": (lambda o: mg.sort(o.a, 2), IndexError, "sort", "dim 2"),
    "sort by a string": (lambda o: mg.sort(o.a, 0, "down"), TypeError, "sort", "descending", "'down'"),
    "topk": (lambda o: mg.topk(o.b, 5), ValueError, "topk", "[0, 4]", "(4,) float32", "5"),
    "topk of a negative number": (lambda o: mg.topk(o.b, -1), ValueError, "topk", "-1"),
    "topk of a float": (lambda o: mg.topk(o.b, 2.5), TypeError, "topk", "k", "2.5"),
    "kthvalue": (lambda o: mg.kthvalue(o.a, 0), ValueError, "kthvalue", "[1, 3]", "got 0"),
    "kthvalue of bools": (lambda o: mg.kthvalue(o.m, 1), TypeError, "kthvalue", "bool", "x.int()"),
    "median of bools": (lambda o: mg.median(o.m), TypeError, "median", "bool"),
    "median of nothing": (lambda o: mg.median(o.e, 0), ValueError, "median", "(0, 3)"),
    "median of no integers": (lambda o: mg.median(o.i[:0]), ValueError, "median", "(0,) int64"),
    "nanmedian axis": (lambda o: mg.nanmedian(o.a, 2), IndexError, "nanmedian", "dim 2"),
    "mode of nothing": (lambda o: mg.mode(o.e, 0), ValueError, "mode", "(0, 3)"),
    "quantile": (lambda o: mg.quantile(o.b, 1.5), ValueError, "quantile", "[0, 1]", "1.5"),
    "quantile of NaN": (lambda o: mg.quantile(o.b, math.nan), ValueError, "quantile", "nan"),
    "quantile of a matrix": (lambda o: mg.quantile(o.b, o.c), ValueError, "quantile", "(2, 2)"),
    "quantile dtype": (lambda o: mg.quantile(o.b, o.d), TypeError, "(2,) float64", "(4,) float32", "q.to('float32')"),
    "quantile of integers": (lambda o: mg.quantile(o.i, 0.5), TypeError, "quantile", "int64"),
    "quantile of nothing": (lambda o: mg.quantile(o.e, 0.5), ValueError, "quantile", "(0, 3)"),
    "interpolation": (lambda o: mg.quantile(o.b, 0.5, interpolation="cubic"), ValueError, "midpoint", "'cubic'"),
    "cov": (lambda o: mg.cov(mg.zeros(2, 2, 2)), ValueError, "cov", "(2, 2, 2)", "x.T"),
    "cov fweights": (lambda o: mg.cov(o.a, fweights=o.b[:3]), TypeError, "fweights", "integers", "(3,) float32"),
    "cov aweights": (lambda o: mg.cov(o.a, aweights=o.i), TypeError, "aweights", "floats", "int64"),
    "cov too many weights": (lambda o: mg.cov(o.a, aweights=o.b), ValueError, "(2, 3)", "(4,)", "x.T"),
    "cov negative weights": (lambda o: mg.cov(o.a, fweights=o.i - 1), ValueError, "fweights", "-1"),
    "cov without weight": (lambda o: mg.cov(o.a, fweights=o.i * 0), ValueError, "cov", "sum to zero"),
    "corrcoef": (lambda o: mg.corrcoef(mg.zeros(1, 2, 2)), ValueError, "corrcoef", "(1, 2, 2)"),
    "histc of integers": (lambda o: mg.histc(o.i), TypeError, "histc", "int64", "bincount"),
    "histc bins": (lambda o: mg.histc(o.b, 0), ValueError, "histc", "bins=0"),
    "histc bounds": (lambda o: mg.histc(o.b, 4, 3, 1), ValueError, "histc", "min=3", "max=1"),
    "histc of NaN": (lambda o: mg.histc(o.b * math.nan), ValueError, "histc", "nan"),
    "histc of a gradient": (lambda o: mg.histc(o.w), RuntimeError, "histc", "no derivative", "detach"),
    "bincount of floats": (lambda o: mg.bincount(o.b), TypeError, "bincount", "(4,) float32", "histc"),
    "bincount of a matrix": (lambda o: mg.bincount(o.i[None]), ValueError, "bincount", "(1, 3) int64"),
    "bincount of negatives": (lambda o: mg.bincount(o.i - 1), ValueError, "bincount", "with -1"),
    "bincount weights": (lambda o: mg.bincount(o.i, o.b), ValueError, "(3,) int64", "(4,) float32"),
    "diff of 0-d": (lambda o: mg.diff(o.s), ValueError, "diff", "()"),
    "diff of a negative order": (lambda o: mg.diff(o.b, -1), ValueError, "diff", "n=-1"),
    "diff prepend": (lambda o: mg.diff(o.a, prepend=o.b), ValueError, "diff", "(2, 3)", "(4,)"),
    "gradient of one sample": (lambda o: mg.gradient(o.b[:1]), ValueError, "gradient", "(1,)", "edge_order"),
    "gradient edge_order": (lambda o: mg.gradient(o.b, edge_order=3), ValueError, "gradient", "got 3"),
    "gradient spacings": (lambda o: mg.gradient(o.a, spacing=[1.0]), ValueError, "2 axes", "got 1"),
    "gradient coordinates": (lambda o: mg.gradient(o.b, spacing=(o.d,)), ValueError, "(4,)", "(2,) float64"),
    "gradient of an axis twice": (lambda o: mg.gradient(o.a, dim=(0, -2)), ValueError, "gradient", "twice"),
    "trapezoid of bools": (lambda o: mg.trapezoid(o.m), TypeError, "trapezoid", "bool"),
    "trapezoid of both": (lambda o: mg.trapezoid(o.b, o.b, dx=1.0), TypeError, "trapezoid", "dx is 1.0"),
    "trapezoid coordinates": (lambda o: mg.trapezoid(o.a, o.b), ValueError, "(2, 3)", "(4,)"),
    "trapezoid of 0-d": (lambda o: mg.trapezoid(o.s), ValueError, "trapezoid", "()"),
    "dist of integers": (lambda o: mg.dist(o.i, o.i), TypeError, "dist", "int64"),
    "dist shapes": (lambda o: mg.dist(o.a, o.b), ValueError, "(2, 3)", "(4,)"),
    "cdist of vectors": (lambda o: mg.cdist(o.b, o.b), ValueError, "cdist", "(4,)", "x.unsqueeze(0)"),
    "cdist coordinates": (lambda o: mg.cdist(o.a, o.c), ValueError, "cdist", "(2, 3)", "(2, 2) float32 'cells'"),
    "cdist dtype": (lambda o: mg.cdist(o.c, o.c.double()), TypeError, "cdist", "float32", "float64"),
    "cdist of integers": (lambda o: mg.cdist(o.i[None], o.i[None]), TypeError, "cdist", "int64"),
    "cdist order": (lambda o: mg.cdist(o.a, o.a, -1), ValueError, "cdist", "p=-1"),
    "cdist mode": (lambda o: mg.cdist(o.a, o.a, compute_mode="fast"), ValueError, "cdist", "'fast'"),
    "pdist": (lambda o: F.pdist(o.b), ValueError, "pdist", "(4,)", "cdist"),
    "renorm of a vector": (lambda o: mg.renorm(o.b, 2, 0, 1.0), ValueError, "renorm", "(4,)"),
    "renorm order": (lambda o: mg.renorm(o.a, 0, 0, 1.0), ValueError, "renorm", "p=0"),
    "renorm maxnorm": (lambda o: mg.renorm(o.a, 2, 0, -1.0), ValueError, "renorm", "maxnorm=-1.0"),
    "addmv": (lambda o: mg.addmv(o.b, o.a, o.i.float()), ValueError, "addmv", "(2,)", "(4,)"),
    "addmv factors": (lambda o: mg.addmv(o.d, o.a, o.b), ValueError, "addmv", "(2, 3)", "(4,)"),
    "addmv of matrices": (lambda o: mg.addmv(o.a, o.a, o.a), ValueError, "addmv", "vector", "(2, 3)"),
    "addr": (lambda o: mg.addr(o.a, o.b, o.b), ValueError, "addr", "(4, 4)", "(2, 3)"),
    "addr alpha": (lambda o: mg.addr(o.i, o.i, o.i, alpha=0.5), TypeError, "addr", "alpha=0.5", "x.float()"),
    "baddbmm": (lambda o: mg.baddbmm(o.b, o.a[None], o.a.T[None]), ValueError, "baddbmm", "(1, 2, 2)", "(4,)"),
    "baddbmm batches": (
        lambda o: mg.baddbmm(o.s, mg.zeros(1, 2, 3), mg.zeros(2, 3, 2)),
        ValueError,
        "one length",
        "(1, 2, 3)",
        "(2, 3, 2)",
    ),
    "addbmm": (lambda o: mg.addbmm(o.s, o.a[None], o.a[None]), ValueError, "addbmm", "(1, 2, 3)"),
    "einsum of nothing": (lambda o: mg.einsum("i"), TypeError, "einsum", "at least one operand"),
    "einsum operands": (lambda o: mg.einsum("i,j", o.b), ValueError, "'i,j' is for 2 operands, got 1"),
    "einsum axes": (lambda o: mg.einsum("i->i", o.a), ValueError, "operand 0 has 2 axes, and 1 subscripts", "'i'"),
    "einsum letters": (lambda o: mg.einsum("i1->i", o.a), ValueError, "einsum", "'i1'"),
    "einsum dots": (lambda o: mg.einsum("i..", o.a), ValueError, "einsum", "'i..'"),
    "einsum of two ellipses": (lambda o: mg.einsum("...i...", o.a), ValueError, "at most one '...'"),
    "einsum lengths": (lambda o: mg.einsum("ij,jk", o.a, o.c), ValueError, "j stands for", "3 and 2", "operand 1"),
    "einsum diagonal": (lambda o: mg.einsum("ii", o.a), ValueError, "i stands for", "2 and 3", "operand 0"),
    "einsum result": (lambda o: mg.einsum("ij->k", o.a), ValueError, "k of the result is in no operand"),
    "einsum result twice": (lambda o: mg.einsum("ij->ii", o.a), ValueError, "i of the result is named twice"),
    "einsum sublist": (lambda o: mg.einsum(o.a, 3), TypeError, "list of subscripts", "3"),
    "einsum sublist range": (lambda o: mg.einsum(o.a, [0, 52]), ValueError, "from 0 to 51", "52"),
    "einsum of a string": (lambda o: mg.einsum("i", "a"), TypeError, "einsum", "'a'"),
    "tensordot": (lambda o: mg.tensordot(o.a, o.c, 1), ValueError, "axis 1 of x and axis 0 of y", "(2, 3)", "(2, 2)"),
    "tensordot dims": (lambda o: mg.tensordot(o.a, o.b, 3), ValueError, "tensordot", "from 0 to 1", "3"),
    "tensordot pair": (lambda o: mg.tensordot(o.a, o.a, (1, 1)), TypeError, "two sequences", "dims=([1], [0])"),
    "tensordot twice": (lambda o: mg.tensordot(o.c, o.c, ([0, 0], [0, 1])), ValueError, "[0, 0]", "[0, 1]"),
    "inner": (lambda o: mg.inner(o.a, o.b), ValueError, "inner", "(2, 3)", "(4,)"),
    "vdot": (lambda o: mg.vdot(o.a, o.a), ValueError, "vdot", "vector", "(2, 3)"),
    "bilinear": (lambda o: F.bilinear(o.a, o.c, mg.zeros(2, 2, 3)), ValueError, "bilinear", "(2, 2, 3)", "'cells'"),
    "bilinear bias": (lambda o: F.bilinear(o.a, o.c, mg.zeros(2, 3, 2), o.b), ValueError, "bias", "(4,)"),
}


@pytest.mark.parametrize("name", TABLE)
def test_bad_input_is_refused_with_a_clear_message_and_changes_nothing(name):
    call, expected, *parts = TABLE[name]
    o = operands()
    before = fitting(o)
    with pytest.raises(expected) as caught:
        call(o)
    assert type(caught.value) is expected
    text = str(caught.value)
    for part in [*parts, "test_statistics_errors.py:"]:
        assert part in text
    assert len(text.splitlines()) >= 3 or name == "cumprod of a string"
    assert fitting(o) == before

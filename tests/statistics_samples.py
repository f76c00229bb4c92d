"""Samples of running, ordering and counting operations, and of special products, for the table in ``samples.py``."""

import numpy as np

from tests.samples import (
    Operand,
    Sample,
    bools,
    distinct,
    given,
    integers,
    nonzero,
    normal,
    reductions,
    unit,
)

NAN, INFINITY = np.nan, np.inf
FUNCTIONAL = "nn.functional."


def along(op, operand, **options):
    """Samples of an operation that keeps the shape: along each kind of axis, 0-d and empty."""

    def like(*shape):
        return Operand(operand.kind, shape, operand.options, operand.grad)

    return [
        Sample(op, (like(4), 0), note="vector", **options),
        Sample(op, (like(2, 3, 2),), {"dim": 1}, note="dim=1", **options),
        Sample(op, (like(2, 3), -1), note="-1", **options),
        Sample(op, (like(3, 2), -2), note="-2", **options),
        Sample(op, (like(), 0), note="0-d", **options),
        Sample(op, (like(0, 3), 0), note="empty", **options),
        Sample(op, (like(2, 0), 0), note="empty beside", **options),
    ]


CUMULATIVE = [
    *along("cumsum", normal()),
    *along("cumprod", normal()),
    *along("logcumsumexp", normal()),
    *along("cummax", distinct()),
    *along("cummin", distinct()),
    *[Sample(op, (integers(-3, 4, 2, 3), 1), note="integers", grad=False) for op in ("cumsum", "cumprod", "cummax")],
    *[Sample(op, (given([200, 100], np.uint8), 0), note="uint8", grad=False) for op in ("cumsum", "cumprod")],
    *[Sample(op, (bools(4), 0), note="bools", grad=False) for op in ("cumsum", "cumprod", "cummin")],
    *[
        Sample(op, (given([[0.5, 0.0, 2.0, -1.5], [0.0, 3.0, 0.0, 2.0], [1.0, 2.0, -3.0, 0.0]]), 1), note="zeros")
        for op in ("cumprod", "prod")
    ],
    Sample("cumprod", (given([0.0, 0.0, 0.0]), 0), note="all zero"),
    Sample("logcumsumexp", (given([1000.0, 999.0, -1000.0, 1001.0]), 0), note="extremes"),
    Sample("logcumsumexp", (given([-INFINITY, -INFINITY, 0.0, 1.0]), 0), note="-inf", torch="", smooth=False),
    *[Sample(op, (given([1.0, 3.0, 3.0, 1.0, 1.0]), 0), note="tie", smooth=False) for op in ("cummax", "cummin")],
    *[Sample(op, (given([1.0, NAN, 3.0, NAN, 0.0]), 0), note="nan", smooth=False) for op in ("cummax", "cummin")],
]

PRODUCTS_OF_ALL = [
    *reductions("prod", nonzero(), several=False),
    Sample("prod", (normal(),), note="0-d"),
    Sample("prod", (given([2.0, 0.0, 3.0]),), note="one zero"),
    Sample("prod", (given([[2.0, 0.0], [0.0, 3.0]]),), note="two zeros"),
    Sample("prod", (given([2.0, 0.0, 3.0, 0.0]), 0, True), note="two zeros keepdim"),
    # The product is infinite, and those of all others are not; PyTorch divides.
    Sample("prod", (given([1e200, 1e200, 1e-200]),), note="overflow", torch="", smooth=False, alone=True),
    Sample("prod", (given([1e-200, 1e-200, 1e200]),), note="underflow", torch="", alone=True),
    Sample("prod", (bools(3),), note="bools", grad=False),
    Sample("prod", (given([100, 100], np.uint8),), note="uint8", grad=False),
]

MOMENTS = [
    *[sample for op in ("var_mean", "std_mean") for sample in reductions(op, normal(), empty=False)],
    *[
        Sample(op, (normal(3, 4), 1), {"correction": 1.5, "keepdim": True}, note="correction=1.5")
        for op in ("var", "std", "var_mean", "std_mean")
    ],
    *[Sample(op, (normal(2, 3, 4), dim), note=f"{dim}") for op in ("var", "std") for dim in ((0,), (0, 1), 1, (1, 2))],
    Sample("std_mean", (given([[2.0, 2.0], [1.0, 3.0]]), 1), note="zero", smooth=False),
    Sample("nansum", (given([[1.0, NAN, 3.0], [NAN, NAN, 2.0]]),), note="nan"),
    Sample("nansum", (given([[1.0, NAN, 3.0], [NAN, NAN, 2.0]]), 0, True), note="nan keepdim"),
    Sample("nanmean", (given([[1.0, NAN, 3.0], [NAN, NAN, 2.0]]), 1), note="nan"),
    *[Sample(op, (normal(2, 3, 2), (0, -1)), note="axes") for op in ("nansum", "nanmean")],
    Sample("nansum", (integers(0, 5, 3),), note="integers", grad=False),
    Sample("cov", (normal(3, 5),)),
    Sample("cov", (normal(5),), {"correction": 0}, note="vector"),
    Sample("cov", (integers(0, 9, 2, 4),), note="integers", grad=False, alone=True),
    Sample("cov", (normal(2, 4),), {"fweights": given([1, 2, 0, 3], int)}, note="fweights"),
    Sample("cov", (normal(2, 4),), {"aweights": unit(4)}, note="aweights"),
    Sample(
        "cov",
        (normal(2, 4),),
        {"fweights": given([1, 2, 1, 3], int), "aweights": unit(4), "correction": 0},
        note="both weights",
    ),
    Sample("corrcoef", (normal(3, 5),)),
    Sample("corrcoef", (normal(5),), note="vector"),
]

SORTED = [
    *along("sort", distinct()),
    *along("argsort", distinct(), grad=False),
    Sample("sort", (distinct(2, 3, 2), 1, True), note="descending"),
    Sample("sort", (distinct(5),), {"stable": True, "descending": True}, note="stable"),
    Sample("argsort", (given([2.0, 1.0, 2.0, NAN, 1.0, NAN, -0.0, 0.0]),), note="ties", grad=False),
    Sample("argsort", (given([2.0, 1.0, 2.0, NAN, 1.0, NAN]), 0, True), note="ties descending", grad=False),
    *[
        Sample("sort", (x,), note=note, grad=False)
        for note, x in (("integers", integers(-3, 4, 9)), ("bools", bools(6)))
    ],
    Sample("msort", (distinct(3, 2),)),
    *[
        Sample("topk", (distinct(2, 5), 2, dim, largest), note=f"{dim} {largest}")
        for dim in (0, -1)
        for largest in (True, False)
    ],
    Sample("topk", (distinct(3), 0), note="none"),
    Sample("topk", (distinct(), 1), note="0-d"),
    Sample("topk", (given([2.0, NAN, 1.0, 3.0]), 2), note="nan", smooth=False),
]

RANKED = [
    *[Sample("kthvalue", (distinct(2, 3, 2), 2, dim), note=f"{dim}") for dim in (0, 1, -1)],
    Sample("kthvalue", (distinct(2, 3), 1, 0, True), note="keepdim"),
    Sample("kthvalue", (distinct(), 1), note="0-d"),
    Sample("kthvalue", (given([NAN, 1.0, 2.0]), 3), note="nan", smooth=False),
    *[Sample(op, (distinct(2, 3),), note="all") for op in ("median", "nanmedian")],
    *[Sample(op, (distinct(2, 4, 2), 1), note="dim") for op in ("median", "nanmedian")],
    *[Sample(op, (distinct(2, 3), -1, True), note="keepdim") for op in ("median", "nanmedian")],
    *[Sample(op, (distinct(),), note="0-d") for op in ("median", "nanmedian")],
    *[
        Sample(op, (given([[3.0, NAN, 1.0], [2.0, 5.0, 4.0]]), 1), note="nan", smooth=False)
        for op in ("median", "nanmedian")
    ],
    Sample("median", (given([[3.0, NAN], [2.0, 5.0]]),), note="nan in all", smooth=False),
    Sample("nanmedian", (given([[3.0, NAN], [2.0, 3.0]]),), note="nan and tie in all", smooth=False),
    Sample("median", (given([2.0, 3.0, 2.0, 1.0, 2.0]),), note="tie", smooth=False),
    Sample("median", (given([[5, 2, 9, 4], [0, 7, 3, 1]], int), 1), note="integers", grad=False),
    *[
        Sample("mode", (given([[2.0, 1.0, 1.0, 2.0], [3.0, 0.5, 3.0, 1.0]]), dim), note=f"{dim}", smooth=False)
        for dim in (0, 1)
    ],
    Sample("mode", (distinct(3), 0, True), note="keepdim"),
    Sample("mode", (integers(0, 3, 9),), note="integers", grad=False),
    *[Sample("aminmax", (distinct(2, 3),), {"dim": dim}, note=f"{dim}") for dim in (0, -1)],
    Sample("aminmax", (distinct(2, 3),), {"keepdim": True}, note="all"),
    Sample("aminmax", (given([2.0, 3.0, 3.0, 2.0]),), {"dim": 0}, note="tie", smooth=False),
    *[
        Sample("quantile", (distinct(2, 5), 0.3), {"interpolation": kind}, note=kind)
        for kind in ("linear", "lower", "higher", "midpoint", "nearest")
    ],
    Sample("quantile", (distinct(3, 4), given([0.0, 0.21, 1.0], grad=False), 1), note="several"),
    Sample("quantile", (distinct(3, 4), given([0.2, 0.9]), 0, True), note="keepdim"),
    Sample("quantile", (distinct(7), given(0.4)), note="0-d q"),
    Sample("quantile", (distinct(), 0.4), note="0-d"),
    Sample("quantile", (given([[1.0, NAN, 2.0], [4.0, 5.0, 6.0]]), 0.4, 1), note="nan", smooth=False),
    Sample("quantile", (given([1.0, 2.0, 2.0, 2.0]), 0.5), note="tie", smooth=False),
]

COUNTS = [
    Sample("histc", (normal(30), 5, -1, 1.5), grad=False),
    Sample("histc", (normal(3, 4), 4), note="own bounds", grad=False),
    Sample("histc", (given([0.0, 0.25, 0.5, 1.0, 2.0, NAN]), 4, 0, 1), note="edges", grad=False),
    Sample("histc", (given([2.0, 2.0]), 3), note="equal", grad=False),
    Sample("bincount", (integers(0, 5, 9),), grad=False),
    Sample("bincount", (given([], int),), {"minlength": 3}, note="empty", grad=False),
    # PyTorch does not differentiate it.
    Sample("bincount", (integers(0, 5, 6), normal(6)), note="weights", torch=""),
    Sample("bincount", (integers(0, 5, 6), integers(0, 5, 6), 8), note="integer weights", grad=False, alone=True),
]

CALCULUS = [
    *[Sample("diff", (normal(3, 4),), {"n": n, "dim": dim}, note=f"{n} {dim}") for n in (1, 2) for dim in (0, -1)],
    Sample("diff", (normal(3), 5), note="beyond"),
    Sample("diff", (normal(3), 0), note="none"),
    Sample("diff", (normal(2, 3), 1, 1, normal(2, 1), normal(2, 2)), note="both ends"),
    Sample("diff", (bools(5),), note="bools", grad=False),
    Sample("diff", (integers(0, 9, 5),), note="integers", grad=False),
    *[Sample("gradient", (normal(4, 3),), {"edge_order": order}, note=f"edge_order={order}") for order in (1, 2)],
    Sample("gradient", (normal(4, 3),), {"spacing": [0.5, 2.0], "dim": (1, 0)}, note="spacings"),
    *[
        Sample(
            "gradient",
            (normal(5),),
            {"spacing": (given([0.0, 0.5, 2.0, 2.5, 4.0], grad=False),), "edge_order": order},
            note=f"coordinates {order}",
        )
        for order in (1, 2)
    ],
    Sample("gradient", (integers(0, 9, 4),), note="integers", grad=False, alone=True),
    Sample("trapezoid", (normal(3, 4),)),
    Sample("trapezoid", (normal(3, 4),), {"dx": 0.3, "dim": 0}, note="dx"),
    Sample("trapezoid", (normal(3, 4), normal(3)), {"dim": 0}, note="coordinates"),
    Sample("trapezoid", (normal(2, 4), normal(1, 4)), note="row of coordinates"),
    Sample("trapezoid", (normal(2, 1),), note="one sample"),
]

ORDERS = (1, 2, 3, 1.5, INFINITY)
DISTANCES = [
    *[Sample("dist", (distinct(2, 3), normal(3), p), note=f"p={p}") for p in ORDERS],
    Sample("dist", (given([1.0, 2.0]), given([1.0, 2.0])), note="equal", smooth=False),
    *[
        Sample("cdist", (distinct(3, 2), given([[0.2, -0.4], [0.6, 0.0], [0.0, 0.2]]), p), note=f"p={p}")
        for p in (0.0, *ORDERS)
    ],
    Sample("cdist", (normal(2, 1, 3, 2), normal(4, 2)), note="batch"),
    Sample("cdist", (normal(0, 2), normal(4, 2)), note="empty"),
    Sample("cdist", (normal(2, 0), normal(4, 0)), note="no coordinates"),
    *[
        Sample(
            "cdist",
            (given([[1.0, 2.0], [0.0, 2.0]]), given([[1.0, 2.0], [0.0, 0.0]]), p),
            note=f"equal p={p}",
            smooth=False,
        )
        for p in (*ORDERS, 0.0)
    ],
    *[Sample(FUNCTIONAL + "pdist", (normal(4, 3), p), note=f"p={p}") for p in ORDERS],
    Sample(FUNCTIONAL + "pdist", (normal(1, 3),), note="one", torch=""),
    *[
        Sample("renorm", (normal(3, 2, 2), p, dim, 1.3), note=f"p={p} {dim}")
        for p, dim in ((2, 0), (1, 1), (3, -1), (INFINITY, 0))
    ],
    Sample("renorm", (given([[0.0, 0.0], [3.0, 4.0], [0.3, 0.4]]), 2, 0, 1.0), note="zero"),
]

SUBSCRIPTS = [
    ("ij,jk->ik", (2, 3), (3, 4)),
    ("ij,kj->ki", (2, 3), (4, 3)),
    ("bij,bjk", (2, 2, 3), (2, 3, 2)),
    ("bij,jk->bki", (2, 2, 3), (3, 2)),
    ("bhqd,bhkd->bhqk", (2, 1, 2, 3), (2, 1, 3, 3)),
    ("...ij,...jk->...ik", (2, 1, 2, 3), (3, 3, 2)),
    ("...i,...i->...", (2, 3), (3,)),
    ("...i->i", (2, 3)),
    ("ii", (3, 3)),
    ("iij->ji", (3, 3, 2)),
    ("ijij->", (2, 3, 2, 3)),
    ("i,i", (4,), (4,)),
    ("i,j->ji", (3,), (2,)),
    ("bi,bi->b", (3, 4), (3, 4)),
    ("ij,i->ij", (2, 3), (2,)),
    ("bA,Ac", (2, 3), (3, 2)),
    ("i,ij,j", (3,), (3, 2), (2,)),
    ("bn,anm,bm->ba", (2, 3), (2, 3, 2), (2, 2)),
    ("ij,jk,kl->il", (2, 3), (3, 4), (4, 2)),
    ("ij,jk->ik", (2, 1), (3, 2)),
    ("ij,jk->ik", (2, 0), (0, 2)),
    (",i->i", (), (3,)),
]
SPECIAL_PRODUCTS = [
    *[
        Sample("einsum", (equation, *[normal(*shape) for shape in shapes]), note=f"{equation} {shapes}")
        for equation, *shapes in SUBSCRIPTS
    ],
    Sample("einsum", (normal(2, 3), [0, 1], normal(3, 2), [1, 2], [2, 0]), note="lists"),
    Sample("einsum", (normal(2, 3), [..., 1], normal(3), [1]), note="lists with an ellipsis"),
    Sample("einsum", ("ij,jk", integers(-3, 4, 2, 3), integers(-3, 4, 3, 2)), note="integers", grad=False),
    *[
        Sample("tensordot", (normal(*x), normal(*y)), {"dims": dims}, note=f"{x} {y} {dims}")
        for x, y, dims in (
            ((2, 3, 2), (3, 2, 2), 2),
            ((2,), (3,), 0),
            ((2, 3, 2), (2, 3), ([0, 1], [0, 1])),
            ((2, 1), (3, 2), ([1], [0])),
        )
    ],
    *[
        Sample("inner", (normal(*x), normal(*y)), note=f"{x} {y}")
        for x, y in (((3,), (3,)), ((2, 3), (2, 2, 3)), ((), (2, 3)))
    ],
    Sample("vdot", (normal(3), normal(3))),
    *[
        sample
        for op, product, input in (
            ("addmv", (normal(2, 3), normal(3)), normal(2)),
            ("addr", (normal(2), normal(3)), normal(3)),
            ("addbmm", (normal(2, 2, 3), normal(2, 3, 2)), normal(2, 2)),
            ("baddbmm", (normal(2, 2, 3), normal(2, 3, 2)), normal(2, 1)),
        )
        for sample in (
            Sample(op, (input, *product)),
            Sample(op, (normal(), *product), {"beta": 0.5, "alpha": -2.0}, note="factors"),
            Sample(op, (given(NAN, grad=False), *product), {"beta": 0}, note="beta=0"),
        )
    ],
    Sample(
        "addr", (integers(0, 5, 3), integers(0, 5, 2), integers(0, 5, 3)), {"alpha": 2}, note="integers", grad=False
    ),
    Sample(FUNCTIONAL + "bilinear", (normal(4, 2), normal(4, 3), normal(2, 2, 3), normal(2))),
    Sample(FUNCTIONAL + "bilinear", (normal(2, 2, 2), normal(2, 2, 3), normal(2, 2, 3)), note="batches, no bias"),
]

STATISTICS = [
    *CUMULATIVE,
    *PRODUCTS_OF_ALL,
    *MOMENTS,
    *SORTED,
    *RANKED,
    *COUNTS,
    *CALCULUS,
    *DISTANCES,
    *SPECIAL_PRODUCTS,
]

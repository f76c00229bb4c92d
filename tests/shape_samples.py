"""Samples of shapes, selections, scattering, padding and resampling; ``tests/samples.py`` puts them into the table."""

import numpy as np

from tests.samples import Sample, bools, constant, distinct, each, given, integers, nonzero, normal

NAN = np.nan
F = "nn.functional."


def index(*values):
    return given(values, int)


def rows(*values):
    return given(list(values), int)


ORDERS = [
    *each("flip", normal(2, 3), kwargs={"dims": (0,)}),
    Sample("flip", (normal(2, 3, 2), (0, -1)), note="several"),
    Sample("flip", (normal(2, 3), ()), note="none"),
    Sample(".flip", (normal(2, 3), 0, 1), note="integers"),
    Sample("fliplr", (normal(2, 3),)),
    Sample("flipud", (normal(2, 3),)),
    *each("roll", normal(2, 3), kwargs={"shifts": 2}),
    Sample("roll", (normal(2, 3), -1, 1), note="dim"),
    Sample("roll", (normal(2, 3), (5, 1), (0, -1)), note="dims"),
    *[Sample("rot90", (normal(2, 3), k), note=f"k={k}") for k in (1, 2, 3, -1, 4)],
    Sample("rot90", (normal(2, 3, 2), 1, (2, 0)), note="dims"),
]

TRIANGLES = [
    *[Sample(op, (normal(3, 4), k), note=f"{k}") for op in ("tril", "triu") for k in (0, 1, -2, 5)],
    *[Sample(op, (normal(2, 3, 2),), note="batch") for op in ("tril", "triu")],
    *[Sample(op, (given([[np.inf, NAN], [NAN, 1.0]]),), note="not finite", smooth=False) for op in ("tril", "triu")],
    *[Sample(op, (bools(3, 3),), note="bools", grad=False) for op in ("tril", "triu")],
    Sample("tril", (normal(0, 3),), note="empty"),
    *[Sample(op, (normal(2, 3), 1)) for op in (".tril_", ".triu_")],
]

DIAGONALS = [
    Sample("diag", (normal(3),)),
    Sample("diag", (normal(3), -1), note="vector below"),
    Sample("diag", (normal(3, 4), 1), note="matrix"),
    Sample("diag", (normal(2, 3), 5), note="beyond"),
    Sample("diag_embed", (normal(2, 3),)),
    Sample("diag_embed", (normal(2, 3), 1, 0, 2), note="axes"),
    Sample("diag_embed", (normal(2, 3), -1, -1, 0), note="axes turned"),
    Sample("diagflat", (normal(2, 2), 1)),
    Sample("diagflat", (normal(),), note="0-d"),
]

MASKS = [
    Sample("masked_fill", (normal(2, 3), bools(2, 3), 0.5)),
    Sample("masked_fill", (normal(2, 3), bools(3), -np.inf), note="broadcast", smooth=False),
    Sample("masked_fill", (normal(3), bools(2, 1), 0.5), note="broadcast x"),
    Sample("masked_fill", (normal(2, 3), bools(2, 3), normal()), note="0-d value"),
    Sample("masked_fill", (integers(0, 9, 4), bools(4), 2.7), note="integers", grad=False),
    Sample(".masked_fill_", (normal(2, 3), bools(3), 0.5)),
    Sample("masked_select", (normal(2, 3), given([[True, False, True], [False, False, True]], bool))),
    Sample("masked_select", (normal(2, 3), given([True, False, True], bool)), note="broadcast"),
    Sample("masked_select", (normal(3), given([[True], [False]], bool)), note="broadcast x"),
    Sample("masked_select", (normal(2, 3), given([False], bool)), note="nothing"),
    Sample("masked_scatter", (normal(2, 3), given([True, False, True], bool), normal(2, 3))),
    Sample("masked_scatter", (normal(3), given([[True], [False]], bool), normal(3)), note="broadcast x"),
    Sample(".masked_scatter_", (normal(2, 3), given([True, False, True], bool), normal(4))),
]

SELECTIONS = [
    Sample("select", (normal(2, 3), 1, -1)),
    Sample("select", (normal(2), 0, 1), note="vector"),
    Sample("narrow", (normal(4, 2), 0, 1, 2)),
    Sample("narrow", (normal(2, 3), -1, -2, 2), note="from the end"),
    Sample("narrow", (normal(2, 3), 1, 3, 0), note="empty"),
    Sample("index_select", (normal(3, 4), 0, index(2, 0, 2))),
    Sample("index_select", (normal(2, 3, 2), -2, index(1, 1)), note="middle"),
    Sample("index_select", (normal(3, 2), 0, given(1, int)), note="0-d index"),
    Sample("index_select", (normal(3, 2), 0, index()), note="none"),
    Sample("index_select", (normal(), 0, given(0, int)), note="0-d"),
    Sample("take", (normal(2, 3), rows([0, -1], [5, 0]))),
    Sample("take", (normal(), index(0, 0)), note="0-d"),
    Sample("take_along_dim", (normal(2, 3), rows([0, 2, 2, 1], [1, 1, 1, 1]), 1)),
    Sample("take_along_dim", (normal(2, 3), rows([1], [0]), 0), note="broadcast index"),
    Sample("take_along_dim", (normal(1, 3), rows([2, 0], [1, -1]), 1), note="broadcast x"),
    Sample("take_along_dim", (normal(2, 3), index(5, 0, 5)), note="flat"),
    Sample(".unfold", (normal(5), 0, 3, 1)),
    Sample(".unfold", (normal(2, 5, 2), 1, 2, 2), note="apart"),
    Sample(".unfold", (normal(2, 7), -1, 2, 3), note="gaps"),
    Sample(".unfold", (normal(), 0, 1, 1), note="0-d"),
]

INDEX_WRITES = [
    Sample("index_add", (normal(3, 2), 0, index(2, 0, 2), normal(3, 2))),
    Sample("index_add", (normal(2, 3, 2), 1, index(1, 1), normal(2, 2, 2)), {"alpha": -1.5}, note="alpha"),
    Sample("index_add", (normal(), 0, given(0, int), normal()), note="0-d"),
    Sample("index_add", (integers(0, 5, 3), 0, index(1, 1), integers(0, 5, 2)), note="integers", grad=False),
    Sample(".index_add_", (normal(3, 2), 0, index(2, 2), normal(2, 2))),
    Sample("index_copy", (normal(3, 2), 0, index(2, 0), normal(2, 2))),
    Sample("index_copy", (normal(2, 3), -1, index(1), normal(2, 1)), note="-1"),
    Sample("index_copy", (normal(3), 0, index(2, 2, 0), normal(3)), note="repeated", torch=""),
    Sample("index_copy", (normal(2, 3, 2), 1, index(2, 2, 0), normal(2, 3, 2)), note="repeated rows", torch=""),
    Sample(".index_copy_", (normal(3, 2), 0, index(2, 0), normal(2, 2))),
    Sample("index_fill", (normal(3, 2), 0, index(2, -1), 1.5)),
    Sample("index_fill", (normal(2, 3), 1, index(0, 2, 0), normal()), note="0-d value"),
    Sample(".index_fill_", (normal(3, 2), 1, index(0), 1.5)),
    Sample("index_put", (normal(3, 4), (index(0, 2), index(1, -1)), normal(2))),
    Sample("index_put", (normal(3, 2), (index(0, 2),), normal(2)), note="broadcast"),
    Sample("index_put", (normal(3, 2), (index(0, 2, 0),), normal(3, 2)), note="repeated", torch=""),
    Sample("index_put", (normal(3, 2), (bools(3, 2),), normal()), note="mask"),
    Sample("index_put", (normal(3, 2), (index(0, -3, 2), index(1, 1, 1)), normal(3), True), note="accumulate"),
    Sample("index_put", (normal(3, 2), (index(0, 2, 0),), normal(3, 2), True), note="accumulate rows"),
    Sample("index_put", (normal(3, 2), (bools(3),), normal(2), True), note="accumulate mask"),
    Sample(".index_put_", (normal(3, 2), (index(0, 2),), normal(2))),
]

PLACES = rows([0, 2, 0], [1, 1, 0])
SCATTERING = [
    Sample("scatter", (normal(3, 4), 0, rows([0, 2, 1], [1, 0, 0]), normal(2, 3))),
    Sample("scatter", (normal(2, 3), 1, PLACES, normal(2, 3)), note="repeated", torch=""),
    Sample("scatter", (normal(2, 3), 1, PLACES, 1.5), note="number"),
    Sample("scatter", (normal(2, 3), -1, rows([2], [0])), {"value": 1.5}, note="value"),
    Sample("scatter", (normal(3), 0, given(1, int), normal()), note="0-d index"),
    Sample("scatter", (normal(2, 3), 1, rows([0], [2]), normal(2, 3)), note="longer src", torch=""),
    Sample("scatter", (normal(2, 3), 1, index(), 2.0), note="nothing"),
    Sample("scatter", (normal(2, 3), 1, PLACES, normal(2, 3)), {"reduce": "add"}, note="add", torch=""),
    Sample("scatter", (normal(2, 3), 1, PLACES, 2.0), {"reduce": "multiply"}, note="multiply", torch=""),
    Sample(".scatter_", (normal(2, 3), 1, rows([0, 2], [1, 0]), normal(2, 2))),
    Sample(".scatter_", (normal(2, 3), 1, PLACES, normal(2, 3)), {"reduce": "add"}, note="add", torch=""),
    Sample("scatter_add", (normal(2, 3), 1, PLACES, normal(2, 3))),
    Sample("scatter_add", (normal(3, 4), 0, rows([2, 2], [2, 0]), normal(2, 2)), note="smaller index"),
    Sample("scatter_add", (normal(2, 3, 2), -2, integers(0, 3, 2, 4, 2), normal(2, 4, 2)), note="middle"),
    Sample("scatter_add", (normal(), 0, given(0, int), normal()), note="0-d"),
    Sample("scatter_add", (integers(0, 5, 3), 0, index(1, 1), integers(0, 5, 2)), note="integers", grad=False),
    Sample(".scatter_add_", (normal(2, 3), 1, PLACES, normal(2, 3))),
    *[
        Sample(
            "scatter_reduce",
            (nonzero(2, 3), 1, PLACES, distinct(2, 3), reduce),
            options,
            note=f"{reduce}{note}",
            **more,
        )
        for reduce in ("sum", "prod", "mean", "amax", "amin")
        for note, options, more in (("", {}, {}), (" without", {"include_self": False}, {}))
    ],
    *[
        Sample(
            "scatter_reduce",
            (integers(-3, 4, 2, 3), 1, PLACES, integers(-3, 4, 2, 3), reduce),
            {"include_self": False},
            note=f"{reduce} integers",
            grad=False,
        )
        for reduce in ("sum", "prod", "mean", "amax", "amin")
    ],
    # Where nothing of x is left, PyTorch counts it among those that share the gradient if it is as large.
    Sample("scatter_reduce", (given([1.0, 2.0]), 0, index(0, 0), given([1.0, 1.0]), "amax"), note="tie", smooth=False),
    Sample("scatter_reduce", (normal(2), 0, index(0, 0, 1), given([0.0, 2.0, 0.0]), "prod"), note="a zero"),
    Sample(
        "scatter_reduce", (normal(2), 0, index(0, 0, 0), given([0.0, 2.0, 0.0]), "prod"), note="zeros", smooth=False
    ),
    Sample(".scatter_reduce_", (normal(2, 3), 1, PLACES, normal(2, 3), "sum")),
]

TILINGS = [
    Sample(".repeat", (normal(2, 3), 2, 2)),
    Sample(".repeat", (normal(2), (3, 1, 2)), note="new axes"),
    Sample(".repeat", (normal(2), 0), note="never"),
    Sample(".repeat", (normal(), 3), note="0-d"),
    Sample("tile", (normal(2, 3), (2,))),
    Sample("tile", (normal(2), (2, 1, 2)), note="new axes"),
    Sample("repeat_interleave", (normal(2, 3), 2)),
    Sample("repeat_interleave", (normal(2, 3), index(2, 0, 1), 1), note="counts"),
    Sample("repeat_interleave", (normal(2, 3), index(2), 0), {"output_size": 4}, note="one count"),
    Sample("repeat_interleave", (index(2, 0, 1),), note="indices", grad=False),
    Sample("repeat_interleave", (normal(), 3), note="0-d"),
]

STACKING = [
    *[Sample(op, ([normal(2, 3), normal(2, 3)],)) for op in ("hstack", "vstack", "dstack", "column_stack")],
    *[Sample(op, ((normal(3), normal(3)),), note="vectors") for op in ("hstack", "vstack", "dstack", "column_stack")],
    *[Sample(op, ([normal(), normal()],), note="0-d") for op in ("hstack", "vstack", "dstack", "column_stack")],
    Sample("column_stack", ([normal(2), normal(2, 3)],), note="mixed"),
    Sample("block_diag", (normal(2, 3), normal(), normal(2))),
    Sample("block_diag", (normal(2, 1), normal(0, 2)), note="empty"),
    Sample("broadcast_tensors", (normal(2, 1), normal(3), normal())),
    Sample("meshgrid", (normal(2), normal(3)), {"indexing": "ij"}),
    Sample("meshgrid", (normal(2), normal(), normal(3)), {"indexing": "xy"}, note="xy"),
    *[Sample(f"atleast_{n}d", (normal(),), note="0-d") for n in (1, 2, 3)],
    *[Sample(f"atleast_{n}d", (normal(3), normal(2, 3)), note="several") for n in (1, 2, 3)],
]

SPLITTING = [
    Sample("tensor_split", (normal(5, 2), 3)),
    Sample("tensor_split", (normal(2, 5), (1, 4), 1), note="places"),
    Sample("tensor_split", (normal(5), (3, 1, -1)), note="overlapping"),
    Sample("tensor_split", (normal(5), index(2, 7)), note="tensor"),
    Sample("tensor_split", (normal(2), 4), note="more than there are"),
    Sample("hsplit", (normal(2, 4), 2)),
    Sample("hsplit", (normal(4), (1, 3)), note="vector"),
    Sample("vsplit", (normal(4, 2), 2)),
    Sample("dsplit", (normal(2, 1, 4), (1,))),
    Sample("ravel", (normal(2, 3),)),
    Sample("ravel", (normal(),), note="0-d"),
]

PADDING = [
    Sample("constant_pad_nd", (normal(2, 3), (1, 2)), note="0"),
    Sample("constant_pad_nd", (normal(2, 3), (1, -1, 0, 2), 1.5), note="number"),
    Sample("constant_pad_nd", (integers(0, 5, 3), (1, 1), 2.5), note="integers", grad=False),
    Sample(F + "pad", (normal(2, 3), (-1, 1, -2, 0)), note="to nothing"),
    Sample(F + "pad", (normal(), ()), note="0-d"),
    *[Sample(F + "pad", (normal(2, 3), (2, 1)), {"mode": m}, note=m) for m in ("reflect", "replicate", "circular")],
    *[
        Sample(F + "pad", (normal(1, 2, 3), (1, 2, 1, -1)), {"mode": m}, note=m + " axes")
        for m in ("reflect", "replicate", "circular")
    ],
    Sample(F + "pixel_shuffle", (normal(1, 4, 1, 2), 2)),
    Sample(F + "pixel_unshuffle", (normal(1, 2, 4), 2)),
]

RESAMPLING = [
    *[
        Sample(F + "interpolate", (normal(1, 2, 3), 5), {"mode": m}, note=m)
        for m in ("nearest", "nearest-exact", "linear")
    ],
    Sample(F + "interpolate", (normal(1, 1, 5), 3), {"mode": "area"}, note="area"),
    Sample(F + "interpolate", (normal(1, 1, 5), 2), {"mode": "linear"}, note="fewer"),
    Sample(F + "interpolate", (normal(1, 1, 4),), {"scale_factor": 1.7, "mode": "linear"}, note="factor"),
    Sample(
        F + "interpolate",
        (normal(1, 1, 4),),
        {"scale_factor": 1.7, "mode": "linear", "recompute_scale_factor": True},
        note="ratio",
    ),
    *[
        Sample(
            F + "interpolate",
            (normal(1, 1, 2, 3), (3, 4)),
            {"mode": m, "align_corners": corners},
            note=f"{m} {corners}",
        )
        for m in ("bilinear", "bicubic")
        for corners in (False, True)
    ],
    Sample(F + "interpolate", (normal(1, 1, 3, 2), (2, 3)), {"mode": "area"}, note="area image"),
    Sample(F + "interpolate", (normal(1, 1, 1, 2, 2), 3), {"mode": "trilinear"}, note="trilinear"),
]

SEARCHES = [
    *[
        Sample(op, (given([[0.0, 2.0, NAN], [-1.0, 0.0, 0.0]], grad=False),), grad=False)
        for op in ("nonzero", "argwhere")
    ],
    *[Sample(op, (given(3.0, grad=False),), note="0-d", grad=False) for op in ("nonzero", "argwhere")],
    *[Sample(op, (constant(normal(0, 3)),), note="empty", grad=False) for op in ("nonzero", "argwhere")],
    Sample("nonzero", (integers(0, 2, 3, 4),), {"as_tuple": True}, note="tuple", grad=False),
    Sample("nonzero", (given(3.0, grad=False),), {"as_tuple": True}, note="0-d tuple", grad=False),
    Sample("isin", (integers(0, 6, 2, 3), index(1, 4)), grad=False),
    Sample(
        "isin", (given([1.0, NAN], grad=False), given([NAN, 2.0], grad=False)), {"invert": True}, note="nan", grad=False
    ),
    Sample("isin", (integers(0, 3, 4), 2), note="number", grad=False),
    Sample("unique", (integers(0, 4, 3, 3),), grad=False),
    Sample("unique", (integers(0, 4, 3, 3), True, True, True), note="inverse and counts", grad=False),
    Sample("unique", (integers(0, 2, 4, 2), True, True, True, 0), note="rows", grad=False),
    Sample("unique", (given([2.0, NAN, 1.0, NAN], grad=False),), note="nan", grad=False),
    Sample("bucketize", (constant(normal(2, 3)), given([-0.5, 0.0, 0.5], grad=False)), grad=False),
    Sample("bucketize", (index(1, 2, 3), index(1, 3)), {"right": True, "out_int32": True}, note="right", grad=False),
    Sample("searchsorted", (index(1, 3, 3, 5), rows([0, 3], [4, 9])), grad=False),
    Sample("searchsorted", (index(1, 3, 3, 5), 3), {"side": "right"}, note="number", grad=False),
    Sample("searchsorted", (rows([1, 3], [2, 4]), rows([3, 0, 1], [3, 9, 2])), note="rows", grad=False),
    Sample("searchsorted", (index(3, 1), index(2, 3)), {"sorter": index(1, 0)}, note="sorter", grad=False),
]

SHAPE_FUNCTIONS = [
    *ORDERS,
    *TRIANGLES,
    *DIAGONALS,
    *MASKS,
    *SELECTIONS,
    *INDEX_WRITES,
    *SCATTERING,
    *TILINGS,
    *STACKING,
    *SPLITTING,
    *PADDING,
    *RESAMPLING,
    *SEARCHES,
]

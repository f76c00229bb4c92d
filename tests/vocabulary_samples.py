"""Samples of PyTorch's further names and forms: in place, shifts of bits, options that are rarely written."""

import numpy as np

from tests.samples import Sample, constant, distinct, given, integers, nonzero, normal, positive, regular

NAN = np.nan

PRODUCTS_IN_PLACE = [
    Sample(".addmm_", (normal(2, 3), normal(2, 4), normal(4, 3)), {"beta": 0.5, "alpha": 2.0}),
    Sample(".addmv_", (normal(2), normal(2, 3), normal(3)), {"beta": 0.5, "alpha": 2.0}),
    Sample(".addr_", (normal(2, 3), normal(2), normal(3)), {"alpha": 2.0}),
    Sample(".baddbmm_", (normal(2, 2, 3), normal(2, 2, 4), normal(2, 4, 3)), {"beta": 0.5}),
    Sample(".addbmm_", (normal(2, 3), normal(2, 2, 4), normal(2, 4, 3)), {"alpha": 2.0}),
    Sample(".cumsum_", (normal(2, 3), 1)),
    Sample(".cumprod_", (nonzero(2, 3), -1)),
    Sample(".renorm_", (normal(3, 4), 2, 0, 1.0)),
    Sample(".polygamma_", (positive(3), 1), torch=""),
    Sample(".div_", (distinct(4), positive(4)), {"rounding_mode": "floor"}, note="floor"),
    Sample(".div_", (distinct(4), positive(4)), {"rounding_mode": "trunc"}, note="trunc"),
]
SHAPES_IN_PLACE = [
    Sample(".t_", (normal(2, 3),)),
    Sample(".t_", (normal(3),), note="vector"),
    Sample(".transpose_", (normal(2, 3, 4), 0, -1)),
    Sample(".swapaxes_", (normal(2, 3, 4), 2, 1)),
    Sample(".swapdims_", (normal(2, 3, 4), 2, 1)),
    Sample(".squeeze_", (normal(1, 2, 1),)),
    Sample(".squeeze_", (normal(1, 2, 1), 0), note="dim"),
    Sample(".unsqueeze_", (normal(2, 3), 1)),
]
COMPARISONS = [
    Sample(f".{op}_", (constant(normal(4)), constant(normal(4))), grad=False, alone=True)
    for op in ("eq", "ne", "lt", "le", "gt", "ge")
]
SHIFTS = [
    *[
        Sample(op, (integers(-9, 9, 5), given([0, 1, 3, 64, -1], np.int64)), grad=False)
        for op in ("bitwise_left_shift", "bitwise_right_shift")
    ],
    *[
        Sample(op, (given([100, -100, 1], np.int8), given([1, 7, 8], np.int8)), note="int8", grad=False)
        for op in ("bitwise_left_shift", "bitwise_right_shift")
    ],
    *[
        Sample(op, (given([100, 255, 1], np.uint8), given([1, 7, 8], np.uint8)), note="uint8", grad=False)
        for op in ("bitwise_left_shift", "bitwise_right_shift")
    ],
    *[Sample(f".{op}_", (integers(0, 9, 4), 2), grad=False) for op in ("bitwise_left_shift", "bitwise_right_shift")],
]
OPTIONS = [
    Sample(".qr", (regular(3, 2),), torch=""),
    Sample(".qr", (regular(2, 3), False), note="complete", torch=""),
    Sample(".lu", (regular(3, 3),)),
    Sample(".lu_solve", (normal(3, 2), regular(3, 3), given([1, 2, 3], np.int32))),
    Sample("norm", (normal(3, 4), "nuc"), note="nuc"),
    Sample("norm", (normal(3, 2, 4), "nuc", (0, 2), True), note="nuc of axes"),
    Sample("nn.functional.relu", (nonzero(2, 3),)),
    Sample("broadcast_to", (normal(3),), {"size": (2, 3)}, note="by name"),
    Sample("swapaxes", (normal(2, 3, 4),), {"axis0": 0, "axis1": -1}, note="by name"),
    *[
        Sample("nn.functional.interpolate", (normal(1, 2, 5, 7), size), {"mode": mode, "antialias": True}, note=note)
        for mode in ("bilinear", "bicubic")
        for size, note in (((2, 3), f"smooth {mode}"), ((9, 4), f"smooth {mode}, taller"))
    ],
    *[
        Sample(
            "nn.functional.interpolate",
            (normal(*shape),),
            {"scale_factor": 1.2, "mode": mode},
            note=f"{mode}, the length stays",
        )
        for mode, shape in (("linear", (1, 2, 4)), ("bilinear", (1, 1, 3, 4)), ("trilinear", (1, 1, 2, 3, 4)))
    ],
    # Where nothing is left to chance.
    Sample("normal", (normal(2, 3), given([0.0, 0.0, 0.0])), smooth=False),
    Sample("max", (given([NAN, 1.0, NAN]),), note="NaN in all", smooth=False),
    Sample("min", (given([NAN, 1.0, NAN]),), note="NaN in all", smooth=False),
    Sample("pow", (given([True, False]), True), note="a bool", grad=False),
    Sample("chunk", (normal(0, 3), 3), note="of nothing"),
]
NAN_SAMPLES = [
    *[
        Sample(op, (given([NAN, -1.0, 0.0, 2.0]),), note="NaN", smooth=False)
        for op in ("sign", "sgn", "abs", ".sign_", ".sgn_")
    ],
    *[Sample(op, (given([[NAN, 1.0], [2.0, 3.0]]), 1), note="NaN", smooth=False) for op in ("amax", "amin")],
    *[
        Sample(f"nn.functional.{op}", (given([NAN, 0.2, 2.0]),), note="NaN", smooth=False)
        for op in ("hardtanh", "relu6", "hardshrink", "softshrink")
    ],
]
OF_INTEGERS = [
    *[
        Sample(f"nn.functional.{op}", (given([-3, 0, 5, 9], kind),), note=f"of {np.dtype(kind).name}", grad=False)
        for op in ("hardtanh", "relu6")
        for kind in (np.int64, np.int8)
    ],
    Sample("nn.functional.hardtanh", (given([-3, 0, 4], np.int64), -1.5, 2.5), note="rounded bounds", grad=False),
    Sample("nn.functional.threshold", (given([0, 2, 3], np.int32), 2.5, -1.5), note="of int32", grad=False),
    *[Sample(op, (given([[1, 2], [0, 3]], np.uint8), 1), note="of uint8", grad=False) for op in ("all", "any")],
    Sample("nn.functional.dropout", (given([1, 2], np.int64), 0.0), note="of integers", grad=False),
    *[
        Sample("nn.functional.pad", (normal(1, 1, 4), amounts), {"mode": "circular"}, note=f"circular {amounts}")
        for amounts in ((-1, 2), (2, -1), (-1, -1), (-4, 0))
    ],
]
VOCABULARY = [
    *PRODUCTS_IN_PLACE,
    *SHAPES_IN_PLACE,
    *COMPARISONS,
    *SHIFTS,
    *OPTIONS,
    *NAN_SAMPLES,
    *OF_INTEGERS,
]

"""Samples that the table of derivatives needs: kinks that other samples avoid, and plain conversions."""

import numpy as np

from tests.samples import Sample, constant, given, nonzero, normal

CONVENTIONS = [
    Sample("sqrt", (given([0.0, 4.0]),), note="zero", smooth=False),
    Sample("norm", (given([[0.0, 0.0], [0.0, 2.0]]), 2, 1), note="zero row", smooth=False),
    Sample("remainder", (given([0.0, 3.0, -3.0]), given([1.5, 1.5, 1.5])), note="jumps", smooth=False),
    Sample("fmod", (given([0.0, 3.0, -3.0]), given([1.5, 1.5, 1.5])), note="jumps", smooth=False),
    Sample("fmax", (given([1.0, 2.0]), given([1.0, 3.0])), note="tie", smooth=False),
    Sample("fmin", (given([1.0, 2.0]), given([1.0, 3.0])), note="tie", smooth=False),
    Sample("clamp_min", (given([0.0, 1.0]), 0.0), note="at the bound", smooth=False),
    Sample("clamp_max", (given([0.0, 1.0]), 1.0), note="at the bound", smooth=False),
    Sample("nn.functional.l1_loss", (given([1.0, 2.0]), given([1.0, 3.0])), note="equal", smooth=False),
    Sample("nn.functional.dropout", (normal(2, 3), 0.5, False), note="evaluation"),
    Sample("linalg.norm", (nonzero(2, 3), 1), note="columns"),
    Sample("linalg.norm", (normal(2, 3), "fro", (0, 1)), note="fro"),
    Sample("linalg.norm", (normal(2, 4), None, 1), note="vectors"),
    Sample(".to", (normal(2, 3), np.float64), torch="", alone=True),
    Sample(".type", (normal(2, 3), "torch.DoubleTensor"), alone=True),
    Sample(".cpu", (normal(2, 3),)),
    Sample(".type_as", (normal(2, 3), constant(normal(1))), note="floats", alone=True),
]

"""What the operations on shapes and places refuse; the form of the table is that of ``test_errors.py``."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.nn import functional as F
from tests.ops.refusals import check_refusal

INDEX = mg.tensor([0, 1])
FLOATS = mg.tensor([0.0, 1.0])
FAR = mg.tensor([0, 5])
NEGATIVE = mg.tensor([0, -1])

#: name: (call, exception, what the message holds)
TABLE = {
    "flip twice": (lambda o: o.a.flip((0, -2)), ValueError, "flip", "twice", "(0, -2)"),
    "flip of no axis": (lambda o: o.a.flip(2), IndexError, "flip", "dim 2", "2 dimensions"),
    "fliplr": (lambda o: mg.fliplr(o.b), ValueError, "fliplr", "at least 2 axes", "(4,)"),
    "flipud": (lambda o: mg.flipud(o.s), ValueError, "flipud", "at least 1 axes", "()"),
    "roll": (lambda o: o.a.roll((1, 2)), ValueError, "roll", "one shift", "(1, 2)", "dims=(0, 1)"),
    "roll dims": (lambda o: o.a.roll(1, (0, 1)), ValueError, "roll", "as many shifts", "1 and (0, 1)"),
    "roll floats": (lambda o: o.a.roll(1.5), TypeError, "roll", "shifts", "1.5"),
    "rot90": (lambda o: o.b.rot90(), ValueError, "rot90", "two different axes", "(4,)"),
    "rot90 in no plane": (lambda o: o.a.rot90(1, (0, -2)), ValueError, "rot90", "(0, -2)", "(2, 3)"),
    "tril": (lambda o: o.b.tril(), ValueError, "tril", "matrix", "(4,)", "unsqueeze"),
    "triu": (lambda o: o.a.triu(0.5), TypeError, "triu", "diagonal", "0.5"),
    "tril_indices": (lambda o: mg.tril_indices(-1, 2), ValueError, "tril_indices", "-1 and 2"),
    "diag": (lambda o: mg.zeros(2, 2, 2).diag(), ValueError, "diag", "(2, 2, 2)", "diag_embed"),
    "diag_embed": (lambda o: o.a.diag_embed(0, 1, -2), ValueError, "diag_embed", "1 and -2", "3 axes"),
    "diag_embed of 0-d": (lambda o: o.s.diag_embed(), ValueError, "diag_embed", "()", "reshape(1)"),
    "select": (lambda o: o.a.select(1, 3), IndexError, "select", "index 3", "axis 1", "(2, 3)"),
    "select of 0-d": (lambda o: o.s.select(0, 0), IndexError, "select", "0-d"),
    "narrow": (lambda o: o.a.narrow(1, 2, 2), ValueError, "narrow", "2 places from 2", "axis 1", "(2, 3)"),
    "narrow to less": (lambda o: o.a.narrow(1, 0, -1), ValueError, "narrow", "-1 places"),
    "narrow of 0-d": (lambda o: o.s.narrow(0, 0, 1), ValueError, "narrow", "0-d"),
    "index_select": (lambda o: o.a.index_select(0, FAR), IndexError, "index_select", "index 5", "axis 0 of length 2"),
    "index_select from the end": (lambda o: o.a.index_select(0, NEGATIVE), IndexError, "index -1", "add the length"),
    "index_select floats": (lambda o: o.a.index_select(0, FLOATS), TypeError, "integers", "float32", "index.long()"),
    "index_select matrix": (lambda o: o.a.index_select(0, o.a.long()), ValueError, "(n,)", "(2, 3) int64", "gather"),
    "index_select of 0-d": (lambda o: o.s.index_select(0, INDEX), ValueError, "index_select", "one place", "(2,)"),
    "take": (lambda o: o.a.take(mg.tensor([6])), IndexError, "take", "index 6", "length 6"),
    "take before the start": (lambda o: o.a.take(mg.tensor([-7])), IndexError, "take", "index -1", "length 6"),
    "take_along_dim": (lambda o: o.a.take_along_dim(INDEX, 0), ValueError, "take_along_dim", "as many axes", "(2,)"),
    "take_along_dim shapes": (
        lambda o: o.a.take_along_dim(mg.tensor([[0, 1]]), 0),
        ValueError,
        "take_along_dim",
        "broadcast",
        "(1, 2)",
    ),
    "unfold": (lambda o: o.b.unfold(0, 5, 1), ValueError, "unfold", "windows of 5", "(4,)"),
    "unfold step": (lambda o: o.b.unfold(0, 2, 0), ValueError, "unfold", "every 0"),
    "masked_fill": (lambda o: o.a.masked_fill(o.a, 0), TypeError, "masked_fill", "bool", "(2, 3) float32", "x != 0"),
    "masked_fill shapes": (lambda o: o.b.masked_fill(o.m, 0), ValueError, "masked_fill", "(3,)", "(4,)"),
    "masked_fill vector": (lambda o: o.w.masked_fill(o.m, o.w), ValueError, "masked_fill", "one number", "where"),
    "masked_fill_ leaf": (lambda o: o.w.masked_fill_(o.m, 0), RuntimeError, "masked_fill_", "leaf that requires grad"),
    "masked_fill_ shapes": (lambda o: o.b.masked_fill_(mg.ones(2, 4) > 0, 0), ValueError, "masked_fill_", "(2, 4)"),
    "masked_select": (lambda o: o.b.masked_select(o.m), ValueError, "masked_select", "(3,)", "(4,)"),
    "masked_scatter": (lambda o: o.w.masked_scatter(o.m, o.w[:1]), ValueError, "2 places", "1 elements"),
    "masked_scatter dtype": (lambda o: o.w.masked_scatter(o.m, o.d), TypeError, "float32", "(2,) float64"),
    "index_add": (lambda o: o.a.index_add(0, INDEX, o.c), ValueError, "index_add", "(2, 3)", "(2, 2) float32 'cells'"),
    "index_add dtype": (lambda o: o.a.index_add(0, INDEX, o.a.double()), TypeError, "index_add", "float64"),
    "index_add place": (lambda o: o.a.index_add(0, NEGATIVE, o.a), IndexError, "index_add", "index -1"),
    "index_add alpha": (lambda o: o.i.index_add(0, INDEX, INDEX, alpha=0.5), TypeError, "alpha", "0.5", "integer"),
    "index_copy": (lambda o: o.a.index_copy(0, INDEX, o.c), ValueError, "index_copy", "(2, 3)", "'cells'"),
    "index_fill": (lambda o: o.a.index_fill(0, FAR, 1), IndexError, "index_fill", "index 5"),
    "index_fill vector": (lambda o: o.a.index_fill(0, INDEX, o.w), ValueError, "index_fill", "one number", "(3,)"),
    "index_put": (lambda o: o.a.index_put(INDEX, o.a), TypeError, "index_put", "tuple", "(2,)"),
    "index_put values": (lambda o: o.a.index_put((INDEX,), o.b), ValueError, "index_put", "(4,)", "(2, 3)"),
    "index_put place": (lambda o: o.a.index_put((FAR,), o.a), IndexError, "index_put", "index 5", "axis 0"),
    "index_put dtype": (lambda o: o.a.index_put((INDEX,), o.a.double()), TypeError, "index_put", "float64"),
    "scatter": (lambda o: o.a.scatter(1, mg.tensor([[3]]), 1), IndexError, "scatter", "index 3", "axis 1 of length 3"),
    "scatter nothing": (lambda o: o.a.scatter(1, o.a.long()), TypeError, "scatter", "src or value"),
    "scatter axes": (lambda o: o.a.scatter(1, INDEX, 1), ValueError, "scatter", "as many axes", "(2, 3)", "(2,)"),
    "scatter floats": (lambda o: o.a.scatter(1, o.a, 1), TypeError, "scatter", "integers"),
    "scatter src": (lambda o: o.a.scatter(1, o.a.long() * 0, o.c), ValueError, "scatter", "no longer", "(2, 2)"),
    "scatter dtype": (lambda o: o.a.scatter(1, o.a.long() * 0, o.a.double()), TypeError, "scatter", "float64"),
    "scatter reduce": (lambda o: o.a.scatter(1, o.a.long() * 0, o.a, reduce="min"), ValueError, "'add'", "'min'"),
    "scatter_add number": (lambda o: o.a.scatter_add(1, INDEX, "a"), TypeError, "scatter_add", "'a'"),
    "scatter_add axes": (lambda o: o.a.scatter_add(1, INDEX, o.a), ValueError, "scatter_add", "as many axes"),
    "scatter_reduce": (
        lambda o: o.a.scatter_reduce(1, o.a.long() * 0, o.a, "max"),
        ValueError,
        "scatter_reduce",
        "amax",
        "'max'",
    ),
    "scatter_reduce place": (lambda o: o.a.scatter_reduce(1, o.a.long(), o.a, "amax"), IndexError, "scatter_reduce"),
    "repeat": (lambda o: o.a.repeat(2), ValueError, "repeat", "2 axes", "(2,)", "tile"),
    "repeat negative": (lambda o: o.b.repeat(-1), ValueError, "repeat", "(-1,)"),
    "repeat_interleave": (lambda o: o.a.repeat_interleave(o.i, 0), ValueError, "each of 2 elements", "[0, 1, 2]"),
    "repeat_interleave negative": (lambda o: o.b.repeat_interleave(-1), ValueError, "repeat_interleave", "-1"),
    "repeat_interleave floats": (lambda o: o.d.repeat_interleave(FLOATS), TypeError, "repeat_interleave", "integers"),
    "repeat_interleave size": (lambda o: o.b.repeat_interleave(2, output_size=7), ValueError, "7", "8"),
    "tensor_split": (lambda o: o.b.tensor_split(0), ValueError, "tensor_split", "at least 1", "got 0"),
    "tensor_split of 0-d": (lambda o: o.s.tensor_split(2), ValueError, "tensor_split", "0-d", "reshape(1)"),
    "tensor_split floats": (lambda o: o.b.tensor_split((1, 2.5)), TypeError, "tensor_split", "2.5"),
    "hsplit": (lambda o: o.a.hsplit(2), ValueError, "hsplit", "axis 1", "2 equal parts", "tensor_split"),
    "vsplit": (lambda o: o.b.vsplit(2), ValueError, "vsplit", "at least 2 axes", "(4,)"),
    "dsplit": (lambda o: o.a.dsplit(1), ValueError, "dsplit", "at least 3 axes", "(2, 3)"),
    "hstack": (lambda o: mg.hstack([o.a, o.b]), ValueError, "cat", "(2, 3)", "(4,)"),
    "vstack": (lambda o: mg.vstack(o.a), TypeError, "vstack", "list or tuple", "(2, 3)"),
    "block_diag": (lambda o: mg.block_diag(o.a, mg.zeros(1, 2, 2)), ValueError, "block_diag", "(1, 2, 2)"),
    "broadcast_tensors": (lambda o: mg.broadcast_tensors(o.a, o.b), ValueError, "broadcast_tensors", "(2, 3)", "(4,)"),
    "meshgrid": (lambda o: mg.meshgrid(o.a), ValueError, "meshgrid", "(2, 3)", "flatten"),
    "meshgrid indexing": (lambda o: mg.meshgrid(o.b, indexing="yx"), ValueError, "meshgrid", "'yx'"),
    "meshgrid dtypes": (lambda o: mg.meshgrid(o.b, o.d), TypeError, "meshgrid", "float32", "float64"),
    "unique": (lambda o: o.e.unique(dim=1), ValueError, "unique", "(0, 3)", "no elements"),
    "bucketize": (lambda o: mg.bucketize(o.b, o.a), ValueError, "bucketize", "vector", "(2, 3)", "searchsorted"),
    "searchsorted": (lambda o: mg.searchsorted(o.a, o.b), ValueError, "searchsorted", "(2, 3)", "(4,)"),
    "searchsorted side": (lambda o: mg.searchsorted(o.b, o.b, side="up"), ValueError, "searchsorted", "'up'"),
    "searchsorted sorter": (lambda o: mg.searchsorted(o.b, o.b, sorter=o.i), ValueError, "sorter", "(4,)", "(3,)"),
    "pad": (lambda o: F.pad(o.a, (1,)), ValueError, "constant_pad_nd", "two numbers", "(2, 3)", "(1,)"),
    "pad of an integer": (lambda o: F.pad(o.a, 1), TypeError, "constant_pad_nd", "sequence", "int 1"),
    "pad away": (lambda o: F.pad(o.a, (-2, -2)), ValueError, "(-2, -2)", "3 elements of axis 1"),
    "pad reflected": (lambda o: F.pad(o.a, (3, 0), "reflect"), ValueError, "pad", "less than 3", "(3, 0)"),
    "pad circular": (lambda o: F.pad(o.a, (0, 4), "circular"), ValueError, "pad", "at most 3", "(0, 4)"),
    "pad with nothing": (lambda o: F.pad(o.e, (0, 0, 1, 0), "replicate"), ValueError, "pad", "0 elements", "(0, 3)"),
    "pad mode": (lambda o: F.pad(o.a, (1, 1), "zeros"), ValueError, "pad", "constant", "'zeros'"),
    "pad value": (lambda o: F.pad(o.a, (1, 1), "reflect", 1.0), ValueError, "pad", "takes no value", "1.0"),
    "pixel_shuffle": (lambda o: F.pixel_shuffle(mg.zeros(3, 2, 2), 2), ValueError, "pixel_shuffle", "3 channels"),
    "pixel_shuffle axes": (lambda o: F.pixel_shuffle(o.a, 2), ValueError, "pixel_shuffle", "(2, 3)"),
    "pixel_unshuffle": (lambda o: F.pixel_unshuffle(mg.zeros(1, 3, 2), 2), ValueError, "pixel_unshuffle", "3 x 2"),
    "interpolate": (lambda o: F.interpolate(o.a, 2), ValueError, "interpolate", "'nearest'", "(2, 3)"),
    "interpolate mode": (lambda o: F.interpolate(o.a[None], 2, mode="cubic"), ValueError, "bicubic", "'cubic'"),
    "interpolate axes": (lambda o: F.interpolate(o.a[None], 2, mode="bilinear"), ValueError, "'bilinear'", "2 axes"),
    "interpolate size": (lambda o: F.interpolate(o.a[None], (2, 2)), ValueError, "interpolate", "one number or 1"),
    "interpolate both": (lambda o: F.interpolate(o.a[None], 2, 2.0), ValueError, "either size or scale_factor"),
    "interpolate ratio": (
        lambda o: F.interpolate(o.a[None], 2, recompute_scale_factor=True),
        ValueError,
        "recompute_scale_factor",
    ),
    "interpolate to nothing": (lambda o: F.interpolate(o.a[None], 0), ValueError, "interpolate", "[0]", "(1, 2, 3)"),
    "interpolate corners": (lambda o: F.interpolate(o.a[None], 2, align_corners=True), ValueError, "align_corners"),
    "interpolate antialias": (
        lambda o: F.interpolate(o.a[None, None], 2, antialias=True),
        ValueError,
        "antialias",
        "'nearest'",
        "'area'",
    ),
    "interpolate integers": (lambda o: F.interpolate(o.i[None, None], 2), TypeError, "interpolate", "int64", "float()"),
    "logspace": (lambda o: mg.logspace(0, 1, -1), ValueError, "logspace", "-1"),
    "logspace base": (lambda o: mg.logspace(0, 1, 2, "e"), TypeError, "logspace", "base", "'e'"),
    "reshape": (lambda o: o.a.reshape(4, -1), ValueError, "reshape", "6 elements", "(4, -1)"),
    "reshape to -2": (lambda o: o.a.reshape((3, -2)), ValueError, "reshape", "(3, -2)"),
    "reshape to bools": (lambda o: o.a.reshape(True, 6), TypeError, "reshape", "True"),
    "expand": (lambda o: o.a.expand(2, 4), ValueError, "expand", "(2, 3)", "(2, 4)"),
    "expand to less": (lambda o: o.a.expand(3), ValueError, "expand", "(2, 3)", "(3,)"),
    "expand a new axis": (lambda o: o.a.expand(-1, 2, 3), ValueError, "expand", "(-1, 2, 3)"),
    "type": (lambda o: o.a.type("torch.HalfTensor"), TypeError, "HalfTensor"),
}
#: What to do instead is clear.
WITHOUT_REMEDY = {"tril_indices", "logspace", "logspace base"}


@pytest.mark.parametrize("name", TABLE)
def test_bad_input_is_refused_with_a_clear_message_and_changes_nothing(name):
    check_refusal(*TABLE[name], "test_place_errors.py:", with_remedy=name not in WITHOUT_REMEDY)


def test_the_operands_of_the_table_stay_as_they_are():
    assert (INDEX.tolist(), FAR.tolist(), NEGATIVE.tolist()) == ([0, 1], [0, 5], [0, -1])
    np.testing.assert_array_equal(FLOATS.data, [0.0, 1.0])

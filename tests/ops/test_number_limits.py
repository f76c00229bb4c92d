"""What the dtypes can hold, and how tensors are shown."""

import math

import pytest

import minigrad as mg


@pytest.fixture
def printing():
    yield mg.set_printoptions
    mg.set_printoptions(profile="default")


def test_the_limits_of_floats_are_those_of_ieee():
    single, double = mg.finfo(mg.float32), mg.finfo(type=mg.float64)
    assert (single.bits, single.eps, single.dtype) == (32, 2.0**-23, "float32")
    assert single.max == -single.min == (2 - 2**-23) * 2.0**127
    assert single.tiny == single.smallest_normal == 2.0**-126
    assert (double.eps, double.tiny, double.resolution) == (2.0**-52, 2.0**-1022, 1e-15)
    assert mg.finfo() == single
    assert type(single.eps) is float


def test_the_limits_of_integers_are_those_of_their_bits():
    limits = mg.iinfo(mg.int8)
    assert (limits.bits, limits.min, limits.max, limits.dtype) == (8, -128, 127, "int8")
    assert mg.iinfo(mg.uint8).min == 0
    assert mg.iinfo(mg.int64).max == 2**63 - 1


@pytest.mark.parametrize(
    ("call", "part"),
    [
        (lambda: mg.finfo(mg.int8), "Integers have iinfo"),
        (lambda: mg.iinfo(mg.float32), "Floats have finfo"),
        (lambda: mg.iinfo(bool), "False or True"),
        (lambda: mg.finfo("no"), "is not a dtype"),
    ],
)
def test_limits_of_another_kind_of_dtype_are_refused(call, part):
    with pytest.raises(TypeError, match=part):
        call()


def test_precision_and_exponents_act_on_reprs(printing):
    x = mg.tensor([1 / 3, 20000.0])
    assert repr(x) == "Tensor((2,) float32 | 0.3333 2e+04)"
    printing(precision=2)
    assert repr(x) == "Tensor((2,) float32 | 0.33 2e+04)"
    printing(sci_mode=False)
    assert repr(x) == "Tensor((2,) float32 | 0.33 20000.00)"
    printing(sci_mode=True)
    assert repr(x) == "Tensor((2,) float32 | 3.33e-01 2.00e+04)"
    printing()
    assert repr(x) == "Tensor((2,) float32 | 0.33 2e+04)"


def test_threshold_edge_items_and_line_width_act_on_reprs(printing):
    x = mg.arange(10)
    assert repr(x) == "Tensor((10,) int64 | 0 1 2 … 9)"
    printing(edgeitems=2)
    assert repr(x) == "Tensor((10,) int64 | 0 1 … 9)"
    printing(threshold=10)
    assert repr(x) == "Tensor((10,) int64 | 0 1 2 3 4 5 6 7 8 9)"
    printing(linewidth=34)
    assert repr(x) == "Tensor((10,) int64 | 0 1 … 9)"
    printing(profile="full")
    assert repr(mg.zeros(500)).count("0") > 500
    printing(profile="short")
    assert repr(mg.tensor([1 / 3] * 9)) == "Tensor((9,) float32 | 0.33 0.33 … 0.33)"
    printing(profile="default", threshold=0)
    assert repr(mg.ones(1)) == "Tensor((1,) float32 | 1)"


@pytest.mark.parametrize(
    ("options", "kind", "part"),
    [
        ({"profile": "long"}, ValueError, "default, short, full; got 'long'"),
        ({"precision": "4"}, TypeError, "precision must be a number, got str '4'"),
        ({"precision": 2.5}, ValueError, "precision must be an integer from 0 up, got 2.5"),
        ({"threshold": -1}, ValueError, "threshold must be a number from 0 up, got -1"),
        ({"linewidth": math.nan}, ValueError, "linewidth must be"),
        ({"edgeitems": True}, TypeError, "edgeitems must be a number"),
    ],
)
def test_options_that_make_no_sense_change_nothing(printing, options, kind, part):
    with pytest.raises(kind, match=part):
        printing(**{"precision": 1, **options})
    assert repr(mg.tensor(1 / 3)) == "Tensor(() float32 | 0.3333)"

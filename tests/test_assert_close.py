"""``minigrad.testing.assert_close`` passes what PyTorch's passes, and says more of what it does not."""

import collections
import itertools

import numpy as np
import pytest

import minigrad as mg
from minigrad.testing import assert_close

NAN, INFINITY = float("nan"), float("inf")
Point = collections.namedtuple("Point", ["x", "y"])


def failure(actual, expected, **options):
    """Return what is said of two results that are not close."""
    with pytest.raises(AssertionError) as caught:
        assert_close(actual, expected, **options)
    return str(caught.value)


@pytest.mark.parametrize(
    ("dtype", "rtol", "atol"), [("float32", 1.3e-6, 1e-5), ("float64", 1e-7, 1e-7), ("int64", 0, 0), ("bool", 0, 0)]
)
def test_the_tolerances_are_those_of_the_dtype(dtype, rtol, atol):
    for size in (1, 100) if dtype != "bool" else (1,):
        allowed = atol + rtol * size
        expected = mg.tensor([size, 0], dtype=dtype)
        assert_close(mg.tensor(np.array([size + 0.9 * allowed, 0.9 * atol], dtype)), expected)
        beyond = 1 if rtol == 0 else 1.1 * allowed
        failure(mg.tensor(np.array([size - beyond, 0], dtype)), expected)


def test_of_two_dtypes_the_larger_tolerances_count():
    x, y = mg.tensor([1.0 + 5e-6]), mg.tensor([1.0], dtype=mg.float64)
    for one, other in itertools.permutations((x, y)):
        assert_close(one, other, check_dtype=False)
    assert_close(mg.tensor([1]), y, check_dtype=False)


def test_given_tolerances_replace_those_of_the_dtype():
    assert_close(mg.tensor([1.0, 200.0]), mg.tensor([1.1, 220.0]), rtol=0.1, atol=0)
    failure(mg.tensor([1.0]), mg.tensor([1.0 + 1e-6]), rtol=0, atol=0)
    # Relative to what is expected.
    assert_close(9.0, 10.0, rtol=0.1, atol=0)
    failure(10.0, 9.0, rtol=0.1, atol=0)


def test_infinities_are_close_to_themselves_and_nan_only_where_asked():
    assert_close(mg.tensor([INFINITY, -INFINITY]), mg.tensor([INFINITY, -INFINITY]))
    failure(mg.tensor([INFINITY]), mg.tensor([-INFINITY]))
    failure(mg.tensor([1e30]), mg.tensor([INFINITY]), rtol=1.0, atol=1.0)
    assert_close(mg.tensor([NAN, 1.0]), mg.tensor([NAN, 1.0]), equal_nan=True)
    failure(mg.tensor([NAN, 1.0]), mg.tensor([1.0, NAN]), equal_nan=True)
    assert "equal_nan=True" in failure(mg.tensor([NAN]), mg.tensor([NAN]))


def test_arrays_and_numbers_are_compared_with_tensors():
    assert_close(mg.tensor([1.0, 2.0]), np.array([1.0, 2.0], np.float32))
    assert_close(mg.tensor(1.0), 1.0)
    assert_close(0.1, mg.tensor(0.1))
    assert_close(np.float64(0.5), 0.5)
    failure(mg.tensor([1.0]), 1.0)


def test_integers_are_compared_exactly():
    large = 2**62
    assert_close(mg.tensor([large]), mg.tensor([large]))
    failure(mg.tensor([large]), mg.tensor([large + 1]))
    assert "largest difference 9.22337e+18" in failure(mg.tensor([large]), mg.tensor([-large]))
    assert "largest difference 255" in failure(mg.tensor([0], dtype="uint8"), mg.tensor([255], dtype="uint8"))


def test_a_tensor_of_the_graph_and_an_empty_one_can_be_compared():
    x = mg.ones(2, requires_grad=True)
    assert_close(x * 2, mg.tensor([2.0, 2.0]))
    assert_close(mg.zeros(0, 3), mg.zeros(0, 3))


def test_containers_are_compared_item_by_item():
    one = {"a": [mg.ones(2), (1, None)], "b": Point(1.0, np.zeros(2))}
    assert_close(one, {"b": Point(1.0, np.zeros(2)), "a": ([mg.ones(2), [1, None]])})
    text = failure(one, {"a": [mg.zeros(2), (2, None)], "b": Point(1.0, np.zeros(2))})
    for part in ("item ['a'][0]: 2 of 2 elements", "item ['a'][1][0]: the numbers differ", "expected  2"):
        assert part in text


def test_of_many_items_that_differ_some_are_shown():
    text = failure(list(range(10)), list(range(1, 11)))
    assert "item [2]" in text
    assert "item [3]" not in text
    assert "and 7 more items" in text


@pytest.mark.parametrize(
    ("actual", "expected", "parts"),
    [
        (
            mg.tensor([[1.0, 2.0], [3.0, 4.0]]),
            mg.tensor([[1.0, 2.5], [3.0, 0.0]]),
            [
                "assert_close: 2 of 4 elements differ by more than is allowed (50 %).",
                "came      (2, 2) float32",
                "largest difference 4 at (1, 1): 4.0 came, 0.0 is expected; atol is 1e-05",
                "largest relative difference inf at (1, 1)",
                "rtol is 1.3e-06",
                "test_assert_close.py",
            ],
        ),
        (mg.tensor([0.0, NAN, INFINITY]), mg.zeros(3), ["2 of 3 elements", "not finite: 2, first at 1: nan came"]),
        (mg.tensor([1.0, 2.0, 4.0]), mg.tensor([1.0, 2.0, 3.0]), ["1 of 3 elements differs", "difference 1 at 2: 4.0"]),
        (1.0, 2.0, ["the numbers differ", "came      1.0", "largest difference 1: 1.0 came, 2.0 is expected"]),
        (mg.ones(2, 3), mg.ones(3, 2), ["the shapes differ", "(2, 3)", "(3, 2)", "reshape"]),
        (mg.ones(2, 3), mg.ones(4), ["the shapes differ", "(4,) float32"]),
        (mg.ones(2), mg.ones(2, dtype="float64"), ["the dtypes differ", "float32", "float64", "check_dtype=False"]),
        (1, 1.0, ["the dtypes differ", "came      1\n", "expected  1.0"]),
        ([1], [1, 2], ["the lengths differ: 1 came, 2 is expected"]),
        ({"a": 1}, {"b": 1}, ["the keys differ", "['b'] did not come", "['a'] are not expected"]),
        ([None], [mg.ones(2)], ["item [0]: NoneType None came, (2,) float32 is expected"]),
    ],
)
def test_the_error_says_what_differs_by_how_much_and_where(actual, expected, parts):
    text = failure(actual, expected)
    for part in parts:
        assert part in text


def test_types_and_strides_are_compared_where_that_is_asked():
    parameter, tensor = mg.nn.Parameter(mg.ones(2, 3)), mg.ones(3, 2).t()
    assert_close(parameter, tensor)
    assert_close(1.0, 1.0, allow_subclasses=False, check_device=False, check_layout=False)
    assert_close(tensor, mg.zeros(3, 2).t() + 1, allow_subclasses=False)
    text = failure(parameter, tensor, check_stride=True)
    assert "the strides differ: (3, 1) came, (1, 2) is expected" in text
    assert "x.contiguous()" in text
    assert_close(mg.ones(2, 3), mg.ones(2, 3, dtype=mg.float64), check_stride=True, check_dtype=False)


def test_a_message_of_ones_own_replaces_or_extends_the_text():
    assert failure(1.0, 2.0, msg="the loss") == "the loss"
    assert failure(1.0, 2.0, msg=lambda text: f"the loss: {text}").startswith("the loss: assert_close: the numbers")


@pytest.mark.parametrize(
    ("call", "error", "parts"),
    [
        (lambda: assert_close("a", "a"), TypeError, ["str 'a'", "assert actual == expected"]),
        (lambda: assert_close([1.0, {1}], [1.0, {1}]), TypeError, ["at [1]", "set {1}"]),
        (lambda: assert_close([1.0], mg.ones(1)), TypeError, ["list [1.0]", "(1,) float32"]),
        (
            lambda: assert_close(mg.nn.Parameter(mg.ones(1)), mg.ones(1), allow_subclasses=False),
            TypeError,
            ["(1,) float32", "both must be of one type"],
        ),
        (lambda: assert_close(1.0, 1.0, rtol=0.1), ValueError, ["rtol alone", "atol=0"]),
        (lambda: assert_close(1.0, 1.0, rtol=0.1, atol=-1.0), ValueError, ["atol must not be negative", "-1.0"]),
        (lambda: assert_close(1.0, 1.0, rtol="0.1", atol=0), TypeError, ["rtol must be a number"]),
    ],
)
def test_what_cannot_be_compared_is_refused(call, error, parts):
    with pytest.raises(error) as caught:
        call()
    for part in parts:
        assert part in str(caught.value)


def test_it_decides_as_pytorch_does():
    torch = pytest.importorskip("torch")
    rng = np.random.Generator(np.random.PCG64(0))
    for _ in range(300):
        dtype = rng.choice(["float32", "float64", "int64"])
        x = rng.integers(-3, 3, rng.integers(0, 4, 2)).astype(dtype)
        y = x.copy()
        if dtype != "int64" and x.size:
            y += (rng.random(x.shape) * 10.0 ** rng.integers(-9, -3)).astype(dtype)
            y.flat[0] = rng.choice([y.flat[0], NAN, INFINITY])
            x.flat[0] = rng.choice([x.flat[0], NAN, INFINITY])
        options = {"equal_nan": bool(rng.integers(2))}
        if rng.integers(2):
            options |= {"rtol": 10.0 ** rng.integers(-8, -2), "atol": 10.0 ** rng.integers(-8, -2)}
        decisions = []
        for check, wrap in ((assert_close, mg.from_numpy), (torch.testing.assert_close, torch.from_numpy)):
            try:
                check(wrap(x), wrap(y), **options)
            except AssertionError:
                decisions.append(False)
            else:
                decisions.append(True)
        assert decisions[0] == decisions[1], (x, y, options)

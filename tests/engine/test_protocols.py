"""A tensor behaves as Python expects of a number, a sequence and a key, and shows itself in one line."""

import math
import operator

import numpy as np
import pytest

import minigrad as mg


def leaf(values):
    return mg.tensor(values, dtype=mg.float64, requires_grad=True)


@pytest.mark.parametrize("shape", [(), (1,), (1, 1, 1)])
def test_one_element_is_a_number(shape):
    x = mg.tensor(np.full(shape, 2.5), requires_grad=True)
    assert x.item() == float(x) == 2.5
    assert type(x.item()) is float
    assert type(float(x)) is float
    assert int(x) == 2
    assert bool(x) is True
    assert not mg.zeros(shape)
    assert math.sqrt(x) == math.sqrt(2.5)


def test_item_has_the_python_type_of_the_dtype():
    assert type(mg.tensor(True).item()) is bool
    assert type(mg.tensor(3).item()) is int
    assert type(mg.tensor(3.0).item()) is float


@pytest.mark.parametrize("call", [float, int, lambda x: x.item()], ids=["float", "int", "item"])
@pytest.mark.parametrize("shape", [(2,), (0,)])
def test_several_elements_are_no_number(call, shape):
    with pytest.raises(ValueError, match="a tensor of one element is needed"):
        call(mg.zeros(shape))


@pytest.mark.parametrize("shape", [(2,), (0,)])
def test_several_elements_have_no_truth(shape):
    with pytest.raises(ValueError, match=r"bool: .*") as caught:
        bool(mg.zeros(shape))
    assert ".any()" in str(caught.value)
    assert str(shape) in str(caught.value)


def test_an_integer_is_an_index():
    place = mg.tensor(1)
    assert [10, 20, 30][place] == 20
    assert list(range(mg.tensor(3))) == [0, 1, 2]
    assert operator.index(mg.tensor([2])) == 2


@pytest.mark.parametrize("value", [1.0, [1, 2]])
def test_what_is_no_integer_is_no_index(value):
    with pytest.raises(TypeError, match="index: one integer is needed"):
        operator.index(mg.tensor(value))


def test_len_and_iteration_go_along_the_first_axis():
    x = leaf([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    assert len(x) == 3
    rows = list(x)
    assert [row.tolist() for row in rows] == x.tolist()
    first, _, last = x
    (first * last).sum().backward()
    assert x.grad.tolist() == [[5.0, 6.0], [0.0, 0.0], [1.0, 2.0]]
    assert list(mg.zeros(0, 2)) == []
    assert [each.shape for each in mg.zeros(2)] == [(), ()]


@pytest.mark.parametrize("call", [len, iter, list], ids=["len", "iter", "list"])
def test_a_0d_tensor_has_no_axis_to_go_along(call):
    with pytest.raises(TypeError, match="0-d tensor"):
        call(mg.tensor(1.0))


def test_contains_looks_for_an_equal_element():
    x = leaf([[1.0, 2.0], [3.0, 4.0]])
    assert 3.0 in x
    assert 5.0 not in x
    assert mg.tensor(2.0) in x


def test_format_formats_the_one_element():
    x = leaf([2.5])
    assert f"{x:.3f}" == "2.500"
    assert f"{mg.tensor(7):>4d}" == "   7"
    assert f"{x}" == str(x)
    assert f"{mg.zeros(2)}" == str(mg.zeros(2))
    assert f"{x.item():g}" == "2.5"
    with pytest.raises(ValueError, match="format: a tensor of one element is needed"):
        f"{mg.zeros(2):.3f}"


def test_tolist_nests_python_numbers():
    assert mg.tensor([[1, 2], [3, 4]]).tolist() == [[1, 2], [3, 4]]
    assert type(mg.tensor([1]).tolist()[0]) is int
    assert mg.tensor(1.5).tolist() == 1.5
    assert leaf([1.0]).tolist() == [1.0]


def test_a_tensor_is_a_key_by_its_identity():
    a, b = leaf([1.0, 2.0]), leaf([1.0, 2.0])
    assert hash(a) != hash(b)
    names = {a: "a", b: "b"}
    assert (names[a], names[b]) == ("a", "b")
    assert len({a, b, a}) == 2
    value = hash(a)
    with mg.no_grad():
        a += 1.0
    assert hash(a) == value
    assert names[a] == "a"


@pytest.mark.parametrize("other", [None, "a", {}, object(), mg], ids=["None", "str", "dict", "object", "module"])
def test_a_tensor_is_unequal_to_what_is_no_number(other):
    x = leaf([1.0, 2.0])
    assert (x == other) is False
    assert (x != other) is True
    assert (other == x) is False


def test_equality_with_numbers_is_elementwise():
    x = mg.tensor([1.0, 2.0])
    assert (x == 1).tolist() == [True, False]
    assert (x != mg.tensor([1.0, 3.0])).tolist() == [False, True]


# Display -------------------------------------------------------------------------------------------------------------


def test_repr_says_shape_dtype_name_origin_gradient_and_numbers():
    h = mg.tensor([[0.12, -1.3], [0.5, 0.9]], name="h", requires_grad=True)
    assert repr(h) == "Tensor((2, 2) float32 'h' requires grad | 0.12 -1.3 0.5 0.9)"
    y = h * 2.0
    assert repr(y) == "Tensor((2, 2) float32 from mul | 0.24 -2.6 1 1.8)"
    y.sum().backward()
    assert "grad set" in repr(h)
    assert repr(mg.tensor(3)) == "Tensor(() int64 | 3)"
    assert repr(mg.zeros(0, 3)) == "Tensor((0, 3) float32 | empty)"


class Quantised(mg.Tensor):
    """A subclass."""


SHOWN = {
    "large integers": lambda: mg.tensor([-(2**62)] * 6),
    "long numbers": lambda: mg.tensor([-1.23456e-100] * 6, dtype=mg.float64),
    "many": lambda: mg.zeros(100, 100),
    "many axes": lambda: mg.zeros((1,) * 30),
    "long name": lambda: mg.tensor([1.0], name="block." * 40 + "weight"),
    "name of two lines": lambda: mg.tensor([1.0], name="a\nb"),
    "subclass": lambda: Quantised([1.0]),
    "everything": lambda: with_everything(),
    "nan": lambda: mg.tensor([math.nan, math.inf, -math.inf]),
    "bools": lambda: mg.tensor([True, False]),
    "empty": lambda: mg.zeros(0),
}


def with_everything():
    x = mg.tensor([-1.2345678e-30] * 6, requires_grad=True)
    y = mg.log_softmax(x, 0)
    y.name = "encoder.layers.11.attention.output"
    y.retain_grad()
    y.sum().backward()
    return y


@pytest.mark.parametrize("name", SHOWN)
def test_repr_is_one_short_line_with_the_shape_first(name):
    tensor = SHOWN[name]()
    text = repr(tensor)
    assert "\n" not in text
    assert len(text) < 128
    assert text.startswith(f"{type(tensor).__name__}({tensor.shape}"[:100])
    assert str(tensor) == text


def test_repr_makes_no_node_and_counts_nothing():
    w = leaf([1.0, 2.0])
    h = w * 2.0
    before = (w * 1.0).grad_fn.number
    for tensor in (w, h, h.grad_fn, h[0], w.T):
        repr(tensor)
    taken = 2  # h[0] and w.T above: their nodes, and the moments at which the views were taken
    assert (w * 1.0).grad_fn.number <= before + 1 + 2 * taken
    before = (w * 1.0).grad_fn.number
    repr(h), str(w), repr(h.grad_fn), f"{w}"
    assert (w * 1.0).grad_fn.number == before + 1


def test_repr_shows_also_what_can_no_longer_be_used():
    w = leaf([1.0, 2.0])
    h = w * 2.0
    view = h[0]
    h += 1.0
    assert repr(view).startswith("Tensor(() float64")
    loss = (h * h).sum()
    loss.backward()
    assert repr(loss).startswith("Tensor(() float64 from sum")
    assert repr(loss.grad_fn).startswith("<Node sum ()")


def test_what_a_debugger_shows_of_a_tensor_makes_no_node():
    w = leaf([[1.0, 2.0]])
    h = w * 2.0
    before = (w * 1.0).grad_fn.number
    for name in dir(h):
        # The two that may: their nodes are kept by nobody.
        if name not in ("T", "mT"):
            getattr(h, name)
    assert (w * 1.0).grad_fn.number == before + 1
    assert h.grad is None


# Making tensors ------------------------------------------------------------------------------------------------------


def test_tensor_copies_and_from_numpy_and_as_tensor_share():
    array = np.array([1.0, 2.0])
    assert not np.shares_memory(mg.tensor(array).data, array)
    assert np.shares_memory(mg.from_numpy(array).data, array)
    assert np.shares_memory(mg.as_tensor(array).data, array)
    x = mg.from_numpy(array)
    x += 1.0
    assert array.tolist() == [2.0, 3.0]
    assert mg.as_tensor(x) is x


def test_python_numbers_get_the_default_dtypes_and_arrays_keep_theirs():
    assert mg.tensor(1.0).dtype == mg.float32
    assert mg.tensor(1).dtype == mg.int64
    assert mg.tensor(True).dtype == mg.bool_
    assert mg.tensor(np.ones(2)).dtype == mg.float64
    assert mg.as_tensor([1.0]).dtype == mg.float32
    assert mg.tensor([1, 2], dtype=mg.float64).dtype == mg.float64


def test_numpy_gives_the_array_itself():
    x = mg.tensor([1.0, 2.0])
    assert x.numpy() is x.data
    w = leaf([1.0])
    assert np.shares_memory(w.detach().numpy(), w.data)

"""NumPy's functions on tensors run minigrad's operations, or raise: never objects, never a silently dropped graph."""

import re

import numpy as np
import pytest

import minigrad as mg


def leaf(values):
    return mg.tensor(values, dtype=mg.float64, requires_grad=True)


MATRIX = [[1.0, 2.0], [3.0, 4.0]]

# What NumPy computes for arrays, the same call gives as a tensor that is part of the graph.
CALLS = {
    "exp": lambda x: np.exp(x),
    "tanh": lambda x: np.tanh(x),
    "add": lambda x: np.add(x, 1.0),
    "subtract": lambda x: np.subtract(10.0, x),
    "divide": lambda x: np.divide(1.0, x),
    "power": lambda x: np.power(x, 2.0),
    "maximum": lambda x: np.maximum(x, 2.5),
    "matmul": lambda x: np.matmul(x, x),
    "array @ tensor": lambda x: np.array(MATRIX) @ x,
    "array + tensor": lambda x: np.array([1.0, 2.0]) + x,
    "array - tensor": lambda x: np.array([1.0, 2.0]) - x,
    "array / tensor": lambda x: np.array([1.0, 2.0]) / x,
    "array ** tensor": lambda x: np.array([1.0, 2.0]) ** x,
    "scalar * tensor": lambda x: np.float64(3.0) * x,
    "scalar - tensor": lambda x: np.float32(3.0) - x,
    "0-d array * tensor": lambda x: np.array(3.0) * x,
    "tensor * scalar": lambda x: x * np.float64(3.0),
    "sum": lambda x: np.sum(x),
    "sum of an axis": lambda x: np.sum(x, axis=1),
    "sum, axis by position": lambda x: np.sum(x, 0),
    "sum, keepdims": lambda x: np.sum(x, axis=0, keepdims=True),
    "mean": lambda x: np.mean(x, axis=0),
    "std": lambda x: np.std(x),
    "var with ddof": lambda x: np.var(x, axis=1, ddof=1),
    "max": lambda x: np.max(x, axis=1),
    "min": lambda x: np.min(x),
    "concatenate": lambda x: np.concatenate([x, x], axis=1),
    "stack": lambda x: np.stack([x, x], axis=-1),
    "stack with an array": lambda x: np.stack([np.array(MATRIX), x]),
    "reshape": lambda x: np.reshape(x, (4,)),
    "ravel": lambda x: np.ravel(x),
    "transpose": lambda x: np.transpose(x),
    "transpose with axes": lambda x: np.transpose(x, (1, 0)),
    "swapaxes": lambda x: np.swapaxes(x, 0, 1),
    "expand_dims": lambda x: np.expand_dims(x, 0),
    "squeeze": lambda x: np.squeeze(np.expand_dims(x, 0), axis=0),
    "moveaxis": lambda x: np.moveaxis(x, 0, 1),
    "where": lambda x: np.where(np.array([[True, False], [False, True]]), x, 0.0),
    "clip": lambda x: np.clip(x, 1.5, 3.5),
    "dot": lambda x: np.dot(x, x),
    "outer": lambda x: np.outer(x[0], x[1]),
    "trace": lambda x: np.trace(x),
    "diagonal": lambda x: np.diagonal(x),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_numpy_call_gives_numpys_numbers_and_keeps_the_graph(name):
    x = leaf(MATRIX)
    result = CALLS[name](x)
    expected = CALLS[name](np.array(MATRIX))
    assert isinstance(result, mg.Tensor)
    assert result.requires_grad
    assert result.shape == expected.shape
    assert result.dtype == expected.dtype
    # The same operations in the same order but for sums of squares and powers: a few roundings of 2**-53.
    np.testing.assert_allclose(result.data, expected, rtol=1e-14)
    result.sum().backward()
    assert x.grad.shape == (2, 2)


def test_comparisons_with_an_array_on_the_left_are_elementwise():
    x = mg.tensor([1.0, 2.0])
    result = np.array([1.0, 1.0]) < x
    assert isinstance(result, mg.Tensor)
    assert result.tolist() == [False, True]
    assert (np.array([1.0, 1.0]) == x).tolist() == [True, False]


REFUSED = {
    "no counterpart": (lambda x: np.sinc(x), ["sinc"]),
    "linalg": (lambda x: np.linalg.eigvals(x), ["eigvals"]),
    "reduce": (lambda x: np.add.reduce(x), ["add.reduce"]),
    "accumulate": (lambda x: np.multiply.accumulate(x), ["multiply.accumulate"]),
    "outer of a ufunc": (lambda x: np.add.outer(x, x), ["add.outer"]),
    "at": (lambda x: np.add.at(np.zeros(2), [0], x), ["add.at"]),
    "out": (lambda x: np.add(x, x, out=np.zeros((2, 2))), ["np.add", "array + tensor"]),
    "where of a ufunc": (lambda x: np.add(x, x, where=np.ones((2, 2), np.bool_)), ["np.add", "where"]),
    "dtype": (lambda x: np.add(x, x, dtype=np.float32), ["np.add", "dtype"]),
    "argument of another kind": (lambda x: np.sum(x, initial=3.0), ["np.sum", "initial"]),
    "writing into an array": (lambda x: np.copyto(np.zeros((2, 2)), x), ["copyto"]),
    "in place on an array": (lambda x: np.zeros((2, 2)).__iadd__(x), ["np.add", "(2, 2) float64", "array + tensor"]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_done_with_a_tensor_raises_a_type_error_with_a_hint(name):
    call, parts = REFUSED[name]
    with pytest.raises(TypeError) as caught:
        call(leaf(MATRIX))
    for part in parts:
        assert part in str(caught.value)
    assert re.search(r"detach\(\)|array = array \+ tensor", str(caught.value))


EXPORTS = {
    "asarray": np.asarray,
    "array": np.array,
    "numpy": lambda x: x.numpy(),
    "from_dlpack": np.from_dlpack,
    "list of tensors": lambda x: np.array([x, x]),
    "float array": lambda x: np.zeros((2, 2)).__setitem__(slice(None), x),
}


@pytest.mark.parametrize("of_the_graph", [False, True], ids=["leaf", "non-leaf"])
@pytest.mark.parametrize("name", EXPORTS)
def test_a_tensor_that_requires_grad_is_not_exported_silently(name, of_the_graph):
    x = leaf(MATRIX)
    with pytest.raises(RuntimeError, match="requires grad") as caught:
        EXPORTS[name](x * 1.0 if of_the_graph else x)
    assert ".detach()" in str(caught.value)


def test_a_constant_becomes_an_array():
    x = mg.tensor(MATRIX)
    assert np.shares_memory(np.asarray(x), x.data)
    assert not np.shares_memory(np.array(x), x.data)
    assert np.asarray(x).dtype == np.float32
    assert np.asarray(x, dtype=np.float64).dtype == np.float64
    assert np.asarray(x.detach()).tolist() == MATRIX


def test_the_array_protocol_honours_copy():
    x = mg.tensor(MATRIX)
    assert not np.shares_memory(x.__array__(copy=True), x.data)
    assert np.shares_memory(x.__array__(copy=False), x.data)
    with pytest.raises(ValueError, match="copy"):
        np.asarray(x, dtype=np.float64, copy=False)


def test_dlpack_goes_both_ways_without_a_copy():
    x = mg.tensor([1.0, 2.0])
    array = np.from_dlpack(x)
    assert np.shares_memory(array, x.data)
    source = np.array([1.0, 2.0])
    y = mg.from_dlpack(source)
    assert np.shares_memory(y.data, source)
    assert y.dtype == mg.float64


def test_no_call_ever_gives_an_array_of_objects():
    x = mg.tensor([1.0, 2.0])
    for result in (np.array([1.0, 2.0]) * x, np.array(2.0) + x, np.float64(1.0) - x, np.array([x, x])):
        assert getattr(result, "dtype", None) != np.dtype(object)


def test_lists_of_tensors_become_tensors():
    x = mg.tensor([1.0, 2.0])
    assert mg.tensor([x, x]).tolist() == [[1.0, 2.0], [1.0, 2.0]]

"""NumPy's functions on tensors mean what they mean on arrays, argument by argument; what has no meaning is refused."""

import inspect

import numpy as np
import pytest

import minigrad as mg
from minigrad import ops
from minigrad.numpy_functions import FUNCTIONS
from minigrad.numpy_protocol import UFUNCS

A = np.array([[1.0, 2.0, 3.0], [4.0, 6.0, 5.0]])
B = np.array([[0.5, -1.0, 2.0], [1.5, 0.0, -2.0]])
S = np.array([[2.0, 1.0], [1.0, 3.0]])
T = np.arange(24.0).reshape(2, 3, 4)
I = np.array([3, 1, 2])
M = np.array([True, False, True])
LISTS = [0.5, 1.5, 2.5]

#: Each call is made on arrays and again with every array as a tensor.
CALLS = {
    "all": lambda a, m: np.all(m) & np.all(a > 0, axis=0, keepdims=True),
    "allclose": lambda a: np.allclose(a, a + 1e-9, 1e-5, atol=1e-6),
    "any": lambda m: np.any(m, 0),
    "argmax": lambda a: np.argmax(a, 1),
    "argmax of all": lambda a: np.argmax(a),
    "argmin": lambda a: np.argmin(a, axis=0, keepdims=True),
    "array_equal": lambda a: np.array_equal(a, a),
    "broadcast_to": lambda i: np.broadcast_to(i, (2, 3)),
    "clip": lambda a: np.clip(a, 2, 5),
    "clip by names": lambda a: np.clip(a, a_min=2.0, a_max=None),
    "clip by the array API": lambda a: np.clip(a, max=3.0),
    "concatenate": lambda a, b: np.concatenate([a, b], 1),
    "concatenate with a list": lambda a, b: np.concatenate((a, [LISTS], b), axis=0),
    "concatenate flattened": lambda a, b: np.concatenate([a, b], axis=None),
    "concatenate into a dtype": lambda a, b: np.concatenate([a, b], dtype=np.float32),
    "copy": lambda a: np.copy(a),
    "diagonal": lambda t: np.diagonal(t, 1, 1, 2),
    "dot of vectors": lambda i: np.dot(i, i),
    "dot of matrices": lambda a, b: np.dot(a, b.T),
    "dot of a matrix and a vector": lambda a: np.dot(a, LISTS),
    "dot of a number": lambda a: np.dot(2.0, a),
    "dot of more axes": lambda t: np.dot(t, t[0].T),
    "expand_dims": lambda a: np.expand_dims(a, 1),
    "expand_dims of several": lambda a: np.expand_dims(a, (0, -1)),
    "full_like": lambda a: np.full_like(a, 7),
    "isclose": lambda a, b: np.isclose(a, b, 1.0),
    "matrix_transpose": lambda t: np.matrix_transpose(t),
    "max": lambda a: np.max(a, 1),
    "amax": lambda a: np.amax(a, axis=(0, 1)),
    "mean": lambda a: np.mean(a, 0),
    "mean of integers": lambda i: np.mean(i),
    "mean in a dtype": lambda a: np.mean(a, axis=0, dtype=np.float32),
    "min": lambda a: np.min(a, axis=0, keepdims=True),
    "amin": lambda a: np.amin(a),
    "moveaxis": lambda t: np.moveaxis(t, [0, 1], [-1, 0]),
    "ndim": lambda t: np.ndim(t),
    "ones_like": lambda i: np.ones_like(i),
    "outer": lambda a, i: np.outer(a, i),
    "outer with a list": lambda i: np.outer(i, LISTS),
    "permute_dims": lambda t: np.permute_dims(t, (2, 0, 1)),
    "ravel": lambda a: np.ravel(a),
    "ravel, first axis fastest": lambda t: np.ravel(t, order="F"),
    "reshape": lambda a: np.reshape(a, (3, -1)),
    "reshape to a number": lambda a: np.reshape(a, -1),
    "reshape, first axis fastest": lambda t: np.reshape(t, (4, 6), order="F"),
    "reshape a copy": lambda a: np.reshape(a, (3, 2), copy=True),
    "shape": lambda t: np.shape(t),
    "size": lambda t: np.size(t) + np.size(t, 1),
    "squeeze": lambda a: np.squeeze(a[None, :, None], axis=(0, 2)),
    "squeeze all": lambda a: np.squeeze(a[None]),
    "stack": lambda a, b: np.stack([a, b], -1),
    "stack of lists": lambda i: np.stack([LISTS, i * 1.0]),
    "std": lambda a: np.std(a),
    "std of an axis": lambda a: np.std(a, 1, ddof=1),
    "std by correction": lambda a: np.std(a, axis=0, correction=1, keepdims=True),
    "std of integers": lambda i: np.std(i),
    "sum": lambda a: np.sum(a, 0),
    "sum of axes": lambda t: np.sum(t, axis=(0, 2)),
    "sum in a dtype": lambda a: np.sum(a, 1, np.float32),
    "sum of bools": lambda m: np.sum(m),
    "swapaxes": lambda t: np.swapaxes(t, 0, -1),
    "trace": lambda s: np.trace(s),
    "trace of a batch": lambda t: np.trace(t, 1, 1, 2),
    "transpose": lambda t: np.transpose(t),
    "transpose with axes": lambda t: np.transpose(t, (1, 0, 2)),
    "transpose by name": lambda t: np.transpose(t, axes=[2, 1, 0]),
    "var": lambda a: np.var(a, ddof=2),
    "where": lambda m, a: np.where(m, a, 0.0),
    "where of numbers": lambda i, a: np.where(i - 1, a, LISTS),
    "zeros_like": lambda a: np.zeros_like(a, dtype=np.int64),
    "a ufunc with a list": lambda i: np.maximum(i * 1.0, LISTS),
    "floor_divide": lambda a: np.floor_divide(a, 2.0),
    "mod": lambda b: np.mod(b, -1.5),
    "power": lambda a: np.power(a, 2.0),
    "invert": lambda m: np.invert(m),
    "bitwise": lambda i: np.bitwise_and(i, 1) | np.bitwise_xor(2, i),
    "logic": lambda m, i: np.logical_and(m, i > 1) ^ np.logical_not(m),
    "float32 scalars": lambda a: np.float32(2.0) * a - np.float64(1.0),
}
ARRAYS = {"a": A, "b": B, "s": S, "t": T, "i": I, "m": M}


@pytest.mark.parametrize("name", CALLS)
def test_a_numpy_call_means_the_same_on_tensors(name):
    call = CALLS[name]
    names = list(inspect.signature(call).parameters)
    expected = call(*[ARRAYS[each] for each in names])
    result = call(*[mg.tensor(ARRAYS[each]) for each in names])
    assert not isinstance(result, np.ndarray)
    if isinstance(expected, (np.ndarray, np.generic)):
        # A comparison gives a bool where NumPy's gives a NumPy bool.
        array = result.numpy() if mg.is_tensor(result) else np.asarray(result)
        assert array.dtype == expected.dtype
        # The terms of a sum are added in another order: a few roundings of float32's 2**-24 where it is asked for.
        rounding = 1e-6 if expected.dtype == np.float32 else 1e-14
        np.testing.assert_allclose(array, expected, rtol=rounding, strict=True)
    else:
        assert result == expected


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_function_in_the_list_is_called_by_a_test(name):
    sources = inspect.getsource(inspect.getmodule(test_every_function_in_the_list_is_called_by_a_test))
    assert f"np.{name}(" in sources


@pytest.mark.parametrize("name", sorted(UFUNCS))
def test_every_ufunc_in_the_list_runs_its_operation(name):
    ufunc = getattr(np, name)
    integers = np.array([[1, 2], [3, 4]])
    array = integers if "bitwise" in name or name == "invert" else S
    if name in ("arccos", "arcsin", "arctanh"):
        array = S / 4
    inputs = [array, integers] if name == "ldexp" else [array] * ufunc.nin
    result = ufunc(*[mg.tensor(each) for each in inputs])
    assert mg.is_tensor(result)
    np.testing.assert_allclose(result.numpy(), ufunc(*inputs), rtol=1e-15)
    assert hasattr(ops, UFUNCS[name])


REFUSED = {
    "another ufunc": (lambda x: np.nextafter(x, x), "np.nextafter"),
    "another function": (lambda x: np.sort(x), "np.sort"),
    "a function of linalg": (lambda x: np.linalg.eigh(x), "np.eigh"),
    "fft": (lambda x: np.fft.fft(x), "np.fft"),
    "reduce": (lambda x: np.add.reduce(x), "np.add.reduce"),
    "out": (lambda x: np.sum(x, out=np.zeros(())), "np.sum", "out"),
    "out of concatenate": (lambda x: np.concatenate([x, x], out=np.zeros((4, 2))), "np.concatenate", "out"),
    "initial": (lambda x: np.max(x, initial=3.0), "np.max", "initial"),
    "where": (lambda x: np.mean(x, where=S > 1), "np.mean", "where"),
    "no axis": (lambda x: np.sum(x, axis=()), "np.sum", "axis=()"),
    "order": (lambda x: np.reshape(x, (4,), order="A"), "np.reshape", "'A'"),
    "where of one argument": (lambda x: np.where(x), "np.where", "missing"),
    "dot of batches": (lambda x: np.dot(x, mg.ones(2, 2, 2)), "np.dot", "(2, 2, 2)", "@"),
    "a list that is no array": (lambda x: np.add(x, ["a", "b"]), "add", "<U1"),
    "an array of objects": (lambda x: np.array([None, None]) + x, "add", "object"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_meaning_for_tensors_raises_a_type_error(name):
    call, *parts = REFUSED[name]
    with pytest.raises(TypeError) as caught:
        call(mg.tensor(S, requires_grad=True))
    for part in [*parts, "test_numpy_protocol.py:"]:
        assert part in str(caught.value)


def test_squeezing_an_axis_that_is_not_of_length_1_raises_as_in_numpy():
    with pytest.raises(ValueError, match=r"np\.squeeze: axis 0 of \(2, 2\) float64"):
        np.squeeze(mg.tensor(S), 0)


def test_adding_a_tensor_to_an_array_in_place_is_refused_and_leaves_the_array():
    array = S.copy()
    with pytest.raises(TypeError, match=r"np\.add: \(2, 2\) float64 .*\n.*\n.*array = array \+ tensor"):
        array += mg.tensor(S)
    np.testing.assert_array_equal(array, S)


def test_gradients_flow_through_numpys_functions():
    x = mg.tensor(S, requires_grad=True)
    loss = np.sum(np.reshape(np.exp(x), (4,), order="F") * np.array([1.0, 2.0, 3.0, 4.0])) + np.mean(S @ x)
    loss.backward()
    # d/dx sum(w exp(x)), with w laid out by columns, and d/dx mean(S x), the column sums of S over 4.
    expected = np.exp(S) * np.array([[1.0, 3.0], [2.0, 4.0]]) + S.sum(0)[:, None] / 4
    np.testing.assert_allclose(x.grad.numpy(), expected, rtol=1e-14)


def test_memory_goes_to_pytorch_and_back_without_a_copy():
    torch = pytest.importorskip("torch")
    x = mg.tensor(S)
    there = torch.from_dlpack(x)
    there[0, 0] = 9
    assert x[0, 0].item() == 9
    back = mg.from_dlpack(torch.arange(3.0))
    assert back.tolist() == [0, 1, 2]
    assert back.dtype == mg.float32
    with pytest.raises(TypeError, match="from_dlpack: "):
        mg.from_dlpack(torch.ones(2, requires_grad=True))


def test_read_only_memory_is_not_handed_to_a_library_that_might_write():
    with pytest.raises(BufferError, match=r"__dlpack__: \(2, 2\) float64 cannot be shared"):
        mg.ones(2, dtype=mg.float64).expand(2, 2).__dlpack__()

"""One table of what the engine refuses: the call, the type of the error, and what its message must hold.

Whatever is refused leaves every ``grad`` as it was, and the graph as usable as it was.
"""

import re
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg

HERE = Path(__file__).name


class Setting:
    """Two leaves with gradients from an earlier pass, and a loss that has not been passed."""

    def __init__(self):
        self.w = mg.tensor([1.0, 2.0], requires_grad=True, name="w")
        self.v = mg.tensor([3.0, 4.0], requires_grad=True, name="v")
        self.data = mg.tensor([5.0, 6.0])
        (self.w + self.v).sum().backward()
        self.h = self.w * self.v
        self.loss = (self.h * self.h).sum()

    def state(self):
        return [(each.tolist(), None if each.grad is None else each.grad.tolist()) for each in (self.w, self.v)]


def backward_twice(s):
    other = (s.w * s.v).sum()
    other.backward()
    s.w.grad = s.v.grad = mg.ones(2)
    other.backward()


def backward_through_a_released_trunk(s):
    trunk = s.w * s.v
    trunk.sum().backward()
    s.w.grad = s.v.grad = mg.ones(2)
    (trunk * 2.0).sum().backward()


def saved_value_changed(s):
    h = s.w * 2.0
    loss = (h * h).sum()
    h += 1.0
    loss.backward()


def optimizer_step_too_early(s):
    weight = mg.tensor([1.0, 2.0], requires_grad=True)
    loss = (s.w * weight).sum()
    weight.data -= 0.5
    loss.backward()


def use_of_an_outdated_view(s):
    h = s.w * 2.0
    view = h[0]
    h += 1.0
    view.backward()


def backward_under_no_grad(s):
    with mg.no_grad():
        loss = (s.w * s.v).sum()
    loss.backward()


def error_in_a_rule(s):
    def fragile(x):
        return mg.autograd.record(fragile, fragile_vjp, x.data * 1.0, (x,))

    def fragile_vjp(grad_output):
        raise RuntimeError("broken rule")

    (fragile(s.w) * s.v).sum().backward()


# name: (call, type, parts of the message)
REFUSED = {
    # the root and its gradient
    "several elements without gradient": (
        lambda s: s.h.backward(),
        RuntimeError,
        ["backward", "(2,)", "sum()", "gradient="],
    ),
    "no element without gradient": (lambda s: s.h[:0].backward(), RuntimeError, ["backward", "(0,)", "gradient="]),
    "gradient of another shape": (lambda s: s.h.backward(mg.ones(3)), ValueError, ["backward", "(2,)", "(3,)"]),
    "gradient that would broadcast": (lambda s: s.h.backward(mg.ones(1)), ValueError, ["(2,)", "(1,)"]),
    "gradient for a 0-d root": (lambda s: s.loss.backward(mg.ones(1)), ValueError, ["()", "(1,)"]),
    "gradient that is a string": (lambda s: s.h.backward("one"), TypeError, ["gradient", "str"]),
    "gradient that is a list": (lambda s: s.h.backward([1.0, 1.0]), TypeError, ["gradient", "list"]),
    "complex gradient": (lambda s: s.h.backward(np.ones(2, np.complex128)), TypeError, ["complex128"]),
    "gradient of objects": (lambda s: s.h.backward(np.array([None, None])), TypeError, ["object"]),
    "backward of data": (
        lambda s: s.data.sum().backward(),
        RuntimeError,
        ["does not require grad", "requires_grad=True"],
    ),
    "backward of a detached loss": (
        lambda s: s.loss.detach().backward(),
        RuntimeError,
        ["does not require grad", "detach()"],
    ),
    "backward under no_grad": (backward_under_no_grad, RuntimeError, ["does not require grad", "no_grad()"]),
    "backward of an array": (lambda s: mg.autograd.backward(np.ones(())), TypeError, ["Tensor", "float64"]),
    "backward of integers": (lambda s: s.w.argmax().backward(), RuntimeError, ["does not require grad", "int64"]),
    # the graph
    "backward twice": (
        backward_twice,
        RuntimeError,
        ["released by an earlier backward", "sum", "retain_graph=True", "detach()"],
    ),
    "backward through a released trunk": (
        backward_through_a_released_trunk,
        RuntimeError,
        ["mul", "s.w * s.v", "released"],
    ),
    "saved value changed": (saved_value_changed, RuntimeError, ["mul", "h * h", "h += 1.0", "clone()"]),
    "optimizer step between forward and backward": (
        optimizer_step_too_early,
        RuntimeError,
        ["changed in place", "s.w * weight"],
    ),
    "outdated view": (use_of_an_outdated_view, RuntimeError, ["is a view", "h += 1.0", "Take the view again"]),
    "error in a rule": (error_in_a_rule, RuntimeError, ["broken rule"]),
    # writes
    "leaf in place": (
        lambda s: s.w.add_(1.0),
        RuntimeError,
        ["add_", "(2,)", "'w'", "leaf that requires grad", "no_grad()"],
    ),
    "element of a leaf": (
        lambda s: s.w.__setitem__(0, 1.0),
        RuntimeError,
        ["'w'", "leaf that requires grad", "no_grad()"],
    ),
    "view in place": (lambda s: s.h[0].add_(1.0), RuntimeError, ["is a view", "h[0] = h[0] + 1"]),
    "view of a leaf in place": (lambda s: s.w[0].add_(1.0), RuntimeError, ["is a view"]),
    "expanded memory": (lambda s: s.data.expand(3, 2).zero_(), RuntimeError, ["(3, 2)", "read-only", "clone()"]),
    # grad, data, requires_grad
    "integers that require grad": (
        lambda s: mg.tensor([1, 2], requires_grad=True),
        TypeError,
        ["(2,) int64", "float()"],
    ),
    "bools that require grad": (lambda s: mg.tensor([True]).requires_grad_(), TypeError, ["bool", "float()"]),
    "switching a non-leaf off": (lambda s: s.h.requires_grad_(False), RuntimeError, ["only leaves", "detach()"]),
    "grad of another shape": (lambda s: setattr(s.w, "grad", mg.ones(3)), ValueError, ["(2,)", "(3,)"]),
    "grad of another dtype": (
        lambda s: setattr(s.w, "grad", mg.ones(2, dtype=mg.float64)),
        ValueError,
        ["float32", "float64"],
    ),
    "grad that is an array": (
        lambda s: setattr(s.w, "grad", np.ones(2, np.float32)),
        TypeError,
        ["grad", "Tensor or None"],
    ),
    "grad that is a number": (lambda s: setattr(s.w, "grad", 0.0), TypeError, ["grad", "Tensor or None", "float"]),
    "integer data": (lambda s: setattr(s.w, "data", np.array([1, 2])), TypeError, ["data", "int64", "int64"]),
    "complex data": (lambda s: setattr(s.w, "data", np.array([1j, 2j])), TypeError, ["data", "complex128"]),
    "data of objects": (lambda s: setattr(s.data, "data", np.array([None])), TypeError, ["object"]),
    "data that is a string": (lambda s: setattr(s.w, "data", "abc"), TypeError, ["data"]),
    "retain_grad of data": (lambda s: s.data.retain_grad(), RuntimeError, ["retain_grad", "does not require grad"]),
    "hook of data": (lambda s: s.data.register_hook(print), RuntimeError, ["register_hook", "does not require grad"]),
    "hook that is no function": (lambda s: s.w.register_hook(1.0), TypeError, ["register_hook", "callable"]),
    # inputs and outputs
    "inputs that are empty": (lambda s: s.loss.backward(inputs=[]), ValueError, ["backward", "inputs is empty"]),
    "inputs without gradient": (lambda s: s.loss.backward(inputs=[s.data]), RuntimeError, ["does not require grad"]),
    "inputs that are arrays": (lambda s: s.loss.backward(inputs=[s.w.data]), TypeError, ["inputs must be Tensors"]),
    "an unused input of grad": (
        lambda s: mg.autograd.grad(s.loss, [mg.ones(3, requires_grad=True)]),
        RuntimeError,
        ["grad", "(3,)", "allow_unused=True", "materialize_grads=True"],
    ),
    "too many grad_outputs": (lambda s: mg.autograd.grad(s.loss, s.w, [None, None]), ValueError, ["1 output", "got 2"]),
    # export and conversion
    "numpy of what requires grad": (lambda s: s.w.numpy(), RuntimeError, ["numpy", "'w'", "detach()"]),
    "asarray of what requires grad": (lambda s: np.asarray(s.h), RuntimeError, ["requires grad", "detach()"]),
    "dlpack of what requires grad": (lambda s: np.from_dlpack(s.h), RuntimeError, ["requires grad", "detach()"]),
    "item of several": (lambda s: s.w.item(), ValueError, ["item", "(2,)"]),
    "float of several": (lambda s: float(s.w), ValueError, ["float", "(2,)"]),
    "truth of several": (lambda s: bool(s.w), ValueError, ["bool", "(2,)", ".any()"]),
    "length of a number": (lambda s: len(s.loss), TypeError, ["0-d"]),
    # data that is no tensor
    "ragged lists": (lambda s: mg.tensor([[1.0, 2.0], [3.0]]), ValueError, ["tensor", "ragged"]),
    "strings": (lambda s: mg.tensor(["a"]), TypeError, ["tensor"]),
    "None": (lambda s: mg.tensor(None), TypeError, ["tensor", "NoneType"]),
    "objects": (lambda s: mg.tensor(np.array([None, 1.0])), TypeError, ["object"]),
    "complex numbers": (lambda s: mg.tensor([1j]), TypeError, ["complex"]),
    "complex dtype": (lambda s: mg.zeros(2, dtype=complex), TypeError, ["complex"]),
    "complex array": (lambda s: mg.from_numpy(np.ones(2, np.complex64)), TypeError, ["complex64"]),
    "half precision": (lambda s: mg.tensor([1.0], dtype=np.float16), TypeError, ["float16"]),
    "another device": (lambda s: s.w.cuda(), TypeError, ["CPU"]),
    # operands
    "shapes that do not broadcast": (lambda s: s.w + mg.ones(3), ValueError, ["add", "(2,)", "(3,)"]),
    "factors that do not fit": (lambda s: mg.ones(2, 3) @ mg.ones(2, 3), ValueError, ["matmul", "(2, 3)", "y.T"]),
    "operand that is a list": (lambda s: s.w + [1.0, 2.0], TypeError, ["add", "list"]),
    "operand that is a string": (lambda s: s.w * "2", TypeError, ["mul", "str"]),
    "axis out of range": (lambda s: s.w.sum(1), IndexError, ["sum", "1", "[-1, 0]"]),
    "index out of range": (lambda s: s.w[2], IndexError, ["2", "(2,)"]),
    "too many indices": (lambda s: s.w[0, 0], IndexError, ["(2,)"]),
    "index of floats": (lambda s: s.w[0.5], TypeError, ["index", "float"]),
    "reshape that does not fit": (lambda s: s.w.reshape(3), ValueError, ["reshape", "(2,)", "(3,)"]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_the_error_says_who_what_came_and_what_to_do(name):
    call, kind, parts = REFUSED[name]
    setting = Setting()
    before = setting.state()
    with pytest.raises(kind) as caught:
        call(setting)
    assert type(caught.value) is kind
    text = "\n".join([str(caught.value), *getattr(caught.value, "__notes__", [])])
    for part in parts:
        assert part in text
    # Where in the user's code: the file, the line and the expression.
    assert re.search(rf"{re.escape(HERE)}:\d+: \S", text)
    assert setting.state() == before
    # And the graph is as it was: h = wv, dL/dw = 2 h v on top of the ones that were there.
    setting.loss.backward()
    assert setting.w.grad.tolist() == [1.0 + 2 * 3.0 * 3.0, 1.0 + 2 * 8.0 * 4.0]
    assert setting.v.grad.tolist() == [1.0 + 2 * 3.0 * 1.0, 1.0 + 2 * 8.0 * 2.0]


@pytest.mark.parametrize("name", REFUSED)
def test_no_error_shows_the_insides_of_the_library(name):
    call, kind, _ = REFUSED[name]
    with pytest.raises(kind) as caught:
        call(Setting())
    lines = str(caught.value).splitlines()
    assert len(lines) <= 4
    for word in ("_data", "_edge", "ufunc", "NoneType' object", "numpy.core", "operands could not"):
        assert word not in str(caught.value)
    if name != "error in a rule":
        # "who: what": the operation or attribute first, as the user would write it.
        assert re.match(r"[\w\[\] =.]+: ", lines[0])


def test_a_non_leaf_that_is_asked_for_its_grad_has_none():
    """PyTorch warns here; a debugger that shows attributes must not be warned at, so the value is a plain None."""
    assert Setting().h.grad is None


def test_grad_can_be_set_to_none_and_to_a_tensor_that_fits():
    w = mg.ones(2, requires_grad=True)
    w.grad = mg.zeros(2)
    (w * 2.0).sum().backward()
    assert w.grad.tolist() == [2.0, 2.0]
    w.grad = None
    assert w.grad is None


def test_data_can_be_replaced_by_an_array_or_a_tensor():
    w = mg.ones(2, requires_grad=True)
    for new in (np.array([3.0, 4.0], np.float32), mg.tensor([3.0, 4.0])):
        w.data = new
        assert isinstance(w.data, np.ndarray)
        assert w.tolist() == [3.0, 4.0]
        assert w.requires_grad


@pytest.mark.parametrize("value", [np.ones(2), 1, None], ids=["array", "int", "None"])
def test_whether_a_tensor_requires_grad_is_said_by_a_bool(value):
    x = mg.tensor(2.0)
    with pytest.raises(TypeError, match="requires_grad: True or False is needed, got"):
        x.requires_grad_(value)
    assert not x.requires_grad


def test_none_is_no_dtype_and_pythons_float_is_float64_as_in_pytorch():
    with pytest.raises(TypeError, match="None is not a dtype"):
        mg.set_default_dtype(None)
    assert mg.get_default_dtype() == mg.float32
    assert mg.ones(1).to(float).dtype == mg.float64

"""Each wrong use of minigrad.func raises at its edge: who, what was needed, what came, and the remedy."""

import re

import pytest

import minigrad as mg
from minigrad import func, nn

X = mg.tensor([1.0, 2.0, 3.0])
LAYER = nn.Linear(3, 2)


def total(x):
    return x.sum()


ERRORS = {
    "no function": (lambda: func.grad(3), TypeError, ["grad: a function is needed", "int 3", "not what it returns"]),
    "no such argument": (
        lambda: func.grad(total, argnums=1)(X),
        ValueError,
        ["argnums=1 names argument 1", "given 1 positional", "not by keyword"],
    ),
    "argument named twice": (lambda: func.grad(total, (0, 0))(X), ValueError, ["each once, got (0, 0)"]),
    "no argument named": (lambda: func.grad(total, ())(X), ValueError, ["at least one argument", "got ()"]),
    "argnums by name": (lambda: func.grad(total, "x")(X), TypeError, ["an integer or a tuple", "str 'x'"]),
    "integers": (
        lambda: func.grad(total)(mg.arange(3)),
        TypeError,
        ["argument 0 is differentiated by", "(3,) int64", "x.float()"],
    ),
    "a Python integer": (lambda: func.grad(lambda x: x * x)(3), TypeError, ["must be floating, got int 3"]),
    "a string in a container": (
        lambda: func.grad(lambda d: d["x"].sum())({"x": X, "kind": "a"}),
        TypeError,
        ["argument 0 must be made of tensors", "str 'a'", "argument of its own"],
    ),
    "several numbers": (
        lambda: func.grad(lambda x: x)(X),
        RuntimeError,
        ["grad: the function must return one number, a 0-d Tensor, got (3,) float32", ".sum()", "jacobian or vjp"],
    ),
    "one element, not 0-d": (lambda: func.grad(lambda x: x[:1])(X), RuntimeError, ["got (1,) float32"]),
    "a number": (lambda: func.grad(lambda x: 3.0)(X), TypeError, ["must return one 0-d Tensor, got float 3.0", "item"]),
    "a pair": (lambda: func.grad(lambda x: (x.sum(), 1))(X), TypeError, ["got tuple", "has_aux=True"]),
    "no pair": (lambda: func.grad(total, has_aux=True)(X), TypeError, ["returns (output, aux), got () float32"]),
    "bools out": (lambda: func.grad(lambda x: x.sum() > 0)(X), TypeError, ["only floats have derivatives", "() bool"]),
    "nothing returned": (lambda: func.jacobian(lambda x: [])(X), TypeError, ["returned no tensors: list []"]),
    "None returned": (lambda: func.vjp(lambda x: None, X), TypeError, ["must return tensors", "NoneType None"]),
    "no primals": (lambda: func.vjp(total), ValueError, ["vjp: at least one argument"]),
    "cotangent nested otherwise": (
        lambda: func.vjp(lambda x: {"a": x}, X)[1](X),
        ValueError,
        ["the cotangents must have the structure {'a': *}, got *"],
    ),
    "cotangent of another shape": (
        lambda: func.vjp(lambda x: x, X)[1](mg.ones(2)),
        ValueError,
        ["a cotangent must have the shape (3,)", "got (2,) float32"],
    ),
    "primals no tuple": (lambda: func.jvp(total, X, X), TypeError, ["primals must be a tuple", "(primals,)"]),
    "one tangent too many": (lambda: func.jvp(total, (X,), (X, X)), ValueError, ["structure (*,), got (*, *)"]),
    "tangent of another shape": (lambda: func.jvp(total, (X,), (mg.ones(2),)), ValueError, ["the shape (3,)"]),
    "an independent output, strictly": (
        lambda: func.jvp(lambda x: mg.ones(2), (X,), (X,), strict=True),
        RuntimeError,
        ["strict=True", "(2,) float32", "does not depend on the primals"],
    ),
    "vector of another shape": (lambda: func.hvp(total, X, mg.ones(2)), ValueError, ["hvp", "the shape (3,)"]),
    "no module": (lambda: func.functional_call(total, {}, X), TypeError, ["a Module is needed", "function"]),
    "no dict": (lambda: func.functional_call(LAYER, [X], X), TypeError, ["given as a dict by name"]),
    "no tensor": (
        lambda: func.functional_call(LAYER, {"bias": 3}, X),
        TypeError,
        ["'bias' must be a Tensor, got int 3"],
    ),
    "two tensors for one name": (
        lambda: func.functional_call(LAYER, [{"bias": mg.ones(2)}, {"bias": mg.ones(2)}], X),
        ValueError,
        ["'bias' is in two of the dicts"],
    ),
    "strictly missing": (
        lambda: func.functional_call(LAYER, {"bias": mg.ones(2), "scale": X}, X, strict=True),
        ValueError,
        ["of Linear ['weight'] are missing; it has no ['scale']"],
    ),
    "vmap over nothing": (lambda: func.vmap(total, in_dims=None)(X), ValueError, ["no argument is mapped", "in_dims"]),
    "in_dims nested otherwise": (
        lambda: func.vmap(total, in_dims=(0, 0))(X),
        ValueError,
        ["in_dims=tuple (0, 0) does not fit the structure (*,)"],
    ),
    "in_dims no axis": (lambda: func.vmap(total, in_dims=1)(X), ValueError, ["asks for axis 1", "(3,) float32"]),
    "in_dims a string": (lambda: func.vmap(total, in_dims="0")(X), TypeError, ["an integer or None, got str '0'"]),
    "batches of two lengths": (
        lambda: func.vmap(lambda x, y: x + y)(X, mg.ones(2)),
        ValueError,
        ["must have one length, got [3, 2]", "None shares it"],
    ),
    "an empty batch": (lambda: func.vmap(total)(mg.ones(0, 2)), ValueError, ["at least one example"]),
    "a mapped string": (lambda: func.vmap(total)("abc"), TypeError, ["a mapped argument must be made of tensors"]),
    "out_dims no axis": (
        lambda: func.vmap(total, out_dims=1)(X),
        ValueError,
        ["axis 1 of an output that is () float32"],
    ),
    "out_dims None": (
        lambda: func.vmap(lambda x: x, out_dims=None)(X),
        ValueError,
        ["out_dims is None for an output that differs between the examples"],
    ),
    "vmap returns a number": (lambda: func.vmap(lambda x: 3)(X), TypeError, ["must return tensors", "int 3"]),
    "randomness": (
        lambda: func.vmap(total, randomness="some"),
        ValueError,
        ["randomness is 'error', 'same' or 'different'", "got 'some'", "each example draws its own"],
    ),
    "random numbers": (
        lambda: func.vmap(lambda x: x + mg.rand(()))(X),
        RuntimeError,
        ["draws random numbers", "randomness='same'"],
    ),
    "dropout": (lambda: func.vmap(nn.functional.dropout)(mg.ones(2, 3)), RuntimeError, ["draws random numbers"]),
    "checkpoint of no function": (lambda: func.checkpoint(X), TypeError, ["checkpoint: a function is needed"]),
}


@pytest.mark.parametrize("name", ERRORS)
def test_the_message_says_who_what_and_what_to_do(name):
    call, kind, parts = ERRORS[name]
    with pytest.raises(kind) as caught:
        call()
    text = str(caught.value)
    for part in parts:
        assert re.search(re.escape(part), text), text
    assert "\n  at test_errors.py:" in text

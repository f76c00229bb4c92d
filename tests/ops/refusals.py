"""What the tables of errors share: operands, and that a refusal is clear and leaves them as they were."""

from types import SimpleNamespace

import numpy as np
import pytest

import minigrad as mg
from minigrad.ops.generators import default_generator


def operands():
    """Return the tensors that the calls of the table read as ``o.a``, new ones for each test."""
    o = SimpleNamespace()
    o.a = mg.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    o.b = mg.tensor([1.0, 2.0, 3.0, 4.0])
    o.c = mg.tensor([[1.0, 2.0], [3.0, 4.0]], name="cells")
    o.d = mg.tensor([1.0, 2.0], dtype=mg.float64)
    o.i = mg.tensor([0, 1, 2])
    o.m = mg.tensor([True, False, True])
    o.s = mg.tensor(2.0)
    o.e = mg.zeros(0, 3)
    o.w = mg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    o.h = o.w * 1
    o.r = o.b.expand(2, 4)
    o.array = np.arange(3.0)
    return o


def fitting(o):
    """Return every operand's state, to be compared."""
    states = [default_generator().get_state()]
    for name, value in sorted(vars(o).items()):
        array = value.data if mg.is_tensor(value) else value
        state = [name, array.shape, array.dtype, array.tobytes()]
        if mg.is_tensor(value):
            state += [value.requires_grad, value.is_leaf, value.grad_fn, value.grad is None]
        states.append(state)
    return states


def check_refusal(call, expected, *parts, with_remedy=True):
    """Check that a call on ``operands`` raises an error whose text has these parts, and changes nothing."""
    o = operands()
    before = fitting(o)
    with pytest.raises(expected) as caught:
        call(o)
    assert type(caught.value) is expected
    text = str(caught.value)
    for part in parts:
        assert part in text
    assert (len(text.splitlines()) >= 3) == with_remedy
    assert fitting(o) == before

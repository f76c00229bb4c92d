"""What an error carries: the operands by the user's names; a rule's node with shapes and module; the module's call."""

import re

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.autograd import record
from minigrad.ops.operands import unwrap


def shear(x, y):
    x_data, y_data = unwrap(shear, x), unwrap(shear, y)
    return record(shear, shear_vjp, x_data + y_data.sum(), (x, y), (x_data, y_data))


def shear_vjp(grad_output, x, y):
    """``grad_x = grad_output; grad_y = sum(grad_output)``, wrongly: the product does not fit."""
    return grad_output, grad_output @ y


class Sheared(nn.Module):
    def __init__(self):
        self.weight = nn.Parameter(np.ones((2, 5), np.float32))

    def forward(self, x):
        return shear(x, self.weight)


class Broken(nn.Module):
    def forward(self, x):
        return np.ones((2, 3)) @ x.detach().numpy()


def test_a_shape_error_names_the_variables_of_the_user():
    h, weights = mg.ones(32, 3), mg.ones(4, 2, requires_grad=True)
    with pytest.raises(ValueError, match=r"x is \(32, 3\) float32 'h', y is \(4, 2\) float32 'weights'"):
        h @ weights
    with pytest.raises(ValueError, match=r"\(32, 3\) float32 'h'.*\(4, 2\) float32 'weights'"):
        h + weights


def test_a_tensors_own_name_comes_before_a_variables():
    h = mg.Tensor([1.0, 2.0], name="hidden")
    array = np.ones(3, np.float32)
    with pytest.raises(ValueError, match=r"\(2,\) float32 'hidden'.*\(3,\) float32 'array'"):
        h * array


def test_of_two_variables_the_one_in_the_expression_is_named():
    first = second = mg.ones(2)
    assert first is second
    with pytest.raises(ValueError, match="'second'"):
        second + mg.ones(3)


def test_an_operand_that_no_variable_holds_has_no_name():
    with pytest.raises(ValueError, match=r"one operand is \(2,\) float32, the other \(3,\) float32\."):
        mg.ones(2) + mg.ones(3)


def test_a_rule_that_raises_tells_its_operands_their_shapes_and_the_module():
    model = nn.Sequential(Sheared())
    x = mg.ones(3, 4, requires_grad=True)
    loss = model(x).sum()
    with pytest.raises(ValueError, match="matmul") as caught:
        loss.backward()
    (note,) = [each for each in caught.value.__notes__ if each.startswith("in the backward of ")]
    assert re.fullmatch(
        r"in the backward of shear \(test_notes\.py:\d+: shear\(x, self\.weight\)\), "
        r"of x \(3, 4\) float32 and 0\.weight \(2, 5\) float32, in 0",
        note,
    )
    assert x.grad is None


def test_operands_without_a_gradient_are_told_where_the_rule_has_saved_them():
    y = mg.ones(2, 5)
    x = mg.ones(3, 4, requires_grad=True)
    with pytest.raises(ValueError, match="matmul") as caught:
        shear(x * 2, y).sum().backward()
    assert "of x (3, 4) float32 and y (2, 5) float32" in caught.value.__notes__[0]


def test_what_a_module_raises_tells_the_innermost_module_its_arguments_and_the_call():
    model = nn.Sequential(nn.Identity(), nn.ModuleDict({"inner": Broken()})["inner"])
    batch = mg.ones(4, 4)
    with pytest.raises(ValueError, match="matmul") as caught:
        model(batch)
    (note,) = caught.value.__notes__
    assert re.fullmatch(
        r"in the module inner \(Broken\), called with \(4, 4\) float32 'batch', at test_notes\.py:\d+: model\(batch\)",
        note.replace("1 (", "inner ("),
    )


def test_an_error_of_minigrad_is_not_told_twice():
    model = nn.Sequential(nn.Linear(3, 2))
    with pytest.raises(ValueError, match=r"at test_notes\.py:\d+ in 0: model\(") as caught:
        model(mg.ones(4, 7))
    assert not hasattr(caught.value, "__notes__")


def test_an_interrupt_passes_as_it_is():
    class Interrupted(nn.Module):
        def forward(self, x):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        Interrupted()(1)
    assert not hasattr(caught.value, "__notes__")

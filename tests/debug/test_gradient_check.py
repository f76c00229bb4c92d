"""gradcheck compares all derivatives with finite differences, and names the operation whose rule is wrong."""

import re
import sys

import numpy as np
import pytest

import minigrad as mg
from minigrad import debug, nn
from minigrad.autograd import record
from minigrad.debug import GradcheckError
from minigrad.nn import functional as F
from minigrad.ops.operands import floating


def cube(x):
    x_data = floating(cube, x)
    return record(cube, cube_vjp, x_data**3, (x,), (x_data,))


def cube_vjp(grad_output, x):
    """``grad_x = grad_output * 2 * x**2``."""
    return grad_output * 2 * x**2


def square(x):
    x_data = floating(square, x)
    return record(square, square_vjp, x_data * x_data, (x,), (x_data,))


def square_vjp(grad_output, x):
    """``grad_x = grad_output * 2 * x``, whose own derivative is lost."""
    return grad_output * 2 * x.detach() if isinstance(x, mg.Tensor) else grad_output * 2 * x


@pytest.fixture
def operands():
    generator = np.random.default_rng(0)
    x = mg.tensor(generator.standard_normal((3, 2)), dtype=mg.float32, requires_grad=True)
    W = mg.tensor(generator.standard_normal((2, 2)), dtype=mg.float32, requires_grad=True)
    return x, W


def test_right_derivatives_pass_and_nothing_is_written(operands):
    x, W = operands
    assert debug.gradcheck(lambda x, W: mg.tanh(x @ W), (x, W)) is True
    assert debug.gradcheck(lambda x: (x.sum(0), x.exp()), x) is True
    assert debug.gradcheck(lambda x, k, name: x * k, (x, 2.5, "k")) is True
    assert debug.gradgradcheck(lambda x, W: mg.tanh(x @ W), (x, W)) is True
    assert debug.gradgradcheck(lambda x: (x.sum(0) ** 2, x.exp()), x) is True
    assert x.grad is None
    assert x.dtype == mg.float32


def test_the_guilty_operation_is_named_with_its_place(operands):
    x, W = operands
    line = sys._getframe().f_lineno + 3

    def function(x, W):
        return mg.tanh(cube(x) @ W).sum()

    with pytest.raises(GradcheckError) as caught:
        debug.gradcheck(function, (x, W))
    assert isinstance(caught.value, RuntimeError)
    (check,) = caught.value.guilty
    assert check.step.node.name == "cube"
    text = str(caught.value)
    assert "6 of 6 derivatives of output 0 to input 0 differ from finite differences; most d output / d input[" in text
    assert f"Guilty is the rule of cube (test_gradient_check.py:{line}: cube(x)):" in text
    assert re.search(r"grad_x: the rule gives \S+ at \(\d, \d\), finite differences \S+", text)
    assert "matmul" not in text
    assert debug.gradcheck(function, (x, W), raise_exception=False) is False


def test_a_rule_that_is_right_once_but_not_twice_fails_the_second_check(operands):
    x, _ = operands
    assert debug.gradcheck(square, x)
    with pytest.raises(GradcheckError, match="gradgradcheck: 6 of 36 derivatives"):
        debug.gradgradcheck(square, x)
    assert debug.gradgradcheck(square, x, raise_exception=False) is False


def test_a_gradient_that_is_cut_off_is_told_from_a_wrong_rule(operands):
    x, _ = operands
    with pytest.raises(GradcheckError, match=r"each operation alone agrees: look for a detach\(\)") as caught:
        debug.gradcheck(lambda x: x.detach() * x, x)
    assert caught.value.guilty == ()
    with pytest.raises(GradcheckError, match="alone agrees"):
        debug.gradcheck(lambda x: mg.tensor(x.numpy() if not x.requires_grad else x.data), x)


def test_a_kink_fails_as_finite_differences_do():
    x = mg.zeros(2, requires_grad=True)
    with pytest.raises(GradcheckError, match="kink"):
        debug.gradcheck(mg.relu, x)


def test_a_function_that_draws_random_numbers_is_told(operands):
    x, _ = operands
    with pytest.raises(GradcheckError, match="another one each time"):
        debug.gradcheck(lambda x: F.dropout(x, 0.5), x)


def test_tolerances_and_step_can_be_given(operands):
    x, _ = operands
    assert debug.gradcheck(cube, x, rtol=10.0)
    assert not debug.gradcheck(lambda x: x**3, x, eps=0.5, rtol=1e-6, atol=1e-8, raise_exception=False)


def test_a_model_in_double_precision_is_checked_with_its_input(operands):
    x, _ = operands
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)).double()
    assert debug.gradcheck(model, x)
    with pytest.raises((ValueError, TypeError), match=r"float64|dtype"):
        debug.gradcheck(nn.Linear(2, 3), x)


@pytest.mark.parametrize("check", [debug.gradcheck, debug.gradgradcheck])
def test_what_cannot_be_checked_is_refused(check, operands):
    x, _ = operands
    with pytest.raises(TypeError, match="function is needed"):
        check(x, x)
    with pytest.raises(ValueError, match="requires grad"):
        check(mg.exp, mg.ones(2))
    with pytest.raises(TypeError, match="must return Tensors"):
        check(lambda x: 3.0, x)
    with pytest.raises(ValueError, match="must return float64"):
        check(lambda x: x.float(), x)

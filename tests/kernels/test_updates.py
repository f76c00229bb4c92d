"""The optimizer updates follow PyTorch's formulas, in place, and count their steps."""

import itertools
import math
from collections import deque
from itertools import repeat

import numpy as np
import pytest

from minigrad_kernels import (
    adam_update,
    amsgrad_update,
    check_update,
    operand_call,
    run,
    sgd_momentum_update,
    sgd_update,
)

FLOATS = [np.float32, np.float64]
STEPS = 4


def naive_sgd(values, slopes, buffers, step, lr, momentum, dampening, weight_decay, nesterov, maximize):
    """One step of torch.optim.SGD on lists of Python floats."""
    for i in range(len(values)):
        slope = -slopes[i] if maximize else slopes[i]
        slope += weight_decay * values[i]
        if momentum != 0:
            buffers[i] = slope if step == 0 else momentum * buffers[i] + (1 - dampening) * slope
            slope = slope + momentum * buffers[i] if nesterov else buffers[i]
        values[i] -= lr * slope


def naive_adam(values, slopes, m, v, largest, step, lr, beta1, beta2, eps, weight_decay, decoupled, maximize):
    """One step of torch.optim.Adam or AdamW on lists of Python floats; amsgrad unless `largest` is None."""
    for i in range(len(values)):
        slope = -slopes[i] if maximize else slopes[i]
        if decoupled:
            values[i] *= 1 - lr * weight_decay
        else:
            slope += weight_decay * values[i]
        m[i] = beta1 * m[i] + (1 - beta1) * slope
        v[i] = beta2 * v[i] + (1 - beta2) * slope**2
        used = v[i]
        if largest is not None:
            largest[i] = used = max(largest[i], v[i])
        step_size = lr / (1 - beta1 ** (step + 1))
        values[i] -= step_size * m[i] / (math.sqrt(used) / math.sqrt(1 - beta2 ** (step + 1)) + eps)


def problem(generator, dtype, n):
    """A parameter, and the gradients of several steps, some of them zero."""
    gradients = generator.standard_normal((STEPS, n)).astype(dtype)
    gradients[:, n // 2 : n // 2 + 1] = 0
    return generator.standard_normal(n).astype(dtype), gradients


def assert_followed(actual, expected):
    """Within the roundings of a few steps.

    A step rounds its few operations on values below 10 by eps each; sums that cancel keep the absolute error. Adam
    divides by a root that is as large as the gradient, so no quotient exceeds 10: 100·eps is ample and finds any
    wrong term, which would be of the order of lr·weight_decay = 10⁻³ or more.
    """
    assert np.allclose(actual, expected, rtol=0, atol=100 * np.finfo(actual.dtype).eps)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("n", [0, 1, 7, 33])
@pytest.mark.parametrize(("weight_decay", "maximize"), list(itertools.product([0.0, 0.1], [False, True])))
def test_gradient_descent_follows_the_formula(generator, dtype, n, weight_decay, maximize):
    parameter, gradients = problem(generator, dtype, n)
    expected = parameter.tolist()
    for step, gradient in enumerate(gradients):
        run(sgd_update)(parameter, gradient, 0.1, weight_decay, maximize)
        naive_sgd(expected, gradient.tolist(), None, step, 0.1, 0.0, 0.0, weight_decay, False, maximize)
    assert_followed(parameter, expected)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("n", [1, 33])
@pytest.mark.parametrize(("dampening", "nesterov"), [(0.0, False), (0.3, False), (0.0, True)])
@pytest.mark.parametrize(("weight_decay", "maximize"), list(itertools.product([0.0, 0.1], [False, True])))
def test_momentum_follows_the_formula(generator, dtype, n, dampening, nesterov, weight_decay, maximize):
    parameter, gradients = problem(generator, dtype, n)
    buffer, step = np.full(n, np.nan, dtype), np.zeros(())
    expected, buffers = parameter.tolist(), [0.0] * n
    settings = (0.1, 0.9, dampening, weight_decay, nesterov, maximize)
    for number, gradient in enumerate(gradients):
        run(sgd_momentum_update)(parameter, gradient, buffer, step, *settings)
        naive_sgd(expected, gradient.tolist(), buffers, number, *settings)
    assert_followed(parameter, expected)
    assert_followed(buffer, buffers)
    assert step == STEPS


def test_the_first_momentum_step_ignores_dampening_and_the_old_buffer():
    parameter, buffer, step = np.zeros(2), np.array([np.nan, 5.0]), np.zeros(())
    run(sgd_momentum_update)(parameter, np.ones(2), buffer, step, 0.5, 0.9, 0.75, 0.0, False, False)
    assert np.array_equal(buffer, [1, 1])
    assert np.array_equal(parameter, [-0.5, -0.5])


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("amsgrad", [False, True])
@pytest.mark.parametrize(("weight_decay", "decoupled"), [(0.0, False), (0.1, False), (0.1, True)])
@pytest.mark.parametrize("maximize", [False, True])
def test_adam_follows_the_formula(generator, dtype, amsgrad, weight_decay, decoupled, maximize):
    n = 33
    parameter, gradients = problem(generator, dtype, n)
    exp_avg, exp_avg_sq, largest, step = np.zeros(n, dtype), np.zeros(n, dtype), np.zeros(n, dtype), np.zeros(())
    expected, m, v, naive_largest = parameter.tolist(), [0.0] * n, [0.0] * n, [0.0] * n if amsgrad else None
    # A small beta2 lets the second moment shrink, which amsgrad must notice. A gradient of 0 with eps of 10⁻⁸ and
    # weight decay is ill-conditioned in float32, so eps is larger.
    settings = (0.1, 0.9, 0.5, 1e-3, weight_decay, decoupled, maximize)
    for number, gradient in enumerate(gradients):
        if amsgrad:
            run(amsgrad_update)(parameter, gradient, exp_avg, exp_avg_sq, largest, step, *settings)
        else:
            run(adam_update)(parameter, gradient, exp_avg, exp_avg_sq, step, *settings)
        naive_adam(expected, gradient.tolist(), m, v, naive_largest, number, *settings)
    assert_followed(parameter, expected)
    assert_followed(exp_avg, m)
    assert_followed(exp_avg_sq, v)
    assert_followed(largest, naive_largest or [0.0] * n)
    assert step == STEPS


def test_the_first_step_of_adam_is_lr_whatever_the_size_of_the_gradient():
    gradient = np.array([1e-3, -5.0, 1e3])
    parameter, step = np.zeros(3), np.zeros(())
    run(adam_update)(
        parameter, gradient, np.zeros(3), np.zeros(3), step, 0.1, 0.9, 0.999, 0.0, 0.0, False, False
    )  # fmt: skip
    # m/(1 − b1) and v/(1 − b2) are the gradient and its square, but for some roundings.
    assert np.allclose(parameter, [-0.1, 0.1, -0.1], rtol=1e-12, atol=0)


def test_a_late_step_keeps_its_bias_correction():
    # 1 − 0.999^t rounds to 1 in float32 from t = 17 000 on, in float64 from t = 37 000.
    step = np.array(1e6)
    parameter = np.zeros(1, np.float32)
    run(adam_update)(
        parameter, np.ones(1, np.float32), np.ones(1, np.float32), np.ones(1, np.float32), step,
        0.5, 0.9, 0.999, 0.0, 0.0, False, False,
    )  # fmt: skip
    assert parameter[0] == -0.5
    assert step == 1e6 + 1


def test_amsgrad_keeps_nan_as_the_maximum():
    arrays = [np.zeros(2) for _ in range(4)]
    run(amsgrad_update)(
        arrays[0], np.array([np.nan, 1.0]), *arrays[1:], np.zeros(()), 0.1, 0.9, 0.999, 1e-8, 0.0, False, False
    )
    assert np.isnan(arrays[0][0])
    assert np.isnan(arrays[3][0])
    assert np.isfinite(arrays[0][1])


def test_without_decay_an_infinite_parameter_makes_no_nan():
    parameter = np.array([np.inf])
    run(sgd_update)(parameter, np.ones(1), 0.1, 0.0, False)
    assert parameter[0] == np.inf


def test_the_gradient_stays_as_it_is(generator):
    parameter, gradients = problem(generator, np.float32, 9)
    before = gradients[0].copy()
    run(sgd_momentum_update)(
        parameter, gradients[0], np.zeros(9, np.float32), np.zeros(()), 0.1, 0.9, 0.0, 0.1, True, True
    )
    assert np.array_equal(gradients[0], before)


def test_one_c_loop_updates_all_parameters(generator):
    parameters = [generator.standard_normal(n) for n in (3, 5)]
    expected = [parameter - 0.5 for parameter in parameters]
    gradients = [np.ones(3), np.ones(5)]
    update = operand_call(sgd_update, (parameters[0], gradients[0], 0.5, 0.0, False))
    deque(map(update, parameters, gradients, repeat(0.5), repeat(0.0), repeat(False)), maxlen=0)
    for parameter, value in zip(parameters, expected):
        assert np.array_equal(parameter, value)


def read_only(x):
    """The array, made read-only."""
    x.flags.writeable = False
    return x


@pytest.mark.parametrize(
    ("parameter", "gradient", "state", "step", "error", "parts"),
    [
        (np.ones(2, int), np.ones(2), [], None, TypeError, ["float32 or float64", "int64"]),
        (np.ones(2), np.ones(2, np.float32), [], None, TypeError, ["gradient", "float64", "float32", ".astype"]),
        (np.ones(2), np.ones(3), [], None, ValueError, ["gradient", "(2,)", "(3,)", "reshape"]),
        (np.ones((2, 2)), np.ones((2, 2)), [], None, ValueError, ["parameter", "flat", "(2, 2)", "reshape(-1)"]),
        (np.ones(2), np.ones(4)[::2], [], None, ValueError, ["gradient", "contiguous", "strides (16,)"]),
        (np.ones(2), np.ones(2), [np.ones(2), np.ones(1)], None, ValueError, ["state[1]", "(2,)", "(1,)"]),
        (read_only(np.ones(2)), np.ones(2), [], None, ValueError, ["parameter", "read-only", "copy"]),
        (np.ones(2), np.ones(2), [], np.zeros(1), ValueError, ["step", "0-d", "(1,)", "np.zeros(())"]),
        (np.ones(2), np.ones(2), [], np.zeros((), int), ValueError, ["step", "int64", "np.zeros(())"]),
    ],
)
def test_arrays_that_do_not_fit_raise_before_the_update(parameter, gradient, state, step, error, parts):
    with pytest.raises(error, match=r"^Adam: parameter 3: needed") as caught:
        check_update("Adam: parameter 3", parameter, gradient, state, step)
    for part in parts:
        assert part in str(caught.value)


def test_a_read_only_gradient_fits():
    check_update("SGD", np.ones(2), read_only(np.ones(2)), [np.ones(2)], np.zeros(()))

"""The updates of RMSprop and its kin follow PyTorch's formulas, in place, and count their steps."""

import math

import numpy as np
import pytest

from minigrad_kernels import (
    adadelta_update,
    adagrad_update,
    adamax_update,
    asgd_update,
    nadam_update,
    radam_update,
    rmsprop_centered_momentum_update,
    rmsprop_centered_update,
    rmsprop_momentum_update,
    rmsprop_update,
    rprop_update,
    run,
)

STEPS = 7
N = 33
LR = 0.05


def naive_rmsprop(p, g, s, options, weight_decay):
    alpha, eps, momentum, centered = options
    g = g + weight_decay * p
    s["v"] = alpha * s.get("v", 0) + (1 - alpha) * g * g
    spread = s["v"]
    if centered:
        s["m"] = alpha * s.get("m", 0) + (1 - alpha) * g
        spread -= s["m"] ** 2
    change = g / (math.sqrt(max(spread, 0)) + eps)
    s["b"] = momentum * s.get("b", 0) + change
    return p - LR * s["b"]


def naive_adagrad(p, g, s, options, weight_decay):
    lr_decay, initial, eps = options
    g = g + weight_decay * p
    s["sum"] = s.get("sum", initial) + g * g
    return p - LR / (1 + (s["t"] - 1) * lr_decay) * g / (math.sqrt(s["sum"]) + eps)


def naive_adadelta(p, g, s, options, weight_decay):
    rho, eps = options
    g = g + weight_decay * p
    s["v"] = rho * s.get("v", 0) + (1 - rho) * g * g
    change = math.sqrt(s.get("d", 0) + eps) / math.sqrt(s["v"] + eps) * g
    s["d"] = rho * s.get("d", 0) + (1 - rho) * change * change
    return p - LR * change


def naive_adamax(p, g, s, options, weight_decay):
    beta1, beta2, eps = options
    g = g + weight_decay * p
    s["m"] = beta1 * s.get("m", 0) + (1 - beta1) * g
    s["u"] = max(beta2 * s.get("u", 0), abs(g) + eps)
    return p - LR / (1 - beta1 ** s["t"]) * s["m"] / s["u"]


def naive_nadam(p, g, s, options, weight_decay):
    beta1, beta2, eps, momentum_decay, decoupled = options
    if decoupled:
        p *= 1 - LR * weight_decay
    else:
        g = g + weight_decay * p
    mu = beta1 * (1 - 0.5 * 0.96 ** (s["t"] * momentum_decay))
    mu_next = beta1 * (1 - 0.5 * 0.96 ** ((s["t"] + 1) * momentum_decay))
    s["product"] = s.get("product", 1) * mu
    s["m"] = beta1 * s.get("m", 0) + (1 - beta1) * g
    s["v"] = beta2 * s.get("v", 0) + (1 - beta2) * g * g
    mean = (1 - mu) * g / (1 - s["product"]) + mu_next * s["m"] / (1 - s["product"] * mu_next)
    return p - LR * mean / (math.sqrt(s["v"] / (1 - beta2 ** s["t"])) + eps)


def naive_radam(p, g, s, options, weight_decay):
    beta1, beta2, eps, decoupled = options
    if decoupled:
        p *= 1 - LR * weight_decay
    else:
        g = g + weight_decay * p
    s["m"] = beta1 * s.get("m", 0) + (1 - beta1) * g
    s["v"] = beta2 * s.get("v", 0) + (1 - beta2) * g * g
    mean = s["m"] / (1 - beta1 ** s["t"])
    rest = beta2 ** s["t"]
    longest = 2 / (1 - beta2) - 1
    length = longest - 2 * s["t"] * rest / (1 - rest)
    if length <= 5:
        return p - LR * mean
    scale = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
    return p - LR * mean * math.sqrt(scale) * math.sqrt(1 - rest) / (math.sqrt(s["v"]) + eps)


def naive_rprop(p, g, s, options, weight_decay):
    minus, plus, low, high = options
    turn = g * s.get("g", 0)
    size = s.get("size", LR) * (plus if turn > 0 else minus if turn < 0 else 1)
    s["size"] = min(max(size, low), high)
    s["g"] = 0 if turn < 0 else g
    return p - math.copysign(s["size"], s["g"]) if s["g"] else p


def naive_asgd(p, g, s, options, weight_decay):
    lambd, alpha, t0 = options
    g = g + weight_decay * p
    eta, mu = s.get("eta", LR), s.get("mu", 1)
    p = p * (1 - lambd * eta) - eta * g
    s["ax"] = s.get("ax", 0) + mu * (p - s.get("ax", 0))
    s["eta"], s["mu"] = LR / (1 + lambd * LR * s["t"]) ** alpha, 1 / max(1, s["t"] - t0)
    return p


# The kernel, how many arrays and numbers of state it has, its twin, the options of that, and the order of those that
# the kernel takes after lr: numbers are options by index, "decay" is the weight decay.
CASES = {
    "rmsprop": (rmsprop_update, 1, 0, naive_rmsprop, (0.8, 1e-3, 0.0, False), (0, 1, "decay", 2)),
    "momentum": (rmsprop_momentum_update, 2, 0, naive_rmsprop, (0.8, 1e-3, 0.7, False), (0, 1, "decay", 2)),
    "centered": (rmsprop_centered_update, 2, 0, naive_rmsprop, (0.8, 0.1, 0.0, True), (0, 1, "decay", 2)),
    "both": (rmsprop_centered_momentum_update, 3, 0, naive_rmsprop, (0.8, 0.1, 0.7, True), (0, 1, "decay", 2)),
    "adagrad": (adagrad_update, 1, 0, naive_adagrad, (0.3, 0.5, 1e-3), (0, 1, 2, "decay")),
    "adadelta": (adadelta_update, 2, 0, naive_adadelta, (0.8, 1e-2), (0, 1, "decay")),
    "adamax": (adamax_update, 2, 0, naive_adamax, (0.8, 0.7, 1e-3), (0, 1, 2, "decay")),
    "nadam": (nadam_update, 2, 1, naive_nadam, (0.8, 0.7, 1e-3, 0.3, False), (0, 1, 2, "decay", 3, 4)),
    "nadam decoupled": (nadam_update, 2, 1, naive_nadam, (0.8, 0.7, 1e-3, 0.3, True), (0, 1, 2, "decay", 3, 4)),
    "radam": (radam_update, 2, 0, naive_radam, (0.8, 0.99, 1e-3, False), (0, 1, 2, "decay", 3)),
    "radam short": (radam_update, 2, 0, naive_radam, (0.8, 0.5, 1e-3, True), (0, 1, 2, "decay", 3)),
    "rprop": (rprop_update, 2, 0, naive_rprop, (0.5, 1.2, 0.02, 0.07), (0, 1, 2, 3)),
    "asgd": (asgd_update, 1, 2, naive_asgd, (0.1, 0.75, 3.0), (0, 1, 2, "decay")),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("weight_decay", "maximize"), [(0.0, False), (0.1, False), (0.1, True)])
def test_an_update_follows_the_formula(generator, dtype, case, weight_decay, maximize):
    kernel, arrays, scalars, naive, options, order = CASES[case]
    weight_decay = weight_decay if "decay" in order else 0.0
    gradients = generator.standard_normal((STEPS, N)).astype(dtype)
    gradients[:, N // 2] = 0
    parameter = generator.standard_normal(N).astype(dtype)
    expected, states = parameter.tolist(), [{} for _ in range(N)]
    state = [np.zeros(N, dtype) for _ in range(arrays)] + [np.zeros(()) for _ in range(scalars)]
    step = np.zeros(())
    settings = [LR, *[weight_decay if each == "decay" else options[each] for each in order], maximize]
    for number, gradient in enumerate(gradients, 1):
        run(kernel)(parameter, gradient, *state, step, *settings)
        for i, slope in enumerate(gradient.tolist()):
            states[i]["t"] = number
            expected[i] = naive(expected[i], -slope if maximize else slope, states[i], options, weight_decay)
    # Some 20 operations of each of the steps round values below 10 by eps, and eps of 10⁻³ in the denominators
    # amplifies what is left of small gradients by as much: a wrong term would be of the order of 10⁻³.
    assert np.allclose(parameter, expected, rtol=0, atol=2000 * np.finfo(dtype).eps)
    assert step == STEPS


# Only the sign counts for Rprop, and NaN has none.
@pytest.mark.parametrize("case", [case for case in CASES if case != "rprop"])
def test_nan_stays_where_it_is(case):
    kernel, arrays, scalars, _, options, order = CASES[case]
    parameter, step = np.zeros(3), np.zeros(())
    state = [np.zeros(3) for _ in range(arrays)] + [np.zeros(()) for _ in range(scalars)]
    settings = [LR, *[0.0 if each == "decay" else options[each] for each in order], False]
    for slopes in ([1.0, np.nan, 1.0], [1.0, 1.0, 1.0]):
        run(kernel)(parameter, np.array(slopes), *state, step, *settings)
    assert np.isnan(parameter).tolist() == [False, True, False]


def test_a_variance_below_zero_is_rounding_and_counts_as_zero():
    parameter, square_avg, grad_avg = np.zeros(1), np.array([1.0]), np.array([1.0 + 1e-12])
    run(rmsprop_centered_update)(
        parameter, np.ones(1), square_avg, grad_avg, np.ones(()), 0.1, 1.0, 0.5, 0.0, 0.0, False
    )
    assert parameter[0] == -0.2


def test_rprop_waits_where_the_gradient_is_nan():
    parameter, prev, step_size, step = np.zeros(3), np.zeros(3), np.zeros(3), np.zeros(())
    for slopes in ([1.0, np.nan, -np.inf], [1.0, 1.0, 1.0]):
        run(rprop_update)(parameter, np.array(slopes), prev, step_size, step, 0.5, 0.5, 2.0, 0.0, 9.0, False)
    assert parameter.tolist() == [-1.5, -0.5, 0.5]


def test_averaging_begins_where_it_is_told_to():
    parameter, ax, eta, mu, step = np.zeros(1), np.zeros(1), np.zeros(()), np.zeros(()), np.zeros(())
    seen = []
    for _ in range(5):
        run(asgd_update)(parameter, np.ones(1), ax, eta, mu, step, 0.5, 0.0, 0.75, 2.0, 0.0, False)
        seen.append((parameter[0], ax[0]))
    assert seen == [(-0.5, -0.5), (-1.0, -1.0), (-1.5, -1.5), (-2.0, -2.0), (-2.5, -2.25)]

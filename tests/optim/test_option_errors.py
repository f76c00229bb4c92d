"""What each optimizer, wrapper and schedule refuses of its options, with everything left as it was."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, optim
from minigrad.optim import lr_scheduler as schedules
from minigrad.optim import swa_utils

W = mg.zeros(2, requires_grad=True)
MATRIX = mg.zeros(2, 3, requires_grad=True)


def sgd(**options):
    return optim.SGD([W], lr=0.1, **options)


def step_schedule(optimizer=None):
    return schedules.StepLR(optimizer or sgd(), 1)


def sequence(parts, milestones):
    optimizer = sgd()
    return schedules.SequentialLR(optimizer, [part(optimizer) for part in parts], milestones)


def of_lbfgs(**changes):
    """Load a state of L-BFGS that has been changed; None takes something away."""
    optimizer = optim.LBFGS([W])

    def closure():
        optimizer.zero_grad()
        loss = ((W - 1) ** 2).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    with mg.no_grad():
        W.zero_()
    state = optimizer.state_dict()
    for name, value in changes.items():
        if value is None:
            del state["state"][0][name]
        else:
            state["state"][0][name] = value
    optim.LBFGS([W]).load_state_dict(state)


# What is done, the error, and parts of its message: who, what was needed and came, and the remedy.
OPTIMIZERS = [
    (lambda: optim.RMSprop([W], alpha=-1.0), ValueError, ["RMSprop: alpha", "-1.0"]),
    (lambda: optim.RMSprop([W], momentum=math.nan), ValueError, ["RMSprop: momentum", "nan"]),
    (lambda: optim.RMSprop([W], eps="x"), TypeError, ["RMSprop: eps must be a number", "str 'x'"]),
    (lambda: optim.RMSprop([W], momentum="0.9"), TypeError, ["RMSprop: momentum must be a number"]),
    (lambda: optim.Adagrad([W], lr_decay=-1.0), ValueError, ["Adagrad: lr_decay"]),
    (lambda: optim.Adagrad([W], initial_accumulator_value=-1.0), ValueError, ["Adagrad: initial_accumulator_value"]),
    (lambda: optim.Adadelta([W], rho=1.5), ValueError, ["Adadelta: rho must be from 0 to 1, got 1.5"]),
    (lambda: optim.Adamax([W], betas=(0.9, 1.0)), ValueError, ["Adamax: betas[1]", "below 1"]),
    (lambda: optim.NAdam([W], momentum_decay=-1.0), ValueError, ["NAdam: momentum_decay"]),
    (lambda: optim.NAdam([W], betas=(0.9,)), TypeError, ["NAdam: betas must be two numbers", "(0.9, 0.999)"]),
    (lambda: optim.RAdam([W], weight_decay=-1.0), ValueError, ["RAdam: weight_decay"]),
    (lambda: optim.Rprop([W], etas=(1.2, 0.5)), ValueError, ["Rprop: etas", "(1.2, 0.5)"]),
    (lambda: optim.Rprop([W], etas=0.5), TypeError, ["Rprop: etas must be two numbers", "(0.5, 1.2)"]),
    (lambda: optim.Rprop([W], step_sizes=(1.0, 0.1)), ValueError, ["Rprop: step_sizes", "(1.0, 0.1)"]),
    (lambda: optim.ASGD([W], t0=-1.0), ValueError, ["ASGD: t0"]),
    (lambda: optim.Muon([W]), ValueError, ["Muon: each parameter must be a matrix", "(2,) float32", "AdamW"]),
    (lambda: optim.Muon([MATRIX], ns_steps=100), ValueError, ["Muon: ns_steps", "below 100"]),
    (lambda: optim.Muon([MATRIX], ns_steps=1.5), TypeError, ["Muon: ns_steps must be an integer"]),
    (lambda: optim.Muon([MATRIX], ns_coefficients=(1.0, 2.0)), TypeError, ["Muon: ns_coefficients", "three numbers"]),
    (lambda: optim.Muon([MATRIX], ns_coefficients=(1.0, -math.inf, 0.0)), ValueError, ["[1] must be a finite number"]),
    (lambda: optim.Muon([MATRIX], adjust_lr_fn="x"), ValueError, ["Muon: adjust_lr_fn", "'match_rms_adamw'", "'x'"]),
    (lambda: optim.LBFGS([W], max_iter=1.5), TypeError, ["LBFGS: max_iter must be an integer"]),
    (lambda: optim.LBFGS([W], max_iter="3"), TypeError, ["LBFGS: max_iter must be an integer"]),
    (lambda: optim.LBFGS([W], line_search_fn="wolfe"), ValueError, ["LBFGS: line_search_fn", "'strong_wolfe'"]),
    (lambda: optim.LBFGS([{"params": [W]}, {"params": [MATRIX]}]), ValueError, ["LBFGS:", "one group"]),
    (lambda: optim.LBFGS([W]).step(), TypeError, ["LBFGS.step: a closure is needed"]),
    (lambda: optim.LBFGS([W]).step(3), TypeError, ["LBFGS.step", "must be a function"]),
    (lambda: of_lbfgs(d=None), ValueError, ["LBFGS.load_state_dict", "lacks 'd'"]),
    (lambda: of_lbfgs(d=np.zeros(3)), ValueError, ["LBFGS.load_state_dict", "(3,) float64", "2 numbers"]),
    (lambda: of_lbfgs(ro=[1.0, 2.0, 3.0, 4.0]), ValueError, ["LBFGS.load_state_dict", "old_stps, 4 ro"]),
    (lambda: optim.SAM([W]), TypeError, ["SAM: an Optimizer is needed", "SAM(SGD("]),
    (lambda: optim.SAM(sgd(), rho=-1.0), ValueError, ["SAM: rho"]),
    (lambda: optim.SAM(sgd()).step(), TypeError, ["SAM.step: a closure is needed"]),
    (lambda: optim.ProximalL1(W, 0.1), TypeError, ["ProximalL1: an Optimizer is needed"]),
    (lambda: optim.ProximalL1(sgd(), math.nan), ValueError, ["ProximalL1: lam", "nan"]),
    (
        lambda: optim.ProximalL1(optim.SGD([{"params": [W], "lam": -1.0}]), 0.1),
        ValueError,
        ["ProximalL1: lam", "-1.0"],
    ),
    (lambda: swa_utils.AveragedModel(W), TypeError, ["AveragedModel: a module is needed"]),
    (
        lambda: swa_utils.AveragedModel(
            nn.Linear(1, 1), avg_fn=swa_utils.get_swa_avg_fn(), multi_avg_fn=swa_utils.get_swa_multi_avg_fn()
        ),
        ValueError,
        ["AveragedModel: avg_fn and multi_avg_fn", "one of them"],
    ),
    (lambda: swa_utils.get_ema_avg_fn(1.5), ValueError, ["decay must be from 0 to 1"]),
]
SCHEDULES = [
    (lambda: schedules.MultiStepLR(sgd(), [1, 2.5]), TypeError, ["MultiStepLR: milestones must be an integer"]),
    (lambda: schedules.MultiStepLR(sgd(), [-1]), ValueError, ["MultiStepLR: milestones must be at least 0"]),
    (lambda: schedules.ExponentialLR(sgd(), -0.5), ValueError, ["ExponentialLR: gamma"]),
    (lambda: schedules.ConstantLR(sgd(), factor=1.5), ValueError, ["ConstantLR: factor must be from 0 to 1"]),
    (lambda: schedules.ConstantLR(sgd(), total_iters=1.5), TypeError, ["ConstantLR: total_iters"]),
    (lambda: schedules.LinearLR(sgd(), start_factor=0), ValueError, ["LinearLR: start_factor must be above 0"]),
    (lambda: schedules.LinearLR(sgd(), end_factor=1.5), ValueError, ["LinearLR: end_factor must be from 0 to 1"]),
    (lambda: schedules.PolynomialLR(sgd(), power=-1.0), ValueError, ["PolynomialLR: power"]),
    (lambda: schedules.CosineAnnealingWarmRestarts(sgd(), 0), ValueError, ["T_0 must be at least 1"]),
    (lambda: schedules.CosineAnnealingWarmRestarts(sgd(), 1, 1.5), TypeError, ["T_mult must be an integer"]),
    (lambda: schedules.CosineAnnealingWarmRestarts(sgd(), 1).step(-1.0), ValueError, ["Restarts: epoch", "-1.0"]),
    (lambda: schedules.LambdaLR(W, abs), TypeError, ["LambdaLR: an Optimizer is needed"]),
    (lambda: schedules.LambdaLR(sgd(), 0.5), TypeError, ["LambdaLR: lr_lambda must be a function", "float 0.5"]),
    (lambda: schedules.MultiplicativeLR(sgd(), [abs, abs]), ValueError, ["has 2 functions", "1 groups"]),
    (lambda: schedules.LambdaLR(sgd(), lambda step: -1.0), ValueError, ["LambdaLR: the next lr", "-0.1"]),
    (lambda: schedules.OneCycleLR(sgd(), 0.1), ValueError, ["OneCycleLR: total_steps is needed", "steps_per_epoch"]),
    (lambda: schedules.OneCycleLR(sgd(), 0.1, 0), ValueError, ["OneCycleLR: total_steps must be at least 1"]),
    (lambda: schedules.OneCycleLR(sgd(), [0.1, 0.2], 5), ValueError, ["max_lr has 2 numbers", "1 groups"]),
    (lambda: schedules.OneCycleLR(sgd(), 0.1, 5, pct_start=2.0), ValueError, ["pct_start must be from 0 to 1"]),
    (lambda: schedules.OneCycleLR(sgd(), 0.1, 5, div_factor=0), ValueError, ["div_factor must be above 0"]),
    (lambda: schedules.OneCycleLR(sgd(), 0.1, 5, anneal_strategy="x"), ValueError, ["anneal_strategy", "'cos'", "'x'"]),
    (
        lambda: schedules.OneCycleLR(optim.Adagrad([W]), 0.1, 5),
        ValueError,
        ["OneCycleLR: cycle_momentum needs", "Adagrad", "cycle_momentum=False"],
    ),
    (lambda: schedules.CyclicLR(sgd(), 0.1, 0.2, mode="x"), ValueError, ["CyclicLR: mode", "'triangular2'", "'x'"]),
    (lambda: schedules.CyclicLR(sgd(), 0.1, 0.2, scale_fn=3), TypeError, ["CyclicLR: scale_fn must be a function"]),
    (lambda: schedules.CyclicLR(sgd(), 0.1, 0.2, 0), ValueError, ["CyclicLR: step_size_up"]),
    (lambda: schedules.ReduceLROnPlateau(sgd(), "low"), ValueError, ["ReduceLROnPlateau: mode", "'min'", "'low'"]),
    (lambda: schedules.ReduceLROnPlateau(sgd(), factor=1.0), ValueError, ["ReduceLROnPlateau: factor", "below 1"]),
    (lambda: schedules.ReduceLROnPlateau(sgd()).step("x"), TypeError, ["ReduceLROnPlateau.step", "must be a number"]),
    (lambda: sequence([], []), ValueError, ["SequentialLR: the list of schedules is empty"]),
    (lambda: sequence([step_schedule], [1]), ValueError, ["SequentialLR: 1 schedules need 0 rising milestones"]),
    (lambda: sequence([step_schedule] * 3, [2, 1]), ValueError, ["SequentialLR: 3 schedules need 2 rising", "[2, 1]"]),
    (lambda: sequence([lambda optimizer: 3], []), TypeError, ["SequentialLR: schedule 0 must be a schedule", "int 3"]),
    (
        lambda: sequence(
            [step_schedule, lambda optimizer: schedules.ChainedScheduler([step_schedule(optimizer)])], [1]
        ),
        ValueError,
        ["SequentialLR: schedule 1, ChainedScheduler, is made of others"],
    ),
    (lambda: sequence([schedules.ReduceLROnPlateau], []), ValueError, ["schedule 0 is a ReduceLROnPlateau"]),
    (lambda: schedules.SequentialLR(sgd(), [step_schedule()], []), ValueError, ["schedule 0, StepLR, has another"]),
    (lambda: schedules.ChainedScheduler(step_schedule()), TypeError, ["ChainedScheduler: a list of schedules"]),
    (lambda: swa_utils.SWALR(sgd(), 0.1, anneal_epochs=-1), ValueError, ["SWALR: anneal_epochs"]),
    (lambda: swa_utils.SWALR(sgd(), 0.1, anneal_strategy="x"), ValueError, ["SWALR: anneal_strategy"]),
]


@pytest.mark.parametrize(("action", "kind", "parts"), OPTIMIZERS + SCHEDULES)
def test_the_error_says_who_what_and_how(action, kind, parts):
    with pytest.raises(kind) as caught:
        action()
    for part in parts:
        assert part in str(caught.value)


def test_a_step_after_the_cycle_is_refused_and_changes_nothing():
    optimizer = sgd(momentum=0.9)
    scheduler = schedules.OneCycleLR(optimizer, 0.1, total_steps=3)
    optimizer.step()
    for _ in range(3):
        scheduler.step()
    before = repr(optimizer), repr(scheduler.state_dict())
    with pytest.raises(ValueError, match="OneCycleLR: the cycle of 3 steps is over, and this is step 4"):
        scheduler.step()
    assert (repr(optimizer), repr(scheduler.state_dict())) == before


def test_a_plateau_with_a_list_of_least_rates_asks_for_that_of_a_new_group():
    optimizer = sgd()
    scheduler = schedules.ReduceLROnPlateau(optimizer, patience=0, min_lr=[0.01])
    optimizer.add_param_group({"params": [mg.ones(1, requires_grad=True)]})
    scheduler.step(1.0)
    before = repr(optimizer), repr(scheduler.state_dict())
    with pytest.raises(ValueError, match="min_lr has 1 numbers, and the optimizer now has 2 groups"):
        scheduler.step(1.0)
    assert (repr(optimizer), repr(scheduler.state_dict())) == before


def test_a_schedule_that_cannot_be_made_leaves_the_groups_alone():
    optimizer = sgd(momentum=0.9)
    before = repr(optimizer)
    for make in (
        lambda: schedules.CyclicLR(optimizer, 0.01, 0.1, scale_fn=lambda x: math.nan),
        lambda: schedules.OneCycleLR(optimizer, [0.1, 0.2], 5),
        lambda: schedules.LambdaLR(optimizer, lambda step: math.nan),
    ):
        with pytest.raises(ValueError, match="LR: "):
            make()
        assert repr(optimizer) == before


def test_the_state_of_another_combination_is_refused_whole():
    first = sequence([step_schedule, schedules.LinearLR], [3])
    second = sequence([step_schedule, step_schedule, step_schedule], [3, 5])
    third = sequence([step_schedule, step_schedule], [3])
    before = repr(first.state_dict())
    with pytest.raises(ValueError, match="and there are 2"):
        first.load_state_dict(second.state_dict())
    with pytest.raises(ValueError, match="of schedule 1: it lacks 'start_factor'"):
        first.load_state_dict(third.state_dict())
    with pytest.raises(ValueError, match="its schedule 0 is int 3"):
        first.load_state_dict({**first.state_dict(), "_schedulers": [3, 4]})
    assert repr(first.state_dict()) == before
    functions = schedules.LambdaLR(sgd(), lambda step: 1.0)
    with pytest.raises(ValueError, match="it has 2 lr_lambdas, the schedule 1"):
        functions.load_state_dict({**functions.state_dict(), "lr_lambdas": [None, None]})

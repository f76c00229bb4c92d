"""An interrupt at any moment of a step leaves all parameters, moments and counts updated, or none."""

import copy
import signal
import sys
import time

import numpy as np
import pytest

import minigrad as mg
from minigrad import optim
from minigrad.optim import lr_scheduler
from minigrad_kernels import adam_update, python_kernels

KINDS = {
    "SGD": lambda groups: optim.SGD(groups, lr=0.1),
    "SGD momentum": lambda groups: optim.SGD(groups, lr=0.1, momentum=0.9),
    # A group without momentum is driven by another kernel.
    "SGD of two kernels": lambda groups: optim.SGD([groups[0], {**groups[1], "momentum": 0.5}], lr=0.1),
    "Adam": lambda groups: optim.Adam(groups, lr=0.1),
    "RMSprop": lambda groups: optim.RMSprop([groups[0], {**groups[1], "centered": True, "momentum": 0.5}], lr=0.1),
    "Adagrad": lambda groups: optim.Adagrad(groups, lr=0.1),
    "Adadelta": lambda groups: optim.Adadelta(groups, lr=0.1),
    "Adamax": lambda groups: optim.Adamax(groups, lr=0.1),
    "NAdam": lambda groups: optim.NAdam(groups, lr=0.1),
    "RAdam": lambda groups: optim.RAdam(groups, lr=0.1),
    "Rprop": lambda groups: optim.Rprop(groups, lr=0.1),
    "ASGD": lambda groups: optim.ASGD(groups, lr=0.1),
}
# Every moment of one kind, of the others fewer: they share the code.
STRIDES = dict.fromkeys(KINDS, 37) | {"SGD": 5, "SGD momentum": 5, "SGD of two kernels": 5, "Adam": 1}


def two_groups(parameters):
    return [{"params": parameters[:2]}, {"params": parameters[2:], "lr": 0.05}]


def snapshot(optimizer):
    """Return copies of everything that a step writes; state that is still zero counts as state not yet made."""
    found = []
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            found.append(parameter.data.copy())
            state = optimizer.state[parameter]
            for name in sorted(state):
                if state["step"].item() > 0:
                    found.append(state[name].data.copy())
    return found


def same(first, second):
    return len(first) == len(second) and all(np.array_equal(a, b) for a, b in zip(first, second))


class Injector:
    """Raises KeyboardInterrupt at the n-th bytecode instruction of minigrad, which is finer than a signal can be."""

    def __init__(self, moment):
        self.left = moment

    def trace(self, frame, event, argument):
        frame.f_trace_opcodes = True
        if event == "opcode":
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt
        return self.trace

    def run(self, function):
        """Return whether the function was interrupted."""
        before = sys.gettrace()
        sys.settrace(self.trace)
        try:
            function()
        except KeyboardInterrupt:
            return True
        finally:
            sys.settrace(before)
        return False


@pytest.mark.parametrize(("kind", "stride"), STRIDES.items())
@pytest.mark.parametrize("steps_before", [0, 2])
def test_no_moment_tears_a_step(network, kind, stride, steps_before):
    if steps_before == 0:
        stride = max(stride, 5)
    optimizer = KINDS[kind](two_groups(network()))
    for _ in range(steps_before):
        optimizer.step()
    # This also compiles what the step needs: the compiler's own instructions are millions.
    updated = copy.deepcopy(optimizer)
    updated.step()
    old, new = snapshot(optimizer), snapshot(updated)
    outcomes = []
    moment = 1 - stride
    interrupted = True
    while interrupted:
        moment += stride
        victim = copy.deepcopy(optimizer)
        interrupted = Injector(moment).run(victim.step)
        now = snapshot(victim)
        assert same(now, old) or same(now, new), moment
        outcomes.append(same(now, new))
        if not same(now, new) and len(outcomes) % 25 == 0:
            # What an interrupt leaves is fit for the next step.
            victim.step()
            assert same(snapshot(victim), new), moment
    assert not outcomes[0]
    assert outcomes[-1]


def test_a_step_of_plain_python_kernels_is_not_torn_either(network):
    optimizer = KINDS["Adam"](two_groups(network()))
    updated = copy.deepcopy(optimizer)
    with python_kernels():
        updated.step()
    old, new = snapshot(optimizer), snapshot(updated)
    moment, interrupted = 0, True
    while interrupted:
        moment += 97
        victim = copy.deepcopy(optimizer)
        with python_kernels():
            interrupted = Injector(moment).run(victim.step)
        now = snapshot(victim)
        assert same(now, old) or same(now, new), moment


def test_a_parameter_in_another_memory_order_is_not_torn(network):
    def make():
        parameters = network()
        for parameter in parameters:
            parameter.data = np.asfortranarray(parameter.data)
        return optim.Adam(two_groups(parameters), lr=0.1)

    updated = make()
    updated.step()
    old, new = snapshot(make()), snapshot(updated)
    moment, interrupted = 0, True
    while interrupted:
        moment += 13
        victim = make()
        interrupted = Injector(moment).run(victim.step)
        now = snapshot(victim)
        assert same(now, old) or same(now, new), moment


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs POSIX timers")
@pytest.mark.parametrize("kind", ["SGD momentum", "Adam"])
def test_no_signal_tears_a_step(generator, kind):
    # Large enough that many signals arrive while the kernels run: about 0.1 ms a parameter when they are compiled.
    size = 50_000 if hasattr(adam_update, "py_func") else 50
    parameters = [mg.tensor(generator.standard_normal(size), requires_grad=True) for _ in range(4)]
    for parameter in parameters:
        parameter.grad = mg.ones(size, dtype=mg.float64)
    optimizer = KINDS[kind](two_groups(parameters))
    began = time.perf_counter()
    for _ in range(5):
        optimizer.step()
    duration = (time.perf_counter() - began) / 5
    done = 5

    def interrupt(number, frame):
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGALRM, interrupt)
    struck = 0
    deadline = time.perf_counter() + 2
    try:
        while struck < 300 and time.perf_counter() < deadline:
            try:
                signal.setitimer(signal.ITIMER_REAL, float(generator.uniform(1e-6, 3 * duration)))
                while True:
                    optimizer.step()
            except KeyboardInterrupt:
                struck += 1
            counts = {optimizer.state[parameter]["step"].item() for parameter in parameters}
            assert len(counts) == 1
            assert counts.pop() >= done
            done = optimizer.state[parameters[0]]["step"].item()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    assert struck >= 20
    # The same number of undisturbed steps gives the same bits: no parameter or moment was left behind its count.
    rest = np.random.default_rng(20261122)
    again = [mg.tensor(rest.standard_normal(size), requires_grad=True) for _ in range(4)]
    for parameter in again:
        parameter.grad = mg.ones(size, dtype=mg.float64)
    undisturbed = KINDS[kind](two_groups(again))
    for _ in range(int(done)):
        undisturbed.step()
    assert same(snapshot(optimizer), snapshot(undisturbed))


def several(optimizer):
    """Return schedules within schedules, the last of which moves the momentum too."""
    linear, step = lr_scheduler.LinearLR(optimizer, total_iters=1), lr_scheduler.StepLR(optimizer, 1)
    sequence = lr_scheduler.SequentialLR(optimizer, [linear, step], [1])
    return lr_scheduler.ChainedScheduler([sequence, lr_scheduler.OneCycleLR(optimizer, 0.1, 9, cycle_momentum=True)])


# Every moment of one kind, of the other fewer.
@pytest.mark.parametrize(("make_schedule", "stride"), [(None, 1), (several, 7)])
def test_no_moment_tears_a_step_of_a_schedule(network, make_schedule, stride):
    def make():
        optimizer = optim.SGD(two_groups(network()), lr=0.1)
        return lr_scheduler.CosineAnnealingLR(optimizer, 5) if make_schedule is None else make_schedule(optimizer)

    def everything(scheduler):
        options = []
        for group in scheduler.optimizer.param_groups:
            options.append((group["lr"], group["momentum"]))
        return scheduler.state_dict(), options

    updated = make()
    updated.optimizer.step()
    updated.step()
    old, new = everything(make()), everything(updated)
    assert old != new
    moment, interrupted = 0, True
    while interrupted:
        moment += stride
        victim = make()
        victim.optimizer.has_stepped = True
        interrupted = Injector(moment).run(victim.step)
        assert everything(victim) in (old, new), moment
    assert moment > 100

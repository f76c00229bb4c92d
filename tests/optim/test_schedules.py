"""Schedules set the rates of all groups, keep their state, and say when they are stepped too early."""

import warnings

import pytest

import minigrad as mg
from minigrad import optim
from minigrad.optim.lr_scheduler import (
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    CyclicLR,
    LambdaLR,
    LinearLR,
    LRScheduler,
    OneCycleLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
)


def optimizer_of(*rates):
    groups = [{"params": [mg.zeros(1, requires_grad=True)], "lr": rate} for rate in rates]
    return optim.SGD(groups)


def test_a_schedule_remembers_the_initial_rates():
    optimizer = optimizer_of(1.0, 0.5)
    scheduler = StepLR(optimizer, 1, gamma=0.5)
    optimizer.step()
    scheduler.step()
    assert scheduler.get_last_lr() == [0.5, 0.25]
    assert scheduler.base_lrs == [1.0, 0.5]
    assert [group["initial_lr"] for group in optimizer.param_groups] == [1.0, 0.5]
    assert [group["lr"] for group in optimizer.param_groups] == [0.5, 0.25]


def test_a_schedule_resumes_where_it_was():
    straight = optimizer_of(1.0)
    whole = CosineAnnealingLR(straight, 10)
    straight.step()
    for _ in range(7):
        whole.step()
    resumed = optimizer_of(1.0)
    # The rate in force and the initial one are in the optimizer's state.
    resumed.load_state_dict(straight.state_dict())
    again = CosineAnnealingLR(resumed, 10, last_epoch=6)
    resumed.step()
    for scheduler in (whole, again):
        scheduler.step()
    assert again.get_last_lr() == pytest.approx(whole.get_last_lr(), rel=1e-12)


def test_two_schedules_multiply():
    optimizer = optimizer_of(1.0)
    schedulers = StepLR(optimizer, 1, gamma=0.5), StepLR(optimizer, 2, gamma=0.25)
    optimizer.step()
    for _ in range(2):
        for scheduler in schedulers:
            scheduler.step()
    assert optimizer.param_groups[0]["lr"] == 1.0 * 0.5 * 0.5 * 0.25


def test_a_schedule_before_the_first_step_warns():
    scheduler = StepLR(optimizer_of(1.0), 1)
    with pytest.warns(UserWarning, match=r"StepLR: step\(\) comes before the first optimizer\.step\(\)") as caught:
        scheduler.step()
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scheduler.step()


def test_the_state_goes_through_a_dict():
    first, second = StepLR(optimizer_of(1.0), 3), StepLR(optimizer_of(1.0), 7)
    first.optimizer.step()
    first.step()
    second.load_state_dict(first.state_dict())
    assert second.state_dict() == first.state_dict()
    assert second.step_size == 3
    assert "optimizer" not in first.state_dict()


def test_a_user_can_write_a_schedule():
    class Linear(LRScheduler):
        def get_lr(self):
            return [base / (1 + self.last_epoch) for base in self.base_lrs]

    optimizer = optimizer_of(1.0)
    scheduler = Linear(optimizer)
    optimizer.step()
    scheduler.step()
    assert optimizer.param_groups[0]["lr"] == 0.5
    assert repr(scheduler) == "Linear(base_lrs=[1.0], last_epoch=1 | lr [0.5])"


class Decay:
    """A function with a number of its own."""

    def __init__(self, rate):
        self.rate = rate

    def __call__(self, step):
        return self.rate**step


def test_an_object_called_as_a_function_is_part_of_the_state():
    first, second = LambdaLR(optimizer_of(1.0), Decay(0.5)), LambdaLR(optimizer_of(1.0), Decay(0.25))
    assert first.state_dict()["lr_lambdas"] == [{"rate": 0.5}]
    second.load_state_dict(first.state_dict())
    second.optimizer.step()
    second.step()
    assert second.get_last_lr() == [0.5]
    cycles = [CyclicLR(optimizer_of(1.0), 0.0, 1.0, 2, scale_fn=Decay(rate)) for rate in (0.5, 0.25)]
    cycles[1].load_state_dict(cycles[0].state_dict())
    assert cycles[1].scale_fn(1) == 0.5


def test_warm_restarts_can_be_told_the_epoch():
    scheduler = CosineAnnealingWarmRestarts(optimizer_of(1.0), 2, T_mult=2)
    whole = []
    for epoch in range(15):
        scheduler.step(epoch)
        whole += scheduler.get_last_lr()
    again = CosineAnnealingWarmRestarts(optimizer_of(1.0), 2, T_mult=2)
    again.optimizer.step()
    stepped = [1.0]
    for _ in range(14):
        again.step()
        stepped += again.get_last_lr()
    assert whole == pytest.approx(stepped, rel=1e-12, abs=1e-15)
    scheduler.step(0.5)
    # (1 + cos(π/4))/2.
    assert scheduler.get_last_lr() == pytest.approx([0.8535533905932737])
    assert (scheduler.last_epoch, scheduler.T_cur, scheduler.T_i) == (0, 0.5, 2)


def test_a_constant_factor_of_zero_ends_too():
    scheduler = ConstantLR(optimizer_of(1.0), factor=0, total_iters=2)
    scheduler.optimizer.step()
    rates = list(scheduler.get_last_lr())
    for _ in range(3):
        scheduler.step()
        rates += scheduler.get_last_lr()
    assert rates == [0, 0, 1, 1]


def test_a_plateau_can_be_told_a_tensor_and_waits_for_its_patience():
    scheduler = ReduceLROnPlateau(optimizer_of(1.0), factor=0.5, patience=1, cooldown=1)
    rates = []
    for loss in (1.0, 2.0, mg.tensor(2.0), float("nan"), 2.0, 2.0, 0.5):
        scheduler.step(loss)
        rates += scheduler.get_last_lr()
    assert rates == [1, 1, 0.5, 0.5, 0.5, 0.25, 0.25]
    assert scheduler.best == 0.5
    assert not scheduler.in_cooldown


def test_a_schedule_moves_the_betas_of_adam():
    optimizer = optim.Adam([mg.zeros(1, requires_grad=True)], lr=0.1)
    scheduler = OneCycleLR(optimizer, 0.1, total_steps=5, pct_start=0.4, anneal_strategy="linear")
    assert optimizer.param_groups[0]["betas"] == (0.95, 0.999)
    optimizer.step()
    scheduler.step()
    assert optimizer.param_groups[0]["betas"] == pytest.approx((0.85, 0.999))
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.1)
    optimizer.step()


def test_parts_of_a_combination_stay_what_they_are():
    optimizer = optimizer_of(1.0)
    parts = [LinearLR(optimizer, 0.5, total_iters=2), StepLR(optimizer, 1, gamma=0.5)]
    scheduler = SequentialLR(optimizer, parts, [2])
    optimizer.step()
    for _ in range(3):
        scheduler.step()
    assert scheduler._schedulers[0] is parts[0]
    assert parts[1].get_last_lr() == scheduler.get_last_lr() == [0.5]
    assert parts[1].optimizer is optimizer

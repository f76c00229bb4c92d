"""Schedules set the rates of all groups, keep their state, and say when they are stepped too early."""

import warnings

import pytest

import minigrad as mg
from minigrad import optim
from minigrad.optim.lr_scheduler import CosineAnnealingLR, LRScheduler, StepLR


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

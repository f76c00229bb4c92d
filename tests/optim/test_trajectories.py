"""Optimizers and schedules go where PyTorch's go, from the start and from a state in the middle."""

import copy
import pickle
from collections import Counter

import numpy as np
import pytest

from tests.optim.trajectories import CASES, KEPT, MIDDLE, NAMES, REFERENCE, Training, state_of_reference


@pytest.mark.parametrize("case", CASES)
def test_the_trajectory_is_that_of_pytorch(case):
    Training(case).follow(case)


@pytest.mark.parametrize("case", CASES)
def test_a_trajectory_goes_on_from_a_state_dict(case):
    first = Training(case)
    for _ in range(MIDDLE):
        first.step()
    # Through pickle, as a file would have it.
    state = pickle.loads(pickle.dumps(first.optimizer.state_dict()))
    second = Training(case)
    second.optimizer.load_state_dict(state)
    if first.scheduler is not None:
        second.scheduler.load_state_dict(copy.deepcopy(first.scheduler.state_dict()))
    for name in NAMES:
        second.parameters[name].data = first.parameters[name].data.copy()
    for training in (first, second):
        training.follow(case, MIDDLE + 1)
    assert np.array_equal(first.vector(), second.vector())


@pytest.mark.parametrize("case", CASES)
def test_a_trajectory_goes_on_from_the_state_dict_of_pytorch(case):
    training = Training(case)
    for _ in range(MIDDLE):
        training.step()
    parameters = training.parameters
    state, schedule = state_of_reference(case)
    training = Training(case)
    for name in NAMES:
        training.parameters[name].data = parameters[name].data.copy()
    training.optimizer.load_state_dict(state)
    if schedule is not None:
        training.scheduler.load_state_dict(with_integers(schedule))
    training.follow(case, MIDDLE + 1)


def with_integers(schedule):
    """Return a schedule's state whose milestones JSON has not made texts."""
    if "milestones" in schedule:
        schedule["milestones"] = Counter({int(milestone): n for milestone, n in schedule["milestones"].items()})
    for each in schedule.get("_schedulers", []):
        with_integers(each)
    return schedule


def test_a_deep_copy_goes_on_by_itself():
    case = "Adam amsgrad"
    first = Training(case)
    for _ in range(MIDDLE):
        first.step()
    middle = first.vector()
    second = copy.deepcopy(first)
    second.follow(case, MIDDLE + 1)
    assert np.array_equal(first.vector(), middle)
    first.follow(case, MIDDLE + 1)


def test_a_pickled_optimizer_goes_on_with_its_parameters():
    case = "SGD momentum"
    training = Training(case)
    for _ in range(MIDDLE):
        training.step()
    restored = pickle.loads(pickle.dumps(training))
    restored.follow(case, MIDDLE + 1)


def test_float32_follows_to_its_precision():
    case = "AdamW amsgrad"
    training = Training(case)
    for name in NAMES:
        training.parameters[name].data = training.parameters[name].data.astype(np.float32)
    training.x, training.y = training.x.float(), training.y.float()
    for _ in range(KEPT[-1]):
        training.step()
    assert training.vector().dtype == np.float32
    # 30 steps of 0.02, each with a relative error of some roundings of 6e-8, in a network that amplifies little.
    assert np.allclose(training.vector(), REFERENCE[f"{case}/after"][-1], rtol=0, atol=2e-5)

"""PyTorch goes on from what minigrad's optimizers and schedules save. Where torch is not installed it is skipped."""

import copy
import inspect

import numpy as np
import pytest

import minigrad as mg
from minigrad import optim
from tests.optim.trajectories import CASES, KEPT, MIDDLE, NAMES, REFERENCE, Training

torch = pytest.importorskip("torch")


def as_torch(value):
    """Return a state with PyTorch's tensors."""
    if isinstance(value, dict):
        return {name: as_torch(each) for name, each in value.items()}
    if isinstance(value, list):
        return [as_torch(each) for each in value]
    return torch.tensor(value.numpy()) if mg.is_tensor(value) else value


@pytest.mark.filterwarnings("ignore:Detected call of")
@pytest.mark.parametrize("case", CASES)
def test_pytorch_goes_on_from_a_state_dict_of_minigrad(case):
    from tests.reference import make_trajectories

    first = Training(case)
    for _ in range(MIDDLE):
        first.step()
    initial = {name: first.parameters[name].data for name in NAMES}
    second = make_trajectories.Training(*CASES[case], (REFERENCE["x"], REFERENCE["y"], initial))
    second.optimizer.load_state_dict(as_torch(first.optimizer.state_dict()))
    if first.scheduler is not None:
        second.scheduler.load_state_dict(copy.deepcopy(first.scheduler.state_dict()))
    for _ in range(MIDDLE, KEPT[-1]):
        second.step()
    # As in the other direction.
    assert np.allclose(second.vector(), REFERENCE[f"{case}/after"][-1], rtol=0, atol=1e-8)


OPTIMIZERS = sorted({case[0] for case in CASES.values()})
SCHEDULES = sorted({case[2][0] for case in CASES.values() if case[2] is not None})
AVERAGES = ["AveragedModel", "get_ema_avg_fn", "get_ema_multi_avg_fn", "get_swa_avg_fn", "get_swa_multi_avg_fn"]
# How PyTorch runs its step, and what it has deprecated, say nothing here.
LEFT_OUT = ("foreach", "fused", "capturable", "differentiable", "verbose")


def arguments_of(function):
    """Return the names of a function's arguments in order, and their defaults."""
    found = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if name not in LEFT_OUT:
            found[name] = parameter.default
    return found


def homes(package):
    """Return where optimizers, schedules and averages are."""
    return {
        **{name: getattr(package, name) for name in OPTIMIZERS},
        **{name: getattr(package.lr_scheduler, name) for name in SCHEDULES if name != "SWALR"},
        **{name: getattr(package.swa_utils, name) for name in [*AVERAGES, "SWALR", "update_bn"]},
    }


@pytest.mark.parametrize("name", homes(optim))
def test_arguments_and_defaults_are_those_of_pytorch(name):
    import torch.optim.swa_utils

    assert arguments_of(homes(optim)[name]) == arguments_of(homes(torch.optim)[name])

"""PyTorch goes on from what minigrad's optimizers and schedules save. Where torch is not installed it is skipped."""

import copy

import numpy as np
import pytest

import minigrad as mg
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

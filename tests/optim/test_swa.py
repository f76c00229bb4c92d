"""Averages of weights: over all models, with decay, with buffers, and their schedule."""

import copy

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, optim
from minigrad.optim import swa_utils


def normalised():
    return nn.Sequential(nn.Linear(2, 1), nn.BatchNorm1d(1))


def set_all(model, value):
    with mg.no_grad():
        for each in [*model.parameters(), *model.buffers()]:
            each.fill_(value)


AVERAGES = {
    "default": ({}, [1, 1.5, 3]),
    "swa": ({"avg_fn": swa_utils.get_swa_avg_fn()}, [1, 1.5, 3]),
    "swa many": ({"multi_avg_fn": swa_utils.get_swa_multi_avg_fn()}, [1, 1.5, 3]),
    "ema": ({"avg_fn": swa_utils.get_ema_avg_fn(0.75)}, [1, 1.25, 2.4375]),
    "ema many": ({"multi_avg_fn": swa_utils.get_ema_multi_avg_fn(0.75)}, [1, 1.25, 2.4375]),
}


@pytest.mark.parametrize("use_buffers", [False, True])
@pytest.mark.parametrize("kind", AVERAGES)
def test_the_average_is_that_of_the_weights(kind, use_buffers):
    options, expected = AVERAGES[kind]
    model = normalised()
    averaged = swa_utils.AveragedModel(model, use_buffers=use_buffers, **options)
    for value, mean in zip([1.0, 2.0, 6.0], expected):
        set_all(model, value)
        averaged.update_parameters(model)
        assert averaged.module[0].weight.tolist() == [[mean, mean]]
        assert averaged.module[1].running_mean.item() == (mean if use_buffers else value)
    assert averaged.n_averaged.item() == 3


def test_the_average_is_a_model_of_its_own():
    model = normalised()
    averaged = swa_utils.AveragedModel(model)
    averaged.update_parameters(model)
    before = averaged.module[0].weight.data.copy()
    set_all(model, 5.0)
    assert np.array_equal(averaged.module[0].weight.data, before)
    assert sorted(averaged.state_dict()) == sorted(["n_averaged", *[f"module.{name}" for name in model.state_dict()]])
    twin = swa_utils.AveragedModel(normalised())
    twin.load_state_dict(averaged.state_dict())
    assert twin.n_averaged.item() == 1
    x = mg.ones(3, 2)
    assert np.array_equal(twin.eval()(x).data, averaged.eval()(x).data)
    copy.deepcopy(averaged).update_parameters(model)


def test_another_model_is_not_taken_into_the_average():
    averaged = swa_utils.AveragedModel(nn.Linear(2, 1))
    with pytest.raises(
        ValueError, match=r"AveragedModel\.update_parameters: the model has 2 parameters of other shapes"
    ):
        averaged.update_parameters(nn.Linear(1, 2))
    assert averaged.n_averaged.item() == 0


@pytest.mark.parametrize("failing", [False, True])
def test_statistics_are_those_of_the_data(failing):
    model = normalised().eval()
    set_all(model, 1.0)
    batches = [(mg.ones(2, 2), None), [2 * mg.ones(2, 2)], 6 * mg.ones(2, 2)]
    if failing:
        with pytest.raises(ValueError, match="linear: an input of"):
            swa_utils.update_bn([*batches, 3], model)
    else:
        swa_utils.update_bn(batches, model)
        # 2·1 + 1, 2·2 + 1, 2·6 + 1.
        assert model[1].running_mean.item() == pytest.approx(7)
    assert model[1].momentum == 0.1
    assert not model.training
    assert not model[1].training


def test_a_model_without_statistics_is_not_run():
    swa_utils.update_bn([3], nn.Linear(2, 1))


def test_the_schedule_of_averages_goes_with_another():
    optimizer = optim.SGD([mg.zeros(1, requires_grad=True)], lr=1.0)
    decay = optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    optimizer.step()
    decay.step()
    scheduler = swa_utils.SWALR(optimizer, 0.1, anneal_epochs=2, anneal_strategy="linear")
    rates = []
    for _ in range(3):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    assert rates == pytest.approx([0.5, 0.3, 0.1])

"""Memory from outside, rules from outside, and what they may share."""

import gc
import tracemalloc

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import record
from minigrad.ops.operands import unwrap


def overlapping():
    return np.lib.stride_tricks.as_strided(np.arange(3.0), (2, 2), (8, 8))


MAKERS = {
    "from_numpy": lambda: mg.from_numpy(overlapping()),
    "as_tensor": lambda: mg.as_tensor(overlapping()),
    "from_dlpack": lambda: mg.from_dlpack(overlapping()),
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_memory_that_several_elements_share_is_not_written_to(make):
    x = make()
    with pytest.raises(RuntimeError, match="read-only, or shared by several of its elements"):
        x.add_(1)
    assert x.tolist() == [[0.0, 1.0], [1.0, 2.0]]


@pytest.mark.parametrize("strides", [(8, 24), (-24, 8), (48, 16)], ids=str)
def test_memory_whose_elements_lie_apart_can_be_written_to(strides):
    whole = np.zeros(100)
    x = mg.from_numpy(np.lib.stride_tricks.as_strided(whole[50:], (3, 2), strides))
    x.add_(1)
    assert whole.sum() == 6


@pytest.mark.parametrize("data", [[1.0, 2.0], np.ones(2, int), np.ones(2, object)], ids=["list", "ints", "objects"])
def test_data_that_is_no_array_of_floats_is_refused_where_a_gradient_is_wanted(data):
    x = mg.ones(2, requires_grad=True)
    with pytest.raises(TypeError, match="data: an array or Tensor of floats is needed"):
        x.data = data
    assert x.tolist() == [1.0, 1.0]


def test_a_big_endian_array_is_converted():
    assert mg.tensor(np.ones(2, ">f4")).dtype == mg.float32


CONSTANT = np.array([2.0, 3.0])


def scaled(x):
    return record(scaled, scaled_vjp, unwrap(scaled, x).sum(), (x,))


def scaled_vjp(grad_output):
    return CONSTANT


def test_an_array_that_a_rule_keeps_is_not_given_away_as_grad():
    x = mg.tensor([1.0, 1.0], dtype=mg.float64, requires_grad=True)
    scaled(x).backward()
    x.grad.mul_(5)
    assert CONSTANT.tolist() == [2.0, 3.0]


def closure_operation(data):
    def weighted(x):
        return record(weighted, weighted_vjp, unwrap(weighted, x) * data, (x,), (unwrap(weighted, x),))

    def weighted_vjp(grad_output, x):
        return grad_output * data

    return weighted


def step():
    w = mg.tensor(np.ones(1000), requires_grad=True)
    loss = closure_operation(np.ones(1000))(w).sum()
    mg.rand(1)
    (slope,) = mg.autograd.grad(loss, w, create_graph=True)
    assert slope.shape == (1000,)


def test_operations_made_anew_in_each_step_are_freed():
    for _ in range(3):
        step()
    gc.collect()
    tracemalloc.start()
    for _ in range(200):
        step()
    gc.collect()
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # Each step's closure holds 8 kB: 200 of them, kept, would be 1.6 MB.
    assert kept < 200_000

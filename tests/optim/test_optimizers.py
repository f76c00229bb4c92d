"""Gradients, memory and graph: what a step touches, and what it leaves alone."""

import gc
import tracemalloc

import numpy as np
import pytest

import minigrad as mg
from minigrad import optim
from minigrad.modes import STATE, State
from minigrad_kernels import adam_update, python_kernels

KINDS = {
    "SGD": lambda params, **options: optim.SGD(params, lr=0.1, **options),
    "momentum": lambda params, **options: optim.SGD(params, lr=0.1, momentum=0.9, **options),
    "Adam": lambda params, **options: optim.Adam(params, lr=0.1, **options),
    "amsgrad": lambda params, **options: optim.AdamW(params, lr=0.1, amsgrad=True, **options),
    "RMSprop": lambda params, **options: optim.RMSprop(params, lr=0.1, **options),
    "RMSprop momentum": lambda params, **options: optim.RMSprop(params, lr=0.1, momentum=0.9, **options),
    "centered": lambda params, **options: optim.RMSprop(params, lr=0.1, centered=True, **options),
    "centered momentum": lambda params: optim.RMSprop(params, lr=0.1, alpha=0.5, momentum=0.9, centered=True),
    "Adagrad": lambda params, **options: optim.Adagrad(params, lr=0.1, **options),
    "Adadelta": lambda params, **options: optim.Adadelta(params, lr=0.1, **options),
    "Adamax": lambda params, **options: optim.Adamax(params, lr=0.1, **options),
    "NAdam": lambda params, **options: optim.NAdam(params, lr=0.1, **options),
    "RAdam": lambda params, **options: optim.RAdam(params, lr=0.1, **options),
    "Rprop": lambda params, **options: optim.Rprop(params, lr=0.1, **options),
    "ASGD": lambda params, **options: optim.ASGD(params, lr=0.1, t0=1, **options),
}


def arrays(parameters):
    return [parameter.data.copy() for parameter in parameters]


def all_equal(first, second):
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def weight(*shape):
    return mg.zeros(*shape, requires_grad=True)


# Gradients ----------------------------------------------------------------------------------------------------------


def test_zero_grad_forgets(network):
    parameters = network()
    optim.SGD(parameters).zero_grad()
    assert all(parameter.grad is None for parameter in parameters)


def test_zero_grad_can_keep_the_memory(network):
    parameters = network()
    before = [parameter.grad.data for parameter in parameters]
    parameters[0].grad = None
    optim.SGD(parameters).zero_grad(set_to_none=False)
    assert parameters[0].grad is None
    for parameter, array in list(zip(parameters, before))[1:]:
        assert parameter.grad.data is array
        assert not array.any()


def test_zero_grad_cuts_a_gradient_off_its_graph():
    w = weight(2)
    (w * w * w).sum().backward(create_graph=True)
    optim.SGD([w]).zero_grad(set_to_none=False)
    assert not w.grad.requires_grad
    w.grad = None


@pytest.mark.parametrize("kind", KINDS)
def test_a_parameter_without_gradient_stays(network, kind):
    parameters = network()
    optimizer = KINDS[kind](parameters)
    parameters[1].grad = None
    before = parameters[1].data.copy()
    optimizer.step()
    assert np.array_equal(parameters[1].data, before)
    assert parameters[1] not in optimizer.state
    assert (parameters[0] in optimizer.state) == (kind != "SGD")


def test_a_step_without_any_gradient_does_nothing():
    optimizer = optim.Adam([weight(2)])
    optimizer.step()
    assert optimizer.state_dict()["state"] == {}


def test_a_gradient_of_any_memory_order_counts_the_same(generator):
    value, slope = generator.standard_normal((3, 4)), generator.standard_normal((3, 4))
    locked = slope.copy()
    locked.flags.writeable = False
    results = []
    for gradient in (slope, np.asfortranarray(slope), np.repeat(slope, 2, axis=1)[:, ::2], locked):
        w = mg.tensor(value, requires_grad=True)
        w.grad = mg.from_numpy(gradient)
        optimizer = optim.Adam([w])
        for _ in range(3):
            optimizer.step()
        results.append(w.data)
    assert all_equal(results[1:], [results[0]] * 3)


def test_the_closure_is_called_with_gradients_on():
    w = mg.tensor([1.0, 2.0], requires_grad=True)
    optimizer = optim.SGD([w], lr=0.5)

    def closure():
        optimizer.zero_grad()
        loss = (w * w).sum()
        loss.backward()
        return loss

    with mg.no_grad():
        assert optimizer.step(closure).item() == 5
    assert w.tolist() == [0, 0]
    assert optimizer.step() is None


# Memory -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_parameter_of_any_memory_order_is_updated_where_it_is(generator, kind):
    value, slope = generator.standard_normal((3, 4)), generator.standard_normal((3, 4))
    wide = np.repeat(value, 2, axis=1)
    results = []
    for array in (value.copy(), np.asfortranarray(value), wide[:, ::2]):
        w = mg.from_numpy(array).requires_grad_()
        w.grad = mg.tensor(slope)
        optimizer = KINDS[kind]([w])
        for _ in range(3):
            optimizer.step()
        assert w.data.strides == array.strides
        assert np.array_equal(w.data, array)
        results.append(w.data)
    assert all_equal(results[1:], [results[0]] * 2)
    assert np.array_equal(wide[:, 1::2], value)


@pytest.mark.parametrize("shape", [(), (0,), (1,), (2, 0, 3), (2, 1, 3)])
@pytest.mark.parametrize("kind", KINDS)
def test_every_shape_is_updated(kind, shape):
    w = mg.ones(shape, requires_grad=True)
    w.grad = mg.ones(shape)
    optimizer = KINDS[kind]([w])
    optimizer.step()
    assert w.shape == shape
    assert np.all(w.data < 1)
    optimizer.load_state_dict(optimizer.state_dict())
    optimizer.step()


def test_data_that_was_replaced_is_found(network):
    first, second = network(), network()
    optimizers = [optim.Adam(first), optim.Adam(second)]
    for optimizer in optimizers:
        optimizer.step()
    for parameter in second:
        parameter.data = parameter.data.copy()
    for optimizer in optimizers:
        optimizer.step()
    assert all_equal(arrays(first), arrays(second))


@pytest.mark.parametrize("kind", KINDS)
def test_both_dtypes_can_be_in_one_group(kind):
    single, double = mg.ones(2, requires_grad=True), mg.ones(2, dtype=mg.float64, requires_grad=True)
    single.grad, double.grad = mg.ones(2), mg.ones(2, dtype=mg.float64)
    KINDS[kind]([single, double]).step()
    assert (single.dtype, double.dtype) == (np.float32, np.float64)
    # One step of float32: 6e-8 relative, of numbers near 1.
    assert np.allclose(single.data, double.data, rtol=0, atol=2e-7)


@pytest.mark.parametrize("kind", KINDS)
def test_plain_python_kernels_do_the_same(network, kind):
    compiled, plain = network(), network()
    optimizers = KINDS[kind](compiled), KINDS[kind](plain)
    for _ in range(3):
        optimizers[0].step()
        with python_kernels():
            optimizers[1].step()
    # Contraction to fused multiply-adds rounds differently, by 1.1e-16 an operation.
    for a, b in zip(compiled, plain):
        assert np.allclose(a.data, b.data, rtol=0, atol=1e-14)
    optimizers[1].step()


def test_a_thousand_steps_leave_no_memory_behind(network):
    optimizer = optim.Adam(network())
    optimizer.step()
    gc.collect()
    tracemalloc.start()
    for _ in range(1000):
        optimizer.step()
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # One kept tuple a step would be 56 KB.
    assert grown < 20_000


# Graph --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_step_before_the_backward_of_an_old_loss_is_found_out(kind):
    w = mg.tensor([1.0, 2.0], requires_grad=True)
    old = (w * w).sum()
    (w * w).sum().backward()
    KINDS[kind]([w]).step()
    with pytest.raises(RuntimeError, match=r"mul(.|\n)*changed in place since at test_optimizers.py:\d+: KINDS"):
        old.backward()


def test_a_step_that_is_refused_leaves_old_losses_valid():
    w, v = mg.tensor([1.0, 2.0], requires_grad=True), weight(3)
    old = (w * w).sum()
    w.grad, v.grad = mg.ones(2), mg.ones(3)
    v.data = np.zeros(5, np.float32)
    with pytest.raises(ValueError, match="the gradient of"):
        optim.SGD([w, v]).step()
    w.grad = None
    old.backward()
    assert w.grad.tolist() == [2, 4]


def test_a_step_makes_no_graph(network):
    parameters = network()
    optimizer = optim.Adam(parameters)
    optimizer.step()
    for parameter in parameters:
        assert parameter.is_leaf
        assert parameter.requires_grad
        for tensor in optimizer.state[parameter].values():
            assert not tensor.requires_grad


def test_a_captured_step_says_what_it_writes(network):
    parameters = network()
    optimizer = optim.Adam(parameters, lr=0.25)
    tape = []
    token = STATE.set(State(tape=tape))
    try:
        optimizer.step()
    finally:
        STATE.reset(token)
    assert len(tape) == 4
    for (op, inputs, _, writes), parameter in zip(tape, parameters):
        state = optimizer.state[parameter]
        assert op is adam_update
        assert inputs[0] is parameter
        assert inputs[1] is parameter.grad
        assert inputs[5:] == (0.25, 0.9, 0.999, 1e-8, 0.0, False, False)
        assert [id(each) for each in writes] == [id(each) for each in (parameter, *state.values())]
        assert [id(each) for each in inputs[2:5]] == [id(each) for each in state.values()]

"""Every layer of the table against PyTorch: state, outputs, gradients, buffers; and its repr, copy and dtype."""

import copy
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from tests.layer_samples import LAYERS

REFERENCE = np.load(Path(__file__).parents[1] / "reference" / "layers.npz")
# Both sides sum at most some hundred float64 products of order 1, in other orders, and divide by deviations above 0.1.
TOLERANCE = {"rtol": 1e-9, "atol": 1e-11}
# PyTorch's slope of hardsigmoid is a float32 number, 1 / 6 to 3e-8.
COARSE = {"Hardsigmoid": {"rtol": 1e-7}}

every_layer = pytest.mark.parametrize("layer", LAYERS, ids=[layer.name for layer in LAYERS])


def expected(layer, kind):
    """Return PyTorch's arrays of one kind, by what follows it in their names."""
    prefix = f"{layer.name} | {kind} "
    return {name.removeprefix(prefix): REFERENCE[name] for name in REFERENCE.files if name.startswith(prefix)}


def made(layer):
    """Return our layer with PyTorch's state."""
    module = getattr(nn, layer.kind)(*layer.args, **layer.kwargs).double().train(layer.training)
    module.load_state_dict(expected(layer, "state"))
    return module


def flat(outputs):
    if isinstance(outputs, mg.Tensor):
        return [outputs]
    found = []
    for each in outputs:
        if each is not None:
            found += flat(each)
    return found


def run(layer, module):
    """Return the inputs and the floating outputs of one forward and backward, as make_layers.py does it."""
    inputs = []
    for array, wanted in zip(layer.arrays(), layer.wants(), strict=True):
        inputs.append(mg.tensor(array, requires_grad=wanted))
    args, kwargs = layer.arguments(inputs, mg.tensor)
    outputs = [each for each in flat(module(*args, **kwargs)) if each.dtype.kind == "f"]
    total = mg.zeros((), dtype=mg.float64)
    for output in outputs:
        weights = np.arange(1.0, output.numel() + 1).reshape(output.shape)
        total = total + (output * mg.tensor(weights)).sum()
    if total.requires_grad:
        total.backward()
    return inputs, outputs


def test_the_reference_is_of_this_table():
    names = {name.split(" | ")[0] for name in REFERENCE.files}
    assert names == {layer.name for layer in LAYERS}, "Write it again: python -m tests.reference.make_layers"


@every_layer
def test_a_layer_has_pytorchs_state_and_computes_its_outputs_gradients_and_buffers(layer):
    module = made(layer)
    own = {name: value.shape for name, value in module.state_dict().items()}
    assert own == {name: value.shape for name, value in expected(layer, "state").items()}
    inputs, outputs = run(layer, module)
    wanted = expected(layer, "output")
    assert len(outputs) == len(wanted) > 0
    for number, output in enumerate(outputs):
        np.testing.assert_allclose(output.detach().numpy(), wanted[str(number)], **TOLERANCE)
    given = {f"of input {number}": each.grad for number, each in enumerate(inputs)}
    given |= {name: parameter.grad for name, parameter in module.named_parameters()}
    gradients = expected(layer, "grad")
    tolerance = COARSE.get(layer.kind, TOLERANCE)
    assert {name for name, grad in given.items() if grad is not None} == set(gradients)
    for name, gradient in gradients.items():
        np.testing.assert_allclose(given[name].numpy(), gradient, **tolerance, err_msg=name)
    for name, buffer in expected(layer, "after").items():
        np.testing.assert_allclose(module.get_buffer(name).numpy(), buffer, **TOLERANCE, err_msg=name)


@every_layer
def test_a_layer_is_shown_by_its_name_and_copied_with_its_numbers(layer):
    module = made(layer)
    assert repr(module).startswith(layer.kind + "(")
    twin = copy.deepcopy(module)
    assert repr(twin) == repr(module)
    assert {name: value.tolist() for name, value in twin.state_dict().items()} == {
        name: value.tolist() for name, value in module.state_dict().items()
    }


@every_layer
def test_a_layer_that_makes_parameters_takes_a_dtype_and_a_generator(layer):
    kind = getattr(nn, layer.kind)
    if not list(kind(*layer.args, **layer.kwargs).parameters()) or layer.kind == "MultiheadAttention":
        return
    module = kind(*layer.args, **layer.kwargs, dtype=mg.float64)
    assert {parameter.dtype for parameter in module.parameters()} == {mg.float64}
    mg.manual_seed(5)
    first = kind(*layer.args, **layer.kwargs)
    mg.manual_seed(5)
    second = kind(*layer.args, **layer.kwargs)
    for one, other in zip(first.parameters(), second.parameters(), strict=True):
        assert one.dtype == mg.float32
        assert one.tolist() == other.tolist()

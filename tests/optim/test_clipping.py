"""Clipping follows PyTorch's formula, in place, and refuses as a whole."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad.nn.utils import clip_grad_norm_, clip_grad_value_, parameters_to_vector, vector_to_parameters


def gradients(parameters):
    return [parameter.grad.data.copy() for parameter in parameters]


@pytest.mark.parametrize("norm_type", [1, 2, 3.5, math.inf])
@pytest.mark.parametrize("max_norm", [0.5, 100.0])
def test_the_norm_of_all_gradients_is_clipped(network, norm_type, max_norm):
    parameters = network()
    before = gradients(parameters)
    arrays = [parameter.grad.data for parameter in parameters]
    parameters.append(mg.zeros(2, requires_grad=True))
    total = clip_grad_norm_(iter(parameters), max_norm, norm_type)
    expected = np.linalg.norm(np.concatenate([each.ravel() for each in before]), norm_type)
    # A few roundings of float64 in sums of 13 numbers.
    assert total.item() == pytest.approx(expected, rel=1e-14)
    assert total.shape == ()
    factor = min(1.0, max_norm / (expected + 1e-6))
    for parameter, gradient, array in zip(parameters, before, arrays):
        assert parameter.grad.data is array
        assert np.allclose(array, factor * gradient, rtol=1e-14, atol=0)


def test_one_tensor_is_enough(network):
    w = network()[0]
    clip_grad_norm_(w, 0.5)
    assert w.grad.norm().item() == pytest.approx(0.5, rel=1e-5)
    clip_grad_value_(w, 0.125)
    assert w.grad.abs().max().item() == 0.125


def test_no_gradient_is_no_norm():
    assert clip_grad_norm_([mg.zeros(2, requires_grad=True)], 1.0).item() == 0


def test_float32_stays_float32():
    w = mg.zeros(2, requires_grad=True)
    w.grad = mg.tensor([3.0, 4.0])
    assert clip_grad_norm_([w], 1.0).dtype == np.float32
    assert w.grad.dtype == np.float32


def test_a_nan_spreads_unless_it_is_refused(network):
    parameters = network()
    parameters[1].grad.data[0] = math.nan
    before = gradients(parameters)
    with pytest.raises(RuntimeError, match=r"clip_grad_norm_: the norm of the gradients is nan(.|\n)*Look for"):
        clip_grad_norm_(parameters, 1.0, error_if_nonfinite=True)
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(before, gradients(parameters)))
    assert math.isnan(clip_grad_norm_(parameters, 1.0).item())
    assert np.isnan(parameters[0].grad.data).all()


def test_each_element_is_clipped(network):
    parameters = network()
    before = gradients(parameters)
    clip_grad_value_(parameters, 0.25)
    for parameter, gradient in zip(parameters, before):
        assert np.array_equal(parameter.grad.data, np.clip(gradient, -0.25, 0.25))


@pytest.mark.parametrize("clip", [lambda p: clip_grad_norm_(p, 0.1), lambda p: clip_grad_value_(p, 0.1)])
def test_a_gradient_that_cannot_be_written_keeps_all_from_being_clipped(network, clip):
    parameters = network()
    parameters[3].grad.data.flags.writeable = False
    before = gradients(parameters)
    with pytest.raises(RuntimeError, match=r"clip_grad_\w+_: the memory of \(1,\) float64 is read-only"):
        clip(parameters)
    assert all(np.array_equal(a, b) for a, b in zip(before, gradients(parameters)))


@pytest.mark.parametrize(
    ("action", "kind", "words"),
    [
        (lambda w: clip_grad_norm_([w], math.nan), ValueError, "clip_grad_norm_: max_norm must be at least 0, got nan"),
        (lambda w: clip_grad_norm_([w], -1.0), ValueError, "clip_grad_norm_: max_norm"),
        (lambda w: clip_grad_norm_([w], "1"), TypeError, "clip_grad_norm_: max_norm must be a number"),
        (lambda w: clip_grad_norm_([w], 1.0, 0), ValueError, "clip_grad_norm_: norm_type must be above 0"),
        (lambda w: clip_grad_norm_(["w"], 1.0), TypeError, "clip_grad_norm_: parameter 0 must be a Tensor"),
        (lambda w: clip_grad_norm_(3, 1.0), TypeError, r"clip_grad_norm_: tensors are needed(.|\n)*model.parameters"),
        (lambda w: clip_grad_value_([w], -1.0), ValueError, "clip_grad_value_: clip_value must be at least 0"),
        (lambda w: parameters_to_vector([]), ValueError, "parameters_to_vector: there is no parameter"),
        (lambda w: vector_to_parameters(mg.zeros(3), [w]), ValueError, r"2 elements, and the vector is \(3,\)"),
        (lambda w: vector_to_parameters([0.0, 1.0], [w]), TypeError, "the vector must be a Tensor"),
    ],
)
def test_bad_settings_are_refused(action, kind, words):
    w = mg.ones(2, requires_grad=True)
    w.grad = mg.ones(2)
    with pytest.raises(kind, match=words):
        action(w)
    assert (w.tolist(), w.grad.tolist()) == ([1, 1], [1, 1])


def test_an_exhausted_generator_is_warned_of():
    with pytest.warns(UserWarning, match="clip_grad_norm_: the generator of parameters is empty") as caught:
        clip_grad_norm_((each for each in []), 1.0)
    assert caught[0].filename == __file__


def test_parameters_make_a_vector_and_back(network):
    parameters = network()
    vector = parameters_to_vector(iter(parameters))
    assert vector.shape == (13,)
    assert vector.requires_grad
    arrays = [parameter.data for parameter in parameters]
    vector_to_parameters(vector.detach() * 2, iter(parameters))
    assert np.array_equal(parameters_to_vector(parameters).data, 2 * vector.data)
    assert all(parameter.data is array for parameter, array in zip(parameters, arrays))
    (vector * vector).sum().backward()

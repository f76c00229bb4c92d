"""Gradients, Jacobians, Hessians and their products, against finite differences and against each other."""

import collections
import dataclasses
import gc
import weakref

import numpy as np
import pytest

import minigrad as mg
from minigrad import func
from tests.func.numerics import ROUNDING, TOLERANCE, differences, numbers, value_of

MATRIX = numbers(0, 3, 3)


def wave(x):
    """From (3,) to (3,), with second derivatives everywhere."""
    return (MATRIX @ x).tanh() * x.exp()


def energy(x):
    """From (3,) to a number."""
    return (wave(x) * x).sum()


def close(found, expected, **tolerance):
    np.testing.assert_allclose(value_of(found), expected, **(tolerance or ROUNDING))


def test_grad_is_the_finite_difference():
    x = numbers(1, 3)
    close(func.grad(energy)(x), differences(energy, x), **TOLERANCE)


def test_grad_of_grad_is_the_finite_difference_of_grad():
    x = numbers(1, 3)

    def slope(x):
        return func.grad(energy)(x)[0]

    close(func.grad(slope)(x), differences(slope, x), **TOLERANCE)


def test_three_times_grad():
    third = func.grad(func.grad(func.grad(lambda x: x**4)))
    assert third(mg.tensor(2.0, dtype=mg.float64)).item() == 48


def test_the_inner_derivative_does_not_see_the_outer_variable_as_its_own():
    # d/dx (x * d/dy (x + y)) = 1; taking both for one variable would give 2.
    assert func.grad(lambda x: x * func.grad(lambda y: x + y)(1.0))(3.0).item() == 1
    assert func.grad(lambda x: x * func.grad(lambda y: x * y)(x))(3.0).item() == 6


def test_jacobian_is_the_finite_difference():
    x = numbers(1, 3)
    close(func.jacobian(wave)(x), differences(wave, x), **TOLERANCE)


def test_hessian_is_the_finite_difference_of_the_gradient():
    x = numbers(1, 3)
    close(func.hessian(energy)(x), differences(func.grad(energy), x), **TOLERANCE)


def test_the_hessian_of_several_outputs_has_their_axes_first():
    x = numbers(1, 3)
    close(func.hessian(wave)(x), differences(func.jacobian(wave), x), **TOLERANCE)


def test_jacobians_of_outputs_of_no_and_of_one_element():
    x = numbers(1, 3)
    assert func.jacobian(lambda x: x[:0])(x).shape == (0, 3)
    assert func.jacobian(lambda x: x[:1])(x).tolist() == [[1, 0, 0]]
    assert func.jacobian(energy)(x).shape == (3,)


def test_vjp_and_jvp_multiply_with_the_jacobian():
    x, v = numbers(1, 3), numbers(2, 3)
    whole = func.jacobian(wave)(x)
    output, pullback = func.vjp(wave, x)
    close(output, value_of(wave(x)))
    close(pullback(v)[0], value_of(v @ whole))
    output, tangent = func.jvp(wave, (x,), (v,))
    close(output, value_of(wave(x)))
    close(tangent, value_of(whole @ v))


def test_a_pullback_can_be_called_again():
    x = numbers(1, 3)
    _, pullback = func.vjp(wave, x)
    rows = [value_of(pullback(row)[0]) for row in mg.eye(3, dtype=mg.float64)]
    close(func.jacobian(wave)(x), np.stack(rows))


def test_jvp_where_a_rule_divides_by_zero_at_a_zero_cotangent():
    # The first of the two passes has a cotangent of zeros; the slope 1 / (2 sqrt(4)) must not be lost in it.
    _, tangent = func.jvp(mg.sqrt, (mg.tensor([4.0]),), (mg.tensor([1.0]),))
    assert tangent.tolist() == [0.25]


def test_hvp_multiplies_with_the_hessian():
    x, v = numbers(1, 3), numbers(2, 3)
    value, product = func.hvp(energy, x, v)
    close(value, value_of(energy(x)))
    close(product, value_of(func.hessian(energy)(x) @ v))


def test_hvp_of_several_inputs():
    x, y, v, w = numbers(1, 3), numbers(2, 3), numbers(3, 3), numbers(4, 3)

    def coupled(x, y):
        return (wave(x) * y.exp()).sum()

    blocks = func.hessian(coupled, argnums=(0, 1))(x, y)
    _, products = func.hvp(coupled, (x, y), (v, w))
    for row, product in zip(blocks, products, strict=True):
        close(product, value_of(row[0] @ v + row[1] @ w))


def test_derivatives_of_derivatives_in_every_order():
    x, v = numbers(1, 3), numbers(2, 3)

    def along(x):
        return func.jvp(wave, (x,), (v,))[1].sum()

    def against(x):
        return func.vjp(wave, x)[1](v)[0].sum()

    for function in (along, against):
        close(func.grad(function)(x), differences(function, x), **TOLERANCE)
        close(func.jvp(function, (x,), (v,))[1], value_of(func.grad(function)(x) @ v))


def test_a_pullback_is_differentiated_by_its_cotangent():
    x = numbers(1, 3)
    _, pullback = func.vjp(wave, x)

    def of_cotangent(v):
        return pullback(v)[0].square().sum()

    v = numbers(2, 3)
    close(func.grad(of_cotangent)(v), differences(of_cotangent, v), **TOLERANCE)


def test_argnums_name_arguments_also_from_the_end():
    x, y = numbers(1, 3), numbers(2, 3)

    def product(x, y):
        return (x * y**2).sum()

    dx, dy = value_of(y**2), value_of(2 * x * y)
    close(func.grad(product)(x, y), dx)
    close(func.grad(product, argnums=-1)(x, y), dy)
    both = func.grad(product, argnums=(1, 0))(x, y)
    close(both[0], dy)
    close(both[1], dx)
    assert isinstance(func.grad(product, argnums=(0,))(x, y), tuple)
    close(func.grad(product)(x, y=y), dx)


Pair = collections.namedtuple("Pair", ["u", "v"])


@dataclasses.dataclass
class Weights:
    u: object
    v: object


@pytest.mark.parametrize(
    "kind", [lambda u, v: [u, v], lambda u, v: (u, v), Pair, Weights, lambda u, v: {"u": u, "v": v}]
)
def test_the_gradient_is_nested_as_the_argument_is(kind):
    u, v = numbers(1, 2), numbers(2, 2)
    tree = kind({"deep": (u,)}, v)

    def product(tree):
        first, second = parts(tree)
        return (first["deep"][0] * second).sum()

    found = func.grad(product)(tree)
    assert type(found) is type(tree)
    close(parts(found)[0]["deep"][0], value_of(v))
    close(parts(found)[1], value_of(u))


def parts(tree):
    if isinstance(tree, dict):
        return tree["u"], tree["v"]
    return (tree.u, tree.v) if isinstance(tree, Weights) else tree


def test_outputs_may_be_nested_too():
    x = numbers(1, 2)

    def several(x):
        return {"square": x**2, "rest": [x.sum()]}

    found = func.jacobian(several)(x)
    close(found["square"], np.diag(2 * value_of(x)))
    close(found["rest"][0], np.ones(2))
    _, pullback = func.vjp(several, x)
    # The cotangents are matched by their keys, not by their order.
    (gradient,) = pullback({"rest": [mg.tensor(2.0)], "square": mg.ones(2)})
    close(gradient, 2 * value_of(x) + 2)
    _, tangent = func.jvp(several, (x,), (mg.ones(2),))
    close(tangent["square"], 2 * value_of(x))


def test_arrays_and_floats_are_differentiated_by_too():
    found = func.grad(lambda x, y: (x * y).sum(), argnums=(0, 1))(np.array([1.0, 2.0]), 3.0)
    assert found[0].tolist() == [3, 3]
    assert found[0].dtype == mg.float64
    assert found[1].item() == 3


def test_values_and_aux_come_beside_the_gradient():
    x = numbers(1, 3)

    def with_aux(x):
        return energy(x), {"wave": wave(x)}

    value, gradient = func.value_and_grad(energy)(x)
    close(value, value_of(energy(x)))
    (value, aux), gradient = func.value_and_grad(with_aux, has_aux=True)(x)
    close(aux["wave"], value_of(wave(x)))
    assert not aux["wave"].requires_grad
    same, (again, _) = func.grad_and_value(with_aux, has_aux=True)(x)
    assert mg.equal(same, gradient)
    assert mg.equal(again, value)
    only, aux = func.grad(with_aux, has_aux=True)(x)
    assert mg.equal(only, gradient)
    assert func.jacobian(lambda x: (wave(x), "note"), has_aux=True)(x)[1] == "note"
    assert func.vjp(lambda x: (wave(x), "note"), x, has_aux=True)[2] == "note"
    assert func.jvp(lambda x: (wave(x), "note"), (x,), (x,), has_aux=True)[2] == "note"


def test_the_arguments_stay_as_they_are():
    x, w = numbers(1, 3), numbers(2, 3).requires_grad_()
    x.name = "x"
    before = value_of(x).copy()
    func.hessian(lambda x, w: energy(x * w))(x, w)
    func.hvp(energy, x, x)
    func.vjp(energy, w)[1](mg.ones((), dtype=mg.float64))
    assert not x.requires_grad
    assert x.is_leaf
    assert x.grad is None
    assert w.grad is None
    assert x.name == "x"
    np.testing.assert_array_equal(value_of(x), before)


def test_what_a_function_closes_over_can_be_differentiated_by_afterwards():
    x, w = numbers(1, 3), numbers(2, 3).requires_grad_()
    slope = func.grad(lambda x: (w * x**2).sum())(x)
    slope.sum().backward()
    close(w.grad, 2 * value_of(x))


def test_results_are_in_no_graph_where_nothing_else_requires_grad():
    x = numbers(1, 3)
    # Two derivatives inside of each other have variables of their own, which are nobody's afterwards.
    nested = func.grad(lambda x: func.jvp(lambda z: func.grad(energy)(z), (x,), (x,))[1].sum())
    for found in (func.grad(energy)(x), func.hessian(energy)(x), func.value_and_grad(energy)(x)[0], nested(x)):
        assert not found.requires_grad


def test_a_derivative_of_a_tensor_that_requires_grad_is_in_its_graph():
    x = numbers(1, 3).requires_grad_()
    func.grad(energy)(x).sum().backward()
    close(x.grad, value_of(func.hessian(energy)(x)).sum(0))


def test_under_no_grad_derivatives_are_taken_and_not_recorded():
    x = numbers(1, 3).requires_grad_()
    with mg.no_grad():
        first, second = func.grad(energy)(x), func.hessian(energy)(x)
    assert not first.requires_grad
    close(first, differences(energy, x), **TOLERANCE)
    close(second, differences(func.grad(energy), x), **TOLERANCE)


def test_no_grad_inside_of_the_function_cuts_there():
    def partly(x):
        with mg.no_grad():
            constant = x**2
        return (x * constant).sum()

    assert func.grad(partly)(mg.tensor([3.0])).tolist() == [9]


def test_what_the_output_does_not_depend_on_has_zero_derivatives():
    x, y = numbers(1, 3), numbers(2, 2)

    def without(x, y):
        return y.sum()

    assert func.grad(without)(x, y).tolist() == [0, 0, 0]
    assert func.grad(lambda x: mg.ones(()))(x).tolist() == [0, 0, 0]
    assert func.hessian(without, argnums=(0, 1))(x, y)[0][1].shape == (3, 2)
    assert func.jvp(lambda x: mg.ones(2), (x,), (x,))[1].tolist() == [0, 0]
    assert func.hvp(lambda x: x.sum(), x, x)[1].tolist() == [0, 0, 0]


def test_the_graph_is_freed_without_a_garbage_collection():
    seen = []

    def watched(x):
        y = wave(x)
        seen.append(weakref.ref(y))
        return y.sum()

    gc.disable()
    try:
        func.grad(watched)(numbers(1, 3))
        func.hessian(watched)(numbers(1, 3))
    finally:
        gc.enable()
    assert [each() for each in seen] == [None] * len(seen)

"""What the table of samples cannot say: memory that is shared, kinks, exact integers, operators, conversions."""

import operator

import numpy as np
import pytest

import minigrad as mg

INFINITY = float("inf")


def leaf(values):
    return mg.tensor(values, dtype=mg.float64, requires_grad=True)


def gradient(function, values):
    x = leaf(values)
    function(x).sum().backward()
    return x.grad.tolist()


# Operators ------------------------------------------------------------------------------------------------------------

OPERATORS = {
    operator.add: mg.add,
    operator.sub: mg.sub,
    operator.mul: mg.mul,
    operator.truediv: mg.div,
    operator.floordiv: mg.floor_divide,
    operator.mod: mg.remainder,
    operator.pow: mg.pow,
    operator.lt: mg.lt,
    operator.le: mg.le,
    operator.gt: mg.gt,
    operator.ge: mg.ge,
    operator.eq: mg.eq,
    operator.ne: mg.ne,
}


@pytest.mark.parametrize("sign", OPERATORS, ids=lambda sign: sign.__name__)
@pytest.mark.parametrize("number", [2, 0.75, True, np.float32(1.5), np.array(2.5)])
def test_an_operator_is_its_function_on_either_side_of_a_number(sign, number):
    x = mg.tensor([0.5, 1.5, 2.5], dtype=mg.float64)
    for one, other in ((sign(x, number), OPERATORS[sign](x, number)), (sign(number, x), OPERATORS[sign](number, x))):
        assert one.dtype == other.dtype
        assert mg.equal(one, other)


@pytest.mark.parametrize("sign", ["and_", "or_", "xor"])
def test_bitwise_operators_take_numbers_on_either_side(sign):
    x = mg.tensor([1, 2, 3])
    apply = getattr(operator, sign)
    assert mg.equal(apply(x, 2), apply(2, x))
    assert apply(x, 2).tolist() == [apply(each, 2) for each in (1, 2, 3)]
    assert (~x).tolist() == [-2, -3, -4]


@pytest.mark.parametrize("sign", ["iadd", "isub", "imul", "itruediv", "ifloordiv", "imod", "ipow"])
def test_an_augmented_operator_writes_into_the_tensor_itself(sign):
    x = mg.tensor([1.5, 2.5], dtype=mg.float64)
    expected = getattr(operator, sign)(x.numpy().copy(), 2.0)
    memory = x.data
    assert getattr(operator, sign)(x, 2.0) is x
    assert x.data is memory
    np.testing.assert_array_equal(memory, expected)


@pytest.mark.parametrize(
    ("alias", "function"),
    [
        ("absolute", "abs"),
        ("arccos", "acos"),
        ("arccosh", "acosh"),
        ("arcsin", "asin"),
        ("arcsinh", "asinh"),
        ("arctan", "atan"),
        ("arctan2", "atan2"),
        ("arctanh", "atanh"),
        ("clip", "clamp"),
        ("concat", "cat"),
        ("concatenate", "cat"),
        ("divide", "div"),
        ("fix", "trunc"),
        ("moveaxis", "movedim"),
        ("multiply", "mul"),
        ("negative", "neg"),
        ("sgn", "sign"),
        ("subtract", "sub"),
        ("swapdims", "transpose"),
        ("true_divide", "div"),
    ],
)
def test_an_alias_is_the_function(alias, function):
    assert getattr(mg, alias) is getattr(mg, function)


# Kinks, infinities and NaN --------------------------------------------------------------------------------------------


def test_a_logsumexp_of_nothing_but_minus_infinity_has_gradient_zero():
    x = leaf([[-INFINITY, -INFINITY], [0.0, -INFINITY]])
    y = x.logsumexp(1)
    assert y.tolist() == [-INFINITY, 0]
    y.sum().backward()
    assert x.grad.tolist() == [[0, 0], [1, 0]]


def test_a_logsumexp_with_infinity_is_infinity():
    assert mg.logsumexp(mg.tensor([INFINITY, 1.0]), 0).item() == INFINITY


def test_nan_is_the_extreme_and_receives_its_gradient():
    for op in (mg.max, mg.min):
        assert gradient(op, [1.0, np.nan, 2.0]) == [0, 1, 0]
        assert np.isnan(op(mg.tensor([1.0, np.nan])).item())


def test_of_amax_and_amin_nan_makes_every_gradient_nan_as_in_pytorch():
    for op in (mg.amax, mg.amin):
        assert np.isnan(gradient(op, [1.0, np.nan, 2.0])).all()
        assert np.isnan(op(mg.tensor([1.0, np.nan])).item())


def test_nan_stays_nan_in_pairs_and_activations():
    assert np.isnan(mg.maximum(mg.tensor([1.0]), np.nan).item())
    assert np.isnan(mg.relu(mg.tensor(np.nan)).item())


def test_an_infinite_gradient_stays_out_of_where_it_does_not_belong():
    x = leaf([1.0, 2.0])
    mg.maximum(x, mg.tensor([2.0, 1.0])).backward(mg.tensor([INFINITY, 1.0], dtype=mg.float64))
    assert x.grad.tolist() == [0, 1]


def test_a_variance_with_too_few_numbers_divides_by_zero_as_in_pytorch():
    assert np.isnan(mg.var(mg.tensor([1.0])).item())
    assert mg.var(mg.tensor([1.0, 2.0]), correction=5).item() == INFINITY
    assert np.isnan(mg.var(mg.zeros(0)).item())
    assert np.isnan(mg.mean(mg.zeros(0)).item())


def test_equal_infinities_share_the_gradient_of_logaddexp_in_halves():
    for op in (mg.logaddexp, mg.logaddexp2):
        x, y = leaf([INFINITY, -INFINITY, 1.0]), leaf([INFINITY, -INFINITY, -INFINITY])
        op(x, y).sum().backward()
        assert x.grad.tolist() == [0.5, 0.5, 1]
        assert y.grad.tolist() == [0.5, 0.5, 0]


def test_the_origin_has_gradient_zero_where_a_length_or_an_angle_has_none():
    for op in (mg.hypot, mg.atan2):
        x, y = leaf([0.0]), leaf([0.0])
        op(x, y).sum().backward()
        assert (x.grad.item(), y.grad.item()) == (0, 0)


def test_zero_times_a_logarithm_of_zero_has_gradient_zero():
    for op, none in ((mg.xlogy, 0.0), (mg.special.xlog1py, -1.0)):
        x, y = leaf([0.0, 0.0]), leaf([none, none - 1])
        op(x, y).sum().backward()
        assert x.grad.tolist() == y.grad.tolist() == [0, 0]


def test_the_slope_of_sinc_at_zero_has_a_slope():
    x = leaf([0.0])
    (slope,) = mg.autograd.grad(mg.sinc(x).sum(), x, create_graph=True)
    (curvature,) = mg.autograd.grad(slope.sum(), x)
    assert slope.item() == 0
    # sin(u)/u = 1 - u**2/6 + ...
    assert curvature.item() == pytest.approx(-(np.pi**2) / 3, rel=1e-15)


def test_lerp_gives_its_ends_to_the_last_bit():
    x, y = mg.tensor([0.1, 1e-9]), mg.tensor([0.7, 1e9])
    assert mg.equal(mg.lerp(x, y, 0.0), x)
    assert mg.equal(mg.lerp(x, y, 1.0), y)


def test_slopes_of_rrelu_are_drawn_between_the_bounds():
    x = -mg.ones(1000, dtype=mg.float64)
    drawn = -mg.nn.functional.rrelu(x, 0.2, 0.4, training=True, generator=mg.Generator(0))
    assert 0.2 <= drawn.min().item() < 0.21
    assert 0.39 < drawn.max().item() < 0.4
    assert mg.equal(mg.nn.functional.rrelu(x, 0.2, 0.4), x * 0.30000000000000004)


def test_float_power_keeps_all_digits_of_numbers_and_integers():
    assert mg.float_power(mg.tensor([2.0]), 0.1).item() == 2.0**0.1
    assert mg.float_power(mg.tensor([2**24 + 1]), 1).item() == 2**24 + 1


def test_max_along_an_axis_names_its_results():
    found = mg.tensor([[1.0, 3.0], [5.0, 2.0]]).max(dim=1)
    assert found.values.tolist() == [3, 5]
    assert found.indices.tolist() == [1, 0]


# Numbers keep their precision -----------------------------------------------------------------------------------------


def test_a_python_number_takes_the_precision_of_what_it_meets():
    x = leaf([1.0])
    assert mg.add(x, 0.1, alpha=3).item() == 1 + 0.1 * 3
    assert mg.clamp(x, max=0.1).item() == 0.1
    assert gradient(lambda y: mg.pow(10, y), [0.0]) == [float(np.log(10.0))]
    assert gradient(lambda y: y**2.1, [2.0]) == [2.1 * 2.0**1.1]
    assert mg.where(mg.tensor([True]), 0.1, x).item() == 0.1


def test_a_step_of_integers_is_exact():
    assert mg.heaviside(mg.tensor([0]), mg.tensor([2**53 + 1])).item() == 2**53 + 1


def test_division_of_integers_is_exact():
    big = 2**53 + 1
    assert mg.div(mg.tensor([-big]), 1, rounding_mode="trunc").item() == -big
    assert mg.floor_divide(mg.tensor([big]), 1).item() == big


def test_a_bound_beyond_the_integers_of_a_tensor_bounds_nothing():
    x = mg.tensor([-100, 0, 100], dtype=mg.int8)
    assert mg.clamp(x, -1000, 1000).tolist() == [-100, 0, 100]
    assert mg.clamp(x, 0.5).dtype == mg.float32


# Views and memory -----------------------------------------------------------------------------------------------------

VIEWS = {
    "reshape": lambda x: x.reshape(3, 2),
    "view": lambda x: x.view(6),
    "flatten": lambda x: x.flatten(),
    "unflatten": lambda x: x.unflatten(1, (3, 1)),
    "transpose": lambda x: x.transpose(0, 1),
    "T": lambda x: x.T,
    "mT": lambda x: x.mT,
    "permute": lambda x: x.permute(1, 0),
    "movedim": lambda x: x.movedim(0, 1),
    "unsqueeze": lambda x: x.T.unsqueeze(1),
    "squeeze": lambda x: x.T[:, None].squeeze(),
    "expand": lambda x: x.expand(4, 2, 3),
    "a row": lambda x: x[1],
    "an element": lambda x: x[1, 2],
    "a slice": lambda x: x[:, ::-1],
    "diagonal": lambda x: x.diagonal(),
    "split": lambda x: x.split(2, 1)[1],
    "chunk": lambda x: x.chunk(2)[1],
    "unbind": lambda x: x.unbind()[1],
    "detach": lambda x: x.detach(),
    "transpose of an element": lambda x: x[1, 2].transpose(0, 0),
}


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_shows_a_later_write_to_its_base(name):
    x = mg.arange(6.0).reshape(2, 3).clone()
    view = VIEWS[name](x)
    assert np.shares_memory(view.data, x.data)
    x.fill_(7)
    assert (view == 7).all()


COPIES = {
    "clone": lambda x: x.clone(),
    "an array of places": lambda x: x[[0, 1]],
    "a mask": lambda x: x[x > 0],
    "reshape of a transpose": lambda x: x.T.reshape(6),
    "contiguous of a transpose": lambda x: x.T.contiguous(),
    "cat": lambda x: mg.cat([x]),
    "gather": lambda x: x.gather(1, mg.tensor([[0]])),
    "max": lambda x: x.max(1).values,
}


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_does_not(name):
    x = mg.arange(6.0).reshape(2, 3).clone()
    assert not np.shares_memory(COPIES[name](x).data, x.data)


def test_what_changes_nothing_returns_the_tensor_itself():
    x = mg.ones(2, 2)
    assert x.contiguous() is x
    assert x.float() is x
    assert x.to(mg.float32) is x
    assert x.to("cpu") is x
    assert x.cpu() is x
    assert +x is x
    assert x.to(mg.float32, copy=True) is not x


def test_a_diagonal_can_be_written_to():
    x = mg.zeros(2, 3)
    x.diagonal().fill_(5)
    x.diagonal(1)[...] = 2
    assert x.tolist() == [[5, 2, 0], [0, 5, 2]]


def test_view_works_where_strides_allow_it():
    x = mg.arange(12.0).reshape(2, 6)[:, ::2]
    assert x.view(2, 3, 1).tolist() == x.reshape(2, 3, 1).tolist()
    assert x.T.view(3, 2, 1).shape == (3, 2, 1)


# Writes and gradients -------------------------------------------------------------------------------------------------


def test_a_row_that_is_written_anew_takes_the_gradient_with_it():
    w = leaf([1.0, 2.0, 3.0])
    h = w * 1
    h[0] = h[0] * 10
    h[1:] = h[:2] + h[1:]
    (h * h).sum().backward()
    # h = (10 a, 10 a + b, b + c) = (10, 12, 5), and the slopes of its squares are 2 h.
    assert w.grad.tolist() == [10 * 20 + 10 * 24, 24 + 10, 10]


def test_only_the_last_of_two_writes_to_a_place_has_a_gradient():
    v = leaf([1.0, 2.0, 3.0])
    x = mg.zeros(2, dtype=mg.float64)
    x[mg.tensor([0, 0, 1])] = v
    assert x.tolist() == [2, 3]
    x.sum().backward()
    assert v.grad.tolist() == [0, 1, 1]


def test_an_index_may_change_after_its_use():
    places = mg.tensor([0, 2])
    x = leaf([1.0, 2.0, 3.0])
    y = x[places]
    places.fill_(1)
    y.sum().backward()
    assert x.grad.tolist() == [1, 0, 1]


SELF = {
    "x *= x": (lambda h: h.mul_(h), lambda x: x * x),
    "x /= x": (lambda h: h.div_(h), lambda x: x / x),
    "x -= x": (lambda h: h.sub_(h), lambda x: x - x),
    "x *= x[0]": (lambda h: h.mul_(h[0]), lambda x: x * x[0]),
    "x **= 3": (lambda h: h.pow_(3), lambda x: x**3),
    "x **= x": (lambda h: h.pow_(h), lambda x: x**x),
    "log twice": (lambda h: h.log_().log_(), lambda x: x.log().log()),
    "x[...] = x": (lambda h: h.__setitem__(..., h * 2), lambda x: x * 2),
    "copy_": (lambda h: h.copy_(h + h), lambda x: x + x),
}


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("name", SELF)
def test_an_operation_in_place_has_the_gradients_of_the_other_form(name, create_graph):
    in_place, function = SELF[name]
    v = leaf([3.0, 4.0])
    h = v * 1
    in_place(h)
    w = leaf([3.0, 4.0])
    y = function(w)
    np.testing.assert_array_equal(h.detach().numpy(), y.detach().numpy())
    firsts = []
    for output, x in ((h, v), (y, w)):
        firsts.append(mg.autograd.grad(output.sum(), x, create_graph=create_graph, materialize_grads=True)[0])
    np.testing.assert_allclose(firsts[0].detach().numpy(), firsts[1].detach().numpy(), rtol=1e-15)
    if create_graph and firsts[1].requires_grad:
        one = mg.autograd.grad(firsts[0].sum(), v, materialize_grads=True)[0]
        other = mg.autograd.grad(firsts[1].sum(), w, materialize_grads=True)[0]
        # The terms come in another order: 0 may be left over from numbers of 1.
        np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=1e-14, atol=1e-15)


def test_narrower_integers_take_wider_ones_in_place_as_in_pytorch():
    x = mg.tensor([1, 2], dtype=mg.uint8)
    x += mg.tensor([1, 1])
    assert (x.dtype, x.tolist()) == (mg.uint8, [2, 3])


# Conversions ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", [mg.float64, "float64", np.float64, mg.zeros(1, dtype=mg.float64)])
def test_to_takes_a_dtype_in_any_form_or_a_tensor(target):
    x = mg.ones(2, requires_grad=True)
    y = x.to(target)
    assert y.dtype == mg.float64
    y.sum().backward()
    assert x.grad.dtype == mg.float32


def test_conversions_round_towards_zero_and_test_for_zero():
    x = mg.tensor([-1.7, 0.0, 2.9])
    assert x.int().tolist() == x.long().tolist() == [-1, 0, 2]
    assert (x.int().dtype, x.long().dtype) == (mg.int32, mg.int64)
    assert x.bool().tolist() == [True, False, True]
    assert x.double().dtype == mg.float64
    assert x.type_as(x.double()).dtype == mg.float64


def test_answers_about_whole_tensors_are_python_bools():
    x = mg.ones(2)
    assert mg.equal(x, x) is True
    assert mg.allclose(x, x + 1) is False
    assert mg.allclose(x.requires_grad_(), mg.ones(2, dtype=mg.float64)) is True

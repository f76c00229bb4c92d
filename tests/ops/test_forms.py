"""PyTorch's forms of single calls: keywords, options, in-place writes and changes of shape; and what they refuse."""

import numpy as np
import pytest

import minigrad as mg

F = mg.nn.functional
NAN = float("nan")


def leaf(values):
    return mg.tensor(values, dtype=mg.float64, requires_grad=True)


# Keywords and forms ---------------------------------------------------------------------------------------------------


def test_where_of_a_condition_alone_is_nonzero_as_a_tuple():
    x = mg.tensor([[1.0, 0.0], [0.0, NAN]])
    rows, columns = mg.where(x)
    assert (rows.tolist(), columns.tolist()) == ([0, 1], [0, 1])
    assert mg.where(mg.tensor([True, False, True]))[0].tolist() == [0, 2]


def test_where_with_one_choice_only_is_refused():
    with pytest.raises(TypeError, match=r"where: both choices are needed.*\n.*\n.*where\(x > 0, x, 0\)"):
        mg.where(mg.tensor([True]), mg.tensor([1.0]))


def test_the_names_of_arguments_are_pytorchs():
    assert mg.is_tensor(obj=mg.ones(1))
    assert mg.promote_types(type1=mg.int32, type2=mg.float32) == mg.float32
    mg.set_default_dtype(d=mg.float32)
    assert mg.broadcast_to(mg.ones(2), size=(3, 2)).shape == (3, 2)
    assert mg.swapaxes(mg.ones(2, 3), axis0=0, axis1=1).shape == (3, 2)
    assert mg.ones(2, 3).stride(0) == 3
    assert mg.ones(2).to("cpu", non_blocking=True).shape == (2,)


def test_the_bytes_of_a_tensor_are_seen_as_another_dtype():
    x = mg.tensor([1.0, -2.0])
    bits = x.view(mg.int32)
    assert bits.tolist() == [0x3F800000, -0x40000000]
    assert x.view(dtype=np.uint8).shape == (8,)
    assert x.view(mg.float64).shape == (1,)
    bits.zero_()
    assert x.tolist() == [0.0, 0.0]
    assert x.view(np.float32).tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    ("x", "dtype"), [(mg.ones(3), mg.float64), (mg.tensor(1.0), mg.float64), (mg.ones(2, 4).t(), mg.int16)]
)
def test_bytes_that_do_not_fit_a_dtype_are_refused(x, dtype):
    with pytest.raises(ValueError, match=rf"view: .* cannot be seen as {np.dtype(dtype)}"):
        x.view(dtype)


def test_a_view_of_other_floats_has_no_derivative_and_one_of_the_same_has():
    with pytest.raises(RuntimeError, match="view: the operation has no derivative"):
        mg.ones(2, requires_grad=True).view(mg.float64)
    assert not mg.ones(2, requires_grad=True).view(mg.int32).requires_grad
    x = leaf([1.0, 2.0])
    (x.view(mg.float64) * 3).sum().backward()
    assert x.grad.tolist() == [3, 3]


@pytest.mark.parametrize("name", ["relu", "relu6", "hardtanh", "elu", "celu", "selu", "silu", "mish", "hardswish"])
def test_an_activation_in_place_is_the_one_out_of_place_and_so_is_its_gradient(name):
    activation = getattr(F, name)
    x, y = leaf([-2.0, -0.3, 0.4, 7.0]), leaf([-2.0, -0.3, 0.4, 7.0])
    h = x * 1
    assert activation(h, inplace=True) is h
    out = activation(y * 1)
    assert h.tolist() == out.tolist()
    h.sum().backward()
    out.sum().backward()
    assert x.grad.tolist() == y.grad.tolist()


def test_relu_in_place_of_what_is_no_tensor_is_refused():
    with pytest.raises(TypeError, match="relu_: a Tensor is needed"):
        mg.relu(np.ones(2), inplace=True)


# Numbers --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "dtype", "expected"),
    [
        ((1, 5, 1.5), mg.int64, [1, 2, 3, 4]),
        ((1, 5, 1.5), mg.int32, [1, 2, 3]),
        ((-2.5, 2.5), mg.int64, [-2, -1, 0, 1]),
        ((-2.5, 2.5), mg.int16, [-2, -1, 0, 1, 2]),
        ((2.9,), mg.int64, [0, 1]),
        ((2.9,), mg.int32, [0, 1, 2]),
        ((-(2**63), -(2**63) + 2), mg.int64, [-(2**63), -(2**63) + 1]),
        ((2**62, 2**62 + 3), None, [2**62, 2**62 + 1, 2**62 + 2]),
        ((5, 0, -2), None, [5, 3, 1]),
    ],
)
def test_a_range_of_integers_rounds_its_bounds_as_pytorch(arguments, dtype, expected):
    assert mg.arange(*arguments, dtype=dtype).tolist() == expected


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((0.73, 10.54, 8), [0, 1, 2, 4, 5, 7, 8, 10]),
        ((17.15, -16, 9), [17, 12, 8, 4, 0, -3, -7, -11, -16]),
        ((39, -30.63, 9), [39, 30, 21, 13, 4, -4, -12, -21, -30]),
        ((3.9, 7, 1), [3]),
        ((3, 7, 0), []),
    ],
)
def test_integers_at_equal_distances_are_rounded_as_pytorch_rounds_them(arguments, expected):
    assert mg.linspace(*arguments, dtype=mg.int64).tolist() == expected


def test_integers_in_equal_proportions_are_rounded_as_pytorch_rounds_them():
    assert mg.logspace(0.5, 2.7, 4, dtype=mg.int64).tolist() == [1, 4, 21, 100]


def test_bounds_that_do_not_fit_the_integers_are_refused():
    with pytest.raises(ValueError, match="linspace: uint8 does not hold -5 and 5"):
        mg.linspace(-5, 5, 4, dtype=mg.uint8)


def test_a_step_that_rounds_to_nothing_is_refused():
    with pytest.raises(ValueError, match="arange: from 0 to 3 there is no way in steps of 0"):
        mg.arange(0, 3, 0.5, dtype=mg.int64)


def test_activations_made_of_bounds_keep_integers():
    assert F.hardtanh(mg.tensor([-3, 0, 4]), -1.5, 2.5).tolist() == [-1, 0, 2]
    assert F.relu6(mg.tensor([9], dtype=mg.uint8)).dtype == mg.uint8
    assert F.threshold(mg.tensor([0, 2, 3]), 2.5, -1.5).tolist() == [-1, -1, 3]
    assert F.hardtanh(mg.tensor([True])).dtype == mg.float32
    with pytest.raises(ValueError, match="threshold: int8 does not hold 300 and 1"):
        F.threshold(mg.tensor([0], dtype=mg.int8), 300, 1)


def test_dropout_of_integers_is_refused_only_where_something_is_dropped():
    x = mg.ones(1, 2, 3, dtype=mg.int64)
    for drop in (F.dropout, F.dropout2d):
        assert drop(x, 0.0) is x
        assert drop(x, 0.5, training=False) is x
        with pytest.raises(TypeError, match="a floating tensor is needed"):
            drop(x, 0.5)


def test_a_bool_to_the_power_of_a_bool_is_a_bool_of_its_own_memory():
    x = mg.tensor([True, False])
    power = x**True
    assert (power.dtype, power.tolist(), (x**False).tolist()) == (mg.bool_, [True, False], [True, True])
    power.zero_()
    assert x.tolist() == [True, False]


def test_the_sign_of_nan_is_zero_in_any_layout():
    x = mg.tensor([[NAN, -2.0], [3.0, NAN]])
    assert x.sign().tolist() == [[0, -1], [1, 0]]
    assert x.t().sgn().tolist() == [[0, 1], [-1, 0]]
    assert mg.tensor(NAN).sign().item() == 0


# In place -------------------------------------------------------------------------------------------------------------


def test_a_comparison_in_place_writes_ones_and_zeros_and_has_gradient_zero():
    x = leaf([1.0, 2.0, 3.0])
    h = x * 1
    assert h.gt_(1.5) is h
    assert h.tolist() == [0, 1, 1]
    (h * x).sum().backward()
    assert x.grad.tolist() == [0, 1, 1]
    assert mg.tensor([1, 2]).eq_(2).tolist() == [0, 1]


def test_a_change_of_shape_in_place_passes_gradients_in_both_shapes():
    x = leaf([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    h = x * 2
    before = h * 10
    assert h.t_() is h
    assert h.shape == (3, 2)
    after = h * mg.arange(6).reshape(3, 2)
    (before.sum() + after.sum()).backward()
    assert x.grad.tolist() == [[20, 24, 28], [22, 26, 30]]


def test_views_of_a_tensor_whose_shape_changes_stay_views_of_its_memory():
    x = mg.arange(6.0).reshape(1, 2, 3).clone()
    row = x[0, 1]
    x.squeeze_()
    assert x.shape == (2, 3)
    x.transpose_(0, 1).add_(10)
    assert row.tolist() == [13, 14, 15]
    x.unsqueeze_(0).swapaxes_(0, 2)
    assert x.shape == (2, 3, 1)


def test_a_value_saved_before_a_change_of_shape_is_stale_only_when_it_is_written_to():
    x = leaf([[1.0, 2.0]])
    h = x * 1
    square = h * h
    h.t_()
    square.sum().backward(retain_graph=True)
    assert x.grad.tolist() == [[2, 4]]
    h.mul_(2)
    with pytest.raises(RuntimeError, match="mul"):
        square.sum().backward()


def test_a_gradient_is_retained_across_a_change_of_shape():
    h = leaf([[1.0, 2.0]]) * 1
    h.retain_grad()
    h.t_()
    (h * 3).sum().backward()
    assert h.grad.tolist() == [[3], [3]]


def test_a_change_of_shape_is_differentiable_twice():
    x = leaf([[1.0, 2.0]])
    h = x * x
    h.t_()
    (grad,) = mg.autograd.grad((h * h).sum(), x, create_graph=True)
    grad.sum().backward()
    assert x.grad.tolist() == [[12, 48]]


@pytest.mark.parametrize("name", ["t_", "squeeze_"])
def test_a_leaf_that_requires_grad_keeps_its_shape(name):
    with pytest.raises(RuntimeError, match=rf"{name}: .*leaf that requires grad(.|\n)*y = x\.{name[:-1]}\(\.\.\.\)"):
        getattr(leaf([[1.0, 2.0]]), name)()


def test_what_is_part_of_the_graph_keeps_its_shape_where_nothing_is_recorded():
    h = leaf([[1.0, 2.0]]) * 1
    with mg.no_grad(), pytest.raises(RuntimeError, match=r"t_: .*part of the graph, which is not recorded here"):
        h.t_()
    assert h.shape == (1, 2)
    with pytest.raises(TypeError, match="t_: a Tensor is needed"):
        mg.Tensor.t_(np.ones((2, 2)))
    with pytest.raises(TypeError, match="t_: it is an in-place operation"):
        mg.func.vmap(lambda row: row.clone().t_())(mg.ones(2, 3))


def test_shifts_of_bits_are_operators_too():
    x = mg.tensor([1, -8])
    assert ((x << 1).tolist(), (x >> 1).tolist(), (8 >> mg.tensor([1, 2])).tolist()) == ([2, -16], [0, -4], [4, 2])
    assert (2 << mg.tensor([1, 2])).tolist() == [4, 8]
    x <<= 2
    x >>= 1
    assert x.tolist() == [2, -16]
    for call in (lambda: mg.ones(2) << 1, lambda: x >> 1.5, lambda: mg.tensor([True]) << mg.tensor([True])):
        with pytest.raises(TypeError, match=r"shift: integers are needed(.|\n)*x \* 2\*\*y"):
            call()


def test_products_in_place_are_refused_where_the_result_does_not_fit():
    x = mg.ones(2)
    with pytest.raises(ValueError, match="addmm_: a value of shape"):
        x.addmm_(mg.ones(3, 2), mg.ones(2, 2))
    with pytest.raises(RuntimeError, match=r"addmv_: .* leaf that requires grad"):
        leaf([1.0, 1.0]).addmv_(mg.ones(2, 2), mg.ones(2))
    assert x.tolist() == [1, 1]


# Gradients that would be lost -----------------------------------------------------------------------------------------

WEIGHT = leaf([2.0, 3.0])
LOST = {
    "full": (lambda: mg.full((2,), WEIGHT[0]), "full", "expand(shape)"),
    "full_like": (lambda: mg.full_like(mg.ones(2), WEIGHT[0]), "full_like", "expand(shape)"),
    "tensor": (lambda: mg.tensor([WEIGHT[0], WEIGHT[1]]), "tensor", "stack([...])"),
    "nested": (lambda: mg.as_tensor([[1.0, WEIGHT[0]]]), "as_tensor", "stack([...])"),
    "Tensor": (lambda: mg.Tensor([WEIGHT[0]]), "Tensor", "stack([...])"),
    "batch_norm": (
        lambda: F.batch_norm(mg.ones(3, 2, dtype=mg.float64), WEIGHT, WEIGHT.detach()),
        "batch_norm",
        "Detach",
    ),
    "scatter": (
        lambda: mg.zeros(2).scatter(0, mg.tensor([0]), value=WEIGHT[0]),
        "scatter",
        "value.expand(index.shape)",
    ),
    "pinv": (lambda: mg.linalg.pinv(mg.eye(2), rtol=WEIGHT[0]), "pinv", "rtol.detach()"),
    "multi_margin_loss": (
        lambda: F.multi_margin_loss(mg.ones(1, 2), mg.tensor([0]), p=WEIGHT[0]),
        "multi_margin_loss",
        "p.detach()",
    ),
}


@pytest.mark.parametrize("name", LOST)
def test_a_gradient_that_would_be_lost_is_refused_with_the_remedy(name):
    call, who, remedy = LOST[name]
    with pytest.raises(RuntimeError) as caught:
        call()
    for part in (f"{who}: ", "requires grad", remedy, "test_forms.py:"):
        assert part in str(caught.value)


def test_what_is_refused_with_a_gradient_works_without_one():
    with mg.no_grad():
        assert mg.tensor([WEIGHT[0], WEIGHT[1]]).tolist() == [2, 3]
        assert F.batch_norm(mg.ones(3, 2, dtype=mg.float64), WEIGHT, WEIGHT).shape == (3, 2)
    assert mg.tensor([each.detach() for each in WEIGHT]).tolist() == [2, 3]
    assert mg.full((2,), WEIGHT[0].detach()).tolist() == [2, 2]
    assert mg.zeros(2).scatter(0, mg.tensor([0]), value=mg.tensor(3.0)).tolist() == [3, 0]


def test_what_is_written_nowhere_or_times_zero_has_gradient_zero():
    x = leaf([1.0, 2.0])
    mg.addmv(x, mg.ones(2, 2, dtype=mg.float64), mg.ones(2, dtype=mg.float64), beta=0).sum().backward()
    assert x.grad.tolist() == [0, 0]
    number = leaf(4.0)
    mg.zeros(2, dtype=mg.float64).scatter(0, mg.tensor([], dtype=mg.int64), number).sum().backward()
    assert number.grad.item() == 0
    mg.zeros(2, dtype=mg.float64).scatter(0, mg.tensor([1]), number).sum().backward()
    assert number.grad.item() == 1

"""Convolutions and poolings beyond the table of samples: settings, batches, what is saved, and errors."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.nn import functional as F


def drawn(*shape, seed=0, requires_grad=False, dtype=np.float64):
    numbers = np.random.default_rng([seed, *shape]).standard_normal(shape).astype(dtype)
    return mg.tensor(numbers, requires_grad=requires_grad)


def assert_close(one, other):
    """Sums of at most 50 products of numbers around 1, in one order or another."""
    np.testing.assert_allclose(one.detach().numpy(), other.detach().numpy(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("call", "shape"),
    [
        (lambda x: F.conv1d(x, drawn(3, 2, 2)), (2, 5)),
        (lambda x: F.conv2d(x, drawn(3, 2, 2, 2), padding=1), (2, 5, 4)),
        (lambda x: F.conv_transpose1d(x, drawn(2, 3, 2)), (2, 5)),
        (lambda x: F.conv_transpose2d(x, drawn(2, 3, 2, 2), stride=2), (2, 5, 4)),
        (lambda x: F.max_pool1d(x, 2), (2, 5)),
        (lambda x: F.max_pool2d(x, 2), (2, 5, 4)),
        (lambda x: F.avg_pool1d(x, 2), (2, 5)),
        (lambda x: F.avg_pool2d(x, 2), (2, 5, 4)),
        (lambda x: F.adaptive_avg_pool2d(x, 3), (2, 5, 4)),
        (lambda x: F.unfold(x, 2), (2, 5, 4)),
        (lambda x: F.fold(x, (4, 4), 2, stride=2), (8, 4)),
    ],
)
def test_images_alone_are_a_batch_of_one(call, shape):
    x = drawn(*shape)
    np.testing.assert_array_equal(call(x).numpy(), call(x.unsqueeze(0))[0].numpy())


def test_a_convolution_is_a_product_with_the_unfolded_images():
    x, weight, bias = drawn(2, 3, 5, 6), drawn(4, 3, 2, 3), drawn(4)
    columns = F.unfold(x, (2, 3), padding=1, stride=2)
    product = weight.reshape(4, 18) @ columns + bias.reshape(4, 1)
    result = F.conv2d(x, weight, bias, stride=2, padding=1)
    assert_close(result, product.reshape(result.shape))


def test_a_transposed_convolution_is_the_transpose():
    x, weight = drawn(2, 3, 7, 6), drawn(4, 3, 2, 3)
    result = F.conv2d(x, weight, stride=(2, 1), padding=(1, 0))
    other = drawn(*result.shape, seed=1)
    back = F.conv_transpose2d(other, weight, stride=(2, 1), padding=(1, 0), output_padding=(1, 0))
    assert_close((result * other).sum(), (x * back).sum())


def test_same_padding_keeps_the_lengths_and_pads_more_at_the_end():
    x, weight = drawn(1, 1, 4, 5), drawn(1, 1, 2, 4)
    padded = np.pad(x.numpy(), ((0, 0), (0, 0), (0, 1), (1, 2)))
    assert_close(F.conv2d(x, weight, padding="same"), F.conv2d(mg.tensor(padded), weight))
    assert F.conv2d(x, weight, padding="valid").shape == (1, 1, 3, 2)


@pytest.mark.parametrize("settings", [2, (2,), [2], (2, 2), [2, 2], (np.int64(2), 2)])
def test_one_number_counts_for_all_axes(settings):
    x, weight = drawn(1, 1, 6, 7), drawn(1, 1, 2, 2)
    np.testing.assert_array_equal(F.conv2d(x, weight, stride=settings).numpy(), F.conv2d(x, weight, stride=2).numpy())
    np.testing.assert_array_equal(F.max_pool2d(x, settings).numpy(), F.max_pool2d(x, 2, 2).numpy())


def test_what_no_gradient_needs_is_not_saved():
    x, weight = drawn(1, 2, 4, 4), drawn(3, 2, 2, 2)
    for wanted in ([True, False], [False, True], [True, True]):
        leaves = [each.clone().requires_grad_(needed) for each, needed in zip((x, weight), wanted)]
        for function in (F.conv2d, F.conv_transpose2d):
            operands = leaves if function is F.conv2d else [leaves[0], leaves[1][:2]]
            saved = function(*operands).grad_fn.saved
            assert [isinstance(each, np.ndarray) for each in saved[:2]] == [wanted[1], wanted[0]]


@pytest.mark.parametrize("function", [F.conv2d, F.conv_transpose2d])
@pytest.mark.parametrize("axes", [3, 4])
def test_a_bias_alone_gets_its_gradient(function, axes):
    x, weight = drawn(*(2, 3, 4, 5)[4 - axes :]), drawn(3, 3, 2, 2)
    bias = drawn(3, requires_grad=True)
    result = function(x, weight, bias)
    seed = drawn(*result.shape, seed=1)
    result.backward(seed)
    assert_close(bias.grad, seed.sum((0, 2, 3) if axes == 4 else (1, 2)))


def test_the_gradients_do_not_depend_on_which_others_are_wanted():
    arrays = drawn(2, 2, 5, 5), drawn(3, 2, 2, 2), drawn(3)
    found = {}
    for wanted in range(1, 8):
        leaves = [each.clone().requires_grad_(bool(wanted >> place & 1)) for place, each in enumerate(arrays)]
        F.conv2d(*leaves, stride=2, padding=1).square().sum().backward()
        for place, leaf in enumerate(leaves):
            assert (leaf.grad is None) == (not leaf.requires_grad)
            if leaf.grad is not None:
                first = found.setdefault(place, leaf.grad.numpy())
                # The sum of a bias's gradient alone is made in another order.
                np.testing.assert_allclose(leaf.grad.numpy(), first, rtol=1e-13)


def test_a_training_step_in_a_graph_of_gradients():
    """The penalty on a gradient is differentiated through the convolution, the pooling and the bias."""
    x, weight, bias = drawn(2, 1, 6, 6, requires_grad=True), drawn(2, 1, 3, 3, requires_grad=True), drawn(2)
    bias.requires_grad_()

    def penalty():
        loss = F.avg_pool2d(mg.tanh(F.conv2d(x, weight, bias)), 2).square().sum()
        (grad,) = mg.autograd.grad(loss, x, create_graph=True)
        return grad.square().sum()

    grads = mg.autograd.grad(penalty(), (x, weight, bias))
    step = 1e-5
    for leaf, grad in zip((x, weight, bias), grads):
        place = (0,) * leaf.ndim
        with mg.no_grad():
            leaf.data[place] += step
        above = penalty().item()
        with mg.no_grad():
            leaf.data[place] -= 2 * step
        below = penalty().item()
        leaf.data[place] += step
        # Central differences: the truncation is 1e-10 times the third derivative, the rounding 1e-11 times the value.
        assert grad.numpy()[place] == pytest.approx((above - below) / (2 * step), rel=1e-6, abs=1e-7)


def test_the_indices_of_a_pooling_name_the_elements():
    x = drawn(2, 3, 6, 7)
    values, indices = F.max_pool2d(x, 3, 2, 1, return_indices=True)
    assert indices.dtype == mg.int64
    flat = x.flatten(2).gather(2, indices.flatten(2))
    np.testing.assert_array_equal(flat.reshape(values.shape).numpy(), values.numpy())
    assert not indices.requires_grad


def test_a_window_that_a_dilation_leaves_empty_is_minus_infinity():
    x = mg.tensor([[[1.0, 2.0]]], requires_grad=True)
    values, indices = F.max_pool1d(x, 2, padding=1, dilation=3, return_indices=True)
    assert (values.item(), indices.item()) == (-np.inf, -1)
    values.sum().backward()
    assert not x.grad.numpy().any()


def test_the_result_of_nothing():
    x = mg.zeros(0, 3, 4, requires_grad=True)
    assert F.local_response_norm(x, 2) is x
    assert F.adaptive_avg_pool2d(drawn(1, 3, 4), (0, 2)).shape == (1, 0, 2)
    empty = mg.zeros(0, 2, 5, requires_grad=True)
    weight = drawn(3, 2, 2, requires_grad=True, dtype=np.float32)
    F.conv1d(empty, weight).sum().backward()
    assert empty.grad.shape == (0, 2, 5)
    assert not weight.grad.numpy().any()


def test_float32_and_float64_are_not_mixed():
    with pytest.raises(TypeError, match="one floating dtype is needed; input is float32, weight float64, bias none"):
        F.conv1d(mg.ones(1, 4), drawn(1, 1, 2))


IMAGE, SEQUENCE = mg.ones(1, 2, 5, 6), mg.ones(1, 2, 5)
INTEGERS = mg.tensor([[[1, 2, 3]]])


@pytest.mark.parametrize(
    ("call", "error", "parts"),
    [
        (
            lambda: F.conv2d(IMAGE, mg.ones(3, 4, 2, 2)),
            ValueError,
            ["groups * 4 channels", "(1, 2, 5, 6)", "(3, 4, 2, 2)", "(out_channels, 2, ...)"],
        ),
        (
            lambda: F.conv2d(mg.ones(1, 5, 6, 2), mg.ones(3, 2, 2, 2)),
            ValueError,
            ["channels seem to come last", "input.permute(0, 3, 1, 2)"],
        ),
        (
            lambda: F.conv2d(mg.ones(1, 4, 5, 6), mg.ones(4, 4, 2, 2), groups=2),
            ValueError,
            ["groups=2", "In 2 groups, each filter sees 2"],
        ),
        (lambda: F.conv2d(IMAGE, mg.ones(3, 1, 2, 2), groups=2), ValueError, ["positive multiple of groups filters"]),
        (lambda: F.conv2d(IMAGE, mg.ones(3, 2, 2)), ValueError, ["a weight of 4 axes", "(3, 2, 2)", "unsqueeze"]),
        (lambda: F.conv1d(mg.ones(5), mg.ones(1, 1, 2)), ValueError, ["(channels, length)", "input is (5,)"]),
        (
            lambda: F.conv2d(IMAGE, mg.ones(3, 2, 4, 2), dilation=2),
            ValueError,
            ["reaches over 7 elements", "has 5", "dilation * (kernel - 1) - 1) // stride + 1"],
        ),
        (lambda: F.conv2d(IMAGE, mg.ones(3, 2, 2, 2), mg.ones(2)), ValueError, ["each of the 3 channels", "(2,)"]),
        (lambda: F.conv2d(IMAGE, mg.ones(3, 2, 2, 2), stride=0), ValueError, ["stride", "from 1 on", "got int 0"]),
        (lambda: F.conv2d(IMAGE, mg.ones(3, 2, 2, 2), padding=-1), ValueError, ["padding", "from 0 on", "got int -1"]),
        (lambda: F.conv2d(IMAGE, mg.ones(3, 2, 2, 2), stride=1.0), TypeError, ["stride must be an integer"]),
        (lambda: F.conv2d(IMAGE, mg.ones(3, 2, 2, 2), stride=(1, 1, 1)), ValueError, ["2 of them", "(1, 1, 1)"]),
        (lambda: F.conv2d(IMAGE, mg.ones(3, 2, 2, 2), padding="full"), ValueError, ["'same' or 'valid'", "'full'"]),
        (
            lambda: F.conv2d(IMAGE, mg.ones(3, 2, 2, 2), None, 2, "same"),
            ValueError,
            ["stride=(2, 2)", "dilation * (kernel - 1) // 2"],
        ),
        (lambda: F.conv1d(INTEGERS, mg.ones(1, 1, 2)), TypeError, ["one floating dtype", "int64", "x.float()"]),
        (
            lambda: F.conv_transpose2d(IMAGE, mg.ones(3, 2, 2, 2)),
            ValueError,
            ["3 channels, axis 0 of the weight", "(in_channels, out_channels // groups, ...)"],
        ),
        (
            lambda: F.conv_transpose1d(SEQUENCE, mg.ones(2, 1, 2), stride=2, output_padding=2),
            ValueError,
            ["output_padding=(2,)", "stride=(2,)", "dilation=(1,)"],
        ),
        (
            lambda: F.conv_transpose1d(SEQUENCE, mg.ones(2, 1, 2), padding=3),
            ValueError,
            ["would have 0 elements", "(length - 1) * stride"],
        ),
        (lambda: F.max_pool2d(IMAGE, 2, padding=2), ValueError, ["at most half", "(2, 2)", "nn.functional.pad"]),
        (lambda: F.max_pool2d(IMAGE, 7), ValueError, ["(7, 7)", "(5, 6)", "(0, 0)", "// stride + 1"]),
        (lambda: F.max_pool2d(mg.ones(5, 6), 2), ValueError, ["(channels, rows, columns)", "(5, 6) float32"]),
        (lambda: F.max_pool2d(mg.ones(1, 0, 5, 6), 2), ValueError, ["Only the batch axis may be empty"]),
        (lambda: F.avg_pool1d(INTEGERS, 2), TypeError, ["floats are needed", "int64", "x.float()"]),
        (lambda: F.avg_pool2d(IMAGE, 2, divisor_override=0), ValueError, ["divisor_override must not be 0"]),
        (lambda: F.avg_pool2d(IMAGE, 0), ValueError, ["kernel_size", "from 1 on"]),
        (lambda: F.adaptive_avg_pool2d(IMAGE, (1, 2, 3)), ValueError, ["output_size", "(1, 2, 3)"]),
        (lambda: F.adaptive_max_pool1d(SEQUENCE, -1), ValueError, ["output_size", "from 0 on"]),
        (lambda: F.unfold(IMAGE, 7), ValueError, ["no window of (7, 7)", "(5, 6)", "// stride + 1"]),
        (lambda: F.unfold(mg.ones(5, 6), 2), ValueError, ["(channels, rows, columns)", "(5, 6)"]),
        (lambda: F.fold(mg.ones(1, 8, 5), (3, 3), 2), ValueError, ["2 * 2 columns", "channels * 4", "(1, 8, 5)"]),
        (lambda: F.local_response_norm(mg.ones(2, 3), 2), ValueError, ["(batch, channels, length)", "(2, 3)"]),
        (lambda: F.local_response_norm(IMAGE, 0), ValueError, ["positive size", "0"]),
        (lambda: F.local_response_norm(IMAGE.int(), 2), TypeError, ["local_response_norm: floats", "int32"]),
    ],
)
def test_errors_say_what_was_needed_and_what_came(call, error, parts):
    with pytest.raises(error) as caught:
        call()
    for part in parts:
        assert part in str(caught.value)

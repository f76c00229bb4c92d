"""Conventions of normalisation, attention, embeddings and dropout that a table of samples does not show."""

import warnings

import numpy as np
import pytest

import minigrad as mg
from minigrad.nn import functional as F


def drawn(generator, *shape, **options):
    """A tensor of drawn numbers, float64."""
    return mg.tensor(generator.standard_normal(shape), **options)


# Normalisation --------------------------------------------------------------------------------------------------------


def test_training_moves_the_running_statistics_and_evaluation_uses_them(generator):
    x = drawn(generator, 6, 3, 4)
    mean, variance = mg.zeros(3, dtype=mg.float64), mg.ones(3, dtype=mg.float64)
    F.batch_norm(x, mean, variance, training=True, momentum=0.3)
    numbers = x.numpy().transpose(1, 0, 2).reshape(3, -1)
    # A few roundings.
    np.testing.assert_allclose(mean.numpy(), 0.3 * numbers.mean(1), rtol=1e-12)
    np.testing.assert_allclose(variance.numpy(), 0.7 + 0.3 * numbers.var(1, ddof=1), rtol=1e-12)
    kept = mean.tolist(), variance.tolist()
    output = F.batch_norm(x, mean, variance)
    expected = (x.numpy() - mean.numpy()[:, None]) / np.sqrt(variance.numpy()[:, None] + 1e-5)
    np.testing.assert_allclose(output.numpy(), expected, rtol=1e-12, atol=1e-13)
    assert (mean.tolist(), variance.tolist()) == kept


def test_instance_norm_moves_the_running_statistics_by_their_mean_over_the_samples(generator):
    x = drawn(generator, 5, 3, 2, 4, requires_grad=True)
    mean, variance = mg.zeros(3, dtype=mg.float64), mg.ones(3, dtype=mg.float64)
    output = F.instance_norm(x, mean, variance)
    numbers = x.detach().numpy().reshape(5, 3, 8)
    np.testing.assert_allclose(mean.numpy(), 0.1 * numbers.mean(2).mean(0), rtol=1e-12)
    np.testing.assert_allclose(variance.numpy(), 0.9 + 0.1 * numbers.var(2, ddof=1).mean(0), rtol=1e-12)
    assert output.requires_grad
    assert not mean.requires_grad


@pytest.mark.parametrize("op", [F.batch_norm, F.instance_norm])
def test_a_step_does_not_make_the_gradient_of_the_one_before_stale(op, generator):
    x, weight = drawn(generator, 4, 2, 3, requires_grad=True), drawn(generator, 2, requires_grad=True)
    statistics = mg.zeros(2, dtype=mg.float64), mg.ones(2, dtype=mg.float64)
    first = op(x, *statistics, weight)
    op(x, *statistics, weight)
    first.sum().backward()
    given = {"training": False} if op is F.batch_norm else {"use_input_stats": False}
    first = op(x, *statistics, weight, **given)
    op(x, *statistics, weight)
    first.sum().backward()


def test_running_statistics_that_cannot_be_written_to_are_refused_before_any_is(generator):
    mean = mg.zeros(2, dtype=mg.float64)
    fixed = mg.zeros(1, dtype=mg.float64).expand(2)
    with pytest.raises(RuntimeError, match="batch_norm"):
        F.batch_norm(drawn(generator, 4, 2), mean, fixed, training=True)
    assert mean.tolist() == [0.0, 0.0]


def test_an_empty_batch_leaves_running_statistics_as_they_are():
    mean, variance = mg.zeros(2), mg.ones(2)
    assert F.batch_norm(mg.zeros(0, 2), mean, variance, training=True).shape == (0, 2)
    assert (mean.tolist(), variance.tolist()) == ([0.0, 0.0], [1.0, 1.0])


def test_numbers_that_are_all_alike_become_the_bias():
    for output in (
        F.layer_norm(mg.full((2, 3), 5.0), (3,), bias=mg.ones(3)),
        F.group_norm(mg.full((2, 4), 5.0), 2, bias=mg.ones(4)),
        F.batch_norm(mg.full((3, 2), 5.0), None, None, bias=mg.ones(2), training=True),
    ):
        assert set(output.flatten().tolist()) == {1.0}


# Attention ------------------------------------------------------------------------------------------------------------


def test_dropped_weights_are_the_same_ones_in_every_derivative(generator, assert_derivatives):
    def attention(query, key, value):
        return F.scaled_dot_product_attention(query, key, value, dropout_p=0.4, generator=mg.Generator(3))

    shapes = ((2, 3, 2), (2, 4, 2), (2, 4, 3))
    assert_derivatives(attention, *[generator.standard_normal(shape) for shape in shapes])


def test_dropped_weights_leave_the_expected_result_as_it_is(generator):
    query, key, value = drawn(generator, 1, 4, 2), drawn(generator, 1, 5, 2), drawn(generator, 1, 5, 3)
    exact = F.scaled_dot_product_attention(query, key, value)
    source = mg.Generator(0)
    total = np.zeros(exact.shape)
    for _ in range(400):
        total += F.scaled_dot_product_attention(query, key, value, dropout_p=0.3, generator=source).numpy()
    # The standard deviation of one is below 3, of a mean of 400 below 0.15.
    np.testing.assert_allclose(total / 400, exact.numpy(), atol=0.6)


def test_the_same_seed_drops_the_same_weights():
    x = mg.ones(1, 6, 2)
    results = []
    for seed in (1, 1, 2):
        mg.manual_seed(seed)
        results.append(F.scaled_dot_product_attention(x, x, x, dropout_p=0.5).tolist())
    assert results[0] == results[1] != results[2]


def test_a_query_that_sees_nothing_returns_zeros_and_spoils_no_gradient(generator):
    leaves = [drawn(generator, 2, 3, 2, requires_grad=True) for _ in range(3)]
    mask = mg.tensor([[True, False, True], [False, False, False], [True, True, True]])
    output = F.scaled_dot_product_attention(*leaves, attn_mask=mask)
    assert output[:, 1].tolist() == [[0.0, 0.0]] * 2
    output.sum().backward()
    for leaf in leaves:
        assert np.isfinite(leaf.grad.numpy()).all()
    assert leaves[0].grad[:, 1].tolist() == [[0.0, 0.0]] * 2


def test_heads_that_share_a_key_add_their_gradients(generator):
    query, shared = drawn(generator, 1, 4, 3, 2), drawn(generator, 1, 2, 5, 2, requires_grad=True)
    grouped = F.scaled_dot_product_attention(query, shared, shared, enable_gqa=True)
    one_by_one = []
    for head in range(4):
        key = shared[:, head // 2]
        one_by_one.append(F.scaled_dot_product_attention(query[:, head], key, key))
    apart = mg.stack(one_by_one, 1)
    np.testing.assert_allclose(grouped.detach().numpy(), apart.detach().numpy(), rtol=1e-12, atol=1e-14)
    (together,) = mg.autograd.grad(grouped.sum(), shared)
    (alone,) = mg.autograd.grad(apart.sum(), shared)
    np.testing.assert_allclose(together.numpy(), alone.numpy(), rtol=1e-11, atol=1e-13)


# Dropout --------------------------------------------------------------------------------------------------------------


def test_the_gradient_of_dropout_is_dropped_where_the_result_was(generator):
    x = drawn(generator, 7, 9, requires_grad=True)
    output = F.dropout(x, 0.4)
    output.sum().backward()
    # Two roundings.
    np.testing.assert_allclose(x.grad.numpy() * x.detach().numpy(), output.detach().numpy(), rtol=1e-15)
    assert 0 < np.count_nonzero(x.grad.numpy()) < 63


def test_dropout_keeps_no_mask():
    kept = F.dropout(mg.ones(100, requires_grad=True), 0.4).grad_fn.saved
    assert max(np.size(each) for each in kept) == 1


def test_dropout2d_drops_whole_channels(generator):
    x = drawn(generator, 30, 4, 2, 3)
    output = F.dropout2d(x, 0.5, generator=mg.Generator(1)).numpy()
    kept = output[:, :, 0, 0] != 0
    np.testing.assert_array_equal(output, np.where(kept[:, :, None, None], 2 * x.numpy(), 0))
    # 120 draws have a standard deviation of 0.046.
    assert kept.mean() == pytest.approx(0.5, abs=0.2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        F.dropout2d(mg.ones(2, 3, 4))
        with pytest.raises(UserWarning, match="axis 1 is taken for the channels"):
            F.dropout2d(mg.ones(2, 3))


@pytest.mark.parametrize("op", [F.dropout, F.dropout2d])
def test_dropout_in_place_writes_over_its_input(op):
    x, twin = mg.ones(5, 6, 2, 2), mg.ones(5, 6, 2, 2)
    expected = op(twin, generator=mg.Generator(4))
    assert op(x, inplace=True, generator=mg.Generator(4)) is x
    assert x.tolist() == expected.tolist()
    leaf = mg.ones(5, 6, 2, 2, requires_grad=True)
    op(leaf * 3, inplace=True, generator=mg.Generator(4)).sum().backward()
    assert leaf.grad.tolist() == (expected * 3).tolist()


# Embeddings -----------------------------------------------------------------------------------------------------------


def test_long_rows_that_are_taken_are_shortened_in_place():
    weight = mg.tensor([[3.0, 4.0], [0.3, 0.4], [6.0, 8.0]], requires_grad=True)
    output = F.embedding(mg.tensor([0, 1, 0]), weight, max_norm=1.0)
    # PyTorch adds 1e-7 to the norm.
    np.testing.assert_allclose(output.detach().numpy(), [[0.6, 0.8], [0.3, 0.4], [0.6, 0.8]], rtol=1e-6)
    assert weight.tolist()[2] == [6.0, 8.0]
    output.sum().backward()
    assert weight.grad.tolist() == [[2.0, 2.0], [1.0, 1.0], [0.0, 0.0]]
    F.embedding_bag(mg.tensor([[2]]), weight, max_norm=2.0, norm_type=1.0)
    assert abs(weight.detach().numpy()[2]).sum() == pytest.approx(2.0, rel=1e-6)


def test_a_row_shortened_after_it_was_used_makes_the_earlier_gradient_stale():
    weight = mg.tensor([[3.0, 4.0]], requires_grad=True)
    used = (weight * weight).sum()
    F.embedding(mg.tensor([0]), weight, max_norm=1.0)
    with pytest.raises(RuntimeError, match="changed in place"):
        used.backward()


def test_a_padding_row_is_returned_and_gets_no_gradient():
    weight = mg.ones(3, 2, requires_grad=True)
    output = F.embedding(mg.tensor([[0, 2], [2, 1]]), weight, padding_idx=-1)
    assert output.tolist() == np.ones((2, 2, 2)).tolist()
    output.sum().backward()
    assert weight.grad.tolist() == [[1.0, 1.0], [1.0, 1.0], [0.0, 0.0]]


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
def test_an_empty_bag_is_zeros(mode):
    weight = mg.tensor([[-1.0], [-2.0]], requires_grad=True)
    output = F.embedding_bag(mg.tensor([0, 1]), weight, mg.tensor([0, 0, 2]), mode=mode)
    assert output[0].tolist() == output[2].tolist() == [0.0]
    assert output[1].item() < 0
    padded = F.embedding_bag(mg.tensor([[1, 1]]), weight, mode=mode, padding_idx=1)
    assert padded.tolist() == [[0.0]]


# Errors ---------------------------------------------------------------------------------------------------------------

X, C, T = mg.zeros(4, 6, 2), mg.zeros(6), mg.zeros(5, 3)
Q, K = mg.zeros(2, 3, 4), mg.zeros(2, 5, 4)
attention = F.scaled_dot_product_attention

CASES = {
    "layer_norm, axes": (lambda: F.layer_norm(X, (6,)), ValueError, ["layer_norm", "(6,)", "(4, 6, 2)", "(2,)"]),
    "layer_norm, no axes": (lambda: F.layer_norm(X, ()), ValueError, ["layer_norm", "()"]),
    "layer_norm, weight": (lambda: F.layer_norm(X, (2,), C), ValueError, ["weight", "(2,)", "(6,) float32"]),
    "layer_norm, integers": (lambda: F.layer_norm(mg.tensor([1, 2]), (2,)), TypeError, ["floating", "x.float()"]),
    "layer_norm, dtypes": (
        lambda: F.layer_norm(X, (2,), mg.zeros(2, dtype=mg.float64)),
        TypeError,
        ["weight", "float32", "(2,) float64", "model.to(dtype)"],
    ),
    "layer_norm, eps": (lambda: F.layer_norm(X, (2,), eps=-1.0), ValueError, ["eps", "negative", "-1.0"]),
    "rms_norm, axes": (lambda: F.rms_norm(X, (3, 2)), ValueError, ["rms_norm", "(3, 2)"]),
    "group_norm, groups": (lambda: F.group_norm(X, 4), ValueError, ["group_norm", "4 groups", "divisor of 6"]),
    "group_norm, none": (lambda: F.group_norm(X, 0), ValueError, ["group_norm", "0 groups"]),
    "group_norm, a vector": (lambda: F.group_norm(C, 1), ValueError, ["(N, C, ...)", "(6,) float32", "unsqueeze"]),
    "group_norm, alone": (lambda: F.group_norm(mg.zeros(1, 2), 2), ValueError, ["single number", "fewer groups"]),
    "batch_norm, alone": (
        lambda: F.batch_norm(X[:1, :, 0], None, None, training=True),
        ValueError,
        ["batch_norm", "more than one number", "(1, 6) float32", "training=False"],
    ),
    "batch_norm, evaluation": (
        lambda: F.batch_norm(X, None, None),
        ValueError,
        ["batch_norm", "running_mean and running_var", "training=True"],
    ),
    "batch_norm, one": (lambda: F.batch_norm(X, C, None), ValueError, ["batch_norm", "both"]),
    "batch_norm, channels": (lambda: F.batch_norm(X, T[0], T[0]), ValueError, ["running_mean", "(6,)", "(3,)"]),
    "batch_norm, momentum": (
        lambda: F.batch_norm(X, C, C, training=True, momentum=None),
        TypeError,
        ["momentum", "None", "1 / batches"],
    ),
    "instance_norm, alone": (lambda: F.instance_norm(X[..., :1]), ValueError, ["instance_norm", "(N, C, L)"]),
    "instance_norm, given": (
        lambda: F.instance_norm(X, use_input_stats=False),
        ValueError,
        ["instance_norm", "use_input_stats=True"],
    ),
    "attention, dtypes": (lambda: attention(Q, K.double(), K), TypeError, ["key (2, 5, 4) float64", "one floating"]),
    "attention, integers": (lambda: attention(Q.long(), K.long(), K.long()), TypeError, ["floating", "x.float()"]),
    "attention, a vector": (lambda: attention(C, K, K), ValueError, ["(..., L, E)", "query is (6,) float32"]),
    "attention, features": (lambda: attention(Q, K[..., :3], K), ValueError, ["equal last axes", "axis -1"]),
    "attention, keys": (lambda: attention(Q, K, K[:, :4]), ValueError, ["as many rows", "value (2, 4, 4)"]),
    "attention, batches": (lambda: attention(Q, mg.zeros(3, 5, 4), K), ValueError, ["broadcast", "enable_gqa"]),
    "attention, two masks": (
        lambda: attention(Q, K, K, mg.ones(3, 5), is_causal=True),
        ValueError,
        ["is_causal=True", "attn_mask (3, 5) float32"],
    ),
    "attention, mask of integers": (
        lambda: attention(Q, K, K, mg.ones(3, 5).long()),
        TypeError,
        ["bools", "float32", "(3, 5) int64", "mask.bool()"],
    ),
    "attention, mask": (lambda: attention(Q, K, K, mg.ones(2, 5)), ValueError, ["(2, 3, 5)", "(2, 5) float32"]),
    "attention, dropout": (lambda: attention(Q, K, K, dropout_p=1.5), ValueError, ["probability", "1.5"]),
    "attention, scale": (lambda: attention(Q, K, K, scale="1"), TypeError, ["scale", "str '1'"]),
    "attention, heads": (
        lambda: attention(mg.zeros(1, 4, 3, 2), mg.zeros(1, 3, 5, 2), mg.zeros(1, 3, 5, 2), enable_gqa=True),
        ValueError,
        ["heads", "divide", "key (1, 3, 5, 2)"],
    ),
    "dropout2d": (lambda: F.dropout2d(C), ValueError, ["dropout2d", "(N, C, H, W)", "(6,) float32"]),
    "dropout, in place": (lambda: F.dropout(np.ones(2), inplace=True), TypeError, ["inplace", "Tensor"]),
    "dropout, a leaf": (
        lambda: F.dropout(mg.ones(2, requires_grad=True), inplace=True),
        RuntimeError,
        ["leaf that requires grad"],
    ),
    "embedding, range": (
        lambda: F.embedding(mg.tensor([[0, 1], [5, 0]]), T),
        IndexError,
        ["embedding", "5 at (1, 0)", "(5, 3) float32", "rows 0 to 4", "larger vocabulary"],
    ),
    "embedding, negative": (lambda: F.embedding(mg.tensor([-1]), T), IndexError, ["-1 at (0,)", "do not count"]),
    "embedding, range before a write": (
        lambda: F.embedding(mg.tensor([7]), T, max_norm=1.0),
        IndexError,
        ["7 at (0,)"],
    ),
    "embedding, floats": (lambda: F.embedding(T, mg.tensor([1])), ValueError, ["weight", "(rows, n)", "(1,) int64"]),
    "embedding, float numbers": (lambda: F.embedding(C, T), TypeError, ["integers", "(6,) float32", "input.long()"]),
    "embedding, padding": (lambda: F.embedding(mg.tensor([1]), T, 5), ValueError, ["padding_idx", "[-5, 4]", "5"]),
    "embedding, sparse": (lambda: F.embedding(mg.tensor([1]), T, sparse=True), TypeError, ["sparse=True"]),
    "embedding_bag, range": (
        lambda: F.embedding_bag(mg.tensor([[9]]), T),
        IndexError,
        ["embedding_bag", "9 at (0, 0)"],
    ),
    "embedding_bag, mode": (
        lambda: F.embedding_bag(mg.tensor([[1]]), T, mode="median"),
        ValueError,
        ["'sum', 'mean' or 'max'", "'median'"],
    ),
    "embedding_bag, offsets": (lambda: F.embedding_bag(mg.tensor([1, 2]), T), ValueError, ["offsets", "(2,) int64"]),
    "embedding_bag, late": (
        lambda: F.embedding_bag(mg.tensor([1, 2]), T, mg.tensor([1])),
        ValueError,
        ["offsets", "rise from 0", "length of input, 2"],
    ),
    "embedding_bag, two": (
        lambda: F.embedding_bag(mg.tensor([[1, 2]]), T, mg.tensor([0])),
        ValueError,
        ["rows of a 2-d input", "(1,) int64"],
    ),
    "embedding_bag, weights": (
        lambda: F.embedding_bag(mg.tensor([[1, 2]]), T, per_sample_weights=mg.ones(1, 2)),
        ValueError,
        ["mode='sum'", "'mean'"],
    ),
    "embedding_bag, shape of weights": (
        lambda: F.embedding_bag(mg.tensor([[1, 2]]), T, per_sample_weights=mg.ones(2), mode="sum"),
        ValueError,
        ["per_sample_weights", "(1, 2)", "(2,) float32"],
    ),
    "embedding_bag, frequencies of a maximum": (
        lambda: F.embedding_bag(mg.tensor([[1, 2]]), T, mode="max", scale_grad_by_freq=True),
        ValueError,
        ["scale_grad_by_freq=True", "mode='max'"],
    ),
}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_error_says_who_what_and_the_remedy(case):
    call, error, parts = CASES[case]
    with pytest.raises(error) as caught:
        call()
    for part in parts:
        assert part in str(caught.value)

"""MultiheadAttention, Transformer layers, positional encodings: what the table of layers does not say, and errors."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn

LATER = mg.tensor(np.triu(np.ones((5, 5), bool), 1))


def numbers(generator, *shape):
    return mg.tensor(generator.standard_normal(shape))


def attention(*args, **kwargs):
    return nn.MultiheadAttention(*args, dtype=mg.float64, generator=mg.Generator(1), **kwargs)


def near(one, other):
    # Sums of at most 16 products of order 1, in another order.
    np.testing.assert_allclose(one.tolist(), other.tolist(), rtol=1e-11, atol=1e-12)


def test_the_weights_of_each_query_sum_to_one_and_are_the_mean_of_the_heads(generator):
    layer, x = attention(8, 4), numbers(generator, 5, 2, 8)
    _, mean = layer(x, x, x)
    _, each = layer(x, x, x, average_attn_weights=False)
    assert mean.shape == (2, 5, 5)
    assert each.shape == (2, 4, 5, 5)
    near(each.sum(-1), mg.ones(2, 4, 5))
    near(each.mean(1), mean)


@pytest.mark.parametrize("masked", [False, True])
def test_the_result_is_the_same_with_and_without_weights(masked, generator):
    layer, x = attention(8, 2, batch_first=True), numbers(generator, 2, 5, 8)
    settings = {"attn_mask": LATER} if masked else {}
    output, _ = layer(x, x, x, **settings)
    alone, weights = layer(x, x, x, need_weights=False, **settings)
    assert weights is None
    near(output, alone)


def test_one_tensor_for_all_three_is_three_equal_tensors(generator):
    layer, x = attention(8, 2), numbers(generator, 5, 2, 8)
    near(layer(x, x, x)[0], layer(x, x.clone(), x.clone())[0])


def test_a_mask_of_bools_is_one_of_minus_infinities(generator):
    layer, x = attention(8, 2), numbers(generator, 5, 2, 8)
    added = mg.where(LATER, -math.inf, mg.zeros(5, 5, dtype=mg.float64))
    near(layer(x, x, x, attn_mask=LATER)[0], layer(x, x, x, attn_mask=added)[0])
    near(layer(x, x, x, attn_mask=LATER)[0], layer(x, x, x, attn_mask=LATER.expand(4, 5, 5))[0])
    causal, _ = layer(x, x, x, attn_mask=LATER, is_causal=True, need_weights=False)
    near(layer(x, x, x, attn_mask=LATER)[0], causal)


def test_a_later_place_changes_nothing_before_it(generator):
    layer, x = attention(8, 2), numbers(generator, 5, 8)
    changed = mg.cat([x[:3], x[3:] + 1])
    before, after = [layer(each, each, each, attn_mask=LATER, need_weights=False)[0] for each in (x, changed)]
    assert before[:3].tolist() == after[:3].tolist()
    assert (before[3:] - after[3:]).abs().min().item() > 0


def test_padding_is_not_seen(generator):
    layer, x = attention(8, 2, batch_first=True), numbers(generator, 2, 5, 8)
    padded = mg.tensor([[False] * 5, [False, False, False, True, True]])
    output, weights = layer(x, x, x, key_padding_mask=padded)
    near(output[1], layer(x[1], x[1, :3], x[1, :3])[0])
    near(output[1], layer(x[1], x[1], x[1], key_padding_mask=padded[1])[0])
    assert weights[1, :, 3:].abs().sum().item() == 0


def test_a_query_that_sees_nothing_has_no_weights_and_gets_the_bias_without_them(generator):
    layer, x = attention(4, 2), numbers(generator, 2, 1, 4)
    hidden = mg.tensor([[True, True], [False, True]])
    _, weights = layer(x, x, x, attn_mask=hidden)
    assert np.isnan(weights[0, 0].tolist()).all()
    output, _ = layer(x, x, x, attn_mask=hidden, need_weights=False)
    assert output[0, 0].tolist() == layer.out_proj.bias.tolist()


def test_added_keys_are_seen_by_all(generator):
    x = numbers(generator, 5, 2, 8)
    hidden = mg.ones(5, 5, dtype=mg.bool)
    _, weights = attention(8, 2, add_zero_attn=True)(x, x, x, attn_mask=hidden)
    assert weights.shape == (2, 5, 6)
    assert weights[..., 5].tolist() == [[1.0] * 5] * 2
    _, weights = attention(8, 2, add_zero_attn=True, add_bias_kv=True)(x, x, x, attn_mask=hidden)
    near(weights[..., 5:].sum(-1), mg.ones(2, 5))


def test_dropout_follows_the_generator_and_training(generator):
    x = numbers(generator, 5, 2, 8)
    for need_weights in (True, False):
        outputs = []
        for seed in (3, 3, 4):
            layer = nn.MultiheadAttention(8, 2, 0.5, dtype=mg.float64, generator=mg.Generator(seed))
            outputs.append(layer(x, x, x, need_weights=need_weights)[0].tolist())
            kept = layer.eval()(x, x, x, need_weights=need_weights)[0].tolist()
            assert kept != outputs[-1]
        assert outputs[0] == outputs[1] != outputs[2]


def test_the_inputs_weights_start_as_xaviers_and_the_biases_as_zeros():
    layer = nn.MultiheadAttention(64, 4, add_bias_kv=True)
    bound = math.sqrt(6 / (64 + 3 * 64))
    assert layer.in_proj_weight.abs().max().item() <= bound
    # Of 12,288 uniform draws.
    assert layer.in_proj_weight.abs().max().item() > 0.99 * bound
    assert layer.out_proj.weight.abs().max().item() <= 1 / 8
    for bias in (layer.in_proj_bias, layer.out_proj.bias):
        assert bias.abs().sum().item() == 0
    # 64 normal numbers of variance 2 / (64 + 64).
    assert layer.bias_k.detach().numpy().std() == pytest.approx(1 / 8, rel=0.4)
    apart = nn.MultiheadAttention(64, 4, kdim=32)
    assert apart.k_proj_weight.abs().max().item() <= math.sqrt(6 / (64 + 32))
    assert apart.in_proj_weight is None


def test_attention_has_second_gradients(assert_derivatives, generator):
    layer = attention(2, 1)
    assert_derivatives(lambda x: layer(x, x, x, need_weights=False)[0], generator.standard_normal((3, 2)))


def test_the_encoders_layers_are_copies_with_parameters_of_their_own(generator):
    layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, dtype=mg.float64)
    encoder = nn.TransformerEncoder(layer, 3, nn.LayerNorm(8, dtype=mg.float64))
    x = numbers(generator, 5, 2, 8)
    expected = x
    for _ in range(3):
        expected = layer(expected)
    near(encoder(x), encoder.norm(expected))
    first, second, _ = encoder.layers
    assert first.linear1.weight is not second.linear1.weight is not layer.linear1.weight
    assert first.linear1.weight.tolist() == second.linear1.weight.tolist()
    assert "layers.2.self_attn.in_proj_weight" in encoder.state_dict()
    near(encoder(x, LATER, is_causal=True), encoder(x, mask=LATER))


def test_a_transformer_is_its_encoder_and_its_decoder(generator):
    model = nn.Transformer(8, 2, 1, 2, 16, 0.0, batch_first=True, dtype=mg.float64)
    source, target = numbers(generator, 2, 4, 8), numbers(generator, 2, 5, 8)
    mask = nn.Transformer.generate_square_subsequent_mask(5, mg.float64)
    expected = model.decoder(target, model.encoder(source), tgt_mask=mask)
    near(model(source, target, tgt_mask=mask), expected)
    near(model(source, target, tgt_mask=mask, tgt_is_causal=True), expected)
    changed = mg.cat([target[:, :3], target[:, 3:] * 2], 1)
    near(model(source, changed, tgt_mask=mask)[:, :3], expected[:, :3])
    identity = nn.Transformer(8, 2, custom_encoder=nn.Identity(), custom_decoder=model.decoder)
    assert list(identity.encoder.parameters()) == []


def test_an_activation_may_be_a_function_or_a_module(generator):
    x = numbers(generator, 5, 8)
    outputs = []
    for activation in ("gelu", nn.functional.gelu, nn.GELU(), nn.functional.silu):
        layer = nn.TransformerEncoderLayer(8, 2, 16, 0.0, activation, dtype=mg.float64, generator=mg.Generator(1))
        outputs.append(layer(x).tolist())
    assert outputs[0] == outputs[1] == outputs[2] != outputs[3]


def test_dropout_of_a_layer_is_drawn_from_its_generator(generator):
    x = numbers(generator, 5, 2, 8)
    outputs = []
    for seed in (1, 1, 2):
        layer = nn.TransformerDecoderLayer(8, 2, 16, 0.4, dtype=mg.float64, generator=mg.Generator(seed))
        outputs.append(layer(x, x).tolist())
        assert layer.eval()(x, x).tolist() == layer(x, x).tolist() != outputs[-1]
    assert outputs[0] == outputs[1] != outputs[2]


@pytest.mark.parametrize("shape", [(0, 2, 8), (5, 0, 8)])
def test_no_places_or_no_batch_gives_no_numbers(shape):
    layer, x = nn.TransformerEncoderLayer(8, 2, 16), mg.zeros(*shape, requires_grad=True)
    output = layer(x)
    assert output.shape == shape
    output.sum().backward()
    assert x.grad.shape == shape
    assert layer.self_attn.in_proj_weight.grad.abs().sum().item() == 0


def test_hooks_of_the_layers_inside_are_called():
    layer, called = nn.TransformerEncoderLayer(8, 2, 16), []
    for name in ("self_attn", "linear1", "dropout", "linear2", "norm1", "norm2"):
        layer.get_submodule(name).register_forward_hook(lambda module, args, output, name=name: called.append(name))
    layer(mg.zeros(5, 8))
    assert called == ["self_attn", "norm1", "linear1", "dropout", "linear2", "norm2"]


def test_the_encoding_of_a_place_is_sines_and_cosines_of_growing_wavelengths():
    layer = nn.SinusoidalPositionalEncoding(6, 50, dtype=mg.float64)
    encoding = layer.encoding.numpy()
    for place in (0, 1, 17, 49):
        for pair in range(3):
            angle = place / 10000 ** (2 * pair / 6)
            # Angles below 50, each a few roundings.
            assert encoding[place, 2 * pair] == pytest.approx(math.sin(angle), abs=1e-13)
            assert encoding[place, 2 * pair + 1] == pytest.approx(math.cos(angle), abs=1e-13)
    assert layer.state_dict() == {}
    assert nn.SinusoidalPositionalEncoding(5).encoding.shape == (5000, 5)


def test_the_encoding_is_added_along_the_sequence_in_each_layout(generator):
    x = numbers(generator, 5, 2, 6)
    layer = nn.SinusoidalPositionalEncoding(6, dtype=mg.float64)
    first = nn.SinusoidalPositionalEncoding(6, batch_first=True, dtype=mg.float64)
    moved = layer(x)
    near(moved - x, layer.encoding[:5, None].expand(5, 2, 6))
    assert first(x.transpose(0, 1)).transpose(0, 1).tolist() == moved.tolist()
    assert layer(x[:, 0]).tolist() == first(x[:, 0]).tolist() == moved[:, 0].tolist()
    dropping = nn.SinusoidalPositionalEncoding(6, dropout=0.5, dtype=mg.float64, generator=mg.Generator(2))
    assert 0 < (dropping(x) == 0).sum().item() < 60
    assert dropping.eval()(x).tolist() == moved.tolist()


X = mg.zeros(5, 2, 8)
LAYER = nn.MultiheadAttention(8, 2)
CASES = {
    "heads that do not divide": (
        lambda: nn.MultiheadAttention(8, 3),
        ValueError,
        ["MultiheadAttention", "embed_dim=8 and num_heads=3", "embed_dim / num_heads features"],
    ),
    "no heads": (lambda: nn.MultiheadAttention(8, 0), ValueError, ["num_heads", "at least 1"]),
    "a float": (lambda: nn.MultiheadAttention(8.0, 2), TypeError, ["embed_dim", "int(...)"]),
    "dropout above 1": (lambda: nn.MultiheadAttention(8, 2, 1.5), ValueError, ["MultiheadAttention", "[0, 1]"]),
    "other features": (
        lambda: LAYER(X, X, mg.zeros(5, 2, 6)),
        ValueError,
        ["value (S, N, 8)", "(5, 2, 6)", "batch_first"],
    ),
    "other lengths": (lambda: LAYER(X, X, mg.zeros(4, 2, 8)), ValueError, ["query (L, N, 8)", "(4, 2, 8)"]),
    "other batches": (lambda: LAYER(X, X[:, :1], X[:, :1]), ValueError, ["key (S, N, 8)", "(5, 1, 8)"]),
    "no sequence": (lambda: LAYER(X[0, 0], X, X), ValueError, ["all three without N", "(8,) float32"]),
    "a hint without mask": (
        lambda: LAYER(X, X, X, is_causal=True),
        ValueError,
        ["is_causal=True", "attn_mask=mask"],
    ),
    "a mask of another shape": (
        lambda: LAYER(X, X, X, attn_mask=mg.zeros(5, 4)),
        ValueError,
        ["attn_mask must have shape (5, 5) or (4, 5, 5)", "(5, 4)", "keys"],
    ),
    "padding of another shape": (
        lambda: LAYER(X, X, X, key_padding_mask=mg.zeros(5, 2)),
        ValueError,
        ["key_padding_mask must have shape (2, 5)", "(5, 2)"],
    ),
    "a mask of integers": (
        lambda: LAYER(X, X, X, attn_mask=mg.zeros(5, 5, dtype=mg.int64)),
        TypeError,
        ["attn_mask must be of bools", "int64", "mask.bool()"],
    ),
    "an input of float64": (lambda: LAYER(X.double(), X, X), TypeError, ["linear", "float64", "model.to(dtype)"]),
    "no such activation": (
        lambda: nn.TransformerEncoderLayer(8, 2, activation="silu"),
        ValueError,
        ["TransformerEncoderLayer", "'silu'", "nn.functional.silu"],
    ),
    "an activation that is none": (
        lambda: nn.TransformerDecoderLayer(8, 2, activation=3),
        TypeError,
        ["TransformerDecoderLayer", "int 3", "the function itself"],
    ),
    "no layers": (
        lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2), 0),
        ValueError,
        ["TransformerEncoder", "num_layers", "at least 1"],
    ),
    "a class for a layer": (
        lambda: nn.TransformerDecoder(nn.TransformerDecoderLayer, 2),
        TypeError,
        ["TransformerDecoder", "a layer is needed", "Pass a layer itself"],
    ),
    "no mask size": (
        lambda: nn.Transformer.generate_square_subsequent_mask(0),
        ValueError,
        ["generate_square_subsequent_mask", "at least 1"],
    ),
    "a sequence that is too long": (
        lambda: nn.SinusoidalPositionalEncoding(8, 4)(X),
        ValueError,
        ["SinusoidalPositionalEncoding", "max_len=4", "(5, 2, 8)", "max_len=5"],
    ),
    "places of other features": (
        lambda: nn.SinusoidalPositionalEncoding(6)(X),
        ValueError,
        ["(L, N, 6) or (L, 6)", "(5, 2, 8)", "last axis"],
    ),
    "a base of 0": (lambda: nn.SinusoidalPositionalEncoding(6, base=0), ValueError, ["base", "above 0", "10000"]),
}


@pytest.mark.parametrize("case", CASES)
def test_an_error_says_who_what_and_the_remedy(case):
    call, error, parts = CASES[case]
    with pytest.raises(error) as caught:
        call()
    for part in parts:
        assert part in str(caught.value), str(caught.value)

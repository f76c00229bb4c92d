"""Samples of normalisation, attention, embeddings and dropout; ``tests/samples.py`` puts them into the table."""

import numpy as np

from tests.samples import Sample, constant, given, integers, normal, positive

INFINITY = np.inf
F = "nn.functional."


def layers(op, *arguments):
    """Samples of a normalisation over the last axes: with weight and bias, with one of them, without, of two axes."""
    names = ("weight", "bias") if op == "layer_norm" else ("weight",)
    both = {name: normal(4) for name in names}
    return [
        Sample(op, (normal(3, 4), (4,)), both, note="parameters"),
        Sample(op, (normal(2, 3, 4), (3, 4)), {name: normal(3, 4) for name in names}, note="two axes"),
        Sample(op, (normal(3, 4), (4,)), note="bare"),
        Sample(op, (constant(normal(3, 4)), (4,)), both, note="constant input"),
        Sample(op, (normal(3, 4), (4,), normal(4)), {"eps": 0.3}, note="eps"),
        # Without eps the gradient is 0, as a difference of two numbers of any size.
        Sample(op, (normal(2, 1), (1,)), {"weight": normal(1), "eps": 0.5}, note="length 1"),
        Sample(op, (normal(5), (5,), normal(5)), note="vector"),
        Sample(op, (normal(0, 4), (4,)), both, note="empty"),
    ]


LAYERS = [
    *layers("layer_norm"),
    *layers("rms_norm"),
    Sample("layer_norm", (normal(3, 4), (4,), None, normal(4)), note="bias alone"),
    Sample("group_norm", (normal(2, 4, 3), 2, normal(4), normal(4))),
    Sample("group_norm", (normal(2, 4, 3), 2), note="bare"),
    Sample("group_norm", (normal(3, 6), 3, normal(6)), {"eps": 0.1}, note="no pixels"),
    Sample("group_norm", (normal(2, 3, 2, 2), 1, normal(3), normal(3)), note="one group"),
    Sample("group_norm", (normal(0, 4, 3), 2, normal(4), normal(4)), note="empty"),
    Sample(F + "instance_norm", (normal(2, 3, 4),), {"weight": normal(3), "bias": normal(3)}),
    Sample(F + "instance_norm", (normal(2, 2, 2, 3),), {"eps": 0.1}, note="bare"),
    Sample(
        F + "instance_norm",
        (normal(2, 3, 4), constant(normal(3)), constant(positive(3)), normal(3)),
        {"use_input_stats": False},
        note="given statistics",
    ),
    Sample(
        F + "instance_norm", (normal(2, 3, 4), constant(normal(3)), constant(positive(3))), note="running statistics"
    ),
]

STATISTICS = (constant(normal(3)), constant(positive(3)))
BATCHES = [
    Sample(F + "batch_norm", (normal(4, 3), *STATISTICS, normal(3), normal(3), True), note="training"),
    Sample(F + "batch_norm", (normal(2, 3, 4), *STATISTICS, normal(3), normal(3), True, 0.3, 0.1), note="pixels"),
    Sample(F + "batch_norm", (normal(2, 3, 2, 2), None, None), {"training": True}, note="bare"),
    Sample(F + "batch_norm", (normal(4, 3), *STATISTICS, None, normal(3), True), note="bias alone"),
    Sample(F + "batch_norm", (constant(normal(4, 3)), *STATISTICS, normal(3), normal(3), True), note="constant input"),
    Sample(F + "batch_norm", (normal(2, 3, 4), *STATISTICS, normal(3), normal(3)), note="evaluation"),
    Sample(F + "batch_norm", (normal(4, 3), *STATISTICS), note="evaluation, bare"),
    Sample(F + "batch_norm", (normal(0, 3), *STATISTICS, normal(3), normal(3)), note="empty"),
    Sample(F + "batch_norm", (normal(0, 3), *STATISTICS, normal(3), normal(3), True), note="empty, training"),
]

ATTENTION = F + "scaled_dot_product_attention"
# Half of the keys are hidden; in the second mask from one query all of them.
SOME = given([[True, True, False, False], [False, True, False, True], [True, False, True, False]], bool)
NONE = given([[True, True, True, False], [False, False, False, False], [True, False, True, True]], bool)
FLOATS = given([[0.0, -0.5, -INFINITY, 1.0], [-INFINITY] * 4, [0.3, 0.0, 0.0, -INFINITY]], grad=False)


def heads(*batch):
    """Three queries, four keys and values, of two and three features."""
    return normal(*batch, 3, 2), normal(*batch, 4, 2), normal(*batch, 4, 3)


ATTENTIONS = [
    Sample(ATTENTION, heads(2, 1)),
    Sample(ATTENTION, heads(), note="a matrix"),
    Sample(ATTENTION, heads(2), {"scale": 0.3}, note="scale"),
    Sample(ATTENTION, heads(1), {"is_causal": True}, note="causal"),
    Sample(ATTENTION, heads(2, 1), {"attn_mask": SOME}, note="mask of bools"),
    Sample(ATTENTION, heads(2), {"attn_mask": NONE}, note="nothing to see"),
    Sample(ATTENTION, heads(2), {"attn_mask": FLOATS}, note="mask of numbers"),
    Sample(ATTENTION, heads(1, 2), {"attn_mask": normal(3, 1)}, note="mask with gradient"),
    Sample(ATTENTION, (normal(2, 1, 2, 2), normal(2, 3, 2), normal(1, 2, 3, 1)), note="broadcast"),
    Sample(ATTENTION, heads(2, 1, 2), note="more axes"),
    Sample(
        ATTENTION, (normal(1, 4, 2, 2), normal(1, 2, 3, 2), normal(1, 1, 3, 2)), {"enable_gqa": True}, note="groups"
    ),
    Sample(ATTENTION, heads(0), note="empty"),
    Sample(ATTENTION, (normal(2, 3, 2), normal(2, 0, 2), normal(2, 0, 3)), note="no keys"),
]

DROPOUTS = [
    # With probability 1 nothing is left to chance.
    Sample(F + "dropout2d", (normal(2, 3, 2, 2), 1.0)),
    Sample(F + "dropout2d", (normal(2, 3, 2), 1.0), note="three axes"),
    Sample(F + "dropout2d", (normal(2, 3, 2, 2), 0.3, False), note="evaluation"),
    Sample(ATTENTION, heads(2), {"dropout_p": 1.0}, note="dropout"),
]

# Row 1 three times, row 3 never.
WORDS = given([[1, 0, 1], [4, 1, 2]], int)
BAGS = (given([1, 0, 1, 4, 1, 2], int), normal(5, 2), given([0, 2, 2, 5], int))
EMBEDDINGS = [
    Sample(F + "embedding", (WORDS, normal(5, 2))),
    Sample(F + "embedding", (given(3, int), normal(5, 2)), note="0-d"),
    Sample(F + "embedding", (given([1, 4], np.int32), normal(5, 3)), note="int32"),
    Sample(F + "embedding", (integers(0, 5, 0, 2), normal(5, 3)), note="empty"),
    Sample(F + "embedding", (WORDS, normal(5, 2), 1), note="padding", smooth=False),
    Sample(F + "embedding", (WORDS, normal(5, 2), -1), {"scale_grad_by_freq": True}, note="frequencies", smooth=False),
    *[Sample(F + "embedding_bag", (WORDS, normal(5, 2)), {"mode": mode}, note=mode) for mode in ("sum", "mean", "max")],
    *[Sample(F + "embedding_bag", BAGS, {"mode": mode}, note=f"{mode}, offsets") for mode in ("sum", "mean", "max")],
    *[
        Sample(F + "embedding_bag", BAGS, {"mode": mode, "padding_idx": 1}, note=f"{mode}, padding")
        for mode in ("sum", "mean", "max")
    ],
    Sample(F + "embedding_bag", (*BAGS[:2], given([0, 2, 6], int)), {"include_last_offset": True}, note="last offset"),
    Sample(F + "embedding_bag", BAGS, {"mode": "sum", "per_sample_weights": normal(6)}, note="weights"),
    # PyTorch's gradient divides by the frequency of another row where the input is not sorted.
    Sample(
        F + "embedding_bag",
        BAGS,
        {"scale_grad_by_freq": True, "mode": "sum"},
        note="frequencies",
        smooth=False,
        torch="",
    ),
    Sample(F + "embedding_bag", (integers(0, 5, 0), normal(5, 2), given([0, 0], int)), {"mode": "sum"}, note="empty"),
]

R = "ops.recurrent_sequences."
# Three steps of one batch entry with two hidden numbers: what is projected, and the state before.
STATE = normal(1, 2)
RNN = (normal(3, 1, 2), STATE, normal(2, 2))
GRU = (normal(3, 1, 6), STATE, normal(6, 2))
LSTM = (normal(3, 1, 8), STATE, STATE, normal(8, 2))
SEQUENCES = [
    Sample(R + "rnn_sequence", (*RNN, "tanh", False), torch=""),
    Sample(R + "rnn_sequence", (*RNN, "relu", True), note="relu, backwards", torch="", smooth=False),
    Sample(R + "gru_sequence", (*GRU, normal(6), False), torch=""),
    Sample(R + "gru_sequence", (*GRU, None, True), note="backwards, no bias", torch=""),
    Sample(R + "gru_sequence", (normal(2, 0, 3), normal(0, 1), normal(3, 1), None, True), note="empty", torch=""),
    Sample(R + "lstm_sequence", (*LSTM, False), torch=""),
    Sample(R + "lstm_sequence", (*LSTM, True), note="backwards", torch=""),
    Sample(R + "lstm_sequence", (constant(LSTM[0]), STATE, STATE, LSTM[3], False), note="constant input", torch=""),
]

NETWORKS = [*LAYERS, *BATCHES, *ATTENTIONS, *DROPOUTS, *EMBEDDINGS, *SEQUENCES]

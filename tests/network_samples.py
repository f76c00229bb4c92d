"""Samples of normalisation, attention, embeddings and dropout; ``tests/samples.py`` puts them into the table."""

import numpy as np

from tests.samples import Sample, constant, normal, positive

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

NETWORKS = [*LAYERS, *BATCHES]

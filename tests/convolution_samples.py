"""Samples of convolutions, poolings and what is made of them; ``tests/samples.py`` puts them into the table."""

import numpy as np

from tests.samples import Sample, constant, distinct, given, normal

FUNCTIONAL = "nn.functional."
NAN, INFINITY = np.nan, np.inf


def convolution(axes, note, shape, weight, *bias, **settings):
    """A sample of conv1d or conv2d; a bias is there if its length is."""
    operands = [normal(*shape), normal(*weight), *[normal(length) for length in bias]]
    return Sample(f"{FUNCTIONAL}conv{axes}d", tuple(operands), settings, note=note)


def transposed(axes, note, shape, weight, *bias, **settings):
    """A sample of conv_transpose1d or conv_transpose2d."""
    operands = [normal(*shape), normal(*weight), *[normal(length) for length in bias]]
    return Sample(f"{FUNCTIONAL}conv_transpose{axes}d", tuple(operands), settings, note=note)


SEQUENCES = [
    convolution(1, "", (2, 2, 5), (3, 2, 2), 3),
    convolution(1, "no bias", (2, 2, 5), (1, 2, 3)),
    convolution(1, "stride and padding", (2, 1, 6), (2, 1, 3), 2, stride=2, padding=2),
    convolution(1, "same", (1, 2, 4), (2, 2, 4), padding="same"),
    convolution(1, "groups", (1, 4, 4), (4, 2, 2), 4, groups=2, dilation=2),
    convolution(1, "unbatched", (2, 4), (2, 2, 3), 2, stride=(2,), padding=[1]),
    convolution(1, "no images", (0, 2, 4), (2, 2, 3), 2),
    transposed(1, "", (2, 2, 3), (2, 3, 2), 3),
    transposed(1, "stride", (1, 2, 3), (2, 1, 3), 1, stride=3, padding=1, output_padding=2),
    transposed(1, "groups", (1, 4, 2), (4, 1, 2), groups=2, dilation=3),
    transposed(1, "unbatched", (2, 3), (2, 1, 3), 1, padding=1),
]

IMAGES = [
    convolution(2, "", (2, 2, 3, 4), (3, 2, 2, 2), 3),
    convolution(2, "stride and padding", (1, 2, 5, 4), (2, 2, 3, 2), 2, stride=2, padding=(1, 0)),
    convolution(2, "uneven", (1, 1, 5, 4), (2, 1, 2, 3), stride=(2, 3), padding=2, dilation=(1, 2)),
    convolution(2, "same", (1, 1, 3, 4), (1, 1, 2, 3), padding="same"),
    convolution(2, "valid", (1, 1, 3, 3), (1, 1, 2, 2), padding="valid"),
    convolution(2, "each channel alone", (1, 3, 3, 3), (3, 1, 2, 2), 3, groups=3, padding=1),
    convolution(2, "unbatched", (2, 3, 3), (2, 2, 1, 1), 2),
    convolution(2, "stride beyond the kernel", (1, 1, 6, 5), (1, 1, 2, 1), stride=3),
    convolution(2, "no images", (0, 1, 3, 3), (2, 1, 2, 2), 2),
    # Wider than a vector, and more filters than a tile has rows.
    Sample("conv2d", (constant(normal(1, 1, 2, 18)), normal(9, 1, 2, 2), normal(9)), note="wide", torch="conv2d"),
    Sample("conv1d", (normal(1, 2, 3), normal(1, 2, 2))),
    Sample("conv_transpose1d", (normal(1, 2, 3), normal(2, 1, 2))),
    Sample("conv_transpose2d", (normal(1, 1, 2, 2), normal(1, 1, 2, 2))),
    transposed(2, "", (2, 2, 2, 3), (2, 2, 2, 2), 2),
    transposed(2, "stride", (1, 1, 3, 2), (1, 2, 3, 2), 2, stride=2, padding=1, output_padding=(1, 0)),
    transposed(2, "groups", (1, 4, 2, 2), (4, 1, 2, 1), groups=2, dilation=2, stride=(1, 3)),
    transposed(2, "unbatched", (1, 2, 2), (1, 2, 2, 2), 2),
    transposed(2, "no images", (0, 1, 2, 2), (1, 2, 2, 2), 2),
]

UNFOLDED = [
    Sample(FUNCTIONAL + "unfold", (normal(2, 2, 3, 4), 2)),
    Sample(FUNCTIONAL + "unfold", (normal(1, 4, 5), (2, 3), (2, 1), (1, 0), (1, 2)), note="settings"),
    Sample(FUNCTIONAL + "unfold", (normal(0, 1, 3, 3), 2), note="no images"),
    Sample(FUNCTIONAL + "fold", (normal(2, 8, 6), (3, 4), 2)),
    Sample(FUNCTIONAL + "fold", (normal(6, 8), (4, 5), (2, 3), (2, 1), (1, 0), (1, 2)), note="settings"),
]

POOLINGS = [
    *[
        sample
        for op in ("max_pool1d", "avg_pool1d")
        for sample in (
            Sample(FUNCTIONAL + op, (distinct(2, 2, 5), 2)),
            Sample(FUNCTIONAL + op, (distinct(2, 6), 3, 2, 1), note="padding"),
            Sample(FUNCTIONAL + op, (distinct(1, 2, 6), 2, 3), {"ceil_mode": True}, note="ceil"),
            Sample(FUNCTIONAL + op, (distinct(0, 2, 6), 2), note="no images"),
        )
    ],
    *[
        sample
        for op in ("max_pool2d", "avg_pool2d")
        for sample in (
            Sample(FUNCTIONAL + op, (distinct(1, 2, 4, 5), 2)),
            Sample(FUNCTIONAL + op, (distinct(1, 4, 5), (3, 2), (2, 1), (1, 0)), note="settings"),
            Sample(FUNCTIONAL + op, (distinct(1, 1, 4, 3), 3, 2, 1, True), note="ceil")
            if op == "avg_pool2d"
            else Sample(FUNCTIONAL + op, (distinct(1, 1, 5, 4), 2, 2, 1, 2, True), note="ceil"),
            Sample(FUNCTIONAL + op, (distinct(1, 3, 36), 2, 1), note="wide"),
        )
    ],
    Sample("max_pool1d", (distinct(1, 6), 2)),
    Sample("max_pool2d", (distinct(1, 3, 4), 2)),
    Sample("avg_pool1d", (distinct(1, 6), 2)),
    Sample("adaptive_avg_pool1d", (distinct(1, 6), 4)),
    Sample(FUNCTIONAL + "avg_pool2d", (normal(1, 4, 3), 2, 1, 1), {"count_include_pad": False}, note="without padding"),
    Sample(FUNCTIONAL + "avg_pool2d", (normal(1, 3, 3), 2), {"divisor_override": -3}, note="divisor"),
    Sample(FUNCTIONAL + "avg_pool1d", (normal(1, 4), 3, 2, 1, True, False), note="without padding"),
    Sample(FUNCTIONAL + "max_pool2d", (distinct(2, 4, 4), 2), {"return_indices": True}, note="indices"),
    Sample(FUNCTIONAL + "max_pool1d", (distinct(2, 5), 3, 1, 1), {"return_indices": True}, note="indices"),
    # Equal numbers: the first is the one.
    Sample(
        FUNCTIONAL + "max_pool2d",
        (given([[[1.0, 2.0, 2.0, 2.0], [2.0, 1.0, 2.0, 2.0], [0.0, -0.0, 3.0, 3.0]]]), (3, 2), 1),
        {"return_indices": True},
        note="ties",
        smooth=False,
    ),
    Sample(
        FUNCTIONAL + "max_pool2d",
        (given([[[1.0, NAN, NAN], [NAN, 5.0, INFINITY], [-INFINITY, -INFINITY, NAN]]]), 2, 1, 1),
        {"return_indices": True},
        note="special",
        smooth=False,
    ),
    Sample(FUNCTIONAL + "max_pool1d", (given([[-INFINITY] * 4]), 3, 1, 1, 1, False, True), note="-inf", smooth=False),
    *[Sample(FUNCTIONAL + f"adaptive_{op}_pool1d", (distinct(1, 2, 7), 3), note="uneven") for op in ("avg", "max")],
    *[Sample(FUNCTIONAL + f"adaptive_{op}_pool2d", (distinct(1, 2, 4, 5), (3, None))) for op in ("avg", "max")],
    *[Sample(FUNCTIONAL + f"adaptive_{op}_pool2d", (distinct(1, 2, 3), 5), note="more") for op in ("avg", "max")],
    Sample(FUNCTIONAL + "adaptive_max_pool2d", (distinct(1, 5, 4), 2, True), note="indices"),
]

RESPONSES = [
    Sample(FUNCTIONAL + "local_response_norm", (normal(2, 4, 3), 3, 0.5, 0.75, 2.0)),
    Sample(FUNCTIONAL + "local_response_norm", (normal(1, 3, 2, 2), 2), note="images"),
    Sample(FUNCTIONAL + "local_response_norm", (normal(1, 2, 2), 5, 0.5), note="beyond the channels"),
    Sample(FUNCTIONAL + "local_response_norm", (normal(0, 3, 2), 2), note="empty"),
]

CONVOLUTIONS = [*SEQUENCES, *IMAGES, *UNFOLDED, *POOLINGS, *RESPONSES]

"""The table that drives the layers' tests: one entry is a layer, how it is made, and what it is given.

A new layer is one line here: ``reference/make_layers.py`` runs PyTorch's on it, and ``nn/test_layer_samples.py``
compares the state, the outputs, the gradients and the buffers.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Layer:
    """A layer and its inputs.

    Attributes:
        kind: the name of the class.
        args, kwargs: what it is made with.
        inputs: the shape of each input of normal numbers; or an array, which gets no gradient; or a tuple of shapes,
            for an input that is a tuple.
        training: whether it runs in training mode.
        call: further arguments of the call; arrays among them become tensors.
    """

    kind: str
    args: tuple = ()
    inputs: tuple = ((2, 3),)
    kwargs: dict[str, Any] = field(default_factory=dict)
    training: bool = True
    call: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self):
        """A name of its own for each entry."""
        options = [*map(str, self.args), *[f"{key}={value}" for key, value in self.kwargs.items()]]
        shapes = [str(each if isinstance(each, tuple) else each.shape) for each in self.inputs]
        mode = "" if self.training else " eval"
        called = ""
        for key, value in self.call.items():
            shown = f"{value.dtype}{value.shape}" if isinstance(value, np.ndarray) else value
            called += f" {key}={shown}"
        return f"{self.kind}({', '.join(options)}) of {', '.join(shapes)}{mode}{called}"

    def flat(self):
        """Return the inputs, those of a tuple one by one."""
        found = []
        for each in self.inputs:
            found += each if is_group(each) else [each]
        return found

    def arrays(self):
        """Return the inputs, the same ones each time, those of a tuple one by one."""
        rng = np.random.Generator(np.random.PCG64(7))
        found = []
        for each in self.flat():
            found.append(rng.standard_normal(each) if isinstance(each, tuple) else each)
        return found

    def wants(self):
        """Return for each of these arrays whether it gets a gradient."""
        return [isinstance(each, tuple) for each in self.flat()]

    def arguments(self, tensors, tensor):
        """Return what the layer is called with.

        Args:
            tensors: made of the arrays.
            tensor: makes one of an array.
        """
        rest, args = list(tensors), []
        for each in self.inputs:
            args.append(tuple([rest.pop(0) for _ in each]) if is_group(each) else rest.pop(0))
        kwargs = {key: tensor(value) if isinstance(value, np.ndarray) else value for key, value in self.call.items()}
        return args, kwargs


def is_group(given):
    return isinstance(given, tuple) and len(given) > 0 and isinstance(given[0], tuple)


def integers(*values):
    return np.array(values)


signs = np.array([1.0, -1.0, 1.0])
IMAGE = ((2, 4, 6, 5),)
SIGNAL = ((2, 4, 9),)
PAIR = ((3, 4), (3, 4))

ACTIVATIONS = [
    Layer("ReLU"),
    Layer("ReLU6"),
    Layer("Tanh"),
    Layer("Sigmoid"),
    Layer("LogSigmoid"),
    Layer("SiLU"),
    Layer("GELU"),
    Layer("GELU", kwargs={"approximate": "tanh"}),
    Layer("Mish"),
    Layer("Softplus", (2.0, 1.0)),
    Layer("Softsign"),
    Layer("Tanhshrink"),
    Layer("ELU", (0.5,)),
    Layer("CELU", (0.5,)),
    Layer("SELU"),
    Layer("Hardtanh", (-0.5, 0.25)),
    Layer("Hardsigmoid"),
    Layer("Hardswish"),
    Layer("Hardshrink", (0.3,)),
    Layer("Softshrink", (0.3,)),
    Layer("Threshold", (0.1, -2.0)),
    Layer("LeakyReLU", (0.2,)),
    Layer("RReLU", training=False),
    Layer("PReLU"),
    Layer("PReLU", (4, 0.1), IMAGE),
    Layer("Softmax", (-1,)),
    Layer("LogSoftmax", (0,)),
    Layer("Softmin", (1,)),
    Layer("Softmax2d", (), IMAGE),
    Layer("GLU", (1,), IMAGE),
    Layer("Dropout", (0.5,), training=False),
    Layer("Dropout2d", (0.5,), IMAGE, training=False),
]
CONVOLUTIONS = [
    Layer("Conv1d", (4, 6, 3), SIGNAL),
    Layer("Conv1d", (4, 6, 3, 2, 1, 2, 2, False), SIGNAL),
    Layer("Conv1d", (4, 6, 4), SIGNAL, {"padding": "same", "padding_mode": "circular"}),
    Layer("Conv2d", (4, 6, 3), IMAGE),
    Layer("Conv2d", (4, 6, (3, 2), (2, 1), (1, 0), (1, 2), 2), IMAGE),
    Layer("Conv2d", (4, 6, 3), IMAGE, {"padding": "same", "dilation": 2}),
    Layer("Conv2d", (4, 6, 3), IMAGE, {"padding": (1, 2), "padding_mode": "reflect"}),
    Layer("Conv2d", (4, 6, 3), IMAGE, {"padding": 1, "padding_mode": "replicate", "stride": 2}),
    Layer("ConvTranspose1d", (4, 6, 3, 2, 1, 1), SIGNAL),
    Layer("ConvTranspose2d", (4, 6, 3, 2, 1, 1, 2), IMAGE),
    Layer("ConvTranspose2d", (4, 6, 3, 2, 1), IMAGE, call={"output_size": (12, 10)}),
]
POOLINGS = [
    Layer("MaxPool1d", (3, 2, 1), SIGNAL),
    Layer("MaxPool2d", (2,), IMAGE),
    Layer("MaxPool2d", ((3, 2), (2, 1), (1, 0), 1), IMAGE, {"ceil_mode": True}),
    Layer("AvgPool1d", (3, 2, 1), SIGNAL),
    Layer("AvgPool2d", (2,), IMAGE),
    Layer("AvgPool2d", (3, 2, 1), IMAGE, {"count_include_pad": False, "ceil_mode": True}),
    Layer("AvgPool2d", (2,), IMAGE, {"divisor_override": 3}),
    Layer("AdaptiveAvgPool1d", (4,), SIGNAL),
    Layer("AdaptiveAvgPool2d", ((2, None),), IMAGE),
    Layer("AdaptiveMaxPool1d", (4,), SIGNAL),
    Layer("AdaptiveMaxPool2d", ((3, 2),), IMAGE),
]
NORMALISATIONS = [
    Layer("BatchNorm1d", (4,), ((5, 4),)),
    Layer("BatchNorm1d", (4,), SIGNAL, {"momentum": None}),
    Layer("BatchNorm1d", (4,), SIGNAL, training=False),
    Layer("BatchNorm1d", (4,), SIGNAL, {"affine": False, "track_running_stats": False}, training=False),
    Layer("BatchNorm2d", (4, 1e-3, 0.3), IMAGE),
    Layer("BatchNorm2d", (4,), IMAGE, training=False),
    Layer("InstanceNorm1d", (4,), SIGNAL),
    Layer("InstanceNorm1d", (4,), ((4, 9),), {"affine": True}),
    Layer("InstanceNorm2d", (4,), IMAGE, {"affine": True, "track_running_stats": True}),
    Layer("InstanceNorm2d", (4,), IMAGE, {"track_running_stats": True}, training=False),
    Layer("LayerNorm", (5,), IMAGE),
    Layer("LayerNorm", ((6, 5), 1e-3), IMAGE, {"bias": False}),
    Layer("LayerNorm", (5,), IMAGE, {"elementwise_affine": False}),
    Layer("RMSNorm", (5,), IMAGE),
    Layer("RMSNorm", ((6, 5), 1e-3, False), IMAGE),
    Layer("GroupNorm", (2, 4), IMAGE),
    Layer("GroupNorm", (4, 4), SIGNAL, {"affine": False}),
    Layer("LocalResponseNorm", (3, 0.1), IMAGE),
]
PLACES = [
    Layer("ConstantPad1d", ((1, 2), 3.0), SIGNAL),
    Layer("ConstantPad2d", (1, 3.0), IMAGE),
    Layer("ZeroPad1d", (2,), SIGNAL),
    Layer("ZeroPad2d", ((1, 0, -1, 2),), IMAGE),
    Layer("ReflectionPad1d", ((2, 1),), SIGNAL),
    Layer("ReflectionPad2d", (2,), IMAGE),
    Layer("ReplicationPad1d", (2,), SIGNAL),
    Layer("ReplicationPad2d", ((1, 2, 3, 0),), IMAGE),
    Layer("Unfold", (3, 1, 1, 2), IMAGE),
    Layer("Fold", ((4, 5), 2), ((2, 8, 12),)),
    Layer("PixelShuffle", (2,), IMAGE),
    Layer("PixelUnshuffle", (2,), ((2, 3, 4, 6),)),
    Layer("Upsample", (), IMAGE, {"scale_factor": 2}),
    Layer("Upsample", ((9, 4),), IMAGE, {"mode": "bilinear", "align_corners": True}),
    Layer("Flatten", (), IMAGE),
    Layer("Unflatten", (1, (2, -1)), IMAGE),
    Layer("Identity", (54,), IMAGE, {"unused": True}),
]
LINEAR = [
    Layer("Linear", (4, 3), ((2, 5, 4),)),
    Layer("Linear", (4, 3, False), ((4,),)),
    Layer("Bilinear", (4, 3, 2), ((5, 4), (5, 3))),
    Layer("Bilinear", (4, 3, 2, False), ((5, 4), (5, 3))),
    Layer("Embedding", (6, 3), (integers([1, 2], [1, 5]),)),
    Layer("Embedding", (6, 3, 1), (integers(1, 2, 2),), {"scale_grad_by_freq": True}),
    Layer("EmbeddingBag", (6, 3), (integers([1, 2], [1, 5]),)),
    Layer("EmbeddingBag", (6, 3), (integers(1, 2, 2, 4), integers(0, 3)), {"mode": "sum", "padding_idx": 2}),
    Layer("CosineSimilarity", (), PAIR),
    Layer("PairwiseDistance", (1.5,), PAIR, {"keepdim": True}),
]
LOSSES = [
    Layer("MSELoss", (), PAIR),
    Layer("L1Loss", (), PAIR, {"reduction": "sum"}),
    Layer("HuberLoss", (), PAIR, {"delta": 0.5}),
    Layer("SmoothL1Loss", (), PAIR, {"beta": 0.5}),
    Layer("CrossEntropyLoss", (), ((3, 4), integers(1, 3, 0)), {"label_smoothing": 0.1}),
    Layer("NLLLoss", (), ((3, 4), integers(1, 3, 0)), {"ignore_index": 3}),
    Layer("BCELoss", (), (np.full((3, 2), 0.3), np.eye(3)[:, :2])),
    Layer("BCEWithLogitsLoss", (), ((3, 2), np.eye(3)[:, :2])),
    Layer("GaussianNLLLoss", (), ((3, 2), (3, 2), np.full((3, 2), 0.7)), {"full": True}),
    Layer("PoissonNLLLoss", (), ((3, 2), np.arange(6.0).reshape(3, 2)), {"full": True}),
    Layer("KLDivLoss", (), ((3, 2), np.full((3, 2), 0.5)), {"reduction": "batchmean"}),
    Layer("MarginRankingLoss", (0.5,), ((3,), (3,), signs)),
    Layer("HingeEmbeddingLoss", (0.5,), ((3,), signs)),
    Layer("SoftMarginLoss", (), ((3,), signs)),
    Layer("CosineEmbeddingLoss", (0.1,), (*PAIR, signs)),
    Layer("TripletMarginLoss", (), (*PAIR, (3, 4)), {"swap": True, "p": 1.5}),
    Layer("MultiMarginLoss", (2, 0.5), ((3, 4), integers(1, 3, 0))),
    Layer("MultiLabelMarginLoss", (), ((2, 4), integers([3, 0, -1, 1], [1, -1, 0, 0]))),
    Layer("MultiLabelSoftMarginLoss", (), ((2, 4), np.eye(4)[:2])),
]
SEQUENCE = ((5, 2, 3),)
SEQUENCE_OF_4 = ((5, 2, 4),)
RECURRENT = [
    Layer("RNN", (3, 4), SEQUENCE),
    Layer("RNN", (3, 4, 2, "relu"), SEQUENCE, {"bidirectional": True}),
    Layer("RNN", (3, 4), ((5, 2, 3), (1, 2, 4)), {"bias": False}),
    Layer("RNN", (3, 4), ((5, 3),)),
    Layer("GRU", (3, 4), ((5, 2, 3), (1, 2, 4))),
    Layer("GRU", (3, 4, 2), ((2, 5, 3),), {"bidirectional": True, "batch_first": True}),
    Layer("GRU", (3, 4, 2), ((5, 3), (2, 4)), {"bias": False}),
    Layer("GRU", (3, 4, 2), SEQUENCE, {"dropout": 0.5}, training=False),
    Layer("LSTM", (3, 4), SEQUENCE),
    Layer("LSTM", (3, 4, 2), SEQUENCE, {"bidirectional": True}),
    Layer("LSTM", (3, 4), ((2, 5, 3),), {"batch_first": True, "bias": False}),
    Layer("LSTM", (3, 4, 2), SEQUENCE, {"proj_size": 2, "bidirectional": True}),
    Layer("LSTM", (3, 4), ((5, 3), ((1, 4), (1, 4)))),
    Layer("LSTM", (3, 4, 2), ((5, 2, 3), ((4, 2, 2), (4, 2, 4))), {"proj_size": 2, "bidirectional": True}),
    Layer("LSTM", (3, 4, 2), SEQUENCE, {"dropout": 0.5}, training=False),
    Layer("RNNCell", (3, 4), ((2, 3),)),
    Layer("RNNCell", (3, 4, False, "relu"), ((3,), (4,))),
    Layer("GRUCell", (3, 4), ((2, 3), (2, 4))),
    Layer("GRUCell", (3, 4, False), ((3,),)),
    Layer("LSTMCell", (3, 4), ((2, 3), ((2, 4), (2, 4)))),
    Layer("LSTMCell", (3, 4, False), ((3,),)),
]
later = np.triu(np.ones((5, 5), bool), 1)
numbers = np.where(later, -np.inf, np.arange(25.0).reshape(5, 5) / 10)
each_head = np.arange(4 * 5 * 6).reshape(4, 5, 6) % 7 == 0
short = np.array([[False] * 4, [False, False, True, True]])
padded = np.array([[False] * 5, [False, False, False, True, True]])
ATTENDING = ((5, 2, 4), (6, 2, 4), (6, 2, 4))
SMALL = {"dropout": 0.0}
ATTENTION = [
    Layer("MultiheadAttention", (4, 2), ATTENDING),
    Layer("MultiheadAttention", (4, 2), ATTENDING, {"bias": False}, call={"need_weights": False}),
    Layer("MultiheadAttention", (4, 2, 0.5), ATTENDING, training=False, call={"average_attn_weights": False}),
    Layer("MultiheadAttention", (4, 2), ((5, 4), (6, 4), (6, 4))),
    Layer("MultiheadAttention", (4, 2), ((5, 4), (5, 4), (5, 4)), call={"attn_mask": later, "need_weights": False}),
    Layer("MultiheadAttention", (4, 2), ((5, 2, 4), (6, 2, 3), (6, 2, 5)), {"kdim": 3, "vdim": 5}),
    Layer("MultiheadAttention", (4, 2), ATTENDING, {"add_bias_kv": True}, call={"attn_mask": each_head}),
    Layer("MultiheadAttention", (4, 2), ATTENDING, {"add_zero_attn": True}, call={"need_weights": False}),
    Layer("MultiheadAttention", (4, 2), ATTENDING, {"add_bias_kv": True, "add_zero_attn": True}),
    Layer(
        "MultiheadAttention",
        (4, 2),
        ((2, 5, 4), (2, 4, 4), (2, 4, 4)),
        {"batch_first": True},
        call={"key_padding_mask": short},
    ),
    Layer(
        "MultiheadAttention",
        (4, 2),
        ((2, 5, 4), (2, 5, 4), (2, 5, 4)),
        {"batch_first": True, "add_bias_kv": True},
        call={"key_padding_mask": padded, "attn_mask": later, "need_weights": False},
    ),
    Layer("MultiheadAttention", (4, 2), ((5, 2, 4),) * 3, call={"attn_mask": numbers}),
    Layer(
        "MultiheadAttention",
        (4, 2),
        ((5, 2, 4),) * 3,
        call={"attn_mask": later, "is_causal": True, "need_weights": False},
    ),
]
TRANSFORMERS = [
    Layer("TransformerEncoderLayer", (4, 2, 8), SEQUENCE_OF_4, SMALL),
    Layer("TransformerEncoderLayer", (4, 2, 8, 0.3, "gelu", 1e-3), ((2, 5, 4),), {"batch_first": True}, training=False),
    Layer("TransformerEncoderLayer", (4, 2, 8), SEQUENCE_OF_4, SMALL | {"norm_first": True, "bias": False}),
    Layer("TransformerEncoderLayer", (4, 2, 8), ((5, 4),), SMALL, call={"src_mask": later, "is_causal": True}),
    Layer("TransformerEncoderLayer", (4, 2, 8), SEQUENCE_OF_4, SMALL, call={"src_key_padding_mask": padded}),
    Layer("TransformerDecoderLayer", (4, 2, 8), ((5, 2, 4), (6, 2, 4)), SMALL),
    Layer(
        "TransformerDecoderLayer",
        (4, 2, 8),
        ((5, 2, 4), (4, 2, 4)),
        SMALL | {"norm_first": True, "activation": "gelu"},
        call={"tgt_mask": later, "tgt_is_causal": True, "memory_key_padding_mask": short},
    ),
    Layer(
        "Transformer",
        (4, 2, 2, 1, 8),
        ((4, 2, 4), (5, 2, 4)),
        SMALL,
        call={"tgt_mask": later, "src_key_padding_mask": short, "memory_key_padding_mask": short},
    ),
]
LAYERS = [
    *ACTIVATIONS,
    *CONVOLUTIONS,
    *POOLINGS,
    *NORMALISATIONS,
    *PLACES,
    *LINEAR,
    *LOSSES,
    *RECURRENT,
    *ATTENTION,
    *TRANSFORMERS,
]

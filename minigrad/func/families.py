"""Which operation belongs to which family of ``batching_rules.py``, by name: the list of what ``vmap`` can do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minigrad.func import (
    batched,
    batching_places,
    batching_products,
    batching_rules,
    batching_systems,
    batching_windows,
)
from minigrad.func.batching_derivatives import STEPS

ELEMENTWISE = """
    abs acos acosh add addcdiv addcmul alias asin asinh at_least atan atan2 atanh bitwise_and bitwise_left_shift
    bitwise_not bitwise_or bitwise_right_shift bitwise_xor cast cdist ceil celu clamp clone contiguous copysign cos
    cosh deg2rad digamma div drop elu entr eq erf erfc erfinv exp exp2 expm1 float_power floor floor_divide fmax fmin
    fmod frac ge gelu gt hardshrink hardsigmoid hardswish hardtanh heaviside hypot isclose isfinite isinf isnan ldexp
    le leaky_relu lerp lgamma log log10 log1p log2 logaddexp logaddexp2 logical_and logical_not logical_or logical_xor
    logit logsigmoid lt maximum minimum mish mul nan_to_num ne neg polygamma pow rad2deg reciprocal relu relu6
    remainder round rsqrt selu sgn sigmoid sign signbit silu sin sinc sinh sloped softplus softshrink softsign sqrt
    square sub tan tanh tanhshrink threshold trunc trunc_divide where xlog1py xlogy
"""
ALONG_AXES = """
    all amax amin any argmax argmin argsort count_nonzero cummax cummin cumprod cumsum diagonal even_slopes glu
    kthvalue largest_value log_softmax logcumsumexp logsumexp max mean median middle_value min mode nan_middle_value
    nanmean nanmedian nansum narrow neighbours norm prod select smallest_value softmax sort sorted_values split std
    std_mean sum swiglu topk transpose unbind var var_mean
"""
LAST_AXES = """
    cholesky constant_pad_nd det eigh eigvalsh exponential inv inv_ex lu_factor_ex matrix_exp matrix_rank order_of pinv
    pixel_shuffle pixel_unshuffle slogdet svd svdvals tril triu window_means
"""
IMAGES = """
    adaptive_avg_pool1d adaptive_avg_pool2d adaptive_max_pool1d adaptive_max_pool2d avg_pool1d avg_pool2d conv1d
    conv2d conv_transpose1d conv_transpose2d fold max_pool1d max_pool2d unfolding.unfold
"""
ELEMENTWISE_LOSSES = """
    binary_cross_entropy binary_cross_entropy_with_logits huber_loss l1_loss mse_loss smooth_l1_loss
"""
CHANNELS = """
    group_norm normalise_by normalise_channels normalise_instances
"""
ONE_BY_ONE = """
    add_rows block_diag bucketize drop gru_sequence gru_sequence_backward histc index_put isin lstm_sequence
    lstm_sequence_backward lstsq masked_scatter nll_loss rnn_sequence rnn_sequence_backward searchsorted
"""
OF_UNKNOWN_SHAPE = """
    argwhere bincount masked_select nonzero unique
"""
FAMILIES = {
    batching_rules.elementwise: ELEMENTWISE,
    batching_rules.along_axes: ALONG_AXES,
    batching_rules.last_axes: LAST_AXES,
    batching_products.elementwise_loss: ELEMENTWISE_LOSSES,
    batching_rules.reshape: "reshape view",
    batching_rules.permute: "permute",
    batching_rules.expand: "expand",
    batching_rules.sum_to_size: "sum_to_size",
    batching_rules.join: "cat stack",
    batching_rules.get_item: "get_item",
    batching_rules.gather: "gather",
    batching_places.masked_fill: "masked_fill",
    batching_places.flip: "flip",
    batching_places.roll: "roll",
    batching_places.rot90: "rot90",
    batching_places.diag_embed: "diag_embed",
    batching_places.unfold: "unfold",
    batching_places.repeat: "repeat",
    batching_places.repeat_interleave: "repeat_interleave",
    batching_places.index_select: "index_select",
    batching_places.pad_along: "pad_along",
    batching_places.take: "take",
    batching_places.scatter: "scatter scatter_add scatter_extreme scatter_product",
    batching_places.index_write: "index_add index_copy index_fill",
    batching_products.matmul: "matmul dot",
    batching_products.linear: "linear",
    batching_products.addmm: "addmm",
    batching_products.cross_entropy: "cross_entropy",
    batching_rules.one_hot: "one_hot",
    batching_rules.bernoulli: "bernoulli",
    batching_rules.normal: "normal",
    batching_windows.images: IMAGES,
    batching_windows.channels: CHANNELS,
    batching_windows.last_axes_and_weights: "layer_norm rms_norm",
    batching_rules.ranks_in_front: "order_statistics",
    batching_systems.cross: "cross",
    batching_systems.cholesky_info: "cholesky_ex",
    batching_systems.qr: "qr",
    batching_systems.solve: "solve",
    batching_systems.solve_triangular: "solve_triangular",
    batching_systems.rows_at: "rows_at",
    batching_systems.attend: "attend",
    batching_systems.take_rows: "take_rows",
    batching_systems.soft_cross_entropy: "soft_cross_entropy",
    batched.each_example: ONE_BY_ONE,
    batching_rules.of_unknown_shape: OF_UNKNOWN_SHAPE,
}

RULES: dict[str, Callable[..., Any]] = {}
for _rule, _names in FAMILIES.items():
    for _name in _names.split():
        RULES[_name] = _rule


def rule_of(op: Callable[..., Any]) -> Callable[..., Any] | None:
    """Return the rule of an operation of minigrad's; None if it has none."""
    if op in STEPS:
        return STEPS[op]
    if not op.__module__.startswith("minigrad."):
        return None
    # Two operations of one name are told apart by their file.
    return RULES.get(f"{op.__module__.rpartition('.')[2]}.{op.__name__}", RULES.get(op.__name__))

"""PyTorch's vocabulary is there: functions where it has functions, methods where it has methods."""

import pytest

import minigrad as mg

FUNCTIONS_AND_METHODS = """
T mT __getitem__ __radd__ __rmatmul__ __rmod__ __rmul__ __rpow__ __rsub__ abs acos acosh add addbmm addcdiv addcmul
addmm addmv addr amax amin argmax argmin argsort all any asin asinh atan atan2 atanh atleast_1d atleast_2d atleast_3d
baddbmm block_diag bmm broadcast_tensors broadcast_to bucketize cat cdist ceil chunk clamp clamp_max clamp_min clone
column_stack constant_pad_nd contiguous copysign corrcoef cos cosh count_nonzero cov cross cummax cummin cumprod
cumsum deg2rad diag diag_embed diagflat diagonal diff dist div dot dsplit dstack einsum eq equal erf erfc erfinv exp
exp2 expand expand_as expm1 eye flatten flip fliplr flipud float_power floor floor_divide fmax fmin fmod frac full
full_like gather ge gradient gt heaviside histc hsplit hstack hypot index_add index_copy index_fill index_put
index_select inner isclose isfinite isin isinf isnan kron kthvalue ldexp le lerp lgamma digamma linspace log log10
log1p log2 log_softmax logaddexp logaddexp2 logcumsumexp logdet logical_and logical_not logical_or logical_xor logit
logspace logsumexp lt masked_fill masked_scatter masked_select matmul matrix_exp max maximum mean median meshgrid min
minimum mm movedim msort mul mv nan_to_num nanmean nanmedian nansum narrow ne neg norm ones ones_like outer permute
positive pow prod quantile rad2deg ravel reciprocal remainder renorm repeat repeat_interleave reshape reshape_as roll
rot90 round rsqrt rsub scatter scatter_add scatter_reduce searchsorted select sgn sigmoid sign signbit sin sinc sinh
softmax sort split sqrt square squeeze stack std std_mean sub sum svd t take take_along_dim tan tanh tensor_split
tensordot tile topk trace transpose trapezoid tril triu true_divide trunc unbind unflatten unfold unique unsqueeze var
var_mean vdot view view_as vsplit vstack where xlogy zeros zeros_like
relu allclose nonzero argwhere bincount clip concat concatenate swapaxes swapdims moveaxis numel det inverse cholesky
matrix_power aminmax mode tril_indices triu_indices bitwise_and bitwise_or bitwise_xor bitwise_not
bitwise_left_shift bitwise_right_shift multinomial bernoulli
item tolist numpy detach cpu to type float double long int bool backward retain_grad register_hook
"""

#: What PyTorch has as functions of the library only, and as methods of its tensors only.
FUNCTIONS_ONLY = """
atleast_1d atleast_2d atleast_3d block_diag broadcast_tensors bucketize cat cdist column_stack constant_pad_nd dstack
einsum eye full full_like gradient hstack isin linspace logspace meshgrid ones ones_like rsub searchsorted stack
std_mean tensordot trapezoid var_mean vstack zeros zeros_like concat concatenate tril_indices triu_indices
"""
METHODS_ONLY = """
T mT __getitem__ __radd__ __rmatmul__ __rmod__ __rmul__ __rpow__ __rsub__ contiguous expand expand_as repeat reshape_as
unfold view view_as item tolist numpy cpu to type float double long int bool backward retain_grad register_hook
"""

OPERATORS = """
add sub mul truediv floordiv mod pow matmul and or xor lshift rshift radd rsub rmul rtruediv rfloordiv rmod rpow
rmatmul rand ror rxor rlshift rrshift iadd isub imul itruediv ifloordiv imod ipow iand ior ixor ilshift irshift lt le
gt ge eq ne neg pos abs invert getitem setitem
"""

#: Each writes over its tensor, or changes its shape.
IN_PLACE = """
abs_ absolute_ acos_ acosh_ add_ addbmm_ addcdiv_ addcmul_ addmm_ addmv_ addr_ arccos_ arccosh_ arcsin_ arcsinh_
arctan2_ arctan_ arctanh_ asin_ asinh_ atan2_ atan_ atanh_ baddbmm_ bernoulli_ bitwise_and_ bitwise_left_shift_
bitwise_not_ bitwise_or_ bitwise_right_shift_ bitwise_xor_ ceil_ clamp_ clamp_max_ clamp_min_ clip_ copy_ copysign_
cos_ cosh_ cumprod_ cumsum_ deg2rad_ detach_ digamma_ div_ divide_ eq_ erf_ erfc_ erfinv_ exp2_ exp_ expm1_ fill_ fix_
float_power_ floor_ floor_divide_ fmod_ frac_ ge_ greater_ greater_equal_ gt_ heaviside_ hypot_ index_add_ index_copy_
index_fill_ index_put_ ldexp_ le_ lerp_ less_ less_equal_ lgamma_ log10_ log1p_ log2_ log_ logical_and_ logical_not_
logical_or_ logical_xor_ logit_ lt_ masked_fill_ masked_scatter_ mul_ multiply_ nan_to_num_ ne_ neg_ negative_ normal_
not_equal_ polygamma_ pow_ rad2deg_ reciprocal_ relu_ remainder_ renorm_ requires_grad_ round_ rsqrt_ scatter_
scatter_add_ scatter_reduce_ sgn_ sigmoid_ sign_ sin_ sinc_ sinh_ sqrt_ square_ squeeze_ sub_ subtract_ swapaxes_
swapdims_ t_ tan_ tanh_ transpose_ tril_ triu_ true_divide_ trunc_ uniform_ unsqueeze_ xlogy_ zero_
"""

SPECIAL = """
entr xlog1py digamma erf erfc erfinv exp2 expit expm1 gammaln log1p log_softmax logit logsumexp polygamma psi round
sinc softmax xlogy
"""

FUNCTIONAL = """
adaptive_avg_pool1d adaptive_avg_pool2d adaptive_max_pool2d avg_pool1d avg_pool2d batch_norm bilinear
binary_cross_entropy binary_cross_entropy_with_logits celu conv1d conv2d conv_transpose1d conv_transpose2d
cosine_embedding_loss cosine_similarity cross_entropy elu embedding gaussian_nll_loss gelu glu group_norm hardshrink
hardsigmoid hardswish hardtanh hinge_embedding_loss huber_loss instance_norm interpolate kl_div l1_loss layer_norm
leaky_relu linear local_response_norm logsigmoid margin_ranking_loss max_pool1d max_pool2d mish mse_loss
multi_margin_loss multilabel_margin_loss multilabel_soft_margin_loss nll_loss normalize one_hot pad pairwise_distance
pdist pixel_shuffle pixel_unshuffle poisson_nll_loss prelu relu relu6 rms_norm scaled_dot_product_attention selu silu
smooth_l1_loss soft_margin_loss softmin softplus softshrink softsign tanhshrink threshold triplet_margin_loss unfold
softmax log_softmax sigmoid tanh dropout dropout2d fold embedding_bag rrelu swiglu
"""

#: What makes, converts and draws, and what is said of dtypes.
CREATION = """
tensor as_tensor from_numpy arange empty empty_like rand rand_like randn randn_like randint randperm bernoulli
multinomial normal manual_seed Generator is_tensor get_default_dtype set_default_dtype set_printoptions finfo iinfo
promote_types result_type
"""
TESTING = "assert_close"
LINALG = """
cholesky cond cross det diagonal eigh eigvalsh inv lstsq lu_solve matrix_norm matrix_power matrix_rank multi_dot norm
pinv qr slogdet solve solve_triangular svd svdvals tensorinv tensorsolve vander vecdot vector_norm lu lu_factor
matrix_exp inv_ex cholesky_ex
"""


def wanted_names():
    """Return (dotted name, whether it is there) for every name that is wanted."""
    functions = set(FUNCTIONS_AND_METHODS.split()) - set(METHODS_ONLY.split()) | set(CREATION.split())
    methods = set(FUNCTIONS_AND_METHODS.split()) - set(FUNCTIONS_ONLY.split())
    methods |= set(IN_PLACE.split()) | {f"__{each}__" for each in OPERATORS.split()}
    groups = [
        ("", mg, functions),
        ("Tensor.", mg.Tensor, methods),
        ("special.", mg.special, set(SPECIAL.split())),
        ("nn.functional.", mg.nn.functional, set(FUNCTIONAL.split())),
        ("linalg.", mg.linalg, set(LINALG.split())),
        ("testing.", mg.testing, set(TESTING.split())),
    ]
    found = {}
    for prefix, home, names in groups:
        for name in names:
            found[prefix + name] = hasattr(home, name)
    return found


def test_no_name_is_missing():
    assert [name for name, there in wanted_names().items() if not there] == []


def test_every_form_in_place_that_pytorch_has_of_an_operation_is_there():
    torch = pytest.importorskip("torch")
    missing = []
    for name in dir(torch.Tensor):
        plain = name.removesuffix("_")
        if not name.startswith("_") and name.endswith("_") and not hasattr(mg.Tensor, name):
            missing += [name] if hasattr(mg.Tensor, plain) or hasattr(mg, plain) or hasattr(mg.special, plain) else []
    assert missing == []


def test_every_function_that_pytorch_has_as_a_method_is_one():
    torch = pytest.importorskip("torch")
    missing = []
    for name in dir(torch.Tensor):
        if not name.startswith("_") and callable(getattr(mg, name, None)) and not hasattr(mg.Tensor, name):
            missing.append(name)
    assert missing == []


def test_the_lists_of_exceptions_name_what_is_wanted():
    wanted = set(FUNCTIONS_AND_METHODS.split())
    assert set(FUNCTIONS_ONLY.split()) <= wanted
    assert set(METHODS_ONLY.split()) <= wanted


def test_pytorch_has_the_functions_and_methods_that_are_wanted():
    torch = pytest.importorskip("torch")
    homes = {
        "": torch,
        "Tensor.": torch.Tensor,
        "special.": torch.special,
        "nn.functional.": torch.nn.functional,
        "linalg.": torch.linalg,
        "testing.": torch.testing,
    }
    unknown = []
    for name in wanted_names():
        prefix = max((each for each in homes if name.startswith(each)), key=len)
        if not hasattr(homes[prefix], name.removeprefix(prefix)):
            unknown.append(name)
    # PyTorch has only its parts.
    assert unknown == ["nn.functional.swiglu"]

"""Numba kernels on NumPy arrays, and the wrappers that check, allocate and call them.

The kernels know nothing of tensors or gradients. `python_kernels()` runs their source as plain Python, for a debugger.
Importing the package compiles nothing; a kernel is compiled at its first call and kept on disk.
"""

from minigrad_kernels.accumulating_updates import adadelta_update, adagrad_update
from minigrad_kernels.arrays import flat
from minigrad_kernels.attentions import attention, attention_backward
from minigrad_kernels.biases import bias_activation
from minigrad_kernels.compiling import show_progress
from minigrad_kernels.conditions import log_determinant_bound, solutions_are_bounded
from minigrad_kernels.convolution_plans import Geometry
from minigrad_kernels.convolutions import convolution, transposed_convolution, weight_gradient
from minigrad_kernels.cross_entropies import CrossEntropy, cross_entropy_rows, cross_entropy_rows_backward
from minigrad_kernels.distances import pair_distances
from minigrad_kernels.draws import fill_integers, fill_normal, fill_permutation, fill_uniform, fill_words
from minigrad_kernels.dropouts import dropped, dropped_blocks
from minigrad_kernels.elementwise import (
    erf,
    exp,
    log,
    relu,
    relu_backward,
    sigmoid,
    sigmoid_backward,
    sign,
    tanh,
    tanh_backward,
)
from minigrad_kernels.embeddings import gather_rows, largest_places, scatter_rows
from minigrad_kernels.entries import operand_call
from minigrad_kernels.exponentials import matrix_exp
from minigrad_kernels.jit import kernel, python_kernels, run, runs_python
from minigrad_kernels.linears import linear, linear_backward
from minigrad_kernels.losses import (
    absolute_errors,
    absolute_errors_backward,
    binary_cross_entropies,
    binary_cross_entropies_backward,
    logits_cross_entropies,
    logits_cross_entropies_backward,
    squared_errors,
    squared_errors_backward,
)
from minigrad_kernels.moment_updates import adamax_update, nadam_update, radam_update
from minigrad_kernels.normalisations import (
    moved_averages,
    normalised_channels,
    normalised_channels_backward,
    normalised_rows,
    normalised_rows_backward,
)
from minigrad_kernels.pooling_windows import Pooling
from minigrad_kernels.poolings import (
    max_pooling,
    max_pooling_backward,
    mean_pooling,
    mean_pooling_backward,
    taken_at_places,
)
from minigrad_kernels.products import matmul
from minigrad_kernels.recurrences import (
    gru_sequence,
    gru_sequence_backward,
    lstm_sequence,
    lstm_sequence_backward,
    rnn_sequence,
    rnn_sequence_backward,
)
from minigrad_kernels.rms_updates import (
    rmsprop_centered_momentum_update,
    rmsprop_centered_update,
    rmsprop_momentum_update,
    rmsprop_update,
)
from minigrad_kernels.robust_updates import asgd_update, rprop_update
from minigrad_kernels.scans import linear_recurrence, running_products, running_sums
from minigrad_kernels.scatters import first_outside, index_add, scatter_add
from minigrad_kernels.softmaxes import (
    log_softmax_rows,
    log_softmax_rows_backward,
    softmax_rows,
    softmax_rows_backward,
)
from minigrad_kernels.special_functions import digamma, erfc, erfinv, lgamma, polygamma
from minigrad_kernels.sums import column_sums, mean_variance_columns, mean_variance_rows, sum_axes
from minigrad_kernels.threads import get_num_threads, set_num_threads
from minigrad_kernels.totals import total
from minigrad_kernels.triangular import lu_factor, permutation, solve_triangular
from minigrad_kernels.updates import (
    GRADIENT_FITS,
    adam_update,
    amsgrad_update,
    check_update,
    sgd_momentum_update,
    sgd_update,
)

__all__ = [
    # products
    "matmul",
    # elementwise
    "erf",
    "exp",
    "log",
    "relu",
    "relu_backward",
    "sigmoid",
    "sigmoid_backward",
    "sign",
    "tanh",
    "tanh_backward",
    # special functions
    "digamma",
    "erfc",
    "erfinv",
    "lgamma",
    "polygamma",
    # linear algebra
    "lu_factor",
    "matrix_exp",
    "permutation",
    "solve_triangular",
    # linear layers
    "bias_activation",
    "linear",
    "linear_backward",
    # places, and sums at places
    "first_outside",
    "index_add",
    "scatter_add",
    # convolutions and poolings
    "Geometry",
    "Pooling",
    "convolution",
    "max_pooling",
    "max_pooling_backward",
    "mean_pooling",
    "mean_pooling_backward",
    "taken_at_places",
    "transposed_convolution",
    "weight_gradient",
    # networks
    "attention",
    "attention_backward",
    "dropped",
    "dropped_blocks",
    "gather_rows",
    "largest_places",
    "moved_averages",
    "normalised_channels",
    "normalised_channels_backward",
    "normalised_rows",
    "normalised_rows_backward",
    "gru_sequence",
    "gru_sequence_backward",
    "lstm_sequence",
    "lstm_sequence_backward",
    "rnn_sequence",
    "rnn_sequence_backward",
    "scatter_rows",
    # sums, mean and variance
    "column_sums",
    "mean_variance_columns",
    "mean_variance_rows",
    "sum_axes",
    "total",
    "log_determinant_bound",
    "solutions_are_bounded",
    # along an axis, and between points
    "linear_recurrence",
    "pair_distances",
    "running_products",
    "running_sums",
    # softmax and cross-entropy, fused
    "CrossEntropy",
    "cross_entropy_rows",
    "cross_entropy_rows_backward",
    "log_softmax_rows",
    "log_softmax_rows_backward",
    "softmax_rows",
    "softmax_rows_backward",
    # losses, summed
    "absolute_errors",
    "absolute_errors_backward",
    "binary_cross_entropies",
    "binary_cross_entropies_backward",
    "logits_cross_entropies",
    "logits_cross_entropies_backward",
    "squared_errors",
    "squared_errors_backward",
    # random draws
    "fill_integers",
    "fill_normal",
    "fill_permutation",
    "fill_uniform",
    "fill_words",
    # optimizer updates
    "adadelta_update",
    "adagrad_update",
    "adamax_update",
    "asgd_update",
    "nadam_update",
    "radam_update",
    "rmsprop_centered_momentum_update",
    "rmsprop_centered_update",
    "rmsprop_momentum_update",
    "rmsprop_update",
    "rprop_update",
    "GRADIENT_FITS",
    "adam_update",
    "amsgrad_update",
    "check_update",
    "sgd_momentum_update",
    "sgd_update",
    # running kernels
    "flat",
    "kernel",
    "operand_call",
    "python_kernels",
    "run",
    "runs_python",
    "show_progress",
    # threads
    "get_num_threads",
    "set_num_threads",
]

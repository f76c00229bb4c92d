"""Optimizer updates in place: one kernel call a parameter, with the arithmetic and order of PyTorch.

Every kernel takes the arrays first: flat, contiguous, of one floating dtype and length. `step` is a 0-d float array
that counts the updates made so far, and the kernel itself increments it, so that parameter, moments and count change
in one call that nothing interrupts. Hyper-parameters are positional floats and bools (an int would be a type of its
own, and compile again), so that one C loop can drive all parameters:

    for arrays in zip(parameters, gradients, exp_avgs, exp_avg_sqs, steps):
        operand_call(adam_update, (*arrays, lr, ...))
    deque(map(run(adam_update), parameters, gradients, exp_avgs, exp_avg_sqs, steps, repeat(lr), ...), maxlen=0)

Kernels check nothing: a wrong length would read outside the array. `check_update` is for the caller to run first.

Hyper-parameters are rounded to the parameter's dtype before they meet an array, as PyTorch does, which also keeps
float32 loops in float32; bias corrections are computed in float64.
"""

from collections.abc import Sequence

import numpy as np
from numba.extending import register_jitable

from minigrad_kernels.arrays import flat
from minigrad_kernels.entries import Entries
from minigrad_kernels.jit import kernel
from minigrad_kernels.new_arrays import fills


def check_update(
    name: str, parameter: np.ndarray, gradient: np.ndarray, state: Sequence[np.ndarray], step: np.ndarray | None = None
) -> None:
    """Raise unless the arrays of one parameter fit the kernels of this file.

    Args:
        name: Who asks, for the message: "Adam", or "Adam: parameter 3".
        parameter: Shape (n,), float32 or float64, contiguous, writeable.
        gradient: Shape (n,), the same dtype, contiguous.
        state: Buffers and moments: each like the parameter.
        step: Shape (), floating, writeable; None for a kernel that counts no steps.

    Raises:
        TypeError: A dtype does not fit.
        ValueError: A shape or layout does not fit, or an array to write to is read-only.
    """
    if parameter.dtype not in (np.float32, np.float64):
        raise TypeError(f"{name}: needed a parameter of dtype float32 or float64, came {parameter.dtype}")
    roles = ["parameter", "gradient"]
    for number in range(len(state)):
        roles.append(f"state[{number}]")
    for role, array in zip(roles, [parameter, gradient, *state]):
        if array.dtype != parameter.dtype:
            raise TypeError(
                f"{name}: needed {role} of the parameter's dtype {parameter.dtype}, came {array.dtype}; "
                f"convert it with .astype({str(parameter.dtype)!r})"
            )
        if array.ndim != 1 or array.shape != parameter.shape or not array.flags.c_contiguous:
            raise ValueError(
                f"{name}: needed {role} flat, contiguous and of the parameter's shape {parameter.shape}, came shape "
                f"{array.shape}, strides {array.strides}; pass array.reshape(-1)"
            )
        if role != "gradient" and not array.flags.writeable:
            raise ValueError(f"{name}: needed {role} to write to, came a read-only array; pass a copy")
    if step is not None and (step.shape != () or step.dtype.kind != "f" or not step.flags.writeable):
        raise ValueError(
            f"{name}: needed step as a writeable 0-d float array, came shape {step.shape}, dtype {step.dtype}, "
            f"writeable={step.flags.writeable}; pass np.zeros(())"
        )


@kernel
def gradient_fits(gradient: np.ndarray, parameter: np.ndarray) -> bool:
    """Whether an update can read the gradient and write the parameter, as operands: alike, contiguous, and apart."""
    return fills(parameter, gradient)


#: `gradient_fits` for a dtype: what `check_update` finds out of the two, in 60 ns.
GRADIENT_FITS = Entries(gradient_fits, np.ndarray, np.ndarray)


@register_jitable
def descent_gradient(value: float, slope: float, weight_decay: float, maximize: bool) -> float:
    """One element's gradient of what is minimised: negated to maximise, plus that of weight_decay/2·value²."""
    if maximize:
        slope = -slope
    # 0·inf is NaN: without decay the parameter must not be read.
    if weight_decay != 0:
        slope = slope + weight_decay * value
    return slope


@kernel
def sgd_update(parameter: np.ndarray, gradient: np.ndarray, lr: float, weight_decay: float, maximize: bool) -> None:
    """Gradient descent without momentum: parameter -= lr·gradient.

    Args:
        parameter: Shape (n,), written.
        gradient: Shape (n,).
        lr: Learning rate.
        weight_decay: L2 penalty, added to the gradient.
        maximize: Ascend instead.

    Source: PyTorch, torch.optim.SGD.
    """
    values, slopes = flat(parameter), flat(gradient)
    as_dtype = values.dtype.type
    rate = as_dtype(lr)
    decay = as_dtype(weight_decay)
    for i in range(values.size):
        values[i] -= rate * descent_gradient(values[i], slopes[i], decay, maximize)


@kernel
def sgd_momentum_update(
    parameter: np.ndarray,
    gradient: np.ndarray,
    buffer: np.ndarray,
    step: np.ndarray,
    lr: float,
    momentum: float,
    dampening: float,
    weight_decay: float,
    nesterov: bool,
    maximize: bool,
) -> None:
    """Gradient descent with momentum: buffer = momentum·buffer + (1 − dampening)·gradient; parameter -= lr·buffer.

    At the first step (`step` is 0) the buffer becomes the gradient, undampened, whatever it held.

    Args:
        parameter: Shape (n,), written.
        gradient: Shape (n,).
        buffer: Shape (n,), the momentum buffer, written.
        step: Shape (), updates made so far, incremented.
        lr: Learning rate.
        momentum: Factor of the old buffer.
        dampening: What the gradient's weight in the buffer lacks to 1.
        weight_decay: L2 penalty, added to the gradient.
        nesterov: Step along gradient + momentum·buffer instead of the buffer.
        maximize: Ascend instead.

    Source: Sutskever et al. 2013, On the importance of initialization and momentum; PyTorch, torch.optim.SGD.
    """
    values, slopes, velocities, count = flat(parameter), flat(gradient), flat(buffer), flat(step)
    as_dtype = values.dtype.type
    rate = as_dtype(lr)
    decay = as_dtype(weight_decay)
    kept = as_dtype(momentum)
    added = as_dtype(1.0 - dampening)
    first = count[0] == 0
    for i in range(values.size):
        slope = descent_gradient(values[i], slopes[i], decay, maximize)
        velocity = slope if first else kept * velocities[i] + added * slope
        velocities[i] = velocity
        if nesterov:
            velocity = slope + kept * velocity
        values[i] -= rate * velocity
    count[0] += 1


@register_jitable
def adam_scales(steps: float, lr: float, beta1: float, beta2: float) -> tuple[float, float]:
    """The step size lr/(1 − beta1^step), and √(1 − beta2^step), by which √exp_avg_sq is divided."""
    return lr / (1.0 - beta1**steps), np.sqrt(1.0 - beta2**steps)


@kernel
def adam_update(
    parameter: np.ndarray,
    gradient: np.ndarray,
    exp_avg: np.ndarray,
    exp_avg_sq: np.ndarray,
    step: np.ndarray,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
    weight_decay: float,
    decoupled: bool,
    maximize: bool,
) -> None:
    """Adam, and AdamW when `decoupled`.

    Args:
        parameter: Shape (n,), written.
        gradient: Shape (n,).
        exp_avg: Shape (n,), first moment, written.
        exp_avg_sq: Shape (n,), second moment, written.
        step: Shape (), updates made so far, incremented first: Adam counts from 1.
        lr: Learning rate.
        beta1: Decay of the first moment.
        beta2: Decay of the second moment.
        eps: Added to the denominator, after the bias correction.
        weight_decay: L2 penalty, added to the gradient; if decoupled, the parameter is scaled by 1 − lr·weight_decay.
        decoupled: Decay as AdamW does.
        maximize: Ascend instead.

    Source: Kingma and Ba 2015, algorithm 1; Loshchilov and Hutter 2019, algorithm 2; PyTorch, torch.optim.Adam.
    """
    values, slopes, count = flat(parameter), flat(gradient), flat(step)
    means, squares = flat(exp_avg), flat(exp_avg_sq)
    as_dtype = values.dtype.type
    count[0] += 1
    step_size, correction = adam_scales(float(count[0]), lr, beta1, beta2)
    rate = as_dtype(step_size)
    root_correction = as_dtype(correction)
    shrink = as_dtype(1.0 - lr * weight_decay) if decoupled else as_dtype(1.0)
    decay = as_dtype(0.0) if decoupled else as_dtype(weight_decay)
    weight1 = as_dtype(1.0 - beta1)
    weight2 = as_dtype(1.0 - beta2)
    kept2 = as_dtype(beta2)
    epsilon = as_dtype(eps)
    for i in range(values.size):
        value = shrink * values[i]
        slope = descent_gradient(value, slopes[i], decay, maximize)
        means[i] += weight1 * (slope - means[i])
        squares[i] = kept2 * squares[i] + weight2 * slope * slope
        denominator = np.sqrt(squares[i]) / root_correction + epsilon
        values[i] = value - rate * (means[i] / denominator)


@kernel
def amsgrad_update(
    parameter: np.ndarray,
    gradient: np.ndarray,
    exp_avg: np.ndarray,
    exp_avg_sq: np.ndarray,
    max_exp_avg_sq: np.ndarray,
    step: np.ndarray,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
    weight_decay: float,
    decoupled: bool,
    maximize: bool,
) -> None:
    """`adam_update` whose denominator never shrinks: it uses the largest second moment so far.

    Args:
        parameter: Shape (n,), written.
        gradient: Shape (n,).
        exp_avg: Shape (n,), first moment, written.
        exp_avg_sq: Shape (n,), second moment, written.
        max_exp_avg_sq: Shape (n,), the largest second moment so far, written.
        step: Shape (), updates made so far, incremented first.
        lr: Learning rate.
        beta1: Decay of the first moment.
        beta2: Decay of the second moment.
        eps: Added to the denominator, after the bias correction.
        weight_decay: As in `adam_update`.
        decoupled: Decay as AdamW does.
        maximize: Ascend instead.

    Source: Reddi et al. 2018, On the convergence of Adam and beyond; PyTorch, torch.optim.Adam(amsgrad=True).
    """
    values, slopes, count = flat(parameter), flat(gradient), flat(step)
    means, squares, maxima = flat(exp_avg), flat(exp_avg_sq), flat(max_exp_avg_sq)
    as_dtype = values.dtype.type
    count[0] += 1
    step_size, correction = adam_scales(float(count[0]), lr, beta1, beta2)
    rate = as_dtype(step_size)
    root_correction = as_dtype(correction)
    shrink = as_dtype(1.0 - lr * weight_decay) if decoupled else as_dtype(1.0)
    decay = as_dtype(0.0) if decoupled else as_dtype(weight_decay)
    weight1 = as_dtype(1.0 - beta1)
    weight2 = as_dtype(1.0 - beta2)
    kept2 = as_dtype(beta2)
    epsilon = as_dtype(eps)
    for i in range(values.size):
        value = shrink * values[i]
        slope = descent_gradient(value, slopes[i], decay, maximize)
        means[i] += weight1 * (slope - means[i])
        squares[i] = kept2 * squares[i] + weight2 * slope * slope
        # Selects the new value when it is NaN, as torch.maximum does.
        largest = maxima[i] if maxima[i] >= squares[i] else squares[i]
        maxima[i] = largest
        denominator = np.sqrt(largest) / root_correction + epsilon
        values[i] = value - rate * (means[i] / denominator)

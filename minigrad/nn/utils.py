"""Gradients kept small, and all parameters as one vector."""

from __future__ import annotations

import math
import types
import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np

from minigrad.errors import describe, message, number_remedy
from minigrad.modes import no_grad
from minigrad.ops import cat, clamp, norm, reshape, stack
from minigrad.tensors import Tensor
from minigrad.writes import refuse_write

Parameters = Tensor | Iterable[Tensor]


def clip_grad_norm_(
    parameters: Parameters, max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False
) -> Tensor:
    """Scale all gradients in place by one factor, so that the norm of all of them together is at most ``max_norm``.

    Args:
        parameters: tensors, or one; those without a gradient are left out.
        max_norm: the largest norm that stays as it is; ``inf`` only measures.
        norm_type: the order of the norm, above 0; ``inf`` for the largest absolute value.
        error_if_nonfinite: raise if the norm is NaN or infinite, instead of scaling by it.

    Returns:
        The norm before the scaling, shape ``()``; the factor is ``min(1, max_norm / (norm + 1e-6))``.

    Raises:
        TypeError: if a parameter is no Tensor, or a setting is no number.
        ValueError: if ``max_norm`` is negative or NaN, or ``norm_type`` is not above 0.
        RuntimeError: if a gradient cannot be written to, or the norm is asked to be finite and is not. The gradients
            are unchanged then.

    Examples:
        >>> import minigrad as mg
        >>> w = mg.zeros(2, requires_grad=True)
        >>> w.grad = mg.tensor([3.0, 4.0])
        >>> clip_grad_norm_([w], max_norm=1.0)
        Tensor(() float32 | 5)
        >>> print(f"{w.grad.norm():.4f}")
        1.0000

    Source: Pascanu, Mikolov and Bengio 2013, On the difficulty of training recurrent neural networks, algorithm 1.
    """
    max_norm = positive("clip_grad_norm_", "max_norm", max_norm, zero_too=True)
    norm_type = positive("clip_grad_norm_", "norm_type", norm_type)
    gradients = writeable_gradients("clip_grad_norm_", parameters)
    if len(gradients) == 0:
        return Tensor(0.0)
    with no_grad():
        norms = []
        for gradient in gradients:
            norms.append(norm(gradient, norm_type))
        total = norm(stack(norms), norm_type)
        if error_if_nonfinite and not np.isfinite(total.data):
            problem = f"the norm of the gradients is {total.item()}, and error_if_nonfinite asks for a finite one."
            remedy = "Look for the parameter whose grad is not finite, or pass error_if_nonfinite=False."
            raise RuntimeError(message("clip_grad_norm_", problem, remedy))
        factor = clamp(max_norm / (total + 1e-6), max=1.0)
        for gradient in gradients:
            gradient.mul_(factor)
    return total


def clip_grad_value_(parameters: Parameters, clip_value: float) -> None:
    """Limit each element of the gradients, in place, to ``[-clip_value, clip_value]``.

    Args:
        parameters: tensors, or one; those without a gradient are left out.
        clip_value: the largest absolute value.

    Raises:
        TypeError: if a parameter is no Tensor, or ``clip_value`` is no number.
        ValueError: if ``clip_value`` is negative or NaN.
        RuntimeError: if a gradient cannot be written to. The gradients are unchanged then.

    Examples:
        >>> import minigrad as mg
        >>> w = mg.zeros(2, requires_grad=True)
        >>> w.grad = mg.tensor([3.0, -0.5])
        >>> clip_grad_value_([w], 1.0)
        >>> w.grad.tolist()
        [1.0, -0.5]
    """
    clip_value = positive("clip_grad_value_", "clip_value", clip_value, zero_too=True)
    gradients = writeable_gradients("clip_grad_value_", parameters)
    with no_grad():
        for gradient in gradients:
            gradient.clamp_(-clip_value, clip_value)


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """Return all parameters one after the other as one vector, a part of the graph.

    Args:
        parameters: tensors of any shapes.

    Returns:
        Shape ``(n,)``, where n is the number of their elements.

    Raises:
        TypeError: if one is no Tensor.
        ValueError: if there is none.

    Examples:
        >>> import minigrad as mg
        >>> parameters_to_vector([mg.ones(2, 2), mg.zeros(1)]).tolist()
        [1.0, 1.0, 1.0, 1.0, 0.0]
    """
    flat = []
    for parameter in checked("parameters_to_vector", parameters):
        flat.append(reshape(parameter, (-1,)))
    if len(flat) == 0:
        raise ValueError(message("parameters_to_vector", "there is no parameter.", "Pass model.parameters()."))
    return cat(flat)


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Write one vector over all parameters, in place, outside of the graph.

    Args:
        vec: shape ``(n,)``; copied.
        parameters: tensors of n elements together.

    Raises:
        TypeError: if one is no Tensor.
        ValueError: if the number of elements differs. The parameters are unchanged then.
        RuntimeError: if a parameter cannot be written to. The parameters are unchanged then.

    Examples:
        >>> import minigrad as mg
        >>> w, b = mg.zeros(2, 2), mg.zeros(1)
        >>> vector_to_parameters(mg.arange(5.0), [w, b])
        >>> w.tolist(), b.tolist()
        ([[0.0, 1.0], [2.0, 3.0]], [4.0])
    """
    who = "vector_to_parameters"
    if not isinstance(vec, Tensor):
        raise TypeError(
            message(
                who,
                f"the vector must be a Tensor, got {describe(vec)}.",
                "The vector comes first: vector_to_parameters(vec, model.parameters()).",
            )
        )
    tensors = checked(who, parameters)
    total = 0
    for tensor in tensors:
        total += tensor.numel()
    if vec.shape != (total,):
        raise ValueError(
            message(
                who,
                f"the parameters have {total} elements, and the vector is {describe(vec)}.",
                "parameters_to_vector(parameters) makes one that fits; flatten a matrix first: vec.flatten().",
            )
        )
    with no_grad():
        for tensor in tensors:
            refuse_write(who, tensor)
        start = 0
        for tensor in tensors:
            tensor.copy_(reshape(vec[start : start + tensor.numel()], tensor.shape))
            start += tensor.numel()


def checked(who: str, parameters: Parameters) -> list[Tensor]:
    """Return the parameters as a list.

    Raises:
        TypeError: if they are no tensors.
    """
    remedy = "Pass model.parameters()."
    if isinstance(parameters, Tensor):
        return [parameters]
    if not isinstance(parameters, Iterable) or isinstance(parameters, (str, dict, np.ndarray)):
        raise TypeError(message(who, f"tensors are needed, got {describe(parameters)}.", remedy))
    tensors = list(parameters)
    for index, tensor in enumerate(tensors):
        if not isinstance(tensor, Tensor):
            raise TypeError(message(who, f"parameter {index} must be a Tensor, got {describe(tensor)}.", remedy))
    return tensors


def writeable_gradients(who: str, parameters: Parameters) -> list[Tensor]:
    """Return the gradients that are there, each once.

    Raises:
        TypeError: if a parameter is no Tensor.
        RuntimeError: if a gradient cannot be written to.
    """
    tensors = checked(who, parameters)
    if len(tensors) == 0 and isinstance(parameters, types.GeneratorType):
        problem = "the generator of parameters is empty, so nothing is clipped."
        remedy = "Pass model.parameters() itself: a generator that was looped over once is exhausted."
        warnings.warn(message(who, problem, remedy), UserWarning, stacklevel=3)
    gradients = []
    seen = set()
    for tensor in tensors:
        gradient = tensor.grad
        # A gradient that came twice would be scaled twice.
        if gradient is not None and id(gradient) not in seen:
            seen.add(id(gradient))
            gradients.append(gradient)
    with no_grad():
        for gradient in gradients:
            refuse_write(who, gradient)
    return gradients


def positive(who: str, name: str, value: Any, zero_too: bool = False) -> float:
    """Return a setting as a float above 0, or from 0 on; infinity is allowed.

    Raises:
        TypeError: if it is no number.
        ValueError: if it is negative, or NaN.
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(message(who, f"{name} must be a number, got {describe(value)}.", number_remedy(value)))
    if math.isnan(value) or value < 0 or (value == 0 and not zero_too):
        wanted = "at least 0" if zero_too else "above 0"
        raise ValueError(message(who, f"{name} must be {wanted}, got {value!r}."))
    return float(value)

"""All first or second derivatives of a function at once: ``jacobian`` and ``hessian``."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, update_wrapper
from typing import Any

import numpy as np

from minigrad.func.arguments import Argnums, Variables, checked_function, split_aux, tensor_outputs
from minigrad.func.derivatives import settled_tree
from minigrad.func.trees import unflatten
from minigrad.func.variables import finish, pulled_back, recorded_call
from minigrad.graph import wrap
from minigrad.ops.joining import stack
from minigrad.ops.operands import Tensor
from minigrad.ops.shapes import reshape


def jacobian(func: Callable[..., Any], argnums: Argnums = 0, *, has_aux: bool = False) -> Callable[..., Any]:
    """Return a function that computes the Jacobian of ``func``, by one reverse pass for each number it returns.

    Args:
        func: takes tensors and returns a tensor, or tensors nested in tuples, lists and dicts.
        argnums: the argument to differentiate by, or a tuple of them.
        has_aux: whether ``func`` returns ``(output, aux)``.

    Returns:
        A function of the same arguments. For an output of shape (m, ...) and an argument of shape (n, ...) it returns
        (m, ..., n, ...); otherwise the structure of the output, with the structure of the arguments in the place of
        each tensor. With ``has_aux`` it returns ``(jacobian, aux)``.

    Raises:
        TypeError: at the call, if an argument or an output is no floating tensor.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad.func import jacobian
        >>> jacobian(lambda x: x * x.sum())(mg.tensor([1.0, 2.0])).tolist()
        [[4.0, 1.0], [2.0, 5.0]]
    """
    checked_function("jacobian", func)
    return update_wrapper(partial(jacobian_at, func, argnums, has_aux), func)


def jacobian_at(func: Callable[..., Any], argnums: Argnums, has_aux: bool, /, *args: Any, **kwargs: Any) -> Any:
    """Return the Jacobian of ``func`` at ``args``: what ``jacobian(func)`` runs."""
    variables = Variables("jacobian", argnums, args)
    output, aux = split_aux("jacobian", recorded_call(func, variables.args, kwargs), has_aux)
    outputs, structure = tensor_outputs("jacobian", output)
    aux = settled_tree(aux, variables.leaves)
    blocks = []
    for each in outputs:
        blocks.append(variables.nested(rows_of_output(each, variables.leaves)))
    finish(variables.leaves)
    found = unflatten(structure, blocks)
    return (found, aux) if has_aux else found


def rows_of_output(output: Tensor, own: list[Tensor]) -> list[Tensor]:
    """Return for each variable the derivatives of one output, of shape ``output.shape + variable.shape``."""
    size = output.numel()
    rows: list[list[Tensor]] = []
    for number in range(size):
        # One number of the output at a time: the row of the identity matrix that selects it.
        selection = np.zeros(size, output.dtype)
        selection[number] = 1
        rows.append(pulled_back([output], [wrap(selection.reshape(output.shape))], own, own, True))
    found = []
    for index, variable in enumerate(own):
        shape = output.shape + variable.shape
        if size == 0:
            found.append(wrap(np.zeros(shape, variable.dtype)))
        elif size == 1:
            found.append(reshape(rows[0][index], shape))
        else:
            found.append(reshape(stack([row[index] for row in rows]), shape))
    return found


def hessian(func: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """Return a function that computes the Hessian of ``func``: the Jacobian of its Jacobian.

    Args:
        func: takes tensors and returns a tensor, usually 0-d.
        argnums: the argument to differentiate by, or a tuple of them: then the result is a tuple of tuples, one for
            each pair.

    Returns:
        A function of the same arguments. For a 0-d output and an argument of shape (n, ...) it returns
        (n, ..., n, ...).

    Raises:
        TypeError: at the call, if an argument or an output is no floating tensor.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad.func import hessian
        >>> hessian(lambda x: x.sum() ** 3)(mg.tensor([1.0, 1.0])).tolist()
        [[12.0, 12.0], [12.0, 12.0]]
    """
    checked_function("hessian", func)
    return jacobian(jacobian(func, argnums), argnums)


#: PyTorch's name: the Jacobian by reverse passes.
jacrev = jacobian

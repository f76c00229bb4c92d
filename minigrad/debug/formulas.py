"""A rule's formula with what it was given: names of the user's, real shapes, numbers of one element."""

import ast
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from minigrad.graph import ndarray

#: A name, transposed or not, that is neither an attribute nor called: ``grad_output``, ``x.T``.
NAME = re.compile(r"(?<![\w.'])([A-Za-z_]\w*)((?:\.T)?)(?![\w('])")
SUM = re.compile(r"sum\((\w+)\)")


def filled_in(formula: str, values: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Return the right-hand side of a formula with shapes behind the arrays, and numbers in the place of attributes.

    Args:
        formula: ``grad_y = x.T @ grad_output``.
        values: what the rule was given, by the names of its parameters.
        names: what the user calls some of them.

    Examples:
        >>> filled_in("grad_y = x.T @ grad_output", {"x": np.ones((5, 3)), "grad_output": np.ones((5, 4))}, {"x": "h"})
        'h.T (3, 5) @ grad_output (5, 4)'
        >>> filled_in("grad_x = grad_output * y", {"grad_output": np.ones(()), "y": 3.0}, {})
        'grad_output [1] * 3.0'
    """
    text = formula.partition(" = ")[2] or formula
    try:
        ast.parse(text, mode="eval")
        is_expression = True
    except SyntaxError:
        is_expression = False
    pieces = []
    end = 0
    for match in NAME.finditer(text):
        pieces += [text[end : match.start()], described(match[1], match[2], values, names, is_expression)]
        end = match.end()
    return "".join([*pieces, text[end:]])


def described(name: str, turned: str, values: Mapping[str, Any], names: Mapping[str, str], replace: bool) -> str:
    """Return what stands for one name of a formula; numbers are put in only where ``replace`` holds: not in prose."""
    value = values.get(name)
    shown = names.get(name, name) + turned
    if isinstance(value, (ndarray, np.generic)):
        if value.ndim == 0:
            return f"{shown} [{value.item():.4g}]"
        shape: tuple[int, ...] = value.shape
        if turned and len(shape) > 1:
            shape = (*shape[:-2], shape[-1], shape[-2])
        return f"{shown} {shape}"
    if replace and type(value) in (int, float):
        return str(value)
    return shown


def summed_axes(returned: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the axes over which a gradient of one shape is summed to another, that of a broadcast operand.

    Examples:
        >>> summed_axes((32, 4), (4,)), summed_axes((32, 4), (32, 1)), summed_axes((2, 3), (2, 3))
        ((0,), (1,), ())
    """
    ahead = len(returned) - len(shape)
    axes = list(range(ahead))
    for axis, length in enumerate(shape):
        if length == 1 and returned[ahead + axis] != 1:
            axes.append(ahead + axis)
    return tuple(axes)


def summed(text: str, axes: tuple[int, ...]) -> str:
    """Return a formula with its sum over some axes: ``grad_output (32, 4).sum(axis=0)``."""
    if not axes:
        return text
    inner = text if re.fullmatch(r"\w+ (\([\d, ]*\)|\[[^\]]*\])", text) else f"({text})"
    return f"{inner}.sum(axis={axes[0] if len(axes) == 1 else axes})"


def axes_in_words(axes: tuple[int, ...]) -> str:
    """Return ``axis 0`` or ``axes 0 and 2``."""
    if len(axes) == 1:
        return f"axis {axes[0]}"
    return "axes " + ", ".join([str(axis) for axis in axes[:-1]]) + f" and {axes[-1]}"

"""The one way in which minigrad words an error: who, what was needed, what came, where, and the remedy."""

import math
import sys
from types import FrameType
from typing import TYPE_CHECKING, Any

from minigrad.modes import STATE
from minigrad.positions import Position, outermost_own, resolve, user_position
from minigrad.variables import variable_of

if TYPE_CHECKING:
    from minigrad.autograd import Node


def message(who: str, problem: str, remedy: str = "") -> str:
    """Return the text of an error.

    Args:
        who: the operation or object that refuses, as the user would write it: ``matmul``, ``SGD``. If the user called
            another operation, which is made of this one, that is named first: ``cond, in linalg.svdvals``.
        problem: what was needed and what came, with shapes, dtypes and names.
        remedy: what to do about it, one sentence.

    Returns:
        Up to three lines: the problem, the user's source line (and the module that is running), and the remedy.
    """
    module = STATE.get().module
    position = user_position()
    lines = [f"{asked(who, position)}: {problem}"]
    if position is not None:
        running = f" in {module}" if module else ""
        expression = f": {position.expression}" if position.expression else ""
        lines.append(f"  at {position}{running}{expression}")
    if remedy:
        lines.append(f"  {remedy}")
    return "\n".join(lines)


def asked(who: str, position: Position | None) -> str:
    """Return who refuses, by the name that the user called: ``swapaxes`` for transpose, ``cond, in linalg.svdvals``."""
    frame = outermost_own(sys._getframe(1))
    called, written = frame.f_code.co_name, "" if position is None else position.called
    home, dot, name = who.rpartition(".")
    # An operator has no name but that of its operation.
    if not written or not is_function(frame) or not is_public(name):
        return who
    # An alias is the same function: only the source says by which name it was called.
    if getattr(getattr(sys.modules["minigrad.ops"], written, None), "__code__", None) is frame.f_code:
        if name == called:
            return home + dot + written
        called = written
    return who if name == called else f"{called}, in {who}"


def is_function(frame: FrameType) -> bool:
    """Return whether a frame is that of a function of ``minigrad.ops``."""
    function = frame.f_globals.get(frame.f_code.co_name)
    in_ops = str(frame.f_globals.get("__name__")).startswith("minigrad.ops.")
    return in_ops and getattr(function, "__code__", None) is frame.f_code


def is_public(name: str) -> bool:
    """Return whether there is an operation of a name."""
    homes = ("minigrad.ops", "minigrad.linalg", "minigrad.nn.functional")
    return any(hasattr(sys.modules.get(home), name) for home in homes)


def describe(value: Any) -> str:
    """Return a short description of an operand: shape, dtype and name of a tensor or array, else its type.

    The name is the tensor's own, else that of the user's variable that holds it.

    Examples:
        >>> import numpy as np
        >>> describe(np.zeros((2, 3)))
        '(2, 3) float64'
        >>> describe([1, 2])
        'list [1, 2]'
    """
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        name = getattr(value, "name", None) or variable_of(value)
        return f"{tuple(value.shape)} {value.dtype}" + (f" {name!r}" if name else "")
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) <= 40 else text[:37] + '...'}"


def number_remedy(value: Any, kind: type = float) -> str:
    """Return how to make the Python number that is needed of a value; nothing where there is no way.

    Examples:
        >>> number_remedy("0.1"), number_remedy(2.0, int), number_remedy([1])
        ('Convert it: float(...).', 'Convert it: int(...).', '')
    """
    if hasattr(value, "item") and hasattr(value, "shape"):
        convertible = math.prod(value.shape) == 1 and value.dtype.kind in "biuf"
        return f"Convert it: {kind.__name__}(x.item())." if convertible else ""
    try:
        convertible = isinstance(value, (str, int, float)) and kind(value) is not None
    except (ValueError, OverflowError):
        convertible = False
    return f"Convert it: {kind.__name__}(...)." if convertible else ""


def describe_node(node: "Node") -> str:
    """Return ``matmul (train.py:24: h @ W2)``: the operation of a node and the place that made it."""
    if node.code is None:
        return node.name
    position = resolve(node.code, node.lasti)
    expression = f": {position.expression}" if position.expression else ""
    return f"{node.name} ({position}{expression})"


def no_memory(who: str, error: MemoryError, *operands: Any) -> MemoryError:
    """Return NumPy's MemoryError in the words of this package, to be raised in its place.

    Args:
        who: the operation.
        error: what NumPy raised; it knows the shape that was too large.
        operands: what the operation was given; only those with a shape are told.
    """
    text = str(error) or "there is not enough memory"
    told = [describe(each) for each in operands if hasattr(each, "shape")]
    came = f"; the operands are {' and '.join(told)}" if told else ""
    remedy = "Work on parts of it. Of shapes like (N, 1) and (N,) the result is (N, N): squeeze(-1) one of them."
    return MemoryError(message(who, f"{text[0].lower()}{text[1:]}{came}.", remedy))


def describe_operands(node: "Node") -> str:
    """Return the names, shapes and dtypes of what a node was computed from, and the module that was running.

    The shape of an operand without a gradient is known where the rule has saved it.
    """
    # What reads names in the source is loaded only now that something has gone wrong.
    from minigrad.debug.names import operand_names
    from minigrad.debug.rules import input_names, saved_names

    saved = dict(zip(saved_names(node.vjp), node.saved or ()))
    told = []
    for parameter, edge, name in zip(input_names(node, len(node.edges)), node.edges, operand_names(node)):
        if edge is None:
            continue
        if type(edge) is tuple:
            shape, dtype = edge[0].shape[edge[1]], edge[0].dtype[edge[1]]
        else:
            known = saved.get(parameter) if type(edge) is list else edge
            shape, dtype = getattr(known, "shape", None), getattr(known, "dtype", None)
        size = "" if shape is None else f" {shape} {dtype}"
        told.append(f"{name or parameter}{size}")
    running = f", in {node.module}" if node.module else ""
    return f"of {' and '.join(told)}{running}"

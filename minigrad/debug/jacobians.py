"""The Jacobian of one operation, by its own rule."""

from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad.debug.names import operand_names
from minigrad.debug.nodes import destination, source_of
from minigrad.errors import describe_node, message
from minigrad.graph import Node
from minigrad.ops.broadcasting import sum_to_size
from minigrad.saved import roles_of, stamp_of
from minigrad.tensors import Tensor
from minigrad.writes import latest_write

if TYPE_CHECKING:
    from minigrad.debug.step import Step

#: A matrix of 64 x 64: what still is a picture on a screen, and takes 64 runs of a rule.
MOST_ENTRIES = 4096


def local_jacobian(step: "Step", i: int | str, output: int) -> np.ndarray:
    """Return d(output)/d(input i) of a step's operation; see ``Step.local_jacobian``."""
    node = step.recorded
    refuse_gone(step)
    index = input_index(step, i)
    out_shape, out_dtype = output_form(node, output)
    shape, dtype = destination(node.edges[index])
    entries = int(np.prod(out_shape)) * int(np.prod(shape))
    if entries > MOST_ENTRIES:
        raise ValueError(
            message(
                "local_jacobian",
                f"d(output {out_shape})/d({step.node.inputs[index]} {shape}) of {describe_node(node)} has {entries} "
                f"entries, more than {MOST_ENTRIES}.",
                "Step through a run on fewer samples, or use func.jacobian on a part of the function.",
            )
        )
    rows = np.zeros((int(np.prod(out_shape)), *shape), dtype)
    for place in range(len(rows)):
        unit = np.zeros(out_shape, out_dtype)
        unit.reshape(-1)[place] = 1
        given: Any = unit
        if node.several:
            given = tuple([unit if each == output else None for each in range(len(node.shape))])
        grads = node.vjp(given, *step._saved or ())
        grads = tuple(grads) if type(grads) in (tuple, list) else (grads,)
        grad = grads[index] if index < len(grads) else None
        if grad is not None:
            rows[place] = grad if np.shape(grad) == shape else sum_to_size(np.asarray(grad), shape)
    return rows.reshape(out_shape + shape)


def output_form(node: Node, output: int) -> tuple[tuple[int, ...], Any]:
    """Return the shape and dtype of one output of a node.

    Raises:
        ValueError: if there is no such output, or it has no gradient.
    """
    if not node.several and output == 0:
        return node.shape, node.dtype
    dtype = node.dtype[output] if node.several and 0 <= output < len(node.shape) else None
    if dtype is not None and dtype.kind == "f":
        return node.shape[output], dtype
    count = len(node.shape) if node.several else 1
    raise ValueError(
        message(
            "local_jacobian",
            f"output {output} of {describe_node(node)} is none of its {count} outputs, or has no derivative.",
            "Number an output of floats, counted from 0.",
        )
    )


def input_index(step: "Step", i: int | str) -> int:
    """Return the number of an input that a gradient goes to.

    Raises:
        ValueError: if there is no such input, or it needs no gradient.
    """
    names = step.node.inputs
    written = operand_names(step.recorded)[: len(names)]
    able = [name for name, edge in zip(names, step.recorded.edges) if source_of(edge) is not None]
    index = i
    # The operation's own names first: the user's x may stand where the operation has its y.
    for known in (names, written):
        if isinstance(i, str) and i in known:
            index = known.index(i)
            break
    if not isinstance(index, int) or not 0 <= index < len(names) or names[index] not in able:
        listed = []
        for name, own in zip(names, written):
            if name in able:
                listed.append(name if own is None or own == name else f"{name} ({own})")
        raise ValueError(
            message(
                "local_jacobian",
                f"{i!r} is no input of {describe_node(step.recorded)} that a gradient goes to.",
                f"Those are {', '.join(listed)}; by number, they are counted from 0.",
            )
        )
    return index


def refuse_gone(step: "Step") -> None:
    """Raise a RuntimeError if what a step's rule reads is no longer what it was in the forward pass."""
    node = step.recorded
    require_kept("local_jacobian", step)
    names = node.vjp.__code__.co_varnames[1:]
    for name, value, role in zip(names, step._saved or (), roles_of(node.op, node.vjp)):
        if role is not None and latest_write[0] > node.number and is_stale(node, value, role):
            raise RuntimeError(
                message(
                    "local_jacobian",
                    f"the rule of {describe_node(node)} reads {name}, which has been changed in place since the "
                    "forward pass.",
                    "Ask before the change, such as the optimizer's step, or run the forward under debug.recording().",
                )
            )


def require_kept(who: str, step: "Step") -> None:
    """Raise a RuntimeError if of a step in a history nothing but statistics is left."""
    if not step.kept:
        raise RuntimeError(
            message(
                who,
                f"the arrays of {step!r} are past the memory that the stepping's history may take.",
                "Give the history more, Stepper(loss, memory=bytes), or ask when the step is taken.",
            )
        )


def is_stale(node: Node, value: Any, role: int) -> bool:
    """Return whether the memory of a saved value has been written to since: that of the output, or of an input."""
    if role < 0:
        edges: list[Any] = [(node, index) for index in range(len(node.shape))] if node.several else [node]
    else:
        edges = node.edges[role : role + (len(value) if type(value) is tuple else 1)]
    values = value if type(value) is tuple else (value,)
    for edge, each in zip(edges, values):
        stamp = stamp_of(edge)
        written = isinstance(each, np.ndarray) and stamp is not None and stamp[0] > node.number
        # A recording has put a copy in the place of a leaf.
        if written and not (isinstance(edge, Tensor) and not np.may_share_memory(each, edge._data)):
            return True
    return False

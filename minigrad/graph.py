"""What an operation leaves behind: ``Node``, and ``record``, the one place that makes it."""

from collections.abc import Callable, Sequence
from sys import _getframe
from types import CodeType
from typing import Any

import numpy as np

from minigrad import hooks as hooking
from minigrad import tensors
from minigrad.errors import message
from minigrad.modes import State, current_state
from minigrad.positions import OWN_FILES, resolve, user_frame
from minigrad.writes import clock, refuse_outdated_view, shares_memory, stamp_write

ndarray = np.ndarray
new_tensor = object.__new__
SEQUENCES = (tuple, list)


class Node:
    """One recorded operation.

    Attributes:
        op: the operation, a plain function; its parameter names are the roles of saved values.
        vjp: its rule, called as ``vjp(grad_output, *saved)``; returns one gradient for each input, or None.
        saved: plain arrays and attributes in the order of the rule's parameters; None once released.
        edges: one entry an input: the Node that made it, ``(node, k)`` for output k of a node with several, the leaf
            tensor that requires grad, the stamp of a tensor that does not, or None for what is no tensor.
        parents: those edges that are of nodes.
        number: its place in the order of creation.
        stamp: ``[latest write, latest recorded write, position of the latest write]`` of the output's memory; a tuple
            of them where there are several outputs.
        shape, dtype: of the output; tuples of them where there are several.
        code, lasti: the position in the user's code.
        module: the dotted path of the module that was running, or None.
        inputs: the operation's arguments, kept under ``debug.recording()`` only.
        hooks: a ``Hooks``, or None.
    """

    __slots__ = (
        "__weakref__",
        "code",
        "dtype",
        "edges",
        "hooks",
        "inputs",
        "lasti",
        "module",
        "number",
        "op",
        "parents",
        "saved",
        "shape",
        "stamp",
        "vjp",
    )

    op: Callable[..., Any]
    vjp: Callable[..., Any]
    saved: tuple[Any, ...] | None
    edges: list[Any]
    parents: list[Any]
    number: int
    stamp: Any
    shape: Any
    dtype: Any
    code: CodeType | None
    lasti: int
    module: str | None
    inputs: tuple[Any, ...] | None
    hooks: "hooking.Hooks | None"

    @property
    def name(self) -> str:
        """The operation's name."""
        return self.op.__name__

    @property
    def several(self) -> bool:
        """Whether the operation has several outputs."""
        return type(self.stamp) is tuple

    @property
    def next_functions(self) -> tuple[Any, ...]:
        """The nodes and leaves that this one hands gradients to, None for other inputs."""
        found = []
        for edge in self.edges:
            found.append(None if type(edge) is list else edge)
        return tuple(found)

    def register_hook(self, hook: Callable[..., Any]) -> "hooking.HookHandle":
        """Call ``hook(grad_inputs, grad_outputs)`` after this node's rule; it may return other ``grad_inputs``.

        Returns:
            A handle whose ``remove()`` takes the hook away.
        """
        return hooking.hooks_of(self).add("after", hook)

    def register_prehook(self, hook: Callable[..., Any]) -> "hooking.HookHandle":
        """Call ``hook(grad_outputs)`` before this node's rule; it may return other ``grad_outputs``.

        Returns:
            A handle whose ``remove()`` takes the hook away.
        """
        return hooking.hooks_of(self).add("before", hook)

    def __repr__(self) -> str:
        """Return the operation, its shape and its place."""
        where = "" if self.code is None else f" at {resolve(self.code, self.lasti)}"
        return f"<Node {self.name} {self.shape}{where}>"


def record(
    op: Callable[..., Any],
    vjp: Callable[..., Any] | None,
    output: Any,
    inputs: tuple[Any, ...],
    saved: tuple[Any, ...] = (),
    base: Any = None,
    writes: Any = None,
) -> Any:
    """Wrap what ``op`` computed and, where a gradient may be asked for, note how to compute it.

    Args:
        op: the operation that calls. Its name is shown in errors and drawings.
        vjp: its rule, ``vjp(grad_output, *saved)``, or None where there is no derivative.
        output: an array, a NumPy scalar, or a tuple of arrays, with None for one that was not wanted.
        inputs: the operation's arguments in the order of its parameters. The rule returns its gradients in this order
            and may leave out the rest. A tuple or list of tensors counts as its elements, and comes last among the
            tensors.
        saved: what the rule needs: arrays, never Tensors, and attributes. A rule's parameter that bears the name of a
            parameter of ``op`` is that input, ``output`` (``outputs``) is the output, any other is a constant.
        base: the operand whose memory ``output`` may share, given by operations that return views or their operand's
            own array: without it a change of one is not seen to be a change of the other.
        writes: the tensor whose memory the operation has changed; ``output`` is its array, and it is what is returned.
            A tuple of tensors for an operation that changes several and has no rule.

    Returns:
        A Tensor, or a tuple of them; ``output`` as it is when no input is a Tensor.

    Raises:
        RuntimeError: if an input is a view that was taken before its base was changed in place, or if ``op`` has no
            derivative where one would be needed.
    """
    edges: list[Any] = []
    parents: list[Any] = []
    traced = differentiable = False
    for operand in inputs:
        if isinstance(operand, tensors.Tensor):
            edge = operand._edge
            if type(edge) is list:
                traced = True
            else:
                differentiable = True
                if edge is None:
                    edge = operand
                else:
                    parents.append(edge)
            if operand._viewed is not None:
                refuse_outdated_view(op.__name__, operand)
            edges.append(edge)
        elif type(operand) in SEQUENCES:
            found = edges_of_sequence(op, operand, edges, parents)
            traced = traced or found[0]
            differentiable = differentiable or found[1]
        else:
            edges.append(None)
    if not traced and not differentiable:
        return output
    state = current_state()
    node = None
    if differentiable and state.grad_enabled and (writes is None or can_hold_gradient(output)):
        if vjp is None:
            refuse_missing_rule(op, output)
        else:
            node = Node()
            node.op = op
            node.vjp = vjp
            node.saved = saved
            node.edges = edges
            node.parents = parents
            node.number = next(clock)
            node.inputs = inputs if state.keep_inputs else None
            node.hooks = None
            node.module = state.module
            if state.in_layer:
                node.code = state.code
                node.lasti = state.lasti
            else:
                take_position(node, _getframe(2), state)  # of the operation's caller: the user, or minigrad
    result = rewrite(writes, node) if writes is not None else wrap(output, node, base)
    if state.tape is not None:
        state.tape.append((op, inputs, result, writes))
    return result


def can_hold_gradient(output: Any) -> bool:
    """Return whether what was written to is one array of floats: integers have no gradient, whatever is written."""
    return type(output) is ndarray and output.dtype.kind == "f"


def take_position(node: Node, frame: Any, state: State) -> None:
    """Note where the user called: in the frame of the operation's caller or, where that is minigrad's, further out.

    A layer of this package has noted in the state where it was called from.
    """
    if OWN_FILES[frame.f_code.co_filename]:
        if state.code is not None:
            node.code = state.code
            node.lasti = state.lasti
            return
        frame = user_frame(frame)
        if frame is None:
            node.code = None
            node.lasti = 0
            return
    node.code = frame.f_code
    node.lasti = frame.f_lasti


def wrap(output: Any, node: Node | None = None, base: Any = None) -> Any:
    """Return the Tensor of an output, joined to its node and to the stamp of the memory it lies in; or several."""
    if type(output) is not ndarray:
        if type(output) is tuple:
            return wrap_several(output, node, base)
        output = np.asarray(output)
    result = new_tensor(tensors.Tensor)
    result._data = output
    result._grad = None
    result._hooks = None
    result._viewed = None
    result.name = None
    if base is not None and isinstance(base, tensors.Tensor) and shares_memory(output, base):
        stamp = base._stamp
        result._viewed = next(clock)
    else:
        stamp = [0, 0, None]
    result._stamp = stamp
    if node is None:
        result._edge = stamp
    else:
        result._edge = node
        node.stamp = stamp
        node.shape = output.shape
        node.dtype = output.dtype
    return result


def wrap_several(outputs: tuple[Any, ...], node: Node | None, base: Any) -> tuple[Any, ...]:
    """Return the Tensors of several outputs, None for one that was not wanted; integer ones carry no gradient."""
    results: list[Any] = []
    stamps: list[Any] = []
    shapes: list[Any] = []
    kinds: list[Any] = []
    for index, output in enumerate(outputs):
        result = None if output is None else wrap(output, None, base)
        if result is not None and node is not None and result._data.dtype.kind == "f":
            result._edge = (node, index)
        results.append(result)
        stamps.append([0, 0, None] if result is None else result._stamp)
        shapes.append(None if result is None else result._data.shape)
        kinds.append(None if result is None else result._data.dtype)
    if node is not None:
        node.stamp, node.shape, node.dtype = tuple(stamps), tuple(shapes), tuple(kinds)
    return tuple(results)


def rewrite(tensor: Any, node: Node | None) -> Any:
    """Give a tensor whose memory an operation has just changed its new node, and stamp the memory."""
    if type(tensor) is tuple:
        for each in tensor:
            rewrite(each, None)
        return tensor
    # Called by record, that by the operation, and that by the user.
    frame = user_frame(_getframe(3))
    stamp = tensor._stamp
    stamp_write(stamp, None if frame is None else (frame.f_code, frame.f_lasti))
    if node is not None:
        move_retention(tensor, node)
        # The write is stamped before its node takes its number, so that what the node itself saved is not stale.
        node.number = next(clock)
        stamp[1] = stamp[0]
        tensor._edge = node
        node.stamp = stamp
        node.shape = tensor._data.shape
        node.dtype = tensor._data.dtype
    return tensor


def move_retention(tensor: Any, node: Node) -> None:
    """Let a tensor that retains its gradient retain the one of its new value."""
    old, index = tensor._edge if type(tensor._edge) is tuple else (tensor._edge, 0)
    if type(old) is Node and old.hooks is not None and index in old.hooks.retained:
        hooking.hooks_of(node).retained[0] = old.hooks.retained.pop(index)


def edges_of_sequence(
    op: Callable[..., Any], operands: Sequence[Any], edges: list[Any], parents: list[Any]
) -> tuple[bool, bool]:
    """Add the edges of an input that may be a sequence of tensors to ``edges``, and those of nodes to ``parents``.

    Returns:
        Whether one is a tensor, and whether one requires grad. The edge of an input without tensors is None.
    """
    traced = False
    for operand in operands:
        if isinstance(operand, tensors.Tensor):
            traced = True
    if not traced:
        edges.append(None)
        return False, False
    differentiable = False
    for operand in operands:
        edge = None
        if isinstance(operand, tensors.Tensor):
            refuse_outdated_view(op.__name__, operand)
            edge = edge_of(operand)
            differentiable = differentiable or type(edge) is not list
            if type(edge) is Node or type(edge) is tuple:
                parents.append(edge)
        edges.append(edge)
    return True, differentiable


def edge_of(tensor: Any) -> Any:
    """Return where a tensor's gradient goes: its node, ``(node, k)``, the leaf itself, or its stamp if nowhere."""
    return tensor if tensor._edge is None else tensor._edge


def refuse_missing_rule(op: Callable[..., Any], output: Any) -> None:
    """Raise unless the output of an operation without a rule is of integers or bools, which have no derivative."""
    for array in output if type(output) is tuple else (output,):
        if array is not None and array.dtype.kind == "f":
            raise RuntimeError(
                message(
                    op.__name__,
                    "the operation has no derivative, and an operand requires grad.",
                    "Detach the operand (x.detach()), or call it under minigrad.no_grad().",
                )
            )

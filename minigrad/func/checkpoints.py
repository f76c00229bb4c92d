"""``checkpoint``: a part of the forward pass that keeps nothing, and is run again in the backward pass."""

from __future__ import annotations

from collections.abc import Callable
from sys import _getframe
from typing import Any

import numpy as np

from minigrad import autograd, tensors
from minigrad.errors import describe, message
from minigrad.func.arguments import checked_function
from minigrad.func.trees import Structure, flatten, unflatten
from minigrad.graph import Node, edge_of, record, wrap
from minigrad.modes import STATE, State
from minigrad.ops import generators
from minigrad.ops.operands import Tensor, Value
from minigrad.positions import user_frame
from minigrad.writes import clock


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    preserve_rng_state: bool = True,
    **kwargs: Any,
) -> Any:
    """Return ``function(*args, **kwargs)``, of which the graph keeps one node: the backward pass runs it again.

    That trades time for memory: what the operations inside save for their rules is freed at once.

    Args:
        function: computes tensors from the arguments and from what it closes over, such as the parameters of a module;
            all of them receive their gradients. It must do the same each time it is called.
        args: its arguments; tensors may be nested in tuples, lists, dicts and dataclasses.
        use_reentrant: taken for PyTorch's sake; there is one way of doing it here, with what both of PyTorch's can.
        preserve_rng_state: whether the second run draws the same random numbers from the default generator. A
            generator of the function's own goes on instead.
        kwargs: its arguments by keyword.

    Returns:
        What ``function`` returns; its tensors can be differentiated, also more than once.

    Raises:
        TypeError: if ``function`` cannot be called.
        RuntimeError: in the backward pass, if an argument was changed in place since, or if the function does something
            else the second time.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad.func import checkpoint
        >>> x = mg.tensor([1.0, 2.0], requires_grad=True)
        >>> checkpoint(lambda x: x.exp().log() * x, x).sum().backward()
        >>> x.grad
        Tensor((2,) float32 | 2 4)

    Source: Chen et al., "Training deep nets with sublinear memory cost", 2016.
    """
    checked_function("checkpoint", function)
    state = STATE.get()
    # Where nothing is kept, or a tape decides what is, there is nothing to save.
    if not state.grad_enabled or state.tape is not None:
        return function(*args, **kwargs)
    segment = Segment(function, args, kwargs, preserve_rng_state)
    start = next(clock)
    leaves, structure = flatten(function(*args, **kwargs))
    segment.note(leaves, start)
    if not segment.places:
        return unflatten(structure, leaves)
    results = checkpointed(tuple(segment.operands), segment, [leaves[place] for place in segment.places])
    for place, result in zip(segment.places, results):
        result.name = leaves[place].name
        leaves[place] = result
    return unflatten(structure, leaves)


def checkpointed(operands: tuple[Tensor, ...], segment: Segment, outputs: list[Tensor]) -> tuple[Tensor, ...]:
    """Return the outputs of a call as those of one operation on its operands."""
    arrays = []
    for output in outputs:
        # A view of an operand would share its memory, and not be seen to.
        arrays.append(output._data if output._viewed is None else output._data.copy())
    held = tuple([each._data for each in operands])
    results: tuple[Tensor, ...] = record(
        checkpointed, checkpointed_vjp, tuple(arrays), (operands, segment), (held, segment)
    )
    return results


def checkpointed_vjp(grad_outputs: tuple[Value, ...], operands: tuple[Value, ...], segment: Segment) -> list[Value]:
    """``grad_operands[i] = the gradient of operands[i]``, by running the call again."""
    return segment.gradients(grad_outputs)


class Segment:
    """A call that can be made again.

    Attributes:
        function, leaves, structure: what was called, and its arguments taken apart.
        state: the modes and the position of the call, so that names and places are those of the first run.
        draws: the state of the default generator before the call, or None.
        operands: the tensors that it was computed from: arguments, and what the function closes over and requires grad.
        places: which leaves of the output are part of the graph.
        shapes: their shapes.
    """

    __slots__ = ("draws", "function", "leaves", "operands", "places", "shapes", "state", "structure")

    def __init__(
        self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], preserve_rng_state: bool
    ) -> None:
        """Note the call before it is made."""
        self.function = function
        self.leaves: list[Any]
        self.structure: Structure
        self.leaves, self.structure = flatten((args, kwargs))
        self.state = state_of_call()
        self.draws = generators.default_generator().get_state() if preserve_rng_state else None
        self.operands: list[Tensor] = []
        self.places: list[int] = []
        self.shapes: list[tuple[int, ...]] = []

    def note(self, outputs: list[Any], start: int) -> None:
        """Note what came out of the call and what it was computed from, by a walk over the graph it has left."""
        for place, output in enumerate(outputs):
            if isinstance(output, tensors.Tensor) and is_later(output._edge, start):
                self.places.append(place)
                self.shapes.append(output.shape)
        outside = edges_before([outputs[place] for place in self.places], start)
        for leaf in self.leaves:
            if isinstance(leaf, tensors.Tensor):
                self.operands.append(leaf)
                outside.pop(edge_of(leaf) if leaf.requires_grad else None, None)
        for edge in outside:
            self.operands.append(standing_for(edge))

    def run_again(self) -> tuple[list[Any], int]:
        """Return the leaves of the output of a second run, and the number after which its nodes were made."""
        args, kwargs = unflatten(self.structure, self.leaves)
        token = STATE.set(self.state)
        own = None
        if self.draws is not None:
            # A generator of this run only: the one that others draw from is left where it is.
            generator = generators.Generator()
            generator.set_state(self.draws)
            own = generators._own_generator.set(generator)
        try:
            start = next(clock)
            return flatten(self.function(*args, **kwargs))[0], start
        finally:
            STATE.reset(token)
            if own is not None:
                generators._own_generator.reset(own)

    def gradients(self, grad_outputs: tuple[Value, ...]) -> list[Value]:
        """Return the gradient of each operand, None where there is none."""
        leaves, start = self.run_again()
        roots = []
        starts = []
        create_graph = False
        for place, shape, grad_output in zip(self.places, self.shapes, grad_outputs):
            output = leaves[place] if place < len(leaves) else None
            if not isinstance(output, tensors.Tensor) or output.shape != shape or not output.requires_grad:
                raise RuntimeError(self.another_result(output, shape))
            if grad_output is not None:
                roots.append(output)
                starts.append(grad_output)
                create_graph = create_graph or isinstance(grad_output, tensors.Tensor)
        wanted = [each for each in self.operands if each.requires_grad]
        known = {edge_of(each) for each in wanted}
        for edge in edges_before(roots, start):
            if edge not in known:
                raise RuntimeError(self.another_result(standing_for(edge), ()))
        sweep = autograd.begin("checkpoint", roots, starts, None, create_graph, wanted)
        # What was computed before is not differentiated here: the pass that called this rule goes on with it.
        sweep.order = [node for node in sweep.order if node.number > start]
        for node in sweep.order:
            autograd.visit(node, sweep)
        found = [sweep.pending.get(edge_of(each)) if each.requires_grad else None for each in self.operands]
        if not sweep.retain_graph:
            autograd.release(sweep)
        return found

    def another_result(self, came: Any, shape: tuple[int, ...]) -> str:
        """Return the message about a second run that differs from the first."""
        name = getattr(self.function, "__name__", type(self.function).__name__)
        return message(
            "checkpoint",
            f"{name} has done something else when it was run again: a tensor {shape} was computed the first time, and "
            f"{describe(came)} came into play now.",
            "It must not depend on what changes between the forward and the backward pass; pass that as an argument.",
        )

    def __repr__(self) -> str:
        """Return the name of the function."""
        return f"<Segment of {getattr(self.function, '__name__', type(self.function).__name__)}>"


def state_of_call() -> State:
    """Return the state in which the function is run again: that of here and now, with the user's position."""
    state = STATE.get()
    code, lasti = state.code, state.lasti
    frame = user_frame(_getframe(1))
    if code is None and frame is not None:
        code, lasti = frame.f_code, frame.f_lasti
    return State(True, state.keep_inputs, None, state.module, code, lasti)


def is_later(edge: Any, start: int) -> bool:
    """Return whether an edge is of a node that was made after ``start``."""
    node = edge[0] if type(edge) is tuple else edge
    return isinstance(node, Node) and node.number > start


def edges_before(outputs: list[Any], start: int) -> dict[Any, None]:
    """Return the edges at which the graph made since ``start`` ends, in the order in which they are met."""
    outside: dict[Any, None] = {}
    seen = set()
    stack = [edge_of(output) for output in outputs]
    while stack:
        edge = stack.pop()
        if edge is None or type(edge) is list:
            continue
        if not is_later(edge, start):
            outside[edge] = None
            continue
        node = edge[0] if type(edge) is tuple else edge
        if node not in seen:
            seen.add(node)
            stack += node.edges
    return outside


def standing_for(edge: Any) -> Tensor:
    """Return a tensor with an edge: the leaf itself, or one that has the shape of a node's output and no memory."""
    if isinstance(edge, tensors.Tensor):
        return edge
    node, index = edge if type(edge) is tuple else (edge, None)
    shape = node.shape if index is None else node.shape[index]
    dtype = node.dtype if index is None else node.dtype[index]
    tensor: Tensor = wrap(np.broadcast_to(np.zeros((), dtype), shape))
    tensor._edge = edge
    return tensor

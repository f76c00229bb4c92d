"""What a linted block is watched by: its operations, the gradients that arrive, the steps of its optimizers."""

from __future__ import annotations

import sys
from threading import get_ident
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from minigrad import autograd, tensors
from minigrad.graph import Node
from minigrad.positions import Position, resolve, user_position

if TYPE_CHECKING:
    from minigrad.debug.linting import lint

#: Losses that broadcast their operands, with a warning of their own.
LOSSES = ("mse_loss", "l1_loss", "huber_loss", "smooth_l1_loss")
REDUCTIONS = ("mean", "sum", "nanmean", "nansum")
#: The passes that write ``grad``, and those that return gradients.
WRITES = autograd.finish.__code__
RETURNS = autograd.collected.__code__


class Watched:
    """A parameter during a linted block.

    Attributes:
        name: its path in the model; its own name, or its shape, where it is not part of it.
        parameter: the tensor.
        in_model: whether it was part of the model when the block began.
        passes: how many backward passes have reached it.
        used: the place of the latest operation that it was an operand of, or None.
        consumed: for each optimizer that has stepped with it, by the optimizer's number, the gradient's array then.
        doubled: where a backward added to a gradient that a step had used already; None where none has.
        number: the number of the latest write to its memory before the block.
    """

    __slots__ = (
        "consumed",
        "doubled",
        "had_hooks",
        "handle",
        "in_model",
        "name",
        "number",
        "parameter",
        "passes",
        "used",
    )

    def __init__(self, name: str, parameter: Any, in_model: bool) -> None:
        """Look at a parameter at the start of a block."""
        self.name = name
        self.parameter = parameter
        self.in_model = in_model
        self.passes = 0
        self.used: Position | None = None
        self.consumed: dict[int, Any] = {}
        self.doubled: Position | None = None
        self.number = parameter._stamp[0]
        self.had_hooks = parameter._hooks is not None
        self.handle: Any = None

    @property
    def array(self) -> Any:
        """The array of its gradient, or None."""
        gradient = self.parameter._grad
        return gradient._data if isinstance(gradient, tensors.Tensor) else gradient

    @property
    def written(self) -> bool:
        """Whether anything has written to it since the block began."""
        return self.parameter._stamp[0] > self.number

    def watch(self, owner: lint) -> None:
        """Have every gradient that arrives noted."""
        if self.parameter.requires_grad:
            self.handle = self.parameter.register_hook(Arrival(owner, self))

    def leave(self) -> None:
        """Take the hook away, and what was made to hold it: a leaf without hooks is passed faster."""
        if self.handle is not None:
            self.handle.remove()
        hooks = self.parameter._hooks
        if hooks is not None and not self.had_hooks and not any(hooks._by_kind.values()):
            self.parameter._hooks = None


class Arrival:
    """The hook of one parameter."""

    def __init__(self, owner: lint, watched: Watched) -> None:
        """Keep whom to tell."""
        self.owner = owner
        self.watched = watched

    def __call__(self, gradient: Any) -> None:
        """Note that a backward pass has reached the parameter, and what its ``grad`` holds as yet."""
        if get_ident() != self.owner.thread:
            return
        frame: Any = sys._getframe(1)
        while frame is not None and frame.f_code is not WRITES and frame.f_code is not RETURNS:
            frame = frame.f_back
        watched = self.watched
        watched.passes += 1
        if frame is None or frame.f_code is RETURNS:
            return
        self.owner.passes += 1
        self.owner.last_pass = user_position()
        left = watched.array
        if left is None or not np.any(left):
            watched.doubled = None
        elif any(left is each for each in watched.consumed.values()):
            watched.doubled = self.owner.last_pass


class StepWatch:
    """What stands in the place of an optimizer's ``step`` during a block."""

    def __init__(self, owner: lint, number: int, step: Any) -> None:
        """Keep the optimizer's own step."""
        self.owner = owner
        self.number = number
        self.step = step

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Look at the gradients, take the step, and remember which gradients it used."""
        owner = self.owner
        if get_ident() != owner.thread:
            return self.step(*args, **kwargs)
        where = user_position()
        with_closure = bool(args) or kwargs.get("closure") is not None
        if not with_closure:
            owner.before_step(self.number, where)
        result = self.step(*args, **kwargs)
        if with_closure:
            owner.before_step(self.number, where)
        owner.after_step(self.number, where)
        return result


class Watcher:
    """What takes the place of a tape during a block: it looks at every operation and keeps none.

    Args:
        owner: the block.
        outer: the tape around it, or None, which gets everything too.
    """

    def __init__(self, owner: lint, outer: Any) -> None:
        """Start with nothing seen."""
        self.owner = owner
        self.outer = outer
        # Results of a prediction (N, 1) against a target (N,), by their nodes; what they are computed into follows.
        self.suspects: WeakKeyDictionary[Node, tuple[Any, Any, Any, Any]] = WeakKeyDictionary()

    def append(self, entry: tuple[Any, ...]) -> None:
        """Look at one operation."""
        if self.outer is not None:
            self.outer.append(entry)
        op, inputs, result, _ = entry
        name = getattr(op, "__name__", "")
        node = result.grad_fn if isinstance(result, tensors.Tensor) else None
        self.note_use(inputs, node)
        operands = [each for each in inputs if hasattr(each, "shape")]
        if name in LOSSES and len(operands) > 1 and crossed(operands[0], operands[1]):
            self.owner.crossed_shapes(name, operands[0], operands[1], user_position())
        elif node is not None and not node.several:
            self.follow(name, operands, result, node)

    def note_use(self, inputs: tuple[Any, ...], node: Node | None) -> None:
        """Note which parameters an operation has taken."""
        for each in inputs:
            watched = self.owner.by_id.get(id(each)) if isinstance(each, tensors.Tensor) else None
            if watched is not None and watched.used is None:
                watched.used = user_position() if node is None or node.code is None else resolve(node.code, node.lasti)

    def follow(self, name: str, operands: list[Any], result: Any, node: Node) -> None:
        """Follow a prediction that met a target of another shape, element by element, into a mean or a sum."""
        for each in operands:
            suspect = None
            if isinstance(each, tensors.Tensor) and isinstance(each.grad_fn, Node):
                suspect = self.suspects.get(each.grad_fn)
            if suspect is None:
                continue
            if name in REDUCTIONS and result.ndim == 0:
                self.owner.crossed_shapes(*suspect)
            elif result.shape == each.shape:
                self.suspects[node] = suspect
        if (
            len(operands) == 2
            and result.ndim == 2
            and crossed(*operands)
            and learned(operands[0]) != learned(operands[1])
        ):
            where = None if node.code is None else resolve(node.code, node.lasti)
            self.suspects[node] = (name, *operands, where)


def crossed(x: Any, y: Any) -> bool:
    """Return whether one of two operands is (N, 1) and the other (N,): together they broadcast to (N, N)."""
    a, b = tuple(x.shape), tuple(y.shape)
    if len(a) == 1:
        a, b = b, a
    return len(a) == 2 and len(b) == 1 and a == (b[0], 1) and b[0] > 1


def learned(operand: Any) -> bool:
    """Return whether an operand depends on parameters: a prediction does, a target does not."""
    return isinstance(operand, tensors.Tensor) and operand.requires_grad

"""``Batch``: does to a whole batch what a function does to its first example.

The function runs once, on tensors of the shape of one example. Every operation that it records is appended here, and
done to the batch by the rule of ``batching_rules.py`` for its family.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad import tensors
from minigrad.errors import message
from minigrad.func.batched import Batched, whole_batch
from minigrad.func.families import rule_of
from minigrad.func.tapes import Tape, with_tape
from minigrad.func.traced import Traced
from minigrad.func.variables import variable
from minigrad.graph import wrap
from minigrad.modes import STATE
from minigrad.ops.conversion import cast, detach
from minigrad.ops.generators import Generator
from minigrad.ops.operands import Tensor
from minigrad.ops.randomness import drawn
from minigrad.positions import PACKAGE

#: What composes operations from others; only what the user's code passes in may be an array.
OPERATIONS = (PACKAGE + "ops", PACKAGE + "linalg", PACKAGE + "special")


class Batch(Tape):
    """The batch that runs beside one example.

    Attributes:
        size: how many examples there are.
        randomness: ``"error"``, ``"same"`` or ``"different"``, as for ``vmap``.
        known: for each tensor of the example that depends on a mapped argument, by its id: the tensor itself, so that
            the id stays its own, and the tensor of all examples, whose first axis is the batch.
        arrays: the latter by the id of the array, for a tensor that shares it (``detach``).
        outer: the tape that watches the caller, which sees the operations on the batch.
    """

    __slots__ = ("arrays", "known", "outer", "randomness", "size")

    def __init__(self, size: int, randomness: str = "error") -> None:
        """Start with nothing known."""
        super().__init__()
        self.size = size
        self.randomness = randomness
        self.known: dict[int, tuple[Tensor, Tensor]] = {}
        self.arrays: dict[int, Tensor] = {}
        self.outer = STATE.get().tape

    def example(self, batched: Tensor) -> Tensor:
        """Return the first example of a batch, whose first axis it is."""
        # A copy: what is written to it in place, before that is refused, is not written to the user's batch.
        tensor: Tensor = wrap(np.array(batched._data[0]))
        tensor.name = batched.name
        self.learn(tensor, batched)
        return tensor

    def learn(self, tensor: Tensor, batched: Tensor) -> None:
        """Note which batch a tensor of the example stands for."""
        self.arrays[id(tensor._data)] = batched
        self.known[id(tensor)] = (tensor, batched)
        tensor.__class__ = Traced

    def batch_of(self, tensor: Tensor) -> Tensor | None:
        """Return the batch that a tensor stands for; None if it is the same for all examples."""
        found = self.known.get(id(tensor))
        if found is not None:
            return found[1]
        batched = self.arrays.get(id(tensor._data))
        return batched if batched is None or tensor.requires_grad else detach(batched)

    def append(self, entry: tuple[Any, ...]) -> None:
        """Do to the batch what has just been done to the example.

        Raises:
            TypeError: naming the operation, if it has no rule; RuntimeError: if it draws random numbers.
        """
        op, inputs, result, writes = entry
        if self.randomness == "error":
            refuse_draws(op, writes)
        refuse_hidden_arrays(op, inputs)
        draw = drawing(op) if self.randomness == "different" and writes is None else None
        token = STATE.set(with_tape(self.outer))
        try:
            if draw is not None:
                self.learn(result, further_draws(draw, self.size))
                return
            found = [False]
            batched_inputs = self.lifted(inputs, found)
            if not found[0] and op is not variable:  # each example's is its own
                if self.outer is not None:
                    self.outer.append(entry)
                return
            refuse_writes(op, writes)
            rule = rule_of(op)
            if rule is None:
                raise TypeError(unsupported(op))
            outputs = rule(op, batched_inputs, result, self.size)
            self.note_results(op, result, outputs)
        finally:
            STATE.reset(token)

    def lifted(self, value: Any, found: list[bool]) -> Any:
        """Return inputs with each tensor that depends on a mapped argument as a ``Batched``; note if there was one."""
        if isinstance(value, tensors.Tensor):
            batched = self.batch_of(value)
            if batched is None:
                return value
            found[0] = True
            return Batched(batched)
        if type(value) is tuple or type(value) is list:
            return value.__class__([self.lifted(each, found) for each in value])
        return value

    def note_results(self, op: Callable[..., Any], result: Any, outputs: Any) -> None:
        """Note the batches of what an operation returned, after a look at their shapes; None if there is none."""
        if outputs is None:
            return
        several = isinstance(result, (tuple, list))
        for tensor, batched in zip(result if several else (result,), outputs if several else (outputs,), strict=True):
            if tensor is None:
                continue
            if batched.dtype != tensor.dtype:
                # 0-d operands do not take part in the promotion of dtypes; as a batch they have an axis, and do.
                batched = cast(batched, tensor.dtype)
            if batched.shape != (self.size, *tensor.shape):
                raise TypeError(unsupported(op, f": its batch came out as {batched.shape}"))
            self.learn(tensor, batched)

    def whole(self, tensor: Tensor) -> Tensor:
        """Return the batch that a tensor stands for, repeated where it is the same for all examples."""
        batched = self.batch_of(tensor)
        return whole_batch(tensor if batched is None else Batched(batched), self.size)


def drawing(op: Callable[..., Any]) -> dict[str, Any] | None:
    """Return what an operation that is being recorded is drawing with, the names of ``drawn``; None if it draws not."""
    frame: Any = sys._getframe(2)
    while frame is not None and frame.f_code.co_filename.startswith(PACKAGE):
        if frame.f_code is drawn.__code__:
            return dict(frame.f_locals) if frame.f_locals["op"] is op else None
        frame = frame.f_back
    return None


def further_draws(draw: dict[str, Any], size: int) -> Tensor:
    """Return the numbers drawn for the first example, and as many for each other, from where the generator is now."""
    rows = [draw["output"]]
    for _ in range(size - 1):
        rows.append(np.empty_like(draw["output"]))
        draw["source"].draw(draw["fill"], rows[-1], *draw["arguments"])
    batched: Tensor = wrap(np.stack(rows))
    return batched


def refuse_draws(op: Callable[..., Any], writes: Any) -> None:
    """Raise a RuntimeError if an operation draws random numbers: it writes the counter of a generator."""
    if writes is None:
        return
    frame: Any = sys._getframe(2)
    while frame is not None and frame.f_code.co_filename.startswith(PACKAGE):
        if frame.f_code is Generator.draw.__code__:
            raise RuntimeError(
                message(
                    "vmap",
                    "the function draws random numbers; whether the examples share them or not cannot be guessed.",
                    "Say it: randomness='same', or randomness='different' for each example its own.",
                )
            )
        frame = frame.f_back


def refuse_writes(op: Callable[..., Any], writes: Any) -> None:
    """Raise a TypeError if an operation on the batch writes to a tensor in place."""
    if writes is not None:
        remedy = "Use the out-of-place form: x = x + 1 for x += 1, where(...) for x[index] = value."
        raise TypeError(message("vmap", f"the in-place operation {user_name(op)} cannot be mapped.", remedy))


def refuse_hidden_arrays(op: Callable[..., Any], inputs: Any) -> None:
    """Raise a TypeError if minigrad itself made an array, from the numbers of one example, for an operation."""
    if not holds_array(inputs):
        return
    frame: Any = sys._getframe(2)
    while frame is not None and frame.f_code is not op.__code__:
        frame = frame.f_back
    if frame is not None and frame.f_back is not None and frame.f_back.f_code.co_filename.startswith(OPERATIONS):
        raise TypeError(unsupported(op, " with arrays that are no tensors"))


def holds_array(value: Any) -> bool:
    """Return whether there is an array among inputs."""
    if type(value) is tuple or type(value) is list:
        for each in value:
            if holds_array(each):
                return True
    return isinstance(value, np.ndarray)


def unsupported(op: Callable[..., Any], detail: str = "") -> str:
    """Return the message about an operation that ``vmap`` cannot do to a batch."""
    return message(
        "vmap",
        f"the operation {user_name(op)} cannot be mapped over a batch{detail}.",
        "Elementwise, reduction, shape and product operations can; for others stack the results of a loop.",
    )


def user_name(op: Callable[..., Any]) -> str:
    """Return the name of an operation, and of the function of minigrad that called it where the user called that."""
    frame: Any = sys._getframe(1)
    name = ""
    while frame is not None and frame.f_code.co_filename.startswith(PACKAGE):
        name = frame.f_code.co_name
        frame = frame.f_back
    # An operator's method, __add__ of a class, and the record() of an operation of the user's own say nothing.
    same = name in (op.__name__, "record", "") or name.startswith("_")
    return op.__name__ if same else f"{op.__name__} (of {name})"

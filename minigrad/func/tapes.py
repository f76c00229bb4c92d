"""``Tape``: who watches the operations of a function, and what is done without being watched."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minigrad.modes import STATE, State


class Tape(list):
    """What ``State.tape`` holds while this package watches a function; ``record`` appends every operation to it."""


def with_tape(tape: Any, grad_enabled: bool | None = None) -> State:
    """Return the state of here and now with another tape, and with gradients on or off where that is said."""
    state = STATE.get()
    enabled = state.grad_enabled if grad_enabled is None else grad_enabled
    return State(enabled, state.keep_inputs, tape, state.module, state.code, state.lasti)


def as_one(operation: Callable[..., Any], *inputs: Any) -> Any:
    """Return ``operation(*inputs)``; a tape of this package sees it as one operation and nothing of what it does."""
    tape = STATE.get().tape
    if not isinstance(tape, Tape):
        return operation(*inputs)
    token = STATE.set(with_tape(None))
    try:
        result = operation(*inputs)
    finally:
        STATE.reset(token)
    tape.append((operation, inputs, result, None))
    return result

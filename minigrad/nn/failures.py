"""What an exception that leaves a module is told besides: which module, what it was called with, and from where."""

from typing import Any

from minigrad.errors import describe
from minigrad.modes import STATE
from minigrad.positions import resolve


def tell_call(error: Exception, module: Any, args: tuple[Any, ...]) -> None:
    """Add a note to an exception, unless it is worded by this package or a module inside has added one already.

    Args:
        error: what was raised while the module was running.
        module: the module.
        args: what it was called with.
    """
    if "\n  at " in str(error):
        return
    for note in getattr(error, "__notes__", ()):
        if note.startswith("in the module "):
            return
    state = STATE.get()
    told = [describe(each) for each in args if hasattr(each, "shape")]
    given = f", called with {' and '.join(told)}" if told else ""
    place = ""
    if state.code is not None:
        position = resolve(state.code, state.lasti)
        place = f", at {position}" + (f": {position.expression}" if position.expression else "")
    error.add_note(f"in the module {state.module or type(module).__name__} ({type(module).__name__}){given}{place}")

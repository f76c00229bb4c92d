"""What an expression may name at a step: the step's own values, then the variables of the program."""

import builtins
import difflib
from collections.abc import Iterable, Sequence
from types import FrameType
from typing import Any

import numpy as np

from minigrad.debug.breakpoints import names_in
from minigrad.debug.expressions import namespace, possible_names
from minigrad.debug.step import Step
from minigrad.graph import Node


def scope_of(step: Step | None, frame: FrameType | None) -> dict[str, Any]:
    """Return all that an expression may name: the step's values hide the program's variables of the same name.

    ``debug`` is there in any program, so that ``debug.where_nan(loss)`` can be asked at the prompt.
    """
    from minigrad import debug

    names: dict[str, Any] = {"np": np, "debug": debug}
    if frame is not None:
        names.update(frame.f_globals)
        names.update(frame.f_locals)
    if step is not None:
        names.update(namespace(step))
    return names


def unknown_names(expression: str, known: Iterable[str]) -> list[str]:
    """Return the names that an expression reads and nothing provides, sorted.

    Raises:
        SyntaxError: if it is no expression.
    """
    provided = {*known, *vars(builtins)}
    return sorted(names_in(expression) - provided)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `` Did you mean a or b?`` with the known words most like ``word``; empty where none is.

    Examples:
        >>> did_you_mean("grad_ouput", ["grad_output", "node"])
        ' Did you mean grad_output?'
    """
    by_lower = {each.lower(): each for each in sorted(set(known))}
    found = difflib.get_close_matches(word.lower(), list(by_lower), 3)
    return f" Did you mean {' or '.join([by_lower[each] for each in found])}?" if found else ""


class ProgramExpression:
    """A breakpoint's expression that names variables of the program too: whether it is true at a step.

    One that names a value that this step has not, and others have, is not true here.
    """

    def __init__(self, text: str, frame: FrameType) -> None:
        """Wait until an expression about a step and a program's frame is true."""
        self.text = text
        self.frame = frame
        self.__name__ = text

    def __call__(self, step: Step) -> bool:
        """Return whether it is true."""
        scope = scope_of(step, self.frame)
        return not unknown_names(self.text, scope) and bool(eval(self.text, scope))


def names_of_program(expression: str, order: Sequence[Node], frame: FrameType) -> bool:
    """Return whether an expression needs variables of a program, and finds there all that no step has."""
    missing = unknown_names(expression, possible_names(list(order)))
    return bool(missing) and not unknown_names(
        expression, {*frame.f_globals, *frame.f_locals, *possible_names(list(order))}
    )

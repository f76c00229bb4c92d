"""Where a stepping is to stop: at an operation, a name, a module, a number that is not finite, an expression."""

import builtins
import dis
from collections.abc import Callable
from difflib import get_close_matches
from fnmatch import fnmatchcase
from types import CodeType
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad.debug.expressions import evaluate, namespace, possible_names
from minigrad.debug.nodes import names_of
from minigrad.debug.statistics import LARGE
from minigrad.errors import describe, message, number_remedy
from minigrad.graph import Node

if TYPE_CHECKING:
    from minigrad.debug.step import Step

#: The flags that a breakpoint can wait for.
FLAGS = ("nan", "inf", "zero")
#: Those that are patterns, as file names are matched.
PATTERNS = ("op", "name", "module")


class Breakpoint:
    """Where a stepping stops: at the steps for which all of its criteria hold.

    Attributes:
        number: counted from 1, as ``Stepper.clear`` takes it.
        criteria: what was asked for, by name: ``{"op": "tanh"}``.
        temporary: whether it goes away when it has stopped once.
        hits: how often it has stopped.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad import debug
        >>> w = mg.tensor([1.0, 2.0], requires_grad=True)
        >>> stepper = debug.Stepper((w * w).sum())
        >>> stepper.break_at(op="mul", expression="abs(grad_x).max() > 1")
        <Breakpoint 1 op=mul and abs(grad_x).max() > 1>
        >>> stepper.cont(), stepper.stopped_by.hits
        (<Step 2/2 mul (2,)>, 1)
    """

    __slots__ = ("criteria", "hits", "number", "temporary")

    def __init__(self, number: int, criteria: dict[str, Any], temporary: bool) -> None:
        """Hold the criteria."""
        self.number = number
        self.criteria = criteria
        self.temporary = temporary
        self.hits = 0

    def describe(self) -> str:
        """Return what it waits for, as it was asked for: ``op=tanh``, ``grad_x.max() > 1``."""
        parts = []
        for name, value in self.criteria.items():
            if name == "expression":
                parts.append(value)
            elif name == "condition":
                parts.append(f"{getattr(value, '__name__', repr(value))}(step)")
            elif value is True:
                parts.append(name)
            else:
                parts.append(f"{name}={value}")
        return " and ".join(parts) + (" (temporary)" if self.temporary else "")

    def matches(self, step: "Step") -> bool:
        """Return whether a step is one to stop at.

        Raises:
            RuntimeError: if an expression or a function raises, naming both and the step.
        """
        return all(self.holds(name, value, step) for name, value in self.criteria.items())

    def holds(self, name: str, value: Any, step: "Step") -> bool:
        """Return whether one criterion holds for a step."""
        if name in PATTERNS:
            return matches_any(value, texts_of(name, step.recorded))
        if name == "step":
            return bool(step.index == value)
        if name in FLAGS:
            return name in step.flags
        if name == "large":
            return "large" in step.flags_above(value)
        try:
            if name == "condition":
                return bool(value(step))
            return bool(evaluate(value, step))
        except Exception as error:
            if name == "expression" and lacks(step, value):
                return False
            raise RuntimeError(
                message(
                    f"breakpoint {self.number}" if self.number else "until",
                    f"{self.describe()} raised {type(error).__name__} at {step!r}: {error}",
                    "The stepping stays at that step. See what it can name there: debug.namespace(step).",
                )
            ) from error

    def __repr__(self) -> str:
        """Return the number and the criteria."""
        return f"<Breakpoint {self.number} {self.describe()}>"


def lacks(step: "Step", expression: str) -> bool:
    """Return whether a step lacks a name of an expression that other steps have, or has None there: nothing was needed.

    Names that no step has were refused when the breakpoint was made.
    """
    names = namespace(step)
    return any(names.get(name) is None and not hasattr(builtins, name) for name in names_in(expression))


def names_in(expression: str) -> set[str]:
    """Return the names that an expression reads from outside of itself.

    Raises:
        SyntaxError: if it is none.
    """
    found = set()
    codes = [compile(expression, "<expression>", "eval")]
    for code in codes:  # it grows meanwhile: a comprehension is a code of its own
        found |= globals_of(code)
        codes.extend([each for each in code.co_consts if isinstance(each, CodeType)])
    return found


def globals_of(code: CodeType) -> set[str]:
    """Return the names that a code reads as variables; ``co_names`` holds those of attributes too."""
    found = set()
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_NAME", "LOAD_GLOBAL"):
            found.add(instruction.argval)
    return found


def texts_of(kind: str, node: Node) -> tuple[str, ...]:
    """Return what a pattern is compared with: the operation, the names of its inputs, or the module."""
    if kind == "op":
        return (node.name,)
    if kind == "name":
        return names_of(node)
    return () if node.module is None else (node.module,)


def matches_any(pattern: str, texts: tuple[str, ...]) -> bool:
    """Return whether one of some texts matches a pattern such as ``mlp.*``."""
    return any(fnmatchcase(text, pattern) for text in texts)


def checked_criteria(
    condition: Callable[["Step"], Any] | str | None, wanted: dict[str, Any], order: list[Node]
) -> dict[str, Any]:
    """Return the criteria of a breakpoint by name, those that were given.

    Args:
        condition: a function of a step, or an expression.
        wanted: the arguments of ``Stepper.break_at``; what is None or False was not given.
        order: the nodes of the pass, the first one to be stepped first.

    Raises:
        ValueError: if there is none, or a name, operation or module is none of this pass.
        TypeError: if one is of the wrong kind.
    """
    criteria = {}
    for name, value in wanted.items():
        if value is not None and value is not False:
            criteria[name] = value
    if isinstance(condition, str):
        criteria["expression"] = condition
    elif condition is not None:
        criteria["condition"] = condition
    if not criteria:
        problem = "nothing was said that a step could be compared with."
        remedy = "Example: break_at(op='tanh'), break_at(name='W1'), break_at(nan=True), break_at('grad_x.max() > 1')."
        raise ValueError(message("break_at", problem, remedy))
    for name, value in criteria.items():
        criteria[name] = CHECKS[name](name, value, order)
    return criteria


def checked_pattern(name: str, pattern: Any, order: list[Node]) -> str:
    """Return a pattern that matches something in the pass; raise with near names if it matches nothing."""
    if not isinstance(pattern, str):
        problem = f"{name} is a text such as {name}='{'W*' if name == 'name' else 'tanh'}', got {describe(pattern)}."
        raise TypeError(message("break_at", problem, "Give a function instead: break_at(lambda step: ...)."))
    known: set[str] = set()
    for node in order:
        texts = texts_of(name, node)
        if matches_any(pattern, texts):
            return pattern
        known.update(texts)
    kind = {"op": "operation", "name": "tensor with the name", "module": "module"}[name]
    problem = f"no {kind} {pattern!r} takes part in this backward pass."
    raise ValueError(message("break_at", problem, near(pattern, known)))


def near(text: str, known: set[str]) -> str:
    """Return the remedy that names what is spelled like a text, or else what there is."""
    close = get_close_matches(text, sorted(known), n=3, cutoff=0.5)
    if close:
        return f"Did you mean {' or '.join(close)}?"
    if not known:
        return "Here none has a name: give tensors one, mg.tensor(values, name='W1')."
    listed = sorted(known)
    return f"There are {', '.join(listed[:8])}" + (f" and {len(listed) - 8} more." if len(listed) > 8 else ".")


def checked_flag(name: str, value: Any, order: list[Node]) -> bool:
    """Return True; raise a TypeError for anything else."""
    if value is not True:
        raise TypeError(message("break_at", f"{name} is True or False, got {describe(value)}.", f"Write {name}=True."))
    return True


def checked_bound(name: str, value: Any, order: list[Node]) -> float:
    """Return the size from which on numbers are large; True stands for the usual one."""
    if value is True:
        return LARGE
    number = isinstance(value, (int, float, np.number))
    if not number or not value > 0:
        problem = f"large is a number above 0, or True for {LARGE:g}, got {describe(value)}."
        remedy = "Numbers above it in size are stopped at, whatever their sign." if number else number_remedy(value)
        raise (ValueError if number else TypeError)(message("break_at", problem, remedy))
    return float(value)


def checked_step(name: str, value: Any, order: list[Node]) -> int:
    """Return the number of a step; raise if the pass has no such step."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(message("break_at", f"step is an integer, got {describe(value)}.", number_remedy(value, int)))
    if not 1 <= value <= len(order):
        raise ValueError(message("break_at", f"there is no step {value}.", f"Steps are numbered 1 to {len(order)}."))
    return value


def checked_expression(name: str, value: Any, order: list[Node]) -> str:
    """Return an expression that is Python and names what some step of the pass has."""
    if not isinstance(value, str):
        problem = f"expression is a text, got {describe(value)}."
        raise TypeError(message("break_at", problem, "Example: expression='grad_x.max() > 1'."))
    try:
        read = names_in(value)
    except SyntaxError as error:
        problem = f"{value!r} is no Python expression: {error.msg}."
        raise ValueError(message("break_at", problem, "Example: expression='grad_x.max() > 1'.")) from None
    possible = possible_names(order)
    for each in sorted(read):
        if each not in possible and not hasattr(builtins, each):
            problem = f"{value!r} names {each}, which no step of this pass has."
            raise ValueError(message("break_at", problem, near(each, possible)))
    return value


def checked_condition(name: str, value: Any, order: list[Node]) -> Any:
    """Return a function; raise a TypeError for what cannot be called."""
    if not callable(value):
        problem = f"a function of a step or an expression is needed, got {describe(value)}."
        raise TypeError(message("break_at", problem, "Example: break_at(lambda step: step.index > 3)."))
    return value


CHECKS: dict[str, Callable[[str, Any, list[Node]], Any]] = {
    "op": checked_pattern,
    "name": checked_pattern,
    "module": checked_pattern,
    "nan": checked_flag,
    "inf": checked_flag,
    "zero": checked_flag,
    "large": checked_bound,
    "step": checked_step,
    "expression": checked_expression,
    "condition": checked_condition,
}

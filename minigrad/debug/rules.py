"""What a rule says of itself: its formulas are the first line of its docstring, its names are its parameters."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from minigrad.graph import Node

# "grad_x = ...", "grad_tensors[i] = ...": the input that a formula is about.
TARGET = re.compile(r"grad_(\w+(?:\[i\])?)")
# A remark in a rule's docstring; a printed step shows what the engine does by the shapes.
# What stands as code in a docstring below its first line: further formulas.
CODE = re.compile(r"``([^`]*)``")
REMARK = re.compile(r" \(the engine [^)]*\)")


def rule_text(vjp: Callable[..., Any]) -> str:
    """Return the formulas of a rule, ``grad_x = grad_output @ y.T; grad_y = x.T @ grad_output``.

    Args:
        vjp: the rule; one without a docstring is called by its name.
    """
    lines = (vjp.__doc__ or "").strip().splitlines()
    if not lines:
        return getattr(vjp, "__name__", repr(vjp))
    return REMARK.sub("", lines[0].replace("`", "")).strip().removesuffix(".")


def formulas(vjp: Callable[..., Any]) -> dict[str, str]:
    """Return the formula of each input by the input's name; ``tensors[i]`` for the elements of a sequence.

    They are those of the first line of the rule's docstring, and for inputs that it leaves out those of the others.
    """
    return taken_apart(rule_text(vjp), vjp.__doc__ or "")


# Kept by the text: the rules themselves may be a user's closures, and hold data alive.
@lru_cache(maxsize=1024)
def taken_apart(text: str, docstring: str) -> dict[str, str]:
    """Return the formulas of a text, and of what is code in a docstring, by the inputs that they are about."""
    found: dict[str, str] = {}
    for stretch in (text, *CODE.findall(docstring.partition("\n")[2])):
        for part in stretch.split(";"):
            formula = " ".join(part.split())
            target = TARGET.match(formula)
            if target is not None and (stretch is text or "=" in formula):
                found.setdefault(target[1], formula)
    return found


def saved_names(vjp: Callable[..., Any]) -> tuple[str, ...]:
    """Return the names of the values that a rule reads, its parameters after ``grad_output``."""
    return vjp.__code__.co_varnames[1 : vjp.__code__.co_argcount]


def input_names(node: Node, number: int) -> list[str]:
    """Return the names of the first ``number`` inputs of a node: the operation's parameters.

    The elements of a sequence, which is one parameter, are told apart by their place: ``tensors[0]``.
    """
    code = node.op.__code__
    # A ``*tensors`` parameter comes last among the names, and there is one where the flag says so.
    names = list(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & 4)])
    for formula in formulas(node.vjp):
        if formula.endswith("[i]") and formula[:-3] in names:
            place = names.index(formula[:-3])
            names[place:] = [f"{formula[:-3]}[{index}]" for index in range(max(number - place, 0))]
    while len(names) < number:
        names.append(f"input{len(names)}")
    return names[:number]

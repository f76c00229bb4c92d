"""A step of the backward pass as text."""

import linecache
from typing import TYPE_CHECKING, Any

from minigrad.debug.names import operand_names
from minigrad.debug.statistics import Statistics, norm
from minigrad.display import numbers
from minigrad.graph import Node
from minigrad.positions import Position

if TYPE_CHECKING:
    from minigrad.debug.contributions import Contribution
    from minigrad.debug.step import Step

#: The place of an operation stands at the right of the first line, where it is easy to find.
WIDTH = 72


def page(step: "Step") -> str:
    """Return a step: where it is, its source line with a caret, its gradient, and each input's formula and result."""
    lines = [header(step), *caret(step.node.where)]
    if step.grad_output is None:
        return "\n".join([*lines, " no gradient arrived here, so the rule was not run"])
    several = type(step.grad_output) is tuple
    for index, gradient in enumerate(step.grad_output if several else (step.grad_output,)):
        name = f"grad_outputs[{index}]" if several else "grad_output"
        lines.append(f" {name} " + ("none arrived" if gradient is None else summary(gradient, True)))
    rows = []
    for each, edge, label in zip(step.contributions, step.recorded.edges, operand_names(step.recorded)):
        # Not for a shape or a number that the rule says nothing of.
        if edge is not None or each.rule:
            rows.append((each.rule or f"grad_{each.input}", result(each, label)))
    width = max([len(text) for text, _ in rows], default=0)
    lines += [f" {text:{width}}   {shown}" for text, shown in rows]
    return "\n".join(lines)


def header(step: "Step") -> str:
    """Return ``step 5/8  matmul -> (4, 1)   in mlp.2          train.py:24``."""
    node = step.node
    text = f"step {step.index}/{step.total}  {node.name} -> {node.shape}"
    if node.module:
        text += f"   in {node.module}"
    if node.where is None:
        return text
    place = str(node.where)
    return f"{text}  {place:>{max(WIDTH - len(text) - 2, 0)}}"


def caret(where: Position | None) -> list[str]:
    """Return the source line of a position and a line of carets under its sub-expression; nothing without a source."""
    if where is None or not where.source:
        return []
    lines = [f"   {where.source}"]
    if where.column is None:
        return lines
    text = linecache.getline(where.filename, where.line)
    # Columns are given in bytes of UTF-8, and the source is shown without its indentation.
    encoded = text.encode()
    end = where.end_column if where.end_line == where.line else len(encoded.rstrip())
    indentation = len(text) - len(text.lstrip())
    start = len(encoded[: where.column].decode(errors="replace")) - indentation
    length = len(encoded[where.column : end].decode(errors="replace"))
    lines.append("   " + " " * start + "^" * length)
    return lines


def result(contribution: "Contribution", name: str | None) -> str:
    """Return the shape and norm of a contribution, and what it goes to, by the user's name for it if it has one."""
    if contribution.source is None:
        return "not needed"
    if contribution.grad is None:
        return "none"
    text = ""
    if contribution.returned != contribution.grad.shape:
        text = f"{contribution.returned} summed to "
    kind = "added" if contribution.accumulated else "new"
    source = contribution.source
    if isinstance(source, Node):
        return f"{text}{summary(contribution.grad)}   {name or source.name}: {kind}"
    return f"{text}{summary(contribution.grad)}   {name or source.name or 'unnamed'}: {kind} (leaf)"


def summary(array: Any, shown: bool = False) -> str:
    """Return the shape and the norm of an array, and some of its numbers if ``shown`` and they are kept."""
    if isinstance(array, Statistics):
        return f"{array.shape}  norm {array.norm:.3g}" + ("  [past the history's memory]" if shown else "")
    return f"{array.shape}  norm {norm(array):.3g}" + (f"  [{numbers(array)}]" if shown else "")

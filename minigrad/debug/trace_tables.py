"""A recording as a table of text: a line for each step."""

from typing import TYPE_CHECKING, Any

from minigrad.debug.statistics import Statistics, norm

if TYPE_CHECKING:
    from minigrad.debug.step import Step
    from minigrad.debug.traces import Trace

HEAD = ("step", "operation", "output", "|grad_output|", "contributions", "flags", "module", "source")


def table(trace: "Trace") -> str:
    """Return a table of a recording's backward steps, one line each."""
    rows: list[tuple[str, ...]] = [HEAD]
    for step in trace.steps:
        rows.append(row(step))
    widths = []
    for column in range(len(HEAD)):
        longest = max([len(each[column]) for each in rows])
        # A column without entries is left out.
        widths.append(longest if "".join([each[column] for each in rows[1:]]) else 0)
    lines = []
    for each in rows:
        cells = [cell.ljust(width) for cell, width in zip(each, widths) if width]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def row(step: "Step") -> tuple[str, ...]:
    """Return the cells of one step."""
    node = step.node
    where = node.where
    source = "" if where is None else f"{where}  {where.expression.splitlines()[0] if where.expression else ''}"
    gradients = step.grad_output if type(step.grad_output) is tuple else (step.grad_output,)
    sizes = " ".join([size(each) for each in gradients])
    given = []
    for each in step.contributions:
        if each.grad is not None:
            given.append(f"{each.input} {size(each.grad)}" + ("+" if each.accumulated else ""))
    flags = " ".join(sorted(step.flags))
    return str(step.index), node.name, str(node.shape), sizes, ", ".join(given), flags, node.module or "", source


def size(array: Any) -> str:
    """Return the norm of an array with three digits; a dash where there is none."""
    if array is None:
        return "-"
    return f"{array.norm if isinstance(array, Statistics) else norm(array):.3g}"

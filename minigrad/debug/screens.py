"""The pages of the terminal stepper as text: the first one, the list of the steps, source lines, tables, matrices."""

import linecache
import os
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad.debug import printing
from minigrad.debug.names import operand_names, output_name
from minigrad.debug.statistics import Statistics, norm
from minigrad.display import number
from minigrad.graph import Node
from minigrad.positions import Position, resolve
from minigrad.tensors import Tensor

if TYPE_CHECKING:
    from minigrad.debug.step import Step

#: How wide a page may be: a terminal of 80 columns, and a margin.
WIDTH = 78
#: How many rows of a matrix are shown; of its columns, what fits.
ROWS = 8
#: How many source lines stand around the current one, as in pdb.
AROUND = 5
#: How many steps are written behind a source line; a line of a loop may have become hundreds.
MOST_NOTES = 6
HINT = "n next · rn back · c continue · b break · l list · p print · s step into · h help"


def first_page(loss: Any, total: int, number: int | None = None) -> str:
    """Return what the stepper opens with: which pass it is, and the commands that one needs first."""
    which = "backward" if number is None else f"backward {number}"
    made_by = loss.grad_fn
    name = loss.name or (output_name(made_by, loss._output_number) if made_by is not None else None) or "loss"
    value = f"{name} = {loss.item():.4g}" if loss._data.size == 1 else f"{name} {loss.shape}"
    operations = "1 operation" if total == 1 else f"{total} operations"
    title = f"{which}: {value}, {operations}, the last one first"
    return f"{title}\n{HINT}"


def last_page(order: Sequence[Node], total: int) -> str:
    """Return what is said when a pass is complete: how many operations ran, and which leaves have gradients now."""
    counts: dict[str, int] = {}
    seen = set()
    for node in order:
        for edge, written in zip(node.edges, operand_names(node)):
            if isinstance(edge, Tensor) and id(edge) not in seen:
                seen.add(id(edge))
                name = edge.name or written or "a tensor without a name"
                counts[name] = counts.get(name, 0) + 1
    names = [name if count == 1 else f"{name} (x{count})" for name, count in counts.items()]
    shown = names if len(names) <= 6 else [*names[:5], f"{len(names) - 5} more"]
    operations = "1 operation" if total == 1 else f"{total} operations"
    if not order:
        return f"done: {operations}; the gradient is written to the tensor itself"
    return f"done: {operations}; gradients are written to {', '.join(shown)}"


def where_page(step: "Step") -> str:
    """Return where an operation was called, with its source line and a caret, its module, and where its rule is."""
    node = step.node
    where = node.where
    lines = []
    if node.module:
        lines.append(f"  module {node.module}")
    if where is not None:
        lines.append(f"> {where.filename}({where.line}){where.function}()")
        lines += printing.caret(where)
    code = node.recorded.vjp.__code__
    lines.append(f"  step {step.index}/{step.total}, {node.name}: {step.rule}")
    lines.append(f"  its rule is {node.recorded.vjp.__name__}, {code.co_filename}:{code.co_firstlineno}")
    return "\n".join(lines)


def position_of(node: Node) -> Position | None:
    """Return where in the user's code an operation was called, or None."""
    return None if node.code is None else resolve(node.code, node.lasti)


def rows_of(order: Sequence[Node], steps: dict[int, "Step"]) -> list[tuple[str, str, str, str, str]]:
    """Return for each operation of a pass its index, name, output shape, gradient norm and place.

    Args:
        order: the nodes, the last operation first.
        steps: those that have been taken, by index.
    """
    rows = []
    for index, node in enumerate(order, start=1):
        step = steps.get(index)
        where = position_of(node)
        place = ""
        if where is not None:
            place = f"{where}  {where.expression.splitlines()[0]}" if where.expression else str(where)
        if node.module:
            place = f"{place}  in {node.module}" if place else f"in {node.module}"
        rows.append((str(index), node.name, str(node.shape), "" if step is None else norm_text(step), place))
    return rows


def norm_text(step: "Step") -> str:
    """Return the norm of the gradient that arrived at a step; ``none`` where none did."""
    arrays = step.grad_output if type(step.grad_output) is tuple else (step.grad_output,)
    norms = []
    for array in arrays:
        if array is not None:
            norms.append(array.norm if isinstance(array, Statistics) else norm(array))
    return f"{np.hypot.reduce(norms):.3g}" if norms else "none"


def table(
    rows: Sequence[Sequence[str]], heads: Sequence[str], right: Sequence[int] = (), width: int = WIDTH
) -> list[str]:
    """Return rows as lines of aligned columns under their heads; the last column is cut at ``width``.

    Args:
        rows: the cells, text.
        heads: the names of the columns.
        right: the columns that are aligned at the right, numbers.
        width: of the page.
    """
    widths = []
    for column, head in enumerate(heads):
        widths.append(max([len(head), *[len(row[column]) for row in rows]]))
    lines = []
    for row in (heads, *rows):
        cells = []
        for column, cell in enumerate(row):
            if column + 1 == len(heads) and column not in right:
                cells.append(cell)
            else:
                cells.append(f"{cell:>{widths[column]}}" if column in right else f"{cell:{widths[column]}}")
        line = "  ".join(cells).rstrip()
        lines.append(line if len(line) <= width else line[: width - 1] + "…")
    return lines


def steps_page(
    order: Sequence[Node], steps: dict[int, "Step"], current: int, marks: Collection[int], first: int, last: int
) -> str:
    """Return the list of the steps ``first`` to ``last``, the current one with an arrow, ``B`` where one would stop."""
    lines = table(
        rows_of(order, steps)[first - 1 : last], ("#", "operation", "output", "|grad|", "where"), (0, 3), WIDTH - 4
    )
    page = [f"    {lines[0]}"]
    for index, line in enumerate(lines[1:], start=first):
        arrow = "->" if index == current else "  "
        page.append(f"{arrow}{'B' if index in marks else ' '} {line}")
    if first > 1 or last < len(order):
        page.append(f"    steps {first} to {last} of {len(order)}; `steps all` shows each")
    return "\n".join(page)


def source_page(order: Sequence[Node], current: int, around: int = AROUND, width: int = WIDTH) -> str:
    """Return the source around the current operation, and behind each line the steps that it became.

    Args:
        order: the nodes of the pass.
        current: the number of the step that is shown.
        around: how many lines before and behind its own.
        width: how long a line with its steps may be.
    """
    where = position_of(order[current - 1])
    if where is None or not linecache.getline(where.filename, where.line):
        return "the source of this operation is not available"
    found: dict[int, list[str]] = {}
    for index, node in enumerate(order, start=1):
        place = position_of(node)
        if place is not None and place.filename == where.filename:
            found.setdefault(place.line, []).append(f"{index} {node.name}")
    source = linecache.getlines(where.filename)
    first, last = max(where.line - around, 1), min(where.line + around, len(source))
    # The steps stand in a column of their own, right of the lines that have any.
    column = max([len(source[line - 1].rstrip()) for line in found if first <= line <= last])
    page = [near_path(where.filename)]
    for line in range(first, last + 1):
        arrow = "->" if line == where.line else "  "
        text = f"{line:4} {arrow} {source[line - 1].rstrip():{column}}"
        page.append((text + steps_of_line(found.get(line, []), width - len(text))).rstrip())
        if line == where.line:
            page += carets(where)
    return "\n".join(page)


def near_path(path: str) -> str:
    """Return a path relative to the working folder where it is below that, else as it is."""
    below = os.path.join(os.getcwd(), "")
    return path.removeprefix(below)


def steps_of_line(notes: list[str], room: int) -> str:
    """Return ``  # 5 matmul, 4 add``: the steps of a source line, as many as there is room for, one at least."""
    text = ""
    for shown in range(len(notes), 0, -1):
        rest = f", and {len(notes) - shown} more" if shown < len(notes) else ""
        text = f"  # {', '.join(notes[:shown])}{rest}"
        if shown <= MOST_NOTES and len(text) <= room:
            break
    return text


def carets(where: Position) -> list[str]:
    """Return the line of carets below a source line that is shown with its indentation and line number."""
    lines = printing.caret(where)
    if len(lines) < 2:
        return []
    text = linecache.getline(where.filename, where.line)
    indentation = len(text) - len(text.lstrip())
    return [" " * (8 + indentation) + lines[1][3:]]


def matrix(array: np.ndarray, rows: int = ROWS, width: int = WIDTH - 2) -> list[str]:
    """Return a matrix as aligned numbers, its corner where it is larger; a vector as a row.

    Args:
        array: of any shape; what has more than two axes is stacked.
        rows: how many are shown.
        width: how long a line may be.
    """
    grid = np.atleast_2d(array)
    grid = grid.reshape(-1, grid.shape[-1]) if grid.size else grid.reshape(0, 1)
    columns = min(grid.shape[1], width // 3)
    cells = [[number(value) for value in row[:columns]] for row in grid[:rows]]
    widest = max([len(text) for row in cells for text in row], default=0)
    if columns * (widest + 2) - 2 > width or columns < grid.shape[1]:
        columns = max((width - 1) // (widest + 2), 1)
    lines = []
    for row in cells:
        line = "  ".join([f"{text:>{widest}}" for text in row[:columns]])
        lines.append(line + ("  …" if columns < grid.shape[1] else ""))
    if grid.shape[0] > rows or columns < grid.shape[1]:
        lines.append(f"({grid.shape[0]} rows, {grid.shape[1]} columns)")
    return lines or ["empty"]


def statistics(array: Any) -> tuple[str, ...]:
    """Return shape, dtype, minimum, mean, maximum, deviation, norm, and how many are zero, NaN and infinite.

    Of an array with NaN or infinite entries the figures are of the finite ones, so that they say something.
    """
    if isinstance(array, Statistics):  # of an array that the history no longer keeps
        known: tuple[Any, ...] = (array.least, array.mean, array.greatest, None, array.norm)
        counts = (array.zeros, array.nans, array.infs)
    else:
        array = np.asarray(array)
        if array.size == 0 or array.dtype.kind not in "fiub":
            return (str(array.shape), str(array.dtype), *[""] * 8)
        values = array.astype(np.float64, copy=False).ravel()
        finite = values[np.isfinite(values)]
        known = (None,) * 5
        if finite.size:
            known = (finite.min(), finite.mean(), finite.max(), finite.std(), norm(finite))
        nans = int(np.count_nonzero(np.isnan(values)))
        counts = (int(np.count_nonzero(values == 0)), nans, values.size - finite.size - nans)
    figures = ["" if figure is None else f"{figure:.3g}" for figure in known]
    return (str(array.shape), str(array.dtype), *figures, *[str(count) if count else "·" for count in counts])


STATISTICS = ("value", "shape", "dtype", "min", "mean", "max", "std", "norm", "zero", "nan", "inf")


def statistics_page(values: dict[str, Any]) -> str:
    """Return the statistics of named arrays, a line each."""
    rows = [(name, *statistics(value)) for name, value in values.items()]
    return "\n".join(table(rows, STATISTICS, range(3, len(STATISTICS)), 110))

"""The expression in the user's source that called an operation, and the statement around it.

A position says where an instruction stands; the syntax tree of its file says what stands there. A file is parsed once,
when somebody asks for a name in it, which takes about a millisecond for 100 lines.
"""

import ast
import linecache
import sys
from types import CodeType, ModuleType
from typing import Any, NamedTuple

from minigrad.positions import resolve

#: Names that commonly are modules, for source in which their import does not stand: another notebook cell.
USUAL_MODULES = frozenset(
    ["mg", "minigrad", "np", "numpy", "F", "nn", "functional", "linalg", "special", "func", "ops"]
)


class Place(NamedTuple):
    """An expression that called an operation.

    Attributes:
        expression: the syntax tree of the expression; of the statement for ``h += y`` and ``for row in x``.
        parent: the statement or expression directly around it, or None.
        modules: the names that are modules in the file.
    """

    expression: ast.AST
    parent: ast.AST | None
    modules: frozenset[str]


class Source:
    """The syntax tree of a file, looked up by where expressions end."""

    def __init__(self, text: str) -> None:
        """Parse a text; nothing is found in one that is no Python."""
        self.by_end: dict[tuple[int, int], list[tuple[ast.AST, ast.AST | None]]] = {}
        imported: set[str] = set()
        assigned: set[str] = set()
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError):
            tree = ast.parse("")
        stack: list[tuple[ast.AST, ast.AST | None]] = [(tree, None)]
        while stack:
            node, parent = stack.pop()
            if isinstance(node, (ast.expr, ast.stmt)):
                self.by_end.setdefault((node.end_lineno or 0, node.end_col_offset or 0), []).append((node, parent))
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                imported |= imported_modules(node)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                assigned.add(node.id)
            for child in ast.iter_child_nodes(node):
                stack.append((child, node))
        self.modules = frozenset(imported | (USUAL_MODULES - assigned))

    def at(self, line: int, column: int, end_line: int, end_column: int) -> Place | None:
        """Return what stands between two points, or None."""
        for node, parent in self.by_end.get((end_line, end_column), ()):
            if (node.lineno, node.col_offset) == (line, column):  # type: ignore[attr-defined]
                return Place(node, parent, self.modules)
        for node, parent in self.by_end.get((end_line, end_column), ()):
            # Of a method call over several lines Python notes the line of the method's name as its beginning.
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.end_lineno == line:
                return Place(node, parent, self.modules)
        return None


def imported_modules(node: ast.Import | ast.ImportFrom) -> set[str]:
    """Return the names that an import gives to modules."""
    found = set()
    for alias in node.names:
        name = alias.asname or alias.name.split(".")[0]
        member = getattr(sys.modules.get(getattr(node, "module", None) or ""), alias.name, None)
        if isinstance(node, ast.Import) or isinstance(member, ModuleType):
            found.add(name)
    return found


# The lines are kept with what was made of them: linecache gives the same list until the file has changed.
_sources: dict[str, tuple[list[str], Source]] = {}
_places: dict[tuple[str, CodeType, int], tuple[Source, Place | None]] = {}
#: So many files, and so many expressions, are remembered.
MOST_FILES, MOST_PLACES = 64, 20_000


def source_of(filename: str) -> Source | None:
    """Return the syntax of a file, or None where its text is not to be had."""
    lines = linecache.getlines(filename)
    if not lines:
        return None
    known = _sources.get(filename)
    if known is None or (known[0] is not lines and known[0] != lines):
        if len(_sources) >= MOST_FILES:
            _sources.clear()
        known = _sources[filename] = (lines, Source("".join(lines)))
    return known[1]


def place_of(code: CodeType | None, lasti: int) -> Place | None:
    """Return the expression of an instruction, or None where the source or the columns are not known."""
    if code is None:
        return None
    source = source_of(code.co_filename)
    if source is None:
        return None
    # Two equal functions of two files are equal codes.
    key = (code.co_filename, code, lasti)
    known = _places.get(key)
    if known is None or known[0] is not source:
        if len(_places) >= MOST_PLACES:
            _places.clear()
        position = resolve(code, lasti)
        place = None
        if position.column is not None and position.end_column is not None:
            place = source.at(position.line, position.column, position.end_line, position.end_column)
        known = _places[key] = (source, place)
    return known[1]


def text_of(expression: ast.AST | None) -> str | None:
    """Return a name as it is written, ``h``, ``self.weight``, ``params["W1"]``, ``h.T``; None for anything longer."""
    if isinstance(expression, ast.Name):
        return expression.id
    if isinstance(expression, ast.Attribute):
        base = text_of(expression.value)
        return None if base is None else f"{base}.{expression.attr}"
    if isinstance(expression, ast.Subscript) and isinstance(expression.slice, (ast.Constant, ast.Name)):
        base = text_of(expression.value)
        return None if base is None else f"{base}[{ast.unparse(expression.slice)}]"
    if isinstance(expression, ast.NamedExpr):
        return text_of(expression.target)
    return None


def is_module(expression: ast.AST, place: Place) -> bool:
    """Return whether an expression is the name of a module, ``mg``, ``mg.nn.functional``."""
    while isinstance(expression, ast.Attribute):
        expression = expression.value
    return isinstance(expression, ast.Name) and expression.id in place.modules


def last_name(expression: Any) -> str | None:
    """Return the last component of what is called: ``tanh`` of ``mg.tanh`` and ``h.tanh``, ``0`` of ``layers[0]``."""
    if isinstance(expression, ast.Name):
        return expression.id
    if isinstance(expression, ast.Attribute):
        return expression.attr
    if isinstance(expression, ast.Subscript) and isinstance(expression.slice, ast.Constant):
        return str(expression.slice.value)
    return None

"""Where in the user's code an operation was called.

A position is kept as ``(code, lasti)``, the code object and the index of the bytecode instruction: taking it costs
about 0.1 microseconds. File, line and columns of the sub-expression are worked out only when somebody asks.
"""

import ast
import contextlib
import linecache
import os
import sys
from types import CodeType, FrameType
from typing import NamedTuple

#: Files below this folder are minigrad's own; a position is the innermost frame outside of it.
PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep


class OwnFiles(dict[str, bool]):
    """Whether a file is minigrad's own, by its name. A file is looked at once: comparing the path takes 40 ns."""

    def __missing__(self, filename: str) -> bool:
        """Look at a file that was not asked for before."""
        own = self[filename] = filename.startswith(PACKAGE)
        return own


OWN_FILES = OwnFiles()


class Position(NamedTuple):
    """A place in a source file; ``str()`` gives ``train.py:24``."""

    filename: str
    line: int
    end_line: int
    column: int | None
    end_column: int | None
    function: str

    def __str__(self) -> str:
        """Return ``file:line`` with the file's last component."""
        return f"{os.path.basename(self.filename)}:{self.line}"

    @property
    def source(self) -> str:
        """The source line, stripped; empty where the source is not available."""
        return linecache.getline(self.filename, self.line).strip()

    @property
    def expression(self) -> str:
        """The text of the sub-expression, ``h @ W2``; the whole line where the columns are not known."""
        text = linecache.getline(self.filename, self.line)
        if self.column is None or not text:
            return text.strip()
        # co_positions() counts bytes of UTF-8, not characters.
        encoded = text.encode()
        end = self.end_column if self.end_line == self.line else len(encoded)
        return encoded[self.column : end].decode(errors="replace").strip()

    @property
    def called(self) -> str:
        """The last name of what the expression calls, ``cond`` of ``mg.linalg.cond(A)``; empty if it calls nothing."""
        call = None
        # Of a call over several lines the first is the expression.
        for text in (self.expression, self.expression + ")"):
            with contextlib.suppress(SyntaxError):
                call = ast.parse(text, mode="eval").body
        function = call.func if isinstance(call, ast.Call) else None
        if isinstance(function, ast.Attribute):
            return function.attr
        return function.id if isinstance(function, ast.Name) else ""


def resolve(code: CodeType, lasti: int) -> Position:
    """Return the file, line and columns of the instruction at byte offset ``lasti`` of ``code``."""
    line = end_line = column = end_column = None
    for index, place in enumerate(code.co_positions()):
        if index == lasti // 2:
            line, end_line, column, end_column = place
            break
    line = code.co_firstlineno if line is None else line
    return Position(code.co_filename, line, end_line or line, column, end_column, code.co_name)


def user_frame(frame: FrameType | None) -> FrameType | None:
    """Return the first frame at or outside of ``frame`` that is not minigrad's own, or None."""
    while frame is not None and OWN_FILES[frame.f_code.co_filename]:
        frame = frame.f_back
    return frame


def outermost_own(frame: FrameType) -> FrameType:
    """Return the frame of minigrad's, at or outside of ``frame``, that the user's code called."""
    while frame.f_back is not None and OWN_FILES[frame.f_back.f_code.co_filename]:
        frame = frame.f_back
    return frame


def user_position() -> Position | None:
    """Return where the user's code called into minigrad, or None when no frame outside of minigrad is running."""
    frame = user_frame(sys._getframe(1))
    return None if frame is None else resolve(frame.f_code, frame.f_lasti)

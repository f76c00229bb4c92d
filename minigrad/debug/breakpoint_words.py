"""What stands behind ``b``: ``op=tanh``, ``nan``, ``large 1e3``, ``train.py:24`` or an expression."""

import os
import re
from collections.abc import Sequence
from types import FrameType
from typing import Any

from minigrad.debug.scope import ProgramExpression, did_you_mean, names_of_program
from minigrad.debug.step import Step
from minigrad.graph import Node
from minigrad.positions import Position, resolve

#: Words that stand alone.
FLAGS = ("nan", "inf", "zero")
WORDS = (*FLAGS, "large", "step", "op", "name", "module")
KEYWORD = re.compile(r"^(op|name|module)\s*=(?!=)\s*(\S+)$")
LINE = re.compile(r"^(?:(\S+\.\w+):)?(\d+)$")
FORMS = "op=tanh, name=W1, module=mlp.*, nan, inf, zero, large 1e3, step 7, train.py:24 or an expression"


class LineBreak:
    """Whether a step belongs to a line of a source file."""

    def __init__(self, filename: str, line: int) -> None:
        """Wait for a line of a file, called by its last component or by more of its path."""
        self.filename = filename
        self.line = line
        self.__name__ = f"{filename}:{line}"

    def __call__(self, step: Step) -> bool:
        """Return whether the step's operation was called there."""
        return self.is_at(step.node.where)

    def is_at(self, where: Position | None) -> bool:
        """Return whether a position is on the line."""
        return where is not None and where.line == self.line and is_file(where.filename, self.filename)


def parse(text: str, shown: str, order: Sequence[Node], frame: FrameType | None) -> dict[str, Any]:
    """Return the keyword arguments of ``Stepper.break_at`` that the words behind ``b`` stand for.

    Args:
        text: the words.
        shown: the file of the step that is shown, for a line number alone.
        order: the nodes of the pass.
        frame: whose variables an expression may name, or None.

    Raises:
        ValueError: if they are none of the forms; the message is for the user.
    """
    words = text.split()
    keyword = KEYWORD.match(text)
    if keyword is not None:
        return {keyword[1]: keyword[2].strip("\"'")}
    if words[0] in FLAGS and len(words) == 1:
        return {words[0]: True}
    if words[0] == "large" and len(words) <= 2:
        return {"large": True if len(words) == 1 else number(words[1], float, "large 1e3")}
    if words[0] == "step" and len(words) == 2:
        return {"step": number(words[1], int, "step 7")}
    line = LINE.match(text)
    if line is not None:
        return {"condition": line_break(line[1] or shown, int(line[2]), order)}
    if not is_expression(text):
        word = re.split(r"[\s=]", text)[0]
        raise ValueError(f"{text!r} is no breakpoint.{did_you_mean(word, WORDS)} A breakpoint is {FORMS}.")
    if frame is not None and names_of_program(text, order, frame):
        return {"condition": ProgramExpression(text, frame)}
    return {"expression": text}


def is_expression(text: str) -> bool:
    """Return whether a text is a Python expression."""
    try:
        compile(text, "<breakpoint>", "eval")
    except SyntaxError:
        return False
    return True


def line_break(filename: str, line: int, order: Sequence[Node]) -> LineBreak:
    """Return the breakpoint of a source line; raise a ValueError where the pass has no operation there."""
    wanted = LineBreak(filename, line)
    apart = {}
    for node in order:
        where = None if node.code is None else resolve(node.code, node.lasti)
        if wanted.is_at(where):
            return wanted
        if where is not None:
            apart[str(where)] = (not is_file(where.filename, filename), abs(where.line - line))
    near = sorted(apart, key=apart.__getitem__)[:4]
    here = f"{os.path.basename(filename)}:{line}"
    raise ValueError(f"no operation of this pass is at {here}. There are some at {', '.join(near)}.")


def number(text: str, kind: type, example: str) -> Any:
    """Return a number of the user's, or raise a ValueError with an example of the form that it belongs to."""
    try:
        return kind(text)
    except ValueError:
        raise ValueError(f"a number is needed, as in {example}, got {text!r}.") from None


def is_file(path: str, written: str) -> bool:
    """Return whether the end of a path is what the user wrote, whole components of it.

    Examples:
        >>> is_file("/home/me/train.py", "train.py"), is_file("/home/me/train.py", "rain.py")
        (True, False)
    """
    return path == written or path.endswith(os.sep + written.removeprefix("./"))

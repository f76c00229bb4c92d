"""What is being compiled: a record of it, and a line on stderr for whoever waits."""

import os
import shutil
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple, TextIO

from numba import types
from numba.core import event
from numba.core.compiler_lock import global_compiler_lock

from minigrad_kernels.array_objects import ArrayObject
from minigrad_kernels.caching import KernelCache, cache_folder, cache_problem

# Up to so many seconds in a process, compiling passes without a word.
PATIENCE = 2.0


class Compiled(NamedTuple):
    """A kernel that was compiled, not loaded: its name with the dtype of its arrays, and how long it took."""

    name: str
    seconds: float


class CompileWatch(event.Listener):
    """Listens to Numba, records the kernels that it compiles, and shows one line once that has taken two seconds.

    On a terminal the line is there while a kernel is being compiled, and counts. Elsewhere it is written once.

    Args:
        clock: Tells the time in seconds.
        stream: Where the line goes; None for whatever `sys.stderr` is by then.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter, stream: TextIO | None = None) -> None:
        self.clock = clock
        self.stream = stream
        self.shown = os.environ.get("MINIGRAD_PROGRESS", "1") != "0"
        self.compiled: list[Compiled] = []
        self._told = False
        self._width = 0
        # How deep Numba is in a kernel: it compiles the functions that the kernel calls meanwhile.
        self._depth = 0
        self._name = ""
        self._started = 0.0
        self._seconds = 0.0

    def on_start(self, event: event.Event) -> None:
        """Note that Numba begins to compile a function: a kernel, part of one, or something of the user's."""
        dispatcher = event.data["dispatcher"]
        if self._depth == 0:
            if not isinstance(getattr(dispatcher, "_cache", None), KernelCache):
                return
            self._name = _readable(dispatcher.__name__, event.data["args"])
            self._started = self.clock()
        self._depth += 1
        # Each part of a kernel is an opportunity to look at the clock: a product has 40, of a tenth of a second.
        self._show()

    def on_end(self, event: event.Event) -> None:
        """Note that the function is compiled, or failed."""
        if self._depth == 0:
            return
        self._depth -= 1
        if self._depth == 0:
            seconds = self.clock() - self._started
            self._seconds += seconds
            self.compiled.append(Compiled(self._name, seconds))
            self._clear()

    def _show(self) -> None:
        """Write the line, or what has changed of it."""
        stream = self.stream or sys.stderr
        seconds = self._seconds + self.clock() - self._started
        if not self.shown or seconds < PATIENCE or stream is None:
            return
        progress = f"kernel {len(self.compiled) + 1}, {self._name}, {seconds:.0f} s so far"
        try:
            if stream.isatty():
                line = f"minigrad compiles: {progress}"[: shutil.get_terminal_size().columns - 1]
                stream.write(f"\r{line.ljust(self._width)}")
                self._width = len(line)
            elif not self._told:
                stream.write(f"minigrad compiles {_reason()}: {progress} (MINIGRAD_PROGRESS=0 hides this line)\n")
            stream.flush()
        except (AttributeError, OSError, ValueError):
            self.shown = False  # stderr is closed, or something of the program's own.
        self._told = True

    def _clear(self) -> None:
        """Take the line off the terminal, where the program may write next."""
        stream = self.stream or sys.stderr
        if self._width == 0 or stream is None:
            return
        try:
            stream.write(f"\r{' ' * self._width}\r")
            stream.flush()
        except (AttributeError, OSError, ValueError):
            self.shown = False
        self._width = 0


def _readable(name: str, arguments: tuple[Any, ...]) -> str:
    """Return the name of a kernel with the dtype and axes of its first array: "multiply (float32, 2-d)"."""
    for argument in arguments:
        if isinstance(argument, types.Array):
            return f"{name} ({argument.dtype}, {argument.ndim}-d)"
        if isinstance(argument, ArrayObject):
            return f"{name} ({argument.dtype})"  # for any number of axes
    return name


def _reason() -> str:
    """Return why compiling is worth the wait, or what is wrong."""
    problem = cache_problem()
    if problem is None:
        return f"its kernels and keeps them in {cache_folder()}"
    return f"its kernels and cannot keep them ({problem}; set MINIGRAD_CACHE_DIR to a folder that can be written)"


watch = CompileWatch()
event.register("numba:compile", watch)
# A fork waits until no thread compiles: the child has none of the others, and would wait for their lock for ever.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=global_compiler_lock.acquire,
        after_in_parent=global_compiler_lock.release,
        after_in_child=global_compiler_lock.release,
    )


def show_progress(shown: bool) -> None:
    """Switch on or off the line on stderr that tells what is being compiled, once that has taken two seconds.

    Nothing is ever written at import, nor when the compiled kernels are on disk already. The environment variable
    MINIGRAD_PROGRESS=0 switches it off too.

    Args:
        shown: Whether to write it.

    Raises:
        TypeError: `shown` is no bool.

    Example:
        >>> show_progress(False)
        >>> show_progress(True)
    """
    if not isinstance(shown, bool):
        raise TypeError(f"show_progress: needed True or False, came {shown!r}; MINIGRAD_PROGRESS is for environments")
    watch.shown = shown

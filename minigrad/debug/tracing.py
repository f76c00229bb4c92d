"""``set_trace``: a backward pass in the stepper, in the terminal or on the whole screen; as a table without either."""

import sys
from bdb import BdbQuit
from types import FrameType
from typing import TYPE_CHECKING, Any

from minigrad.debug.forward import forward_of
from minigrad.debug.stepper import Stepper
from minigrad.debug.traces import Trace
from minigrad.errors import message

if TYPE_CHECKING:
    from minigrad.debug.console import Session
    from minigrad.debug.terminal import Terminal


def set_trace(loss: Any, gradient: Any = None, retain_graph: bool = False, *, tui: bool = False) -> None:
    """Open the backward pass of a loss in the terminal stepper, as ``pdb.set_trace()`` opens pdb.

    It stands in the place of ``loss.backward()``, and writes the same gradients, when the pass completes. ``h`` lists
    the commands. Where there is no terminal it prints the table of the steps and goes on.

    Args:
        loss: the tensor to differentiate.
        gradient: dL/d(loss), of its shape; may be left out when it has one element: then it is 1.
        retain_graph: keep the saved values for another pass.
        tui: use the full-screen stepper, which needs the extra ``tui``.

    Raises:
        RuntimeError, ValueError: as ``Tensor.backward``; and what a rule raises. No gradient is written then.
        bdb.BdbQuit: if the user gives the pass up (``q``), or the terminal goes away. No gradient is written.
        ImportError: if ``tui`` is asked for and textual is not installed.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad import debug
        >>> w = mg.tensor([1.0, 2.0], requires_grad=True, name="w")
        >>> debug.set_trace((w * w).sum())  # doctest: +SKIP
        backward of () = 5: 2 operations, the last one first
    """
    step_through(loss, gradient, retain_graph, tui, sys._getframe(1))


def step_through(
    loss: Any,
    gradient: Any = None,
    retain_graph: bool = False,
    tui: bool = False,
    frame: FrameType | None = None,
    number: int | None = None,
    session: "Session | None" = None,
) -> "Session":
    """As ``set_trace``, for one of a program's passes.

    Args:
        loss: the tensor to differentiate.
        gradient: dL/d(loss), or None.
        retain_graph: keep the saved values for another pass.
        tui: use the full-screen stepper.
        frame: the program's frame, whose variables expressions may name.
        number: of the pass in its program.
        session: what an earlier pass has left.

    Returns:
        What this pass leaves: breakpoints, displays.
    """
    # Here and not above: pdb and cmd take 10 ms to import, which only who steps is to wait for.
    from minigrad.debug.console import Session
    from minigrad.debug.terminal import Terminal

    session = Session() if session is None else session
    if tui:
        refuse_without_textual()
    stepper = Stepper(loss, gradient, retain_graph)
    if not has_terminal():
        forward = forward_of(stepper.nodes, loss)
        stepper.finish()
        print(Trace(list(stepper.history), forward).table())
        return session
    terminal = Terminal(stepper, loss, session, frame)
    if tui:
        run_fullscreen(terminal, number)
    else:
        terminal.interact(number)
    return session


def has_terminal() -> bool:
    """Return whether somebody can type and read."""
    talking = True
    for stream in (sys.stdin, sys.stdout):
        talking = talking and stream is not None and not stream.closed and stream.isatty()
    return talking


def refuse_without_textual() -> None:
    """Raise if the full-screen stepper cannot run."""
    if not has_textual():
        problem = "the full-screen stepper needs textual, which is not installed."
        raise ImportError(
            message("set_trace", problem, "pip install 'minigrad[tui]'; without tui=True it runs in the terminal.")
        )


def has_textual() -> bool:
    """Return whether textual can be imported."""
    try:
        import textual  # noqa: F401 - only whether it can be
    except ImportError:
        return False
    return True


def run_fullscreen(terminal: "Terminal", number: int | None) -> None:
    """Show a pass on the whole screen until it is complete.

    Raises:
        bdb.BdbQuit: if the user gives it up.
        Exception: what a rule raises.
    """
    from minigrad.debug.fullscreen import Fullscreen
    from minigrad.debug.terminal import ABORTED

    app = Fullscreen(terminal, number)
    try:
        # Before the screen opens: where only a breakpoint is to open it, most passes need none.
        if not terminal.begin():
            app.run()
    finally:
        terminal.stepper.close()
    if app.failure is not None:
        raise app.failure
    if not terminal.stepper.finished:
        raise BdbQuit(ABORTED)

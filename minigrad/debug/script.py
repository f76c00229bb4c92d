"""``python -m minigrad step train.py``: a script or module as Python runs it, its backward passes in the stepper."""

import os
import runpy
import sys
from bdb import BdbQuit
from collections.abc import Sequence
from types import TracebackType

from minigrad.debug.openings import close_passes, open_passes, tell_if_too_few
from minigrad.debug.tracing import has_textual

WHO = "minigrad step"
#: Statuses, as the shell has them: of an error, of a wrong command, of Ctrl-C (128 + SIGINT).
FAILED, MISUSED, INTERRUPTED = 1, 2, 130


def run_script(
    script: str, arguments: Sequence[str] = (), module: bool = False, number: int | None = None, tui: bool = False
) -> int:
    """Run a program in this process, and open its backward passes in the stepper.

    It runs as ``python train.py`` or ``python -m package`` would run it: as ``__main__``, with its own ``sys.argv`` and
    ``sys.path[0]``. An error is shown with the script's own traceback, without the frames of this file.

    Args:
        script: the path of the script, or the name of a module.
        arguments: what the script finds in ``sys.argv[1:]``.
        module: whether ``script`` is the name of a module.
        number: of the only backward pass to open, counted from 1; None opens each.
        tui: open the full-screen stepper.

    Returns:
        The exit status: 0, 1 after an error or ``q``, 2 for what cannot be run, 130 after Ctrl-C.

    Raises:
        SystemExit: as the script raises it.
    """
    if not module and not os.path.exists(script):
        print(f"{WHO}: there is no file {script!r} in {os.getcwd()}", file=sys.stderr)
        return MISUSED
    if tui and not has_textual():
        print(f"{WHO}: --tui needs textual, which is not installed: pip install 'minigrad[tui]'", file=sys.stderr)
        return MISUSED
    passes = open_passes(number, tui)
    old_arguments, old_path = sys.argv, list(sys.path)
    sys.argv = [script, *arguments]
    try:
        if module:
            runpy.run_module(script, run_name="__main__", alter_sys=True)
        else:
            sys.path[0] = os.path.dirname(os.path.realpath(script))
            runpy.run_path(script, run_name="__main__")
    except BdbQuit:
        print(f"{WHO}: stopped in backward pass {passes.count}; no gradient of it was written", file=sys.stderr)
        return FAILED
    except (Exception, KeyboardInterrupt) as error:
        show(error)
        return INTERRUPTED if isinstance(error, KeyboardInterrupt) else FAILED
    finally:
        close_passes()
        sys.argv, sys.path[:] = old_arguments, old_path
    tell_if_too_few(passes, WHO)
    return 0


def show(error: BaseException) -> None:
    """Print an error as Python would have, had it run the script itself."""
    trace = of_the_script(error.__traceback__)
    if trace is None and isinstance(error, ImportError):
        print(f"{WHO}: {error}", file=sys.stderr)
        return
    sys.excepthook(type(error), error.with_traceback(trace), trace)


def of_the_script(trace: TracebackType | None) -> TracebackType | None:
    """Return a traceback from the script's first frame on, without those of this file and of ``runpy``."""
    while trace is not None:
        filename = trace.tb_frame.f_code.co_filename
        # The standard library freezes runpy, and then its file is called <frozen runpy>.
        if filename != __file__ and "runpy" not in os.path.basename(filename):
            return trace
        trace = trace.tb_next
    return None

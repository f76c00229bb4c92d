"""Ctrl-C while operations run."""

import signal
import threading
from types import FrameType
from typing import Any


class Interrupts:
    """Ctrl-C within a ``with`` block: the first lets the operation that runs end, so that the pass stays whole.

    A second one raises KeyboardInterrupt at once. Outside of the main thread, where Python allows no handler, Ctrl-C is
    what it always is.

    Attributes:
        asked: whether it was pressed.
    """

    def __init__(self) -> None:
        """Nothing was pressed."""
        self.asked = False
        self.outer: Any = None

    def __enter__(self) -> "Interrupts":
        """Watch for Ctrl-C."""
        self.asked = False
        if threading.current_thread() is threading.main_thread():
            self.outer = signal.signal(signal.SIGINT, self.note)
        return self

    def __exit__(self, *error: object) -> None:
        """Leave Ctrl-C as it was."""
        if self.outer is not None:
            signal.signal(signal.SIGINT, self.outer)

    def note(self, number: int, frame: FrameType | None) -> None:
        """Remember the first, raise at the second."""
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True

    def seen(self, step: Any) -> bool:
        """Return whether it was pressed: the condition of a breakpoint."""
        return self.asked

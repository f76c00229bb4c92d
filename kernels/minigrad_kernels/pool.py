"""Threads that help with work: whoever has some posts it on a board, in parts, and does those that nobody else takes.

A part is a call of a C function, `function(arguments, part)`, for part = 0, 1, ...; it returns 1, or 0 if it failed.
Parts are taken one at a time. So a helper that comes late, because its core was busy or it slept, delays nobody: there
is less left for it. And nothing is waited for but parts that are being done.

Helpers look at the board in compiled code, without the GIL, for about a millisecond after their last part; then they
sleep on a queue of Python's. A helper that looks takes a part 0.5 µs after it was posted, one that sleeps after 20 to
50 µs, of which the caller spends 5 to 15 on waking it.

Numba's own threads are no alternative: its omp layer does not survive a fork, and its workqueue layer aborts the
process when two Python threads call parallel kernels at once.
"""

import atexit
import os
import threading
from queue import SimpleQueue

import numpy as np
from numba.extending import register_jitable

from minigrad_kernels.atomics import (
    add_to_word,
    call_address,
    current_cpu,
    load_word,
    replace_word,
    store_word,
    yield_core,
)
from minigrad_kernels.jit import kernel

# The board's words, by their byte offsets: each that is written often has a cache line of its own.
# LEFT: the number of the work that was posted last, times MOST_PARTS, plus its parts that nobody has taken yet. One
# word, so that nobody can take a part of one work and run it as one of the next.
LEFT, DONE, OWNED, FUNCTION, ARGUMENTS, FAILED, CPU, HELPERS, STOPPED = 0, 64, 128, 192, 200, 208, 216, 224, 232
BOARD_BYTES = 320
MOST_PARTS = 1 << 16
# How often the board is looked at before the core is offered to others, and how often that is done before sleeping.
LOOKS = 64
PATIENCE = 2000


@register_jitable
def run_parts(board: int, function: int, arguments: int, parts: int, helpers: int) -> bool:
    """Run a C function for each part, with the help of others; returns whether all succeeded.

    Args:
        board: Address of the pool's board.
        function: Address of the C function.
        arguments: What it takes first, for example the address of more.
        parts: Less than MOST_PARTS.
        helpers: How many helpers may take parts.
    """
    if not replace_word(board + OWNED, 0, 1):
        # Another thread's work is on the board: do this one alone, in the same parts, so that the bits are the same.
        succeeded = True
        for part in range(parts):
            succeeded = call_address(function, arguments, part) == 1 and succeeded
        return succeeded
    store_word(board + DONE, 0)
    store_word(board + FAILED, 0)
    store_word(board + FUNCTION, function)
    store_word(board + ARGUMENTS, arguments)
    store_word(board + CPU, current_cpu())
    store_word(board + HELPERS, helpers)
    store_word(board + LEFT, (load_word(board + LEFT) // MOST_PARTS + 1) * MOST_PARTS + parts)
    while run_a_part(board):
        pass
    looks = 0
    while load_word(board + DONE) < parts:
        looks += 1
        if looks % LOOKS == 0:
            yield_core()
    succeeded = load_word(board + FAILED) == 0
    store_word(board + OWNED, 0)
    return succeeded


@register_jitable
def run_a_part(board: int) -> bool:
    """Take a part and run it; returns False if none was left."""
    left = load_word(board + LEFT)
    if left % MOST_PARTS == 0:
        return False
    function, arguments = load_word(board + FUNCTION), load_word(board + ARGUMENTS)
    # If this succeeds the part was not taken before, so its work was not over and those two words were its own.
    if replace_word(board + LEFT, left, left - 1):
        if call_address(function, arguments, left % MOST_PARTS - 1) != 1:
            store_word(board + FAILED, 1)
        add_to_word(board + DONE, 1)
    return True


@kernel
def help_others(board: int, number: int, patience: int) -> bool:
    """Run parts until there have been none for a while; returns whether this thread is on the wrong core.

    Args:
        board: Address of the pool's board.
        number: This helper's, from 0.
        patience: How often to offer the core to others before giving up.
    """
    idle = 0
    while idle < patience * LOOKS and load_word(board + STOPPED) == 0:
        wanted = load_word(board + LEFT) % MOST_PARTS > 0 and number < load_word(board + HELPERS)
        if wanted and current_cpu() == load_word(board + CPU) >= 0:
            return True
        if wanted and run_a_part(board):
            idle = 0
        idle += 1
        if idle % LOOKS == 0:
            yield_core()
    return False


class Helper(threading.Thread):
    """A thread that does parts of other threads' work."""

    def __init__(self, board: int, number: int) -> None:
        super().__init__(name=f"minigrad_kernels-{number}", daemon=True)
        self.board, self.number = board, number
        self.asleep = False
        # What was posted while it slept, in units of what is worth waking it.
        self.missed = 0.0
        self.alarm: SimpleQueue[None] = SimpleQueue()

    def run(self) -> None:
        """Help, sleep, and so on."""
        while load_word(self.board + STOPPED) == 0:
            # Linux wakes a thread on the core of the one that wakes it, and moves it only milliseconds later.
            if help_others(self.board, self.number, PATIENCE) and leave_core(load_word(self.board + CPU)):
                continue
            self.asleep = True
            self.alarm.get()
            self.asleep = False


def leave_core(cpu: int) -> bool:
    """Move this thread to another core; returns whether the process may use another."""
    others = os.sched_getaffinity(os.getpid()) - {cpu}
    if others:
        os.sched_setaffinity(0, others)
    return bool(others)


class Pool:
    """The helpers of this process and their board."""

    def __init__(self) -> None:
        self.forget_helpers()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self.forget_helpers)
        # Before the interpreter frees the machine code that they run.
        atexit.register(self.stop)

    def forget_helpers(self) -> None:
        """Start anew: a forked child has this object but none of its threads."""
        self.memory = np.zeros(BOARD_BYTES, np.uint8)
        self.board = -(-self.memory.ctypes.data // 64) * 64
        self.helpers: list[Helper] = []
        self.full = False
        self.starting = threading.Lock()

    def start(self, count: int) -> None:
        """Make sure that there are `count` helpers, or as many as the system allows."""
        with self.starting:
            if not self.helpers:
                help_others(self.board, 0, 0)  # Compiled here, where an error is seen.
            while len(self.helpers) < count and not self.full:
                helper = Helper(self.board, len(self.helpers))
                try:
                    helper.start()
                except RuntimeError:  # No more threads. Whatever is posted gets done without.
                    self.full = True
                    return
                self.helpers.append(helper)

    def wake(self, count: int, worth: float) -> None:
        """Wake those of the first `count` helpers that sleep, once the works that they slept through are worth it.

        Args:
            count: How many helpers are wanted.
            worth: The size of the work that is about to be posted; 1 is worth waking somebody at once.
        """
        for helper in self.helpers[:count]:
            if helper.asleep:
                helper.missed += worth
                if helper.missed >= 1:
                    helper.missed = 0.0
                    helper.alarm.put(None)

    def stop(self) -> None:
        """End all helpers."""
        store_word(self.board + STOPPED, 1)
        for helper in self.helpers:
            helper.alarm.put(None)
        for helper in self.helpers:
            helper.join(1)

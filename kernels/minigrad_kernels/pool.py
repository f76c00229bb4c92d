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

# The board's words, by their byte offsets; those that are written often have a cache line of their own.
# LEFT: the number of the work that was posted last, times MOST_PARTS, plus its parts that nobody has taken yet. One
# word, so that nobody can take a part of one work and run it as one of the next.
LEFT, DONE, OWNED = 0, 64, 128
# What the work is, whether a part of it failed, the core of whoever posted it, and how many may help.
FUNCTION, ARGUMENTS, FAILED, CPU, HELPERS = 192, 200, 208, 216, 224
# The helpers that look at the board, how much work others were missed for, and whether to end.
AWAKE, MISSED, STOPPED = 256, 264, 272
BOARD_BYTES = 384
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
def worth_waking(board: int, helpers: int, work: int, enough: int) -> bool:
    """Whether to wake helpers, because enough work has come since the last time while not all were awake.

    Waking costs the caller as much as a small work, so a large one is worth it at once, or many small ones.

    Args:
        board: Address of the pool's board.
        helpers: How many are wanted.
        work: How much is to be posted, in whatever unit. If the answer is yes, that is forgotten.
        enough: How much is worth it.
    """
    if load_word(board + AWAKE) >= helpers:
        return False
    if add_to_word(board + MISSED, work) + work < enough:
        return False
    store_word(board + MISSED, -work)
    return True


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
    on_wrong_core = False
    add_to_word(board + AWAKE, 1)
    while not on_wrong_core and idle < patience * LOOKS and load_word(board + STOPPED) == 0:
        wanted = load_word(board + LEFT) % MOST_PARTS > 0 and number < load_word(board + HELPERS)
        if wanted and current_cpu() == load_word(board + CPU) >= 0:
            on_wrong_core = True
        elif wanted and run_a_part(board):
            idle = 0
        idle += 1
        if idle % LOOKS == 0:
            yield_core()
    add_to_word(board + AWAKE, -1)
    return on_wrong_core


class Helper(threading.Thread):
    """A thread that does parts of other threads' work."""

    def __init__(self, board: int, number: int) -> None:
        super().__init__(name=f"minigrad_kernels-{number}", daemon=True)
        self.board, self.number = board, number
        self.asleep = False
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

    def wake(self, count: int) -> None:
        """Wake those of the first `count` helpers that sleep; start those that there are not yet, if possible."""
        for helper in self.helpers[:count]:
            if helper.asleep:
                helper.alarm.put(None)
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

    def stop(self) -> None:
        """End all helpers."""
        store_word(self.board + STOPPED, 1)
        for helper in self.helpers:
            helper.alarm.put(None)
        for helper in self.helpers:
            helper.join(1)

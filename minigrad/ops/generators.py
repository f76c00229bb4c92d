"""Where random numbers come from: a seed, a counter, and which generator is used when none is given."""

from __future__ import annotations

import os
import threading
from contextvars import ContextVar
from typing import Any

import numpy as np

from minigrad.errors import describe, message, number_remedy
from minigrad.modes import current_state
from minigrad.ops.creation import leaf
from minigrad.ops.in_place import fill_
from minigrad.ops.operands import Op
from minigrad.writes import stamp_write


class Generator:
    """A source of random numbers: two integers, the seed and the counter of blocks drawn so far.

    Args:
        seed: which stream, any integer; taken modulo 2**64.

    Examples:
        >>> import minigrad as mg
        >>> a, b = mg.Generator(7), mg.Generator(7)
        >>> mg.equal(mg.rand(3, generator=a), mg.rand(3, generator=b))
        True
    """

    __slots__ = ("_lock", "counter", "seed")

    def __init__(self, seed: int = 0) -> None:
        """Start the stream of ``seed`` at its beginning."""
        self._lock = threading.Lock()
        self.seed = checked_seed("Generator", seed)
        #: 0-d int64: a tensor, because a draw writes it, and writes are what a captured step must see.
        self.counter = leaf(np.zeros((), np.int64), False, None)

    def manual_seed(self, seed: int) -> Generator:
        """Start the stream of another seed; return the generator itself."""
        seed = checked_seed("manual_seed", seed)
        with self._lock:
            self.seed = seed
            self._go_to(0)
        return self

    def initial_seed(self) -> int:
        """Return the seed."""
        return self.seed

    def get_state(self) -> tuple[int, int]:
        """Return ``(seed, counter)``, from which the stream goes on where it was."""
        with self._lock:
            return self.seed, int(self.counter._data)

    def set_state(self, state: tuple[int, int]) -> None:
        """Go on where ``get_state`` was called.

        Raises:
            TypeError: if ``state`` is not a pair of integers; ValueError: if the counter is negative.
        """
        if not (isinstance(state, (tuple, list)) and len(state) == 2):
            raise TypeError(
                message(
                    "set_state", f"(seed, counter) is needed, got {describe(state)}.", "Pass what get_state() returned."
                )
            )
        seed, counter = checked_seed("set_state", state[0]), checked_seed("set_state", state[1])
        if counter >= 2**63:
            raise ValueError(
                message("set_state", f"a counter is in [0, 2**63), got {state[1]}.", "Pass what get_state() returned.")
            )
        with self._lock:
            self.seed = seed
            self._go_to(counter)

    def draw(self, fill: Any, output: np.ndarray, *arguments: Any) -> None:
        """Fill an array from the stream and move on by what was used."""
        flat = output.reshape(-1)
        with self._lock:
            start = self.counter._data.item()
            used = fill(self.seed, start, *arguments, flat) if flat.size else 0
            self._go_to(start + used)

    def _go_to(self, counter: int) -> None:
        if current_state().tape is not None:
            fill_(self.counter, counter)
            return
        # What fill_ does besides takes as long as ten numbers.
        stamp_write(self.counter._stamp)
        self.counter._data.fill(counter)

    def __getstate__(self) -> tuple[int, int]:
        """Return the two integers."""
        return self.get_state()

    def __setstate__(self, state: tuple[int, int]) -> None:
        """Become the generator that was stored."""
        self.__init__()  # type: ignore[misc]
        self.set_state(state)

    def __repr__(self) -> str:
        """Return the seed and the counter."""
        return f"Generator(seed={self.seed}, counter={int(self.counter._data)})"


def checked_seed(who: str, seed: Any) -> int:
    """Return a seed as an integer from 0 to 2**64 - 1.

    Raises:
        TypeError: if it is not an integer.
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
        raise TypeError(message(who, f"a seed is an integer, got {describe(seed)}.", number_remedy(seed, int)))
    return int(seed) % 2**64


_process_generator: list[Generator] = []
_own_generator: ContextVar[Generator | None] = ContextVar("minigrad_generator", default=None)


def default_generator() -> Generator:
    """Return the generator that draws use when none is given; unless seeded, its seed is the system's randomness."""
    own = _own_generator.get()
    if own is not None:
        return own
    if not _process_generator:
        _process_generator.append(Generator(int.from_bytes(os.urandom(8), "little")))
    return _process_generator[0]


def manual_seed(seed: int) -> Generator:
    """Seed the random numbers, so that a program draws the same ones each time.

    In the main thread this seeds the generator of the process; another thread gets one of its own, so that what it
    draws does not depend on what the others do.

    Args:
        seed: any integer.

    Returns:
        The generator.
    """
    if threading.current_thread() is threading.main_thread():
        return default_generator().manual_seed(seed)
    generator = Generator(seed)
    _own_generator.set(generator)
    return generator


def checked_generator(op: Op, generator: Generator | None) -> Generator:
    """Return a generator, the default one for None.

    Raises:
        TypeError: if it is none.
    """
    if generator is None:
        return default_generator()
    if not isinstance(generator, Generator):
        raise TypeError(
            message(
                op.__name__,
                f"generator must be a minigrad.Generator, got {describe(generator)}.",
                "Make one of a seed: minigrad.Generator(0).",
            )
        )
    return generator

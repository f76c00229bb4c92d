"""Random tensors: every draw is a function of a seed and a counter.

Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011 (Philox4x32-10, in ``minigrad_kernels``).
"""

from __future__ import annotations

import builtins
import os
import threading
from contextvars import ContextVar
from typing import Any

import numpy as np

import minigrad_kernels
from minigrad import dtypes
from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.ops.creation import leaf
from minigrad.ops.in_place import copy_
from minigrad.ops.operands import Op, Tensor, sizes, unwrap


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
            copy_(self.counter, 0)
        return self

    def initial_seed(self) -> int:
        """Return the seed."""
        return self.seed

    def get_state(self) -> tuple[int, int]:
        """Return ``(seed, counter)``, from which the stream goes on where it was."""
        with self._lock:
            return self.seed, builtins.int(self.counter._data)

    def set_state(self, state: tuple[int, int]) -> None:
        """Go on where ``get_state`` was called.

        Raises:
            TypeError: if ``state`` is not a pair of integers.
        """
        if not (isinstance(state, (tuple, list)) and len(state) == 2):
            raise TypeError(message("set_state", f"(seed, counter) is needed, got {describe(state)}."))
        seed, counter = checked_seed("set_state", state[0]), checked_seed("set_state", state[1])
        with self._lock:
            self.seed = seed
            copy_(self.counter, counter)

    def draw(self, fill: Any, output: np.ndarray, *arguments: Any) -> None:
        """Fill an array from the stream and move on by what was used."""
        flat = output.reshape(-1)
        with self._lock:
            start = builtins.int(self.counter._data)
            used = fill(self.seed, start, *arguments, flat) if flat.size else 0
            copy_(self.counter, start + used)

    def __getstate__(self) -> tuple[int, int]:
        """Return the two integers."""
        return self.get_state()

    def __setstate__(self, state: tuple[int, int]) -> None:
        """Become the generator that was stored."""
        self.__init__()  # type: ignore[misc]
        self.set_state(state)

    def __repr__(self) -> str:
        """Return the seed and the counter."""
        return f"Generator(seed={self.seed}, counter={builtins.int(self.counter._data)})"


def checked_seed(who: str, seed: Any) -> int:
    """Return a seed as an integer from 0 to 2**64 - 1.

    Raises:
        TypeError: if it is not an integer.
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
        raise TypeError(message(who, f"a seed is an integer, got {describe(seed)}."))
    return builtins.int(seed) % 2**64


_process_generator: list[Generator] = []
_own_generator: ContextVar[Generator | None] = ContextVar("minigrad_generator", default=None)


def default_generator() -> Generator:
    """Return the generator that draws use when none is given; unless seeded, its seed is the system's randomness."""
    own = _own_generator.get()
    if own is not None:
        return own
    if not _process_generator:
        _process_generator.append(Generator(builtins.int.from_bytes(os.urandom(8), "little")))
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


def drawn(
    op: Op, fill: Any, output: np.ndarray, generator: Generator | None, requires_grad: bool, *arguments: Any
) -> Tensor:
    """Return a leaf filled by a generator."""
    source = default_generator() if generator is None else generator
    if not isinstance(source, Generator):
        raise TypeError(message(op.__name__, f"generator must be a minigrad.Generator, got {describe(source)}."))
    source.draw(fill, output, *arguments)
    result = record(op, None, output, (source.counter, output.shape))
    if requires_grad:
        result.requires_grad = True
    return result  # type: ignore[no-any-return]


def unfilled(op: Op, size: tuple[Any, ...], dtype: Any) -> np.ndarray:
    """Return an uninitialised floating array of a shape."""
    wanted = dtypes.get_default_dtype() if dtype is None else dtypes.as_dtype(op.__name__, dtype)
    shape = sizes(op, size)
    if wanted.kind != "f" or min(shape, default=0) < 0:
        raise ValueError(message(op.__name__, f"a floating dtype and no negative length, got {wanted} and {shape}."))
    return np.empty(shape, wanted)


def rand(*size: Any, dtype: Any = None, generator: Generator | None = None, requires_grad: bool = False) -> Tensor:
    """Return uniform random numbers in [0, 1).

    Args:
        size: the shape, as integers or one sequence.
        dtype: float32 or float64; default: the default floating dtype.
        generator: where to draw from; default: the one that ``manual_seed`` seeds.
        requires_grad: whether gradients with respect to it are wanted.
    """
    output = unfilled(rand, size, dtype)
    return drawn(rand, minigrad_kernels.fill_uniform, output, generator, requires_grad)


def randn(*size: Any, dtype: Any = None, generator: Generator | None = None, requires_grad: bool = False) -> Tensor:
    """Return normal random numbers of mean 0 and variance 1; arguments as for ``rand``."""
    output = unfilled(randn, size, dtype)
    return drawn(randn, minigrad_kernels.fill_normal, output, generator, requires_grad)


def rand_like(x: Tensor, *, dtype: Any = None, generator: Generator | None = None) -> Tensor:
    """Return uniform random numbers in [0, 1) of the shape and dtype of ``x``."""
    return rand(x.shape, dtype=x.dtype if dtype is None else dtype, generator=generator)


def randn_like(x: Tensor, *, dtype: Any = None, generator: Generator | None = None) -> Tensor:
    """Return normal random numbers of the shape and dtype of ``x``."""
    return randn(x.shape, dtype=x.dtype if dtype is None else dtype, generator=generator)


def randint(
    low: int, high: Any = None, size: Any = None, *, dtype: Any = None, generator: Generator | None = None
) -> Tensor:
    """Return random integers from ``low`` (0 if only one bound is given) up to but without ``high``.

    Args:
        low: the smallest; or the upper bound, if ``high`` is the shape.
        high: one more than the largest.
        size: the shape.
        dtype: default int64.
        generator: where to draw from.

    Raises:
        ValueError: if there is no integer between the bounds.

    Examples:
        >>> import minigrad as mg
        >>> mg.randint(10, (2, 3)).shape
        (2, 3)
    """
    if size is None:
        low, high, size = 0, low, high
    if size is None or not high > low:
        raise ValueError(message("randint", f"low < high and a size are needed, got {low}, {high} and {size}."))
    output = np.empty(sizes(randint, (size,)), np.int64)
    result = drawn(randint, minigrad_kernels.fill_integers, output, generator, False, builtins.int(low), int(high))
    return result if dtype is None else result.to(dtype)


def randperm(n: int, *, generator: Generator | None = None) -> Tensor:
    """Return the integers from 0 to n - 1 in random order, int64.

    Raises:
        ValueError: if ``n`` is negative.
    """
    if n < 0:
        raise ValueError(message("randperm", f"n must not be negative, got {n}."))
    return drawn(randperm, minigrad_kernels.fill_permutation, np.empty(n, np.int64), generator, False)


def bernoulli(x: Tensor, *, generator: Generator | None = None) -> Tensor:
    """Return 1 with the probability that each element of ``x`` names, else 0; no gradient.

    Raises:
        ValueError: if an element is not in [0, 1].
    """
    x_data = unwrap(bernoulli, x)
    if x_data.size and not (x_data.min() >= 0 and x_data.max() <= 1):
        raise ValueError(message("bernoulli", f"probabilities are in [0, 1], got {x_data.min()} to {x_data.max()}."))
    threshold = rand(x_data.shape, dtype=x_data.dtype, generator=generator)
    return leaf((threshold._data < x_data).astype(x_data.dtype), False, None)


def uniform_(x: Tensor, low: float = 0.0, high: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Write uniform random numbers in [low, high) over ``x``.

    Raises:
        ValueError: if ``low`` is above ``high``.
    """
    if not low <= high:
        raise ValueError(message("uniform_", f"low <= high is needed, got {low} and {high}."))
    return copy_(x, rand(x.shape, dtype=x.dtype, generator=generator) * (high - low) + low)


def normal_(x: Tensor, mean: float = 0.0, std: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Write normal random numbers of a mean and a standard deviation over ``x``.

    Raises:
        ValueError: if ``std`` is negative.
    """
    if not std >= 0:
        raise ValueError(message("normal_", f"std must not be negative, got {std}."))
    return copy_(x, randn(x.shape, dtype=x.dtype, generator=generator) * std + mean)


class RandomMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    bernoulli = bernoulli
    uniform_ = uniform_
    normal_ = normal_

"""The steps that have been taken, with their arrays as long as these fit into a given memory."""

from collections.abc import Iterator
from typing import Any, overload

import numpy as np

from minigrad.debug.statistics import Statistics
from minigrad.debug.step import Step

#: 1 GiB: some ten times what the gradients of a network of ten million parameters take.
MEMORY = 2**30


class History:
    """The steps taken so far, a sequence, the first one first.

    A step refers to arrays of the pass; while the history lives, they do. Of the oldest steps only the statistics are
    kept when all of them together would take more than ``memory``.

    Attributes:
        memory: how many bytes the arrays may take.
        used: how many they take. An array that several steps share is counted once.
        dropped: how many of the oldest steps have statistics only.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad import debug
        >>> w = mg.ones(1000, requires_grad=True)
        >>> stepper = debug.Stepper((w * w).exp().sum(), memory=8000)
        >>> stepper.goto(3)
        <Step 3/3 mul (1000,)>
        >>> len(stepper.history), stepper.history.dropped
        (3, 2)
        >>> stepper.history[1].grad_output
        <Statistics (1000,) float32  norm 31.62  from 1 to 1  mean 1>
    """

    __slots__ = ("_holders", "_owned", "_steps", "dropped", "memory", "used")

    def __init__(self, memory: int) -> None:
        """Start with no step."""
        self.memory = memory
        self.used = 0
        self.dropped = 0
        self._steps: list[Step] = []
        # The owners of the arrays of each step, and how many steps hold each owner: [number, bytes].
        self._owned: list[list[int]] = []
        self._holders: dict[int, list[int]] = {}

    def __len__(self) -> int:
        """Return how many steps have been taken."""
        return len(self._steps)

    @overload
    def __getitem__(self, index: int) -> Step: ...
    @overload
    def __getitem__(self, index: slice) -> list[Step]: ...
    def __getitem__(self, index: int | slice) -> Step | list[Step]:
        """Return a step, counted from 0, or several."""
        return self._steps[index]

    def __iter__(self) -> Iterator[Step]:
        """Go through the steps, the first one first."""
        return iter(self._steps)

    def append(self, step: Step) -> None:
        """Add a step, and let the oldest go down to statistics while all together take too much memory."""
        owned = []
        for array in references(step):
            owner = array if array.base is None else array.base
            size = getattr(owner, "nbytes", array.nbytes)
            holder = self._holders.setdefault(id(owner), [0, size])
            if holder[0] == 0:
                self.used += size
            holder[0] += 1
            owned.append(id(owner))
        self._steps.append(step)
        self._owned.append(owned)
        while self.used > self.memory and self.dropped < len(self._steps) - 1:
            self._drop(self.dropped)
            self.dropped += 1

    def _drop(self, index: int) -> None:
        keep_statistics(self._steps[index])
        for owner in self._owned[index]:
            holder = self._holders[owner]
            holder[0] -= 1
            if holder[0] == 0:
                self.used -= holder[1]
                del self._holders[owner]
        self._owned[index] = []

    def __repr__(self) -> str:
        """Return how many steps there are, and what they take."""
        text = f"<History of {len(self)} steps, {self.used} bytes"
        return text + (f", the first {self.dropped} as statistics only>" if self.dropped else ">")


def references(step: Step) -> list[np.ndarray]:
    """Return the arrays that a step refers to."""
    found: list[np.ndarray] = []
    values = [step._grad_output, step._grads, step._before, step._saved]
    for value in values:  # it grows meanwhile
        if type(value) in (tuple, list):
            values.extend(value)
        elif isinstance(value, np.ndarray):
            found.append(value)
    return found


def keep_statistics(step: Step) -> None:
    """Put statistics in the place of a step's arrays."""
    if not step.kept:
        return
    flags = step.flags  # worked out while there are numbers
    for each in step.contributions:
        each._after = described(each.after)
    for each in step.contributions:
        each.before, each.grad = described(each.before), described(each.grad)
    step._grad_output = described(step._grad_output)
    step._saved = described(step._saved)
    step._grads = None if step._grads is None else ()
    step._before = []
    step.found.update({"flags": flags, "dropped": True})


def described(value: Any) -> Any:
    """Return the statistics of an array; the elements of a tuple likewise; else the value itself."""
    if type(value) is tuple:
        return tuple([described(each) for each in value])
    return Statistics(value) if isinstance(value, np.ndarray) else value

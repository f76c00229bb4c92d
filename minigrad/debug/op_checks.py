"""What finite differences say of the rule of one operation."""

from typing import TYPE_CHECKING

import numpy as np

from minigrad.errors import describe_node

if TYPE_CHECKING:
    from minigrad.debug.step import Step

ndarray = np.ndarray


class InputCheck:
    """The comparison for one input.

    Args:
        name: its name.
        expected: finite differences, an array of the input's shape, or one along each of some random directions.
        came: what the rule gives, likewise.
        usable: where they can be compared.
        tolerance: how far apart the two may be, over the largest derivative.
        noise: how far apart they may be besides, by rounding.

    Attributes:
        input: its name.
        compared: how many numbers, or random directions, were compared.
        kinks: how many were not, because the function has a kink there or its values are not finite.
        error: the largest difference, over the largest derivative.
        place: where it is, an index; of a random direction, its number.
        expected, came: the finite difference and the rule's number there.
        passed: whether they are close enough to each other everywhere.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad import debug
        >>> w = mg.tensor([-1.0, 0.0, 2.0], requires_grad=True)
        >>> with debug.recording():
        ...     h = w.relu()
        >>> (step,) = debug.steps(h, gradient=mg.ones(3))
        >>> each = step.check().inputs[0]
        >>> each.input, each.compared, each.kinks, each.passed
        ('x', 2, 1, True)
    """

    __slots__ = ("came", "compared", "error", "expected", "input", "kinks", "passed", "place")

    def __init__(
        self, name: str, expected: ndarray, came: ndarray, usable: ndarray, tolerance: float, noise: float
    ) -> None:
        """Compare two arrays of derivatives where they can be."""
        self.input = name
        self.compared = int(np.count_nonzero(usable))
        self.kinks = int(usable.size - self.compared)
        self.error, self.expected, self.came = 0.0, 0.0, 0.0
        self.place: tuple[int, ...] = ()
        self.passed = True
        if self.compared:
            with np.errstate(invalid="ignore"):
                gaps = np.where(usable, np.abs(expected - came), -1.0)
            gaps[np.isnan(gaps)] = np.inf
            worst = int(np.argmax(gaps))
            gap, scale = float(gaps.reshape(-1)[worst]), float(np.abs(expected[usable]).max())
            self.error = gap / scale if scale else gap
            self.place = tuple([int(each) for each in np.unravel_index(worst, gaps.shape)])
            self.expected, self.came = float(expected[self.place]), float(came[self.place])
            self.passed = gap <= tolerance * scale + noise

    def __repr__(self) -> str:
        """Return ``grad_x: 6 numbers agree, largest error 2e-08``, or where they do not."""
        text = f"grad_{self.input}: "
        if self.passed:
            text += f"{self.compared} numbers agree, largest error {self.error:.1e}"
        else:
            text += f"the rule gives {self.came:.6g} at {self.place}, finite differences {self.expected:.6g}"
        return text + (f", {self.kinks} at a kink" if self.kinks else "")


class OpCheck:
    """What finite differences say of one step; true where they agree with the rule.

    Attributes:
        step: the step that was checked.
        inputs: an ``InputCheck`` for each input that a gradient goes to.
        passed: whether all agree.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad import debug
        >>> w = mg.tensor([1.0, 2.0], requires_grad=True)
        >>> with debug.recording():
        ...     h = w.exp()
        >>> (step,) = debug.steps(h, gradient=mg.ones(2))
        >>> print(step.check())  # doctest: +ELLIPSIS
        the rule of exp (...: w.exp()) agrees with finite differences
          grad_x: 2 numbers agree, largest error ...
    """

    __slots__ = ("inputs", "passed", "step")

    def __init__(self, step: "Step", inputs: tuple[InputCheck, ...]) -> None:
        """Hold the comparisons."""
        self.step = step
        self.inputs = inputs
        self.passed = all(each.passed for each in inputs)

    def __bool__(self) -> bool:
        """Return whether all agree."""
        return self.passed

    def __repr__(self) -> str:
        """Return one line, and one for each input."""
        verdict = "agrees with finite differences" if self.passed else "differs from finite differences"
        lines = [f"the rule of {describe_node(self.step.recorded)} {verdict}"]
        for each in self.inputs:
            lines.append(f"  {each!r}")
        return "\n".join(lines)

"""``compare``: where two recorded runs part."""

from itertools import zip_longest
from typing import Any

import numpy as np

from minigrad.debug.forward import ForwardStep
from minigrad.debug.recordings import recording
from minigrad.debug.statistics import Statistics
from minigrad.debug.step import Step
from minigrad.debug.traces import Trace, trace
from minigrad.errors import describe, message
from minigrad.tensors import Tensor

#: A pass that a run lacks.
NOTHING = Trace([], [])


class Comparison:
    """Where two runs part; true where they are the same.

    Attributes:
        op: the first operation that differs, from each run: a pair of ``ForwardStep``, None for one that a run lacks;
            or None where all are the same.
        step: the first backward step that differs, likewise.
        reasons: what differs, of the operation and of the step: ``("output", "grad_output")``.
        numbers: which backward pass of the recordings the operation led to, and the step is of: counted from 0, as
            ``recording.trace`` takes it.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad import debug
        >>> w = mg.tensor(2.0, requires_grad=True)
        >>> print(debug.compare(w.exp(), w.exp() + 1))  # doctest: +ELLIPSIS
        forward: the first difference is that one run ends here
          a: nothing more
          b: <ForwardStep 2/2 add ()> at ...: w.exp() + 1
        backward: the first difference is the operation
          a: <Step 1/1 exp ()> at ...: w.exp()
          b: <Step 1/2 add ()> at ...: w.exp() + 1
    """

    __slots__ = ("numbers", "op", "reasons", "step")

    def __init__(self, op: Any, step: Any, reasons: tuple[str | None, str | None], numbers: tuple[int, int]) -> None:
        """Hold what was found."""
        self.op: tuple[ForwardStep | None, ForwardStep | None] | None = op
        self.step: tuple[Step | None, Step | None] | None = step
        self.reasons = reasons
        self.numbers = numbers

    @property
    def same(self) -> bool:
        """Whether the runs are the same."""
        return self.op is None and self.step is None

    def __bool__(self) -> bool:
        """Return whether the runs are the same."""
        return self.same

    def __repr__(self) -> str:
        """Return a line for the forward pass and one for the backward pass."""
        lines = []
        for kind, pair, reason, number in zip(
            ("forward", "backward"), (self.op, self.step), self.reasons, self.numbers
        ):
            if pair is None:
                lines.append(f"{kind}: the same")
            else:
                which = f" of pass {number}" if number else ""
                lines.append(f"{kind}{which}: the first difference is {reason}")
                lines += [f"  {name}: {place(each)}" for name, each in zip("ab", pair)]
        return "\n".join(lines)


def compare(run_a: Any, run_b: Any, rtol: float = 0.0, atol: float = 0.0) -> Comparison:
    """Return where two recorded runs part: the first operation, and the first step of the backward pass.

    Operations are compared by name, shape and dtype, and by the numbers of their outputs where both are known; steps by
    operation, gradient and contributions. NaN equals NaN. Of two recordings, as of two trainings, each backward pass is
    compared, and what led to it; of a recording and another run, the last one.

    Args:
        run_a: a ``Trace``, a ``recording``, or a loss, which is traced.
        run_b: the other one.
        rtol: numbers may be ``atol + rtol * |b|`` apart; by default they must be equal.
        atol: see ``rtol``.

    Raises:
        TypeError: if one of the runs is none of these.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad import debug
        >>> def run(scale):
        ...     w = mg.tensor([1.0, 2.0], requires_grad=True)
        ...     with debug.recording() as r:
        ...         ((w * w) * scale).sum().backward()
        ...     return r
        >>> debug.compare(run(2.0), run(2.0)).same
        True
        >>> found = debug.compare(run(2.0), run(3.0))
        >>> found.op[0].index, found.op[0].name, found.step[0].node.name, found.reasons
        (2, 'mul', 'mul', ('output', 'grad_x'))
    """
    op = step = why = reason = None
    numbers = [0, 0]
    runs = traces_of(run_a, run_b), traces_of(run_b, run_a)
    for number, (first, second) in enumerate(zip_longest(*runs, fillvalue=NOTHING)):
        if op is None:
            numbers[0] = number
            op, why = parting(first.forward, second.forward, operations_differ, rtol, atol)
        if step is None:
            numbers[1] = number
            step, reason = parting(first.steps, second.steps, steps_differ, rtol, atol)
    return Comparison(op, step, (why, reason), (numbers[0], numbers[1]))


def traces_of(run: Any, other: Any) -> list[Trace]:
    """Return a Trace for each backward pass of a recording that is compared with another one; else that of the run."""
    if isinstance(run, recording) and isinstance(other, recording) and run.passes:
        return [run.trace(number) for number in range(len(run.passes))]
    return [trace_of(run)]


def trace_of(run: Any) -> Trace:
    """Return a run as a Trace."""
    if isinstance(run, Trace):
        return run
    if isinstance(run, recording):
        return run.trace() if run.passes else Trace([], run.forward)
    if isinstance(run, Tensor):
        return trace(run)
    raise TypeError(
        message(
            "compare",
            f"a run is a Trace, a recording or a loss, got {describe(run)}.",
            "Example: with debug.recording() as a: ..., then debug.compare(a, b).",
        )
    )


def parting(first: list[Any], second: list[Any], differ: Any, rtol: float, atol: float) -> tuple[Any, str | None]:
    """Return the first pair of elements that differ, and in what; None and None if all are the same."""
    for one, other in zip(first, second):
        reason = differ(one, other, rtol, atol)
        if reason is not None:
            return (one, other), reason
    shorter = min(len(first), len(second))
    if len(first) == len(second):
        return None, None
    longer = (first[shorter], None) if len(first) > shorter else (None, second[shorter])
    return longer, "that one run ends here"


def operations_differ(one: ForwardStep, other: ForwardStep, rtol: float, atol: float) -> str | None:
    """Return in what two operations differ, None if they are the same as far as is known."""
    if one.name != other.name:
        return "the operation"
    if one.shape != other.shape or one.dtype != other.dtype:
        return "the output's shape or dtype"
    if one.module != other.module:
        return "the module"
    several = type(one.output) is tuple and type(other.output) is tuple
    pairs = zip(one.output, other.output) if several else [(one.output, other.output)]
    for a, b in pairs:
        # What no rule has saved is not known of a run that was not recorded; of several outputs some may be.
        if a is not None and b is not None and not alike(a, b, rtol, atol):
            return "output"
    return None


def steps_differ(one: Step, other: Step, rtol: float, atol: float) -> str | None:
    """Return in what two steps differ, None if they are the same."""
    if one.node.name != other.node.name or one.node.shape != other.node.shape:
        return "the operation"
    if not alike(one.grad_output, other.grad_output, rtol, atol):
        return "grad_output"
    for a, b in zip(one.contributions, other.contributions):
        if not alike(a.grad, b.grad, rtol, atol):
            return f"grad_{a.input}"
    return None


def alike(one: Any, other: Any, rtol: float, atol: float) -> bool:
    """Return whether two arrays, or tuples of them, are the same within the tolerances; NaN is the same as NaN."""
    if type(one) is tuple and type(other) is tuple:
        return len(one) == len(other) and all(alike(a, b, rtol, atol) for a, b in zip(one, other))
    if one is None or other is None:
        return one is other
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    if isinstance(one, Statistics) or isinstance(other, Statistics):
        return bool(np.isclose(one.norm, other.norm, max(rtol, 1e-12), atol, equal_nan=True))
    if rtol == atol == 0 or one.dtype.kind != "f":
        return np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
    return bool(np.allclose(one, other, rtol, atol, equal_nan=True))


def place(step: Any) -> str:
    """Return an operation or step with its place, for a line of text."""
    if step is None:
        return "nothing more"
    where = step.where if isinstance(step, ForwardStep) else step.node.where
    return repr(step) + ("" if where is None else f" at {where}: {where.expression}")

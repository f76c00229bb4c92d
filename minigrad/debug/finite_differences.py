"""The rule of one operation against finite differences of that operation alone."""

from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad import tensors
from minigrad.debug.jacobians import refuse_gone
from minigrad.dtypes import float64
from minigrad.errors import describe_node, message
from minigrad.graph import Node
from minigrad.writes import latest_write

if TYPE_CHECKING:
    from minigrad.debug.step import Step

ndarray = np.ndarray
#: An input of more numbers is compared along random directions: each number costs two runs of the operation.
MOST_NUMBERS = 4096
DIRECTIONS = 16
#: How far the two may be apart, over the largest derivative: by the dtype of the contribution. Central differences in
#: float64 with steps of 6e-6 are right to about 1e-10 of the function's size; a rule in float32 rounds at 6e-8 in each
#: of some thousand sums.
TOLERANCES = {"float32": 1e-3, "float64": 1e-6}
#: Derivatives from the left and from the right that differ by more, over the largest one, show a kink: between them
#: lies no number that a rule could be compared with. Of a smooth function they differ by the step, 6e-6.
KINK = 1e-2

Path = tuple[int, ...]


class InputCheck:
    """The comparison for one input.

    Attributes:
        input: its name.
        compared: how many numbers, or random directions, were compared.
        kinks: how many were not, because the function has a kink there or its values are not finite.
        error: the largest difference, over the largest derivative.
        place: where it is, an index; None along random directions.
        expected, came: the finite difference and the rule's number there.
        passed: whether the error is within the tolerance.
    """

    __slots__ = ("came", "compared", "error", "expected", "input", "kinks", "passed", "place")

    def __init__(self, name: str, expected: ndarray, came: ndarray, usable: ndarray, tolerance: float) -> None:
        """Compare two arrays of derivatives where they can be."""
        self.input = name
        self.compared = int(np.count_nonzero(usable))
        self.kinks = int(usable.size - self.compared)
        self.error, self.expected, self.came = 0.0, 0.0, 0.0
        self.place: Path | None = None
        if self.compared:
            scale = max(float(np.abs(expected[usable]).max()), float(np.finfo(np.float32).tiny))
            gaps = np.where(usable, np.abs(expected - came), -1.0)
            gaps[usable & ~np.isfinite(gaps)] = np.inf
            worst = int(np.argmax(gaps))
            self.error = float(gaps.reshape(-1)[worst]) / scale
            self.place = tuple([int(each) for each in np.unravel_index(worst, gaps.shape)])
            self.expected, self.came = float(expected[self.place]), float(came[self.place])
        self.passed = self.error <= tolerance

    def __repr__(self) -> str:
        """Return ``grad_x: 6 numbers agree, largest error 2e-08``, or where they do not."""
        text = f"grad_{self.input}: "
        if self.passed:
            text += f"{self.compared} numbers agree, largest error {self.error:.1e}"
        else:
            place = "" if self.place is None else f" at {self.place}"
            text += f"the rule gives {self.came:.6g}{place}, finite differences {self.expected:.6g}"
        return text + (f", {self.kinks} at a kink" if self.kinks else "")


class OpCheck:
    """What finite differences say of one step; true where they agree with the rule.

    Attributes:
        step: the step that was checked.
        inputs: an ``InputCheck`` for each input that a gradient goes to.
        passed: whether all agree.
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


def check_step(step: "Step") -> OpCheck:
    """Compare a step's contributions with finite differences of its operation; see ``Step.check``."""
    node = step.recorded
    refuse_gone(step)
    arguments = kept_arguments(node)
    weights = output_weights(step)
    refuse_unrepeatable(node, arguments)
    checks = []
    for each, path in zip(step.contributions, paths_of(node)):
        if each.grad is not None and path is not None:
            checks.append(compared(node, arguments, path, weights, each.input, each.grad))
    return OpCheck(step, tuple(checks))


def kept_arguments(node: Node) -> list[Any]:
    """Return the arguments of an operation with arrays in the place of tensors, floating ones in float64.

    Raises:
        RuntimeError: if they were not kept, or changed since.
    """
    if node.inputs is None:
        raise RuntimeError(
            message(
                "check",
                f"{describe_node(node)} did not keep its inputs, so it cannot be run again.",
                "Run the forward pass under debug.recording(), which keeps them.",
            )
        )
    arguments = []
    for value in node.inputs:
        if type(value) in (tuple, list):
            arguments.append(type(value)([as_argument(node, each) for each in value]))
        else:
            arguments.append(as_argument(node, value))
    return arguments


def as_argument(node: Node, value: Any) -> Any:
    """Return a kept input as an array that nobody else holds; in float64 if it is of floats."""
    if isinstance(value, tensors.Tensor):
        if latest_write[0] > node.number and value._stamp[0] > node.number:
            raise RuntimeError(
                message(
                    "check",
                    f"an input of {describe_node(node)} has been changed in place since.",
                    "Check before the change, or use the out-of-place form (x = x + 1 instead of x += 1).",
                )
            )
        value = value._data
    if not isinstance(value, ndarray):
        return value
    return value.astype(float64) if value.dtype.kind == "f" else value.copy()


def paths_of(node: Node) -> list[Path | None]:
    """Return where the input of each edge stands among the arguments: (argument,), or (argument, element)."""
    paths: list[Path | None] = []
    for place, value in enumerate(node.inputs or ()):
        holds = type(value) in (tuple, list) and any(isinstance(each, tensors.Tensor) for each in value)
        if holds:
            for element in range(len(value)):
                paths.append((place, element))
        else:
            paths.append((place,) if isinstance(value, tensors.Tensor) else None)
    return paths


def output_weights(step: "Step") -> tuple[ndarray | None, ...]:
    """Return dL/d(output) for each output, in float64, None where nothing arrived."""
    given = step._grad_output if type(step._grad_output) is tuple else (step._grad_output,)
    found = []
    for each in given if step._grads is not None else ():
        found.append(None if each is None else each.astype(float64))
    return tuple(found)


def run(node: Node, arguments: list[Any]) -> tuple[Any, ...]:
    """Return the outputs of an operation on arrays.

    Raises:
        RuntimeError: if it needs tensors, as operations that write in place do.
    """
    try:
        with np.errstate(all="ignore"):
            outputs = node.op(*arguments)
    except Exception as error:
        raise RuntimeError(
            message(
                "check",
                f"{describe_node(node)} cannot be run again on its inputs alone: {type(error).__name__}: {error}",
                "Operations that write in place are of this kind; check their out-of-place form.",
            )
        ) from error
    found = []
    for each in outputs if type(outputs) is tuple else (outputs,):
        found.append(each._data if isinstance(each, tensors.Tensor) else each)
    return tuple(found)


def refuse_unrepeatable(node: Node, arguments: list[Any]) -> None:
    """Raise a RuntimeError if running an operation twice gives two results: it draws random numbers."""
    for one, other in zip(run(node, arguments), run(node, arguments)):
        if one is not None and not np.array_equal(one, other, equal_nan=np.asarray(one).dtype.kind == "f"):
            raise RuntimeError(
                message(
                    "check",
                    f"{describe_node(node)} gives another result each time it is run.",
                    "Finite differences need a function: put the module in eval(), or check the others.",
                )
            )


def compared(
    node: Node, arguments: list[Any], path: Path, weights: tuple[ndarray | None, ...], name: str, grad: ndarray
) -> InputCheck:
    """Return how the contribution to one input compares: each number of it, or random directions of a large one."""
    place = arguments[path[0]] if len(path) == 1 else arguments[path[0]][path[1]]
    start = np.array(place, float64)
    directions = None
    if start.size > MOST_NUMBERS:
        generator = np.random.default_rng(0)
        directions = generator.standard_normal((DIRECTIONS, *start.shape))
    count = start.size if directions is None else DIRECTIONS
    expected: Any = np.zeros(count)
    came: Any = np.zeros(count)
    usable: Any = np.zeros(count, bool)
    flat = grad.astype(float64).reshape(-1)
    for index in range(count):
        direction = np.zeros(start.shape) if directions is None else directions[index]
        if directions is None:
            direction.reshape(-1)[index] = 1
        expected[index], usable[index] = slope(node, arguments, path, start, direction, weights)
        came[index] = flat @ direction.reshape(-1)
    if directions is None:
        expected, came, usable = expected.reshape(start.shape), came.reshape(start.shape), usable.reshape(start.shape)
    check = InputCheck(name, expected, came, usable, TOLERANCES[grad.dtype.name])
    check.place = check.place if directions is None else None
    return check


def slope(
    node: Node, arguments: list[Any], path: Path, start: ndarray, direction: ndarray, weights: tuple[Any, ...]
) -> tuple[float, bool]:
    """Return d<weights, output>/d(input) along a direction, and whether it is one number and not a kink."""
    size = float(np.abs(start[direction != 0]).max(initial=1.0))
    # The cube root of the rounding error balances it with the truncation error of a central difference.
    outputs = run(node, replaced(arguments, path, start))
    step = size * float(np.cbrt(precision(outputs)))
    middle = weighted(outputs, weights)
    ahead = weighted(run(node, replaced(arguments, path, start + step * direction)), weights)
    behind = weighted(run(node, replaced(arguments, path, start - step * direction)), weights)
    left, right = (middle - behind) / step, (ahead - middle) / step
    if not np.isfinite(left) or not np.isfinite(right):
        return 0.0, False
    rounding = precision(outputs) * abs(middle) / step
    smooth = abs(left - right) <= KINK * max(abs(left), abs(right)) + 1e2 * rounding + step
    return (ahead - behind) / (2 * step), bool(smooth)


def precision(outputs: tuple[Any, ...]) -> float:
    """Return the rounding error of the coarsest floating output."""
    kinds = [np.asarray(each).dtype for each in outputs if each is not None]
    return max([float(np.finfo(kind).eps) for kind in kinds if kind.kind == "f"])


def weighted(outputs: tuple[Any, ...], weights: tuple[Any, ...]) -> float:
    """Return the sum of the outputs' numbers times dL/d(output)."""
    total = 0.0
    with np.errstate(all="ignore"):
        for output, weight in zip(outputs, weights):
            if weight is not None:
                total += float(np.sum(np.asarray(output, float64) * weight))
    return total


def replaced(arguments: list[Any], path: Path, value: ndarray) -> list[Any]:
    """Return the arguments with one array in the place of another."""
    changed = list(arguments)
    if len(path) == 1:
        changed[path[0]] = value
    else:
        elements = list(arguments[path[0]])
        elements[path[1]] = value
        changed[path[0]] = type(arguments[path[0]])(elements)
    return changed

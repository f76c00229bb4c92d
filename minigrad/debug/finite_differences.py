"""The rule of one operation against finite differences of that operation alone."""

from inspect import CO_VARARGS
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad import tensors
from minigrad.debug.jacobians import require_kept
from minigrad.debug.op_checks import InputCheck, OpCheck
from minigrad.dtypes import float64
from minigrad.errors import describe_node, message
from minigrad.graph import Node
from minigrad.saved import stamp_of
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
#: Where terms of the size of dL/d(output) cancel, so many roundings of them may be left.
ROUNDINGS = 64
#: Derivatives from the left and from the right that differ by more, over the largest one, show a kink: between them
#: lies no number that a rule could be compared with. Of a smooth function they differ by the step, 6e-6.
KINK = 1e-2

Path = tuple[int, ...]


def check_step(step: "Step") -> OpCheck:
    """Compare a step's contributions with finite differences of its operation; see ``Step.check``."""
    node = step.recorded
    require_kept("check", step)
    arguments = kept_arguments(node)
    weights = output_weights(step)
    refuse_unrepeatable(node, arguments)
    checks = []
    for each, path in zip(step.contributions, paths_of(node)):
        if each.grad is not None and path is not None:
            checks.append(compared(Probe(node, arguments, path, weights), each.input, each.grad))
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
                "Run the forward pass under debug.recording(), or the program with python -m minigrad step.",
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
            outputs = called(node, arguments)
    except Exception as error:
        raise RuntimeError(
            message(
                "check",
                f"{describe_node(node)} cannot be run again on its inputs alone: {type(error).__name__}: {error}",
                "Operations that write in place are of this kind; check their out-of-place form.",
            )
        ) from error
    found = []
    for each in outputs if isinstance(outputs, tuple) else (outputs,):
        found.append(each._data if isinstance(each, tensors.Tensor) else each)
    return tuple(found)


def called(node: Node, arguments: list[Any]) -> Any:
    """Return what an operation gives for the arguments that ``record`` was given, in the order of its parameters.

    One that writes in place is given a tensor to write to, which nobody else holds.
    """
    code = node.op.__code__
    given = dict(zip(code.co_varnames[: code.co_argcount], arguments))
    if given.get("counter") is not None:
        # An operation that draws from a generator's counter draws other numbers in another dtype.
        arguments = [each.astype(node.dtype) if is_floating(each) else each for each in arguments]
    writes = len(node.edges) > 0 and not node.several and stamp_of(node.edges[0]) is node.stamp
    if writes:
        arguments = [tensors.Tensor(arguments[0]), *arguments[1:]]
    keywords = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    first = len(arguments)
    # Where there is a parameter like *shape, what was recorded is its elements.
    if not code.co_flags & CO_VARARGS:
        first = min(first, code.co_argcount)
    result = node.op(*arguments[:first], **dict(zip(keywords, arguments[first:])))
    return arguments[0] if writes and result is None else result


def is_floating(value: Any) -> bool:
    """Return whether a value is an array of floats."""
    return isinstance(value, ndarray) and value.dtype.kind == "f"


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


class Probe:
    """An operation seen as a function of one of its inputs: the sum of its outputs' numbers times dL/d(output)."""

    __slots__ = ("arguments", "middle", "node", "path", "precision", "start", "weights")

    def __init__(self, node: Node, arguments: list[Any], path: Path, weights: tuple[ndarray | None, ...]) -> None:
        """Run the operation once, where it was run in the forward pass."""
        self.node = node
        self.arguments = arguments
        self.path = path
        self.weights = weights
        self.start = np.array(arguments[path[0]] if len(path) == 1 else arguments[path[0]][path[1]], float64)
        self.middle = run(node, arguments)
        kinds = [np.asarray(each).dtype for each in self.middle if each is not None]
        #: The rounding error of the coarsest output.
        self.precision = max([float(np.finfo(kind).eps) for kind in kinds if kind.kind == "f"])

    def slope(self, direction: ndarray) -> tuple[float, bool]:
        """Return the derivative along a direction, and whether it is one number: finite, and at no kink."""
        size = float(np.abs(self.start[direction != 0]).max(initial=1.0))
        # The cube root of the rounding error balances it with the truncation error of a central difference.
        step = size * float(np.cbrt(self.precision))
        ahead = self.outputs(self.start + step * direction)
        behind = self.outputs(self.start - step * direction)
        right = self.weighted(ahead, self.middle) / step
        left = self.weighted(self.middle, behind) / step
        if not np.isfinite(left) or not np.isfinite(right):
            return 0.0, False
        smooth = abs(left - right) <= KINK * max(abs(left), abs(right)) + self.noise(step) + step
        return self.weighted(ahead, behind) / (2 * step), smooth

    def outputs(self, value: ndarray) -> tuple[Any, ...]:
        """Return the outputs for another value of the input."""
        return run(self.node, replaced(self.arguments, self.path, value))

    def weighted(self, outputs: tuple[Any, ...], others: tuple[Any, ...]) -> float:
        """Return the sum of the outputs' differences times dL/d(output): what has not changed cancels first."""
        total = 0.0
        with np.errstate(all="ignore"):
            for output, other, weight in zip(outputs, others, self.weights):
                if weight is not None:
                    one, two = np.asarray(output, float64), np.asarray(other, float64)
                    # Of two infinities that are the same nothing is left.
                    total += float(np.sum(np.where(one == two, 0.0, one - two) * weight))
        return total

    def noise(self, step: float | None = None) -> float:
        """Return what rounding may leave of a difference over a step (the usual one if not said)."""
        step = float(np.cbrt(self.precision)) if step is None else step
        total = 0.0
        with np.errstate(all="ignore"):
            for output, weight in zip(self.middle, self.weights):
                if weight is not None:
                    total += float(np.abs(np.nan_to_num(np.asarray(output, float64) * weight)).sum())
        return 4 * self.precision * total / step


def compared(probe: Probe, name: str, grad: ndarray) -> InputCheck:
    """Return how the contribution to one input compares: each number of it, or random directions of a large one."""
    shape = probe.start.shape
    single = probe.start.size <= MOST_NUMBERS
    count = probe.start.size if single else DIRECTIONS
    expected, came, usable = np.zeros(count), np.zeros(count), np.zeros(count, bool)
    flat = grad.reshape(-1).astype(float64)
    generator = np.random.default_rng(0)
    for index in range(count):
        direction = np.zeros(flat.size) if single else generator.standard_normal(flat.size)
        if single:
            direction[index] = 1
        expected[index], usable[index] = probe.slope(direction.reshape(shape))
        came[index] = flat[index] if single else flat @ direction
    form = shape if single else (DIRECTIONS,)
    size = 0.0
    for weight in probe.weights:
        size += 0.0 if weight is None else float(np.abs(weight).sum())
    noise = ROUNDINGS * float(np.finfo(grad.dtype).eps) * size + probe.noise()
    tolerance = TOLERANCES[grad.dtype.name]
    return InputCheck(name, expected.reshape(form), came.reshape(form), usable.reshape(form), tolerance, noise)


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

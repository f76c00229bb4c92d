"""``gradcheck`` and ``gradgradcheck``: a function's derivatives against finite differences, number by number."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from minigrad.autograd import begin
from minigrad.autograd import grad as gradients_of
from minigrad.debug.recordings import recording
from minigrad.debug.stepping import walk
from minigrad.dtypes import float64
from minigrad.errors import describe, describe_node, message
from minigrad.graph import wrap
from minigrad.modes import enable_grad, no_grad
from minigrad.tensors import Tensor

ndarray = np.ndarray


class GradcheckError(RuntimeError):
    """A derivative differs from finite differences.

    Attributes:
        guilty: an ``OpCheck`` for each operation whose own rule differs; empty where each alone agrees.
    """

    def __init__(self, text: str, guilty: Sequence[Any] = ()) -> None:
        """Hold what was found."""
        super().__init__(text)
        self.guilty = tuple(guilty)


class Bounds(NamedTuple):
    """How far the inputs are moved, and how far apart the derivatives may be."""

    eps: float
    atol: float
    rtol: float


def gradcheck(
    func: Callable[..., Any],
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
) -> bool:
    """Compare every derivative of a function with central differences.

    They agree where ``|came - expected| <= atol + rtol * |expected|``.

    The function is called with float64 copies of the inputs, twice for each of their numbers. Where it fails as a
    whole, it is run once more under ``recording``, each of its operations is checked alone, and the error names the
    guilty ones.

    Args:
        func: takes the inputs and returns a floating tensor, or several; a function of nothing else that changes.
        inputs: a tensor or a sequence of what ``func`` takes; those tensors that require grad are checked.
        eps: by how much each number is moved.
        atol: the absolute tolerance.
        rtol: the relative tolerance.
        raise_exception: raise where a derivative is wrong; else return False.

    Returns:
        True where all agree.

    Raises:
        GradcheckError: a RuntimeError, if one does not.
        ValueError: if no input requires grad, or the result is not in float64. TypeError: if it is no tensor.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad import debug
        >>> x = mg.tensor([0.5, -1.0], requires_grad=True)
        >>> debug.gradcheck(lambda x: (x**3).sum(), x)
        True
    """
    bounds = Bounds(float(eps), float(atol), float(rtol))
    arguments = copies("gradcheck", func, inputs)
    problem = difference("gradcheck", func, arguments, bounds)
    if problem is None:
        return True
    if not raise_exception:
        return False
    guilty = guilty_operations(func, arguments)
    raise GradcheckError(message("gradcheck", problem, verdict(guilty)), guilty)


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
) -> bool:
    """Compare the second derivatives of a function with central differences of its gradient.

    Args:
        func: as for ``gradcheck``.
        inputs: as for ``gradcheck``.
        grad_outputs: dL/d(output) for each output; default: random numbers from a fixed seed.
        eps: by how much each number is moved.
        atol: the absolute tolerance.
        rtol: the relative tolerance.
        raise_exception: raise where a derivative is wrong; else return False.

    Returns:
        True where all agree.

    Raises:
        GradcheckError, ValueError, TypeError: as ``gradcheck``.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad import debug
        >>> x = mg.tensor([0.5, -1.0], requires_grad=True)
        >>> debug.gradgradcheck(lambda x: mg.exp(x) * x, x)
        True
    """
    arguments = copies("gradgradcheck", func, inputs)
    outputs = outputs_of("gradgradcheck", func, arguments)
    generator = np.random.default_rng(0)
    weights = []
    for index, output in enumerate(outputs):
        given = generator.standard_normal(output.shape) if grad_outputs is None else as_list(grad_outputs)[index]
        weights.append(leaf_of(given.data if isinstance(given, Tensor) else given, True))
    count = len(arguments)

    def gradient(*values: Any) -> list[Any]:
        outputs = outputs_of("gradgradcheck", func, values[:count])
        wanted = [value for value in values[:count] if isinstance(value, Tensor) and value.requires_grad]
        return list(gradients_of(outputs, wanted, values[count:], create_graph=True, materialize_grads=True))

    bounds = Bounds(float(eps), float(atol), float(rtol))
    problem = difference("gradgradcheck", gradient, [*arguments, *weights], bounds)
    if problem is None:
        return True
    if not raise_exception:
        return False
    guilty = guilty_operations(gradient, [*arguments, *weights])
    raise GradcheckError(message("gradgradcheck", problem, verdict(guilty)), guilty)


def as_list(value: Any) -> list[Any]:
    """Return a sequence as a list, anything else as a list of one."""
    return list(value) if isinstance(value, (tuple, list)) else [value]


def leaf_of(array: Any, requires_grad: bool) -> Tensor:
    """Return a float64 leaf with a copy of an array."""
    leaf: Tensor = wrap(np.array(array, float64))
    return leaf.requires_grad_(requires_grad)


def copies(who: str, func: Any, inputs: Any) -> list[Any]:
    """Return the inputs with float64 leaves in the place of floating tensors.

    Raises:
        TypeError: if the function cannot be called; ValueError: if no input requires grad.
    """
    if not callable(func):
        raise TypeError(message(who, f"a function is needed, got {describe(func)}.", "Pass the function itself."))
    found = []
    for each in as_list(inputs):
        floating = isinstance(each, Tensor) and each.dtype.kind == "f"
        found.append(leaf_of(each.data, each.requires_grad) if floating else each)
    if not any(isinstance(each, Tensor) and each.requires_grad for each in found):
        raise ValueError(
            message(
                who,
                "an input that requires grad is needed, and none does.",
                "Make it with requires_grad=True: its derivative is what is checked.",
            )
        )
    return found


def outputs_of(who: str, func: Callable[..., Any], arguments: Sequence[Any]) -> list[Tensor]:
    """Return what a function returns as a list of float64 tensors.

    Raises:
        TypeError: if something is no tensor; ValueError: if it is of another dtype, so that differences say nothing.
    """
    with enable_grad():
        outputs = as_list(func(*arguments))
    for output in outputs:
        if not isinstance(output, Tensor):
            raise TypeError(message(who, f"the function must return Tensors, got {describe(output)}."))
        if output.dtype != float64:
            raise ValueError(
                message(
                    who,
                    f"the function must return float64 for float64 inputs, got {describe(output)}.",
                    "Convert what it uses besides: model.double(), x.double(). Return no integers.",
                )
            )
    return outputs


def difference(who: str, func: Callable[..., Any], arguments: list[Any], bounds: Bounds) -> str | None:
    """Return where a derivative differs from a central difference, or None."""
    outputs = outputs_of(who, func, arguments)
    again = outputs_of(who, func, arguments)
    for index, (one, other) in enumerate(zip(outputs, again)):
        if not np.array_equal(one.data, other.data, equal_nan=True):
            return f"output {index} is another one each time the function is called: it draws random numbers."
    for number, argument in enumerate(arguments):
        if not isinstance(argument, Tensor) or not argument.requires_grad:
            continue
        expected = central_differences(who, func, arguments, number, bounds.eps)
        for index, output in enumerate(outputs):
            came = jacobian(output, argument)
            far = ~(np.abs(came - expected[index]) <= bounds.atol + bounds.rtol * np.abs(expected[index]))
            if far.any():
                return told_difference(far, came, expected[index], index, number, (output, argument))
    return None


def central_differences(
    who: str, func: Callable[..., Any], arguments: list[Any], number: int, eps: float
) -> list[ndarray]:
    """Return for each output its derivatives to one input, of shape (output numbers, input numbers)."""
    moved = list(arguments)
    start = arguments[number].data
    rows: list[list[ndarray]] = []
    for place in range(start.size):
        ends = []
        for step in (eps, -eps):
            array = start.copy()
            array.reshape(-1)[place] += step
            moved[number] = leaf_of(array, True)
            ends.append([output.data.reshape(-1).copy() for output in outputs_of(who, func, moved)])
        rows.append([(ahead - behind) / (2 * eps) for ahead, behind in zip(*ends)])
    found = []
    for index, output in enumerate(outputs_of(who, func, arguments)):
        found.append(np.array([row[index] for row in rows]).reshape(start.size, output.numel()).T)
    return found


def jacobian(output: Tensor, argument: Tensor) -> ndarray:
    """Return the derivatives of an output to an input that the rules give, of shape (output numbers, input numbers)."""
    rows = np.zeros((output.numel(), argument.numel()))
    if not output.requires_grad:
        return rows
    for place in range(output.numel()):
        weight = np.zeros(output.shape)
        weight.reshape(-1)[place] = 1
        (row,) = gradients_of(output, argument, [wrap(weight)], retain_graph=True, materialize_grads=True)
        rows[place] = row.data.reshape(-1)
    return rows


def told_difference(
    far: ndarray, came: ndarray, expected: ndarray, index: int, number: int, tensors: tuple[Tensor, Tensor]
) -> str:
    """Return which derivative differs most, and by how much."""
    with np.errstate(invalid="ignore"):
        gaps = np.where(far, np.nan_to_num(np.abs(came - expected), nan=np.inf), -1.0)
    row, column = np.unravel_index(int(np.argmax(gaps)), gaps.shape)
    output, argument = tensors
    name = f"d output{position(output, int(row))} / d input{position(argument, int(column))}"
    return (
        f"{int(far.sum())} of {far.size} derivatives of output {index} to input {number} differ from finite "
        f"differences; most {name}: the rules give "
        f"{came[row, column]:.6g}, finite differences {expected[row, column]:.6g}."
    )


def position(tensor: Tensor, place: int) -> str:
    """Return the index of a flat place, ``[1, 0]``; nothing for a 0-d tensor."""
    index = np.unravel_index(place, tensor.shape) if tensor.ndim else ()
    return f"[{', '.join([str(int(each)) for each in index])}]" if index else ""


def guilty_operations(func: Callable[..., Any], arguments: Sequence[Any]) -> list[Any]:
    """Return an ``OpCheck`` for each operation of a run of the function whose rule differs from finite differences."""
    with enable_grad(), recording():
        outputs = [output for output in as_list(func(*arguments)) if output.requires_grad]
    if not outputs:
        return []
    generator = np.random.default_rng(0)
    weights = [wrap(generator.standard_normal(output.shape)) for output in outputs]
    guilty = []
    with no_grad():
        for step in walk(begin("gradcheck", outputs, weights, True, False), write=False):
            try:
                check = step.check()
            except RuntimeError:  # it cannot be run alone: one that writes in place, or draws random numbers
                continue
            if not check:
                guilty.append(check)
    return guilty


def verdict(guilty: Sequence[Any]) -> str:
    """Return which operations are guilty; what else it may be where each alone agrees."""
    if guilty:
        lines = []
        for check in guilty:
            lines.append(f"Guilty is the rule of {describe_node(check.step.recorded)}:")
            for each in check.inputs:
                if not each.passed:
                    lines.append(f"    {each!r}")
        return "\n".join(lines)
    return (
        "The rule of each operation alone agrees: look for a detach(), .data or no_grad() on the way, for a kink at "
        "these numbers (relu at 0), or for a hook."
    )

"""What the derivatives of an operation are seen to be when its samples are run: nothing is taken from its word."""

import inspect
from dataclasses import dataclass, field

import numpy as np

import minigrad as mg
from minigrad.graph import Node
from tests.samples import Operand, outputs_of, walk, weights

#: How far operands are moved to see whether a result depends on them, and at a kink to either side of it.
NUDGE, STEP = 1e-3, 1e-5
#: Slopes that differ by more on the two sides of a point belong to a kink: those of a smooth function differ by some
#: STEP times its curvature there.
JUMP = 1e-3
#: Where kinks are looked for, with all operands at one number: at ties, signs, and the bounds of the activations.
POINTS = (0.0, 1.0, -1.0, 0.5, -0.5, 3.0, -3.0, 6.0)


@dataclass
class Observed:
    """What the samples of one operation showed.

    Attributes:
        reached: the parameters that gradients reach.
        refused: the parameters that must not require grad: the operation raises, with this message.
        untracked: the parameters whose gradient is lost in silence.
        kinds: the kinds of the dtypes that come out, NumPy's letters; ``?`` for what is no tensor.
        zero: whether each gradient is 0.
        second: what was seen of the second derivative: ``yes``, ``0`` (it is everywhere), or why not.
        rules: the rules that ran, in the order in which backward meets them.
    """

    reached: list = field(default_factory=list)
    refused: dict = field(default_factory=dict)
    untracked: list = field(default_factory=list)
    kinds: set = field(default_factory=set)
    zero: bool = True
    second: set = field(default_factory=set)
    rules: list = field(default_factory=list)


def observe(public):
    """Return what the samples of a public operation show."""
    seen = Observed()
    for sample in public.samples:
        look_at_outputs(sample, seen)
        for number, parameter in enumerate(parameters_of(public.function, sample)):
            look_at_operand(sample, number, parameter, seen)
        if sample.grad:
            look_at_derivatives(sample, seen)
    return seen


def parameters_of(function, sample):
    """Return the name of the parameter that each Operand of a call is given to."""
    bound = inspect.signature(function).bind(*sample.args, **sample.kwargs)
    found = []
    for name, value in bound.arguments.items():
        walk(value, lambda operand, name=name: found.append(name))
    return found


def tensors_of(arrays, wanted):
    """Return a leaf for each array; those whose numbers are wanted require grad."""
    return [mg.tensor(np.array(array), requires_grad=number in wanted) for number, array in enumerate(arrays)]


def look_at_outputs(sample, seen):
    """Note the kinds of what comes out."""
    for output in outputs_of(sample.call(mg, tensors_of(sample.arrays(), ()))):
        seen.kinds.add(output.dtype.kind if mg.is_tensor(output) else "?")


def look_at_operand(sample, number, parameter, seen):
    """Note whether an operand that alone requires grad is tracked, refused, or lost in silence."""
    arrays = sample.arrays()
    if arrays[number].dtype.kind != "f" or arrays[number].size == 0:
        return
    try:
        outputs = outputs_of(sample.call(mg, tensors_of(arrays, (number,))))
    except RuntimeError as error:
        seen.refused[parameter] = str(error)
        return
    floats = [output for output in outputs if mg.is_tensor(output) and output.dtype.kind == "f"]
    if any(output.requires_grad for output in floats):
        if parameter not in seen.reached:
            seen.reached.append(parameter)
    elif any(moves(sample, number, arrays)) and parameter not in seen.untracked:
        seen.untracked.append(parameter)


def moves(sample, number, arrays):
    """Return for each floating output whether it changes with an operand."""
    nudged = list(arrays)
    nudged[number] = arrays[number] * (1 - NUDGE) + NUDGE / 2
    found = []
    for one, other in zip(
        outputs_of(sample.call(mg, tensors_of(arrays, ()))), outputs_of(sample.call(mg, tensors_of(nudged, ())))
    ):
        if mg.is_tensor(one) and one.dtype.kind == "f":
            found.append(one.shape != other.shape or not np.array_equal(one.data, other.data, equal_nan=True))
    return found


def differentiated(sample, arrays, create_graph=False):
    """Return (the outputs that have a gradient, the leaves, their gradients)."""
    wanted = [number for number, operand in enumerate(sample.operands()) if operand.grad]
    leaves = tensors_of(arrays, wanted)
    outputs = [each for each in outputs_of(sample.call(mg, leaves)) if mg.is_tensor(each) and each.requires_grad]
    seeds = [mg.tensor(weights(each.numel()).reshape(each.shape), dtype=each.dtype) for each in outputs]
    leaves = [leaf for leaf in leaves if leaf.requires_grad]
    grads = mg.autograd.grad(outputs, leaves, seeds, create_graph=create_graph, materialize_grads=True)
    return outputs, leaves, grads


def look_at_derivatives(sample, seen):
    """Note the rules of a sample, whether its gradient is 0, and whether there is a second one."""
    outputs, leaves, grads = differentiated(sample, sample.arrays(), create_graph=True)
    for rule in rules_below(outputs):
        if rule not in seen.rules:
            seen.rules.append(rule)
    seen.zero = seen.zero and not any(np.any(grad.data) for grad in grads)
    total = mg.tensor(0.0, dtype=mg.float64)
    for number, grad in enumerate(grads):
        # Not the same weights for each: the gradients of x - y sum up to 0.
        factors = (1 + number / 3) * weights(grad.numel())[::-1].reshape(grad.shape)
        total = total + (grad * mg.tensor(factors)).sum()
    if not total.requires_grad:
        seen.second.add("0")
        return
    try:
        seconds = mg.autograd.grad(total, leaves, allow_unused=True)
    except RuntimeError as error:
        seen.second.add(str(error))
        return
    seen.second.add("0" if all(each is None or not np.any(each.data) for each in seconds) else "yes")


def rules_below(outputs):
    """Return the rules of all nodes that some tensors were computed by, the latest first."""
    nodes, stack = set(), [output.grad_fn for output in outputs]
    while stack:
        node = stack.pop()
        node = node[0] if isinstance(node, tuple) else node
        if isinstance(node, Node) and node not in nodes:
            nodes.add(node)
            stack += node.edges
    return [node.vjp for node in sorted(nodes, key=lambda node: -node.number)]


def kinks_of(sample):
    """Return where the slope of a sample jumps or is not finite, in words.

    It is looked for where all operands are one number; a sample that lies at a kink itself is taken as it is.
    """
    if not sample.smooth:
        return [f"{sample.id!r}"] if is_kink(sample, sample.arrays()) else []
    found = []
    for point in dict.fromkeys([*POINTS, *numbers_in((sample.args, sample.kwargs))]):
        arrays = sample.arrays()
        for number, operand in enumerate(sample.operands()):
            if operand.grad:
                arrays[number] = np.full(arrays[number].shape, point)
        if is_kink(sample, arrays):
            found.append(f"{sample.id!r} with all operands {point:g}")
    return found


def numbers_in(value):
    """Return the floats among the arguments of a sample, which may be bounds, and their negatives."""
    if isinstance(value, Operand):
        return []
    if isinstance(value, (tuple, list)):
        return [number for each in value for number in numbers_in(each)]
    if isinstance(value, dict):
        return numbers_in(tuple(value.values()))
    return [value, -value] if isinstance(value, float) and np.isfinite(value) else []


def is_kink(sample, arrays):
    """Return whether the slope jumps or is not finite where the operands are these."""
    ways = {}
    for number, operand in enumerate(sample.operands()):
        if operand.grad:
            rng = np.random.Generator(np.random.PCG64(number))
            ways[number] = (0.5 + rng.random(arrays[number].shape)) * (1 if number % 2 else -1)
    try:
        if not np.isfinite(slope_at(sample, arrays, ways, 0)):
            return True
        jumps = []
        for step in (STEP, STEP / 2):
            above, below = slope_at(sample, arrays, ways, step), slope_at(sample, arrays, ways, -step)
            jumps.append(abs(above - below) / (1 + abs(above) + abs(below)))
    except (ValueError, ArithmeticError, mg.linalg.LinAlgError):
        # Outside of what the operation is defined on.
        return False
    # Of a smooth function the difference halves with the step.
    return jumps[0] > JUMP and jumps[1] > 0.75 * jumps[0]


def slope_at(sample, arrays, ways, step):
    """Return the slope along some ways a step from some arrays.

    Raises:
        ArithmeticError: if a value there is not finite.
    """
    moved = [array + step * ways[number] if number in ways else array for number, array in enumerate(arrays)]
    outputs, _, grads = differentiated(sample, moved)
    for output in outputs:
        if not np.isfinite(output.data).all():
            raise ArithmeticError("no finite value")
    return sum(float(np.sum(grad.data * way)) for grad, way in zip(grads, ways.values()))

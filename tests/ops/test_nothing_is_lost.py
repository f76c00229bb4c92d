"""No gradient is lost in silence: it arrives, or an error is raised, or the operation is one of the few listed here.

Every sample of the table is called once for each of its operands of floats and each of its numbers, with that one as a
tensor that requires grad and nothing else.
"""

import numpy as np
import pytest

import minigrad as mg
from tests.samples import SAMPLES, Operand, outputs_of, run, walk

#: Operations of whose argument at a position nothing is left in the result that has a slope, and the reason.
WITHOUT = {
    ".detach": "that is what it is for",
    ".copy_": "it is written over",
    ".fill_": "likewise",
    ".zero_": "likewise",
    **{f".{name}_": "a comparison has no slope" for name in ("eq", "ne", "lt", "le", "gt", "ge")},
    ".expand_as": "of the second operand only the shape is read",
    ".reshape_as": "likewise",
    ".view_as": "likewise",
    ".type_as": "of the second operand only the dtype is read",
    "expand": "a whole number that happens to be a float's is taken for the length that it names",
    "broadcast_to": "likewise",
    "quantile": "where it takes a neighbour as it is, the place of q between two does not count",
}


def places(value, path=()):
    """Return (path, leaf) of all leaves of nested tuples, lists and dicts."""
    if isinstance(value, dict):
        return [found for key, each in value.items() for found in places(each, (*path, key))]
    if isinstance(value, (tuple, list)):
        return [found for index, each in enumerate(value) for found in places(each, (*path, index))]
    return [(path, value)]


def replaced(value, path, new):
    """Return nested containers with one leaf replaced."""
    if not path:
        return new
    if isinstance(value, dict):
        return {key: replaced(each, path[1:], new) if key == path[0] else each for key, each in value.items()}
    return type(value)(
        [replaced(each, path[1:], new) if index == path[0] else each for index, each in enumerate(value)]
    )


def leaf_of(value):
    """Return an argument as a tensor that requires grad; None if it is not of floats and no number."""
    if isinstance(value, Operand):
        array = value.make([1])
        return mg.tensor(array, requires_grad=True) if array.dtype.kind == "f" else None
    number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    return mg.tensor(float(value), dtype=mg.float64, requires_grad=True) if number else None


def loses(sample, arguments, leaf):
    """Return whether a call takes the leaf, gives floats, and brings it no gradient."""
    try:
        outputs = outputs_of(run(mg, sample, *arguments))
    except (TypeError, ValueError, RuntimeError, IndexError, ZeroDivisionError):
        return False
    floats = [each for each in outputs if mg.is_tensor(each) and each.dtype.kind == "f"]
    tracked = [each for each in floats if each.requires_grad]
    grads = [None]
    if tracked:
        grads = mg.autograd.grad(tracked, [leaf], [mg.ones_like(each) for each in tracked], allow_unused=True)
    return bool(floats) and grads[0] is None


@pytest.mark.parametrize("op", sorted({sample.op for sample in SAMPLES}))
@pytest.mark.filterwarnings("ignore")
def test_a_gradient_arrives_or_an_error_is_raised(op):
    lost = []
    for sample in [each for each in SAMPLES if each.op == op]:
        arguments = (sample.args, sample.kwargs)
        arrays = walk(arguments, lambda operand: mg.tensor(operand.make([1])))
        for path, value in places(arguments):
            leaf = leaf_of(value)
            if leaf is not None and loses(sample, replaced(arrays, path, leaf), leaf):
                lost.append((sample.id, path))
    assert lost == [] or op in WITHOUT
    assert lost != [] or op not in WITHOUT

"""Wrong calls that NumPy would answer in words of its own are answered in minigrad's, with the user's line."""

import math
import re

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.nn import functional as F
from tests.samples import SAMPLES, run, walk

HUGE = 2**70
MANY = 10**13  # 36 TiB of float32


@pytest.fixture
def x():
    return mg.ones(3, 4, requires_grad=True)


def wide():
    """Return a view of 10**12 elements that takes the memory of one."""
    return mg.ones(1, 1).expand(10**6, 10**6)


TOO_LARGE = {
    "zeros": lambda: mg.zeros(MANY),
    "full": lambda: mg.full((MANY,), 2.0),
    "randn": lambda: mg.randn(MANY),
    "randint": lambda: mg.randint(0, 5, (MANY,)),
    "randperm": lambda: mg.randperm(MANY),
    "arange": lambda: mg.arange(MANY),
    "linspace": lambda: mg.linspace(0, 1, MANY),
    "eye": lambda: mg.eye(10**7),
    "zeros_like": lambda: mg.zeros_like(wide()),
    "clone": lambda: wide().clone(),
    "cast": lambda: wide().double(),
    "contiguous": lambda: wide().contiguous(),
    "reshape": lambda: mg.ones(1, 10**6).expand(10**6, -1).reshape(-1),
    "cat": lambda: mg.cat([wide(), wide()]),
    "stack": lambda: mg.stack([wide(), wide()]),
    "repeat": lambda: mg.ones(10**6).repeat(10**7),
    "one_hot": lambda: F.one_hot(mg.tensor([0] * 1000), 10**11),
    "constant_pad_nd": lambda: F.pad(mg.ones(3), (MANY, MANY)),
    "diag_embed": lambda: mg.diag(mg.ones(10**7)),
    "Linear": lambda: nn.Linear(10**7, 10**7),
}


@pytest.fixture
def little_memory():
    """Let no array of a terabyte be made, also where the system promises memory that it does not have."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (2**39, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.mark.parametrize("op", TOO_LARGE)
def test_what_does_not_fit_into_memory_is_told_by_the_operation(op, little_memory):
    with pytest.raises(MemoryError) as caught:
        TOO_LARGE[op]()
    text = str(caught.value)
    # Where the user called another operation, which uses this one, that one's name comes first.
    assert re.match(rf"(\w+, in )?{op}: unable to allocate ", text)
    assert "\n  at test_wrong_calls.py:" in text
    assert "Work on parts of it" in text


@pytest.mark.parametrize("op", ["add", "sub", "mul", "div"])
def test_a_column_beside_a_row_by_mistake_is_told_with_both_shapes(op, little_memory):
    predictions, targets = mg.ones(10**6, 1), mg.ones(10**6)
    with pytest.raises(MemoryError) as caught:
        getattr(mg, op)(predictions, targets)
    text = str(caught.value)
    assert "the operands are (1000000, 1) float32 'predictions' and (1000000,) float32 'targets'" in text
    assert "squeeze(-1)" in text


def test_products_that_do_not_fit_are_told_too(little_memory):
    column = mg.ones(10**6, 1)
    with pytest.raises(MemoryError, match=r"matmul: .*'column'"):
        column @ column.T
    with pytest.raises(MemoryError, match=r"linear: .*'column'"):
        F.linear(column, column)


WRONG = {
    "an integer beyond int64": lambda x: x.unsqueeze(0).repeat(HUGE, 1, 1),
    "a diagonal beyond int64": lambda x: mg.tril(x, HUGE),
    "a number in the place of factors": lambda x: mg.linalg.multi_dot(3),
    "a string in the place of a tensor": lambda x: mg.addcmul("x", x, x, value=0.5),
    "a factor that is no number": lambda x: F.interpolate(x[None], scale_factor=math.nan),
    "a factor beyond all lengths": lambda x: F.interpolate(x[None], scale_factor=1e300),
    "a bound beyond int64": lambda x: mg.histc(x, 4, 0, -HUGE),
    "a list in the place of a mode": lambda x: F.interpolate(x[None], 3, mode=["nearest"]),
    "a list in the place of an activation": lambda x: F.linear(x, x, activation=["relu"]),
    "a list in the place of a reduction": lambda x: mg.scatter_reduce(x, 0, mg.zeros(1, 4).long(), x, ["sum"]),
    "a string in the place of numbers": lambda x: mg.scatter(x, 0, mg.zeros(1, 4).long(), "x", reduce="add"),
    "a number in the place of a source": lambda x: mg.scatter_add(x, 0, mg.zeros(1, 4).long(), 3),
    "a word among counts": lambda x: mg.repeat_interleave(x, [1, "a", 2], 0),
    "an array in the place of an axis": lambda x: mg.roll(x, 1, np.ones((2, 2))),
    "too many decimals": lambda x: mg.round(x, decimals=10**6),
    "a name that is an array": lambda x: F.pad(x, (1, 1), mode=np.array(["a", "b"])),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_argument_is_refused_with_the_users_line(case, x):
    with pytest.raises((TypeError, ValueError)) as caught:
        WRONG[case](x)
    assert "\n  at test_wrong_calls.py:" in str(caught.value)
    assert x.grad is None


#: What no operation takes in the place of a tensor, and few in that of anything else.
STRANGERS = {
    "an object": object,
    "a word": lambda: "x",
    "a dict": dict,
    "an array of objects": lambda: np.array([None, 1]),
    "an array of complex numbers": lambda: np.ones((2, 2), complex),
    "a list of two kinds": lambda: [1, "a"],
    "rows of two lengths": lambda: [[1], [1, 2]],
    "nothing": lambda: None,
}


def forms():
    """Return one sample for each operation and kind of call."""
    found = {}
    for sample in SAMPLES:
        kinds = tuple(type(each).__name__ for each in sample.args)
        found.setdefault((sample.op, kinds, tuple(sorted(sample.kwargs))), sample)
    return found.values()


def is_worded(error):
    """Return whether an error says where the user called, or is Python's about the signature of the call."""
    about_signature = r"missing \d+ required|unexpected keyword|positional argument|multiple values"
    return "\n  at " in str(error) or (isinstance(error, TypeError) and re.search(about_signature, str(error)))


@pytest.mark.parametrize("stranger", STRANGERS)
def test_no_operation_leaves_the_answer_to_numpy(stranger):
    """Each argument of each operation in turn."""
    bare = []
    for sample in forms():
        if sample.op.startswith("ops."):
            continue  # of the package alone: the layer that calls it looks at what came
        arrays = [np.asarray(each) for each in sample.arrays()]
        for place in [*range(len(sample.args)), *sample.kwargs]:
            made = iter([mg.from_numpy(each.copy()) for each in arrays])
            args, kwargs = walk((sample.args, sample.kwargs), lambda _, made=made: next(made))
            args, kwargs = list(args), dict(kwargs)
            if sample.op.startswith((".", "x[")) and place == 0:
                continue  # the tensor whose method it is
            (args if isinstance(place, int) else kwargs)[place] = STRANGERS[stranger]()
            try:
                run(mg, sample, tuple(args), kwargs)
            except Exception as error:
                if not is_worded(error):
                    bare.append(f"{sample.op}, {place}: {type(error).__name__}: {error}")
    assert bare == []


def test_a_diagonal_far_outside_is_one_just_outside(x):
    assert np.array_equal(mg.tril(x, 2**63 - 1).detach().numpy(), np.ones((3, 4)))
    assert np.array_equal(mg.tril(x, -(2**63)).detach().numpy(), np.zeros((3, 4)))


def test_a_step_beyond_the_axis_leaves_one_window():
    x = mg.tensor([[1.0, 2.0, 3.0]], requires_grad=True)
    windows = x.unfold(1, 2, 2**70)
    assert windows.tolist() == [[[1.0, 2.0]]]
    windows.sum().backward()
    assert x.grad.tolist() == [[1.0, 1.0, 0.0]]

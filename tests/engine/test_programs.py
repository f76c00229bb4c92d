"""Programs drawn at random, with views and in-place writes: a gradient is right, or an error says why there is none."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import grad

STEPS = 14
SIZE = 4


def at(generator):
    return int(generator.integers(SIZE - 1))


# Each takes the values so far (x and y are two of them, of SIZE elements) and returns a new one; or writes and returns
# nothing. Coefficients keep the numbers of size 1.
MAKE = [
    lambda x, y, g: x + y,
    lambda x, y, g: x - 0.5 * y,
    lambda x, y, g: x * y,
    lambda x, y, g: x / (2.0 + y * y),
    lambda x, y, g: mg.tanh(x),
    lambda x, y, g: mg.sigmoid(x) * y,
    lambda x, y, g: mg.exp(-x * x),
    lambda x, y, g: x * y.sum() * 0.3,
    lambda x, y, g: 0.5 * (x - 2.0),
    lambda x, y, g: mg.cat([x[:2], y[2:]]),
    lambda x, y, g: mg.cat([y.split(1)[at(g)], x[1:]]),
    lambda x, y, g: mg.stack([x, y]).T.reshape(2, SIZE)[at(g) % 2],
    lambda x, y, g: x[[at(g), 0, at(g), 3]],
    lambda x, y, g: (x.reshape(2, 2) @ y.reshape(2, 2)).reshape(SIZE) * 0.5,
    lambda x, y, g: x.reshape(2, 2).T.reshape(SIZE),
    lambda x, y, g: x[at(g)].expand(SIZE) + y,
    lambda x, y, g: x.reshape(2, 2).view(SIZE),
    lambda x, y, g: x.clone(),
    lambda x, y, g: mg.where(np.arange(SIZE) < 2, x, y),
]
WRITE = [
    lambda x, y, g: x.add_(y),
    lambda x, y, g: x.mul_(y),
    lambda x, y, g: x.mul_(x),
    lambda x, y, g: x.sub_(x.mean()),
    lambda x, y, g: x.tanh_(),
    lambda x, y, g: x.copy_(y),
    lambda x, y, g: x.zero_(),
    lambda x, y, g: x.__setitem__(at(g), y[at(g)] * 2.0),
    lambda x, y, g: x.__setitem__(slice(1, None), x[:-1] * 1.0),
    lambda x, y, g: x.__setitem__([0, 2], y[1:3]),
    lambda x, y, g: x[: 1 + at(g)].add_(1.0),
]


def run(seed, w, data):
    """Return the loss of program number ``seed``, and how many of its operations were refused.

    What is refused depends on the structure alone, so the same operations are refused wherever ``w`` lies.
    """
    generator = np.random.default_rng(seed)
    values = [w * 1.0, w.reshape(2, 2).T.reshape(SIZE), mg.tensor(data), mg.tanh(w)]
    refused = 0
    for _ in range(STEPS):
        first, second = generator.integers(len(values), size=2)
        family = WRITE if generator.random() < 0.3 else MAKE
        operation = family[generator.integers(len(family))]
        try:
            made = operation(values[first], values[second], generator)
        except RuntimeError as error:
            if "is a view" not in str(error) and "read-only" not in str(error):
                raise
            refused += 1
            continue
        if family is MAKE:
            values.append(made)
    usable = []
    for value in values:
        try:
            usable.append((value * value).sum())
        except RuntimeError:
            refused += 1
    return sum(usable), refused


def drawn(seed):
    generator = np.random.default_rng(10_000 + seed)
    return generator.uniform(-1.0, 1.0, SIZE), generator.uniform(-1.0, 1.0, SIZE), generator.standard_normal(SIZE)


def leaf(values):
    return mg.tensor(values, requires_grad=True)


BLOCKS = [range(start, start + 50) for start in range(0, 400, 50)]


def outcome(seed, order):
    """Return (derivative along a direction, its central difference, their size), or None where a write forbids it."""
    start, data, direction = drawn(seed)
    step = 1e-5

    def gradient(values, create_graph):
        w = leaf(values)
        loss, _ = run(seed, w, data)
        return w, grad(loss, w, create_graph=create_graph)[0]

    try:
        w, first = gradient(start, order == 2)
        if order == 1:
            exact = first.data @ direction
            ends = [run(seed, leaf(start + sign * step * direction), data)[0].item() for sign in (1, -1)]
        else:
            exact = grad((first * direction).sum(), w)[0].data @ direction
            ends = [gradient(start + sign * step * direction, False)[1].data @ direction for sign in (1, -1)]
    except RuntimeError as error:
        if "changed in place since" not in str(error):
            raise
        return None
    scale = max(1.0, abs(ends[0]), abs(exact))
    return exact, (ends[0] - ends[1]) / (2 * step), scale


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: f"{block.start}-{block.stop - 1}")
def test_a_gradient_is_right_or_refused(block, order):
    passed = 0
    for seed in block:
        found = outcome(seed, order)
        if found is None:
            continue
        exact, difference, scale = found
        passed += 1
        # Truncation: step**2 = 1e-10 times a third derivative up to 1e3 scales; rounding: 1e-16 scales / step.
        assert abs(exact - difference) <= 1e-6 * scale, f"program {seed}: {exact} against {difference}"
    # Else the property would be empty.
    assert passed >= len(block) // 5


def test_the_programs_hold_writes_that_are_refused_and_writes_that_are_not():
    refused = [run(seed, leaf(drawn(seed)[0]), drawn(seed)[1])[1] for seed in range(100)]
    assert 10 < sum(number > 0 for number in refused) < 100

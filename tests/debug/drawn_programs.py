"""Programs drawn by a seeded generator: shared tensors, broadcasts, several outputs, views, writes in place."""

import numpy as np

import minigrad as mg
from minigrad import nn

#: How many operations a program draws.
OPERATIONS = 12
SHAPES = ((3, 4), (4,), (3, 1), (1, 4), ())

UNARY = [
    mg.tanh,
    mg.sigmoid,
    mg.relu,
    mg.abs,
    lambda x: x * x,
    lambda x: 0.5 * x - 1.0,
    lambda x: x.clone(),
    lambda x: mg.exp(-x * x),
]
BINARY = [
    lambda x, y: x + y,
    lambda x, y: x - y,
    lambda x, y: x * y,
    lambda x, y: x / (2.0 + y * y),
    mg.maximum,
    lambda x, y: mg.where(x.detach() > 0, x, y),
]
#: Of a matrix of 3 rows and 4 columns.
MATRIX = [
    lambda x: x.T.reshape(3, 4),
    lambda x: x[1],
    lambda x: x[:, ::2].sum(1, keepdim=True),
    lambda x: x.mean(0),
    lambda x: x.sum(1, keepdim=True),
    lambda x: x.max(1)[0].unsqueeze(1),
    lambda x: x.softmax(1),
    lambda x: (x @ x.T) @ x * 0.1,
    lambda x: mg.cat([x[:1], x[1:]]),
    lambda x: mg.stack([x[0], x[2], x[0]]),
    lambda x: x.split([1, 3], 1)[0],
    lambda x: x.split(2, 1)[1].sum(0).repeat(2),
    lambda x: nn.functional.layer_norm(x, (4,)),
    lambda x: x[[0, 2, 2]],
    lambda x: mg.linalg.norm(x),
    lambda x: x.var(1, keepdim=True),
]
WRITE = [
    lambda x, y: x.add_(1.0),
    lambda x, y: x.mul_(y),
    lambda x, y: x.tanh_(),
    lambda x, y: x.copy_(y),
    lambda x, y: x.__setitem__(0, 0.25),
    lambda x, y: x.sub_(x.mean()),
]


def leaves(seed):
    """Return the leaves of program ``seed``: one of each shape; all but the last require grad."""
    generator = np.random.default_rng(1000 + seed)
    made = []
    for index, shape in enumerate(SHAPES):
        values = generator.uniform(-1, 1, shape).astype(np.float32)
        made.append(mg.tensor(values, requires_grad=index < len(SHAPES) - 1, name=f"w{index}"))
    return made


def loss_of(seed, tensors):
    """Return the loss of program ``seed`` on its leaves. What is refused (a write to a view) is left out."""
    generator = np.random.default_rng(seed)
    values = list(tensors)
    for _ in range(OPERATIONS):
        x, y = [values[index] for index in generator.integers(len(values), size=2)]
        kind = generator.choice(["unary", "binary", "binary", "matrix", "matrix", "write"])
        try:
            if kind == "unary":
                values.append(UNARY[generator.integers(len(UNARY))](x))
            elif kind == "binary":
                values.append(BINARY[generator.integers(len(BINARY))](x, y))
            elif kind == "matrix":
                matrix = x + tensors[0] if x.shape != (3, 4) else x
                values.append(MATRIX[generator.integers(len(MATRIX))](matrix))
            else:
                WRITE[generator.integers(len(WRITE))](x, y)
        except (RuntimeError, ValueError, IndexError):
            continue  # a leaf, a view, or a shape that does not broadcast
    used = []
    for value in values:
        try:
            used.append((value * value).sum())
        except RuntimeError:
            continue  # a view of what was written to since
    return sum(used)


def run(seed, backward):
    """Return (the message of the error or None, the bits of each leaf's gradient) after ``backward(loss)``."""
    tensors = leaves(seed)
    loss = loss_of(seed, tensors)
    refused = None
    try:
        backward(loss)
    except RuntimeError as error:
        refused = str(error)
    grads = [None if each.grad is None else (each.grad.dtype, each.grad.data.tobytes()) for each in tensors]
    return refused, grads

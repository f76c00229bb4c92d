"""Write ``ops.npz``: PyTorch's values and gradients of every sample, and its promotion table.

    python -m tests.reference.make_ops

Needs torch; the tests need only the file. One array of numbers and one index (JSON) are small where an entry for each
array would not be.
"""

import itertools
import json
import warnings
from pathlib import Path

import numpy as np
import torch

from tests.samples import SAMPLES, outputs_of, weights

DTYPES = ("float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool")
# PyTorch differentiates div(rounding_mode="floor"), whose samples stand for them.
WITHOUT_DERIVATIVE = ("floor_divide", ".floor_divide_")
PROMOTING = (
    *("add", "mul", "div", "floor_divide", "remainder", "pow", "maximum", "eq", "where", "cat", "stack"),
    *("atan2", "copysign", "float_power", "fmax", "fmod", "hypot", "ldexp", "logaddexp", "xlogy", "clamp_min"),
    *("bitwise_and", "rsub"),
)


class Store:
    """Arrays one behind the other in one array of float64, and where each begins."""

    def __init__(self):
        self.index = {}
        self.numbers = []
        self.length = 0

    def add(self, key, array):
        array = np.asarray(array)
        self.index[key] = [self.length, list(array.shape), array.dtype.name]
        self.numbers.append(array.astype(np.float64).ravel())
        self.length += array.size


def seeds_of(outputs):
    """Return the gradient that each output is given."""
    made = []
    for output in outputs:
        made.append(torch.tensor(weights(output.numel()).reshape(tuple(output.shape)), dtype=output.dtype))
    return made


def add_sample(store, sample):
    leaves = []
    for operand, array in zip(sample.operands(), sample.arrays(), strict=True):
        tensor = torch.from_numpy(np.array(array))
        if sample.grad and operand.grad:
            tensor.requires_grad_()
        leaves.append(tensor)
    outputs = outputs_of(sample.call(torch, leaves))
    for number, output in enumerate(outputs):
        store.add(f"{sample.id}/value{number}", output.detach().numpy() if torch.is_tensor(output) else output)
    if not sample.grad or sample.op in WITHOUT_DERIVATIVE:
        return
    floats = [output for output in outputs if output.requires_grad]
    wanted = [leaf for leaf in leaves if leaf.requires_grad]
    grads = torch.autograd.grad(floats, wanted, seeds_of(floats), allow_unused=True, materialize_grads=True)
    for number, grad in enumerate(grads):
        # Forced, because the gradient of copysign is a tensor of zeros without memory.
        store.add(f"{sample.id}/grad{number}", grad.numpy(force=True))


def operands_for_promotion():
    """Return (name, operand): each dtype with an axis and without, and Python's numbers."""
    found = []
    for name in DTYPES:
        dtype = getattr(torch, name)
        found.append((f"{name}[1]", torch.ones(1, dtype=dtype)))
        found.append((name, torch.ones((), dtype=dtype)))
    return [*found, ("2", 2), ("2.0", 2.0), ("True", True)]


def promoted(op, x, y):
    """Return the dtype of the result, or "" where PyTorch refuses."""
    try:
        if op == "where":
            result = torch.where(torch.tensor([True]), x, y)
        elif op in ("cat", "stack"):
            result = getattr(torch, op)([x, y])
        else:
            result = getattr(torch, op)(x, y)
    except (RuntimeError, TypeError, NotImplementedError):
        return ""
    return str(result.dtype).removeprefix("torch.")


def main():
    warnings.simplefilter("ignore")
    store = Store()
    for sample in SAMPLES:
        if sample.torch != "":
            add_sample(store, sample)
    promotions = {}
    for op in PROMOTING:
        for (x_name, x), (y_name, y) in itertools.product(operands_for_promotion(), repeat=2):
            promotions[f"{op} {x_name} {y_name}"] = promoted(op, x, y)
    text = json.dumps({"arrays": store.index, "promotions": promotions, "torch": torch.__version__})
    index = np.frombuffer(text.encode(), np.uint8)
    np.savez_compressed(Path(__file__).with_name("ops.npz"), index=index, numbers=np.concatenate(store.numbers))


if __name__ == "__main__":
    main()

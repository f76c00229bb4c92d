"""Write layers.npz: PyTorch's state, outputs, gradients and buffers for each entry of tests/layer_samples.py.

    python -m tests.reference.make_layers

It needs torch; the tests do not.
"""

from pathlib import Path

import numpy as np
import torch

from tests.layer_samples import LAYERS

FILE = Path(__file__).with_name("layers.npz")


def flat(outputs):
    """Return the tensors of nested tuples."""
    if isinstance(outputs, torch.Tensor):
        return [outputs]
    found = []
    for each in outputs:
        if each is not None:
            found += flat(each)
    return found


def results(layer):
    """Return what PyTorch has before and after one forward and backward, by name."""
    torch.manual_seed(3)
    module = getattr(torch.nn, layer.kind)(*layer.args, **layer.kwargs).double().train(layer.training)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter += 0.1 * torch.randn(parameter.shape, dtype=torch.float64)
    found = {f"state {name}": value.numpy().copy() for name, value in module.state_dict().items()}
    inputs = [torch.tensor(array, requires_grad=wanted) for array, wanted in zip(layer.arrays(), layer.wants())]
    args, kwargs = layer.arguments(inputs, torch.tensor)
    outputs = [each for each in flat(module(*args, **kwargs)) if each.is_floating_point()]
    total = sum([(each * torch.arange(1.0, each.numel() + 1).reshape(each.shape)).sum() for each in outputs])
    if total.requires_grad:
        total.backward()
    for number, output in enumerate(outputs):
        found[f"output {number}"] = output.detach().numpy()
    for number, tensor in enumerate(inputs):
        if tensor.grad is not None:
            found[f"grad of input {number}"] = tensor.grad.numpy()
    for name, parameter in module.named_parameters():
        if parameter.grad is not None:
            found[f"grad {name}"] = parameter.grad.numpy()
    for name, buffer in module.named_buffers():
        found[f"after {name}"] = buffer.numpy().copy()
    return found


def main():
    """Write the file."""
    arrays = {}
    for layer in LAYERS:
        for name, value in results(layer).items():
            arrays[f"{layer.name} | {name}"] = np.asarray(value)
    np.savez_compressed(FILE, **arrays)
    print(f"{FILE.name}: {len(LAYERS)} layers, {len(arrays)} arrays, {FILE.stat().st_size} bytes")


if __name__ == "__main__":
    main()

"""Step through a backward pass: every operation with its source, its rule and its numbers.

A two-layer network on three samples. `debug.steps(loss)` runs `loss.backward()` one operation at a time, and shows for
each where it stands in this file, the gradient that has arrived, the formula, and what it gives to each input.

    python examples/step_through_backward.py
    python examples/step_through_backward.py --pdb      # the same in the debugger, inside of the rules
"""

import argparse
import bdb
import contextlib
import pdb
from typing import Any

import numpy as np

import minigrad as mg
from minigrad import debug


def network(W1: mg.Tensor, b1: mg.Tensor, W2: mg.Tensor) -> mg.Tensor:
    """Return the mean squared error of a small network on three samples."""
    x = mg.tensor([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], dtype=mg.float64)
    y = mg.tensor([[1.0], [1.0], [0.0]], dtype=mg.float64)
    h = mg.tanh(x @ W1 + b1)
    e = h @ W2 - y
    return (e * e).mean()


def parameters() -> list[mg.Tensor]:
    """Return the weights of the network, the same at each call (seed 0)."""
    generator = mg.Generator(0)
    W1 = mg.randn(2, 4, dtype=mg.float64, generator=generator)
    W2 = mg.randn(4, 1, dtype=mg.float64, generator=generator)
    made = []
    for name, values in {"W1": W1, "b1": mg.zeros(4, dtype=mg.float64), "W2": W2}.items():
        made.append(mg.tensor(values, requires_grad=True, name=name))
    return made


def stepping() -> dict[str, Any]:
    """Print each step, and compare what has been gathered with what backward() gives."""
    W1, b1, W2 = parameters()
    loss = network(W1, b1, W2)
    print(f"loss = {loss.item():.4f} (weights from seed 0)\n")
    operations = []
    for step in debug.steps(loss):
        print(f"{step}\n")
        operations.append(step.node.name)

    # e * e is one operation with one tensor twice: two contributions, and the second is added to the first.
    twins = parameters()
    network(*twins).backward()
    same = all(np.array_equal(a.grad.data, b.grad.data) for a, b in zip((W1, b1, W2), twins, strict=True))
    print(f"bitwise what loss.backward() gives: {same}")
    return {"operations": operations, "bitwise equal": same}


def product() -> float:
    """Show that the gradient of a layer's weight is itself a matrix product; return how far they are apart."""
    x = mg.randn(8, 3, dtype=mg.float64, generator=mg.Generator(1))
    W, b = mg.ones(2, 3, dtype=mg.float64, requires_grad=True), mg.zeros(2, dtype=mg.float64, requires_grad=True)
    output = x @ W.T + b
    output.retain_grad()
    (output**2).sum().backward()
    grad_output = output.grad
    apart = (W.grad - grad_output.T @ x).abs().max().item()
    print("\nFor a layer, output = x @ W.T + b, backprop is products too:")
    print(f"  dL/dW {W.grad.shape} = grad_output.T {grad_output.T.shape} @ x {x.shape}, apart by {apart:.1e}")
    print(f"  dL/db {b.grad.shape} = grad_output {grad_output.shape}, summed over the samples")
    return apart


def in_pdb() -> None:
    """Stop in pdb on the line of backward()."""
    loss = network(*parameters())
    print("s steps into backward() and on into each rule; args shows grad_output and the saved values;")
    print("b mg.ops.elementwise.tanh_vjp, then c, stops in the derivative of tanh; q ends.")
    with contextlib.suppress(bdb.BdbQuit):
        pdb.set_trace()
        loss.backward()


def main(quick: bool = False) -> dict[str, Any]:
    """Print the steps and return the names of the operations and the comparisons; it is quick as it is."""
    numbers = stepping()
    numbers["dL/dW apart"] = product()
    return numbers


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pdb", action="store_true", help="stop in pdb on the line of backward()")
    if parser.parse_args().pdb:
        in_pdb()
    else:
        main()

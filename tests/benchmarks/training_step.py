"""What one training step costs, eagerly: minigrad against NumPy by hand, PyTorch and JAX.

    python tests/benchmarks/training_step.py [--quick] [--models moons digits]

Five models from linear regression to 1024-1024-1024-10, in float32, on one pinned thread. All sides begin with the same
weights, see the same batch and use the same optimizer; after the timed steps their losses are compared. The sides take
turns of up to 20 steps, so that a change of the machine's speed meets all of them, and a step finds the caches as it
does in a training loop: warm, and not filled by another framework. The table shows the median of all steps. PyTorch
uses its fused optimizer, JAX one jitted function for the whole step. A side that is not installed is left out.

Leave NumPy's BLAS at its defaults: unset OPENBLAS_CORETYPE and OPENBLAS_L2_SIZE.
"""

import argparse
import os
import sys
import time
from pathlib import Path
from typing import NamedTuple

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[2] / "kernels")]

import numpy as np  # noqa: E402 - the number of threads is read at import

import minigrad as mg  # noqa: E402


class Model(NamedTuple):
    """One row of the table."""

    sizes: tuple[int, ...]
    batch: int
    activation: str
    loss: str
    optimizer: str
    lr: float
    steps: int


MODELS = {
    "linear regression": Model((10, 1), 442, "tanh", "mse", "SGD", 0.01, 1000),
    "moons": Model((2, 16, 16, 1), 100, "tanh", "bce", "SGD", 0.1, 600),
    "digits": Model((64, 128, 10), 64, "relu", "cross_entropy", "Adam", 1e-3, 400),
    "784-256-128-10": Model((784, 256, 128, 10), 128, "relu", "cross_entropy", "Adam", 1e-3, 60),
    "1024-1024-1024-10": Model((1024, 1024, 1024, 10), 256, "relu", "cross_entropy", "Adam", 1e-4, 12),
}


def start(model):
    """Return the weights, biases and the batch that every side begins with."""
    random = np.random.default_rng(0)
    layers = []
    for inputs, outputs in zip(model.sizes, model.sizes[1:]):
        bound = inputs**-0.5
        weight = random.uniform(-bound, bound, (outputs, inputs)).astype(np.float32)
        layers.append((weight, random.uniform(-bound, bound, outputs).astype(np.float32)))
    x = random.standard_normal((model.batch, model.sizes[0])).astype(np.float32)
    if model.loss == "cross_entropy":
        y = random.integers(0, model.sizes[-1], model.batch)
    elif model.loss == "bce":
        y = random.integers(0, 2, (model.batch, 1)).astype(np.float32)
    else:
        y = random.standard_normal((model.batch, 1)).astype(np.float32)
    return layers, x, y


def with_framework(model, nn, optimizer, tensor):
    """Return a step written against PyTorch's names, which minigrad shares."""
    layers, x, y = start(model)
    modules = []
    for weight, bias in layers:
        linear = nn.Linear(weight.shape[1], weight.shape[0])
        linear.load_state_dict({"weight": tensor(weight), "bias": tensor(bias)})
        modules += [linear, nn.ReLU() if model.activation == "relu" else nn.Tanh()]
    network = nn.Sequential(*modules[:-1])
    functions = {"mse": "mse_loss", "bce": "binary_cross_entropy_with_logits", "cross_entropy": "cross_entropy"}
    loss_function = getattr(nn.functional, functions[model.loss])
    update = optimizer(network.parameters())
    inputs, targets = tensor(x), tensor(y)

    def step():
        loss = loss_function(network(inputs), targets)
        update.zero_grad()
        loss.backward()
        update.step()
        return loss

    return step


def with_minigrad(model):
    """Return minigrad's step."""
    return with_framework(model, mg.nn, lambda p: getattr(mg.optim, model.optimizer)(p, lr=model.lr), mg.tensor)


def with_torch(model):
    """Return PyTorch's step, with its fused optimizer."""
    import torch

    torch.set_num_threads(1)
    optimizer = getattr(torch.optim, model.optimizer)
    return with_framework(model, torch.nn, lambda p: optimizer(p, lr=model.lr, fused=True), torch.tensor)


def with_numpy(model):
    """Return the step as a person would write it in NumPy, with the derivatives worked out by hand."""
    layers, x, y = start(model)
    layers = [[weight.copy(), bias.copy()] for weight, bias in layers]
    moments = [[[np.zeros_like(p), np.zeros_like(p)] for p in layer] for layer in layers]
    count = [0]

    def step():
        inputs = [x]
        for place, (weight, bias) in enumerate(layers):
            z = inputs[-1] @ weight.T + bias
            last = place == len(layers) - 1
            inputs.append(z if last else np.maximum(z, 0) if model.activation == "relu" else np.tanh(z))
        loss, gradient = loss_by_hand(model, inputs[-1], y)
        count[0] += 1
        for place in reversed(range(len(layers))):
            slopes = [gradient.T @ inputs[place], gradient.sum(0)]
            if place:
                gradient = gradient @ layers[place][0]
                h = inputs[place]
                gradient = gradient * (h > 0) if model.activation == "relu" else gradient * (1 - h * h)
            for parameter, slope, moment in zip(layers[place], slopes, moments[place]):
                update_by_hand(model, parameter, slope, moment, count[0])
        return loss

    return step


def loss_by_hand(model, z, y):
    """Return a loss and its derivative."""
    if model.loss == "mse":
        difference = z - y
        return np.mean(difference * difference), difference * np.float32(2 / difference.size)
    if model.loss == "bce":
        loss = np.mean(np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z))))
        return loss, (1 / (1 + np.exp(-z)) - y) * np.float32(1 / z.size)
    powers = np.exp(z - z.max(1, keepdims=True))
    share = powers / powers.sum(1, keepdims=True)
    rows = np.arange(len(y))
    loss = -np.mean(np.log(share[rows, y]))
    share[rows, y] -= 1
    return loss, share * np.float32(1 / len(y))


def update_by_hand(model, parameter, slope, moment, count):
    """Change a parameter in place."""
    if model.optimizer == "SGD":
        parameter -= model.lr * slope
        return
    first, second = moment
    first += 0.1 * (slope - first)
    second += 0.001 * (slope * slope - second)
    rate = model.lr / (1 - 0.9**count)
    parameter -= rate * first / (np.sqrt(second) / (1 - 0.999**count) ** 0.5 + 1e-8)


def with_jax(model):
    """Return JAX's step: loss, gradient and update jitted as one function."""
    import jax
    import jax.numpy as jnp

    layers, x, y = start(model)
    x, y = jnp.asarray(x), jnp.asarray(y)

    def loss_of(parameters):
        h = x
        for place, (weight, bias) in enumerate(parameters):
            h = h @ weight.T + bias
            if place < len(parameters) - 1:
                h = jnp.maximum(h, 0) if model.activation == "relu" else jnp.tanh(h)
        if model.loss == "mse":
            return jnp.mean((h - y) ** 2)
        if model.loss == "bce":
            return jnp.mean(jnp.maximum(h, 0) - h * y + jnp.log1p(jnp.exp(-jnp.abs(h))))
        return -jnp.mean(jax.nn.log_softmax(h)[jnp.arange(len(y)), y])

    def change(parameter, slope, first, second, count):
        if model.optimizer == "SGD":
            return parameter - model.lr * slope, first, second
        first, second = first + 0.1 * (slope - first), second + 0.001 * (slope**2 - second)
        rate = model.lr / (1 - 0.9**count)
        return parameter - rate * first / (jnp.sqrt(second) / jnp.sqrt(1 - 0.999**count) + 1e-8), first, second

    @jax.jit
    def jitted(state, count):
        loss, slopes = jax.value_and_grad(loss_of)([[p for p, _, _ in layer] for layer in state])
        new = [[change(p, g, m, v, count) for (p, m, v), g in zip(*pair)] for pair in zip(state, slopes)]
        return new, loss

    kept = [[(jnp.asarray(p), jnp.zeros_like(p), jnp.zeros_like(p)) for p in layer] for layer in layers]
    memory = [kept, 0]

    def step():
        memory[1] += 1
        memory[0], loss = jitted(memory[0], float(memory[1]))
        return loss.block_until_ready()

    return step


SIDES = {"minigrad": with_minigrad, "NumPy": with_numpy, "PyTorch": with_torch, "JAX": with_jax}


def number(loss):
    """Return a loss of any side as a float."""
    return float(loss.item())


def measure(model, steps):
    """Return for each side that can run (median microseconds, last loss), the sides taking turns."""
    runners = {}
    for name, make in SIDES.items():
        try:
            runners[name] = make(model)
        except ImportError:
            continue
    times = {name: [] for name in runners}
    losses = {}
    turn_length = min(20, max(1, steps // 5))
    for turn in range(1 + steps // turn_length):
        for name, step in runners.items():
            for _ in range(turn_length):
                begun = time.perf_counter()
                losses[name] = step()
                # The first turn compiles.
                if turn > 0:
                    times[name].append(time.perf_counter() - begun)
    return {name: (np.median(times[name]) * 1e6, number(losses[name])) for name in runners}


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the steps")
    parser.add_argument("--models", nargs="*", choices=MODELS, default=list(MODELS))
    parser.add_argument("--core", type=int, help="the core to run on; the last one if left out")
    arguments = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        cores = os.sched_getaffinity(0) if arguments.core is None else [arguments.core]
        os.sched_setaffinity(0, {max(cores)})
    print("median microseconds of one eager training step, float32, one thread; in brackets: times minigrad's")
    for name in arguments.models:
        model = MODELS[name]
        results = measure(model, max(model.steps // (10 if arguments.quick else 1), 3))
        ours, loss = results["minigrad"]
        cells = [f"{side} {spent:9.1f} ({spent / ours:4.2f})" for side, (spent, _) in results.items()]
        print(f"{name:18s} " + "   ".join(cells))
        for side, (_, other) in results.items():
            # Rounding differs between the sides and grows along the trajectory.
            if not np.isclose(other, loss, rtol=2e-3, atol=1e-5):
                sys.exit(f"{name}: the losses differ: minigrad {loss}, {side} {other}")


if __name__ == "__main__":
    main()

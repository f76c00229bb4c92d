"""Trainings drawn from a seed: healthy ones, and ones with faults that are put into them."""

from typing import Any, NamedTuple

import numpy as np

import minigrad as mg
from minigrad import debug, nn, optim
from minigrad.data import moons
from minigrad.nn import functional as F

SEEDS = range(10)
WIDTHS = (8, 16, 32)
ACTIVATIONS = ("tanh", "relu")
TWO_SIDED = ("tanh", "sigmoid", "hardtanh")
#: Names of the doctor for what is put in.
EXPLODING = "exploding loss"
VANISHING = "vanishing gradient"
DEFICIENT = "rank-deficient features"
FAST = "learning rate too large"
FLAT = ("dead units", "saturated units")
SAMPLES = 96


class Activation(nn.Module):
    """A function of ``nn.functional`` as a layer."""

    def __init__(self, name):
        super().__init__()
        self.function = getattr(F, name)

    def forward(self, x):
        return self.function(x)


class Training(NamedTuple):
    """What the doctor is given."""

    model: Any
    batch: Any
    loss_fn: Any
    optimizer: Any

    def run(self, steps):
        x, y = self.batch
        for _ in range(steps):
            self.optimizer.zero_grad()
            self.loss_fn(self.model(x), y).backward()
            self.optimizer.step()


def network(inputs, width, outputs, activation, hidden=2):
    layers = []
    for size in [inputs, *[width] * (hidden - 1)]:
        layers += [nn.Linear(size, width), Activation(activation)]
    return nn.Sequential(*layers, nn.Linear(width, outputs))


def regression(seed):
    """Return points of a smooth function of six numbers, with noise."""
    random = np.random.default_rng(seed)
    x = random.standard_normal((SAMPLES, 6))
    y = np.sin(x[:, :1]) + x[:, 1:2] * x[:, 2:3] + 0.1 * random.standard_normal((SAMPLES, 1))
    return mg.tensor(x, dtype=mg.float32), mg.tensor(y, dtype=mg.float32), F.mse_loss, 1


def classes(seed):
    """Return two moons."""
    x, y = moons(SAMPLES, noise=0.1, seed=seed)
    return x, y, F.cross_entropy, 2


def drawn(seed, width, activation, faults=(), task=None):
    """Return a training at its start with the given faults in it; odd seeds classify, even ones regress."""
    task = task or (classes if seed % 2 else regression)
    x, y, loss_fn, outputs = task(seed)
    mg.manual_seed(seed)
    if DEFICIENT in faults and seed % 3 == 0:
        # Of the two columns that vary most: those of rare pixels tell nothing in a batch.
        first, second = np.argsort(x.data.var(axis=0))[-2:].tolist()
        x = mg.cat([x, x[:, first : first + 1] - x[:, second : second + 1]], dim=1)
    model = network(x.shape[1], width, outputs, activation, hidden=6 if VANISHING in faults else 2)
    layers = [each for each in model if isinstance(each, nn.Linear)]
    with mg.no_grad():
        if DEFICIENT in faults and seed % 3 == 1:
            layers[0].weight.fill_(0.3)  # and units that start alike stay alike
        if DEFICIENT in faults and seed % 3 == 2:
            column = mg.randn(width, 1)
            layers[1].weight.copy_(column @ mg.randn(1, width) / width)
        if VANISHING in faults:
            for layer in layers:
                layer.weight.mul_(0.1)
        if EXPLODING in faults:
            for layer in layers:
                layer.weight.mul_(100)
        if FLAT in faults and activation not in TWO_SIDED:
            layers[1 - (VANISHING in faults)].bias.fill_(-10)
        elif FLAT in faults:
            layers[1].weight.mul_(100)
    optimizer = optim.SGD(model.parameters(), lr=0.05)
    if FAST in faults:
        limit = debug.doctor(model, (x, y), loss_fn).figures["stable_lr"]
        optimizer.param_groups[0]["lr"] = limit * (1.05 if seed < 3 else seed)
    return Training(model, (x, y), loss_fn, optimizer)


def found(report, fault):
    """Return whether a report names a fault; what flattens units goes by two names."""
    wanted = fault if isinstance(fault, tuple) else (fault,)
    return any(name in report.names for name in wanted)


def grid(seeds=SEEDS, widths=WIDTHS, activations=ACTIVATIONS):
    for seed in seeds:
        for width in widths:
            for activation in activations:
                yield seed, width, activation

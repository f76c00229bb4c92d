"""When training breaks, the linear algebra says where to look.

A small network, and five ways to break its training. `debug.doctor` is given the model, a batch and the loss, and names
what is wrong with the number that shows it: a size, a share, a rank, an eigenvalue. Each number is then worked out once
more by hand, below the diagnosis.

    python examples/doctor.py
"""

from typing import Any

import numpy as np

import minigrad as mg
from minigrad import debug, nn, optim

SAMPLES, INPUTS, WIDTH = 200, 6, 16


def data(seed: int) -> tuple[mg.Tensor, mg.Tensor]:
    """Return points of a smooth function of six numbers."""
    generator = mg.Generator(seed)
    x = mg.randn(SAMPLES, INPUTS, generator=generator)
    y = mg.sin(x[:, :1]) + x[:, 1:2] * x[:, 2:3] + 0.1 * mg.randn(SAMPLES, 1, generator=generator)
    return x, y


def network(seed: int, hidden: int = 2, activation: type[nn.Module] = nn.Tanh) -> nn.Sequential:
    """Return hidden layers of 16 units and an output."""
    mg.manual_seed(seed)
    layers: list[nn.Module] = []
    for inputs in [INPUTS, *[WIDTH] * (hidden - 1)]:
        layers += [nn.Linear(inputs, WIDTH), activation()]
    return nn.Sequential(*layers, nn.Linear(WIDTH, 1))


def tell(title: str, report: debug.Report) -> list[str]:
    """Print what the doctor says, and return the names of the faults."""
    print(f"{title}: {'healthy' if report.healthy else ', '.join(report.names)}")
    for finding in report:
        print(f"  {finding.sentence}")
        print(f"  -> {finding.remedy}")
    return report.names


def healthy(seed: int, steps: int) -> list[str]:
    """Train, and have the training looked at before, on the way and after it."""
    model, (x, y) = network(seed), data(seed)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    names = []
    for stage in range(3):
        report = debug.doctor(model, (x, y), nn.functional.mse_loss, optimizer)
        names += tell(f"After {stage * steps} steps, loss {report.figures['loss']:.3f}", report)
        for _ in range(steps):
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
    return names


def exploding(seed: int) -> list[str]:
    """Weights a hundred times too large: each layer makes the signal larger, and the loss is its square."""
    model = network(seed, activation=nn.ReLU)
    with mg.no_grad():
        for layer in model[::2]:
            layer.weight.mul_(100)
    names = tell("\nWeights times 100", debug.doctor(model, data(seed), nn.functional.mse_loss))
    sizes = []
    signal = data(seed)[0]
    for layer in model:
        signal = layer(signal).detach()
        if isinstance(layer, nn.Linear):
            sizes.append(f"{signal.square().mean().sqrt().item():.2g}")
    print(f"  by hand: root mean square after each layer {', '.join(sizes)}")
    return names


def vanishing(seed: int) -> list[str]:
    """Ten layers of weights that shrink: backprop multiplies by each once more, and little is left for the first."""
    model, (x, y) = network(seed, hidden=10), data(seed)
    with mg.no_grad():
        for layer in model[::2]:
            layer.weight.mul_(0.3)
    names = tell("\nTen layers of small weights", debug.doctor(model, (x, y), nn.functional.mse_loss))
    nn.functional.mse_loss(model(x), y).backward()
    norms = [f"{layer.weight.grad.norm().item():.0e}" for layer in model[::2]]
    print(f"  by hand: gradient norms {', '.join(norms)}")
    return names


def deficient(seed: int) -> list[str]:
    """Six columns made of three: along three directions of the weights the loss is flat."""
    x, y = data(seed)
    x = x[:, :3] @ mg.randn(3, INPUTS, generator=mg.Generator(seed + 1))
    names = tell("\nData of rank 3", debug.doctor(network(seed), (x, y), nn.functional.mse_loss))
    values = [f"{each:.1e}" for each in np.linalg.svd(x.data, compute_uv=False)]
    print(f"  by hand: singular values {', '.join(values)}")
    return names


def too_fast(seed: int) -> tuple[list[str], list[float]]:
    """A learning rate above 2 / lambda_max: on a quadratic loss it diverges, and just below it does not."""
    x, y = data(seed)
    model = nn.Linear(INPUTS, 1)
    limit = debug.doctor(model, (x, y), nn.functional.mse_loss).figures["stable_lr"]
    names, losses = [], []
    print()
    for factor in (0.95, 1.05):
        mg.manual_seed(seed)
        model = nn.Linear(INPUTS, 1)
        optimizer = optim.SGD(model.parameters(), lr=factor * limit)
        report = debug.doctor(model, (x, y), nn.functional.mse_loss, optimizer)
        names += tell(f"Learning rate {factor} * 2 / lambda_max", report)
        for _ in range(200):
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(model(x), y)
            loss.backward()
            optimizer.step()
        losses.append(loss.item())
        print(f"  by hand: the loss after 200 steps is {losses[-1]:.3g}")
    return names, losses


def flat(seed: int, activation: type[nn.Module]) -> list[str]:
    """Units that do not answer: a relu whose input is negative for all samples, a tanh whose input is large."""
    model, (x, y) = network(seed, activation=activation), data(seed)
    with mg.no_grad():
        if activation is nn.ReLU:
            model[2].bias.fill_(-10)
        else:
            model[2].weight.mul_(100)
    title = "Biases of -10 before relu" if activation is nn.ReLU else "Weights times 100 before tanh"
    names = tell(f"\n{title}", debug.doctor(model, (x, y), nn.functional.mse_loss))
    output = model[:4](x)
    slopes = (output.data > 0) if activation is nn.ReLU else 1 - output.data**2
    print(f"  by hand: the mean slope of the second layer is {slopes.mean():.2g}")
    return names


def main(quick: bool = False, seed: int = 0) -> dict[str, Any]:
    """Print each diagnosis and the numbers by hand, and return the names of the faults; quick trains less."""
    print(f"{SAMPLES} samples, {INPUTS} inputs, layers of {WIDTH} (seed {seed})")
    rates, losses = [], []
    numbers: dict[str, Any] = {"healthy": healthy(seed, 50 if quick else 200)}
    numbers["exploding"] = exploding(seed)
    numbers["vanishing"] = vanishing(seed)
    numbers["deficient"] = deficient(seed)
    rates, losses = too_fast(seed)
    numbers["too fast"] = rates
    numbers["losses"] = losses
    numbers["dead"] = flat(seed, nn.ReLU)
    numbers["saturated"] = flat(seed, nn.Tanh)
    return numbers


if __name__ == "__main__":
    main()

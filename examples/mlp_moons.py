"""A network bends a line: two classes that no straight boundary separates.

One neuron draws a straight line. A layer of them draws many, and the next layer joins them to a curve. 500 points on
two half circles that reach into each other (noise 0.1); a fifth is held out, for seeds 0 to 4.

    python examples/mlp_moons.py
    python examples/mlp_moons.py --quick              # one split
    python examples/mlp_moons.py --plot pictures      # where to write moons.png (pip install 'minigrad[plot]')
"""

import argparse
import importlib.util
from pathlib import Path
from typing import Any

import numpy as np

import minigrad as mg
from minigrad import nn, optim
from minigrad.data import moons, stratified_split

SEEDS = range(5)
STEPS = 400


def neuron() -> nn.Module:
    """Return a layer without a hidden one: its boundary is a straight line."""
    return nn.Linear(2, 2)


def network() -> nn.Module:
    """Return a network with two hidden layers."""
    return nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 2))


def train(model: nn.Module, points: mg.Tensor, classes: mg.Tensor) -> None:
    """Minimise the cross-entropy by full-batch Adam."""
    optimizer = optim.Adam(model.parameters(), lr=0.02)
    loss_function = nn.CrossEntropyLoss()
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss_function(model(points), classes).backward()
        optimizer.step()


def accuracy(model: nn.Module, points: mg.Tensor, classes: mg.Tensor) -> float:
    """Return the share of points whose higher score is the right class's."""
    with mg.no_grad():
        return (model(points).argmax(1) == classes).float().mean().item()


def draw(model: nn.Module, points: mg.Tensor, classes: mg.Tensor, held_out: mg.Tensor, path: Path) -> None:
    """Write a picture of the points and of the probability that the model gives to each place of the plane."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.colors import LinearSegmentedColormap

    low, high = points.data.min(0) - 0.3, points.data.max(0) + 0.3
    across, up = np.meshgrid(np.linspace(low[0], high[0], 300), np.linspace(low[1], high[1], 300))
    with mg.no_grad():
        places = mg.tensor(np.stack([across.ravel(), up.ravel()], axis=1), dtype=mg.float32)
        probability = model(places).softmax(1)[:, 1].numpy().reshape(across.shape)
    pale = LinearSegmentedColormap.from_list("pale", ["#f6bfa9", "#ffffff", "#a9cfe5"])
    figure, axes = plt.subplots(figsize=(7.5, 4.6), layout="constrained")
    shades = axes.pcolormesh(across, up, probability, vmin=0, vmax=1, cmap=pale, rasterized=True)
    axes.contour(across, up, probability, levels=[0.5], colors="#222222", linewidths=1.5)
    for label, colour in enumerate(("#b2182b", "#2166ac")):
        chosen = points.data[classes.data == label]
        axes.scatter(*chosen.T, s=18, color=colour, edgecolor="white", linewidth=0.4, label=f"class {label}")
    rings = points.data[held_out.data]
    axes.scatter(*rings.T, s=34, facecolor="none", edgecolor="#222222", linewidth=0.8, label="held out")
    figure.colorbar(shades, label="probability of class 1", ticks=[0, 0.25, 0.5, 0.75, 1], shrink=0.85)
    axes.set(title="Two moons: the boundary of a 2-16-16-2 network", xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
    axes.legend(loc="upper right")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
    plt.close(figure)


def main(quick: bool = False, plot: str | Path | None = ".") -> dict[str, Any]:
    """Train once a seed, draw the first network's boundary, and return the held-out accuracies.

    Args:
        quick: train for the first seed alone.
        plot: the folder for the picture, or None for no picture; without matplotlib there is none.
    """
    data = moons(500, noise=0.1, seed=0)
    results: dict[str, Any] = {"neuron": [], "network": []}
    for seed in SEEDS[:1] if quick else SEEDS:
        train_index, test_index = stratified_split(data.target, fraction=0.2, seed=seed)
        for name, make in {"neuron": neuron, "network": network}.items():
            mg.manual_seed(seed)
            model = make()
            train(model, data.data[train_index], data.target[train_index])
            results[name].append(accuracy(model, data.data[test_index], data.target[test_index]))
        print(
            f"seed {seed}  straight line {results['neuron'][-1]:.4f}  network {results['network'][-1]:.4f}", flush=True
        )
        if seed == 0 and plot is not None and importlib.util.find_spec("matplotlib"):
            results["picture"] = Path(plot) / "moons.png"
            draw(model, data.data, data.target, test_index, results["picture"])
            print(f"        boundary drawn in {results['picture']}")
    for name in ("neuron", "network"):
        mean, minimum = float(np.mean(results[name])), min(results[name])
        results[f"{name} mean"] = mean
        which = "seed 0 alone" if quick else "mean of seeds 0-4"
        print(f"held-out accuracy of the {name}: {mean:.4f} ({which}, minimum {minimum:.4f})")
    return results


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="train for the first seed alone")
    parser.add_argument("--plot", metavar="DIR", default=".", help="the folder for the picture (default: this one)")
    arguments = parser.parse_args()
    main(quick=arguments.quick, plot=arguments.plot)

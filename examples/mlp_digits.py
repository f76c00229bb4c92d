"""A network learns to read handwritten digits: the main job, on NumPy and Numba alone.

1797 images of 8 x 8 pixels. A hidden layer of 128 neurons, then one score a digit; cross-entropy, Adam. A fifth of the
images is held out, each digit in equal proportion, and never looked at in training; five splits, from seeds 0 to 4.

    python examples/mlp_digits.py
    python examples/mlp_digits.py --quick     # one split
"""

import argparse
import sys
from typing import Any

import minigrad as mg
from minigrad import nn, optim
from minigrad.data import DataLoader, TensorDataset, load_digits, stratified_split

SEEDS = range(5)
EPOCHS = 100
BATCH_SIZE = 64


def network() -> nn.Module:
    """Return the model: pixels to hidden features to one score a digit."""
    return nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))


def accuracy(model: nn.Module, images: mg.Tensor, digits: mg.Tensor) -> float:
    """Return the share of images whose highest score is the right digit's."""
    with mg.no_grad():
        return (model(images).argmax(1) == digits).float().mean().item()


def train(seed: int) -> float:
    """Train on four fifths of the images; return the accuracy on the rest."""
    data = load_digits()
    train_index, test_index = stratified_split(data.target, fraction=0.2, seed=seed)
    mg.manual_seed(seed)
    model = network()
    optimizer = optim.Adam(model.parameters(), lr=1e-3)
    loss_function = nn.CrossEntropyLoss()
    loader = DataLoader(
        TensorDataset(data.data[train_index], data.target[train_index]), batch_size=BATCH_SIZE, shuffle=True
    )
    for epoch in range(1, EPOCHS + 1):
        total = 0.0
        for images, digits in loader:
            optimizer.zero_grad()
            loss = loss_function(model(images), digits)
            loss.backward()
            optimizer.step()
            total += loss.item()
        progress(f"seed {seed}  epoch {epoch:3}/{EPOCHS}  training loss {total / len(loader):.4f}")
    held_out = accuracy(model, data.data[test_index], data.target[test_index])
    progress(
        f"seed {seed}  {EPOCHS} epochs  training loss {total / len(loader):.4f}  "
        f"{len(test_index)} images held out, accuracy {held_out:.4f}",
        done=True,
    )
    return held_out


def progress(text: str, done: bool = False) -> None:
    """Print a line that the next one overwrites, until it is done; in a file only what is done."""
    if sys.stdout.isatty():
        print(f"\r{text:78}", end="\n" if done else "", flush=True)
    elif done:
        print(text, flush=True)


def main(quick: bool = False) -> dict[str, Any]:
    """Train once a seed and return the held-out accuracies; ``quick`` trains for the first seed alone."""
    seeds = SEEDS[:1] if quick else SEEDS
    print(f"64-128-10 network, {EPOCHS} epochs, batches of {BATCH_SIZE}", flush=True)
    accuracies = []
    for seed in seeds:
        accuracies.append(train(seed))
    mean, minimum = sum(accuracies) / len(accuracies), min(accuracies)
    which = f"seeds 0-{seeds[-1]}" if len(seeds) > 1 else "seed 0 alone"
    print(f"held-out accuracy {mean:.4f} (mean of {which}, minimum {minimum:.4f})")
    return {"accuracies": accuracies, "mean": mean, "minimum": minimum}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="train for the first seed alone")
    main(quick=parser.parse_args().quick)

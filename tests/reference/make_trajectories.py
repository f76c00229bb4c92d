"""Write trajectories.npz: what PyTorch's optimizers and schedules do to a small network. Needs torch; run by hand.

The file holds the data and the initial parameters, the cases as JSON (which optimizer, options and schedule), and for
each case all parameters as one vector after the steps in KEPT, the learning rates after every step, and PyTorch's state
in the middle.
"""

import json
from pathlib import Path

import numpy as np
import torch

STEPS = 30
MIDDLE = 15
KEPT = [1, 2, 5, 15, 16, 30]
NAMES = ["W1", "b1", "W2", "b2"]

CASES = {
    "SGD": ("SGD", {"lr": 0.1}, None),
    "SGD momentum": ("SGD", {"lr": 0.1, "momentum": 0.9}, None),
    "SGD nesterov": ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}, None),
    "SGD dampening": ("SGD", {"lr": 0.1, "momentum": 0.8, "dampening": 0.3}, None),
    "SGD weight decay": ("SGD", {"lr": 0.1, "momentum": 0.5, "weight_decay": 0.1}, None),
    "SGD maximize": ("SGD", {"lr": 0.01, "momentum": 0.5, "weight_decay": 0.1, "maximize": True}, None),
    "Adam": ("Adam", {"lr": 0.02}, None),
    "Adam weight decay": ("Adam", {"lr": 0.02, "weight_decay": 0.1}, None),
    "Adam amsgrad": ("Adam", {"lr": 0.02, "betas": [0.8, 0.7], "amsgrad": True}, None),
    "Adam maximize": ("Adam", {"lr": 0.01, "maximize": True, "eps": 1e-6}, None),
    "AdamW": ("AdamW", {"lr": 0.02}, None),
    "AdamW amsgrad": ("AdamW", {"lr": 0.02, "betas": [0.8, 0.7], "amsgrad": True}, None),
    "AdamW weight decay": ("AdamW", {"lr": 0.02, "weight_decay": 0.1}, None),
    "StepLR": ("SGD", {"lr": 0.1, "momentum": 0.9}, ("StepLR", {"step_size": 7, "gamma": 0.3})),
    "StepLR every step": ("Adam", {"lr": 0.1}, ("StepLR", {"step_size": 1, "gamma": 0.95})),
    # 30 steps go down, up again, and down.
    "CosineAnnealingLR": ("SGD", {"lr": 0.1}, ("CosineAnnealingLR", {"T_max": 9, "eta_min": 0.001})),
    "CosineAnnealingLR to 0": ("AdamW", {"lr": 0.02}, ("CosineAnnealingLR", {"T_max": 30})),
}


def problem():
    """Return inputs, targets and initial parameters of a network with three inputs and two outputs."""
    generator = np.random.default_rng(20261122)
    x = generator.standard_normal((8, 3))
    y = np.stack([np.sin(x[:, 0] * x[:, 1]), np.cos(x[:, 2])], axis=1)
    shapes = {"W1": (4, 3), "b1": (4,), "W2": (2, 4), "b2": (2,)}
    initial = {name: 0.5 * generator.standard_normal(shapes[name]) for name in NAMES}
    return x, y, initial


def run(optimizer_name, options, schedule, x, y, initial):
    """Return what one case leaves behind: kept parameters, rates and the state in the middle."""
    parameters = {name: torch.tensor(initial[name], requires_grad=True) for name in NAMES}
    weights = [parameters["W1"], parameters["W2"]]
    biases = [parameters["b1"], parameters["b2"]]
    # A group with its own rate: half of the others'.
    groups = [{"params": weights}, {"params": biases, "lr": options["lr"] / 2}]
    optimizer = getattr(torch.optim, optimizer_name)(groups, **options)
    scheduler = None
    if schedule is not None:
        scheduler = getattr(torch.optim.lr_scheduler, schedule[0])(optimizer, **schedule[1])
    kept = []
    rates, middle = [], {}
    for step in range(1, STEPS + 1):
        optimizer.zero_grad()
        hidden = torch.tanh(torch.tensor(x) @ parameters["W1"].T + parameters["b1"])
        output = hidden @ parameters["W2"].T + parameters["b2"]
        ((output - torch.tensor(y)) ** 2).mean().backward()
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
        rates.append([group["lr"] for group in optimizer.param_groups])
        if step in KEPT:
            kept.append(np.concatenate([parameters[name].detach().numpy().ravel() for name in NAMES]))
        if step == MIDDLE:
            for index, entry in optimizer.state_dict()["state"].items():
                for name, value in entry.items():
                    middle[f"middle/{index}/{name}"] = value.numpy().copy()
    return {"after": kept, "rates": rates, **middle}


def main() -> None:
    """Run all cases and write the file beside this one."""
    torch.set_default_dtype(torch.float64)
    x, y, initial = problem()
    arrays = {"x": x, "y": y, "kept": np.array(KEPT), "middle": np.array(MIDDLE), "cases": np.array(json.dumps(CASES))}
    for name in NAMES:
        arrays[f"initial/{name}"] = initial[name]
    for case, settings in CASES.items():
        for name, value in run(*settings, x, y, initial).items():
            arrays[f"{case}/{name}"] = np.array(value)
    path = Path(__file__).with_name("trajectories.npz")
    np.savez_compressed(path, **arrays)
    print(f"{path.name}: {path.stat().st_size} bytes, {len(CASES)} cases, torch {torch.__version__}")


if __name__ == "__main__":
    main()

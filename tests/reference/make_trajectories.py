"""Write trajectories.npz: what PyTorch's optimizers and schedules do to a small network. Needs torch; run by hand.

The file holds the data and the initial parameters, the cases as JSON (which optimizer, options and schedule), and for
each case all parameters as one vector after the steps in KEPT, the learning rates, momenta and betas after every step,
and PyTorch's state in the middle: its numbers as one vector, everything else as JSON.
"""

import json
from pathlib import Path

import numpy as np
import torch
import torch.optim.swa_utils

from tests.reference.cases import CLOSURES, MATRICES, OPTIMIZERS, SCHEDULES
from tests.reference.schedules import make_schedule, step_schedule

STEPS = 30
MIDDLE = 15
KEPT = [1, 2, 5, 15, 16, 30]
NAMES = ["W1", "b1", "W2", "b2"]


def all_cases():
    """Return every case by name: the optimizer, its options, the schedule, and which parameters are in its groups."""
    halves = [["W1", "W2"], ["b1", "b2"]]
    cases = {}
    for names, groups in ((OPTIMIZERS, halves), (MATRICES, [["W1"], ["W2"]]), (CLOSURES, [NAMES])):
        for name, (kind, options) in names.items():
            cases[name] = (kind, options, None, groups)
    for index, schedule in enumerate(SCHEDULES):
        # The betas of one, the momentum of the other are what some schedules move.
        kind, options = ("Adam", {"lr": 0.02}) if index % 2 else ("SGD", {"lr": 0.1, "momentum": 0.9})
        cases[f"{schedule[0]} {index}"] = (kind, options, schedule, halves)
    return cases


def problem():
    """Return inputs, targets and initial parameters of a network with three inputs and two outputs."""
    generator = np.random.default_rng(20261122)
    x = generator.standard_normal((8, 3))
    y = np.stack([np.sin(x[:, 0] * x[:, 1]), np.cos(x[:, 2])], axis=1)
    shapes = {"W1": (4, 3), "b1": (4,), "W2": (2, 4), "b2": (2,)}
    initial = {name: 0.5 * generator.standard_normal(shapes[name]) for name in NAMES}
    return x, y, initial


def optimizer_of(kind, options, groups, parameters):
    """Return the optimizer; its second group has a rate of its own, half of the first's."""
    listed = []
    for index, names in enumerate(groups):
        listed.append({"params": [parameters[name] for name in names], "lr": options["lr"] / (index + 1)})
    return getattr(torch.optim, kind)(listed, **options)


class Training:
    """One case, in PyTorch."""

    def __init__(self, kind, options, schedule, groups, problem):
        x, y, initial = problem
        self.x, self.y = torch.tensor(x), torch.tensor(y)
        self.parameters = {name: torch.tensor(initial[name], requires_grad=True) for name in NAMES}
        self.optimizer = optimizer_of(kind, options, groups, self.parameters)
        self.scheduler = None
        if schedule is not None:
            self.scheduler = make_schedule(torch.optim, self.optimizer, schedule)

    def closure(self):
        self.optimizer.zero_grad()
        hidden = torch.tanh(self.x @ self.parameters["W1"].T + self.parameters["b1"])
        output = hidden @ self.parameters["W2"].T + self.parameters["b2"]
        loss = ((output - self.y) ** 2).mean()
        loss.backward()
        return loss

    def step(self):
        loss = self.optimizer.step(self.closure)
        if self.scheduler is not None:
            step_schedule(self.scheduler, loss.item())

    def vector(self):
        return np.concatenate([self.parameters[name].detach().numpy().ravel() for name in NAMES])


def run(kind, options, schedule, groups, problem):
    """Return what one case leaves behind: kept parameters, rates and the state in the middle."""
    training = Training(kind, options, schedule, groups, problem)
    kept, rates, middle = [], [], {}
    for step in range(1, STEPS + 1):
        training.step()
        rates.append([[group["lr"], momentum_of(group)] for group in training.optimizer.param_groups])
        if step in KEPT:
            kept.append(training.vector())
        if step == MIDDLE:
            middle = state_of(training.optimizer, training.scheduler)
    return {"after": kept, "rates": rates, **middle}


def momentum_of(group):
    """Return what a schedule may move besides the rate."""
    return group["betas"][0] if "betas" in group else group.get("momentum", 0)


def state_of(optimizer, scheduler):
    """Return PyTorch's state as JSON: whose, called what, of which shape; and all its numbers as one vector."""
    state = optimizer.state_dict()
    layout, numbers = [], []
    for index, entry in state["state"].items():
        for name, value in entry.items():
            if isinstance(value, list):
                value = torch.stack([torch.as_tensor(each) for each in value if each is not None])
            array = torch.as_tensor(value).numpy()
            layout.append([index, name, array.shape])
            numbers.append(array.ravel())
    about = [layout, state["param_groups"], None if scheduler is None else scheduler.state_dict()]
    return {"middle": json.dumps(about), "numbers": np.concatenate([np.zeros(0), *numbers])}


def main() -> None:
    """Run all cases and write the file beside this one."""
    torch.set_default_dtype(torch.float64)
    x, y, initial = problem()
    cases = all_cases()
    arrays = {"x": x, "y": y, "kept": np.array(KEPT), "middle": np.array(MIDDLE), "cases": np.array(json.dumps(cases))}
    for name in NAMES:
        arrays[f"initial/{name}"] = initial[name]
    for case, settings in cases.items():
        for name, value in run(*settings, (x, y, initial)).items():
            arrays[f"{case}/{name}"] = np.array(value)
    path = Path(__file__).with_name("trajectories.npz")
    np.savez_compressed(path, **arrays)
    print(f"{path.name}: {path.stat().st_size} bytes, {len(cases)} cases, torch {torch.__version__}")


if __name__ == "__main__":
    main()

"""One case of the reference file, in minigrad."""

import json
from pathlib import Path

import numpy as np

import minigrad as mg
from minigrad import optim
from tests.reference.schedules import make_schedule, step_schedule

REFERENCE = np.load(Path(__file__).parents[1] / "reference" / "trajectories.npz")
CASES = json.loads(str(REFERENCE["cases"]))
NAMES = ["W1", "b1", "W2", "b2"]
KEPT = REFERENCE["kept"].tolist()
MIDDLE = int(REFERENCE["middle"])
# Both sides round each operation to 1.1e-16. 30 steps of a network of order 1 leave 1e-14, and Adam's division by a
# root that may be small another factor of 1000 at most. What is asked for is 1e-7.
TOLERANCE = 1e-11


class Training:
    """One case of the reference file, in minigrad."""

    def __init__(self, case):
        kind, options, schedule, members = CASES[case]
        self.x, self.y = mg.tensor(REFERENCE["x"]), mg.tensor(REFERENCE["y"])
        self.parameters = {n: mg.tensor(REFERENCE[f"initial/{n}"], requires_grad=True, name=n) for n in NAMES}
        groups = []
        for index, names in enumerate(members):
            groups.append({"params": [self.parameters[n] for n in names], "lr": options["lr"] / (index + 1)})
        self.optimizer = getattr(optim, kind)(groups, **options)
        self.scheduler = None
        if schedule is not None:
            self.scheduler = make_schedule(optim, self.optimizer, schedule)

    def closure(self):
        w1, b1, w2, b2 = self.parameters.values()
        self.optimizer.zero_grad()
        output = mg.tanh(self.x @ w1.T + b1) @ w2.T + b2
        loss = ((output - self.y) ** 2).mean()
        loss.backward()
        return loss

    def step(self):
        loss = self.optimizer.step(self.closure)
        if self.scheduler is not None:
            step_schedule(self.scheduler, loss.item())

    def vector(self):
        return np.concatenate([self.parameters[name].data.ravel() for name in NAMES])

    def rates(self):
        rates = []
        for group in self.optimizer.param_groups:
            momentum = group["betas"][0] if "betas" in group else group.get("momentum", 0)
            rates.append([group["lr"], momentum])
        return rates

    def follow(self, case, first=1):
        """Step to the end of the case and compare on the way."""
        for step in range(first, KEPT[-1] + 1):
            self.step()
            if step in KEPT:
                expected = REFERENCE[f"{case}/after"][KEPT.index(step)]
                # What rounding does to the curvature that L-BFGS sees: see the cases.
                tolerance = 1e-8 if case.startswith("LBFGS") else TOLERANCE
                assert np.allclose(self.vector(), expected, rtol=0, atol=tolerance), step
            assert np.allclose(self.rates(), REFERENCE[f"{case}/rates"][step - 1], rtol=1e-12, atol=1e-15), step


def state_of_reference(case):
    """Return what PyTorch's optimizer and schedule gave for their state_dict() in the middle."""
    layout, groups, schedule = json.loads(str(REFERENCE[f"{case}/middle"]))
    state, start = {}, 0
    for index, name, shape in layout:
        size = int(np.prod(shape))
        numbers = REFERENCE[f"{case}/numbers"][start : start + size]
        state.setdefault(index, {})[name] = numbers.reshape(shape)
        start += size
    return {"state": state, "param_groups": groups}, schedule

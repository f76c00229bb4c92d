"""Optimizers and learning-rate schedules: PyTorch's names, arguments, defaults and trajectories.

>>> import minigrad as mg
>>> from minigrad import optim
>>> w = mg.tensor([3.0, 4.0], requires_grad=True)
>>> optimizer = optim.SGD([w], lr=0.25)
>>> (w * w).sum().backward()
>>> optimizer.step()
>>> w.tolist()
[1.5, 2.0]
"""

from minigrad.optim import lr_scheduler, swa_utils
from minigrad.optim.adadelta import Adadelta
from minigrad.optim.adagrad import Adagrad
from minigrad.optim.adam import Adam, AdamW
from minigrad.optim.adamax import Adamax
from minigrad.optim.asgd import ASGD
from minigrad.optim.lbfgs import LBFGS
from minigrad.optim.muon import Muon
from minigrad.optim.nadam import NAdam
from minigrad.optim.optimizers import Optimizer
from minigrad.optim.proximal import ProximalL1
from minigrad.optim.radam import RAdam
from minigrad.optim.rmsprop import RMSprop
from minigrad.optim.rprop import Rprop
from minigrad.optim.sam import SAM
from minigrad.optim.sgd import SGD
from minigrad.optim.slots import Rule

__all__ = [
    "Optimizer",
    "Rule",
    # families
    "SGD",
    "Adam",
    "AdamW",
    "Adadelta",
    "Adagrad",
    "Adamax",
    "ASGD",
    "LBFGS",
    "Muon",
    "NAdam",
    "RAdam",
    "RMSprop",
    "Rprop",
    # around others
    "SAM",
    "ProximalL1",
    # averages of weights
    "swa_utils",
    # schedules
    "lr_scheduler",
]

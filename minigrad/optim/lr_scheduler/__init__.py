"""Schedules of the learning rate: PyTorch's names, arguments, defaults and rates.

>>> import minigrad as mg
>>> from minigrad import optim
>>> optimizer = optim.SGD([mg.zeros(1, requires_grad=True)], lr=1.0)
>>> scheduler = optim.lr_scheduler.MultiStepLR(optimizer, milestones=[2, 3], gamma=0.5)
>>> for _ in range(3):
...     optimizer.step()
...     scheduler.step()
>>> optimizer.param_groups[0]["lr"]
0.25
"""

from minigrad.optim.lr_scheduler.combinations import ChainedScheduler, SequentialLR
from minigrad.optim.lr_scheduler.cosines import CosineAnnealingLR, CosineAnnealingWarmRestarts
from minigrad.optim.lr_scheduler.cycles import CyclicLR
from minigrad.optim.lr_scheduler.functions import LambdaLR, MultiplicativeLR
from minigrad.optim.lr_scheduler.one_cycle import OneCycleLR
from minigrad.optim.lr_scheduler.plateaus import ReduceLROnPlateau
from minigrad.optim.lr_scheduler.powers import ExponentialLR, MultiStepLR, StepLR
from minigrad.optim.lr_scheduler.ramps import ConstantLR, LinearLR, PolynomialLR
from minigrad.optim.lr_scheduler.schedulers import LRScheduler

__all__ = [
    "LRScheduler",
    # powers
    "StepLR",
    "MultiStepLR",
    "ExponentialLR",
    # ramps
    "ConstantLR",
    "LinearLR",
    "PolynomialLR",
    # cosines
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    # functions
    "LambdaLR",
    "MultiplicativeLR",
    # cycles
    "CyclicLR",
    "OneCycleLR",
    # what the loss says
    "ReduceLROnPlateau",
    # several
    "SequentialLR",
    "ChainedScheduler",
]

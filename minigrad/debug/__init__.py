"""Look inside a backward pass: one operation at a time, with its rule, its numbers and its source line.

>>> import minigrad as mg
>>> from minigrad import debug
>>> w = mg.tensor([1.0, 2.0], requires_grad=True, name="w")
>>> for step in debug.steps((w * w).sum()):
...     print(step.index, step.node.name, step.rule)
1 sum grad_x = grad_output, repeated along the summed axes
2 mul grad_x = grad_output * y; grad_y = grad_output * x
"""

import importlib as _importlib
import typing as _typing

from minigrad.debug.breakpoints import Breakpoint
from minigrad.debug.comparisons import Comparison, compare
from minigrad.debug.contributions import Contribution
from minigrad.debug.expressions import namespace
from minigrad.debug.forward import ForwardInput, ForwardStep
from minigrad.debug.history import History
from minigrad.debug.nodes import StepNode
from minigrad.debug.op_checks import InputCheck, OpCheck
from minigrad.debug.passes import Pass
from minigrad.debug.recordings import recording
from minigrad.debug.statistics import Statistics
from minigrad.debug.step import Step
from minigrad.debug.stepper import Stepper
from minigrad.debug.stepping import steps
from minigrad.debug.traces import Trace, trace
from minigrad_kernels import python_kernels

if _typing.TYPE_CHECKING:
    from minigrad.debug.diagnosis import doctor
    from minigrad.debug.linting import LintError, LintWarning, Mistake, lint
    from minigrad.debug.report import Finding, Report

__all__ = [
    # stepping
    "steps",
    "Step",
    "StepNode",
    "Contribution",
    "Statistics",
    "Stepper",
    "Breakpoint",
    "History",
    "namespace",
    # finite differences
    "OpCheck",
    "InputCheck",
    # recordings
    "recording",
    "Pass",
    "trace",
    "Trace",
    "ForwardStep",
    "ForwardInput",
    "compare",
    "Comparison",
    # diagnosis
    "doctor",
    "Finding",
    "Report",
    # linting
    "lint",
    "LintError",
    "LintWarning",
    "Mistake",
    # kernels
    "python_kernels",
]

#: What is imported when it is first asked for, and from where: most programs have no use for it.
_LATER = {
    "doctor": "diagnosis",
    "Finding": "report",
    "Report": "report",
    "lint": "linting",
    "LintError": "linting",
    "LintWarning": "linting",
    "Mistake": "linting",
}


if not _typing.TYPE_CHECKING:  # or a type checker would take any name for one of the module's

    def __getattr__(name: str) -> _typing.Any:
        """Import the doctor and lint when they are first asked for."""
        if name in _LATER:
            return getattr(_importlib.import_module(f"minigrad.debug.{_LATER[name]}"), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

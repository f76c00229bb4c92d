"""Look inside a backward pass: one operation at a time, with its rule, its numbers and its source line.

>>> import minigrad as mg
>>> from minigrad import debug
>>> w = mg.tensor([1.0, 2.0], requires_grad=True, name="w")
>>> for step in debug.steps((w * w).sum()):
...     print(step.index, step.node.name, step.rule)
1 sum grad_x = grad_output, repeated along the summed axes
2 mul grad_x = grad_output * y; grad_y = grad_output * x
"""

from minigrad.debug.anomalies import AnomalyError, anomaly
from minigrad.debug.answers import Answer
from minigrad.debug.breakpoints import Breakpoint
from minigrad.debug.comparisons import Comparison, compare
from minigrad.debug.contributions import Contribution
from minigrad.debug.diagnosis import doctor
from minigrad.debug.drawing import Drawing, draw
from minigrad.debug.explaining import Explanation, Term, explain
from minigrad.debug.expressions import namespace
from minigrad.debug.forward import ForwardInput, ForwardStep
from minigrad.debug.gradient_check import GradcheckError, gradcheck, gradgradcheck
from minigrad.debug.history import History
from minigrad.debug.linting import LintError, LintWarning, Mistake, lint
from minigrad.debug.nodes import StepNode
from minigrad.debug.not_finite import where_nan
from minigrad.debug.op_checks import InputCheck, OpCheck
from minigrad.debug.passes import Pass
from minigrad.debug.questions import which_line, why_summed, without_gradient
from minigrad.debug.recordings import recording
from minigrad.debug.report import Finding, Report
from minigrad.debug.statistics import Statistics
from minigrad.debug.step import Step
from minigrad.debug.stepper import Stepper
from minigrad.debug.stepping import steps
from minigrad.debug.traces import Trace, trace
from minigrad.debug.tracing import set_trace
from minigrad.debug.zeros import why_zero
from minigrad_kernels import python_kernels

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
    "set_trace",
    # finite differences
    "gradcheck",
    "gradgradcheck",
    "GradcheckError",
    "OpCheck",
    "InputCheck",
    # drawing
    "Drawing",
    "draw",
    # recordings
    "recording",
    "Pass",
    "trace",
    "Trace",
    "ForwardStep",
    "ForwardInput",
    "compare",
    "Comparison",
    # explanations and questions
    "explain",
    "Explanation",
    "Term",
    "why_zero",
    "where_nan",
    "why_summed",
    "which_line",
    "without_gradient",
    "Answer",
    "anomaly",
    "AnomalyError",
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

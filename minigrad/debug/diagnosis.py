"""``doctor``: a model, a batch and a loss are measured, and what is wrong is named with the number that shows it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad import autograd
from minigrad.debug import faults
from minigrad.debug.curvature import flatten, has_theory, hessian_product, largest_eigenvalue, step_scale
from minigrad.debug.layer_figures import Layer, Slopes, find_layers, find_slopes, measure_features
from minigrad.debug.rank_faults import feature_rank, weight_rank
from minigrad.debug.report import Finding, Report
from minigrad.debug.subjects import Subject
from minigrad.errors import describe, message
from minigrad.modes import enable_grad
from minigrad.optim.optimizers import Optimizer
from minigrad.tensors import Tensor


class Examination:
    """Everything that is measured of a subject, for the judgements in ``faults.py``.

    Attributes:
        subject: the model with its batch and loss.
        optimizer: or None.
        tape: the operations of the model, in order.
        output, loss: what the model and the loss returned.
        gradients: of the loss by each parameter, arrays; None where the loss does not reach it.
        layers, slopes: the figures of the layers and activations.
        zero_loss: the loss of an output of zeros, of a model that knows nothing; None where it cannot be had.
        largest: lambda_max of the Hessian, None where it cannot be had.
        excess: how many times the learning rate is above its limit; None without an optimizer or a theory of it.
        notes: what could not be measured.
    """

    def __init__(self, subject: Subject, optimizer: Optimizer | None) -> None:
        """Run the model once, with the gradients, and measure it."""
        self.subject = subject
        self.optimizer = optimizer
        self.notes: list[str] = []
        variables = subject.variables()
        tape: list[Any] = []
        self.output, self.loss, of_model = subject.run(variables, tape)
        self.tape = tape[:of_model]
        self.layers: list[Layer] = find_layers(self.tape, variables, subject.names)
        self.slopes: list[Slopes] = find_slopes(self.tape, self.layers)
        if not self.loss.requires_grad:
            problem = (
                f"the loss {describe(self.loss)} does not depend on any parameter of {type(subject.model).__name__}."
            )
            remedy = "Check for detach(), numpy() or no_grad() in its forward, and that the model is what is trained."
            raise ValueError(message("doctor", problem, remedy))
        found = autograd.grad(self.loss, variables, retain_graph=True, allow_unused=True)
        self.gradients: list[Any] = [None if each is None else each._data for each in found]
        unused = [name for name, gradient in zip(subject.names, self.gradients) if gradient is None]
        if unused:
            self.notes.append(f"the loss does not reach {', '.join(unused)}")
        for layer in self.layers:
            measure_features(layer)
            gradient = self.gradients[layer.index]
            layer.grad_norm = 0.0 if gradient is None else norm(gradient)
        large = [layer.name for layer in self.layers if len(layer.singular_values) == 0 and layer.weight.size > 0]
        if large:
            self.notes.append(f"singular values: the weight of {', '.join(large)} is too large, or not finite")
        self.finite = math.isfinite(self.loss.item())
        for gradient in self.gradients:
            self.finite = self.finite and (gradient is None or bool(np.all(np.isfinite(gradient))))
        self.zero_loss = self.loss_of(np.zeros_like)
        self.largest: float | None = None
        self.excess: float | None = None
        if self.finite:
            self.measure_curvature()

    def loss_of(self, change: Any) -> float | None:
        """Return the loss of the output after ``change``, a function of its array; None where that has no loss."""
        if not isinstance(self.output, Tensor) or self.output.dtype.kind != "f":
            return None
        try:
            value = self.subject.loss_of(Tensor(change(self.output._data))).item()
        except (TypeError, ValueError, RuntimeError):
            return None
        return value if math.isfinite(value) else None

    def measure_curvature(self) -> None:
        """Work out lambda_max, and how far the optimizer's step is above its limit."""
        arrays = []
        for gradient, parameter in zip(self.gradients, self.subject.parameters):
            arrays.append(np.zeros(parameter.shape) if gradient is None else gradient)
        gradient = flatten(arrays)
        try:
            self.largest, _ = largest_eigenvalue(hessian_product(self.subject), gradient)
        except (TypeError, ValueError, RuntimeError) as error:
            self.notes.append(f"lambda_max: the loss could not be differentiated twice: {str(error).splitlines()[0]}")
            return
        if self.optimizer is None:
            return
        if not has_theory(self.optimizer):
            self.notes.append(f"learning rate: its limit is known for SGD, Adam and AdamW, not for {self.optimizer!r}")
            return
        scale, decay = step_scale(self.optimizer, self.subject)
        if np.any(scale):
            product = hessian_product(self.subject, scale, decay)
            self.excess, _ = largest_eigenvalue(product, np.sqrt(scale) * gradient)


def norm(array: np.ndarray) -> float:
    """Return the Euclidean norm in float64."""
    return float(np.linalg.norm(array.astype(np.float64).reshape(-1)))


def doctor(model: Any, batch: Any, loss_fn: Any, optimizer: Any = None) -> Report:
    """Say what is wrong with a training, by the linear algebra of the model on one batch.

    Named are an exploding loss, vanishing or exploding gradients, rank-deficient features, a learning rate above what
    the curvature allows, and dead or saturated units, each with the number that shows it and the remedy. A training
    that has none of these is called healthy. The bounds are those of theory or of float32; ``faults.py`` derives them.

    The model runs in the mode that it is in, with its forward hooks. Afterwards parameters, gradients, buffers,
    generators, modes, hooks and the optimizer are as they were; while it runs, another thread that calls the model
    sees copies of the parameters. The batch is best no smaller than in training: the curvature of a few samples is
    larger than that of many.

    Args:
        model: the Module.
        batch: ``(inputs, ..., target)`` as in training: the loss is ``loss_fn(model(inputs), target)``. A tensor alone
            is the input of a loss without a target.
        loss_fn: returns one number.
        optimizer: with SGD, Adam or AdamW its learning rate is compared with the curvature.

    Returns:
        A report: print it, or read ``healthy``, ``findings``, ``figures`` and ``layers``.

    Raises:
        TypeError: if an argument is something else; ValueError: if no parameter requires grad, the batch is empty, or
            the loss has several elements.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad import nn, optim
        >>> generator = mg.manual_seed(0)
        >>> x, y = mg.randn(100, 3), mg.randn(100, 1)
        >>> model = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
        >>> loss_fn = nn.functional.mse_loss
        >>> doctor(model, (x, y), loss_fn, optim.SGD(model.parameters(), lr=0.1)).healthy
        True
        >>> doctor(model, (x, y), loss_fn, optim.SGD(model.parameters(), lr=100.0)).names
        ['learning rate too large']
    """
    subject = Subject(model, batch, loss_fn)
    if optimizer is not None and not isinstance(optimizer, Optimizer):
        problem = f"the optimizer must be one of minigrad.optim, got {describe(optimizer)}."
        raise TypeError(message("doctor", problem, "Pass the object that steps, or leave it out."))
    with enable_grad():
        examination = Examination(subject, optimizer)
        findings: list[Finding] = []
        for judge in faults.JUDGES:
            findings += judge(examination, findings)
    return Report(
        findings, model_figures(examination), layer_rows(examination), slope_rows(examination), examination.notes
    )


def model_figures(found: Examination) -> dict[str, Any]:
    """Return the figures of the whole model."""
    largest = found.largest
    lr = None if found.optimizer is None else max([float(group["lr"]) for group in found.optimizer.param_groups])
    return {
        "loss": found.loss.item(),
        "zero_loss": found.zero_loss,
        "lambda_max": largest,
        "stable_lr": 2 / largest if largest is not None and largest > 0 else None,
        "lr": lr,
        "lr_limit": lr / found.excess if lr is not None and found.excess is not None and found.excess > 0 else None,
    }


def layer_rows(found: Examination) -> list[dict[str, Any]]:
    """Return the figures of each layer."""
    rows = []
    for layer in found.layers:
        weight, features = layer.singular_values, layer.feature_values
        row: dict[str, Any] = {"layer": layer.name, "weight": tuple(found.subject.parameters[layer.index].shape)}
        row["weight_rank"] = weight_rank(layer)
        row["sigma_max"] = float(weight[0]) if len(weight) else None
        row["sigma_min"] = float(weight[-1]) if len(weight) else None
        row["feature_rank"] = None if features is None else feature_rank(layer)
        row["feature_condition"] = condition(features)
        row["grad_norm"] = layer.grad_norm
        rows.append(row)
    return rows


def condition(values: Any) -> float | None:
    """Return the largest singular value over the smallest; None of none, infinite of a singular matrix."""
    if values is None or len(values) == 0:
        return None
    return float(values[0] / values[-1]) if values[-1] > 0 else math.inf


def slope_rows(found: Examination) -> list[dict[str, Any]]:
    """Return the figures of each activation."""
    rows = []
    for each in found.slopes:
        row = {"activation": each.name, "units": each.units, "off": each.off, "on": each.on}
        row["flat_share"] = each.flat_share
        rows.append(row)
    return rows

"""``summary``: the layers of a model as a table, with the shapes that come out of them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from minigrad.errors import describe, message
from minigrad.modes import no_grad
from minigrad.nn.modules import Module
from minigrad.ops.creation import as_tensor, zeros
from minigrad.tensors import Tensor


class Row(NamedTuple):
    """One module of a summary.

    Attributes:
        path: the dotted path; empty for the model itself.
        kind: the name of its class.
        output: the shape or shapes of its latest output; empty if it was not called.
        parameters: the number of elements of its own parameters that no row above has counted.
        calls: how often it was called.
    """

    path: str
    kind: str
    output: str
    parameters: int
    calls: int


class Summary:
    """A table of the modules of a model; ``str()`` and ``print`` show it.

    Attributes:
        rows: one for each module, the model first.
        total_parameters: the number of elements of all parameters, shared ones counted once.
        trainable_parameters: of those that require grad.
    """

    def __init__(self, rows: list[Row], total_parameters: int, trainable_parameters: int) -> None:
        """Hold what was found."""
        self.rows = rows
        self.total_parameters = total_parameters
        self.trainable_parameters = trainable_parameters

    def __str__(self) -> str:
        """Return the table: layer, output shape, parameters."""
        cells = [("layer", "output shape", "parameters")]
        for row in self.rows:
            name = (
                "  " * (row.path.count(".") + 1 if row.path else 0) + (f"{row.path}: " if row.path else "") + row.kind
            )
            output = row.output if row.calls else "not called"
            output += f" (last of {row.calls} calls)" if row.calls > 1 else ""
            cells.append((name, output, f"{row.parameters:,}" if row.parameters else "-"))
        widths = [max([len(each[column]) for each in cells]) for column in range(3)]
        lines = []
        for name, output, number in cells:
            lines.append(f"{name:<{widths[0]}}  {output:<{widths[1]}}  {number:>{widths[2]}}")
        rule = "-" * (sum(widths) + 4)
        frozen = self.total_parameters - self.trainable_parameters
        total = f"{self.total_parameters:,} parameters, {self.trainable_parameters:,} of them trainable"
        return "\n".join([lines[0], rule, *lines[1:], rule, total + (f", {frozen:,} frozen" if frozen else "")])

    __repr__ = __str__


class Recorder:
    """A forward hook that notes what each module returned."""

    def __init__(self) -> None:
        """Start with nothing noted."""
        self.outputs: dict[Module, str] = {}
        self.calls: dict[Module, int] = {}

    def __call__(self, module: Module, args: tuple[Any, ...], output: Any) -> None:
        """Note the shape of an output."""
        self.outputs[module] = shapes_of(output)
        self.calls[module] = self.calls.get(module, 0) + 1


def summary(model: Module, input: Any) -> Summary:
    """Return a table of the model's layers, the shapes they return for an input, and their numbers of parameters.

    The model runs once as in use (``eval()``), without gradients; its modes and running statistics stay as they were.

    Args:
        model: the model.
        input: what it is called with: a tensor or array; a tuple or list of them for several arguments; or a shape,
            ``(32, 64)``, that stands for zeros.

    Returns:
        The table, to be printed.

    Raises:
        TypeError: if ``model`` is no Module, or the input is none of these.

    Examples:
        >>> from minigrad import nn
        >>> print(summary(nn.Sequential(nn.Linear(2, 3), nn.ReLU()), (5, 2)))
        layer        output shape  parameters
        -------------------------------------
        Sequential   (5, 3)                 -
          0: Linear  (5, 3)                 9
          1: ReLU    (5, 3)                 -
        -------------------------------------
        9 parameters, 9 of them trainable
    """
    if not isinstance(model, Module):
        raise TypeError(
            message(
                "summary",
                f"a Module is needed, got {describe(model)}.",
                "The model comes first, an object and not its class: summary(Net(), (32, 10)).",
            )
        )
    arguments = arguments_of(model, input)
    modules = list(model.modules())
    modes = [module.training for module in modules]
    kept = [(buffer, buffer.data.copy()) for buffer in model.buffers()]
    recorder = Recorder()
    handles = [module.register_forward_hook(recorder) for module in modules]
    try:
        with no_grad():
            model.eval()
            model(*arguments)
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in zip(modules, modes, strict=True):
            module.training = mode
        for buffer, values in kept:
            if not np.array_equal(buffer.data, values, equal_nan=buffer.is_floating_point()):
                buffer.data = values
    total = trainable = 0
    for parameter in model.parameters():
        total += parameter.numel()
        trainable += parameter.numel() if parameter.requires_grad else 0
    return Summary(rows_of(model, recorder), total, trainable)


def rows_of(model: Module, recorder: Recorder) -> list[Row]:
    """Return a row for each module, with the parameters that no earlier one owns."""
    counted = set()
    rows = []
    for path, module in model.named_modules():
        number = 0
        for parameter in module.parameters(recurse=False):
            if id(parameter) not in counted:
                counted.add(id(parameter))
                number += parameter.numel()
        calls = recorder.calls.get(module, 0)
        rows.append(Row(path, type(module).__name__, recorder.outputs.get(module, ""), number, calls))
    return rows


def arguments_of(model: Module, input: Any) -> list[Any]:
    """Return what the model is called with."""
    if isinstance(input, (Tensor, np.ndarray)):
        return [as_tensor(input)]
    if isinstance(input, (tuple, list)) and len(input) > 0:
        if all(isinstance(size, int) for size in input):
            first = next((each for each in model.parameters()), None)
            return [zeros(tuple(input), dtype=None if first is None else first.dtype)]
        if all(isinstance(each, (Tensor, np.ndarray)) for each in input):
            return [as_tensor(each) for each in input]
    raise TypeError(
        message(
            "summary",
            f"the input is a tensor, a tuple of tensors, or a shape of integers, got {describe(input)}.",
            "Example, of a shape: summary(model, (32, 10)).",
        )
    )


def shapes_of(output: Any) -> str:
    """Return the shape of an output, or of each in a tuple, list or dict; else the name of its type."""
    if hasattr(output, "shape"):
        return str(tuple(output.shape))
    if isinstance(output, dict):
        return ", ".join([f"{name}: {shapes_of(each)}" for name, each in output.items()])
    if isinstance(output, (tuple, list)):
        return ", ".join([shapes_of(each) for each in output])
    return type(output).__name__

"""A recording as plain data: dictionaries, lists, numbers and text, and these as JSON."""

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad.debug.statistics import Statistics
from minigrad.tensors import Tensor

if TYPE_CHECKING:
    from minigrad.debug.forward import ForwardStep
    from minigrad.debug.step import Step
    from minigrad.debug.traces import Trace
    from minigrad.positions import Position

#: The number of each operation of the forward pass by its node, and of each leaf.
Places = dict[Any, int]
#: An array of more numbers is shown by its corner and its statistics.
SHOWN = 36
#: The corner: so many rows and columns.
CORNER = 6


def to_json(trace: "Trace", indent: int | None) -> str:
    """Return a recording as JSON; numbers that are not finite are the texts NaN, Infinity and -Infinity."""
    return json.dumps(data_of(trace), indent=indent, allow_nan=False)


def data_of(trace: "Trace") -> dict[str, Any]:
    """Return a recording as plain data."""
    places: Places = {}
    leaves: list[dict[str, Any]] = []
    for step in trace.forward:
        if step.recorded is not None:
            places[step.recorded] = step.index
        for each in step.inputs:
            leaf = each.source
            if isinstance(leaf, Tensor) and leaf not in places:
                places[leaf] = len(leaves) + 1
                leaves.append(leaf_data(leaf, each.label))
    return {
        "version": 1,
        "leaves": leaves,
        "forward": [forward_data(step, places) for step in trace.forward],
        "steps": [step_data(step, places) for step in trace.steps],
    }


def leaf_data(leaf: Tensor, label: str | None) -> dict[str, Any]:
    """Return a leaf or constant as plain data; its numbers are at its uses, as they were then."""
    return {
        "name": leaf.name or label,
        "shape": list(leaf.shape),
        "dtype": str(leaf.dtype),
        "requires_grad": leaf.requires_grad,
    }


def forward_data(step: "ForwardStep", places: Places) -> dict[str, Any]:
    """Return one operation of the forward pass as plain data."""
    inputs = []
    for each in step.inputs:
        leaf = isinstance(each.source, Tensor)
        inputs.append(
            {
                "name": each.name,
                "source": None if leaf else each.source,
                "leaf": places[each.source] if leaf else None,
                "label": each.label,
                "shape": listed(each.shape),
                "value": array_data(each.value),
            }
        )
    return {
        "index": step.index,
        "op": step.name,
        "label": step.label,
        "shape": listed(step.shape),
        "dtype": names_of_dtypes(step.dtype),
        "module": step.module,
        "where": position_data(step.where),
        "flags": sorted(step.flags),
        "inputs": inputs,
        "output": array_data(step.output),
    }


def step_data(step: "Step", places: Places) -> dict[str, Any]:
    """Return one step of the backward pass as plain data."""
    contributions = []
    for each in step.contributions:
        leaf = isinstance(each.source, Tensor)
        contributions.append(
            {
                "input": each.input,
                "rule": each.rule,
                "grad": array_data(each.grad),
                "before": array_data(each.before),
                "after": array_data(each.after),
                "returned": listed(each.returned),
                "accumulated": each.accumulated,
                "source": None if leaf else places.get(each.source),
                "leaf": places.get(each.source) if leaf else None,
            }
        )
    saved = {}
    for name, value in step.saved.items():
        saved[name] = array_data(value)
    return {
        "index": step.index,
        "forward": places.get(step.recorded),
        "op": step.node.name,
        "rule": step.rule,
        "where": position_data(step.node.where),
        "module": step.node.module,
        "flags": sorted(step.flags),
        "grad_output": array_data(step.grad_output),
        "contributions": contributions,
        "saved": saved,
    }


def position_data(where: "Position | None") -> dict[str, Any] | None:
    """Return a place in the source as plain data."""
    if where is None:
        return None
    return {
        "file": where.filename,
        "line": where.line,
        "column": where.column,
        "end_column": where.end_column,
        "function": where.function,
        "source": where.source,
        "expression": where.expression,
    }


def array_data(value: Any) -> Any:
    """Return an array as plain data: its shape, statistics, and its numbers, or a corner of them above 36.

    The elements of a tuple are listed; what is neither is text, None stays None.
    """
    if value is None:
        return None
    if type(value) in (tuple, list):
        return [array_data(each) for each in value]
    if isinstance(value, Tensor):
        value = value._data
    if not isinstance(value, (np.ndarray, Statistics)):
        return value if isinstance(value, (bool, int, str)) else text_of(value)
    figures = value if isinstance(value, Statistics) else Statistics(value)
    found: dict[str, Any] = {"shape": list(figures.shape), "dtype": str(figures.dtype)}
    for name in ("norm", "least", "greatest", "mean", "zeros", "nans", "infs"):
        found[name] = number(getattr(figures, name))
    if isinstance(value, np.ndarray):
        whole = value.size <= SHOWN
        finite = not figures.nans and not figures.infs
        shown = value if whole else corner(value)
        found["values" if whole else "corner"] = shown.tolist() if finite else numbers(shown)
    return found


def corner(array: np.ndarray) -> np.ndarray:
    """Return the first rows and columns of an array, at the first place of the other axes."""
    place: tuple[Any, ...] = (0,) * (array.ndim - 2) + (slice(CORNER),) * min(array.ndim, 2)
    return array[place]


def numbers(array: np.ndarray) -> Any:
    """Return an array's numbers in nested lists, each as JSON can hold it."""
    if array.ndim == 0:
        return number(array.item())
    return [numbers(each) for each in array]


def number(value: Any) -> Any:
    """Return a number as JSON can hold it: one that is not finite as text."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def text_of(value: Any) -> Any:
    """Return a setting as a number or short text."""
    if isinstance(value, (float, np.generic)):
        return number(value.item() if isinstance(value, np.generic) else value)
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def listed(shape: Any) -> Any:
    """Return a shape, or a tuple of shapes, as lists."""
    return [listed(each) for each in shape] if type(shape) is tuple else shape


def names_of_dtypes(dtype: Any) -> Any:
    """Return the name of a dtype, or of each of several."""
    if type(dtype) is tuple:
        return [names_of_dtypes(each) for each in dtype]
    return None if dtype is None else str(dtype)

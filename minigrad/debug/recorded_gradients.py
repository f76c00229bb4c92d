"""What a gradient is made of, from a backward pass that was recorded."""

from typing import Any

from minigrad.debug import explaining
from minigrad.debug.names import output_name
from minigrad.debug.passes import Pass
from minigrad.graph import edge_of
from minigrad.tensors import Tensor
from minigrad.variables import variable_of


def explained(run: Pass, tensor: Any) -> "explaining.Explanation":
    """Return what the gradient of a tensor is the sum of, as ``explain`` does, after the pass.

    Args:
        run: the recorded pass.
        tensor: the tensor, or its name.

    Raises:
        ValueError: if nothing in the pass has that name; TypeError: if it is neither tensor nor name.
    """
    if isinstance(tensor, str):
        tensor = explaining.tensor_called(tensor, run.order)
    elif not isinstance(tensor, Tensor):
        explaining.refuse_no_tensor(tensor)
    name = tensor.name or variable_of(tensor) or (output_name(tensor.grad_fn) if tensor.grad_fn else None) or "x"
    edge = edge_of(tensor)
    earlier = run.earlier.get(tensor) if tensor.is_leaf and tensor.requires_grad else None
    steps = list(run.steps())
    # Of several roots, what the pass began with cannot be told from what others gave.
    at_root = len(run.roots) == 1 and explaining.same_edge(run.roots[0], edge)
    started = steps[0].grad_output if at_root else None
    known = None if earlier is None else earlier.numpy()
    explanation = explaining.explanation_of(steps, tensor, name, known, started)
    if not explanation.terms:
        explanation.reason = explaining.reason_for_none(tensor, run.order, steps)
    return explanation

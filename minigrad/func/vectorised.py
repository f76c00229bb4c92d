"""``vmap``: a function of one example as a function of a batch."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, update_wrapper
from typing import Any

from minigrad import tensors
from minigrad.errors import describe, message
from minigrad.func.arguments import checked_function
from minigrad.func.batching import Batch
from minigrad.func.tapes import with_tape
from minigrad.func.trees import Structure, flatten, spread, unflatten
from minigrad.func.variables import as_tensor
from minigrad.modes import STATE
from minigrad.ops.operands import Tensor
from minigrad.ops.shapes import movedim


def vmap(
    func: Callable[..., Any], in_dims: Any = 0, out_dims: Any = 0, randomness: str = "error"
) -> Callable[..., Any]:
    """Return a function that does to every example of a batch what ``func`` does to one, all of them at once.

    ``func`` is called once, with tensors of the shape of one example, and each operation in it is done to the whole
    batch; a few (``lstsq``, ``nll_loss``, ``searchsorted`` and others in ``func/families.py``) to one example after the
    other. The derivatives of this package are mapped too: ``vmap(grad(loss), in_dims=(None, 0))`` gives the gradient of
    each example. What cannot be mapped is refused by name:

    - what reads numbers: ``item``, ``if x > 0``, ``equal``, ``allclose``, the shares ``q`` of ``quantile``;
    - what has as many elements as the numbers say: ``x[mask]``, ``masked_select``, ``nonzero``, ``argwhere``,
      ``unique``, ``bincount``, and ``repeat_interleave`` by mapped numbers;
    - writing in place to what depends on a mapped argument, running statistics included;
    - ``cross_entropy`` with ``label_smoothing`` or mapped class weights, and ``embedding_bag`` with offsets, padding or
      ``mode="max"``, which compute with arrays of their own.

    Args:
        func: takes tensors, also nested in tuples, lists, dicts and dataclasses, and returns tensors.
        in_dims: the axis of the examples in each argument, None for an argument that all share; one value for all
            positional arguments, or a tuple nested as they are. Arguments by keyword are shared.
        out_dims: where the axis of the examples shall be in the output, likewise; None for an output that does not
            depend on a mapped argument.
        randomness: what a function that draws random numbers does: with ``"error"`` it is refused, with ``"same"`` all
            examples have the same numbers, with ``"different"`` each its own, one example after the other in each draw.

    Returns:
        A function of the same arguments, differentiable like ``func``.

    Raises:
        TypeError: at the call, naming the operation, if one cannot be mapped.
        ValueError: if nothing is mapped, the batches differ in length, ``in_dims`` or ``out_dims`` does not fit, or
            ``randomness`` is another.
        RuntimeError: at the call, if ``func`` reads numbers, or draws random ones though ``randomness`` is "error".

    Examples:
        >>> import minigrad as mg
        >>> from minigrad.func import grad, vmap
        >>> vmap(lambda row, w: row @ w, in_dims=(0, None))(mg.ones(3, 2), mg.tensor([1.0, 2.0]))
        Tensor((3,) float32 | 3 3 3)
        >>> vmap(grad(lambda x: x**2))(mg.tensor([1.0, 2.0, 3.0]))
        Tensor((3,) float32 | 2 4 6)
    """
    checked_function("vmap", func)
    if randomness not in ("error", "same", "different"):
        problem = f"randomness is 'error', 'same' or 'different', got {randomness!r}."
        raise ValueError(message("vmap", problem, "With 'different' each example draws its own numbers."))
    return update_wrapper(partial(mapped, func, in_dims, out_dims, randomness), func)


def mapped(func: Callable[..., Any], in_dims: Any, out_dims: Any, randomness: str, /, *args: Any, **kwargs: Any) -> Any:
    """Return what ``func`` returns for each example: what ``vmap(func)`` runs."""
    leaves, structure = flatten(args)
    dims = spread("vmap", "in_dims", in_dims if isinstance(in_dims, tuple) else (in_dims,) * len(args), structure)
    moved = []
    for leaf, dim in zip(leaves, dims):
        moved.append(leaf if dim is None else batch_first(leaf, dim))
    batch = Batch(batch_size(moved, dims), randomness)
    examples = []
    for leaf, dim in zip(moved, dims):
        examples.append(leaf if dim is None else batch.example(leaf))
    token = STATE.set(with_tape(batch))
    try:
        returned = func(*unflatten(structure, examples), **kwargs)
    finally:
        STATE.reset(token)
    return gathered(batch, returned, out_dims)


def batch_first(leaf: Any, dim: Any) -> Tensor:
    """Return a mapped argument as a tensor whose first axis is the batch.

    Raises:
        TypeError: if it is no tensor, or ``dim`` no integer; ValueError: if it has no such axis.
    """
    tensor = as_tensor("vmap", "a mapped argument", leaf)
    if isinstance(dim, bool) or not isinstance(dim, int):
        raise TypeError(message("vmap", f"an axis in in_dims is an integer or None, got {describe(dim)}."))
    if not -tensor.ndim <= dim < tensor.ndim:
        problem = f"in_dims asks for axis {dim} of an argument that is {describe(leaf)}."
        raise ValueError(message("vmap", problem, "None shares an argument between the examples."))
    return tensor if dim % tensor.ndim == 0 else movedim(tensor, dim, 0)


def batch_size(leaves: list[Any], dims: list[Any]) -> int:
    """Return the number of examples.

    Raises:
        ValueError: if nothing is mapped, there is no example, or the lengths differ.
    """
    sizes = []
    for leaf, dim in zip(leaves, dims):
        if dim is not None:
            sizes.append(leaf.shape[0])
    if not sizes:
        raise ValueError(message("vmap", "no argument is mapped.", "Give at least one an axis in in_dims."))
    if len(set(sizes)) != 1:
        remedy = "in_dims names the axis of the examples in each argument; None shares it."
        raise ValueError(message("vmap", f"the mapped axes must have one length, got {sizes}.", remedy))
    if sizes[0] == 0:
        problem = "at least one example is needed: the function is run on the first, got a batch of none."
        raise ValueError(message("vmap", problem, "Return early where there is nothing to do."))
    return int(sizes[0])


def gathered(batch: Batch, returned: Any, out_dims: Any) -> Any:
    """Return the outputs of all examples, in the structure that the function has returned for one."""
    leaves, structure = flatten(returned)
    dims = spread("vmap", "out_dims", out_dims, structure)
    found = []
    for leaf, dim in zip(leaves, dims):
        found.append(gathered_leaf(batch, leaf, dim, structure))
    return unflatten(structure, found)


def gathered_leaf(batch: Batch, leaf: Any, dim: Any, structure: Structure) -> Tensor:
    """Return one output of all examples.

    Raises:
        TypeError: if it is no tensor; ValueError: if ``dim`` is None and the examples differ, or there is no such axis.
    """
    if not isinstance(leaf, tensors.Tensor):
        problem = f"the function must return tensors, nested as {structure!r} is; got {describe(leaf)}."
        raise TypeError(message("vmap", problem, "Make a tensor of it, minigrad.tensor(...)."))
    if dim is None:
        if batch.batch_of(leaf) is not None:
            problem = f"out_dims is None for an output that differs between the examples, {describe(leaf)} in each."
            raise ValueError(message("vmap", problem, "Give it an axis, 0 for the first."))
        return leaf
    size = leaf.ndim + 1
    if isinstance(dim, bool) or not isinstance(dim, int) or not -size <= dim < size:
        problem = f"out_dims asks for axis {dim!r} of an output that is {describe(leaf)} in each example."
        raise ValueError(message("vmap", problem, f"It is in [{-size}, {size - 1}], or None."))
    whole = batch.whole(leaf)
    return whole if dim % size == 0 else movedim(whole, 0, dim)

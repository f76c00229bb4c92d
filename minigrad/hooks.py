"""Functions that a user hangs on a tensor or a node to see, or replace, gradients on their way."""

import weakref
from collections.abc import Callable
from itertools import count
from typing import Any

import numpy as np

from minigrad import graph, tensors
from minigrad.errors import describe, message

_numbers = count()


class HookHandle:
    """What registering a hook returns; ``remove()`` takes the hook away."""

    __slots__ = ("_hooks", "_number")

    def __init__(self, hooks: dict[int, Any], number: int) -> None:
        """Remember where the hook is."""
        self._hooks = hooks
        self._number = number

    def remove(self) -> None:
        """Take the hook away; a second call does nothing."""
        self._hooks.pop(self._number, None)


class Hooks:
    """The hooks of one node or leaf, in the order of registration, and the tensors that retain their gradient."""

    __slots__ = ("_by_kind", "retained")

    def __init__(self) -> None:
        """Start with none."""
        self._by_kind: dict[Any, dict[int, Callable[..., Any]]] = {}
        self.retained: dict[int, weakref.ref[Any]] = {}

    def add(self, kind: Any, hook: Callable[..., Any]) -> HookHandle:
        """Register a hook: kind ``before`` or ``after`` a node's rule, or the number of the output it watches."""
        if not callable(hook):
            raise TypeError(
                message(
                    "register_hook",
                    f"a callable is needed, got {describe(hook)}.",
                    "Pass the function itself, not what it returns.",
                )
            )
        hooks = self._by_kind.setdefault(kind, {})
        number = next(_numbers)
        hooks[number] = hook
        return HookHandle(hooks, number)

    def retain(self, index: int, tensor: Any) -> None:
        """Write the gradient of output ``index`` to the tensor's ``grad``; the tensor is not kept alive by it."""
        self.retained[index] = weakref.ref(tensor)

    def on_tensor(self, shape: tuple[int, ...], gradient: Any, index: int = 0) -> Any:
        """Return the gradient of a tensor after its hooks, each of which may return another one."""
        for hook in list(self._by_kind.get(index, {}).values()):
            replaced = hook(shown(gradient))
            if replaced is not None:
                gradient = replacement(replaced, gradient, shape)
        return gradient

    def before_rule(self, node: "graph.Node", grad_output: Any, sweep: Any) -> Any:
        """Run the hooks of the outputs and of the node on the complete gradients, and note what is to be retained."""
        several = node.several
        grads = list(grad_output) if several else [grad_output]
        for index, gradient in enumerate(grads):
            if gradient is None:
                continue
            grads[index] = self.on_tensor(node.shape[index] if several else node.shape, gradient, index)
            edge = (node, index) if several else node
            if edge in sweep.keep:
                sweep.pending[edge] = grads[index]
            tensor = self.retained[index]() if index in self.retained else None
            if tensor is not None:
                sweep.retained.append((tensor, grads[index]))
        for hook in list(self._by_kind.get("before", {}).values()):
            replaced = hook(tuple([shown(each) for each in grads]))
            if replaced is not None:
                grads = replacements(replaced, grads)
        return tuple(grads) if several else grads[0]

    def after_rule(self, grads: tuple[Any, ...], grad_output: Any) -> tuple[Any, ...]:
        """Run the node's hooks on what its rule returned."""
        outputs = grad_output if type(grad_output) is tuple else (grad_output,)
        for hook in list(self._by_kind.get("after", {}).values()):
            replaced = hook(tuple([shown(each) for each in grads]), tuple([shown(each) for each in outputs]))
            if replaced is not None:
                grads = tuple(replacements(replaced, list(grads)))
        return grads


def shown(gradient: Any) -> Any:
    """Return a gradient as the Tensor that a hook sees: not to be written to, because others may hold its memory."""
    if gradient is None or isinstance(gradient, tensors.Tensor):
        return gradient
    view = np.asarray(gradient).view()
    view.flags.writeable = False
    return graph.wrap(view)


def replacements(new: Any, old: list[Any]) -> list[Any]:
    """Return the gradients that a node's hook gave in the place of others.

    Raises:
        RuntimeError: if their number or shapes differ.
    """
    new = [new] if isinstance(new, tensors.Tensor) else list(new)
    if len(new) != len(old):
        raise RuntimeError(
            message(
                "hook",
                f"a hook must return {len(old)} gradients (or None), got {len(new)}.",
                "Return one for each gradient that it was given, in their order.",
            )
        )
    replaced = []
    for each, gradient in zip(new, old, strict=True):
        shape = None if gradient is None else np.shape(gradient)
        replaced.append(None if each is None else replacement(each, gradient, shape))
    return replaced


def replacement(new: Any, old: Any, shape: Any) -> Any:
    """Return what a hook gave as an array where the pass runs on arrays, as a Tensor where it runs on Tensors.

    Raises:
        RuntimeError: if it is not a tensor or array of the gradient's shape.
    """
    if not hasattr(new, "shape") or (shape is not None and tuple(new.shape) != tuple(shape)):
        raise RuntimeError(
            message(
                "hook",
                f"a hook must return a tensor of shape {shape}, got {describe(new)}.",
                "Return a new one of that shape, such as grad * 0.5, or nothing to keep the old.",
            )
        )
    if isinstance(old, tensors.Tensor):
        new = new if isinstance(new, tensors.Tensor) else graph.wrap(np.asarray(new))
        return new.to(old.dtype)
    array = new._data if isinstance(new, tensors.Tensor) else np.asarray(new)
    return array if old is None else array.astype(old.dtype, copy=False)


def hooks_of(owner: Any) -> Hooks:
    """Return the hooks of a node, made at the first use."""
    if owner.hooks is None:
        owner.hooks = Hooks()
    hooks: Hooks = owner.hooks
    return hooks

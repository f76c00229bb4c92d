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
            raise TypeError(message("register_hook", f"a callable is needed, got {describe(hook)}."))
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
            given = gradient if isinstance(gradient, tensors.Tensor) else graph.wrap(gradient, None, None)
            replaced = hook(given)
            if replaced is None:
                continue
            if tuple(getattr(replaced, "shape", (None,))) != tuple(shape):
                raise RuntimeError(
                    message("hook", f"a hook must return a tensor of shape {shape}, got {describe(replaced)}.")
                )
            gradient = like(gradient, replaced)
        return gradient

    def before_rule(self, node: "graph.Node", grad_output: Any, sweep: Any) -> Any:
        """Run the hooks of the outputs and of the node on the complete gradients, and note what is to be retained."""
        several = node.several
        grads = list(grad_output) if several else [grad_output]
        for index, gradient in enumerate(grads):
            if gradient is not None:
                shape = node.shape[index] if several else node.shape
                grads[index] = self.on_tensor(shape, gradient, index)
                if index in self.retained:
                    tensor = self.retained[index]()
                    if tensor is not None:
                        sweep.retained.append((tensor, grads[index]))
        for hook in list(self._by_kind.get("before", {}).values()):
            replaced = hook(tuple([None if g is None else as_tensor(g) for g in grads]))
            if replaced is not None:
                grads = [like(old, new) for old, new in zip(grads, as_sequence(replaced), strict=True)]
        return tuple(grads) if several else grads[0]

    def after_rule(self, grads: tuple[Any, ...], grad_output: Any) -> tuple[Any, ...]:
        """Run the node's hooks on what its rule returned."""
        for hook in list(self._by_kind.get("after", {}).values()):
            outputs = grad_output if grad_output.__class__ is tuple else (grad_output,)
            replaced = hook(
                tuple([None if g is None else as_tensor(g) for g in grads]),
                tuple([None if g is None else as_tensor(g) for g in outputs]),
            )
            if replaced is not None:
                grads = tuple([like(old, new) for old, new in zip(grads, as_sequence(replaced), strict=True)])
        return grads


def as_tensor(gradient: Any) -> Any:
    """Return a gradient as a Tensor."""
    return gradient if isinstance(gradient, tensors.Tensor) else graph.wrap(np.asarray(gradient), None, None)


def like(old: Any, new: Any) -> Any:
    """Return what a hook gave as an array where the pass runs on arrays, as a Tensor where it runs on Tensors."""
    if new is None or isinstance(old, tensors.Tensor):
        return new
    return new._data if isinstance(new, tensors.Tensor) else np.asarray(new)


def hooks_of(owner: Any) -> Hooks:
    """Return the hooks of a node, made at the first use."""
    if owner.hooks is None:
        owner.hooks = Hooks()
    hooks: Hooks = owner.hooks
    return hooks

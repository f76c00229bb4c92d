"""``Module``: parameters, buffers and other modules under names, and a ``forward`` that uses them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from sys import _getframe
from typing import Any, Self

from minigrad import dtypes
from minigrad.errors import describe, message
from minigrad.hooks import HookHandle
from minigrad.modes import STATE, State, current_state
from minigrad.nn.failures import tell_call
from minigrad.nn.ownership import claim
from minigrad.nn.registration import Registration
from minigrad.nn.states import load_state_dict, state_dict
from minigrad.ops.conversion import cast, is_dtype_name, refuse_device
from minigrad.positions import OWN_FILES
from minigrad.tensors import Tensor
from minigrad.writes import stamp_write

_hook_numbers = count()


class Module(Registration):
    """The base of layers and models.

    A subclass makes its parameters and layers in ``__init__``, by assigning them to attributes, and says in ``forward``
    what they compute. The module is then called like a function.

    Attributes:
        training: whether layers that differ between training and use (Dropout) behave as in training.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad import nn
        >>> class Scale(nn.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.factor = nn.Parameter([2.0])
        ...
        ...     def forward(self, x):
        ...         return x * self.factor
        >>> model = Scale()
        >>> model(mg.tensor([1.0, 3.0]))
        Tensor((2,) float32 from mul | 2 6)
        >>> [name for name, _ in model.named_parameters()]
        ['factor']
    """

    def __init__(self) -> None:
        """Do nothing: what a module needs is in place before, so nothing breaks where a subclass forgets this call."""

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the output; every module that is called defines it."""
        raise NotImplementedError(
            message(
                type(self).__name__,
                "the module has no forward method, so it cannot be called.",
                "Define forward(self, x) in the class; a ModuleList or ModuleDict is looped over or indexed instead.",
            )
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return ``forward(*args, **kwargs)``, with this module's path and the user's position kept for its nodes."""
        outer = current_state()
        state = self._state
        hooked = False
        # A training loop calls the same module from the same place: a comparison in place of making a State.
        if state is None or state.outer is not outer or not outer.in_layer:
            frame = _getframe(1)
            code: Any = frame.f_code
            lasti = frame.f_lasti
            if OWN_FILES[code.co_filename]:
                code, lasti = outer.code, outer.lasti
            if state is None or state.outer is not outer or state.code is not code or state.lasti != lasti:
                state = self._state_below(outer, code, lasti)
                hooked = self._state is None
        try:
            # Inside of the try, and put back without a token, so that an interrupt leaves no module running.
            STATE.set(state)
            if hooked:
                return self._call_with_hooks(args, kwargs)
            # Most layers are called with one tensor, for which Python has a faster call than for *args and **kwargs.
            if kwargs or len(args) != 1:
                return self.forward(*args, **kwargs)
            return self.forward(args[0])
        except Exception as error:
            tell_call(error, self, args)
            raise
        finally:
            STATE.set(outer)

    def _state_below(self, outer: State, code: Any, lasti: int) -> State:
        """Return the state in which this module runs when it is called in the state ``outer``.

        It is remembered unless there are hooks to be looked for, or a tape: that holds every array of a step alive, and
        must not outlive its capture.
        """
        path = self._name
        if outer.module:
            path = f"{outer.module}.{path}" if path else outer.module
        hooked = bool(self._forward_pre_hooks or self._forward_hooks)
        # A hook is the user's code, as is all of the user's own module: there each line has its position.
        of_package = type(self).__module__.startswith("minigrad.") and "forward" not in self.__dict__
        in_layer = code is not None and not hooked and of_package
        state = State(outer.grad_enabled, outer.keep_inputs, outer.tape, path, code, lasti, in_layer, outer)
        self.__dict__["_state"] = None if hooked or outer.tape is not None else state
        return state

    # Hooks ----------------------------------------------------------------------------------------------------------

    def _call_with_hooks(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        for hook, with_kwargs in list(self._forward_pre_hooks.values()):
            if with_kwargs:
                changed = hook(self, args, kwargs)
                if changed is not None:
                    args, kwargs = checked_arguments(changed)
            else:
                changed = hook(self, args)
                if changed is not None:
                    args = changed if isinstance(changed, tuple) else (changed,)
        output = self.forward(*args, **kwargs)
        for hook, with_kwargs in list(self._forward_hooks.values()):
            changed = hook(self, args, kwargs, output) if with_kwargs else hook(self, args, output)
            output = output if changed is None else changed
        return output

    def register_forward_pre_hook(self, hook: Callable[..., Any], *, with_kwargs: bool = False) -> HookHandle:
        """Call ``hook(module, args)`` before each forward; it may return other arguments, one or a tuple of them.

        Args:
            hook: the function to call.
            with_kwargs: call ``hook(module, args, kwargs)``; it may return ``(args, kwargs)``.

        Returns:
            A handle whose ``remove()`` takes the hook away.
        """
        self.__dict__["_state"] = None
        return add_hook("register_forward_pre_hook", self._forward_pre_hooks, hook, with_kwargs)

    def register_forward_hook(self, hook: Callable[..., Any], *, with_kwargs: bool = False) -> HookHandle:
        """Call ``hook(module, args, output)`` after each forward; it may return another output.

        Args:
            hook: the function to call.
            with_kwargs: call ``hook(module, args, kwargs, output)``.

        Returns:
            A handle whose ``remove()`` takes the hook away.
        """
        self.__dict__["_state"] = None
        return add_hook("register_forward_hook", self._forward_hooks, hook, with_kwargs)

    # Modes and values -----------------------------------------------------------------------------------------------

    def train(self, mode: bool = True) -> Self:
        """Put the module and all below it in training mode, or out of it; return the module itself.

        Raises:
            TypeError: if ``mode`` is not a bool.
        """
        if not isinstance(mode, bool):
            raise TypeError(message("train", f"mode is True or False, got {describe(mode)}.", "Write model.train()."))
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Put the module and all below it in the mode of use: ``train(False)``."""
        return self.train(False)

    def apply(self, function: Callable[[Module], Any]) -> Self:
        """Call ``function`` on every module below, then on this one; return the module itself.

        Raises:
            TypeError: if it is not callable.
        """
        require_callable("apply", function)
        for child in self.children():
            child.apply(function)
        function(self)
        return self

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Set ``requires_grad`` of all parameters; return the module itself."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or set them to zeros."""
        for parameter in self.parameters():
            if set_to_none or parameter.grad is None:
                parameter.grad = None
            else:
                parameter.grad = parameter.grad.detach() * 0

    def to(self, *target: Any, dtype: Any = None, device: Any = None) -> Self:
        """Convert all floating parameters, their gradients and the buffers; each Parameter stays the same object.

        Args:
            target: a floating dtype, a tensor whose dtype is taken, or the device ``"cpu"``.
            dtype: the dtype, by name.
            device: ``"cpu"`` or None.

        Returns:
            The module itself.

        Raises:
            TypeError: if the dtype is not floating, or another device is asked for.
        """
        for each in target:
            if isinstance(each, str) and not is_dtype_name(each):
                device = each
            else:
                dtype = each.dtype if isinstance(each, Tensor) else each
        if device is not None and str(device) != "cpu":
            refuse_device(device)
        if dtype is None:
            return self
        wanted = dtypes.as_dtype("to", dtype)
        if wanted.kind != "f":
            raise TypeError(
                message(
                    "to",
                    f"a module is converted to a floating dtype, got {wanted}.",
                    "Convert what goes in or comes out instead: x.to(dtype).",
                )
            )
        for module in self.modules():
            for tensor in [*module._parameters.values(), *module._buffers.values()]:
                if tensor is not None and tensor.dtype.kind == "f" and tensor.dtype != wanted:
                    convert(tensor, wanted)
        return self

    def float(self) -> Self:
        """Convert all floating parameters and buffers to float32; return the module itself."""
        return self.to(dtypes.float32)

    def double(self) -> Self:
        """Convert all floating parameters and buffers to float64; return the module itself."""
        return self.to(dtypes.float64)

    def half(self) -> Self:
        """Raise: minigrad has no half precision."""
        return self.to("float16")

    def cpu(self) -> Self:
        """Return the module itself: it is on the CPU already."""
        return self

    def cuda(self, device: Any = None) -> Self:
        """Raise: minigrad runs on the CPU."""
        refuse_device("cuda" if device is None else device)
        return self

    state_dict = state_dict
    load_state_dict = load_state_dict

    # Display and copies ---------------------------------------------------------------------------------------------

    def extra_repr(self) -> str:
        """Return what ``repr`` shows between the parentheses: the module's settings."""
        return ""

    def __repr__(self) -> str:
        """Return the module and those below it, one a line, indented."""
        extra = self.extra_repr()
        lines = extra.split("\n") if extra else []
        single = len(lines) == 1 and not self._modules
        for name, module in self._modules.items():
            lines.append(f"({name}): " + repr(module).replace("\n", "\n  "))
        if not lines or single:
            return f"{type(self).__name__}({extra})"
        return f"{type(self).__name__}(\n  " + "\n  ".join(lines) + "\n)"

    def __getstate__(self) -> dict[str, Any]:
        """Return the attributes, with registries of its own for the copy."""
        attributes = dict(self.__dict__)
        attributes["_state"] = attributes["_owner"] = None
        for name in ("_parameters", "_buffers", "_modules", "_forward_hooks", "_forward_pre_hooks"):
            attributes[name] = dict(attributes[name])
        attributes["_non_persistent"] = set(attributes["_non_persistent"])
        return attributes

    def __setstate__(self, attributes: dict[str, Any]) -> None:
        """Take the attributes, and own what is registered."""
        self.__dict__.update(attributes)
        for registry in (self._parameters, self._modules):
            for name, owned in registry.items():
                if owned is not None:
                    claim(owned, self, name)


def add_hook(who: str, hooks: dict[int, Any], hook: Callable[..., Any], with_kwargs: bool) -> HookHandle:
    """Add a hook behind those that are there.

    Raises:
        TypeError: if it is not callable.
    """
    require_callable(who, hook)
    number = next(_hook_numbers)
    hooks[number] = (hook, with_kwargs)
    return HookHandle(hooks, number)


def require_callable(who: str, function: Any) -> None:
    """Raise a TypeError unless something can be called."""
    if not callable(function):
        raise TypeError(
            message(
                who,
                f"a callable is needed, got {describe(function)}.",
                "Pass the function itself, not what it returns.",
            )
        )


def checked_arguments(changed: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments that a forward pre-hook with keywords put in the place of those it was given.

    Raises:
        TypeError: if they are no ``(args, kwargs)``.
    """
    pair = isinstance(changed, tuple) and len(changed) == 2
    if not pair or not isinstance(changed[0], tuple) or not isinstance(changed[1], dict):
        problem = f"the hook returns None or (args, kwargs), a tuple and a dict, got {describe(changed)}."
        raise TypeError(message("register_forward_pre_hook", problem, "Example: return (x,), kwargs."))
    return changed


def convert(tensor: Tensor, dtype: Any) -> None:
    """Give a tensor, and its gradient if it has one, another dtype; the object stays the same."""
    gradient = tensor.grad
    tensor.grad = None
    tensor._data = tensor._data.astype(dtype)
    stamp_write(tensor._stamp)
    if gradient is not None:
        tensor.grad = cast(gradient.detach(), dtype)

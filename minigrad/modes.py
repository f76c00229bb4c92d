"""What is switched on around a piece of code: gradients, the record of inputs, the module that is running.

All of it is one context variable, so two threads (or two asyncio tasks) can train at once, and reading it costs 30 ns.
"""

import functools
from collections.abc import Callable
from contextvars import ContextVar, Token
from types import CodeType, TracebackType
from typing import Any, Self, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])


class State:
    """The modes in force. Never changed: another state takes its place.

    Attributes:
        grad_enabled: whether operations make nodes.
        keep_inputs: whether nodes keep their inputs, so that an operation can be run again.
        tape: a list that every operation is appended to while a step is captured, or None.
        module: the dotted path of the module that is running, or None.
        code, lasti: the position in the user's code that called the outermost module of this package.
    """

    __slots__ = ("code", "grad_enabled", "keep_inputs", "lasti", "module", "tape")

    def __init__(
        self,
        grad_enabled: bool = True,
        keep_inputs: bool = False,
        tape: list[Any] | None = None,
        module: str | None = None,
        code: CodeType | None = None,
        lasti: int = 0,
    ) -> None:
        """Hold the modes."""
        self.grad_enabled = grad_enabled
        self.keep_inputs = keep_inputs
        self.tape = tape
        self.module = module
        self.code = code
        self.lasti = lasti


STATE: ContextVar[State] = ContextVar("minigrad_state", default=State())  # noqa: B039 - a State is never changed


class Mode:
    """A context manager and decorator that puts other modes in force."""

    def __init__(self) -> None:
        """Make the mode; it is entered by ``with`` or at each call of a decorated function."""
        self._tokens: list[Token[State]] = []

    def change(self, state: State) -> State:
        """Return the state that takes the place of ``state``."""
        raise TypeError(f"{type(self).__name__} does not say what it changes")

    def __enter__(self) -> Self:
        """Put the modes in force."""
        self._tokens.append(STATE.set(self.change(STATE.get())))
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Put back what was in force before."""
        STATE.reset(self._tokens.pop())

    def __call__(self, function: Function) -> Function:
        """Return ``function`` with these modes in force while it runs."""

        @functools.wraps(function)
        def decorated(*args: Any, **kwargs: Any) -> Any:
            token = STATE.set(self.change(STATE.get()))
            try:
                return function(*args, **kwargs)
            finally:
                STATE.reset(token)

        return decorated  # type: ignore[return-value]


class set_grad_enabled(Mode):
    """Switch the recording of gradients on or off: at once, and until the end of a ``with`` block if it is used as one.

    Args:
        mode: True to record, False not to.

    Examples:
        >>> import minigrad as mg
        >>> w = mg.ones(2, requires_grad=True)
        >>> with mg.set_grad_enabled(False):
        ...     (2 * w).requires_grad
        False
    """

    def __init__(self, mode: bool) -> None:
        """Switch recording on or off at once."""
        super().__init__()
        self.mode = bool(mode)
        self._tokens.append(STATE.set(self.change(STATE.get())))

    def change(self, state: State) -> State:
        """Return ``state`` with gradients on or off."""
        return State(self.mode, state.keep_inputs, state.tape, state.module, state.code, state.lasti)

    def __enter__(self) -> Self:
        """Do nothing: the mode has been in force since it was made."""
        return self


class no_grad(Mode):
    """Record nothing: results do not require grad, and no memory is kept for a backward pass.

    Examples:
        >>> import minigrad as mg
        >>> w = mg.ones(2, requires_grad=True)
        >>> with mg.no_grad():
        ...     w -= 0.1
        >>> w.tolist() == [0.8999999761581421] * 2
        True
    """

    def change(self, state: State) -> State:
        """Return ``state`` with gradients off."""
        return State(False, state.keep_inputs, state.tape, state.module, state.code, state.lasti)


class enable_grad(Mode):
    """Record again inside of ``no_grad``."""

    def change(self, state: State) -> State:
        """Return ``state`` with gradients on."""
        return State(True, state.keep_inputs, state.tape, state.module, state.code, state.lasti)


class inference_mode(no_grad):
    """The same as ``no_grad``: minigrad keeps nothing else per tensor that inference could save."""


def is_grad_enabled() -> bool:
    """Return whether operations on tensors that require grad are recorded here and now."""
    return STATE.get().grad_enabled

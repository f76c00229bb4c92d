"""What is switched on around a piece of code: gradients, the record of inputs, the module that is running.

All of it is one context variable, so two threads (or two asyncio tasks) can train at once, and reading it costs 30 ns.
"""

import functools
import inspect
from contextvars import ContextVar, Token
from types import CodeType, TracebackType
from typing import Any, Self


class State:
    """The modes in force. Never changed: another state takes its place.

    Attributes:
        grad_enabled: whether operations make nodes.
        keep_inputs: whether nodes keep their inputs, so that an operation can be run again.
        tape: a list that every operation is appended to while a step is captured, or None.
        module: the dotted path of the module that is running, or None.
        code, lasti: the position in the user's code that called the outermost module of this package.
        in_layer: whether a layer of this package is running: what it calls has been called by the user at ``code``.
        outer: the state in which the running module was called, or None.
    """

    __slots__ = ("code", "grad_enabled", "in_layer", "keep_inputs", "lasti", "module", "outer", "tape")

    def __init__(
        self,
        grad_enabled: bool = True,
        keep_inputs: bool = False,
        tape: list[Any] | None = None,
        module: str | None = None,
        code: CodeType | None = None,
        lasti: int = 0,
        in_layer: bool = False,
        outer: "State | None" = None,
    ) -> None:
        """Hold the modes."""
        self.grad_enabled = grad_enabled
        self.keep_inputs = keep_inputs
        self.tape = tape
        self.module = module
        self.code = code
        self.lasti = lasti
        self.in_layer = in_layer
        self.outer = outer


STATE: ContextVar[State] = ContextVar("minigrad_state", default=State())  # noqa: B039 - a State is never changed
#: The modes in force here and now: a method that is bound once costs 5 ns, ``STATE.get()`` 30.
current_state = STATE.get


class GradMode:
    """A context manager and decorator that switches the recording of gradients on or off."""

    enabled = True

    def __new__(cls, function: Any = None) -> Any:
        """Make the mode; or decorate a function at once, for ``@no_grad`` without parentheses."""
        return super().__new__(cls) if function is None else cls()(function)

    def __init__(self) -> None:
        """Make the mode; it is entered by ``with``, or at each call of a decorated function."""
        self._tokens: list[Token[State]] = []

    def _enter(self) -> Token[State]:
        state = current_state()
        changed = State(
            self.enabled, state.keep_inputs, state.tape, state.module, state.code, state.lasti, state.in_layer
        )
        return STATE.set(changed)

    def __enter__(self) -> Self:
        """Put the mode in force."""
        self._tokens.append(self._enter())
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Put back what was in force before."""
        STATE.reset(self._tokens.pop())

    def __call__(self, function: Any) -> Any:
        """Return ``function`` with the mode in force while it runs; of a generator, while it computes each item."""

        @functools.wraps(function)
        def decorated(*args: Any, **kwargs: Any) -> Any:
            token = self._enter()
            try:
                return function(*args, **kwargs)
            finally:
                STATE.reset(token)

        @functools.wraps(function)
        def decorated_generator(*args: Any, **kwargs: Any) -> Any:
            generator = function(*args, **kwargs)
            advance, given = generator.send, None
            while True:
                token = self._enter()
                try:
                    item = advance(given)
                except StopIteration as stop:
                    return stop.value
                finally:
                    STATE.reset(token)
                try:
                    advance, given = generator.send, (yield item)
                except BaseException as error:
                    # close() and throw() reach the function where it waits, with the mode in force.
                    advance, given = generator.throw, error

        return decorated_generator if inspect.isgeneratorfunction(function) else decorated


class no_grad(GradMode):
    """Record nothing: results do not require grad, and no memory is kept for a backward pass.

    Examples:
        >>> import minigrad as mg
        >>> w = mg.ones(2, requires_grad=True)
        >>> with mg.no_grad():
        ...     w -= 0.5
        >>> w
        Tensor((2,) float32 requires grad | 0.5 0.5)
    """

    enabled = False


class enable_grad(GradMode):
    """Record again inside of ``no_grad``."""


class set_grad_enabled(GradMode):
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

    def __new__(cls, mode: bool) -> Any:
        """Make the mode."""
        return object.__new__(cls)

    def __init__(self, mode: bool) -> None:
        """Switch recording on or off at once."""
        super().__init__()
        self.enabled = bool(mode)
        self._at_once: Token[State] | None = self._enter()

    def __enter__(self) -> Self:
        """Keep the mode in force until the end of the block."""
        if self._at_once is None:
            return super().__enter__()
        self._tokens.append(self._at_once)
        self._at_once = None
        return self

    def __call__(self, function: Any) -> Any:
        """Return ``function`` with the mode in force while it runs, and no longer here."""
        if self._at_once is not None:
            STATE.reset(self._at_once)
            self._at_once = None
        return super().__call__(function)


class inference_mode(GradMode):
    """The same as ``no_grad``: minigrad keeps nothing else per tensor that inference could save.

    Args:
        mode: False switches it off: what is recorded stays as it is.
    """

    def __new__(cls, mode: Any = True) -> Any:
        """Make the mode; or decorate a function at once."""
        return cls()(mode) if callable(mode) else object.__new__(cls)

    def __init__(self, mode: Any = True) -> None:
        """Make the mode."""
        super().__init__()
        self.enabled = not mode


def is_grad_enabled() -> bool:
    """Return whether operations on tensors that require grad are recorded here and now."""
    return current_state().grad_enabled

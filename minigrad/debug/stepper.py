"""``Stepper``: a backward pass that a person walks through, forward and back, with breakpoints."""

from collections.abc import Callable, Iterator
from typing import Any

from minigrad.debug.breakpoints import Breakpoint, checked_criteria
from minigrad.debug.history import MEMORY, History
from minigrad.debug.step import Step
from minigrad.debug.stepping import begun, walk
from minigrad.errors import describe, message, number_remedy


class Stepper:
    """A backward pass to walk through: forward, back, to a step, to a breakpoint.

    It is the engine itself that runs, in the calling thread, so a breakpoint of Python's debugger in a rule is hit.
    Going back looks at steps that have been taken; nothing is undone, and nothing runs twice. The leaves' ``grad`` is
    written when the pass completes, by ``finish()``, or when ``next()`` or ``cont()`` run past the last step; an
    abandoned stepping changes nothing.

    Args:
        loss: the tensor to differentiate.
        gradient: dL/d(loss), of its shape; may be left out when it has one element: then it is 1.
        retain_graph: keep the saved values for another pass.
        memory: how many bytes the arrays of the history may take, 1 GiB if not said. Of the oldest steps beyond it only
            statistics are kept; they then stand in the place of the arrays.

    Attributes:
        position: the number of the step that is looked at, from 1; 0 before the first.
        history: the steps taken so far.
        breakpoints: those that are set, by number.
        stopped_by: the Breakpoint that the last ``cont`` or ``reverse_cont`` stopped at, or None.
        finished: whether the pass is complete and the gradients are written.
        closed: whether it was abandoned, or ended by an error in a rule.

    Raises:
        RuntimeError, ValueError: as ``Tensor.backward``, when it is made; and at a step whose saved values have been
            changed or released since.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad import debug
        >>> w = mg.tensor([1.0, 2.0], requires_grad=True, name="w")
        >>> stepper = debug.Stepper((w * w).tanh().sum())
        >>> stepper.next()
        <Step 1/3 sum ()>
        >>> stepper.break_at(name="w").describe()
        'name=w'
        >>> stepper.cont()
        <Step 3/3 mul (2,)>
        >>> stepper.back(2).node.name, stepper.position, w.grad
        ('sum', 1, None)
        >>> stepper.finish()
        >>> w.grad
        Tensor((2,) float32 | 0.8399 0.005364)
    """

    def __init__(self, loss: Any, gradient: Any = None, retain_graph: bool = False, memory: int = MEMORY) -> None:
        """Check the pass and begin it; no rule runs yet."""
        if isinstance(memory, bool) or not isinstance(memory, (int, float)) or not memory >= 0:
            number = isinstance(memory, (int, float)) and not isinstance(memory, bool)
            problem = f"memory is a number of bytes from 0 on, got {describe(memory)}."
            raise (ValueError if number else TypeError)(message("Stepper", problem, f"1 GiB is memory={MEMORY}."))
        self._sweep = begun("Stepper", loss, gradient, retain_graph)
        self._walk: Iterator[Step] | None = walk(self._sweep, root=loss)
        self._last = 0
        self.position = 0
        self.history = History(int(memory))
        self.breakpoints: dict[int, Breakpoint] = {}
        self.stopped_by: Breakpoint | None = None
        self.finished = False
        self.closed = False

    # Where it is ----------------------------------------------------------------------------------------------------

    @property
    def total(self) -> int:
        """How many steps the pass has."""
        return len(self._sweep.order)

    @property
    def step(self) -> Step | None:
        """The step that is looked at; None before the first."""
        return self.history[self.position - 1] if self.position else None

    current = step

    @property
    def nodes(self) -> list[Any]:
        """The engine's nodes in the order in which they are stepped, also those to come."""
        return self._sweep.order

    def __repr__(self) -> str:
        """Return the position and what has become of the pass."""
        state = ", finished" if self.finished else ", closed" if self.closed else ""
        return f"<Stepper at {self.position}/{self.total}{state}>"

    # Moving ---------------------------------------------------------------------------------------------------------

    def next(self, k: int = 1) -> Step | None:
        """Go ``k`` steps forward; past the last one the pass is finished.

        Returns:
            The step that is then looked at; None when the pass was finished instead.
        """
        for _ in range(counted("next", k)):
            if self.position == self.total:
                self.finish()
                return None
            self._forward()
        return self.step

    def back(self, k: int = 1) -> Step | None:
        """Go ``k`` steps back, at most to the position before the first one; nothing is undone.

        Returns:
            The step that is then looked at; None before the first.
        """
        self.position = max(self.position - counted("back", k), 0)
        return self.step

    def goto(self, k: int) -> Step | None:
        """Go to step ``k``, forward or back; 0 is the position before the first.

        Returns:
            The step; None at 0.

        Raises:
            ValueError: if there is no such step.
        """
        if isinstance(k, bool) or not isinstance(k, int) or not 0 <= k <= self.total:
            problem = f"there is no step {describe(k) if not isinstance(k, int) else k}."
            raise ValueError(message("goto", problem, f"Steps are numbered 1 to {self.total}; 0 is before the first."))
        while len(self.history) < k:
            self._take()
        self.position = k
        return self.step

    def until(self, predicate: Callable[[Step], Any] | str) -> Step | None:
        """Go forward to the next step for which a function, or an expression as in ``break_at``, is true.

        Returns:
            The step; None if there is none: then the last step is looked at, and the pass is not finished.

        Raises:
            RuntimeError: if the function raises; the step that it raised at is looked at.
        """
        condition = checked_criteria(predicate, {}, self.nodes)
        wanted = Breakpoint(0, condition, False)
        while self.position < self.total:
            step = self._forward()
            if wanted.matches(step):
                return step
        return None

    def cont(self) -> Step | None:
        """Go forward to the next step that a breakpoint waits for, else to the end, where the pass is finished.

        Returns:
            The step; None when the pass was finished. ``stopped_by`` is the breakpoint.

        Raises:
            RuntimeError: if the expression of a breakpoint raises; the step that it raised at is looked at.
        """
        self.stopped_by = None
        while self.position < self.total:
            step = self._forward()
            if self._stops(step):
                return step
        self.finish()
        return None

    def reverse_cont(self) -> Step | None:
        """Go back to the previous step that a breakpoint waits for, else to the position before the first.

        Returns:
            The step; None before the first. ``stopped_by`` is the breakpoint.
        """
        self.stopped_by = None
        while self.position > 1:
            self.position -= 1
            step = self.history[self.position - 1]
            if self._stops(step):
                return step
        self.position = 0
        return None

    def finish(self) -> None:
        """Run what is left and write the gradients; nothing more happens if that was done before.

        The position stays where it is.
        """
        while not self.finished:
            self._take()

    def close(self) -> None:
        """Abandon the pass: nothing is written, and the graph can be used again. The history can still be looked at."""
        if not self.finished:
            self.closed = True
            self._walk = None

    # Breakpoints ----------------------------------------------------------------------------------------------------

    def break_at(
        self,
        condition: Callable[[Step], Any] | str | None = None,
        *,
        op: str | None = None,
        name: str | None = None,
        module: str | None = None,
        nan: bool = False,
        inf: bool = False,
        zero: bool = False,
        large: float | bool | None = None,
        step: int | None = None,
        expression: str | None = None,
        temporary: bool = False,
    ) -> Breakpoint:
        """Set a breakpoint: ``cont`` stops at the steps for which everything that is said here holds.

        Args:
            condition: a function of a step, or an expression.
            op: the operation, a pattern as for file names: ``"tanh"``, ``"*_backward"``.
            name: the name of a tensor that the operation read or made, a pattern: ``"W1"``; a variable's where the
                tensor has none of its own.
            module: the path of the module that ran, a pattern: ``"mlp.*"``.
            nan: one of the step's gradients holds one, or at the first step the loss, as in ``Step.flags``.
            inf: one of the step's gradients holds such a number.
            zero: all numbers of one of its gradients are 0.
            large: one of its gradients holds a number above this, True for above 1000.
            step: its number.
            expression: Python, with the names of ``debug.namespace``: ``"abs(grad_x).max() > 10"``. A step that lacks
                one of its names is not stopped at.
            temporary: whether it goes away when it has stopped once.

        Returns:
            The breakpoint, with its ``number``.

        Raises:
            ValueError: if nothing is said, or a pattern or name matches nothing in this pass; near ones are suggested.
            TypeError: if something is of the wrong kind.
        """
        wanted = {"op": op, "name": name, "module": module, "nan": nan, "inf": inf, "zero": zero, "large": large}
        wanted |= {"step": step, "expression": expression}
        criteria = checked_criteria(condition, wanted, self.nodes)
        self._last += 1
        made = self.breakpoints[self._last] = Breakpoint(self._last, criteria, temporary)
        return made

    def clear(self, number: int | None = None) -> None:
        """Take a breakpoint away, or all of them.

        Raises:
            ValueError: if there is none of that number.
        """
        if number is None:
            self.breakpoints.clear()
        elif number not in self.breakpoints:
            known = ", ".join([f"{each.number} ({each.describe()})" for each in self.breakpoints.values()])
            problem = f"there is no breakpoint {number!r}."
            raise ValueError(message("clear", problem, f"There are {known}." if known else "None is set."))
        else:
            del self.breakpoints[number]

    # Inside ---------------------------------------------------------------------------------------------------------

    def _forward(self) -> Step:
        if self.position == len(self.history):
            self._take()
        self.position += 1
        return self.history[self.position - 1]

    def _take(self) -> None:
        """Let the engine run one step; or finish, after the last one."""
        if self._walk is None:
            raise RuntimeError(
                message(
                    "Stepper",
                    f"the stepping was closed after step {len(self.history)} of {self.total}.",
                    "Begin another one: debug.Stepper(loss).",
                )
            )
        try:
            self.history.append(next(self._walk))
        except StopIteration:
            self._walk = None
            self.finished = True
        except BaseException:
            # The engine was inside of a step, which cannot be begun again.
            self.close()
            raise

    def _stops(self, step: Step) -> bool:
        for each in list(self.breakpoints.values()):
            if each.matches(step):
                each.hits += 1
                self.stopped_by = each
                if each.temporary:
                    del self.breakpoints[each.number]
                return True
        return False


def counted(who: str, k: Any) -> int:
    """Return a number of steps; raise unless it is 1 or more."""
    if isinstance(k, bool) or not isinstance(k, int):
        raise TypeError(message(who, f"k is an integer, got {describe(k)}.", number_remedy(k, int)))
    if k < 1:
        raise ValueError(message(who, f"k is 1 or more, got {k}.", "next() goes forward, back() goes back."))
    return k

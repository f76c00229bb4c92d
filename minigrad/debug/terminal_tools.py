"""The commands of the terminal stepper that work something out: ``jac``, ``fd``, ``graph``, ``html``."""

from typing import Any

import numpy as np

from minigrad.debug import screens
from minigrad.debug.forward import forward_of
from minigrad.debug.names import operand_names
from minigrad.debug.step import Step
from minigrad.debug.terminal_views import ViewCommands
from minigrad.debug.traces import Trace

PAGE = "backward.html"


class ToolCommands(ViewCommands):
    """Commands that run the operation again, or draw the whole pass."""

    def do_jac(self, argument: str) -> None:
        """``jac [input]``: d(output)/d(input) of this operation, a row an output.

        The input by number or by name, the operation's or yours: jac 0, jac x, jac W. Alone, all that have at most 4096
        entries.
        """
        step = self.shown_step()
        word = argument.strip()
        inputs: list[Any] = [int(word) if word.isdecimal() else word] if word else []
        if not word:
            inputs = [each.input for each in step.contributions if each.source is not None]
        for each in inputs:
            try:
                self.say(self.jacobian_page(step, each))
            except ValueError as error:
                if word:
                    raise
                self.refuse(error)  # too large, or none; the other inputs may have one

    def jacobian_page(self, step: Step, each: int | str) -> str:
        """Return the Jacobian of a step's operation for one input as a matrix of numbers under its name."""
        jacobian = step.local_jacobian(each)
        name = step.node.inputs[each] if isinstance(each, int) else each
        shape = step.node.shape[0] if step.recorded.several else step.node.shape
        into = jacobian.shape[len(shape) :]
        lines = [f"d output {shape} / d {name} {into}", *screens.matrix(jacobian.reshape(int(np.prod(shape)), -1))]
        return "\n  ".join(lines)

    def complete_jac(self, text: str, line: str, begin: int, end: int) -> list[str]:
        """Return the inputs whose names begin with ``text``."""
        step = self.step
        if step is None:
            return []
        known = [*step.node.inputs, *[name for name in operand_names(step.recorded) if name]]
        return [each for each in known if each.startswith(text)]

    def do_fd(self, argument: str) -> None:
        """``fd``: compare the gradients with finite differences."""
        self.say(repr(self.shown_step().check()))

    def do_graph(self, argument: str) -> None:
        """``graph``: the whole pass as a tree, the loss at the top."""
        from minigrad import debug

        self.say(str(debug.draw(self.loss)))

    def do_html(self, argument: str) -> None:
        """``html [path]``: write the pass as a page to step through in a browser.

        Without a path it is backward.html. The steps that are left are run for it; no gradient is written yet.
        """
        path = self.trace().to_html(argument.strip().strip("\"'") or PAGE)
        self.say(f"written: {path}")

    def trace(self) -> Trace:
        """Return the whole pass; the steps that are left are run, and the position stays."""
        position = self.stepper.position
        self.stepper.goto(self.stepper.total)
        self.stepper.goto(position)
        return Trace(list(self.stepper.history), forward_of(self.stepper.nodes, self.loss))

"""The commands of the terminal stepper that show: source, steps, values, statistics, the graph and the page."""

import pprint
from typing import Any

import numpy as np

from minigrad.debug import screens
from minigrad.debug.descent import step_into
from minigrad.debug.expressions import namespace
from minigrad.debug.scope import did_you_mean, scope_of
from minigrad.debug.statistics import Statistics
from minigrad.debug.terminal_breakpoints import BreakpointCommands

#: How many steps `steps` shows around the current one where there are more.
AROUND = 10


class ViewCommands(BreakpointCommands):
    """Commands that leave the pass where it is."""

    def do_list(self, argument: str) -> None:
        """``l(ist)``: the source around it, and the steps of each line."""
        step = self.shown_step()
        self.say(screens.source_page(self.stepper.nodes, step.index))

    do_l = do_list

    def do_steps(self, argument: str) -> None:
        """``steps [all | first [last]]``: the operations of this pass, -> this one, B breakpoints."""
        total, current = len(self.stepper.nodes), self.step.index if self.step is not None else 0
        words = argument.split()
        first, last = max(current - AROUND, 1), min(current + AROUND, total)
        if words and words != ["all"]:
            first = min(max(whole(words[0], "steps"), 1), total)
            last = min(whole(words[1], "steps"), total) if len(words) > 1 else min(first + 2 * AROUND, total)
        elif words or total <= 2 * AROUND + 1:
            first, last = 1, total
        self.say(screens.steps_page(self.stepper.nodes, self.steps_taken(), current, self.marks(), first, last))

    def do_where(self, argument: str) -> None:
        """``w(here)``: where the operation was called, its module, its rule."""
        self.say(screens.where_page(self.shown_step()))

    do_w = do_where

    def do_p(self, argument: str) -> None:
        """``p expression``: print its value.

        An expression may name grad_output, the values that the rule reads (x, y, output ...), grad_x for what goes to
        input x, node, step, np, and the variables of the program, which the step's names hide.
        """
        self.say(repr(self.evaluate(needed(argument, "p grad_output"))))

    def do_pp(self, argument: str) -> None:
        """``pp expression``: print its value over several lines."""
        self.say(pprint.pformat(self.evaluate(needed(argument, "pp step.saved")), width=screens.WIDTH))

    def do_args(self, argument: str) -> None:
        """``a(rgs)``: the rule's arguments: grad_output and saved values."""
        step = self.shown_step()
        values = {"grad_output": step.grad_output, **step.saved}
        self.say("\n".join([f"{name} = {value!r}" for name, value in values.items()]))

    do_a = do_args

    def do_step(self, argument: str) -> None:
        """``s(tep)``: step into the operation's rule in pdb, on its arrays.

        Kernels are plain Python there. The rule runs once more, and what it returns is thrown away: the pass has its
        gradients. c or q leads back to this prompt.
        """
        step = self.shown_step()
        if step.grad_output is None or not step.kept:
            why = "no gradient arrived at it" if step.kept else "the history keeps only the statistics of its arrays"
            raise ValueError(f"the rule of this operation cannot be run: {why}.")
        self.say(f"--- {step.node.recorded.vjp.__name__} in pdb: a shows its arguments, n goes on, c comes back ---")
        streams = () if self.use_rawinput else (self.stdin, self.stdout)
        self.say(step_into(step, *streams))

    do_s = do_step

    def do_stats(self, argument: str) -> None:
        """``stats [expression]``: range, norm, zeros, NaN and inf of the step's arrays."""
        if argument:
            values = {argument.strip(): self.evaluate(argument)}
        else:
            values = arrays_of(namespace(self.shown_step()))
        self.say(screens.statistics_page(values))

    def do_display(self, argument: str) -> None:
        """``display [expression]``: show its value at each stop where it has changed."""
        text = argument.strip()
        if text:
            self.session.displays[text] = ""
            self.show_displays()
        elif self.session.displays:
            self.say("\n".join(["displayed at each stop:", *[f"  {each}" for each in self.session.displays]]))
        else:
            self.say("nothing is displayed; display grad_output.max() shows it at each stop")

    def do_undisplay(self, argument: str) -> None:
        """``undisplay [expression]``: display it no more; alone, display nothing more."""
        text = argument.strip()
        if text and text not in self.session.displays:
            raise ValueError(f"{text!r} is not displayed.{did_you_mean(text, self.session.displays)}")
        for each in [text] if text else list(self.session.displays):
            del self.session.displays[each]

    def show_displays(self) -> None:
        """Say what is displayed, where it has changed since the last stop."""
        for text, before in self.session.displays.items():
            try:
                value = repr(self.evaluate(text))
            except Exception as error:
                value = f"{type(error).__name__}: {error}"
            if value != before:
                self.session.displays[text] = value
                self.say(f"display {text}: {value}")

    def complete_p(self, text: str, line: str, begin: int, end: int) -> list[str]:
        """Return the names that begin with ``text``, or the attributes of what stands before its last dot."""
        scope = scope_of(self.step, self.frame)
        owner, dot, start = text.rpartition(".")
        if not dot:
            return sorted([name for name in scope if name.startswith(start) and (start or not name.startswith("_"))])
        value: Any = scope.get(owner.partition(".")[0])
        for part in owner.split(".")[1:]:
            value = getattr(value, part, None)
        return [f"{owner}.{name}" for name in dir(value) if name.startswith(start) and not name.startswith("__")]

    complete_pp = complete_stats = complete_display = complete_p

    def complete_undisplay(self, text: str, line: str, begin: int, end: int) -> list[str]:
        """Return what is displayed and begins with ``text``."""
        return [each for each in self.session.displays if each.startswith(text)]


def arrays_of(names: dict[str, Any]) -> dict[str, Any]:
    """Return those values that are arrays, or the statistics of some; the elements of a tuple under their own names."""
    found = {}
    for name, value in names.items():
        elements = {name: value}
        if type(value) is tuple:
            elements = {f"{name}[{index}]": element for index, element in enumerate(value)}
        for label, element in elements.items():
            if isinstance(element, (np.ndarray, Statistics)):
                found[label] = element
    return found


def whole(text: str, command: str) -> int:
    """Return a whole number of the user's, or raise with the command that needs it."""
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{command}: a whole number is needed, got {text!r}.") from None


def needed(argument: str, example: str) -> str:
    """Return an argument that a command cannot do without."""
    if not argument.strip():
        raise ValueError(f"an expression is needed, as in: {example}")
    return argument

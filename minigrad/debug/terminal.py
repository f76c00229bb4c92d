"""The stepper in the terminal: the commands that move through a backward pass and end it, on the standard ``cmd``."""

import bdb
import re
from collections.abc import Callable
from typing import Any

from minigrad.debug import printing, screens
from minigrad.debug.breakpoints import Breakpoint
from minigrad.debug.interrupts import Interrupts
from minigrad.debug.step import Step
from minigrad.debug.terminal_help import HelpCommands
from minigrad.debug.terminal_tools import ToolCommands
from minigrad.debug.terminal_views import whole

ABORTED = "The backward pass was given up. No gradient was written."
#: Ctrl-C is a breakpoint too; the user's are numbered from 1.
INTERRUPTION = 0


class Terminal(ToolCommands, HelpCommands):
    """The stepper of one backward pass."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Open a pass, and set the breakpoints that an earlier one has left; see ``Console``."""
        super().__init__(*args, **kwargs)
        self.interrupts = Interrupts()
        self.stepper.breakpoints[INTERRUPTION] = Breakpoint(INTERRUPTION, {"condition": self.interrupts.seen}, False)
        self.set_again()

    def interact(self, number: int | None = None) -> None:
        """Talk with the user until the pass is complete.

        Args:
            number: of the pass in its program, or None.

        Raises:
            bdb.BdbQuit: if the user gives the pass up, or the terminal goes away.
            Exception: what a rule raises.
        """
        try:
            title = screens.first_page(self.loss, self.stepper.total, number)
            if not self.begin(f"{title}\n"):
                self.talk()
        except OSError:
            if self.terminal_is_there():
                raise
            self.quitting = True
        finally:
            # Whatever has ended the talk: a pass that is not complete never will be.
            self.stepper.close()
        if self.quitting:
            raise bdb.BdbQuit(ABORTED)

    def begin(self, title: str = "") -> bool:
        """Go to the first step, or after ``c`` to the first that a breakpoint waits for; return whether it is over."""
        for text in self.session.displays:
            self.session.displays[text] = ""  # what an earlier pass has shown is shown again
        if self.session.running and self.session.breakpoints:
            with self.interrupts:
                step = self.until_breakpoint(self.stepper.cont)
            if step is None:
                return True
        elif self.stepper.total == 0:
            return self.do_finish("")
        else:
            self.stepper.next()
        if title:
            self.say(title)
        self.say_stop()
        return False

    def talk(self) -> None:
        """Read commands until one ends it; Ctrl-C at the prompt drops the line."""
        while True:
            try:
                self.cmdloop()
                return
            except KeyboardInterrupt:
                if self.stepper.closed:
                    raise
                self.say("--KeyboardInterrupt--")

    def terminal_is_there(self) -> bool:
        """Return whether the user can still be told something."""
        try:
            self.stdout.write("")
            self.stdout.flush()
            return not self.use_rawinput or self.stdout.isatty()
        except (OSError, ValueError):
            return False

    # Moving ---------------------------------------------------------------------------------------------------------

    def do_next(self, argument: str) -> bool:
        """``n(ext) [k]``: run the next operation, or k; at the end, as finish."""
        left = self.stepper.total - self.stepper.position
        if left == 0:
            return self.do_finish("")
        return self.go(self.stepper.position + min(count(argument, "n"), left))

    do_n = do_next

    def do_back(self, argument: str) -> bool:
        """``rn, back [k]``: look at the operation before, or k before. Nothing is undone, and n goes forward again."""
        k = count(argument, "rn")
        if self.stepper.position <= 1:
            raise ValueError("this is the first step.")
        return self.go(max(self.stepper.position - k, 1))

    do_rn = do_back

    def do_goto(self, argument: str) -> bool:
        """``j, goto k``: go to step k, forward or back."""
        k = whole(argument.strip(), "j")
        if not 1 <= k <= self.stepper.total:
            raise ValueError(f"there is no step {k}; they are numbered 1 to {self.stepper.total}.")
        return self.go(k)

    do_j = do_goto

    def do_continue(self, argument: str) -> bool:
        """``c(ont(inue))``: run to the next breakpoint; without one, as finish."""
        with self.interrupts:
            step = self.until_breakpoint(self.stepper.cont)
        self.session.running = True
        if step is None:
            return self.over()
        self.say_stop()
        return False

    do_c = do_cont = do_continue

    def do_rc(self, argument: str) -> bool:
        """``rc``: go back to the breakpoint before, or to the first step."""
        if self.until_breakpoint(self.stepper.reverse_cont) is None:
            self.stepper.goto(1)
            self.say("there is no breakpoint before; this is the first step")
        self.say_stop()
        return False

    def do_finish(self, argument: str) -> bool:
        """``finish``: run what is left, write the gradients, go on."""
        self.session.running = False
        with self.interrupts:
            self.stepper.until(self.interrupts.seen)
            if not self.interrupts.asked:
                self.stepper.finish()
        if self.stepper.finished:
            return self.over()
        self.say_stop()
        return False

    def do_leave(self, argument: str) -> bool:
        """``leave``: finish this pass, and open none of those that follow."""
        self.session.leaving = self.do_finish("")
        return self.session.leaving

    def do_quit(self, argument: str) -> bool:
        """``q(uit)``: give the pass up. No gradient is written, and the program gets bdb.BdbQuit, as from pdb."""
        self.quitting = True
        self.stepper.close()
        self.say(ABORTED)
        return True

    do_q = do_exit = do_quit

    def do_EOF(self, argument: str) -> bool:
        """``Ctrl-D, or a terminal that has gone away``: as q."""
        self.say("")
        return self.do_quit("")

    # How ------------------------------------------------------------------------------------------------------------

    def go(self, k: int) -> bool:
        """Go to a step and show it; Ctrl-C stops on the way."""
        with self.interrupts:
            if k <= len(self.stepper.history):
                self.stepper.goto(k)
            else:
                self.stepper.until(StepReached(k, self.interrupts))
        self.say_stop()
        return False

    def until_breakpoint(self, go: Callable[[], Step | None]) -> Step | None:
        """Go to a breakpoint by ``cont`` or ``reverse_cont``; return its step. One that raises is told."""
        try:
            return go()
        except RuntimeError as error:
            numbered = re.match(r"breakpoint (\d+)", str(error))
            if self.stepper.closed or numbered is None:
                raise
            number = self.numbers[int(numbered[1])]
            cause = error.__cause__
            self.say(f"*** {self.described(number)} raised {type(cause).__name__}: {cause}")
            return self.step

    def say_stop(self) -> None:
        """Show the step that the pass has stopped at, and why it has."""
        hit, self.stepper.stopped_by = self.stepper.stopped_by, None
        if self.interrupts.asked:
            self.interrupts.asked = False
            self.say("Ctrl-C: stopped after this step; c goes on")
        elif hit is not None and hit.number in self.numbers:
            number = self.numbers[hit.number]
            self.say(f"at {self.described(number)}")
            if hit.temporary:
                self.forget(number)
        self.say(self.page())
        self.show_displays()

    def page(self) -> str:
        """Return the page of the step that is shown."""
        text = printing.page(self.shown_step())
        ahead = len(self.stepper.history)
        if self.stepper.position < ahead:
            text += f"\n (looking back: {ahead} steps have been taken)"
        return text

    def over(self) -> bool:
        """Say what the pass has written, now that it is complete."""
        self.say(screens.last_page(self.stepper.nodes, self.stepper.total))
        return True


class StepReached:
    """Whether a step has been reached, or Ctrl-C pressed."""

    def __init__(self, index: int, interrupts: Interrupts) -> None:
        """Wait for a step."""
        self.index = index
        self.interrupts = interrupts

    def __call__(self, step: Step) -> bool:
        """Return whether to stop here."""
        return step.index >= self.index or self.interrupts.asked


def count(argument: str, command: str) -> int:
    """Return how many steps a command is to go: 1 where nothing is said."""
    if not argument.strip():
        return 1
    number = whole(argument.strip(), command)
    if number < 1:
        raise ValueError(f"{command}: a number of steps from 1 is needed, got {number}.")
    return number

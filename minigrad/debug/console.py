"""What every command of the terminal stepper stands on: the pass, its breakpoints, what is said and how."""

import cmd
from collections.abc import Iterable
from types import FrameType
from typing import Any

from minigrad.debug import colours
from minigrad.debug.expressions import possible_names
from minigrad.debug.nodes import names_of
from minigrad.debug.scope import did_you_mean, scope_of, unknown_names
from minigrad.debug.step import Step
from minigrad.debug.stepper import Stepper
from minigrad.graph import Node
from minigrad.positions import OWN_FILES


class Session:
    """What outlives one pass where a program's passes are opened one after the other.

    Attributes:
        breakpoints: the words of the breakpoints by their numbers, and whether each is temporary.
        displays: the expressions to show at each stop, and what each showed last.
        running: whether the last command was ``c``: the next pass opens at a breakpoint, where there are any.
        leaving: whether the passes that follow are not to be opened.
        made: how many breakpoints have been made, which numbers the next.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self.breakpoints: dict[int, tuple[str, bool]] = {}
        self.displays: dict[str, str] = {}
        self.running = False
        self.leaving = False
        self.made = 0


class Console(cmd.Cmd):
    """The state of the stepper, and how it speaks.

    Attributes:
        stepper, loss: the pass, and the tensor that it begins at.
        session: what outlives it.
        frame: the program's frame that opened it, whose variables expressions may name; None for no program.
        numbers: the numbers of the session's breakpoints by those of the stepper's.
        quitting: whether the pass was given up.
    """

    prompt = "(step) "

    def __init__(
        self,
        stepper: Stepper,
        loss: Any,
        session: Session | None = None,
        frame: FrameType | None = None,
        stdin: Any = None,
        stdout: Any = None,
    ) -> None:
        """Open a pass.

        Args:
            stepper: the pass, not begun.
            loss: the tensor that it begins at.
            session: what an earlier pass has left, or None.
            frame: the program's frame, or None.
            stdin: a file to read commands from; None for the process's, with line editing.
            stdout: a file to write to; None for the process's.
        """
        super().__init__(stdin=stdin, stdout=stdout)
        self.use_rawinput = stdin is None
        self.use_colours = colours.wanted(self.stdout)
        self.stepper = stepper
        self.loss = loss
        self.session = Session() if session is None else session
        self.frame = frame
        self.numbers: dict[int, int] = {}
        self.quitting = False

    # Saying ---------------------------------------------------------------------------------------------------------

    def say(self, text: str) -> None:
        """Print a page, in colours where there are any."""
        shown = (colours.painted(text) if self.use_colours else text) + "\n"
        try:
            self.stdout.write(shown)
        except UnicodeEncodeError:
            # A terminal without Unicode: a name or a sign that it lacks is no reason to end.
            encoding = getattr(self.stdout, "encoding", None) or "ascii"
            self.stdout.write(shown.encode(encoding, "replace").decode(encoding))
        self.stdout.flush()

    def refuse(self, error: BaseException) -> None:
        """Print why a command did nothing, with pdb's mark of an error; minigrad's own errors in their words alone."""
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        own = trace is not None and OWN_FILES[trace.tb_frame.f_code.co_filename]
        own = own and type(error) in (ValueError, RuntimeError, TypeError)
        # Where the program opened the stepper, which the messages name, is known to who reads them here.
        lines = [line.strip() for line in str(error).split("\n") if not line.startswith("  at ")]
        if not own or not lines[0]:
            lines[0] = f"{type(error).__name__}: {lines[0]}".removesuffix(": ")
        self.say("*** " + "\n    ".join(lines))

    def onecmd(self, line: str) -> bool:
        """Run a command; an error of it is printed and leaves the stepper where it is.

        Raises:
            Exception: what a rule raised: the pass cannot go on, and the program is told as ``backward`` would tell it.
        """
        try:
            return bool(super().onecmd(line))
        except Exception as error:
            if self.stepper.closed:
                raise
            self.refuse(error)
            return False

    def parseline(self, line: str) -> tuple[str | None, str | None, str]:
        """Return a line's command and argument; ``w.grad``, ``step.check()`` and ``b[0]`` are expressions, and none.

        So is what follows a ``!``, as in pdb: ``!n + 1``.
        """
        word, argument, line = super().parseline(line)
        if word and line[len(word) : len(word) + 1] in (".", "["):
            return "", "", line
        if word is None and line.startswith("!"):
            return "", "", line[1:].strip()
        return word, argument, line

    # The pass -------------------------------------------------------------------------------------------------------

    @property
    def step(self) -> Step | None:
        """The step that is shown, or None before the first."""
        return self.stepper.step

    def shown_step(self) -> Step:
        """Return the step that is shown; raise before the first one."""
        step = self.step
        if step is None:
            raise ValueError("no step has been taken yet; n takes the first.")
        return step

    def evaluate(self, text: str) -> Any:
        """Return the value of an expression at the step that is shown.

        Raises:
            SyntaxError, NameError: if it is none, or names what there is not; the names most like it are told.
            Exception: whatever it raises.
        """
        code = compile(text.strip(), "<stepper>", "eval")
        scope = scope_of(self.step, self.frame)
        try:
            return eval(code, scope)
        except NameError as error:
            if error.name not in unknown_names(text.strip(), scope):
                raise
            elsewhere = ", but other steps have" if error.name in possible_names(self.stepper.nodes) else ""
            hint = did_you_mean(str(error.name), scope)
            raise NameError(f"this step has no {error.name}{elsewhere}.{hint}") from None

    def leaf_names(self, node: Node) -> Iterable[str]:
        """Return the names of the tensors that an operation reads."""
        return names_of(node)

    def steps_taken(self) -> dict[int, Step]:
        """Return the steps whose rules have run, by their numbers."""
        return {step.index: step for step in self.stepper.history}

"""The commands of the terminal stepper about breakpoints: ``b``, ``tb``, ``cl``."""

from minigrad.debug.breakpoint_words import FORMS, WORDS, LineBreak, parse
from minigrad.debug.breakpoints import PATTERNS, Breakpoint, matches_any, texts_of
from minigrad.debug.console import Console
from minigrad.debug.expressions import possible_names
from minigrad.debug.screens import position_of
from minigrad.debug.step import Step
from minigrad.graph import Node


class BreakpointCommands(Console):
    """Breakpoints under pdb's words. They stay for the passes that follow in the same program."""

    def do_break(self, argument: str) -> None:
        """``b(reak) [where]``: stop c and rc where an operation fits; alone, list them.

        op=tanh, name=W1, module=mlp.* are patterns, as for file names; nan, inf, zero and large 1e3 are about a step's
        gradients; step 7 is its number; train.py:24, or 24 in the file that is shown, its source line. Anything else is
        an expression, which may name what p may. One that raises stops too, and says what it raised.
        """
        if argument.strip():
            self.add_breakpoint(argument.strip(), False)
        elif not self.session.breakpoints:
            self.say(f"there are no breakpoints; b takes {FORMS}")
        else:
            self.say("\n".join([self.described(number) for number in self.session.breakpoints]))

    do_b = do_break

    def do_tbreak(self, argument: str) -> None:
        """``tb(reak) where``: as b, but it goes away when it has stopped once."""
        if not argument.strip():
            raise ValueError(f"tb takes {FORMS}.")
        self.add_breakpoint(argument.strip(), True)

    do_tb = do_tbreak

    def do_clear(self, argument: str) -> None:
        """``cl(ear) [number ...]``: take breakpoints away; alone, all of them."""
        numbers = []
        for word in argument.split():
            if not word.isdecimal() or int(word) not in self.session.breakpoints:
                known = ", ".join([str(number) for number in self.session.breakpoints]) or "none is set"
                raise ValueError(f"there is no breakpoint {word}; the numbers are: {known}.")
            numbers.append(int(word))
        if not self.session.breakpoints:
            self.say("there are no breakpoints")
        for number in numbers or list(self.session.breakpoints):
            self.say(f"deleted {self.described(number)}")
            self.forget(number)

    do_cl = do_clear

    def add_breakpoint(self, words: str, temporary: bool) -> None:
        """Set a breakpoint in this pass, and note its words for those that follow."""
        made = self.set_breakpoint(words, temporary)
        self.session.made += 1
        self.session.breakpoints[self.session.made] = (words, temporary)
        self.numbers[made.number] = self.session.made
        self.say(self.described(self.session.made))

    def set_breakpoint(self, words: str, temporary: bool) -> Breakpoint:
        """Set a breakpoint in this pass."""
        where = None if self.step is None else self.step.node.where
        criteria = parse(words, "" if where is None else where.filename, self.stepper.nodes, self.frame)
        return self.stepper.break_at(temporary=temporary, **criteria)

    def set_again(self) -> None:
        """Set the breakpoints that an earlier pass has left; one that matches nothing here waits for a later one."""
        for number, (words, temporary) in self.session.breakpoints.items():
            try:
                self.numbers[self.set_breakpoint(words, temporary).number] = number
            except ValueError:
                continue

    def forget(self, number: int) -> None:
        """Take a breakpoint away, here and for the passes that follow."""
        del self.session.breakpoints[number]
        for own, known in list(self.numbers.items()):
            if known == number:
                del self.numbers[own]
                if own in self.stepper.breakpoints:
                    self.stepper.clear(own)

    def described(self, number: int) -> str:
        """Return a line about a breakpoint."""
        words, temporary = self.session.breakpoints[number]
        waits = "" if number in self.numbers.values() else "   (nothing here fits; it waits for another pass)"
        return f"breakpoint {number}{' (once)' if temporary else ''}: {words}{waits}"

    def marks(self) -> set[int]:
        """Return the numbers of the steps that a breakpoint stops at, as far as that is known before they are taken."""
        taken = self.steps_taken()
        found = set()
        for own in self.numbers:
            made = self.stepper.breakpoints.get(own)
            for index, node in enumerate(self.stepper.nodes, start=1):
                if made is not None and would_stop(made, index, node, taken.get(index)):
                    found.add(index)
        return found

    def complete_break(self, text: str, line: str, begin: int, end: int) -> list[str]:
        """Return what can stand here: the forms, the operations, names and modules of this pass, its values."""
        kind = line[:begin].split()[-1] if line[:begin].split() else ""
        found = set()
        for node in self.stepper.nodes:
            if kind.endswith("op="):
                found.add(node.name)
            elif kind.endswith("name="):
                found.update(self.leaf_names(node))
            elif kind.endswith("module=") and node.module:
                found.add(node.module)
        if not kind.endswith("="):
            forms = [f"{each}=" if each in ("op", "name", "module") else each for each in WORDS]
            found.update([*forms, *possible_names(self.stepper.nodes)])
        return sorted([each for each in found if each.startswith(text)])

    complete_b = complete_tb = complete_tbreak = complete_break

    def complete_clear(self, text: str, line: str, begin: int, end: int) -> list[str]:
        """Return the numbers of the breakpoints."""
        return [str(number) for number in self.session.breakpoints if str(number).startswith(text)]

    complete_cl = complete_clear


def would_stop(breakpoint: Breakpoint, index: int, node: Node, step: Step | None) -> bool:
    """Return whether a breakpoint stops at an operation; what depends on numbers is known of a step that was taken."""
    for name, value in breakpoint.criteria.items():
        if name in PATTERNS:
            fits = matches_any(value, texts_of(name, node))
        elif name == "step":
            fits = index == value
        elif isinstance(value, LineBreak):
            fits = value.is_at(position_of(node))
        else:
            try:
                fits = step is not None and breakpoint.holds(name, value, step)
            except RuntimeError:
                fits = True  # it raises, and stops
        if not fits:
            return False
    return True

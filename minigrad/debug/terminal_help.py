"""Help in the terminal stepper, and what becomes of a line that is no command."""

import inspect
from typing import Any

from minigrad.debug.console import Console
from minigrad.debug.scope import did_you_mean, scope_of, unknown_names

#: The commands in the order in which help lists them, by the names of their methods.
GROUPS = {
    "move": ("next", "back", "goto", "continue", "rc", "step"),
    "look": (
        "list",
        "steps",
        "where",
        "args",
        "p",
        "pp",
        "stats",
        "display",
        "undisplay",
        "jac",
        "fd",
        "graph",
        "html",
    ),
    "stop": ("break", "tbreak", "clear"),
    "end": ("finish", "leave", "quit"),
}


class HelpCommands(Console):
    """Help from the docstrings of the commands; near ones for what is unknown."""

    def do_help(self, argument: str) -> None:
        """``h(elp) [command]``: what a command does; alone, all commands in a line each."""
        word = argument.strip()
        if not word:
            self.say(self.overview())
            return
        method = getattr(self, f"do_{word}", None)
        if method is None:
            raise ValueError(f"there is no command {word}.{did_you_mean(word, self.commands())}")
        self.say(text_of(method))

    do_h = do_help

    def overview(self) -> str:
        """Return a line for each command."""
        lines = []
        for group, names in GROUPS.items():
            lines.append(group)
            for name in names:
                usage, _, text = text_of(getattr(self, f"do_{name}")).partition(": ")
                usage = usage if len(usage) <= 20 else usage.split(" ")[0] + " ..."
                lines.append(f"  {usage:21}{text.split('. ')[0].splitlines()[0].rstrip('.')}")
        lines.append("Enter repeats the last command, Tab completes; an expression alone is printed.")
        return "\n".join(lines)

    def commands(self) -> list[str]:
        """Return the names of all commands."""
        return [name[3:] for name in self.get_names() if name.startswith("do_") and name != "do_EOF"]

    def word_of(self, line: str) -> str:
        """Return the full name of the command that a line begins with; empty where it is none."""
        word = self.parseline(line)[0]
        method = getattr(self, f"do_{word}", None)
        return "" if method is None else method.__name__[3:]

    def default(self, line: str) -> None:
        """Print the value of an expression, as pdb does; refuse anything else and suggest commands that are near."""
        word = line.split()[0]
        try:
            known = not unknown_names(line, scope_of(self.step, self.frame))
        except SyntaxError:
            known = False
        if known:
            self.say(repr(self.evaluate(line)))
            return
        names = {*self.commands(), *scope_of(self.step, None)}
        raise ValueError(f"there is no command {word}.{did_you_mean(word, names)} h lists them.")

    def completenames(self, text: str, *ignored: object) -> list[str]:
        """Return the commands that begin with ``text``."""
        return sorted([name for name in self.commands() if name.startswith(text)])


def text_of(method: Any) -> str:
    """Return the docstring of a command as its help."""
    return inspect.cleandoc(method.__doc__ or "").replace("``", "")

"""A program under a real pseudo-terminal, spoken to as by a person."""

import os
import sys
from pathlib import Path

import pexpect

import minigrad
import minigrad_kernels

ROOTS = [str(Path(module.__file__).parents[1]) for module in (minigrad, minigrad_kernels)]
STEP, PDB = "(step) ", "(Pdb) "
#: Nothing here takes a second, but a machine may be busy; what hangs is killed then, and the test fails.
PATIENCE = 60


class Talk:
    """A conversation with ``python ...`` on a terminal of 40 lines and 120 columns; ``echo`` shows what is typed."""

    def __init__(self, *arguments, echo=False, **variables):
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(ROOTS),
            "TERM": "xterm",
            "NO_COLOR": "1",
            **variables,
        }
        # Set in the shell of whoever runs the tests, it would open other passes than the tests ask for.
        if "MINIGRAD_STEP" not in variables:
            environment.pop("MINIGRAD_STEP", None)
        self.child = pexpect.spawn(
            sys.executable,
            [str(each) for each in arguments],
            env=environment,
            encoding="utf-8",
            timeout=PATIENCE,
            dimensions=(40, 120),
            echo=echo,
        )
        # pexpect waits before each line for programs that ask for passwords.
        self.child.delaybeforesend = None

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.child.close(force=True)

    def until(self, prompt=STEP):
        """Return what is printed before the next prompt."""
        self.child.expect_exact(prompt)
        return self.child.before.replace("\r\n", "\n")

    def say(self, line, prompt=STEP):
        """Type a line and return what is printed before the next prompt."""
        self.child.sendline(line)
        return self.until(prompt)

    def interrupt(self, *expected):
        """Press Ctrl-C, again where it was not noticed, until one of some texts appears; return which.

        The interpreter looks for signals between bytecodes and while it waits for a key, and one that comes between the
        two waits for the next key: a person presses again, too.
        """
        for _ in range(100):
            self.child.sendintr()
            found = self.child.expect_exact([pexpect.TIMEOUT, *expected], timeout=0.5)
            if found:
                return found - 1
        raise AssertionError(f"Ctrl-C was not noticed: {self.child.before}")

    def end(self, line=None):
        """Type a last line, if any, and return what is printed until the program ends, and its exit status."""
        if line is not None:
            self.child.sendline(line)
        self.child.expect(pexpect.EOF)
        text = self.child.before.replace("\r\n", "\n")
        self.child.close()
        return text, self.child.exitstatus

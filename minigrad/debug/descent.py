"""From a step into its rule: one call of the rule in the real pdb, with the kernels as plain Python."""

import pdb
import sys
from typing import TYPE_CHECKING, Any

from minigrad_kernels import python_kernels

if TYPE_CHECKING:
    from minigrad.debug.step import Step

# bdb's own frame, which called the rule: a user who steps out of the rule is to be back at the stepper's prompt.
SKIPPED = ("bdb", "minigrad.debug.*", "contextlib")


class RuleDebugger(pdb.Pdb):
    """pdb on one call of a rule; ``c`` and ``q`` lead back to the stepper."""

    def __init__(self, stdin: Any = None, stdout: Any = None) -> None:
        """Talk on the stepper's terminal; None stands for the process's."""
        # pdb's own handler of Ctrl-C would outlive the rule.
        super().__init__(stdin=stdin, stdout=stdout, skip=SKIPPED, nosigint=True)
        if stdin is not None:
            self.use_rawinput = False


def step_into(step: "Step", stdin: Any = None, stdout: Any = None) -> str:
    """Run the rule of a step once more under pdb, on the arrays that it was given; stop on its first line.

    What it returns is shown and thrown away: the pass has its gradients already, so whatever is done in pdb, and an
    exception of the rule too, leaves it as it is.

    Args:
        step: a step whose arrays are there.
        stdin: where pdb reads; None for the process's.
        stdout: where it writes; None for the process's.

    Returns:
        What there is to say when pdb is over, a line.
    """
    vjp = step.node.recorded.vjp
    debugger = RuleDebugger(stdin, stdout)
    outer = sys.gettrace()
    try:
        with python_kernels():
            grads = debugger.runcall(vjp, step.grad_output, *step.saved.values())
    except Exception as error:
        return f"{vjp.__name__} raised {type(error).__name__}: {error}"
    finally:
        sys.settrace(outer)  # of a debugger or a coverage tool around the whole program
    shapes = []
    for grad in grads if isinstance(grads, (tuple, list)) else (grads,):
        shapes.append("None" if grad is None else str(getattr(grad, "shape", type(grad).__name__)))
    return f"{vjp.__name__} returned {', '.join(shapes)}; back at step {step.index} of {step.total}"

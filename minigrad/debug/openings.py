"""A program's backward passes in the stepper: each of them, or the k-th alone.

``python -m minigrad step`` and the variable ``MINIGRAD_STEP`` put ``opened`` in the place of ``backward``; where nobody
asked, ``backward`` is itself, and no ordinary pass knows of this file.
"""

import atexit
import os
import sys
from typing import Any

from minigrad import autograd, tensors
from minigrad.modes import STATE, State

VARIABLE = "MINIGRAD_STEP"
ordinary_backward = autograd.backward


class Passes:
    """The passes of a program that are to be opened.

    Attributes:
        number: the one that is, counted from 1; None for each.
        tui: whether in the full-screen stepper.
        count: how many have begun.
        session: what outlives a pass: breakpoints and displays; None before the first.
    """

    def __init__(self, number: int | None, tui: bool) -> None:
        """Begin to count."""
        self.number = number
        self.tui = tui
        self.count = 0
        self.session: Any = None


#: What is to be opened; None where nobody asked.
asked_for: Passes | None = None


def open_passes(number: int | None = None, tui: bool = False) -> Passes:
    """Open the backward passes of this process in the stepper from now on; return their count.

    Nodes keep their inputs until ``close_passes``, so that an operation can be run again for finite differences.

    Args:
        number: of the only one to open, counted from 1; None for each.
        tui: use the full-screen stepper.
    """
    global asked_for
    if asked_for is not None:
        close_passes()
    asked_for = Passes(number, tui)
    keep_inputs(True)
    put_in_place(opened)
    return asked_for


def close_passes() -> None:
    """Let ``backward`` be itself again."""
    global asked_for
    if asked_for is None:
        return
    asked_for = None
    put_in_place(ordinary_backward)
    keep_inputs(False)


def keep_inputs(kept: bool) -> None:
    """Let the nodes that are made from now on keep their operation's inputs, or not, all other modes being as they are.

    A ``recording()`` would keep the values of the whole training; these go away with the graph of each step.
    """
    state = STATE.get()
    STATE.set(
        State(state.grad_enabled, kept, state.tape, state.module, state.code, state.lasti, state.in_layer, state.outer)
    )


def put_in_place(function: Any) -> None:
    """Make a function what programs call as ``backward``."""
    autograd.backward = function
    # The class is asked for the method, so this is all of it: tensors that exist are opened too.
    tensors.Tensor.backward = function


def opened(
    x: Any,
    gradient: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Any = None,
) -> None:
    """``backward``, one operation at a time where this pass was asked for.

    A pass that is itself recorded, or that is for some tensors only, runs as it is, and a line on stderr says so.
    """
    passes = asked_for
    if passes is None:
        return ordinary_backward(x, gradient, retain_graph, create_graph, inputs)
    passes.count += 1
    if passes.number is not None and passes.count != passes.number:
        return ordinary_backward(x, gradient, retain_graph, create_graph, inputs)
    if create_graph or inputs is not None:
        which = "create_graph=True" if create_graph else "inputs="
        print(f"backward {passes.count} has {which}, which the stepper does not run: not opened", file=sys.stderr)
        return ordinary_backward(x, gradient, retain_graph, create_graph, inputs)
    from minigrad.debug.tracing import step_through

    frame = sys._getframe(1)
    if passes.number is not None:
        close_passes()  # the only one; what follows costs nothing
    passes.session = step_through(
        x, gradient, bool(retain_graph), tui=passes.tui, frame=frame, number=passes.count, session=passes.session
    )
    if passes.session is not None and passes.session.leaving:
        close_passes()
    return None


def open_from_environment() -> None:
    """Open the pass that ``MINIGRAD_STEP`` names: ``MINIGRAD_STEP=3 python train.py`` opens the third.

    Raises:
        ValueError: if it is not a number from 1.
    """
    text = os.environ[VARIABLE]
    if not text.strip():
        return
    if not text.strip().isdecimal() or int(text) < 1:
        # Not by errors.message: where minigrad is imported says nothing of the variable.
        raise ValueError(
            f"{VARIABLE}: the number of a backward pass is needed, counted from 1, got {text!r}.\n"
            "  MINIGRAD_STEP=3 python train.py opens the third; python -m minigrad step train.py opens each."
        )
    atexit.register(tell_if_too_few, open_passes(int(text)), VARIABLE)


def tell_if_too_few(passes: Passes, who: str) -> None:
    """Say on stderr that the pass that was asked for was never reached."""
    if passes.count == 0:
        print(f"{who}: no backward pass was run", file=sys.stderr)
    elif passes.number is not None and passes.count < passes.number:
        ran = f"{passes.count} backward pass was" if passes.count == 1 else f"{passes.count} backward passes were"
        print(f"{who}: {ran} run, and number {passes.number} was asked for", file=sys.stderr)

"""Lines given to the terminal stepper of a network, as a person would type them."""

import io

import minigrad as mg
from minigrad.debug.stepper import Stepper
from minigrad.debug.terminal import Terminal


def talk(loss, *lines, session=None, frame=None, number=None, memory=None):
    """Give the stepper of a loss some lines, and return what it says."""
    stepper = Stepper(loss) if memory is None else Stepper(loss, memory=memory)
    said = io.StringIO()
    terminal = Terminal(stepper, loss, session, frame, io.StringIO("".join([f"{line}\n" for line in lines])), said)
    terminal.prompt = ""
    terminal.interact(number)
    return said.getvalue()


def network(generator=None):
    """Return the leaves and the loss of a network whose weight W is used twice."""
    generator = mg.Generator(3) if generator is None else generator
    W = mg.tensor(mg.randn(3, 3, generator=generator), requires_grad=True, name="W")
    b = mg.tensor(mg.randn(3, generator=generator), requires_grad=True, name="b")
    h = mg.tanh(mg.randn(2, 3, generator=generator) @ W + b)
    o = mg.tanh(h @ W + b)
    return (W, b), (o * o).mean()


def bits(leaves):
    return [leaf.grad.data.tobytes() for leaf in leaves]

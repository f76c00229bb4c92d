"""What it takes to see a graph: a page of 500 operations, and drawings of 5,000.

    python tests/benchmarks/drawing.py [--rounds 5]

Medians. The page is of a residual network of 70 blocks with seven operations each (linear, tanh, linear, relu, linear,
a product and a sum), batch 50, width 12; its time is that of the HTML alone, the trace being there. The drawings are of
a chain of sums and products that reads its beginning again and again: folded as it is by default, and with every
operation, as text and as a picture.
"""

import argparse
import statistics
import time

import minigrad as mg
from minigrad import debug, nn
from minigrad.debug.pages import page_of


class Block(nn.Module):
    """A residual block."""

    def __init__(self, width):
        super().__init__()
        self.inward = nn.Linear(width, width)
        self.up = nn.Linear(width, 2 * width)
        self.down = nn.Linear(2 * width, width)

    def forward(self, x):
        h = self.up(self.inward(x).tanh()).relu()
        return x + self.down(h) * 0.5


def residual_loss():
    """Return a loss of 493 operations."""
    mg.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 12), *[Block(12) for _ in range(70)], nn.Linear(12, 2))
    return nn.functional.cross_entropy(model(mg.randn(50, 2)), mg.arange(50) % 2)


def chain_loss():
    """Return a loss of 5,001 operations."""
    start = mg.ones(3, requires_grad=True)
    h = start
    for step in range(2500):
        h = h * 1.0001 + (start if step % 7 == 3 else 0.5)
    return h.sum()


def drawn_as_text(loss, fold):
    """Draw a graph and return its text."""
    return str(debug.draw(loss, fold=fold))


def drawn_as_picture(loss, fold):
    """Draw a graph and return its picture."""
    return debug.draw(loss, fold=fold).svg()


def measured(rounds, function, *arguments):
    """Return the median of the seconds that a call takes, and the bytes of its text."""
    seconds = []
    for _ in range(rounds):
        began = time.perf_counter()
        text = function(*arguments)
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds), len(text.encode())


def main():
    """Print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="how often each is done (default: 5)")
    rounds = parser.parse_args().rounds
    trace = debug.trace(residual_loss())
    chain = chain_loss()
    rows = [
        (f"page of {len(trace.steps)} operations", *measured(rounds, page_of, trace)),
        ("5,001 operations, folded, as text", *measured(rounds, drawn_as_text, chain, True)),
        ("5,001 operations, folded, as a picture", *measured(rounds, drawn_as_picture, chain, True)),
        ("5,001 operations, each, as text", *measured(rounds, drawn_as_text, chain, False)),
        ("5,001 operations, each, as a picture", *measured(rounds, drawn_as_picture, chain, False)),
    ]
    print(f"{'':42}{'seconds':>9}{'bytes':>12}")
    for what, seconds, size in rows:
        print(f"{what:42}{seconds:9.3f}{size:12,}")


if __name__ == "__main__":
    main()

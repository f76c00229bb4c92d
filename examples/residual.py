"""Why deep networks have skips: the gradient's way back through 30 layers, without and with them.

Backprop multiplies by each layer's transposed weights and by the slope of its activation. If that shrinks the gradient
a little at every layer, nothing is left at the first ones, and they do not learn. A skip, x + f(x), adds the identity
to each factor: whatever f does, the gradient has a way past it.

    python examples/residual.py
"""

import math
from typing import Any

import minigrad as mg
from minigrad import nn

LAYERS = 30
WIDTH = 32


class Block(nn.Module):
    """One layer with a tanh, and past it a skip or not."""

    def __init__(self, skip: bool) -> None:
        """Make a layer of the default initialisation."""
        super().__init__()
        self.linear = nn.Linear(WIDTH, WIDTH)
        self.skip = skip

    def forward(self, x: mg.Tensor) -> mg.Tensor:
        """Return tanh(linear(x)), added to x if there is a skip."""
        h = mg.tanh(self.linear(x))
        return x + h if self.skip else h


def gradient_norms(skip: bool, seed: int) -> list[float]:
    """Return the norm of the gradient of each layer's weight, first layer first, for one batch."""
    mg.manual_seed(seed)
    model = nn.Sequential(*[Block(skip) for _ in range(LAYERS)])
    x, y = mg.randn(64, WIDTH), mg.randn(64, WIDTH)
    ((model(x) - y) ** 2).mean().backward()
    norms = []
    for block in model:
        norms.append(block.linear.weight.grad.norm().item())
    return norms


def bar(norm: float) -> str:
    """Return a bar that grows by two characters for each power of ten above 1e-10."""
    return "#" * max(round(2 * (math.log10(norm) + 10)), 0)


def product_of_a_layer(seed: int) -> float:
    """Show that a layer's dL/dW is a product, its output's gradient times its input; return how far they are apart."""
    mg.manual_seed(seed)
    layer = nn.Linear(WIDTH, WIDTH, dtype=mg.float64)
    x = mg.randn(64, WIDTH, dtype=mg.float64)
    output = layer(x)
    output.retain_grad()
    (output.tanh() ** 2).mean().backward()
    product = output.grad.T @ x
    apart = (layer.weight.grad - product).abs().max().item()
    print(f"dL/dW {layer.weight.grad.shape} = grad_output.T {output.grad.T.shape} @ x {x.shape}: apart by {apart:.0e}")
    return apart


def main(quick: bool = False, seed: int = 0) -> dict[str, Any]:
    """Print the norms by layer and return them; it is quick as it is."""
    plain, residual = gradient_norms(False, seed), gradient_norms(True, seed)
    print(f"Norm of dL/dW by layer, {LAYERS} layers of {WIDTH} neurons with tanh (seed {seed})")
    print(f"layer  {'without skips':32}with skips")
    for number in range(LAYERS):
        left = f"{plain[number]:.1e} {bar(plain[number])}"
        print(f"{number + 1:5}  {left:32}{residual[number]:.1e} {bar(residual[number])}")
    ratios = {"plain": plain[0] / plain[-1], "residual": residual[0] / residual[-1]}
    print(f"first layer's over last layer's: {ratios['plain']:.1e} without skips, {ratios['residual']:.2f} with skips")
    apart = product_of_a_layer(seed)
    return {"plain": plain, "residual": residual, "ratios": ratios, "dL/dW apart": apart}


if __name__ == "__main__":
    main()

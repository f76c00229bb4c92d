"""One step of a recurrent layer as a layer: ``RNNCell``, ``GRUCell``, ``LSTMCell``."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad.errors import describe, message
from minigrad.nn import init
from minigrad.nn.modules import Module
from minigrad.nn.parameters import Parameter
from minigrad.nn.settings import new_parameter, positive_integer
from minigrad.ops.creation import as_tensor
from minigrad.ops.generators import Generator
from minigrad.ops.linears import linear
from minigrad.ops.operands import Tensor
from minigrad.ops.recurrences import gru_step, lstm_step, rnn_step
from minigrad.ops.shapes import unsqueeze


def checked_nonlinearity(who: str, nonlinearity: Any) -> str:
    """Return "tanh" or "relu".

    Raises:
        ValueError: if it is another one.
    """
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(message(who, f"nonlinearity is 'tanh' or 'relu', got {describe(nonlinearity)}."))
    text: str = nonlinearity
    return text


class RecurrentCell(Module):
    """What the cells share: their weights, biases and checks.

    All parameters start as uniform numbers in ±1 / sqrt(hidden_size).

    Args:
        input_size: the length of the input's last axis.
        hidden_size: that of the state.
        bias: whether there are biases.
        dtype: float32 or float64; default: the default floating dtype.
        generator: where the starting values are drawn from; default: the one that ``manual_seed`` seeds.

    Attributes:
        weight_ih: (gates * hidden_size, input_size).
        weight_hh: (gates * hidden_size, hidden_size).
        bias_ih, bias_hh: (gates * hidden_size,), or None.

    Raises:
        ValueError: if a size is not positive; TypeError: if it is no integer.
    """

    gates = 1
    weight_ih: Parameter
    weight_hh: Parameter
    bias_ih: Parameter | None
    bias_hh: Parameter | None

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        *,
        dtype: Any = None,
        generator: Generator | None = None,
    ) -> None:
        """Make the parameters."""
        super().__init__()
        who = type(self).__name__
        self.input_size = positive_integer(who, "input_size", input_size)
        self.hidden_size = positive_integer(who, "hidden_size", hidden_size)
        self.bias = bias
        rows = self.gates * self.hidden_size
        self.weight_ih = new_parameter(type(self), (rows, self.input_size), dtype)
        self.weight_hh = new_parameter(type(self), (rows, self.hidden_size), dtype)
        self.bias_ih = self.bias_hh = None
        for name in ("bias_ih", "bias_hh"):
            self.register_parameter(name, new_parameter(type(self), (rows,), dtype) if bias else None)
        self.reset_parameters(generator)

    def reset_parameters(self, generator: Generator | None = None) -> None:
        """Draw the starting values anew."""
        bound = 1 / math.sqrt(self.hidden_size)
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound, generator)

    def batch_of(self, what: str, value: Any, length: int, rows: tuple[int, ...] | None) -> Any:
        """Return an input or a state with an axis for the batch.

        Args:
            what: it is, for messages.
            value: (N, length), or (length,).
            length: of its last axis.
            rows: the axes before that must be these, if given.

        Raises:
            ValueError: if it has another shape.
        """
        shape = tuple(getattr(value, "shape", ()))
        fits = len(shape) in (1, 2) and shape[-1] == length
        if not fits or (rows is not None and shape[:-1] != rows):
            wanted = f"(N, {length}) or ({length},)" if rows is None else str((*rows, length))
            problem = f"{what} must be {wanted}, got {describe(value)}."
            remedy = f"A whole sequence is for nn.{type(self).__name__.removesuffix('Cell')}." if rows is None else ""
            raise ValueError(message(type(self).__name__, problem, remedy or "A state has the input's batch."))
        return value if len(shape) == 2 else unsqueeze(value, 0)

    def started(self, input: Any, state: Any, what: str = "hx") -> tuple[Any, Any]:
        """Return the projected input and the state, both with an axis for the batch; without a state it is zeros."""
        batch = self.batch_of("the input", input, self.input_size, None)
        if state is None:
            dtype = self.weight_hh.dtype
            state = as_tensor(np.zeros((batch.shape[0], self.hidden_size), dtype))
        else:
            state = self.batch_of(what, state, self.hidden_size, tuple(input.shape[:-1]))
        return linear(batch, self.weight_ih, self.bias_ih), state

    def extra_repr(self) -> str:
        """Return the sizes."""
        return f"{self.input_size}, {self.hidden_size}" + ("" if self.bias else ", bias=False")


class RNNCell(RecurrentCell):
    """One step: ``nonlinearity(input @ weight_ih.T + bias_ih + hx @ weight_hh.T + bias_hh)``.

    Args:
        input_size: the length of the input's last axis.
        hidden_size: that of the state.
        bias: whether there are biases.
        nonlinearity: "tanh" or "relu".
        dtype: float32 or float64; default: the default floating dtype.
        generator: where the starting values are drawn from; default: the one that ``manual_seed`` seeds.

    Raises:
        ValueError: if a size is not positive, or there is no such nonlinearity; TypeError: if a size is no integer.

    Source: Elman, "Finding structure in time", Cognitive Science 1990.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        *,
        dtype: Any = None,
        generator: Generator | None = None,
    ) -> None:
        """Make the parameters."""
        self.nonlinearity = checked_nonlinearity("RNNCell", nonlinearity)
        super().__init__(input_size, hidden_size, bias, dtype=dtype, generator=generator)

    def forward(self, input: Any, hx: Any = None) -> Tensor:
        """Return the next state, (N, hidden_size) or (hidden_size,), from an input and the state, zeros if not given.

        Raises:
            ValueError: if their shapes do not fit.
        """
        projected, hidden = self.started(input, hx)
        state = rnn_step(projected, hidden, self.weight_hh, self.bias_hh, self.nonlinearity)
        return state if state.ndim == len(input.shape) else state[0]

    def extra_repr(self) -> str:
        """Return the settings."""
        text = super().extra_repr()
        return text if self.nonlinearity == "tanh" else f"{text}, nonlinearity={self.nonlinearity!r}"


class GRUCell(RecurrentCell):
    """One step of a gated recurrent unit; arguments and parameters as for ``RecurrentCell``, with gates r, z and n.

    Source: Cho et al., "Learning phrase representations using RNN encoder-decoder", 2014.
    """

    gates = 3

    def forward(self, input: Any, hx: Any = None) -> Tensor:
        """Return the next state, (N, hidden_size) or (hidden_size,), from an input and the state, zeros if not given.

        Raises:
            ValueError: if their shapes do not fit.
        """
        projected, hidden = self.started(input, hx)
        state = gru_step(projected, hidden, self.weight_hh, self.bias_hh)
        return state if state.ndim == len(input.shape) else state[0]


class LSTMCell(RecurrentCell):
    """One step of a long short-term memory; arguments and parameters as for ``RecurrentCell``, gates i, f, g and o.

    Examples:
        >>> import minigrad as mg
        >>> hidden, cell = LSTMCell(3, 2)(mg.zeros(5, 3))
        >>> hidden.shape, cell.shape
        ((5, 2), (5, 2))

    Source: Hochreiter and Schmidhuber, "Long short-term memory", 1997.
    """

    gates = 4

    def forward(self, input: Any, hx: tuple[Any, Any] | None = None) -> tuple[Tensor, Tensor]:
        """Return the next state and cell, each (N, hidden_size) or (hidden_size,).

        Args:
            input: (N, input_size) or (input_size,).
            hx: the state and the cell before; zeros if not given.

        Raises:
            ValueError: if the shapes do not fit; TypeError: if ``hx`` is no pair.
        """
        hidden, cell = pair_of_states("LSTMCell", hx)
        projected, hidden = self.started(input, hidden)
        if cell is None:
            cell = as_tensor(np.zeros((hidden.shape[0], self.hidden_size), self.weight_hh.dtype))
        else:
            cell = self.batch_of("the cell of hx", cell, self.hidden_size, tuple(input.shape[:-1]))
        hidden, cell = lstm_step(projected, hidden, cell, self.weight_hh, self.bias_hh)
        return (hidden, cell) if hidden.ndim == len(input.shape) else (hidden[0], cell[0])


def pair_of_states(who: str, hx: Any) -> tuple[Any, Any]:
    """Return the state and the cell of an LSTM, None and None if none are given.

    Raises:
        TypeError: if they are no pair.
    """
    if hx is None:
        return None, None
    if not isinstance(hx, (tuple, list)) or len(hx) != 2:
        problem = f"hx is a pair, the state and the cell, got {describe(hx)}."
        raise TypeError(message(who, problem, "Pass (h_0, c_0), or leave it out for zeros."))
    return hx[0], hx[1]

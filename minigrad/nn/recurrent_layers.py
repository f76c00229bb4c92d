"""Layers that carry a state from each place of a sequence to the next: ``RNN``, ``GRU`` and ``LSTM``."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from minigrad.errors import describe, message
from minigrad.nn import init
from minigrad.nn.modules import Module
from minigrad.nn.recurrent_cells import checked_nonlinearity, pair_of_states
from minigrad.nn.settings import new_parameter, positive_integer
from minigrad.ops.creation import as_tensor
from minigrad.ops.dropouts import checked_probability, dropout
from minigrad.ops.generators import Generator
from minigrad.ops.joining import cat, stack
from minigrad.ops.linears import linear
from minigrad.ops.operands import Tensor
from minigrad.ops.recurrences import lstm_steps
from minigrad.ops.recurrent_sequences import gru_sequence, lstm_sequence, rnn_sequence
from minigrad.ops.shapes import transpose, unsqueeze


class Recurrent(Module):
    """What ``RNN``, ``GRU`` and ``LSTM`` share: their parameters, checks, layers and directions.

    All parameters start as uniform numbers in ±1 / sqrt(hidden_size).

    Args:
        input_size: the length of the input's last axis.
        hidden_size: that of the state.
        num_layers: how many layers, each of which is given what the one before returns.
        bias: whether there are biases.
        batch_first: whether inputs and outputs are (N, L, features) in place of (L, N, features).
        dropout: the probability with which what a layer hands to the next is dropped while training.
        bidirectional: whether each layer also runs from the end to the beginning; the outputs are joined.
        dtype: float32 or float64; default: the default floating dtype.
        generator: where the starting values and what is dropped are drawn from; default: the one that ``manual_seed``
            seeds.

    Attributes:
        weight_ih_l0: (gates * hidden_size, input_size); the number is that of the layer, and what belongs to the way
            back ends with ``_reverse``. From the second layer on (gates * hidden_size, directions * hidden_size).
        weight_hh_l0: (gates * hidden_size, hidden_size).
        bias_ih_l0, bias_hh_l0: (gates * hidden_size,), unless ``bias=False``.

    Raises:
        ValueError: if a size is not positive, or ``dropout`` not in [0, 1]; TypeError: if one is no number.
    """

    gates = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        *,
        dtype: Any = None,
        generator: Generator | None = None,
    ) -> None:
        """Make the parameters."""
        self.keep(input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional)
        self.make_parameters(0, dtype)
        self.reset_parameters(generator)
        self.generator = generator

    def keep(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int,
        bias: bool,
        batch_first: bool,
        dropout: float,
        bidirectional: bool,
    ) -> None:
        """Keep the settings, after a look at them."""
        who = type(self).__name__
        self.input_size = positive_integer(who, "input_size", input_size)
        self.hidden_size = positive_integer(who, "hidden_size", hidden_size)
        self.num_layers = positive_integer(who, "num_layers", num_layers)
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = checked_probability(who, dropout)
        self.bidirectional = bidirectional
        if self.dropout > 0 and self.num_layers == 1:
            problem = f"{who}: dropout={dropout} drops between layers, and num_layers=1 has nothing between them."
            warnings.warn(problem, stacklevel=4)

    def make_parameters(self, projected: int, dtype: Any) -> None:
        """Make the parameters of all layers, whose outputs are projected to so many numbers, or not if 0."""
        rows = self.gates * self.hidden_size
        width = projected or self.hidden_size
        self.names: list[list[str]] = []
        for layer in range(self.num_layers):
            for way in ("", "_reverse") if self.bidirectional else ("",):
                columns = self.input_size if layer == 0 else width * (1 + self.bidirectional)
                shapes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, columns), "weight_hh": (rows, width)}
                if self.bias:
                    shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
                if projected:
                    shapes["weight_hr"] = (projected, self.hidden_size)
                names = []
                for role, shape in shapes.items():
                    names.append(f"{role}_l{layer}{way}")
                    self.register_parameter(names[-1], new_parameter(type(self), shape, dtype))
                self.names.append(names)

    def reset_parameters(self, generator: Generator | None = None) -> None:
        """Draw the starting values anew."""
        bound = 1 / math.sqrt(self.hidden_size)
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound, generator)

    @property
    def all_weights(self) -> list[list[Any]]:
        """The parameters of each layer and direction: of the input, of the state, the biases, the projection."""
        found = []
        for names in self.names:
            found.append([getattr(self, name) for name in names])
        return found

    def check_input(self, input: Any) -> None:
        """Raise a ValueError unless the input has two or three axes, the last of ``input_size``, and a step."""
        shape = tuple(getattr(input, "shape", ()))
        if len(shape) not in (2, 3) or shape[-1] != self.input_size:
            axes = "N, L" if self.batch_first else "L, N"
            problem = f"({axes}, {self.input_size}) or (L, {self.input_size}) is needed, got {describe(input)}."
            raise ValueError(message(type(self).__name__, problem, "The last axis is that of the features."))
        if shape[1 if self.batch_first and len(shape) == 3 else 0] == 0:
            problem = f"a sequence of at least one step is needed, got {describe(input)}."
            raise ValueError(message(type(self).__name__, problem, "Leave empty sequences out."))

    def states(self, what: str, given: Any, length: int, input: Any) -> list[Any]:
        """Return the states of all layers and directions before the first step, each (N, length).

        Args:
            what: they are, for messages.
            given: (layers * directions, N, length), without N for an input without batch; None for zeros.
            length: of the last axis.
            input: what the layer was given.

        Raises:
            ValueError: if they have another shape; TypeError: if they have another dtype than the parameters.
        """
        count, batched = self.num_layers * (1 + self.bidirectional), len(input.shape) == 3
        rows = input.shape[0 if self.batch_first else 1] if batched else 1
        dtype = self.all_weights[0][0].dtype
        if given is None:
            return [as_tensor(np.zeros((rows, length), dtype))] * count
        wanted = (count, rows, length) if batched else (count, length)
        if getattr(given, "dtype", dtype) != dtype:
            problem = f"{what} must be of {dtype}, as the parameters, got {describe(given)}."
            raise TypeError(
                message(type(self).__name__, problem, "Convert it (hx.float()) or the module (model.to(dtype)).")
            )
        if tuple(getattr(given, "shape", ())) != wanted:
            problem = f"{what} must be {wanted} beside an input of {tuple(input.shape)}, got {describe(given)}."
            remedy = "Its axes are layers times directions, the batch (if the input has one), the state."
            raise ValueError(message(type(self).__name__, problem, remedy))
        return [given[place] if batched else given[place : place + 1] for place in range(count)]

    def run(self, input: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        """Return the output of the last layer, of the input's layout, and the last states of all layers."""
        self.check_input(input)
        batched = len(input.shape) == 3
        x = input if batched else unsqueeze(input, 1)
        swapped = batched and self.batch_first
        if swapped:
            x = transpose(x, 0, 1)
        weights, directions, last = self.all_weights, 1 + self.bidirectional, []
        for layer in range(self.num_layers):
            outputs = []
            for way in range(directions):
                place = layer * directions + way
                output, state = self.steps(x, states[place], weights[place], way == 1)
                outputs.append(output)
                last.append(state)
            x = outputs[0] if directions == 1 else cat(outputs, 2)
            if self.dropout > 0 and layer < self.num_layers - 1:
                x = dropout(x, self.dropout, self.training, generator=self.generator)
        if swapped:
            x = transpose(x, 0, 1)
        return (x if batched else x[:, 0]), last

    def steps(self, x: Any, state: Any, weights: list[Any], backwards: bool) -> tuple[Any, Any]:
        """Return the output of one layer in one direction, and its last state; each class has its own."""
        raise NotImplementedError(f"{type(self).__name__} has no steps")

    def joined(self, states: list[Any], batched: bool) -> Tensor:
        """Return the last states of all layers as one tensor, without the axis of the batch if there was none."""
        result = unsqueeze(states[0], 0) if len(states) == 1 else stack(states)
        return result if batched else result[:, 0]

    def forward(self, input: Any, hx: Any = None) -> tuple[Tensor, Tensor]:
        """Return the output at each place and the last state of each layer and direction.

        Args:
            input: (L, N, input_size), with ``batch_first`` (N, L, input_size), or (L, input_size).
            hx: (num_layers * directions, N, hidden_size), without N if the input has none; zeros if not given.

        Returns:
            output: as the input, with directions * hidden_size for the last axis.
            h_n: of the shape of ``hx``.

        Raises:
            ValueError: if the shapes do not fit.
        """
        self.check_input(input)
        output, last = self.run(input, self.states("hx", hx, self.hidden_size, input))
        return output, self.joined(last, len(input.shape) == 3)

    def extra_repr(self) -> str:
        """Return the sizes, and the settings that are not the default."""
        texts = [f"{self.input_size}, {self.hidden_size}"]
        for name, default in (("num_layers", 1), ("bias", True), ("batch_first", False), ("dropout", 0.0)):
            if getattr(self, name) != default:
                texts.append(f"{name}={getattr(self, name)}")
        return ", ".join(texts + ["bidirectional=True"] * self.bidirectional)


class RNN(Recurrent):
    """``h = nonlinearity(x @ weight_ih.T + bias_ih + h @ weight_hh.T + bias_hh)`` along a sequence.

    Args:
        input_size: the length of the input's last axis.
        hidden_size: that of the state.
        num_layers: how many layers.
        nonlinearity: "tanh" or "relu".
        bias, batch_first, dropout, bidirectional, dtype, generator: as for ``Recurrent``.

    Raises:
        ValueError, TypeError: as ``Recurrent``, and if there is no such nonlinearity.

    Examples:
        >>> import minigrad as mg
        >>> output, h_n = RNN(3, 4, bidirectional=True)(mg.zeros(5, 2, 3))
        >>> output.shape, h_n.shape
        ((5, 2, 8), (2, 2, 4))

    Source: Elman, "Finding structure in time", Cognitive Science 1990.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        *,
        dtype: Any = None,
        generator: Generator | None = None,
    ) -> None:
        """Make the parameters."""
        self.nonlinearity = checked_nonlinearity("RNN", nonlinearity)
        settings = (input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional)
        super().__init__(*settings, dtype=dtype, generator=generator)

    def steps(self, x: Any, state: Any, weights: list[Any], backwards: bool) -> tuple[Any, Any]:
        """Return the output of one layer in one direction, and its last state."""
        weight_ih, weight_hh, bias_ih, bias_hh = [*weights, None, None][:4]
        bias = bias_ih + bias_hh if self.bias else None
        output = rnn_sequence(linear(x, weight_ih, bias), state, weight_hh, self.nonlinearity, backwards)
        return output, output[0 if backwards else -1]

    def extra_repr(self) -> str:
        """Return the sizes, and the settings that are not the default."""
        text = super().extra_repr()
        return text if self.nonlinearity == "tanh" else f"{text}, nonlinearity={self.nonlinearity!r}"


class GRU(Recurrent):
    """Gated recurrent units along a sequence; arguments as for ``Recurrent``, gates r, z and n.

    Source: Cho et al., "Learning phrase representations using RNN encoder-decoder", 2014.
    """

    gates = 3

    def steps(self, x: Any, state: Any, weights: list[Any], backwards: bool) -> tuple[Any, Any]:
        """Return the output of one layer in one direction, and its last state."""
        weight_ih, weight_hh, bias_ih, bias_hh = [*weights, None, None][:4]
        output = gru_sequence(linear(x, weight_ih, bias_ih), state, weight_hh, bias_hh, backwards)
        return output, output[0 if backwards else -1]


class LSTM(Recurrent):
    """Long short-term memory along a sequence; gates i, f, g and o.

    Args:
        input_size: the length of the input's last axis.
        hidden_size: that of the cell, and of the state unless it is projected.
        num_layers: how many layers.
        bias, batch_first, dropout, bidirectional, dtype, generator: as for ``Recurrent``.
        proj_size: the length of the state, to which it is projected by ``weight_hr_l0``, (proj_size, hidden_size); 0
            for no projection.

    Raises:
        ValueError, TypeError: as ``Recurrent``, and if ``proj_size`` is not below ``hidden_size``.

    Examples:
        >>> import minigrad as mg
        >>> output, (h_n, c_n) = LSTM(3, 4, batch_first=True)(mg.zeros(2, 5, 3))
        >>> output.shape, h_n.shape, c_n.shape
        ((2, 5, 4), (1, 2, 4), (1, 2, 4))

    Source: Hochreiter and Schmidhuber, "Long short-term memory", 1997.
    """

    gates = 4

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        *,
        dtype: Any = None,
        generator: Generator | None = None,
    ) -> None:
        """Make the parameters."""
        self.keep(input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional)
        self.proj_size = 0 if proj_size == 0 else positive_integer("LSTM", "proj_size", proj_size)
        if self.proj_size >= self.hidden_size:
            problem = f"proj_size must be below hidden_size={hidden_size}, got {proj_size}."
            raise ValueError(message("LSTM", problem, "0 leaves the projection out."))
        self.make_parameters(self.proj_size, dtype)
        self.reset_parameters(generator)
        self.generator = generator

    def forward(self, input: Any, hx: Any = None) -> Any:
        """Return the output at each place, and the last states and cells.

        Args:
            input: (L, N, input_size), with ``batch_first`` (N, L, input_size), or (L, input_size).
            hx: the states, (num_layers * directions, N, hidden_size or proj_size), and the cells, (num_layers *
                directions, N, hidden_size), each without N if the input has none; zeros if not given.

        Returns:
            output: as the input, with directions * hidden_size (or proj_size) for the last axis.
            (h_n, c_n): of the shapes of ``hx``.

        Raises:
            ValueError: if the shapes do not fit; TypeError: if ``hx`` is no pair.
        """
        self.check_input(input)
        given, cells = pair_of_states("LSTM", hx)
        states = self.states("h_0", given, self.proj_size or self.hidden_size, input)
        pairs = list(zip(states, self.states("c_0", cells, self.hidden_size, input)))
        output, last = self.run(input, pairs)
        hidden = [each for each, _ in last]
        cell = [each for _, each in last]
        batched = len(input.shape) == 3
        return output, (self.joined(hidden, batched), self.joined(cell, batched))

    def steps(self, x: Any, state: Any, weights: list[Any], backwards: bool) -> tuple[Any, Any]:
        """Return the output of one layer in one direction, and its last state and cell."""
        hidden, cell = state
        projected = linear(x, weights[0], weights[2] + weights[3] if self.bias else None)
        if self.proj_size:
            output, cell = lstm_steps(projected, hidden, cell, weights[1], backwards, weights[-1])
        else:
            output, cell = lstm_sequence(projected, hidden, cell, weights[1], backwards)
        return output, (output[0 if backwards else -1], cell)

    def extra_repr(self) -> str:
        """Return the sizes, and the settings that are not the default."""
        text = super().extra_repr()
        return f"{text}, proj_size={self.proj_size}" if self.proj_size else text

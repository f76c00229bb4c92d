"""``Subject``: a model's loss on one batch, as a function of its parameters, that leaves the model as it was."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import tensors
from minigrad.errors import describe, message
from minigrad.graph import wrap
from minigrad.modes import STATE, State
from minigrad.ops.creation import as_tensor
from minigrad.ops.generators import Generator, default_generator
from minigrad.writes import stamp_write

BATCH = "Pass (inputs, target); loss_fn(model(inputs), target) is what the training loop computes."


class Subject:
    """A model, a batch and a loss function.

    Args:
        model: a Module.
        batch: ``(inputs, ..., target)``, or a tensor alone where the loss has no target.
        loss_fn: called as ``loss_fn(output, target)``.

    Attributes:
        names: of the parameters that require grad, dotted; each tensor once.
        parameters: those tensors.

    Raises:
        TypeError: if one of the three is something else.
        ValueError: if no parameter requires grad.
    """

    def __init__(self, model: Any, batch: Any, loss_fn: Any) -> None:
        """Check what is given, and remember where the parameters are."""
        from minigrad.nn.modules import Module

        if not isinstance(model, Module):
            problem = f"a Module is needed, got {describe(model)}."
            raise TypeError(message("doctor", problem, "The model comes first, an object and not its class."))
        if not callable(loss_fn):
            problem = f"the loss must be a function, got {describe(loss_fn)}."
            raise TypeError(message("doctor", problem, "Pass the function itself: nn.functional.mse_loss."))
        self.model = model
        self.loss_fn = loss_fn
        self.inputs, self.target = split_batch(batch)
        self.modules = [*model.modules(), *(loss_fn.modules() if isinstance(loss_fn, Module) else ())]
        self.names: list[str] = []
        self.parameters: list[Any] = []
        self.places: list[list[tuple[Any, str]]] = []
        self.find_parameters()
        if not self.parameters:
            problem = f"no parameter of {type(model).__name__} requires grad, so there is nothing to train."
            raise ValueError(message("doctor", problem, "Switch them on: model.requires_grad_(True)."))

    def find_parameters(self) -> None:
        """Note the parameters that require grad, and under which names of which modules each is owned."""
        known: dict[int, int] = {}
        for path, module in self.model.named_modules():
            for name, parameter in module._parameters.items():
                if parameter is None or not parameter.requires_grad:
                    continue
                if id(parameter) not in known:
                    known[id(parameter)] = len(self.parameters)
                    self.names.append(f"{path}.{name}" if path else name)
                    self.parameters.append(parameter)
                    self.places.append([])
                self.places[known[id(parameter)]].append((module, name))

    def variables(self) -> list[Any]:
        """Return new leaves with the values of the parameters, to differentiate by: their hooks stay out of it."""
        found = []
        for parameter in self.parameters:
            # Copies, because a forward may clip its weights in place.
            twin = parameter.detach().clone()
            twin.requires_grad = True
            found.append(twin)
        return found

    def run(self, variables: Any, tape: list[Any] | None = None) -> tuple[Any, Any, int]:
        """Return the output of the model and the loss with other tensors in the place of the parameters.

        Args:
            variables: a tensor for each of ``parameters``.
            tape: receives every operation; or None.

        Returns:
            The output, the loss, and how many operations of the tape are the model's.

        Raises:
            TypeError: if the loss is no Tensor; ValueError: if it has several elements.
        """
        kept = Kept(self.modules)
        state = STATE.get()
        token = STATE.set(State(True, state.keep_inputs, state.tape if tape is None else tape))
        try:
            for tensor, places in zip(variables, self.places):
                for module, name in places:
                    module._parameters[name] = tensor
                    module.__dict__[name] = tensor
            output = self.model(*[each.clone() for each in self.inputs])
            of_model = 0 if tape is None else len(tape)
            loss = self.loss_of(output)
        finally:
            STATE.reset(token)
            kept.put_back()
        return output, loss, of_model

    def loss_of(self, output: Any) -> Any:
        """Return the loss of an output of the model.

        Raises:
            TypeError: if it is no Tensor; ValueError: if it has several elements.
        """
        loss = self.loss_fn(output) if self.target is None else self.loss_fn(output, self.target)
        if not isinstance(loss, tensors.Tensor):
            problem = f"the loss must be a Tensor, got {describe(loss)}."
            raise TypeError(message("doctor", problem, "Return it before .item(); numbers and arrays left the graph."))
        if loss.numel() != 1:
            problem = f"the loss must be one number, got {describe(loss)}."
            raise ValueError(message("doctor", problem, "Reduce it: .mean() or .sum()."))
        return loss.sum() if loss.ndim else loss


class Kept:
    """What a run of modules may change: their attributes, the numbers in their tensors, the generators they draw from.

    Args:
        modules: the modules.
    """

    def __init__(self, modules: list[Any]) -> None:
        """Copy the attributes, and the numbers of every tensor that is no parameter."""
        self.mappings: list[tuple[dict[str, Any], dict[str, Any]]] = []
        self.arrays: list[tuple[Any, np.ndarray, np.ndarray]] = []
        generators = {id(default_generator()): default_generator()}
        for module in modules:
            for mapping in (module.__dict__, module._parameters, module._buffers, module._modules):
                self.mappings.append((mapping, dict(mapping)))
            for name, value in module.__dict__.items():
                if isinstance(value, tensors.Tensor) and name not in module._parameters:
                    self.arrays.append((value, value._data, value._data.copy()))
                elif isinstance(value, Generator):
                    generators[id(value)] = value
        self.generators = [(each, each.get_state()) for each in generators.values()]

    def put_back(self) -> None:
        """Put everything back that has changed."""
        for mapping, before in self.mappings:
            for name in list(mapping):
                if name not in before:
                    del mapping[name]
            mapping.update(before)
        for tensor, array, values in self.arrays:
            if tensor._data is not array or array.tobytes() != values.tobytes():
                tensor._data = array
                np.copyto(array, values)
                stamp_write(tensor._stamp)
        for generator, state in self.generators:
            if generator.get_state() != state:
                generator.set_state(state)


def split_batch(batch: Any) -> tuple[tuple[Any, ...], Any]:
    """Return what the model is called with, and the target or None.

    Raises:
        TypeError: if the batch is not made of tensors or arrays; ValueError: if it is empty.
    """
    if isinstance(batch, (tensors.Tensor, np.ndarray)):
        batch = (batch, None)
    if not isinstance(batch, (tuple, list)) or len(batch) < 2:
        raise TypeError(message("doctor", f"a batch is a pair of tensors, got {describe(batch)}.", BATCH))
    *inputs, target = batch
    for each in inputs:
        if not isinstance(each, (tensors.Tensor, np.ndarray)):
            raise TypeError(message("doctor", f"the inputs must be tensors or arrays, got {describe(each)}.", BATCH))
        if each.ndim and each.shape[0] == 0:
            problem = f"the batch is empty: {describe(each)}."
            raise ValueError(message("doctor", problem, "Pass the samples of one training step."))
    arguments = []
    for each in inputs:
        arguments.append(as_tensor(each) if isinstance(each, np.ndarray) else each.detach())
    return tuple(arguments), wrap(target) if isinstance(target, np.ndarray) else target

"""``lint``: the common mistakes of training loops, found while one runs."""

from __future__ import annotations

import warnings
from threading import get_ident
from types import TracebackType
from typing import Any, Self

from minigrad.debug.lint_watch import StepWatch, Watched, Watcher
from minigrad.errors import describe, message
from minigrad.modes import STATE, State, current_state
from minigrad.positions import Position, user_position

#: How many parameters a sentence names.
NAMED = 3


class LintWarning(UserWarning):
    """A mistake that ``lint`` found, shown at the line that it was made in."""


class LintError(RuntimeError):
    """A mistake that ``lint(strict=True)`` found."""


class Mistake:
    """What ``lint`` found.

    Attributes:
        name: ``forgotten zero_grad``, ``step without backward``, ``parameter not in the optimizer``, ``parameter not
            reached by the loss``, ``stale parameter in the optimizer``, or ``shapes (N, 1) and (N,) in a loss``.
        where: the source line, a Position, or None where it is not known.
        parameters: the names of those concerned.
        sentence: what happened.
        remedy: what to do.
    """

    __slots__ = ("name", "parameters", "remedy", "sentence", "where")

    def __init__(self, name: str, where: Position | None, parameters: list[str], sentence: str, remedy: str) -> None:
        """Hold it."""
        self.name = name
        self.where = where
        self.parameters = parameters
        self.sentence = sentence
        self.remedy = remedy

    def __str__(self) -> str:
        """Return the mistake, its source line and the remedy."""
        lines = [f"{self.name}: {self.sentence}"]
        if self.where is not None:
            lines.append(f"  at {self.where}: {self.where.source}")
        return "\n".join([*lines, f"  {self.remedy}"])

    def __repr__(self) -> str:
        """Return its name and place."""
        return f"<Mistake {self.name}" + (f" at {self.where}>" if self.where else ">")


class lint:
    """Watch a training loop for its common mistakes, with their source lines.

    These are found: a forgotten ``zero_grad``; a ``step`` without a backward; a parameter that gets a gradient and is
    in no optimizer; one that the optimizer has and the loss does not reach; an optimizer that holds parameters of an
    earlier model; a prediction of (N, 1) against a target of (N,) in a loss.

    At the end of the block they are warned about, each at its line; with ``strict`` they raise, where they happen if
    that is known, else at the end. Only what this thread does is looked at. Outside of the block nothing is changed.

    Args:
        model: the Module.
        optimizer: that of the loop; or a list of all, where there are several (two of a GAN).
        strict: raise instead of warning.

    Attributes:
        mistakes: what was found.

    Raises:
        TypeError: if ``model`` or ``optimizer`` is something else; RuntimeError: if one object is entered twice.
        LintError: with ``strict``: for the first mistake, or at the end for all.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad import nn, optim
        >>> model = nn.Linear(2, 1)
        >>> optimizer = optim.SGD(model.parameters(), lr=0.1)
        >>> with lint(model, optimizer, strict=True):  # doctest: +ELLIPSIS
        ...     for _ in range(2):
        ...         model(mg.ones(3, 2)).mean().backward()
        ...         optimizer.step()
        Traceback (most recent call last):
            ...
        minigrad.debug.linting.LintError: forgotten zero_grad: the gradient of weight, bias still held what the step ...
    """

    def __init__(self, model: Any, optimizer: Any, *, strict: bool = False) -> None:
        """Check what is given; nothing is watched before the block."""
        from minigrad.nn.modules import Module
        from minigrad.optim.optimizers import Optimizer

        if not isinstance(model, Module):
            problem = f"a Module is needed, got {describe(model)}."
            raise TypeError(message("lint", problem, "The model comes first, an object and not its class."))
        self.model = model
        self.optimizers = list(optimizer) if isinstance(optimizer, (list, tuple)) else [optimizer]
        for each in self.optimizers:
            if not isinstance(each, Optimizer):
                problem = f"an optimizer of minigrad.optim, or a list of them, is needed, got {describe(each)}."
                raise TypeError(message("lint", problem, "Write lint(model, optimizer)."))
        self.strict = strict
        self.mistakes: list[Mistake] = []
        self.thread = 0
        self.passes = 0
        self.last_pass: Position | None = None
        self.by_id: dict[int, Watched] = {}
        # For each optimizer where it stepped last, and how many backward passes there had been before.
        self.stepped: dict[int, Position | None] = {}
        self.passes_then: dict[int, int] = {}

    def __enter__(self) -> Self:
        """Watch from here on."""
        if self.thread:
            problem = "this block has been entered already."
            raise RuntimeError(message("lint", problem, "Make a new one for each block: with debug.lint(...):"))
        self.thread = get_ident()
        self.where = user_position()
        for name, parameter in self.model.named_parameters():
            self.by_id[id(parameter)] = Watched(name, parameter, True)
        for optimizer in self.optimizers:
            for parameter in parameters_of(optimizer):
                if id(parameter) not in self.by_id:
                    own = f"{parameter.name or 'a tensor'} {parameter.shape}"
                    self.by_id[id(parameter)] = Watched(own, parameter, False)
        for watched in self.by_id.values():
            watched.watch(self)
        for number, optimizer in enumerate(self.optimizers):
            vars(optimizer)["step"] = StepWatch(self, number, optimizer.step)
        state = current_state()
        self.watcher = Watcher(self, state.tape)
        self.tape: Any = self.watcher
        self.token = STATE.set(with_watcher(state, self.tape))
        self.state = current_state()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Watch no longer; warn, or raise if ``strict``."""
        state = current_state()
        if state is self.state:
            STATE.reset(self.token)
        elif state.tape is self.tape:  # gradients were switched on or off in the block, to stay so
            STATE.set(with_watcher(state, self.watcher.outer))
        for optimizer in self.optimizers:
            own = vars(optimizer).pop("step", None)
            step = own.step if isinstance(own, StepWatch) else own
            if step is not None and not is_method_of(step, optimizer):
                vars(optimizer)["step"] = step
        for watched in self.by_id.values():
            watched.leave()
        if error is not None:
            for mistake in () if isinstance(error, LintError) else self.mistakes:
                error.add_note(f"lint had found: {mistake}")
            return
        self.at_the_end()
        if self.strict and self.mistakes:
            raise LintError("\n".join([str(mistake) for mistake in self.mistakes]))
        for mistake in self.mistakes:
            place = mistake.where or self.where
            if place is None:
                warnings.warn(str(mistake), LintWarning, stacklevel=2)
            else:
                warnings.warn_explicit(str(mistake), LintWarning, place.filename, place.line)

    # While the block runs -------------------------------------------------------------------------------------------

    def found(self, mistake: Mistake, at_once: bool) -> None:
        """Note a mistake, once for each name and line; raise it if that is asked for, and it has just happened."""
        for known in self.mistakes:
            if known.name == mistake.name and known.where == mistake.where:
                return
        self.mistakes.append(mistake)
        if self.strict and at_once:
            raise LintError(str(mistake))

    def before_step(self, number: int, where: Position | None) -> None:
        """Look at the gradients that an optimizer is about to use."""
        watched = [self.by_id[id(each)] for each in parameters_of(self.optimizers[number]) if id(each) in self.by_id]
        arrays = [each.array for each in watched]
        used = [each.consumed.get(number) for each in watched]
        fresh = [array is not None and array is not old for array, old in zip(arrays, used)]
        quiet = self.passes == self.passes_then.get(number, 0)
        if watched and not any(fresh) and (quiet or any(each.in_model for each in watched)):
            none = all(array is None for array in arrays)
            # Gradients that are there at the first step may come from before the block.
            self.without_backward(none, number, where)
        doubled = [each for each, new in zip(watched, fresh) if new and each.doubled is not None]
        if doubled:
            first = doubled[0].doubled
            sentence = (
                f"the gradient of {names(doubled)} still held what the step at {self.stepped.get(number)} had used "
                f"when the backward at {first} added to it."
            )
            remedy = "Call optimizer.zero_grad() between a step and the next backward()."
            self.found(Mistake("forgotten zero_grad", where, [each.name for each in doubled], sentence, remedy), True)

    def without_backward(self, none: bool, number: int, where: Position | None) -> None:
        """Note a step that no backward pass came before."""
        sentence = "no parameter has a gradient" if none else "the gradients are those of the step before"
        if not none and self.stepped.get(number) is not None:
            sentence += f", at {self.stepped[number]}"
        remedy = "Call loss.backward() before it, after zero_grad()."
        self.found(Mistake("step without backward", where, [], f"{sentence}.", remedy), True)

    def after_step(self, number: int, where: Position | None) -> None:
        """Remember which gradients an optimizer has used."""
        self.stepped[number] = where
        self.passes_then[number] = self.passes
        for parameter in parameters_of(self.optimizers[number]):
            watched = self.by_id.get(id(parameter))
            if watched is not None:
                watched.doubled = None
                watched.consumed[number] = watched.array

    def crossed_shapes(self, name: str, x: Any, y: Any, where: Position | None) -> None:
        """Note that a prediction and a target are broadcast against each other."""
        count = max(*x.shape, *y.shape)
        sentence = (
            f"{name} of {describe(x)} and {describe(y)} makes ({count}, {count}): each prediction meets each target."
        )
        remedy = "Give both one shape: target.reshape(prediction.shape), or prediction.squeeze(-1)."
        self.found(Mistake("shapes (N, 1) and (N,) in a loss", where, [], sentence, remedy), True)

    # At its end -----------------------------------------------------------------------------------------------------

    def at_the_end(self) -> None:
        """Look at which parameters were reached and which were stepped."""
        if not self.stepped or not any(each.passes for each in self.by_id.values()):
            return
        in_model = {id(each) for each in self.model.parameters()}
        in_optimizer: set[int] = set()
        for optimizer in self.optimizers:
            in_optimizer.update([id(each) for each in parameters_of(optimizer)])
        outside = []
        for name, parameter in self.model.named_parameters():
            watched = self.by_id.get(id(parameter)) or Watched(name, parameter, True)
            reached = watched.passes > 0 or parameter._grad is not None
            # One that something else has written to is another optimizer's, or updated by hand.
            if id(parameter) not in in_optimizer and parameter.requires_grad and reached and not watched.written:
                outside.append(watched)
        last = list(self.stepped.values())[-1]
        if outside:
            verb = "gets a gradient and is" if len(outside) == 1 else "get gradients and are"
            sentence = f"{names(outside)} {verb} in no optimizer, so no step changes it."
            remedy = "Add it: optimizer.add_param_group({'params': [...]}); or freeze it: requires_grad_(False). "
            remedy += "lint takes several optimizers as a list."
            self.found(
                Mistake("parameter not in the optimizer", last, [x.name for x in outside], sentence, remedy), False
            )
        for number, optimizer in enumerate(self.optimizers):
            if number in self.stepped:
                self.unreached(number, optimizer, in_model, bool(outside))

    def unreached(self, number: int, optimizer: Any, in_model: set[int], outside: bool) -> None:
        """Look for parameters of an optimizer that no backward pass has reached: stale ones, or cut off."""
        mine = [self.by_id[id(each)] for each in parameters_of(optimizer) if id(each) in self.by_id]
        # One that was frozen when the block began has not been watched.
        cold = [each for each in mine if each.handle is not None and each.passes == 0 and each.array is None]
        cold = [each for each in cold if each.parameter.requires_grad]
        stale = [each for each in cold if id(each.parameter) not in in_model]
        if stale and outside:
            sentence = f"the optimizer holds {names(stale)}, which {verb(stale)} not part of the model."
            remedy = "Make the optimizer after the last change of the model: its layers were replaced since."
            found = [each.name for each in stale]
            self.found(
                Mistake("stale parameter in the optimizer", self.stepped[number], found, sentence, remedy), False
            )
        cut = [each for each in cold if id(each.parameter) in in_model]
        if not cut or len(cold) == len(mine):
            return
        unused = [each for each in cut if each.used is None]
        if unused:
            sentence = f"{names(unused)} took part in no operation, so no backward pass gave a gradient."
            self.unused_or_cut(unused, sentence, "Use it in forward, or take it out of the model or the optimizer.")
        lost = [each for each in cut if each.used is not None]
        if lost:
            use = lost[0].used
            sentence = f"no backward pass gave {names(lost)} a gradient, though {lost[0].name} was used at {use}"
            sentence += f": {use.source}" if use is not None else ""
            self.unused_or_cut(lost, sentence, "Look for detach(), .data, numpy() or no_grad() behind it.")

    def unused_or_cut(self, watched: list[Watched], sentence: str, remedy: str) -> None:
        """Note parameters that no backward pass has reached; those not used stand at the pass, others at their use."""
        where = watched[0].used or self.last_pass
        found = [each.name for each in watched]
        self.found(Mistake("parameter not reached by the loss", where, found, sentence, remedy), False)


def with_watcher(state: State, tape: Any) -> State:
    """Return the modes in force with another tape."""
    return State(
        state.grad_enabled, state.keep_inputs, tape, state.module, state.code, state.lasti, state.in_layer, state.outer
    )


def is_method_of(step: Any, optimizer: Any) -> bool:
    """Return whether a step is the class's own, not one that somebody has put onto the object."""
    kind: Any = type(optimizer)
    return getattr(step, "__self__", None) is optimizer and getattr(step, "__func__", None) is kind.step


def parameters_of(optimizer: Any) -> list[Any]:
    """Return all parameters of an optimizer."""
    found = []
    for group in optimizer.param_groups:
        found += group["params"]
    return found


def names(watched: list[Watched]) -> str:
    """Return the first few names, and how many more there are."""
    text = ", ".join([each.name for each in watched[:NAMED]])
    return text if len(watched) <= NAMED else f"{text} and {len(watched) - NAMED} more"


def verb(watched: list[Watched]) -> str:
    """Return ``is`` or ``are``."""
    return "is" if len(watched) == 1 else "are"

"""Which arguments a derivative is taken by, and what a function has returned."""

from __future__ import annotations

from typing import Any

from minigrad import tensors
from minigrad.errors import describe, message
from minigrad.func.trees import Structure, flatten, unflatten
from minigrad.func.variables import as_variable
from minigrad.ops.operands import Tensor

Argnums = int | tuple[int, ...]


class Variables:
    """The arguments that a derivative is taken by, each leaf replaced by a tensor of its own.

    Attributes:
        leaves: the new tensors, which require grad.
        structures: what was around them, one structure for each of the arguments.
        single: whether ``argnums`` was one number, so that the derivative is no tuple.
        args: all arguments, with the new tensors in their places.
    """

    __slots__ = ("args", "leaves", "single", "structures")

    def __init__(self, who: str, argnums: Argnums, args: tuple[Any, ...]) -> None:
        """Replace the leaves of the arguments that ``argnums`` names."""
        self.leaves: list[Tensor] = []
        self.structures: list[Structure] = []
        self.single = not isinstance(argnums, (tuple, list))
        replaced = list(args)
        for number in checked_argnums(who, argnums, len(args)):
            leaves, structure = flatten(args[number])
            own = []
            for leaf in leaves:
                own.append(as_variable(who, f"argument {number}", leaf))
            replaced[number] = unflatten(structure, own)
            self.leaves += own
            self.structures.append(structure)
        self.args = tuple(replaced)

    def nested(self, values: list[Any]) -> Any:
        """Return one value for each leaf in the structure of the arguments; a tuple of them for several arguments."""
        trees = []
        start = 0
        for structure in self.structures:
            trees.append(unflatten(structure, values[start : start + structure.count]))
            start += structure.count
        return trees[0] if self.single else tuple(trees)


def checked_argnums(who: str, argnums: Any, number: int) -> list[int]:
    """Return the numbers of arguments, counted from 0.

    Raises:
        TypeError: if one is no integer; ValueError: if there is no such argument, or one is named twice.
    """
    found = []
    given = list(argnums) if isinstance(argnums, (tuple, list)) else [argnums]
    for each in given:
        if isinstance(each, bool) or not isinstance(each, int):
            problem = f"argnums is an integer or a tuple of them, got {describe(argnums)}."
            raise TypeError(message(who, problem, "It counts the positional arguments from 0."))
        if not -number <= each < number:
            problem = f"argnums={argnums} names argument {each}, and the function was given {number} positional ones."
            raise ValueError(message(who, problem, "Pass what is differentiated by positionally, not by keyword."))
        found.append(each % number)
    if not found or len(set(found)) != len(found):
        problem = f"argnums must name at least one argument, and each once, got {argnums}."
        raise ValueError(message(who, problem, "Leave it out for the first argument."))
    return found


def split_aux(who: str, returned: Any, has_aux: bool) -> tuple[Any, Any]:
    """Return the output of a function, and what it returned beside it (None without ``has_aux``).

    Raises:
        TypeError: if ``has_aux`` promises a pair that the function does not return.
    """
    if not has_aux:
        return returned, None
    if not isinstance(returned, tuple) or len(returned) != 2:
        problem = f"with has_aux=True the function returns (output, aux), got {describe(returned)}."
        raise TypeError(message(who, problem, "Return a pair, or leave has_aux out."))
    return returned


def scalar_output(who: str, output: Any) -> Tensor:
    """Return the output of a function that has a gradient.

    Raises:
        TypeError: if it is no floating Tensor; RuntimeError: if it is not 0-d.
    """
    if not isinstance(output, tensors.Tensor):
        remedy = "Compute it with minigrad's operations; .item() and .numpy() leave the graph."
        if isinstance(output, tuple):
            remedy = "If it returns (output, aux), say so: has_aux=True."
        raise TypeError(message(who, f"the function must return one 0-d Tensor, got {describe(output)}.", remedy))
    if output.ndim != 0:
        problem = f"the function must return one number, a 0-d Tensor, got {describe(output)}."
        raise RuntimeError(message(who, problem, "Reduce it, .sum() or .mean(), or use jacobian or vjp."))
    require_floating(who, output)
    return output


def tensor_outputs(who: str, output: Any) -> tuple[list[Tensor], Structure]:
    """Return the tensors that a function returned, and what was around them.

    Raises:
        TypeError: if a leaf is no floating Tensor, or there is none.
    """
    leaves, structure = flatten(output)
    for leaf in leaves:
        if not isinstance(leaf, tensors.Tensor):
            problem = f"the function must return tensors, also inside of tuples, lists and dicts; got {describe(leaf)}."
            raise TypeError(message(who, problem, "Return what is none beside them: (output, aux) and has_aux=True."))
        require_floating(who, leaf)
    if not leaves:
        raise TypeError(message(who, f"the function returned no tensors: {describe(output)}.", "Return the result."))
    return leaves, structure


def require_floating(who: str, output: Tensor) -> None:
    """Raise a TypeError unless an output is floating."""
    if output.dtype.kind != "f":
        problem = f"only floats have derivatives, and the function returned {describe(output)}."
        raise TypeError(message(who, problem, "Convert it, .float(), or return it as aux with has_aux=True."))


def checked_function(who: str, function: Any) -> None:
    """Raise a TypeError unless something can be called."""
    if not callable(function):
        remedy = "Pass the function itself, not what it returns."
        raise TypeError(message(who, f"a function is needed, got {describe(function)}.", remedy))

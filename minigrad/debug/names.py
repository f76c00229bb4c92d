"""What the user calls the tensors of a graph: a tensor's own name, or the variable in the source that it was bound to.

>>> import minigrad as mg
>>> from minigrad.debug.names import operand_names, output_name
>>> x, W = mg.ones(2, 3), mg.ones(3, 1, requires_grad=True)
>>> h = x @ W
>>> operand_names(h.grad_fn), output_name(h.grad_fn)
(('x', 'W'), 'h')

A name is given only where the source says it: an operation that was called through a function of minigrad, by code
without a source, or in the midst of an expression has None.
"""

import ast
from collections.abc import Sequence
from typing import Any

from minigrad import ops
from minigrad.debug.rules import input_names
from minigrad.debug.syntax import Place, is_module, last_name, place_of, text_of
from minigrad.graph import Node
from minigrad.numpy_protocol import UFUNCS
from minigrad.tensors import Tensor

#: The operations that Python's operators may run. Of two operands these are recorded as they stand, but for a number
#: or an array at the left of ``+`` and ``*``.
OPERATORS: dict[type[ast.AST], tuple[str, ...]] = {
    ast.Add: ("add",),
    ast.Sub: ("sub",),
    ast.Mult: ("mul",),
    ast.Div: ("div",),
    ast.FloorDiv: ("floor_divide",),
    ast.Mod: ("remainder",),
    ast.Pow: ("pow",),
    ast.MatMult: ("matmul",),
    ast.USub: ("neg",),
    ast.UAdd: ("positive",),
    ast.Invert: ("bitwise_not",),
}
REFLECTED = ("add", "mul")
#: Operations under the names that properties have.
PROPERTIES = {"T": "transpose", "mT": "transpose", "H": "transpose", "mH": "transpose"}


def operand_names(node: Node) -> tuple[str | None, ...]:
    """Return what the user calls each input of a node, in the order of ``node.edges``.

    A leaf's own name comes first (for a parameter its path, ``mlp.0.weight``), then what stands in the source at the
    call, then the variable that the input was assigned to when it was made.

    Args:
        node: the node of an operation.

    Returns:
        A name or None for each edge.
    """
    edges = node.edges
    place = place_of(node.code, node.lasti)
    written: list[str | None] = [None] * len(edges) if place is None else written_names(node, place)
    made: list[str | None] = []
    for edge in edges:
        made.append(name_of_edge(edge))
    if place is not None and may_be_reflected(node, place):
        written = reflected(written, made)
    names = []
    for edge, own, text in zip(edges, made, written):
        names.append(own if isinstance(edge, Tensor) and own else text or own)
    return tuple(names)


def output_name(node: Node, index: int = 0) -> str | None:
    """Return the variable that an output of a node was assigned to, ``h`` in ``h = x @ W``; None where there is none.

    Args:
        node: the node of an operation.
        index: which output, for an operation with several.
    """
    place = place_of(node.code, node.lasti)
    if place is None or not is_direct(node, place):
        return None
    return bound_name(place, index if node.several else None)


def output_names(order: Sequence[Node]) -> dict[Node, str]:
    """Return the names of the outputs of the nodes of a graph.

    With the graph at hand, what a call of a whole model returned is known too: it is the last of the nodes that the
    call made. Where nodes of one position use one another through others, as in a loop, only ``output_name`` counts.

    Args:
        order: the nodes, as ``Sweep.order`` holds them.

    Returns:
        The names of those that have one.
    """
    inner = set()
    for node in order:
        for edge in node.parents:
            parent = edge[0] if type(edge) is tuple else edge
            if parent.code is node.code and parent.lasti == node.lasti:
                inner.add(parent)
    found = {}
    for node in order:
        name = output_name(node)
        if name is None and node not in inner and not node.several:
            place = place_of(node.code, node.lasti)
            name = None if place is None else bound_name(place, None)
        if name is not None:
            found[node] = name
    return found


def name_of_edge(edge: Any) -> str | None:
    """Return the name of what an edge leads to: a leaf's own, or the variable that a node's output was assigned to."""
    if isinstance(edge, Tensor):
        return edge.name
    if type(edge) is tuple:
        return output_name(edge[0], edge[1])
    return output_name(edge) if type(edge) is Node else None


def bound_name(place: Place, index: int | None) -> str | None:
    """Return the variable that an expression is assigned to; of several outputs, the one for output ``index``."""
    expression, parent = place.expression, place.parent
    target: ast.AST | None = None
    if isinstance(expression, ast.AugAssign):
        target = expression.target
    elif isinstance(expression, ast.Subscript) and isinstance(expression.ctx, ast.Store):
        target = expression.value
    elif isinstance(parent, ast.Assign) and parent.value is expression:
        target = parent.targets[0]
    elif isinstance(parent, (ast.AnnAssign, ast.NamedExpr)) and parent.value is expression:
        target = parent.target
    if isinstance(target, (ast.Tuple, ast.List)):
        if index is None or any(isinstance(each, ast.Starred) for each in target.elts) or index >= len(target.elts):
            return None
        return text_of(target.elts[index])
    name = text_of(target)
    return f"{name}[{index}]" if name is not None and index is not None else name


def is_direct(node: Node, place: Place) -> bool:
    """Return whether an expression calls the operation of a node itself, and not a function that uses it."""
    expression = place.expression
    if isinstance(expression, (ast.BinOp, ast.UnaryOp)):
        return node.name in OPERATORS.get(type(expression.op), ())
    if isinstance(expression, ast.AugAssign):
        return node.name in (*OPERATORS.get(type(expression.op), ()), "copy_")
    if isinstance(expression, ast.Subscript):
        return node.name == ("set_item" if isinstance(expression.ctx, ast.Store) else "get_item")
    if isinstance(expression, ast.Attribute):
        return node.name == PROPERTIES.get(expression.attr)
    return isinstance(expression, ast.Call) and (is_layer(node, expression) or calls(node, expression))


def calls(node: Node, call: ast.Call) -> bool:
    """Return whether a call names the operation of a node, by any of its names: ``np.multiply`` is ``mul``."""
    name = last_name(call.func)
    if name is None:
        return False
    if node.name in (name, UFUNCS.get(name)):
        return True
    return node.op in (getattr(Tensor, name, None), getattr(ops, name, None))


def is_layer(node: Node, call: ast.Call) -> bool:
    """Return whether a call is of the layer that made a node: ``self.hidden(x)`` where ``hidden`` was running."""
    if node.module is None:
        return False
    last = node.module.rpartition(".")[2]
    # A module that is part of no other has no name, and is called by a variable.
    return last_name(call.func) == last or (
        not node.module and isinstance(call.func, ast.Name) and not calls(node, call)
    )


def written_names(node: Node, place: Place) -> list[str | None]:
    """Return what the expression of a node says of each edge."""
    parameters = input_names(node, len(node.edges))
    arguments = arguments_of(node, place)
    found: list[str | None] = []
    for parameter in parameters:
        name, bracket, rest = parameter.partition("[")
        argument = arguments.get(name)
        if bracket:
            argument = element_of(argument, int(rest[:-1]))
        found.append(text_of(argument))
    return found


def element_of(argument: Any, index: int) -> ast.AST | None:
    """Return an element of a sequence that is written out, ``[x, y]``, or was given as one argument each."""
    elements = argument.elts if isinstance(argument, (ast.Tuple, ast.List)) else argument
    if not isinstance(elements, list) or index >= len(elements):
        return None
    return None if any(isinstance(each, ast.Starred) for each in elements) else elements[index]


def arguments_of(node: Node, place: Place) -> dict[str, Any]:
    """Return the expressions that the parameters of a node's operation were given, by the parameters' names."""
    if not is_direct(node, place):
        return {}
    expression = place.expression
    code = node.op.__code__
    parameters = list(code.co_varnames[: code.co_argcount])
    given: list[Any] = []
    if isinstance(expression, ast.BinOp):
        given = [expression.left, expression.right]
    elif isinstance(expression, ast.UnaryOp):
        given = [expression.operand]
    elif isinstance(expression, ast.AugAssign):
        given = [expression.target] + ([] if node.name == "copy_" else [expression.value])
    elif isinstance(expression, ast.Subscript):
        given = [expression.value, expression.slice]
        if isinstance(place.parent, ast.Assign):
            given.append(place.parent.value)
    elif isinstance(expression, ast.Attribute):
        given = [expression.value]
    elif isinstance(expression, ast.Call):
        return arguments_of_call(node, expression, place, parameters)
    return dict(zip(parameters, given))


def arguments_of_call(node: Node, call: ast.Call, place: Place, parameters: list[str]) -> dict[str, Any]:
    """As ``arguments_of``, for a call of a function, a method or a layer."""
    given: list[Any] = []
    if is_layer(node, call):
        # What a layer hands to its operation first is its argument, unless it has computed something before.
        if not starts_the_call(node):
            return {}
    elif isinstance(call.func, ast.Attribute) and not is_module(call.func.value, place):
        given.append(call.func.value)
    for argument in call.args:
        if isinstance(argument, ast.Starred):
            break
        given.append(argument)
    found: dict[str, Any] = dict(zip(parameters, given))
    code = node.op.__code__
    if code.co_flags & 4:  # *tensors, behind the keywords in co_varnames
        found[code.co_varnames[code.co_argcount + code.co_kwonlyargcount]] = given[len(parameters) :]
    for keyword in call.keywords:
        if keyword.arg is not None:
            found[keyword.arg] = keyword.value
    return found


def starts_the_call(node: Node) -> bool:
    """Return whether no other node of the same call is among the parents of a node."""
    for edge in node.parents:
        parent = edge[0] if type(edge) is tuple else edge
        if parent.code is node.code and parent.lasti == node.lasti and parent.module == node.module:
            return False
    return True


def may_be_reflected(node: Node, place: Place) -> bool:
    """Return whether the operands of a node may stand the other way round in the source: ``2 * x`` is ``mul(x, 2)``."""
    return isinstance(place.expression, ast.BinOp) and node.name in REFLECTED and node.edges[1:] == [None]


def reflected(written: list[str | None], made: list[str | None]) -> list[str | None]:
    """Return the names of a tensor and a number in the order of the edges; None where the source leaves it open."""
    left, right = written
    if left is None or right is None:
        return [left or right, None]  # a literal has no name, so the name is the tensor's
    if made[0] == right:
        return [right, left]
    return [left, right] if made[0] == left else [made[0], None]

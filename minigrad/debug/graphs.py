"""The graph behind a loss as something to be drawn: operations, and the tensors that they read."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad.autograd import collect
from minigrad.debug.names import operand_names, output_name, output_names
from minigrad.debug.rules import input_names
from minigrad.debug.statistics import norm
from minigrad.graph import Node
from minigrad.nn.ownership import path_of
from minigrad.nn.parameters import Parameter
from minigrad.positions import Position, resolve
from minigrad.saved import roles_of, saved_roles, written_since
from minigrad.tensors import Tensor

ndarray = np.ndarray
OPERATION, LEAF, CONSTANT = "operation", "leaf", "constant"


class Vertex:
    """An operation, or a tensor that one reads and no operation of the graph made.

    Attributes:
        kind: ``operation``; ``leaf`` for a tensor that requires grad; ``constant`` for one that does not.
        label: the operation's name; the tensor's name or, without one, the parameter that it was passed as.
        name: of an operation's output, where the source says it: ``h`` in ``h = x @ W``; else None.
        source: the Node, the leaf Tensor, or the constant's stamp; None once they are let go.
        position: of an operation, ``(code, lasti)`` in the user's code.
        shape, dtype: of the output, tuples of them where there are several; None for a constant that nobody saved.
        module: the dotted path of the module that ran it, or None.
        value: some numbers of it, empty where nothing kept them.
        gradient: the same of the gradient in ``grad``, empty where there is none.
        norm: the Euclidean norm of that gradient, or None.
    """

    __slots__ = ("dtype", "gradient", "kind", "label", "module", "name", "norm", "position", "shape", "source", "value")

    def __init__(self, kind: str, label: str, source: Any, shape: Any, dtype: Any, module: str | None) -> None:
        """Start without numbers."""
        self.kind = kind
        self.label = label
        self.name: str | None = None
        self.position: tuple[Any, int] | None = None
        self.source = source
        self.shape = shape
        self.dtype = dtype
        self.module = module
        self.value = ""
        self.gradient = ""
        self.norm: float | None = None

    @property
    def where(self) -> Position | None:
        """The place in the user's code, of an operation."""
        return None if self.position is None else resolve(*self.position)

    def __repr__(self) -> str:
        """Return kind, label and shape."""
        return f"<Vertex {self.kind} {self.label} {self.shape}>"


class Edge:
    """An input of an operation: ``operand`` is its number among the inputs, ``output`` the number of the source's."""

    __slots__ = ("operand", "output", "source", "target")

    def __init__(self, source: int, target: int, operand: int, output: int) -> None:
        """Hold the numbers; source and target are places among the vertices."""
        self.source = source
        self.target = target
        self.operand = operand
        self.output = output


class Graph:
    """The vertices in the order of the forward pass, each behind what it reads; and the edges, by their targets.

    Attributes:
        vertices: the operations and tensors.
        edges: the edges.
        inputs: for each vertex the edges that end there.
        places: the place of each source of a vertex: of Nodes, of leaves, of stamps by ``id`` and shape.
        released: whether a backward pass has released what the operations saved.
    """

    __slots__ = ("edges", "inputs", "places", "released", "vertices")

    def __init__(self) -> None:
        """Start empty."""
        self.vertices: list[Vertex] = []
        self.edges: list[Edge] = []
        self.inputs: list[list[Edge]] = []
        self.places: dict[Any, int] = {}
        self.released = False

    def add(self, key: Any, vertex: Vertex) -> int:
        """Add a vertex, and return its place."""
        place = self.places[key] = len(self.vertices)
        self.vertices.append(vertex)
        self.inputs.append([])
        return place

    def join(self, source: int, target: int, operand: int, output: int) -> None:
        """Add an edge."""
        edge = Edge(source, target, operand, output)
        self.edges.append(edge)
        self.inputs[target].append(edge)

    def let_go(self) -> None:
        """Forget the Nodes and tensors, so that who keeps a drawing does not keep their arrays."""
        self.places = {}
        for vertex in self.vertices:
            vertex.source = None

    @property
    def operations(self) -> list[int]:
        """The places of the operations."""
        return [place for place, vertex in enumerate(self.vertices) if vertex.kind == OPERATION]


def graph_of(root: Tensor) -> Graph:
    """Return the graph behind a tensor; of a tensor without one, that tensor alone."""
    edge = root if root._edge is None else root._edge
    node = edge[0] if type(edge) is tuple else edge
    if type(node) is not Node:
        graph = Graph()
        add_tensor(graph, root, "tensor", None)
        return graph
    graph = graph_of_nodes(collect([edge]))
    graph.released = node.saved is None
    if type(edge) is Node:
        vertex = graph.vertices[graph.places[node]]
        show(vertex, root._data)
        show_gradient(vertex, root._grad)
        vertex.name = root.name or vertex.name
    return graph


def graph_of_nodes(order: Sequence[Node], values: dict[Node, dict[Any, ndarray]] | None = None) -> Graph:
    """Return the graph of some nodes.

    Args:
        order: the nodes of a pass, latest first, as ``Sweep.order`` holds them.
        values: for each node the arrays that are known of its inputs and output, as ``values_of`` returns them;
            without it, what the nodes have saved.
    """
    graph = Graph()
    for node in reversed(order):
        add_operation(graph, node, values_of(node) if values is None else values.get(node, {}))
    for node, name in output_names(order).items():
        graph.vertices[graph.places[node]].name = names_of_several(node) if node.several else name
    return graph


def names_of_several(node: Node) -> str:
    """Return the names of the outputs of an operation with several: ``U, S, Vh``; ``_`` stands for one without."""
    return ", ".join([output_name(node, index) or "_" for index in range(len(node.shape))])


def add_operation(graph: Graph, node: Node, kept: dict[Any, ndarray]) -> None:
    """Add an operation behind the tensors that it reads, and show what is known of their values."""
    sources = []
    names = operand_names(node)
    for operand, edge in enumerate(node.edges):
        if edge is None:
            continue
        maker, output = edge if type(edge) is tuple else (edge, 0)
        if type(maker) is Node:
            place = graph.places[maker]
            if edge is maker and edge in kept:
                show(graph.vertices[place], kept[edge])
        elif type(edge) is list:
            place = add_constant(graph, edge, names[operand] or parameter_of(node, operand), kept.get(id(edge)))
        elif edge in graph.places:
            place = graph.places[edge]
        else:
            place = add_tensor(graph, edge, names[operand] or parameter_of(node, operand), node.module)
        sources.append((place, operand, output))
    vertex = Vertex(OPERATION, node.name, node, node.shape, node.dtype, node.module)
    vertex.position = None if node.code is None else (node.code, node.lasti)
    target = graph.add(node, vertex)
    for place, operand, output in sources:
        graph.join(place, target, operand, output)
    if node in kept:
        show(vertex, kept[node])
    if node.hooks is not None and 0 in node.hooks.retained:
        tensor = node.hooks.retained[0]()
        show_gradient(vertex, None if tensor is None else tensor._grad)


def values_of(node: Node) -> dict[Any, ndarray]:
    """Return what a node saved of inputs and output that are still as they were, by edge; by ``id`` of a stamp."""
    if node.saved is None or written_since(node) or len(roles_of(node.op, node.vjp)) != len(node.saved):
        return {}  # the last where a user's rule does not take what was saved, which a drawing may help to find
    found: dict[Any, ndarray] = {}
    for value, (edge, _) in zip(node.saved, saved_roles(node)):
        if edge is not None and isinstance(value, ndarray):
            found[id(edge) if type(edge) is list else edge] = value
    return found


def add_tensor(graph: Graph, tensor: Tensor, label: str, module: str | None) -> int:
    """Add a tensor that no operation of the graph made, and return its place."""
    kind = LEAF if tensor.requires_grad else CONSTANT
    label = tensor.name or label
    if module and isinstance(tensor, Parameter) and path_of(tensor) is None:
        label = f"{module}.{label}"  # its model is gone, and with it the path that its name would have
    vertex = Vertex(kind, label, tensor, tensor.shape, tensor.dtype, module)
    show(vertex, tensor._data)
    show_gradient(vertex, tensor._grad)
    return graph.add(tensor, vertex)


def add_constant(graph: Graph, stamp: list[Any], label: str, value: ndarray | None) -> int:
    """Add a tensor without gradient, of which the graph keeps its stamp and perhaps its array; return its place.

    Views share a stamp, so the shape is looked at too.
    """
    shape = None if value is None else value.shape
    place = graph.places.get((id(stamp), shape))
    if place is not None:
        return place
    vertex = Vertex(CONSTANT, label, stamp, shape, None if value is None else value.dtype, None)
    if value is not None:
        show(vertex, value)
    return graph.add((id(stamp), shape), vertex)


def parameter_of(node: Node, operand: int) -> str:
    """Return the name of the parameter that an operand was passed as."""
    return input_names(node, operand + 1)[operand]


def show(vertex: Vertex, array: ndarray) -> None:
    """Give a vertex numbers."""
    vertex.value = few(array)


def show_gradient(vertex: Vertex, gradient: Any) -> None:
    """Give a vertex its gradient, an array, a Tensor or None."""
    if gradient is not None:
        array = gradient if isinstance(gradient, ndarray) else gradient._data
        vertex.gradient = few(array)
        vertex.norm = norm(array)


def few(array: ndarray) -> str:
    """Return up to three numbers of an array with three digits, the middle left out where there are more.

    Examples:
        >>> few(np.array([[1.2345, 2.0], [3.0, 4.0]]))
        '1.23 2 … 4'
    """
    flat = [array.flat[index] for index in range(min(array.size, 3))]
    texts = [f"{each:.3g}" if array.dtype.kind == "f" else str(each) for each in flat]
    if array.size > 3:
        last = array.flat[array.size - 1]
        texts[2:] = ["…", f"{last:.3g}" if array.dtype.kind == "f" else str(last)]
    return " ".join(texts) if texts else "empty"

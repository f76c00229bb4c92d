"""What is drawn as one box: blocks that repeat, and parts of a model where there are too many operations.

A fold is an interval of operations in the order of the forward pass, so that folding makes no cycle: an edge leads from
an earlier interval to a later one. The tensors that only operations of one fold read are folded with them.
"""

from collections.abc import Sequence

import numpy as np

from minigrad.debug.graphs import OPERATION, Graph, Vertex

#: A block that follows itself so often is folded; three alike are still read more easily than a fold of them.
FEWEST = 4
#: The longest block that is looked for, in operations: a layer of a transformer has about 30.
LONGEST = 256
#: More operations than this are not drawn in one picture: nobody could read it.
MOST_OPERATIONS = 150


class Fold:
    """Several operations that are drawn as one box.

    Attributes:
        label: the module path, with ``*`` for what differs from block to block; or the operations' names.
        operations: the places of the operations among the vertices, in order.
        tensors: the places of the tensors that they alone read.
        count: how often the block is repeated.
    """

    __slots__ = ("count", "label", "operations", "tensors")

    def __init__(self, label: str, operations: Sequence[int], count: int = 1) -> None:
        """Hold the operations."""
        self.label = label
        self.operations = operations
        self.tensors: list[int] = []
        self.count = count

    @property
    def title(self) -> str:
        """The label, and how often: ``mlp.* ×12``."""
        return f"{self.label} ×{self.count}" if self.count > 1 else self.label


class Folded:
    """A graph with folds.

    Attributes:
        boxes: in the order of the forward pass, the place of a vertex or a Fold.
        edges: ``(source, target)`` by the places of boxes, as often as the graph has them, but once to or from a fold.
        box_of: the box of each vertex.
    """

    __slots__ = ("box_of", "boxes", "edges")

    def __init__(self, boxes: list[int | Fold], box_of: list[int], edges: list[tuple[int, int]]) -> None:
        """Hold boxes and edges."""
        self.boxes = boxes
        self.box_of = box_of
        self.edges = edges


def folded(graph: Graph, folds: Sequence[Fold]) -> Folded:
    """Return the graph with the operations of each fold in one box."""
    home: list[Fold | None] = [None] * len(graph.vertices)
    for fold in folds:
        for place in fold.operations:
            home[place] = fold
    keys = gather(graph, home)
    boxes: list[int | Fold] = []
    box_of = [-1] * len(graph.vertices)
    numbers: dict[int, int] = {}
    for place in sorted(range(len(keys)), key=keys.__getitem__):
        owner = home[place]
        if owner is None:
            box_of[place] = len(boxes)
            boxes.append(place)
            continue
        if id(owner) not in numbers:
            numbers[id(owner)] = len(boxes)
            boxes.append(owner)
        box_of[place] = numbers[id(owner)]
    return Folded(boxes, box_of, joined(graph, boxes, box_of))


def gather(graph: Graph, home: list[Fold | None]) -> list[tuple[int, int]]:
    """Give tensors that one fold alone reads a home in it; return for each vertex what to sort by.

    A box comes where its first operation comes, and a tensor just before its first reader.
    """
    readers: list[list[int]] = [[] for _ in graph.vertices]
    for edge in graph.edges:
        readers[edge.source].append(edge.target)
    keys = []
    for place in range(len(graph.vertices)):
        fold = home[place]
        keys.append((place if fold is None else fold.operations[0], 1))
    for place, vertex in enumerate(graph.vertices):
        if vertex.kind == OPERATION or not readers[place]:
            continue
        keys[place] = (min([keys[reader] for reader in readers[place]])[0], 0)
        homes = {id(home[reader]) for reader in readers[place]}
        fold = home[readers[place][0]]
        if len(homes) == 1 and fold is not None:
            home[place] = fold
            fold.tensors.append(place)
    return keys


def joined(graph: Graph, boxes: list[int | Fold], box_of: list[int]) -> list[tuple[int, int]]:
    """Return the edges between boxes."""
    edges = []
    known = set()
    for edge in graph.edges:
        pair = box_of[edge.source], box_of[edge.target]
        if pair[0] == pair[1]:
            continue
        plain = type(boxes[pair[0]]) is int and type(boxes[pair[1]]) is int
        if plain or pair not in known:
            known.add(pair)
            edges.append(pair)
    return edges


def repeated(graph: Graph, fewest: int = FEWEST) -> list[Fold]:
    """Return the blocks of operations that follow themselves at least ``fewest`` times, each run of them as one fold.

    Two blocks are alike when their operations have the same names, shapes and module paths but for numbers in these,
    and read the same among the operations and tensors before them.
    """
    places = graph.operations
    runs = runs_of(signatures(graph, places))
    if not len(runs):
        return []
    periods = np.arange(1, len(runs) + 1)[:, None]
    covered = np.where(runs >= periods * (fewest - 1), (runs // periods + 1) * periods, 0)
    best = covered.argmax(0)
    folds = []
    start = 0
    while start < len(places):
        period = int(best[start]) + 1
        if covered[period - 1, start] == 0:
            start += 1
            continue
        start = shifted(graph, places, runs[period - 1] // period + 1, start, period)
        count = int(runs[period - 1, start]) // period + 1
        chosen = places[start : start + period * count]
        folds.append(Fold(label_of([graph.vertices[place] for place in chosen], count), chosen, count))
        start += period * count
    return folds


def signatures(graph: Graph, places: list[int]) -> np.ndarray:
    """Return a number for each operation, the same for those that are alike."""
    ranks = {place: rank for rank, place in enumerate(places)}
    known: dict[tuple[object, ...], int] = {}
    kinds = np.empty(len(places), np.int64)
    for rank, place in enumerate(places):
        vertex = graph.vertices[place]
        parts: list[object] = [vertex.label, vertex.shape, pattern(vertex.module)]
        for edge in graph.inputs[place]:
            source = graph.vertices[edge.source]
            of_operation = source.kind == OPERATION
            parts.append((edge.operand, rank - ranks[edge.source] if of_operation else (source.kind, source.shape)))
        kinds[rank] = known.setdefault(tuple(parts), len(known))
    return kinds


def pattern(module: str | None) -> str:
    """Return a module path with ``*`` for each part that is a number."""
    return ".".join(["*" if part.isdigit() else part for part in (module or "").split(".")])


def runs_of(kinds: np.ndarray) -> np.ndarray:
    """Return for each period (a row, from 1 on) and start, how many operations equal the one a period later."""
    size = len(kinds)
    runs = np.zeros((min(LONGEST, size // 2), size), np.int64)
    for row in range(len(runs)):
        period = row + 1
        different = np.append(np.flatnonzero(kinds[:-period] != kinds[period:]), size - period)
        starts = np.arange(size - period)
        runs[row, : size - period] = different[np.searchsorted(different, starts)] - starts
    return runs


def shifted(graph: Graph, places: list[int], counts: np.ndarray, start: int, period: int) -> int:
    """Return where to begin the first block: where a module begins, as far out as possible, for one block at most."""
    best, depth = start, shared_depth(graph, places, start)
    for candidate in range(start + 1, min(start + period, len(places))):
        if counts[candidate] < counts[start] - 1:
            break
        found = shared_depth(graph, places, candidate)
        if found < depth:
            best, depth = candidate, found
    return best


def shared_depth(graph: Graph, places: list[int], start: int) -> int:
    """Return how many parts of the module path an operation shares with the one before it."""
    if start == 0:
        return -1
    return len(common([graph.vertices[places[start - 1]], graph.vertices[places[start]]]))


def common(vertices: Sequence[Vertex]) -> list[str]:
    """Return the parts that the module paths of operations begin with in common."""
    shared = (vertices[0].module or "").split(".")
    for vertex in vertices:
        parts = (vertex.module or "").split(".")
        while shared != parts[: len(shared)]:
            shared = shared[:-1]
    return [part for part in shared if part]


def label_of(vertices: list[Vertex], count: int) -> str:
    """Return what to call repeated blocks: ``mlp.*`` or ``1 … 12`` by modules, or ``tanh, linear`` by operations."""
    period = len(vertices) // count
    first = common(vertices[:period])
    for block in range(1, count):
        other = common(vertices[block * period : (block + 1) * period])
        if len(other) != len(first):
            first = []
            break
        for level, part in enumerate(other):
            if part != first[level]:
                first[level] = "*"
    if first == ["*"] * len(first) and first:
        ends = common(vertices[:period]), common(vertices[-period:])
        return " … ".join([".".join(end) for end in ends])
    if first:
        return ".".join(first)
    names = [vertex.label for vertex in vertices[:period]]
    return ", ".join(names) if period <= 3 else f"{names[0]} … {names[-1]}"


def by_module(graph: Graph, most: int = MOST_OPERATIONS) -> list[Fold]:
    """Return folds so that at most ``most`` boxes of operations are left; none where there are not more operations.

    Operations that follow each other in one module are folded, in the deepest modules that are few enough. Where there
    are too many runs of them, or none, neighbours are joined; a fold of more than ``most`` operations is cut.
    """
    places = graph.operations
    if len(places) <= most:
        return []
    paths = []
    for place in places:
        paths.append((graph.vertices[place].module or "").split("."))
    runs: list[list[int]] = []
    for depth in range(max(map(len, paths)), 0, -1):
        runs = runs_of_paths(places, paths, depth)
        if len(runs) <= most:
            break
    share = max(1, -(-len(places) // most))
    folds = []
    for run in joined_runs(runs, most, share):
        pieces = -(-len(run) // most)
        length = -(-len(run) // pieces)
        for start in range(0, len(run), length):
            piece = run[start : start + length]
            if len(piece) > 1:
                folds.append(Fold(label_of([graph.vertices[place] for place in piece], 1), piece))
    return folds


def runs_of_paths(places: list[int], paths: list[list[str]], depth: int) -> list[list[int]]:
    """Return the operations that follow each other and share the first ``depth`` parts of their module path."""
    runs: list[list[int]] = []
    last = None
    for place, path in zip(places, paths):
        if path[:depth] != last:
            runs.append([])
            last = path[:depth]
        runs[-1].append(place)
    return runs


def joined_runs(runs: list[list[int]], most: int, share: int) -> list[list[int]]:
    """Return the runs, neighbours joined up to ``share`` operations where there are more than ``most`` of them."""
    if len(runs) <= most:
        return runs
    found: list[list[int]] = []
    for run in runs:
        if found and len(found[-1]) + len(run) <= share:
            found[-1] = found[-1] + run
        else:
            found.append(run)
    return found

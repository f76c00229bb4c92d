"""A layered layout of a graph without cycles: columns from left to right, few crossings, straight main lines.

Four stages, each a function: a vertex's column is the longest path to it; an edge that passes columns gets a place in
each; the order within a column follows the barycenter of the neighbours; heights come from a least-squares fit under
"no two may touch".

Source: Sugiyama, Tagawa, Toda, "Methods for visual understanding of hierarchical system structures" (1981), for the
stages; Ayer et al., "An empirical distribution function for sampling with incomplete information" (1955), for the fit
(pool adjacent violators).
"""

from collections.abc import Sequence

from minigrad.debug.layout_rows import ordered, placed, rows_of, strengths_of

#: The distance between columns.
COLUMN_GAP = 44.0
#: Several edges between the same two are so far apart.
PARALLEL = 8.0
#: A place that an edge passes has this height.
PASSING = 6.0
#: An edge over more columns than this has no places in them, and passes behind what is in its way. A weight that is
#: used by each of 2,500 columns would otherwise take 2,500 ** 2 / 2 of them.
LONGEST = 40

Point = tuple[float, float]


#: A tensor that an operation reads over more columns than this is drawn again beside it.
REACH = 12


class Layout:
    """Where everything is.

    Attributes:
        centres: the centre of each vertex.
        routes: for each edge the points it passes, from the right side of its source to the left side of its target.
        width, height: of the whole.
    """

    __slots__ = ("centres", "height", "routes", "width")

    def __init__(self, centres: list[Point], routes: list[list[Point]], width: float, height: float) -> None:
        """Hold the places."""
        self.centres = centres
        self.routes = routes
        self.width = width
        self.height = height


def lay_out(sizes: Sequence[Point], edges: Sequence[tuple[int, int]]) -> Layout:
    """Return a layout.

    Args:
        sizes: width and height of each vertex.
        edges: ``(source, target)`` by number; two vertices may have several. A source's number is below its target's,
            but for a source that has none itself.

    Examples:
        >>> layout = lay_out([(40, 20), (40, 20), (40, 20)], [(0, 2), (1, 2)])
        >>> layout.centres
        [(20.0, 10.0), (20.0, 44.0), (104.0, 27.0)]
    """
    if not sizes:
        return Layout([], [], 0.0, 0.0)
    columns = columns_of(len(sizes), edges)
    chains, links, members = with_passages(columns, edges)
    heights = [size[1] for size in sizes] + [PASSING] * (len(members) - len(sizes))
    strengths = strengths_of(len(sizes), links)
    rows = ordered(rows_of(members), links)
    tops = placed(rows, links, strengths, heights)
    widths = [0.0] * len(rows)
    for vertex, size in enumerate(sizes):
        widths[columns[vertex]] = max(widths[columns[vertex]], size[0])
    lefts = [0.0]
    for width in widths:
        lefts.append(lefts[-1] + width + COLUMN_GAP)
    centres = []
    for vertex in range(len(sizes)):
        centres.append((lefts[columns[vertex]] + widths[columns[vertex]] / 2, tops[vertex]))
    routes = []
    for (source, target), chain, shift in zip(edges, chains, shifts_of(edges)):
        # Straight to the side of the column, so that no curve touches a wider neighbour.
        (x, y), column = centres[source], columns[source]
        y += shift
        route = [(x + sizes[source][0] / 2, y), (lefts[column] + widths[column], y)]
        for passage in chain:
            column = members[passage]
            route.append((lefts[column], tops[passage]))
            route.append((lefts[column] + widths[column], tops[passage]))
        x, y = centres[target][0], centres[target][1] + shift
        route.append((lefts[columns[target]], y))
        route.append((x - sizes[target][0] / 2, y))
        routes.append(route)
    bottom = 0.0
    for vertex, height in enumerate(heights):
        bottom = max(bottom, tops[vertex] + height / 2)
    return Layout(centres, routes, lefts[-1] - COLUMN_GAP, bottom)


def with_copies(count: int, edges: Sequence[tuple[int, int]]) -> tuple[list[int], list[tuple[int, int]]]:
    """Give what has no source, and is read far away, copies near its readers: lines over all columns hide the rest.

    Returns:
        The originals of the copies, whose numbers follow those of the vertices; and the edges, from the copies.
    """
    columns = columns_of(count, edges)
    targets = {target for _, target in edges}
    places = sorted(range(len(edges)), key=[columns[target] for _, target in edges].__getitem__)
    nearest: dict[int, tuple[int, int]] = {}  # by source, the copy and its column
    originals: list[int] = []
    moved = list(edges)
    for place in places:
        source, target = edges[place]
        if source in targets:
            continue
        vertex, column = nearest.get(source, (source, columns[source]))
        if columns[target] - column > REACH:
            vertex, column = count + len(originals), columns[target] - 1
            originals.append(source)
        nearest[source] = vertex, column
        moved[place] = vertex, target
    return originals, moved


def shifts_of(edges: Sequence[tuple[int, int]]) -> list[float]:
    """Return how far each edge is moved down at its ends, so that several between the same two stand apart."""
    numbers: dict[tuple[int, int], int] = {}
    places = []
    for edge in edges:
        places.append(numbers.get(edge, 0))
        numbers[edge] = places[-1] + 1
    return [(place - (numbers[edge] - 1) / 2) * PARALLEL for edge, place in zip(edges, places)]


def columns_of(count: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    """Return each vertex's column: the longest path to it, and for one without a source, just before its first use."""
    columns = [0] * count
    sourceless = [True] * count
    first_use: list[int | None] = [None] * count
    # By target, so that a source's column is final when it is read.
    by_target = sorted(edges, key=target_of)
    for source, target in by_target:
        columns[target] = max(columns[target], columns[source] + 1)
        sourceless[target] = False
    for source, target in by_target:
        use = first_use[source]
        first_use[source] = columns[target] if use is None else min(use, columns[target])
    for vertex in range(count):
        use = first_use[vertex]
        if sourceless[vertex] and use is not None:
            columns[vertex] = use - 1
    return columns


def target_of(edge: tuple[int, int]) -> int:
    """Return the target of an edge."""
    return edge[1]


def with_passages(
    columns: list[int], edges: Sequence[tuple[int, int]]
) -> tuple[list[list[int]], list[tuple[int, int]], list[int]]:
    """Give each edge a passage in every column between its ends; the edges of one source share theirs.

    There are at most four passages a vertex and a thousand, for networks whose layers all read all before.

    Returns:
        The passages of each edge; the links between neighbouring columns, by vertices and passages; the column of each
        vertex and, behind them, of each passage.
    """
    members = list(columns)
    limit = 5 * len(columns) + 1000
    passages: dict[tuple[int, int], int] = {}
    links: list[tuple[int, int]] = []
    linked = set()
    chains = []
    for source, target in edges:
        chain: list[int] = []
        previous = source
        missing = columns[target] - columns[source] - 1
        if missing > LONGEST or (missing > 0 and len(members) + missing > limit):
            chains.append(chain)
            continue
        for column in range(columns[source] + 1, columns[target]):
            passage = passages.get((source, column))
            if passage is None:
                passage = passages[source, column] = len(members)
                members.append(column)
            chain.append(passage)
            if (previous, passage) not in linked:
                linked.add((previous, passage))
                links.append((previous, passage))
            previous = passage
        links.append((previous, target))
        chains.append(chain)
    return chains, links, members

"""The rows of a layout: the order of what stands in each column, and how high each stands."""

from bisect import bisect_right, insort

#: The distance between neighbours in one column.
ROW_GAP = 14.0
#: How often the order is improved, and the heights: more moved nothing in graphs of 14 to 5,000 vertices.
ORDER_SWEEPS = 6
HEIGHT_SWEEPS = 8
#: How much an edge between operations pulls more than one from a leaf, so that the line of operations is straight.
STRAIGHTNESS = 1e4
#: A bend by less than this, in pixels, is taken out: it is seen, and means nothing.
LEVEL = 2.0


def strengths_of(count: int, links: list[tuple[int, int]]) -> list[float]:
    """Return for each link how strongly it pulls its ends to one height; passages have numbers from ``count`` on.

    Strong are those from an operation to what uses it, and those from passage to passage.
    """
    has_source = set()
    for _, target in links:
        has_source.add(target)
    strengths = []
    for source, target in links:
        inner = source in has_source if source < count else target >= count
        strengths.append(STRAIGHTNESS if inner else 1.0)
    return strengths


def rows_of(members: list[int]) -> list[list[int]]:
    """Return the vertices and passages of each column, in the order of their numbers."""
    rows: list[list[int]] = [[] for _ in range(max(members) + 1)]
    for vertex, column in enumerate(members):
        rows[column].append(vertex)
    return rows


def neighbours(count: int, links: list[tuple[int, int]]) -> tuple[list[list[int]], list[list[int]]]:
    """Return for each vertex its neighbours to the left, and to the right."""
    left: list[list[int]] = [[] for _ in range(count)]
    right: list[list[int]] = [[] for _ in range(count)]
    for source, target in links:
        left[target].append(source)
        right[source].append(target)
    return left, right


def ordered(rows: list[list[int]], links: list[tuple[int, int]]) -> list[list[int]]:
    """Return the rows in the order with the fewest crossings that the sweeps from right and left come by."""
    count = sum(map(len, rows))
    left, right = neighbours(count, links)
    position = [0.0] * count
    for row in rows:
        number(row, position)
    best, fewest = [list(row) for row in rows], crossings(rows, right, position)
    for sweep in range(ORDER_SWEEPS):
        if fewest == 0 and sweep > 0:
            break
        rightwards = sweep % 2 == 1
        for row in rows if rightwards else reversed(rows):
            arrange(row, left if rightwards else right, position)
        found = crossings(rows, right, position)
        # The first sweep brings each leaf to its operation, which is worth more than one crossing fewer.
        if found < fewest or sweep == 0:
            best, fewest = [list(row) for row in rows], found
    return best


def number(row: list[int], position: list[float]) -> None:
    """Note the place of each member of a row."""
    for place, vertex in enumerate(row):
        position[vertex] = float(place)


def arrange(row: list[int], adjacent: list[list[int]], position: list[float]) -> None:
    """Sort a row by the barycenter of the neighbours; who has none keeps its place."""
    keys = {}
    for vertex in row:
        total = 0.0
        for neighbour in adjacent[vertex]:
            total += position[neighbour]
        keys[vertex] = total / len(adjacent[vertex]) if adjacent[vertex] else position[vertex]
    row.sort(key=keys.__getitem__)
    number(row, position)


def crossings(rows: list[list[int]], right: list[list[int]], position: list[float]) -> int:
    """Return how many pairs of links cross."""
    total = 0
    for row in rows:
        seen: list[float] = []
        for vertex in row:
            places = [position[neighbour] for neighbour in right[vertex]]
            for place in places:
                total += len(seen) - bisect_right(seen, place)
            for place in places:
                insort(seen, place)
    return total


def placed(
    rows: list[list[int]], links: list[tuple[int, int]], strengths: list[float], heights: list[float]
) -> list[float]:
    """Return the height of the centre of each vertex and passage, the topmost edge being at 0."""
    centres = [0.0] * len(heights)
    for row in rows:
        fit(row, [0.0] * len(row), [1.0] * len(row), heights, centres)
    pulls: list[list[tuple[int, float]]] = [[] for _ in heights]
    leftward: list[list[tuple[int, float]]] = [[] for _ in heights]
    for (source, target), strength in zip(links, strengths):
        pulls[source].append((target, strength))
        leftward[target].append((source, strength))
    for sweep in range(HEIGHT_SWEEPS):
        rightwards = sweep % 2 == 1
        both = sweep >= HEIGHT_SWEEPS - 4
        for row in rows if rightwards else reversed(rows):
            wishes, weights = [], []
            for vertex in row:
                around = leftward[vertex] + pulls[vertex] if both else leftward[vertex] if rightwards else pulls[vertex]
                wish, weight = wish_of(around, centres, centres[vertex])
                # A leaf never pushes the line of operations aside.
                weights.append(weight if rightwards or leftward[vertex] else weight / STRAIGHTNESS)
                wishes.append(wish)
            fit(row, wishes, weights, heights, centres)
    for row in rows:
        for vertex in row:
            for neighbour, strength in leftward[vertex]:
                if strength == STRAIGHTNESS and abs(centres[vertex] - centres[neighbour]) < LEVEL:
                    centres[vertex] = centres[neighbour]
    top = min([centre - height / 2 for centre, height in zip(centres, heights)])
    return [centre - top for centre in centres]


def wish_of(pulls: list[tuple[int, float]], centres: list[float], present: float) -> tuple[float, float]:
    """Return the height that the neighbours pull a vertex to, and how strongly; its present one if it has none."""
    total = weight = 0.0
    for neighbour, strength in pulls:
        total += strength * centres[neighbour]
        weight += strength
    return (total / weight, weight) if weight else (present, 1.0 / STRAIGHTNESS)


def fit(row: list[int], wishes: list[float], weights: list[float], heights: list[float], centres: list[float]) -> None:
    """Put the members of a row as near to their wishes, in weighted least squares, as order and distance allow.

    With the distances to the first member taken off, what is looked for is a sequence that does not decrease: members
    that wish to pass each other are pooled, and all take the mean of their wishes.
    """
    offsets = [0.0] * len(row)
    for place in range(1, len(row)):
        between = (heights[row[place - 1]] + heights[row[place]]) / 2 + ROW_GAP
        offsets[place] = offsets[place - 1] + between
    pools: list[list[float]] = []  # mean, weight, members
    for wish, weight, offset in zip(wishes, weights, offsets):
        pools.append([wish - offset, weight, 1])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            mean, mass, size = pools.pop()
            below = pools[-1]
            below[0] = (below[0] * below[1] + mean * mass) / (below[1] + mass)
            below[1] += mass
            below[2] += size
    place = 0
    for mean, _, size in pools:
        for _ in range(int(size)):
            centres[row[place]] = mean + offsets[place]
            place += 1

"""A layout: edges go to the right, nothing overlaps, the main line is straight, and size is no problem."""

import itertools

import numpy as np
import pytest

from minigrad.debug.layout import LONGEST, REACH, columns_of, lay_out, with_copies

SIZE = (60.0, 20.0)


def drawn(seed, count=60, reach=8):
    """Return a random graph: each vertex but the first reads one to three of the latest before it."""
    generator = np.random.default_rng(seed)
    edges = []
    for target in range(1, count):
        for _ in range(generator.integers(1, 4)):
            edges.append((int(generator.integers(max(0, target - reach), target)), target))
    return edges


@pytest.mark.parametrize("seed", range(5))
def test_every_edge_leads_to_the_right(seed):
    edges = drawn(seed)
    layout = lay_out([SIZE] * 60, edges)
    for (source, target), route in zip(edges, layout.routes):
        assert layout.centres[source][0] < layout.centres[target][0]
        places = [x for x, _ in route]
        assert places == sorted(places)


@pytest.mark.parametrize("seed", range(5))
def test_no_two_boxes_overlap_and_all_are_inside(seed):
    generator = np.random.default_rng(100 + seed)
    sizes = [(float(width), float(height)) for width, height in generator.integers(20, 120, (60, 2))]
    layout = lay_out(sizes, drawn(seed))
    boxes = []
    for (x, y), (width, height) in zip(layout.centres, sizes):
        boxes.append((x - width / 2, y - height / 2, x + width / 2, y + height / 2))
    slack = 1e-6  # the fit adds up floats
    for index, (left, top, right, bottom) in enumerate(boxes):
        assert left >= -slack
        assert top >= -slack
        assert right <= layout.width + slack
        assert bottom <= layout.height + slack
        for other in boxes[:index]:
            apart = left >= other[2] or other[0] >= right or top >= other[3] - slack or other[1] >= bottom - slack
            assert apart


@pytest.mark.parametrize("seed", range(3))
def test_a_long_edge_passes_no_box(seed):
    edges = drawn(seed)
    layout = lay_out([SIZE] * 60, edges)
    for (source, target), route in zip(edges, layout.routes):
        for vertex, (x, y) in enumerate(layout.centres):
            if vertex in (source, target):
                continue
            for (x1, y1), (x2, y2) in itertools.pairwise(route):
                # Between columns it may be anywhere; across one it is level.
                across = y1 == y2 and x1 < x + SIZE[0] / 2 and x2 > x - SIZE[0] / 2
                assert not (across and abs(y1 - y) < SIZE[1] / 2)


def test_a_line_of_operations_is_straight_whatever_they_read():
    edges, sizes = [], [SIZE]
    line = [0]
    for _ in range(20):
        weight, bias, operation = len(sizes), len(sizes) + 1, len(sizes) + 2
        sizes += [SIZE] * 3
        edges += [(line[-1], operation), (weight, operation), (bias, operation)]
        line.append(operation)
    heights = [lay_out(sizes, edges).centres[place][1] for place in line[1:]]
    assert max(heights) - min(heights) < 1  # pixel


def test_a_tensor_stands_just_before_its_first_reader():
    assert columns_of(5, [(0, 1), (1, 2), (3, 2), (2, 4), (3, 4)]) == [0, 1, 2, 1, 3]


def test_two_edges_between_the_same_two_stand_apart():
    layout = lay_out([SIZE, SIZE], [(0, 1), (0, 1)])
    assert layout.routes[0] != layout.routes[1]


def test_operands_stand_in_their_order():
    centres = lay_out([SIZE] * 4, [(0, 3), (1, 3), (2, 3)]).centres
    assert centres[0][1] < centres[1][1] < centres[2][1]


def test_a_weight_that_thousands_read_takes_no_room_of_thousands():
    edges, line = [], 1
    for operation in range(2, 3002):
        edges += [(line, operation), (0, operation)]
        line = operation
    layout = lay_out([SIZE] * 3002, edges)
    assert layout.height < 200
    assert max([len(route) for route in layout.routes]) <= 2 * LONGEST + 4


def test_nothing_and_one_vertex_have_a_layout():
    assert lay_out([], []).centres == []
    layout = lay_out([SIZE], [])
    assert (layout.centres, layout.width, layout.height) == ([(30.0, 10.0)], 60.0, 20.0)


def test_a_weight_that_is_read_far_away_is_drawn_again_near_its_reader():
    line = [(operation, operation + 1) for operation in range(1, 31)]
    reads = [(0, 2), (0, 5), (0, 25), (0, 30)]
    originals, edges = with_copies(32, line + reads)
    assert originals == [0]
    assert edges == line + [(0, 2), (0, 5), (32, 25), (32, 30)]
    layout = lay_out([SIZE] * 33, edges)
    columns = columns_of(33, edges)
    assert columns[32] == columns[25] - 1
    assert all(columns[target] - columns[source] <= REACH for source, target in edges)
    assert len(layout.centres) == 33


def test_what_an_operation_made_is_never_drawn_again():
    line = [(operation, operation + 1) for operation in range(30)]
    originals, edges = with_copies(31, [*line, (1, 30)])
    assert (originals, edges) == ([], [*line, (1, 30)])

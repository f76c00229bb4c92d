"""A graph as a picture: boxes and curves, in scalable vector graphics (SVG)."""

import unicodedata
from collections.abc import Sequence
from html import escape

from minigrad.debug.layout import Point, lay_out, with_copies

#: The advance of one character, a share of the size: monospaced fonts have 0.6 to 0.62.
ADVANCE = 0.62
#: Sizes of the first line of a box and of the others, and the distances of their baselines.
HEAD, LINE = 12.5, 11.0
LEADING = 15.0
PADDING = 10.0
#: Longer lines are cut; tooltips hold them whole.
LONGEST = 34
MARGIN = 12.0


class Box:
    """A vertex of a picture.

    Attributes:
        kind: its class in the style sheet: ``operation``, ``leaf``, ``constant``, ``fold``.
        lines: what stands in it, the first line larger.
        tooltip: what is shown when the pointer rests on it.
        key: what a script finds it by: ``data-key`` of its group, and ``data-edge`` of curves has those of both ends.
    """

    __slots__ = ("key", "kind", "lines", "tooltip")

    def __init__(self, kind: str, lines: Sequence[str], tooltip: str = "", key: str | None = None) -> None:
        """Hold what is drawn."""
        self.kind = kind
        self.lines = [cut(line) for line in lines if line]
        self.tooltip = tooltip
        self.key = key

    def again(self) -> "Box":
        """Return the box as it is drawn a second time."""
        return Box(f"{self.kind} again", self.lines, self.tooltip, self.key)

    @property
    def size(self) -> Point:
        """Width and height."""
        width = 0.0
        for index, line in enumerate(self.lines):
            width = max(width, columns(line) * ADVANCE * (LINE if index else HEAD))
        return float(round(max(width + 2 * PADDING, 48.0))), LEADING * len(self.lines) + PADDING


def columns(text: str) -> int:
    """Return how many columns a text takes: wide characters take two."""
    count = len(text)
    if not text.isascii():
        for character in text:
            count += unicodedata.east_asian_width(character) in "WF"
    return count


def cut(text: str) -> str:
    """Return a line with what is beyond the longest replaced by an ellipsis."""
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def picture(boxes: Sequence[Box], edges: Sequence[tuple[int, int]], label: str, style: str = "") -> str:
    """Return an ``<svg>`` element.

    Args:
        boxes: each behind what it reads.
        edges: ``(source, target)`` by place.
        label: what a screen reader says.
        style: the rules of a style sheet to put inside.
    """
    originals, edges = with_copies(len(boxes), edges)
    boxes = [*boxes, *[boxes[original].again() for original in originals]]
    sizes = [box.size for box in boxes]
    layout = lay_out(sizes, edges)
    width, height = layout.width + 2 * MARGIN, layout.height + 2 * MARGIN
    # What is an image to a screen reader has nothing in it that can be pressed.
    role = "img" if not boxes or boxes[0].key is None else "group"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="minigrad-graph" role="{role}" aria-label="{markup(label)}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}">'
    ]
    if style:
        parts.append(f"<style>{style}</style>")
    for (source, target), route in zip(edges, layout.routes):
        keys = boxes[source].key, boxes[target].key
        mark = "" if None in keys else f' data-edge="{keys[0]} {keys[1]}"'
        parts.append(f'<path{mark} d="{curve(route)}"/>')
    for box, size, centre in zip(boxes, sizes, layout.centres):
        parts.append(box_markup(box, size, centre))
    parts.append("</svg>")
    return "\n".join(parts)


def curve(route: Sequence[Point]) -> str:
    """Return the path along the points of a route: bent between columns, straight across them."""
    x, y = round(route[0][0] + MARGIN), round(route[0][1] + MARGIN)
    text = f"M{x} {y}"
    for place in range(1, len(route)):
        end_x, end_y = round(route[place][0] + MARGIN), round(route[place][1] + MARGIN)
        if end_y != y:
            middle = (x + end_x) // 2
            text += f"C{middle} {y} {middle} {end_y} {end_x} {end_y}"
        elif end_x != x:
            text += f"H{end_x}"
        x, y = end_x, end_y
    return text


def box_markup(box: Box, size: Point, centre: Point) -> str:
    """Return the group of a box, its origin in the middle above: tooltip, rectangle, lines."""
    width, height = size
    key = "" if box.key is None else f' data-key="{box.key}"'
    radius = 14 if box.kind.startswith("leaf") else 4
    x, y = round(centre[0] + MARGIN), round(centre[1] - height / 2 + MARGIN)
    text = f'<g class="{box.kind}"{key} transform="translate({x} {y})">'
    if box.tooltip:
        text += f"<title>{markup(box.tooltip)}</title>"
    text += f'<rect x="{-width / 2:g}" width="{width:g}" height="{height:g}" rx="{radius}"/>'
    for index, line in enumerate(box.lines):
        text += f'<text y="{16 + LEADING * index:g}">{markup(line)}</text>'
    return text + "</g>"


def markup(text: str) -> str:
    """Return a text for HTML and SVG, in which no character is markup, nor one that XML does not allow."""
    if not text.replace("\n", "").isprintable():
        text = "".join([each if each.isprintable() or each == "\n" else "\ufffd" for each in text])
    return escape(text)

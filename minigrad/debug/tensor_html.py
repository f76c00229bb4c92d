"""A tensor in a notebook: a line about it, its numbers in colour, and the same of its gradient."""

from typing import Any

from minigrad.debug.array_pictures import SHADES, ZERO, describe_array
from minigrad.debug.pictures import markup

#: The colours of what is above and below zero, seen on light and on dark paper, with the ink of the notebook on them.
ABOVE, BELOW = "217, 119, 40", "58, 127, 204"
BROKEN = "rgba(217, 45, 32, 0.55)"
#: The side of a cell of a picture, in pixels.
CELL = 6


def html_of(tensor: Any) -> str:
    """Return a tensor for a notebook.

    Args:
        tensor: of any size: above 36 numbers a corner and a coarse picture are shown.

    Examples:
        >>> import minigrad as mg
        >>> html = html_of(mg.tensor([0.5, -1.0], requires_grad=True, name="<b>"))
        >>> "&lt;b&gt;" in html, "<td" in html
        (True, True)
    """
    heading = f"{type(tensor).__name__} {tensor.shape} {tensor.dtype}"
    if tensor.name:
        heading = f"{tensor.name}: {heading}"
    if tensor.grad_fn is not None:
        heading += f" from {tensor.grad_fn.name}"
    elif tensor.requires_grad:
        heading += " requires grad"
    parts = [array_html(heading, tensor._data)]
    gradient = tensor.grad
    if gradient is not None:
        parts.append(array_html("grad", gradient._data))
    body = "".join(parts)
    return f'<div style="display:flex;flex-wrap:wrap;gap:0.5em 2em;line-height:1.4">{body}</div>'


def array_html(heading: str, array: Any) -> str:
    """Return a heading, the figures of an array, and its numbers or a corner and a picture of them."""
    found = describe_array(array)
    parts = [f"<div><div><b>{markup(heading)}</b></div>"]
    if "figures" in found:
        norm, mean, least, greatest = found["figures"]
        parts.append(f"<div><small>norm {norm} · {least} … {greatest} · mean {mean}</small></div>")
    for name in ("nan", "inf"):
        if name in found:
            parts.append(f"<div><small>{found[name]} {'NaN' if name == 'nan' else 'infinite'}</small></div>")
    sizes = [abs(size) for size in found.get("figures", [])[2:] if not isinstance(size, str)]
    scale = max(sizes, default=0)
    if "numbers" in found:
        parts.append(table_html(found["numbers"], scale, False, False))
    elif "corner" in found:
        corner = found["corner"]
        rows = array.size // array.shape[-1] if array.shape else 1
        parts.append(table_html(corner, scale, rows > len(corner), array.shape[-1] > len(corner[0])))
        parts.append(picture_html(found["picture"].split(" ")))
    return "".join([*parts, "</div>"])


def table_html(rows: list[list[Any]], scale: float, more_rows: bool, more_columns: bool) -> str:
    """Return numbers as a table; dots stand for what is left out."""
    parts = [
        '<table style="font-family:monospace;font-size:90%;border-spacing:1px;border-collapse:separate;margin:2px 0">'
    ]
    for row in rows:
        parts.append("<tr>")
        for number in row:
            broken = isinstance(number, str)
            colour = BROKEN if broken else shade(number / scale if scale else 0)
            parts.append(f'<td style="text-align:right;padding:0 4px;background:{colour}">{number}</td>')
        parts.append("<td>…</td></tr>" if more_columns else "</tr>")
    parts.append("<tr><td>⋮</td></tr></table>" if more_rows else "</table>")
    return "".join(parts)


def shade(share: float) -> str:
    """Return the colour of a number, given as its share of the largest size."""
    return f"rgba({ABOVE if share > 0 else BELOW}, {abs(share) * 0.6:.2f})"


def picture_html(rows: list[str]) -> str:
    """Return a coarse picture as an ``<svg>`` element: a rectangle for each run of equal cells that is not zero."""
    width, height = len(rows[0]) * CELL, len(rows) * CELL
    parts = [f'<svg width="{width}" height="{height}" role="img" aria-label="heat picture">']
    for down, row in enumerate(rows):
        across = 0
        while across < len(row):
            end = across
            while end < len(row) and row[end] == row[across]:
                end += 1
            letter = row[across]
            if ord(letter) != ZERO:
                colour = BROKEN if letter in "NI" else shade((ord(letter) - ZERO) / SHADES)
                place = f'x="{across * CELL}" y="{down * CELL}" width="{(end - across) * CELL}" height="{CELL}"'
                parts.append(f'<rect {place} fill="{colour}"/>')
            across = end
    return "".join([*parts, "</svg>"])

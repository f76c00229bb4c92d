"""The steps of a page as a table, for readers without scripts and for those who prefer one."""

from typing import Any

from minigrad.debug.graphs import Graph
from minigrad.debug.page_data import PageData
from minigrad.debug.pictures import markup

HEADINGS = ("Step", "Operation", "Source", "Gradient or output", "Gives to the inputs")
#: So many numbers of an array are written.
SHOWN = 6


def table_of(data: PageData, graph: Graph) -> str:
    """Return a table with a row for each step."""
    lines = ["<table><thead><tr>"]
    for heading in HEADINGS:
        lines.append(f'<th scope="col">{heading}</th>')
    lines.append("</tr></thead><tbody>")
    for step in data.steps:
        cells = "".join([f"<td>{cell}</td>" for cell in cells_of(step, data, graph)])
        lines.append(f"<tr>{cells}</tr>")
    lines.append("</tbody></table>")
    return "\n".join(lines)


def cells_of(step: dict[str, Any], data: PageData, graph: Graph) -> list[str]:
    """Return the cells of a step."""
    module = f" in {step['module']}" if "module" in step else ""
    flags = f" [{', '.join(step['flags'])}]" if "flags" in step else ""
    arrived = []
    for each in step.get("gradients", step.get("outputs", [])):
        arrived.append(f"{each['name']} {array_text(data.pool.descriptions[each['array']])}")
    given = []
    for each in step.get("contributions", []):
        target = "" if "to" not in each else f" → {graph.vertices[each['to']].label}"
        text = each.get("rule") or f"grad_{each['input']}"
        if "array" in each:
            text += f"{target}: {array_text(data.pool.descriptions[each['array']])}"
        if each.get("accumulated"):
            text += ", added"
        given.append(text)
    return [
        f"{step['phase']} {step['index']}",
        markup(f"{step['op']}{module}{flags}"),
        markup(f"{step.get('where', '')} {step.get('source', '')}"),
        markup("; ".join(arrived)),
        "<br>".join([markup(each) for each in given]),
    ]


def array_text(array: dict[str, Any]) -> str:
    """Return shape, some numbers and the norm of a described array."""
    shape = ", ".join([str(length) for length in array["shape"]])
    text = f"({shape}{',' if len(array['shape']) == 1 else ''})"
    numbers: list[str] = []
    for row in array.get("numbers", array.get("corner", [])):
        for number in row:
            numbers.append(str(number))
    text += " " + " ".join(numbers[:SHOWN]) + (" …" if len(numbers) > SHOWN or "corner" in array else "")
    return f"{text} norm {array['norm']}" if "norm" in array else text

"""The steps of a page as a table, for readers without scripts and for those who prefer one."""

from typing import Any

from minigrad.debug.array_pictures import MANY_STEPS
from minigrad.debug.page_data import PageData
from minigrad.debug.pictures import markup

HEADINGS = ("Step", "Operation", "Source", "Output, or gradient that arrived", "Gradients that it gives")
#: So many numbers of an array are written, and where there are many steps only its norm.
SHOWN = 6


def table_of(data: PageData) -> str:
    """Return a table with a row for each step."""
    briefly = len(data.steps) > MANY_STEPS
    texts = [array_text(array, briefly) for array in data.pool.descriptions]
    lines = ["<table><thead><tr>"]
    for heading in HEADINGS:
        lines.append(f'<th scope="col">{heading}')
    lines.append("<tbody>")
    for index, step in enumerate(data.steps):
        number = index + 1 if index < data.forward else index + 1 - data.forward
        cells = [f"{'forward' if index < data.forward else 'backward'} {number}", *cells_of(step, data, texts, briefly)]
        lines.append("<tr><td>" + "<td>".join(cells))
    lines.append("</table>")
    if briefly:
        # Of many steps many share a line of the source: it is written once.
        lines.append('<table><thead><tr><th scope="col">Source<th scope="col">Line<tbody>')
        pairs = [(place.get("where", ""), place.get("source", "")) for place in data.places]
        for where, source in dict.fromkeys(pairs):
            lines.append(f"<tr><td>{markup(where)}<td>{markup(source)}")
        lines.append("</table>")
    return "\n".join(lines)


def cells_of(step: dict[str, Any], data: PageData, texts: list[str], briefly: bool) -> list[str]:
    """Return the cells of a step."""
    vertex = data.vertices[step["vertex"]]
    operation = f"{vertex['name']} = {vertex['label']}" if "name" in vertex else vertex["label"]
    operation += f" in {vertex['module']}" if "module" in vertex else ""
    operation += f" [{', '.join(step['flags'])}]" if "flags" in step else ""
    place = data.places[vertex["place"]]
    arrived = step.get("gradient", step.get("output", []))
    shown = []
    for number in arrived if isinstance(arrived, list) else [arrived]:
        shown.append("none" if number is None else texts[number])
    given = []
    for source, each, formula in zip(vertex["from"], step.get("gives", []), data.kinds[vertex["kind"]]["formulas"]):
        if each is not None and source is not None:
            rule = f", {formula}" if formula and not briefly else ""
            added = ", added" if "after" in each else ""
            given.append(markup(f"{data.vertices[source]['label']}: {texts[each['array']]}{rule}{added}"))
    source_line = place.get("where", "") if briefly else f"{place.get('where', '')} {place.get('source', '')}"
    return [markup(operation), markup(source_line), "; ".join(shown), "<br>".join(given)]


def array_text(array: dict[str, Any], briefly: bool) -> str:
    """Return shape, some numbers and the norm of a described array; the norm alone, or the one number, if briefly."""
    numbers: list[str] = []
    for row in array.get("numbers", array.get("corner", [])):
        for number in row:
            numbers.append(str(number))
    if briefly:
        return f"norm {array['figures'][0]}" if "figures" in array else " ".join(numbers)
    shape = ", ".join([str(length) for length in array["shape"]])
    text = f"({shape}{',' if len(array['shape']) == 1 else ''}) {' '.join(numbers[:SHOWN])}"
    text += " …" if len(numbers) > SHOWN or "corner" in array else ""
    return f"{text} norm {array['figures'][0]}" if "figures" in array else text

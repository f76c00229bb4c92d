"""What the doctor found: ``Finding`` and ``Report``."""

from __future__ import annotations

import html
import math
from collections.abc import Iterator
from typing import Any

#: How a report shows its tables in a notebook; the colours are those of the page around it.
STYLE = "border-collapse:collapse;text-align:left"
CELL = "padding:2px 10px;border-bottom:1px solid #8884"


class Finding:
    """One thing that is wrong.

    Attributes:
        name: the fault: ``vanishing gradient``.
        place: the layer, parameter or operation that has it; empty for the whole model.
        figures: the numbers that show it, by name.
        sentence: what they say.
        remedy: what to do.
    """

    __slots__ = ("figures", "name", "place", "remedy", "sentence")

    def __init__(self, name: str, place: str, figures: dict[str, Any], sentence: str, remedy: str) -> None:
        """Hold it."""
        self.name = name
        self.place = place
        self.figures = figures
        self.sentence = sentence
        self.remedy = remedy

    @property
    def data(self) -> dict[str, Any]:
        """Everything as a dict that ``json`` can write; a figure that is not finite as a word."""
        return {name: plain(getattr(self, name)) for name in ("name", "place", "figures", "sentence", "remedy")}

    def __str__(self) -> str:
        """Return the fault and its place, what shows it, and the remedy, a line each."""
        where = f" in {self.place}" if self.place else ""
        return f"{self.name}{where}\n  {self.sentence}\n  Remedy: {self.remedy}"

    def __repr__(self) -> str:
        """Return the fault and its place."""
        return f"<Finding {self.name}" + (f" in {self.place}" if self.place else "") + ">"


class Report:
    """What ``doctor`` returns; ``print`` shows it, a notebook draws it.

    Attributes:
        findings: what is wrong; empty for a healthy training.
        figures: of the whole model: ``loss``, ``zero_loss`` (that of an output of zeros), ``lambda_max``,
            ``stable_lr`` (2 / lambda_max), and with an optimizer ``lr`` and ``lr_limit``. None where not measured.
        layers: a dict for each layer: its name, the shape of its weight, rank, condition number and extreme singular
            values of weight and features, the norm of its gradient.
        activations: a dict for each activation: its name, number of units, how many of them are off and on for all
            samples, the share of flat slopes.
        notes: what could not be measured, and why.
    """

    def __init__(
        self,
        findings: list[Finding],
        figures: dict[str, Any],
        layers: list[dict[str, Any]],
        activations: list[dict[str, Any]],
        notes: list[str],
    ) -> None:
        """Hold what was found."""
        self.findings = findings
        self.figures = figures
        self.layers = layers
        self.activations = activations
        self.notes = notes

    @property
    def healthy(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings

    @property
    def names(self) -> list[str]:
        """The faults that were found, each once."""
        return list(dict.fromkeys([each.name for each in self.findings]))

    @property
    def data(self) -> dict[str, Any]:
        """Everything as a dict that ``json`` can write; a figure that is not finite as a word."""
        return {
            "healthy": self.healthy,
            "findings": [each.data for each in self.findings],
            "figures": plain(self.figures),
            "layers": plain(self.layers),
            "activations": plain(self.activations),
            "notes": self.notes,
        }

    def __iter__(self) -> Iterator[Finding]:
        """Return the findings, one after the other."""
        return iter(self.findings)

    def __len__(self) -> int:
        """Return the number of findings."""
        return len(self.findings)

    def __bool__(self) -> bool:
        """Return True: a report without findings is one too; ask for ``healthy``."""
        return True

    def __repr__(self) -> str:
        """Return one line."""
        return f"<Report {', '.join(self.names) or 'healthy'}>"

    def __str__(self) -> str:
        """Return the findings, then the figures as tables."""
        count = len(self.findings)
        lines = ["healthy: nothing is wrong" if not count else f"{count} finding{'s' if count > 1 else ''}"]
        for index, each in enumerate(self.findings, start=1):
            lines.append(f"{index}. {each}")
        lines += [
            "",
            ", ".join([f"{name} {shown(value)}" for name, value in self.figures.items() if value is not None]),
        ]
        for rows in (self.layers, self.activations):
            lines += table(rows)
        for note in self.notes:
            lines.append(f"note: {note}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Return the findings and the figures for a notebook, without scripts, in the colours of the page."""
        state = "healthy: nothing is wrong" if self.healthy else f"{len(self.findings)} to look at"
        parts = [f"<div><strong>{state}</strong>"]
        for each in self.findings:
            where = f" in <code>{html.escape(each.place)}</code>" if each.place else ""
            parts.append(f"<p><strong>{html.escape(each.name)}</strong>{where}<br>{html.escape(each.sentence)}<br>")
            parts.append(f"<em>{html.escape(each.remedy)}</em></p>")
        parts.append(html_table([{name: value for name, value in self.figures.items() if value is not None}]))
        parts.append(html_table(self.layers))
        parts.append(html_table(self.activations))
        for note in self.notes:
            parts.append(f"<p>note: {html.escape(note)}</p>")
        return "".join(parts) + "</div>"


def plain(value: Any) -> Any:
    """Return a value with lists for tuples and words for numbers that JSON has no form for."""
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(each) for each in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def shown(value: Any) -> str:
    """Return a figure as text, up to three digits; nothing for one that is not there."""
    if value is None:
        return ""
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def table(rows: list[dict[str, Any]]) -> list[str]:
    """Return the lines of a table of dicts with the same keys."""
    if not rows:
        return []
    cells = [list(rows[0])]
    for row in rows:
        cells.append([shown(value) for value in row.values()])
    widths = [max([len(line[column]) for line in cells]) for column in range(len(cells[0]))]
    lines = [""]
    for line in cells:
        lines.append("  ".join([f"{text:<{width}}" for text, width in zip(line, widths)]).rstrip())
    return lines


def html_table(rows: list[dict[str, Any]]) -> str:
    """Return a table of dicts with the same keys as HTML."""
    if not rows or not rows[0]:
        return ""
    head = "".join([f'<th scope="col" style="{CELL}">{html.escape(name)}</th>' for name in rows[0]])
    body = []
    for row in rows:
        cells = "".join([f'<td style="{CELL}">{html.escape(shown(value))}</td>' for value in row.values()])
        body.append(f"<tr>{cells}</tr>")
    return f'<table style="{STYLE}"><thead><tr>{head}</tr></thead><tbody>{"".join(body)}</tbody></table>'

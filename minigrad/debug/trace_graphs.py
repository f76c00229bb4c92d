"""A recording as a graph in the languages of other tools: Graphviz's dot, Mermaid."""

from typing import TYPE_CHECKING, Any

from minigrad.tensors import Tensor

if TYPE_CHECKING:
    from minigrad.debug.forward import ForwardInput
    from minigrad.debug.traces import Trace

#: One box and what leads to it: (box, text, is a leaf, [(box it comes from, name of the input)]).
Box = tuple[str, str, bool, list[tuple[str, str]]]


def boxes(trace: "Trace") -> list[Box]:
    """Return the boxes of a recording's graph, those of leaves before their first use; an edge for each use."""
    found: list[Box] = []
    leaves: dict[int, str] = {}
    for step in trace.forward:
        edges = []
        for each in step.inputs:
            source = each.source
            if isinstance(source, Tensor):
                if id(source) not in leaves:
                    leaves[id(source)] = f"t{len(leaves) + 1}"
                    found.append((leaves[id(source)], leaf_text(each), True, []))
                edges.append((leaves[id(source)], each.name))
            elif source is not None:
                edges.append((f"n{source}", each.name))
        text = f"{step.index} {step.name} {step.shape}" + (f"\n{step.module}" if step.module else "")
        found.append((f"n{step.index}", text, False, edges))
    return found


def leaf_text(leaf: "ForwardInput") -> str:
    """Return the name and shape of a leaf."""
    source: Any = leaf.source
    return f"{source.name or ('leaf' if source.requires_grad else 'constant')} {leaf.shape}"


def to_dot(trace: "Trace") -> str:
    """Return the graph for Graphviz."""
    lines = ["digraph backward {", "    rankdir=LR;", "    node [shape=box, fontname=monospace];"]
    for name, text, is_leaf, edges in boxes(trace):
        shape = ", shape=ellipse" if is_leaf else ""
        lines.append(f"    {name} [label={quoted(text)}{shape}];")
        for source, label in edges:
            lines.append(f"    {source} -> {name} [label={quoted(label)}];")
    return "\n".join([*lines, "}"])


def to_mermaid(trace: "Trace") -> str:
    """Return the graph for Mermaid."""
    lines = ["flowchart LR"]
    for name, text, _, edges in boxes(trace):
        lines.append(f'    {name}["{escaped(text)}"]')
        for source, label in edges:
            lines.append(f"    {source} -->|{escaped(label)}| {name}")
    return "\n".join(lines)


def quoted(text: str) -> str:
    """Return a text as a string of Graphviz's language."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def escaped(text: str) -> str:
    """Return a text with Mermaid's own signs as character references."""
    for sign, reference in (("&", "&amp;"), ('"', "&quot;"), ("<", "&lt;"), (">", "&gt;"), ("|", "&#124;")):
        text = text.replace(sign, reference)
    for sign in "[]":
        text = text.replace(sign, f"&#{ord(sign)};")
    return text.replace("\n", "<br/>")

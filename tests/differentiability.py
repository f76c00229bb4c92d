"""The table in ``minigrad/ops/README.md``: what each public operation's derivative is, as its samples show it.

    python -m tests.differentiability

writes it. Which gradients there are, and whether second ones, is observed; what the gradient is at kinks and edges, or
why there is none, is what the operation's docstring says: every sentence in it that speaks of the gradient or of a
derivative, or of its being a constant to them.
"""

import inspect
import re
import sys
from pathlib import Path

from tests.observed import kinks_of, observe
from tests.public import ROOT, public_operations

PAGE = ROOT / "minigrad" / "ops" / "README.md"
COMMAND = "python -m tests.differentiability"
BEGIN, END = f"<!-- The table, written by {COMMAND}: -->\n", "<!-- End of the table. -->\n"
HEAD = "| operation | gradient of | second | rules | at kinks and edges; why there is none |\n|---|---|---|---|---|\n"
#: Families none of whose results depends on an operand's numbers through anything that has a slope.
WITHOUT_OPERANDS = {
    "minigrad/ops/creation.py": "makes new numbers",
    "minigrad/ops/distributions.py": "draws new numbers",
    "minigrad/ops/generators.py": "sets the generator",
    "minigrad/ops/randomness.py": "draws new numbers",
    "minigrad/ops/ranges.py": "makes new numbers",
}
#: Single operations that no sample calls, and why they have no gradient.
WITHOUT_SAMPLES = {
    "cuda": "always raises",
    "half": "always raises",
    "numel": "gives Python's values",
    "tril_indices": "makes new numbers",
    "triu_indices": "makes new numbers",
}
#: What the derivative is cut off from on purpose.
CUT_OFF = ("detach",)
#: More rules than these are said to be many.
FEW = 4
KINDS = {"b": "bools", "i": "integers", "u": "integers", "f": "floats", "?": "Python's values"}
#: Of derivatives only what is said of the operation's own: polygamma *is* one.
GRADIENT = re.compile(r"\bgradients?\b|\b(?:a|no|its) derivative|\bderivatives? (?:is|are)\b", re.IGNORECASE)


def sentences_of(function):
    """Return what the docstring of an operation says of its gradient, as one string."""
    text = re.split(r"^\s*(?:Examples|Raises|Source):", inspect.getdoc(function) or "", flags=re.MULTILINE)[0]
    text = re.sub(r"^(?:Args|Returns):$", "", text, flags=re.MULTILINE)
    # An entry of Args begins a sentence of its own.
    text = re.sub(r"^ *requires_grad:.*$", "", text, flags=re.MULTILINE)
    text = re.sub(r"\n *(\w+(?:, \w+)*): ", r".\n\1: ", text)
    found = []
    for sentence in re.split(r"(?<=\.)\s+", re.sub(r"[ \n]+", " ", text)):
        if GRADIENT.search(sentence):
            found.append(worded(sentence))
    return " ".join(found).replace("``", "`").replace("|", "\\|")


def worded(sentence):
    """Return a sentence from the part on that speaks of the gradient; the whole, where it points back by "there"."""
    if not re.search(r"\bthere\b|\bthose\b", sentence):
        parts = re.split(r"(?<=;) ", re.sub(r"^\w+(?:, \w+)*: ", "", sentence))
        while not GRADIENT.search(parts[0]):
            del parts[0]
        sentence = " ".join(parts)
    sentence = sentence.rstrip(".") + "."
    return sentence[0].upper() + sentence[1:]


def row_of(public, seen):
    """Return the cells of an operation: its names, what has a gradient, the second one, the rules, the words."""
    names = ", ".join([f"`{name}`" for name in public.names])
    words = sentences_of(public.function)
    if not seen.reached:
        return names, "none", "", "", f"{reason_of(public, seen)} {words}".strip()
    reached = ", ".join([f"`{name}`" for name in seen.reached]) + (": 0" if seen.zero else "")
    second = "yes" if "yes" in seen.second else "0"
    refused = [f"`{name}`" for name in seen.refused if name not in seen.reached]
    if refused:
        words += f" {' and '.join(refused)} that requires grad raises."
    return names, reached, second, rules_in_words(public, seen), words.strip()


def rules_in_words(public, seen):
    """Return the rules of an operation: its own one, or those of what it is composed of."""
    names = []
    for rule in seen.rules:
        name = rule.__name__.removesuffix("_vjp")
        if name not in names:
            names.append(name)
    if names == [public.function.__name__]:
        return "its own"
    if not names:
        return "none: the operand itself"
    if len(names) > FEW:
        return f"of {len(names)} operations"
    return ", ".join([f"`{name}`" for name in names])


def reason_of(public, seen):
    """Return why an operation has no gradient, "" where nothing says it."""
    name = public.function.__name__
    if public.family in WITHOUT_OPERANDS:
        return f"It {WITHOUT_OPERANDS[public.family]}."
    if name in WITHOUT_SAMPLES:
        return f"It {WITHOUT_SAMPLES[name]}."
    if name in CUT_OFF:
        return ""
    if seen.refused:
        return "An operand that requires grad raises."
    if seen.kinds and "f" not in seen.kinds:
        return f"It gives {' and '.join(sorted({KINDS[kind] for kind in seen.kinds}))}."
    return ""


def base_of(public, others):
    """Return the operation whose form in place this one is, None if it is none."""
    name = public.names[0]
    for other in others:
        if name.endswith("_") and name.rstrip("_") in other.names:
            return other
    return None


def rows():
    """Return {file: [cells]} of every public operation; a form in place that is as its operation shares its row."""
    public = public_operations()
    seen = {each.function: observe(each) for each in public}
    cells = {each.function: row_of(each, seen[each.function]) for each in public}
    joined = {}
    for each in public:
        base, own = base_of(each, public), cells[each.function]
        if base is not None and not sentences_of(each.function):
            if own[1:3] == cells[base.function][1:3]:
                joined.setdefault(base.function, []).extend(each.names)
                del cells[each.function]
            else:
                cells[each.function] = (*own[:4], f"As `{base.names[0]}`.")
    files = {}
    for each in public:
        if each.function in cells:
            names, *rest = cells[each.function]
            names = ", ".join([names, *[f"`{name}`" for name in joined.get(each.function, [])]])
            files.setdefault(each.family, []).append((names, *rest))
    return files


def table():
    """Return the table as Markdown, a section for each file."""
    parts = []
    for family, cells in sorted(rows().items(), key=lambda item: (Path(item[0]).name, item[0])):
        title = (ROOT / family).read_text(encoding="utf-8").partition('"""')[2].partition("\n")[0]
        title = title.removesuffix('"""').rstrip(".")
        link = "../" + family.removeprefix("minigrad/")
        link = link.replace("../ops/", "")
        lines = "".join([f"| {' | '.join(row)} |\n" for row in cells])
        parts.append(f"### [{Path(family).name}]({link}): {title}\n\n{HEAD}{lines}\n")
    return "".join(parts)


def page(text):
    """Return the page with the table as it is now."""
    head, _, rest = text.partition(BEGIN)
    return f"{head}{BEGIN}\n{table()}{rest[rest.index(END) :]}"


def lacks():
    """Return what single operations lack: samples, a reason for no gradient, words for a kink, a tracked operand."""
    found = []
    operations = public_operations()
    for public in operations:
        for lack in lacks_of(public, observe(public), operations):
            found.append(f"{public.names[0]} ({public.family}): {lack}")
    return found


def lacks_of(public, seen, operations=()):
    """Return what one of some operations lacks, in words."""
    name = public.function.__name__
    excused = public.family in WITHOUT_OPERANDS or name in WITHOUT_SAMPLES
    words = sentences_of(public.function)
    if not public.samples:
        return [] if excused else ["no sample calls it. Add one to the table of samples."]
    found = []
    if name not in CUT_OFF:
        for parameter in seen.untracked:
            found.append(
                f"the gradient of {parameter} is lost in silence. Record it with a rule, or with None to raise."
            )
    if not seen.reached and not reason_of(public, seen) and not words:
        found.append("it has no gradient, and its docstring does not say why in a sentence with the word 'derivative'.")
    for message in seen.second - {"yes", "0"}:
        found.append(f"it has no second derivative: {message}")
    # A form in place has the gradient of the operation that it writes.
    if words or base_of(public, operations) is not None:
        return found
    if seen.reached and seen.zero:
        found.append("its gradient is 0, which its docstring does not say in a sentence with the word 'gradient'.")
    places = []
    for sample in public.samples:
        places += kinks_of(sample) if sample.grad else []
    if places:
        found.append(
            f"its slope jumps or is infinite ({', '.join(places[:3])}), and no sentence of its docstring with the word "
            "'gradient' says what the gradient is there."
        )
    return found


def main():
    """Write the table, or say what is lacking."""
    found = lacks()
    if found:
        sys.exit("\n".join(found))
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()

"""Colours of the terminal: on a terminal only, and not where NO_COLOR is set."""

import os
import re
from typing import Any

#: SGR parameters of what is coloured; the sixteen named colours follow the user's theme.
STYLES = {
    "title": "1",
    "place": "2",
    "caret": "1;32",
    "gradient": "36",
    "good": "32",
    "bad": "1;31",
    "quiet": "2",
    "mark": "1;33",
}
# What a page of text is made of, line by line: the pattern of a line and the style of each of its groups.
LINES = (
    (re.compile(r"^(step \d+/\d+  .*?)(\s{2,}\S+:\d+)?$"), ("title", "place")),
    (re.compile(r"^(\s*\^+)()$"), ("caret", "")),
    (re.compile(r"^( (?:grad_)?outputs?(?:\[\d+\])? .*| grad_output.*)()$"), ("gradient", "")),
    (re.compile(r"^(\*\*\* .*)()$"), ("bad", "")),
    (re.compile(r"^((?: *\d+ )?->.*?)(  # \d+ .*)?$"), ("mark", "quiet")),
    (re.compile(r"^( *\d+    .*?)(  # \d+ .*)$"), ("", "quiet")),
    (re.compile(r"^((?:at |deleted )?breakpoint \d+.*)()$"), ("mark", "")),
    # Heads of tables, in which "nan" is a word.
    (re.compile(r"^((?:value|    #|step) +\w+ .*)()$"), ("quiet", "")),
)
# A number that spoils a training, wherever it stands.
SPOILT = re.compile(r"(?<![\w.])(-?inf|nan|NaN)(?![\w.(])")


def wanted(stream: Any) -> bool:
    """Return whether to colour what goes to a stream.

    Source: no-color.org: NO_COLOR, when it is not empty, means no colour.
    """
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return hasattr(stream, "isatty") and stream.isatty()


def paint(text: str, style: str) -> str:
    """Return a text between the sequences that switch a style on and off."""
    return f"\x1b[{STYLES[style]}m{text}\x1b[0m" if style and text else text


def painted(page: str) -> str:
    """Return a page of the stepper in colours: what is not known to need one stays as it is."""
    return "\n".join([painted_line(line) for line in page.split("\n")])


def painted_line(line: str) -> str:
    """Return one line of a page in colours."""
    for pattern, (first, second) in LINES:
        found = pattern.match(line)
        if found is not None:
            return paint(found[1], first) + paint(found[2] or "", second)
    return SPOILT.sub(paint(r"\1", "bad"), line)

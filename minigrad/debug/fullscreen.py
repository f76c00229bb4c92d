"""The stepper on the whole screen: the steps at the left; source, rule and arrays at the right; commands below.

It is a window on a ``Terminal``: each key, and each line typed, is one of its commands.
"""

import io
import os
import sys
from typing import Any, ClassVar

import numpy as np
from rich.columns import Columns
from rich.console import Group
from rich.style import Style
from rich.text import Text
from textual.app import App, ComposeResult, SuspendNotSupported
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import DataTable, Footer, Input, Static

from minigrad.debug import colours, printing, screens
from minigrad.debug.cells import heat
from minigrad.debug.expressions import namespace
from minigrad.debug.step import Step
from minigrad.debug.terminal import Terminal
from minigrad.debug.terminal_views import arrays_of

#: The columns of the list: key, heading, and width, None for as wide as what is in it. The norms come one by one, and
#: finding the width anew for each would take seconds for 500.
COLUMNS = (
    ("mark", "", 2),
    ("index", "#", None),
    ("operation", "operation", None),
    ("output", "output", None),
    ("norm", "   |grad|", 9),
)
#: The commands that say no more than the new step, which is shown anyway.
MOVES = ("next", "back", "goto")
#: A Jacobian above this size is not worked out at each step: the rule runs once for each row, which would be felt.
MOST_ENTRIES = 1024
#: Before a step: it is the one that is shown; its rule has run; it has not.
HERE, DONE, AHEAD = "▶", "✓", " "
PLACEHOLDER = "a command, as in the terminal: b op=tanh, p grad_output, jac x, h; Escape leaves"


class Fullscreen(App[None]):
    """The full-screen stepper of one backward pass.

    Attributes:
        terminal: the stepper whose commands are run.
        spoken: what it has said.
        failure: what a rule raised, which ends the pass; None where none did.
    """

    CSS = """
    #title { height: 1; background: $panel; padding: 0 1; }
    #steps { width: auto; max-width: 45%; height: 1fr; border-right: solid $panel; }
    #right { padding: 0 1; }
    #source, #page, #text { height: auto; text-wrap: nowrap; text-overflow: ellipsis; }
    #page { margin-top: 1; }
    #arrays { height: auto; margin-top: 1; }
    #said { height: auto; max-height: 40%; border-top: solid $accent; padding: 0 1; display: none; }
    #command { border: none; height: 1; padding: 0 1; }
    """
    TITLE = "minigrad"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[Any] = [
        Binding("n,right", "run('n')", "next"),
        Binding("r,left", "run('rn')", "back"),
        Binding("c", "run('c')", "continue"),
        Binding("b", "type('b ')", "break"),
        Binding("p", "type('p ')", "print"),
        Binding("s", "run('s')", "into the rule"),
        Binding("l", "run('l')", "source", show=False),
        Binding("w", "run('w')", "where", show=False),
        Binding("f", "run('finish')", "finish"),
        Binding("colon", "type('')", "command", key_display=":"),
        Binding("h,question_mark", "run('h')", "help", key_display="h"),
        Binding("escape", "keys", "keys", show=False),
        Binding("q", "run('q')", "quit"),
        Binding("ctrl+q,ctrl+d", "run('q')", "quit", show=False, priority=True),
    ]

    def __init__(self, terminal: Terminal, number: int | None = None) -> None:
        """Show a stepper; ``number`` is the pass's in its program. It has begun when the screen opens."""
        super().__init__()
        self.terminal = terminal
        self.title_line = screens.first_page(terminal.loss, terminal.stepper.total, number).splitlines()[0]
        self.failure: BaseException | None = None
        self.listed: dict[int, tuple[str, str]] = {}
        self.spoken = io.StringIO()
        terminal.stdout = self.spoken
        terminal.use_colours = False

    def compose(self) -> ComposeResult:
        """Lay the screen out."""
        yield Static(self.title_line, id="title", markup=False)
        with Horizontal():
            yield DataTable(id="steps", cursor_type="row")
            with VerticalScroll(id="right", can_focus=False):
                yield Static(id="source")
                yield Static(id="page")
                yield Static(id="arrays")
        with VerticalScroll(id="said"):
            yield Static(id="text")
        yield Input(id="command", placeholder=PLACEHOLDER, select_on_focus=False)
        yield Footer()

    def on_mount(self) -> None:
        """Fill the list of steps and show where the stepper is."""
        table = self.query_one("#steps", DataTable)
        for name, label, width in COLUMNS:
            table.add_column(label, key=name, width=width)
        for row in screens.rows_of(self.terminal.stepper.nodes, {}):
            table.add_row("", *row[:4], key=row[0])
        table.focus()
        self.show()
        if not self.is_headless:
            self.set_interval(1.0, self.leave_without_terminal)
        # Once more when the layout is done, and the width of the source is known.
        self.call_after_refresh(self.show_step)

    # Commands -------------------------------------------------------------------------------------------------------

    def action_run(self, line: str) -> None:
        """Run a command of the terminal stepper, and show where it leads and what it says."""
        word = self.terminal.word_of(line)
        if word == "step":
            self.into_the_rule(line)
            return
        self.spoken.seek(0)
        self.spoken.truncate()
        try:
            over = self.terminal.onecmd(line)
        except Exception as error:
            # The terminal stepper tells the user of all that leaves the pass whole; the program is to get the rest.
            self.failure, over = error, True
        if over:
            self.exit()
            return
        self.show()
        said = self.spoken.getvalue()
        self.tell("" if word in MOVES and not said.startswith("***") else said)

    def into_the_rule(self, line: str) -> None:
        """Leave the screen to pdb while it is in the rule."""
        try:
            with self.suspend():
                self.terminal.stdout = sys.__stdout__ or self.spoken
                self.terminal.onecmd(line)
        except SuspendNotSupported:
            self.tell("*** this terminal cannot be lent to pdb; s works in the stepper without the full screen")
        finally:
            self.terminal.stdout = self.spoken

    def action_type(self, beginning: str) -> None:
        """Go to the command line, with the beginning of a command in it."""
        command = self.query_one("#command", Input)
        command.value = beginning
        command.focus()
        command.cursor_position = len(beginning)

    def action_keys(self) -> None:
        """Leave the command line: letters are keys again, and what was said goes away."""
        self.tell("")
        self.query_one("#command", Input).value = ""
        self.query_one("#steps", DataTable).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Run what was typed."""
        line, event.input.value = event.value, ""
        self.query_one("#steps", DataTable).focus()
        self.action_run(line)

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Go to the step that Enter or the mouse has chosen."""
        self.action_run(f"j {event.row_key.value}")

    def leave_without_terminal(self) -> None:
        """Give the pass up when the terminal has gone away: textual waits for a key for ever then."""
        driver = self._driver
        if driver is not None and sys.__stdin__ is not None and not os.isatty(sys.__stdin__.fileno()):
            # The thread that writes has ended with the terminal, and who writes more waits for it.
            driver.write = nowhere  # type: ignore[method-assign]
            self.exit()

    def tell(self, text: str) -> None:
        """Show what a command has said above the command line; nothing takes the place away."""
        self.query_one("#text", Static).update(from_page(text.rstrip("\n")))
        said = self.query_one("#said")
        if said.display != bool(text.strip()):
            said.display = bool(text.strip())
            self.call_after_refresh(self.bring_cursor)

    def bring_cursor(self) -> None:
        """Scroll the list to its cursor, when its height has changed."""
        table = self.query_one("#steps", DataTable)
        table.move_cursor(row=table.cursor_row)

    # Pictures -------------------------------------------------------------------------------------------------------

    def show(self) -> None:
        """Show the step that the stepper is at, and what has become of the list."""
        self.show_steps()
        self.show_step()

    def show_step(self) -> None:
        """Show the source, the rule and the arrays of the step that the stepper is at."""
        step = self.terminal.step
        if step is None:
            return
        width = max(self.query_one("#right").size.width - 4, 40)
        source = screens.source_page(self.terminal.stepper.nodes, step.index, 3, width)
        self.query_one("#source", Static).update(from_page(source))
        self.query_one("#page", Static).update(from_page(self.rule_page(step)))
        cards = []
        for name, array in arrays_shown(step).items():
            cards.append(card(name, array))
        self.query_one("#arrays", Static).update(Columns(cards, padding=(0, 3)))
        self.query_one("#right").scroll_home(animate=False)

    def rule_page(self, step: Step) -> str:
        """Return the page of a step without its source line, which is shown above."""
        lines = self.terminal.page().split("\n")
        source = printing.caret(step.node.where)
        place = "" if step.node.where is None else str(step.node.where)
        return "\n".join([lines[0].removesuffix(place).rstrip(), *lines[1 + len(source) :]])

    def show_steps(self) -> None:
        """Bring the list of steps up to date; only what has changed is drawn again."""
        table = self.query_one("#steps", DataTable)
        taken, marks = self.terminal.steps_taken(), self.terminal.marks()
        current = 0 if self.terminal.step is None else self.terminal.step.index
        for index in range(1, self.terminal.stepper.total + 1):
            sign = HERE if index == current else DONE if index in taken else AHEAD
            sign += "●" if index in marks else " "
            norm = screens.norm_text(taken[index]) if index in taken else ""
            if self.listed.get(index) != (sign, norm):
                self.listed[index] = (sign, norm)
                table.update_cell(str(index), "mark", Text(sign, "bold"))
                style = "bold red" if norm in ("nan", "inf") else ""
                table.update_cell(str(index), "norm", Text(norm, style, justify="right"))
        if current:
            table.move_cursor(row=current - 1)


def nowhere(data: str) -> None:
    """Write to no terminal."""


def from_page(page: str) -> Text:
    """Return a page of the terminal stepper in its colours."""
    return Text.from_ansi(colours.painted(page))


def arrays_shown(step: Step) -> dict[str, np.ndarray]:
    """Return the arrays of a step by name: the gradients, then what the rule reads, then the Jacobians."""
    arrays = arrays_of(namespace(step)) if step.kept else {}
    shown = {name: array for name, array in arrays.items() if name.startswith("grad_")}
    return {**shown, **arrays, **jacobians_of(step)}


def card(name: str, array: Any) -> Group:
    """Return an array as a title and its heat cells."""
    title = Text(f"{name} ", "bold")
    title.append(f"{array.shape}", "not bold dim")
    rows = [title]
    for row in heat(array):
        line = Text()
        for cell in row:
            red, green, blue = cell.colour
            style = Style(color="white", bgcolor=f"rgb({red},{green},{blue})")
            line.append(f"{cell.text:>9} " if cell.text else "  ", style)
        rows.append(line)
    return Group(*rows, Text())


def jacobians_of(step: Step) -> dict[str, np.ndarray]:
    """Return the small Jacobians of a step's operation as matrices by their names, ``d output / d x``."""
    found: dict[str, np.ndarray] = {}
    if step.grad_output is None or step.recorded.several or not step.kept:
        return found
    outputs = int(np.prod(step.node.shape))
    for each in step.contributions:
        if each.grad is None or not 0 < outputs * each.grad.size <= MOST_ENTRIES:
            continue
        try:
            found[f"d output / d {each.input}"] = step.local_jacobian(each.input).reshape(outputs, -1)
        except (RuntimeError, ValueError):
            continue  # what the rule read is gone; the rest of the step can be shown
    return found

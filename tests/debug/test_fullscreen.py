"""The full-screen stepper under textual's own driver: its panes, its keys, its command line, its ends."""

import asyncio
import sys

import numpy as np
import pytest

import minigrad as mg
from minigrad import debug
from minigrad.autograd import record
from minigrad.debug import tracing
from minigrad.debug.cells import NAN, heat
from minigrad.debug.console import Session
from minigrad.debug.stepper import Stepper
from minigrad.debug.terminal import Terminal
from tests.debug.terminals import PDB, Talk

pytest.importorskip("textual")
fullscreen = pytest.importorskip("minigrad.debug.fullscreen")


def network():
    generator = mg.Generator(3)
    W1 = mg.tensor(mg.randn(2, 3, generator=generator), requires_grad=True, name="W1")
    W2 = mg.tensor(mg.randn(3, 1, generator=generator), requires_grad=True, name="W2")
    h = mg.tanh(mg.randn(4, 2, generator=generator) @ W1)
    o = h @ W2
    return (W1, W2), (o * o).mean()


def screen(loss, *keys, size=(120, 40)):
    """Press some keys in the full-screen stepper of a loss; return the app, and its panes as text."""

    async def press():
        terminal = Terminal(Stepper(loss), loss)
        app = fullscreen.Fullscreen(terminal)
        terminal.begin()
        panes = {}
        async with app.run_test(size=size) as pilot:
            for key in keys:
                if len(key) > 1 and key[0] == ":":
                    await pilot.press("colon")
                    app.query_one("#command").value = key[1:]
                    await pilot.press("enter")
                else:
                    await pilot.press(key)
            await pilot.pause()
            if app.is_running and app.return_value is None and not app._exit:
                panes = {name: text_of(app, name) for name in ("source", "page", "arrays", "text", "title")}
                table = app.query_one("#steps")
                panes["steps"] = [[str(cell) for cell in table.get_row_at(row)] for row in range(table.row_count)]
                panes["picture"] = app.export_screenshot()
        return app, panes

    return asyncio.run(press())


def text_of(app, name):
    """Return what a pane shows, without styles."""
    pane = app.query_one(f"#{name}")
    lines = [pane.render_line(row).text for row in range(pane.size.height)] if pane.display else []
    return "\n".join([line.rstrip() for line in lines])


def test_the_first_screen_shows_the_steps_the_source_the_rule_and_the_arrays():
    _, loss = network()
    app, panes = screen(loss)
    assert panes["title"].strip().startswith("backward: loss = ")
    assert [row[1:4] for row in panes["steps"]] == [
        ["1", "mean", "()"],
        ["2", "mul", "(4, 1)"],
        ["3", "matmul", "(4, 1)"],
        ["4", "tanh", "(4, 3)"],
        ["5", "matmul", "(4, 3)"],
    ]
    assert panes["steps"][0][0].startswith("▶")
    assert panes["steps"][0][4] == "1"
    assert "-> " in panes["source"]
    assert "return (W1, W2), (o * o).mean()" in panes["source"]
    assert "# 1 mean" in panes["source"]
    assert "^^^^^^^^^^^^^^" in panes["source"]
    assert panes["page"].startswith("step 1/5  mean -> ()")
    assert "grad_x = grad_output / n" in panes["page"]
    assert "grad_output ()" in panes["arrays"]
    assert "d output / d x (1, 4)" in panes["arrays"]
    assert not app.terminal.stepper.finished


def test_keys_are_the_commands():
    _, loss = network()
    _, panes = screen(loss, "n", "n", "right", "r")
    assert panes["page"].startswith("step 3/5  matmul")
    assert "looking back: 4 steps have been taken" in panes["page"]
    assert [row[0].strip() for row in panes["steps"]] == ["✓", "✓", "▶", "✓", ""]
    assert "0." in panes["arrays"]  # numbers in the cells of small arrays
    assert "x (4, 3)" in panes["arrays"]


def test_enter_goes_to_the_step_that_is_chosen():
    _, loss = network()
    _, panes = screen(loss, "down", "down", "enter")
    assert panes["page"].startswith("step 3/5  matmul")


def test_the_command_line_takes_every_command_and_shows_what_it_says():
    _, loss = network()
    app, panes = screen(loss, "n", ":b op=tanh", "c", "r", ":p output.shape if 'output' in step.saved else 7")
    assert panes["page"].startswith("step 3/5  matmul")
    assert panes["steps"][3][0] == "✓●"
    assert panes["text"].strip() == "7"
    assert not app.query("#command:focus")


def test_letters_are_text_on_the_command_line_and_keys_elsewhere():
    _, loss = network()
    _, panes = screen(loss, "h", "escape", "b", *"nan", "enter")
    assert panes["text"].strip() == "breakpoint 1: nan"
    assert panes["page"].startswith("step 1/5")
    _, panes = screen(loss, ":nxt", "n", "h")
    assert "n(ext) [k]" in panes["text"]
    assert "nxt" not in panes["text"]
    assert panes["page"].startswith("step 2/5")


@pytest.mark.parametrize("keys", [["f"], ["n"] * 5, ["c"]], ids=" ".join)
def test_the_end_writes_the_gradients_of_backward(keys):
    leaves, loss = network()
    app, _ = screen(loss, *keys)
    twins, twin = network()
    twin.backward()
    assert app.failure is None
    assert [leaf.grad.data.tobytes() for leaf in leaves] == [leaf.grad.data.tobytes() for leaf in twins]


@pytest.mark.parametrize("keys", [["n", "n", "q"], ["ctrl+q"], [":q"]], ids=" ".join)
def test_a_pass_that_is_given_up_writes_nothing(keys):
    leaves, loss = network()
    app, _ = screen(loss, *keys)
    assert app.terminal.stepper.closed
    assert [leaf.grad for leaf in leaves] == [None, None]


def test_what_a_rule_raises_ends_the_screen_and_is_kept_for_the_program():
    def broken(x):
        return record(broken, broken_vjp, x.data * 2, (x,), ())

    def broken_vjp(grad_output):
        raise KeyError("my mistake")

    w = mg.tensor([1.0], requires_grad=True)
    app, _ = screen(broken(w * 3).sum(), "n")
    assert isinstance(app.failure, KeyError)
    assert w.grad is None


def test_pdb_is_refused_where_the_terminal_cannot_be_lent():
    _, loss = network()
    _, panes = screen(loss, "s")
    assert "this terminal cannot be lent to pdb" in panes["text"]


def test_nan_is_marked_in_the_list_and_in_the_cells():
    w = mg.tensor([4.0, 0.0], requires_grad=True, name="w")
    h = mg.sqrt(w) * 0
    _, panes = screen((h / h).sum(), "n", "n")
    assert panes["steps"][2][4] == "nan"
    assert "nan" in panes["arrays"]


def test_many_steps_and_a_small_terminal():
    generator = mg.Generator(0)
    W = mg.tensor(mg.randn(4, 4, generator=generator), requires_grad=True, name="W")
    x = mg.randn(2, 4, generator=generator)
    for _ in range(250):
        x = mg.tanh(x @ W)
    _, panes = screen(x.sum(), ":j 400", size=(60, 20))
    assert len(panes["steps"]) == 501
    assert panes["page"].startswith("step 400/501")
    assert "▶" in panes["picture"]  # the list has scrolled to it


def test_without_textual_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "textual", None)
    leaves, loss = network()
    with pytest.raises(ImportError, match=r"pip install 'minigrad\[tui\]'"):
        debug.set_trace(loss, tui=True)
    assert leaves[0].grad is None


def test_set_trace_runs_the_screen_and_tells_the_program_how_it_ended(monkeypatch):
    monkeypatch.setattr(tracing, "has_terminal", lambda: True)
    leaves, loss = network()
    monkeypatch.setattr(fullscreen.Fullscreen, "run", lambda app: app.terminal.do_finish(""))
    debug.set_trace(loss, tui=True)
    assert leaves[0].grad is not None
    leaves, loss = network()
    monkeypatch.setattr(fullscreen.Fullscreen, "run", lambda app: app.terminal.do_quit(""))
    with pytest.raises(tracing.BdbQuit):
        debug.set_trace(loss, tui=True)
    assert leaves[0].grad is None


def test_passes_that_no_breakpoint_stops_open_no_screen(monkeypatch):
    monkeypatch.setattr(tracing, "has_terminal", lambda: True)
    opened = []
    monkeypatch.setattr(fullscreen.Fullscreen, "run", lambda app: opened.append(app) or app.terminal.onecmd("c"))
    session = Session()
    session.breakpoints[1] = ("op=exp", False)
    session.running = True
    w = mg.tensor([1.0], requires_grad=True)
    for loss in ((w * 2).sum(), w.exp().sum(), (w * 2).sum()):
        tracing.step_through(loss, tui=True, session=session)
    assert [app.terminal.step.node.name for app in opened] == ["exp"]


def test_cells_are_coloured_by_sign_and_size():
    (row,) = heat(np.array([2.0, 1.0, 0.0, -1.0, -2.0]))
    assert [cell.text for cell in row] == ["2", "1", "0", "-1", "-2"]
    red = [cell.colour[0] for cell in row]
    blue = [cell.colour[2] for cell in row]
    assert red == sorted(red, reverse=True)
    assert blue[3:] == sorted(blue[3:])
    assert row[2].colour[0] == row[2].colour[1] == row[2].colour[2]


def test_a_large_array_is_drawn_in_blocks_and_a_lone_nan_is_seen():
    array = np.zeros((1000, 300))
    array[517, 123] = np.nan
    array[3, 3] = -7
    cells = heat(array, rows=10, columns=24)
    assert (len(cells), len(cells[0])) == (10, 24)
    assert [(i, j) for i, row in enumerate(cells) for j, cell in enumerate(row) if cell.colour == NAN] == [(5, 9)]
    assert cells[0][0].colour[2] > cells[0][1].colour[2]
    assert heat(np.zeros((0, 3))) == []
    assert len(heat(np.zeros((2, 3, 4, 5)))) == 10
    assert heat(np.array(3))[0][0].text == "3"


PROGRAM = """\
import os, signal, sys
import minigrad as mg
from minigrad import debug

# As under nohup: the program outlives its terminal, and finds it gone.
signal.signal(signal.SIGHUP, signal.SIG_IGN)
w = mg.tensor([1.0, 2.0], requires_grad=True, name="w")
loss = (w * w).sum()
try:
    debug.set_trace(loss, tui=True)
finally:
    open(sys.argv[1], "w").write(str(w.grad))
"""


def test_on_a_terminal_s_lends_it_to_pdb_and_its_end_leaves_no_gradient(tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM)
    talk = Talk(tmp_path / "program.py", tmp_path / "left")
    talk.child.expect_exact("step 1/2")
    talk.child.send("s")
    assert "sum_vjp()" in talk.until(PDB)
    assert "grad_output = array(1., dtype=float32)" in talk.say("a", PDB)
    talk.child.sendline("c")
    talk.child.expect_exact("step 1/2")
    talk.child.send("n")
    talk.child.expect_exact("step 2/2")
    talk.child.ptyproc.fileobj.close()
    talk.child.closed = True
    assert talk.child.ptyproc.wait() != 0
    assert (tmp_path / "left").read_text() == "None"

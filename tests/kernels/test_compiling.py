"""Whoever waits for kernels to be compiled is told so, in one line, after two seconds, and never otherwise."""

import io
import os
import subprocess
import sys

import numba
import numpy as np
import pytest
from numba.core import event

from minigrad_kernels import compiling, jit, show_progress
from minigrad_kernels.array_objects import ArrayObject
from minigrad_kernels.compiling import Compiled, CompileWatch

# Events carry dispatchers, and without the JIT there are none.
pytestmark = pytest.mark.skipif(numba.config.DISABLE_JIT, reason="without the JIT nothing is compiled")


@jit.kernel
def some_kernel(x):
    return x


@jit.kernel
def other_kernel(x):
    return x


@numba.njit
def of_the_user(x):
    return x


class Terminal(io.StringIO):
    def isatty(self):
        return True

    def shown(self):
        """What the last line looks like after everything that was written to it."""
        line = ""
        for part in self.getvalue().split("\n")[-1].split("\r"):
            line = part + line[len(part) :]
        return line.rstrip()


class Compilation:
    """Tells a watch that Numba compiles something, at times of its own."""

    def __init__(self, stream):
        self.now = 100.0
        self.stream = stream
        self.watch = CompileWatch(clock=lambda: self.now, stream=stream)
        self.watch.shown = True

    def start(self, dispatcher, dtype=np.float32):
        types = (numba.types.Array(numba.from_dtype(np.dtype(dtype)), 2, "C"),)
        data = {"dispatcher": dispatcher, "args": types, "return_type": None}
        self.watch.notify(event.Event("numba:compile", event.EventStatus.START, data))

    def end(self, dispatcher, after=0.0):
        self.now += after
        self.watch.notify(event.Event("numba:compile", event.EventStatus.END, {"dispatcher": dispatcher}))

    def compile(self, dispatcher, seconds, dtype=np.float32):
        self.start(dispatcher, dtype)
        self.end(dispatcher, seconds)


@pytest.fixture(params=[io.StringIO, Terminal])
def compilation(request):
    return Compilation(request.param())


@pytest.fixture
def on_a_terminal():
    return Compilation(Terminal())


@pytest.fixture
def elsewhere():
    return Compilation(io.StringIO())


def test_two_seconds_pass_without_a_word(compilation):
    compilation.compile(some_kernel, 1.0)
    compilation.compile(other_kernel, 0.9)
    compilation.start(some_kernel)
    assert compilation.stream.getvalue() == ""


def test_then_the_line_says_what_is_compiled_how_many_so_far_and_for_how_long(on_a_terminal):
    on_a_terminal.compile(some_kernel, 2.5)
    on_a_terminal.start(other_kernel, np.float64)
    assert on_a_terminal.stream.shown() == "minigrad compiles: kernel 2, other_kernel (float64, 2-d), 2 s so far"


def test_a_kernel_that_takes_long_by_itself_is_told_of_while_its_parts_are_compiled(compilation):
    compilation.start(some_kernel)
    compilation.now += 1.9
    compilation.start(of_the_user)
    assert compilation.stream.getvalue() == ""
    compilation.end(of_the_user, 0.2)
    compilation.start(of_the_user)
    assert "kernel 1, some_kernel (float32, 2-d), 2 s so far" in compilation.stream.getvalue()


def test_a_terminal_has_one_line_which_is_refreshed_and_taken_away_in_the_end(on_a_terminal):
    on_a_terminal.compile(some_kernel, 2.5)
    on_a_terminal.start(other_kernel)
    on_a_terminal.now += 10
    on_a_terminal.start(of_the_user)
    assert on_a_terminal.stream.shown() == "minigrad compiles: kernel 2, other_kernel (float32, 2-d), 12 s so far"
    on_a_terminal.end(of_the_user)
    on_a_terminal.end(other_kernel)
    assert on_a_terminal.stream.shown() == ""
    assert on_a_terminal.stream.getvalue().endswith("\r")
    on_a_terminal.compile(some_kernel, 1.0)
    assert "\n" not in on_a_terminal.stream.getvalue()


def test_the_line_does_not_wrap_on_a_narrow_terminal(on_a_terminal, monkeypatch):
    monkeypatch.setattr(compiling.shutil, "get_terminal_size", lambda: os.terminal_size((30, 24)))
    on_a_terminal.start(some_kernel)
    on_a_terminal.now += 3
    on_a_terminal.start(of_the_user)
    assert on_a_terminal.stream.shown() == "minigrad compiles: kernel 1, "[:29].rstrip()


def test_elsewhere_one_plain_line_is_written_once(elsewhere, tmp_path, monkeypatch):
    monkeypatch.setenv("MINIGRAD_CACHE_DIR", str(tmp_path))
    for _ in range(3):
        elsewhere.compile(some_kernel, 2.5)
    assert elsewhere.stream.getvalue() == (
        f"minigrad compiles its kernels and keeps them in {tmp_path}: kernel 2, some_kernel (float32, 2-d), 2 s so far "
        "(MINIGRAD_PROGRESS=0 hides this line)\n"
    )


def test_the_line_says_so_if_the_kernels_cannot_be_kept(elsewhere, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("MINIGRAD_CACHE_DIR", str(tmp_path / "file"))
    for _ in range(2):
        elsewhere.compile(some_kernel, 2.5)
    line = elsewhere.stream.getvalue()
    assert line.startswith(f"minigrad compiles its kernels and cannot keep them ({tmp_path}/file")
    assert "set MINIGRAD_CACHE_DIR to a folder that can be written" in line


def test_what_the_user_compiles_is_not_minigrads_to_tell_of(compilation):
    for _ in range(3):
        compilation.compile(of_the_user, 10.0)
    assert compilation.watch.compiled == []
    compilation.start(of_the_user)
    compilation.compile(some_kernel, 1.0)
    compilation.end(of_the_user, 10.0)
    compilation.start(other_kernel)
    assert compilation.watch.compiled == [Compiled("some_kernel (float32, 2-d)", 1.0)]
    assert compilation.stream.getvalue() == ""


def test_it_can_be_switched_off(compilation):
    compilation.watch.shown = False
    compilation.compile(some_kernel, 10.0)
    compilation.compile(some_kernel, 10.0)
    assert compilation.stream.getvalue() == ""
    assert len(compilation.watch.compiled) == 2


def test_the_function_switches_the_line_of_this_process():
    before = compiling.watch.shown
    show_progress(False)
    assert compiling.watch.shown is False
    show_progress(True)
    assert compiling.watch.shown is True
    with pytest.raises(TypeError, match="show_progress: needed True or False, came 0"):
        show_progress(0)
    show_progress(before)


@pytest.mark.parametrize(("value", "shown"), [("0", False), ("1", True), ("", True)])
def test_the_environment_variable_switches_it_off(monkeypatch, value, shown):
    monkeypatch.setenv("MINIGRAD_PROGRESS", value)
    assert CompileWatch().shown is shown


@pytest.mark.parametrize("stream", [None, io.StringIO()])
def test_without_an_open_stderr_kernels_are_compiled_silently(monkeypatch, stream):
    if stream is not None:
        stream.close()
    monkeypatch.setattr(sys, "stderr", stream)
    compilation = Compilation(None)
    compilation.compile(some_kernel, 10.0)
    compilation.compile(some_kernel, 10.0)
    assert len(compilation.watch.compiled) == 2


IMPATIENT = """
import sys
sys.path[:0] = {path!r}
import numpy as np
from minigrad_kernels import compiling, relu
compiling.PATIENCE = 0.0
print(relu(np.ones(2)), len(compiling.watch.compiled))
"""


def test_a_process_that_compiles_writes_the_line_and_one_that_loads_does_not(tmp_path):
    environment = {**os.environ, "MINIGRAD_CACHE_DIR": str(tmp_path), "NUMBA_DISABLE_JIT": "0"}
    environment.pop("MINIGRAD_PROGRESS", None)
    results = []
    for _ in range(2):
        command = [sys.executable, "-c", IMPATIENT.format(path=sys.path)]
        results.append(subprocess.run(command, env=environment, capture_output=True, text=True, check=True))
    assert results[0].stdout == "[1. 1.] 1\n"
    assert results[0].stderr.startswith(
        f"minigrad compiles its kernels and keeps them in {tmp_path}: kernel 1, relu_all"
    )
    assert (results[1].stdout, results[1].stderr) == ("[1. 1.] 0\n", "")


def test_a_kernel_of_arrays_of_any_shape_is_told_of_with_its_dtype():
    operands = (ArrayObject(numba.float32), ArrayObject(numba.float32))
    assert compiling._readable("some_kernel", operands) == "some_kernel (float32)"

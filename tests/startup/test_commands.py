"""``python -m minigrad``: help, info and warmup."""

import os
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest

import minigrad
import minigrad_kernels
from minigrad.__main__ import amount, info, main, warmup
from minigrad_kernels import warming
from minigrad_kernels.compiling import Compiled, watch
from minigrad_kernels.warming import Warmed

ROOTS = [str(Path(module.__file__).parents[1]) for module in (minigrad, minigrad_kernels)]


def minigrad_command(*arguments, **variables):
    """Run ``python -m minigrad`` in a new process."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(ROOTS), **variables}
    command = [sys.executable, "-m", "minigrad", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)


def test_without_a_command_it_prints_the_help():
    result = minigrad_command()
    assert result.returncode == 0
    assert result.stdout.startswith("usage: python -m minigrad")
    assert "info" in result.stdout
    assert "warmup" in result.stdout
    assert result.stderr == ""


def test_an_unknown_command_is_an_error_that_names_the_known_ones():
    result = minigrad_command("worm-up")
    assert result.returncode == 2
    assert result.stdout == ""
    assert "invalid choice: 'worm-up' (choose from" in result.stderr
    assert "info" in result.stderr.splitlines()[-1]


def test_a_command_takes_no_arguments(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["info", "everything"])
    assert caught.value.code == 2
    assert "unrecognized arguments: everything" in capsys.readouterr().err


def test_info_prints_versions_the_machine_and_the_cache(tmp_path):
    result = minigrad_command("info", MINIGRAD_CACHE_DIR=str(tmp_path), NUMBA_OPT="2")
    assert (result.returncode, result.stderr) == (0, "")
    facts = dict(line.split(maxsplit=1) for line in result.stdout.splitlines())
    assert facts["minigrad"].startswith(minigrad.__version__)
    assert facts["python"].startswith(sys.version.split()[0])
    assert facts["numpy"] == np.__version__
    assert facts["numba"] == numba.__version__
    assert facts["vectors"].startswith(f"{minigrad_kernels.machine.VECTOR_BITS} bits; this machine has 128")
    assert f"L2 {minigrad_kernels.machine.L2_BYTES // 1024} kB" in facts["caches"]
    assert " x " in facts["tiles"]
    assert "KC " in facts["blocks"]
    assert int(facts["threads"]) >= 1
    assert facts["cache"] == f"{tmp_path}, 0 files, 0.0 MB"
    assert facts["MINIGRAD_CACHE_DIR"] == str(tmp_path)
    assert facts["NUMBA_OPT"] == "2"


def test_info_says_what_is_wrong_with_the_cache(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").touch()
    monkeypatch.setenv("MINIGRAD_CACHE_DIR", str(tmp_path / "file"))
    assert info() == 0
    lines = capsys.readouterr().out.splitlines()
    (line,) = [line for line in lines if line.startswith("cache ")]
    assert f"none: {tmp_path}/file" in line
    assert line.endswith("; set MINIGRAD_CACHE_DIR to a folder that can be written")


def test_amount_counts_files_and_sizes(tmp_path):
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "a").write_bytes(bytes(1_500_000))
    (tmp_path / "b").write_bytes(bytes(200_000))
    assert amount(tmp_path) == "2 files, 1.7 MB"
    assert amount(tmp_path / "missing") == amount(None) == "0 files, 0.0 MB"


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="without the JIT nothing is compiled")
class TestWarmup:
    """The command that compiles everything."""

    def test_after_it_a_second_one_finds_all_kernels_there(self):
        first = minigrad_command("warmup")
        second = minigrad_command("warmup")
        assert (first.returncode, first.stderr) == (second.returncode, second.stderr) == (0, "")
        assert second.stdout.startswith("Nothing to compile, all kernels were there; ")
        # The last line is the folder with what is in it.
        assert second.stdout.splitlines()[1] == first.stdout.splitlines()[-1]
        assert "/kernels-py" in second.stdout.replace(os.sep, "/")

    @pytest.fixture
    def two_calls(self, monkeypatch):
        """Pretend that two calls compile two kernels each and one none."""

        def fake_warm_up():
            assert watch.shown is False
            for done, names in enumerate(["ab", "", "cd"], 1):
                yield Warmed(done, 3, [Compiled(f"{name} (float32, 1-d)", 0.25) for name in names])

        monkeypatch.setattr("minigrad.__main__.warm_up", fake_warm_up)

    def test_it_prints_what_took_how_long_and_the_total(self, two_calls, tmp_path, monkeypatch, capsys):
        monkeypatch.setenv("MINIGRAD_CACHE_DIR", str(tmp_path))
        monkeypatch.setattr(watch, "shown", True)
        assert warmup() == 0
        *kernels, total, folder = capsys.readouterr().out.splitlines()
        assert kernels == [
            "  1/3    0.25 s  a (float32, 1-d)",
            "  1/3    0.25 s  b (float32, 1-d)",
            "  3/3    0.25 s  c (float32, 1-d)",
            "  3/3    0.25 s  d (float32, 1-d)",
        ]
        assert total.startswith("4 kernels compiled in 1.0 s; ")
        assert folder.startswith(f"0 files, 0.0 MB in {tmp_path}")
        assert watch.shown is True

    def test_it_refuses_to_compile_for_nothing(self, tmp_path):
        (tmp_path / "file").touch()
        result = minigrad_command("warmup", MINIGRAD_CACHE_DIR=str(tmp_path / "file"))
        assert (result.returncode, result.stdout) == (1, "")
        assert result.stderr.startswith(f"warmup: needed a folder for compiled kernels, came {tmp_path}/file")
        assert result.stderr.endswith("; set MINIGRAD_CACHE_DIR to a folder that can be written\n")


def test_without_the_jit_there_is_nothing_to_warm_up():
    result = minigrad_command("warmup", NUMBA_DISABLE_JIT="1")
    assert result.returncode == 0
    assert result.stdout.startswith("NUMBA_DISABLE_JIT is set")


def test_the_warm_up_is_what_the_command_runs():
    assert minigrad.__main__.warm_up is warming.warm_up

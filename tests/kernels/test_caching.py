"""Compiled kernels are kept on disk outside the package, and nothing that happens to the disk stops a program."""

import errno
import importlib.util
import os
import shutil
from pathlib import Path

import numba
import numpy as np
import pytest

from minigrad_kernels import caching, jit

pytestmark = pytest.mark.skipif(numba.config.DISABLE_JIT, reason="without the JIT nothing is compiled")


def doubled(x):
    return 2 * x


def halved(x):
    return x / 2


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty folder for compiled kernels."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("MINIGRAD_CACHE_DIR", str(folder))
    return folder


def loaded(function, *arguments):
    """Run a function as a new kernel; return its result, and how often it was loaded from disk and compiled."""
    kernel = jit.kernel(function)
    result = kernel(*arguments)
    return result, sum(kernel.stats.cache_hits.values()), sum(kernel.stats.cache_misses.values())


def files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_a_kernel_is_compiled_once_and_loaded_by_whoever_comes_next(folder):
    assert loaded(doubled, 21) == (42, 0, 1)
    assert loaded(doubled, 21) == (42, 1, 0)
    (path,) = files(folder)
    assert path.name.startswith("doubled-")
    assert path.parent == caching.kernels_folder()


def test_each_type_of_argument_has_its_own_file(folder):
    read_only = np.ones(2)
    read_only.flags.writeable = False
    for argument in (1, 1.0, np.ones(2), np.ones((2, 2)), np.ones((2, 2)).T, read_only, np.ones(2, np.float32)):
        assert loaded(doubled, argument)[1:] == (0, 1)
    assert len(files(folder)) == 7


def test_two_kernels_do_not_meet(folder):
    assert loaded(doubled, 4.0) == (8.0, 0, 1)
    assert loaded(halved, 4.0) == (2.0, 0, 1)
    assert loaded(doubled, 4.0) == (8.0, 1, 0)


DAMAGES = {
    "empty": lambda content: b"",
    "truncated": lambda content: content[: len(content) // 2],
    "truncated in the head": lambda content: content[:30],
    "garbage": lambda content: b"garbage" * 1000,
    "one bit": lambda content: content[:-1000] + bytes([content[-1000] ^ 1]) + content[-999:],
    "of an older format": lambda content: content.replace(caching.MAGIC, b"minigrad kernel 0\n"),
    "longer": lambda content: content + b"\n",
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_file_is_compiled_again_and_replaced_silently(folder, capfd, damage):
    loaded(doubled, 21)
    (path,) = files(folder)
    content = path.read_bytes()
    path.write_bytes(damage(content))
    assert loaded(doubled, 21) == (42, 0, 1)
    assert loaded(doubled, 21) == (42, 1, 0)
    assert files(folder) == [path]
    assert capfd.readouterr() == ("", "")


def test_a_damaged_file_is_deleted_even_if_nothing_takes_its_place(folder, monkeypatch):
    loaded(doubled, 21)
    (path,) = files(folder)
    path.write_bytes(b"garbage")
    monkeypatch.setattr(caching, "_write", refuse)
    assert loaded(doubled, 21) == (42, 0, 1)
    assert files(folder) == []


def test_the_file_of_another_kernel_is_not_taken_for_this_one(folder):
    loaded(doubled, 4.0)
    (path,) = files(folder)
    loaded(halved, 4.0)
    (other,) = set(files(folder)) - {path}
    shutil.copy(other, path)
    assert loaded(doubled, 4.0) == (8.0, 0, 1)


def refuse(*arguments):
    raise PermissionError(errno.EACCES, "Permission denied")


def test_a_folder_that_can_be_read_and_not_written_is_used(folder, monkeypatch, capfd):
    loaded(doubled, 21)
    monkeypatch.setattr(caching.os, "replace", refuse)
    monkeypatch.setattr(caching.os, "utime", refuse)
    assert loaded(doubled, 21) == (42, 1, 0)
    assert loaded(halved, 4.0) == (2.0, 0, 1)
    assert len(files(folder)) == 1
    assert capfd.readouterr() == ("", "")


def test_a_damaged_file_that_cannot_be_deleted_is_passed_over(folder, monkeypatch):
    loaded(doubled, 21)
    (path,) = files(folder)
    path.write_bytes(b"garbage")
    monkeypatch.setattr(caching.Path, "unlink", refuse)
    monkeypatch.setattr(caching.os, "replace", refuse)
    assert loaded(doubled, 21) == (42, 0, 1)


def test_a_full_disk_leaves_nothing_behind(folder, monkeypatch):
    def write_half(path, content):
        with path.open("wb") as file:
            file.write(content[: len(content) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(caching.Path, "write_bytes", write_half)
    assert loaded(doubled, 21) == (42, 0, 1)
    assert files(folder) == []


def test_an_interrupt_while_a_file_is_written_leaves_nothing_behind(folder, monkeypatch):
    def interrupt(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(caching.os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        loaded(doubled, 21)
    assert files(folder) == []


def test_a_file_where_the_folder_should_be_means_no_cache(folder):
    folder.write_text("")
    assert loaded(doubled, 21) == (42, 0, 1)
    assert loaded(doubled, 21) == (42, 0, 1)
    assert f"{folder}" in caching.cache_problem()


@pytest.mark.parametrize("name", ["_reduce", "_rebuild"])
def test_when_numba_changes_what_is_private_kernels_still_run(folder, monkeypatch, name):
    loaded(doubled, 21)
    monkeypatch.delattr(caching.CompileResult, name)
    shutil.rmtree(folder) if name == "_reduce" else None
    assert loaded(doubled, 21) == (42, 0, 1)


def test_what_is_made_in_a_function_with_a_closure_or_of_no_file_is_not_kept(folder):
    factor = 3

    def scaled(x):
        return factor * x

    namespace = {}
    exec("def shifted(x):\n    return x + 1", namespace)
    assert loaded(scaled, 2) == (6, 0, 1)
    assert loaded(namespace["shifted"], 2) == (3, 0, 1)
    assert files(folder) == []


def test_a_kernel_of_ones_own_is_compiled_again_after_an_edit_of_its_file(tmp_path):
    path = tmp_path / "mine.py"

    def run_file(source):
        path.write_text(source)
        # Two edits in one second leave a file of the same size and time: no cached byte code.
        importlib.invalidate_caches()
        spec = importlib.util.spec_from_file_location("mine", path)
        module = importlib.util.module_from_spec(spec)
        exec(compile(path.read_text(), str(path), "exec"), vars(module))
        return loaded(module.shifted, 1)

    assert run_file("C = 1\ndef shifted(x):\n    return x + C\n") == (2, 0, 1)
    assert run_file("C = 1\ndef shifted(x):\n    return x + C\n") == (2, 1, 0)
    assert run_file("C = 2\ndef shifted(x):\n    return x + C\n") == (3, 0, 1)


@pytest.fixture
def conditions():
    """Forget what was known of the machine before and after."""
    caching._conditions.cache_clear()
    yield
    caching._conditions.cache_clear()


@pytest.mark.parametrize(
    ("owner", "name", "value"),
    [
        (caching, "PACKAGE_STAMP", "edited"),
        (caching, "VECTOR_BITS", 64),
        (caching, "L2_BYTES", 1),
        (caching.numba, "__version__", "0.0"),
        (caching.llvmlite, "__version__", "0.0"),
        (caching.np, "__version__", "0.0"),
        (caching.binding, "get_host_cpu_name", lambda: "another"),
        (caching.numba.config, "OPT", 0),
    ],
)
def test_whatever_changes_machine_code_has_a_folder_of_its_own(conditions, monkeypatch, owner, name, value):
    before = caching.kernels_folder()
    monkeypatch.setattr(owner, name, value)
    caching._conditions.cache_clear()
    assert caching.kernels_folder() != before
    assert caching.kernels_folder().parent == before.parent


def test_the_stamp_changes_with_content_names_and_places_of_files(tmp_path):
    first, second = tmp_path / "first.py", tmp_path / "second.py"
    first.write_text("a")
    second.write_text("bc")
    before = caching._digest([first, second])
    assert caching._digest([second, first]) != before
    first.write_text("ab")
    second.write_text("c")
    assert caching._digest([first, second]) != before


def test_the_folders_that_were_unused_for_longest_make_room(folder):
    folder.mkdir()
    for number in range(caching.KEPT_FOLDERS + 4):
        old = folder / f"{caching.PREFIX}{number}"
        old.mkdir()
        (old / "some.kernel").touch()
        os.utime(old, (number, number))
    (folder / "notes").mkdir()
    os.utime(folder / "notes", (0, 0))
    loaded(doubled, 21)
    kept = {path.name for path in folder.iterdir()}
    newest = {f"{caching.PREFIX}{number}" for number in range(5, caching.KEPT_FOLDERS + 4)}
    assert kept == newest | {"notes", caching.kernels_folder().name}


def test_loading_counts_as_use(folder):
    loaded(doubled, 21)
    os.utime(caching.kernels_folder(), (0, 0))
    caching._note_use.cache_clear()
    loaded(doubled, 21)
    assert caching.kernels_folder().stat().st_mtime > 0


class TestTheFolder:
    """Where compiled kernels are, by the environment and the platform."""

    @pytest.fixture(autouse=True)
    def bare(self, monkeypatch):
        for name in ("MINIGRAD_CACHE_DIR", "XDG_CACHE_HOME", "LOCALAPPDATA"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("HOME", "/home/someone")
        monkeypatch.setattr(caching.numba.config, "CACHE_DIR", "")
        monkeypatch.setattr(caching.sys, "platform", "linux")

    def test_is_the_users(self):
        assert caching.cache_folder() == Path("/home/someone/.cache/minigrad")

    def test_follows_the_xdg_specification_which_wants_absolute_paths(self, monkeypatch):
        monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
        assert caching.cache_folder() == Path("/caches/minigrad")
        monkeypatch.setenv("XDG_CACHE_HOME", "caches")
        assert caching.cache_folder() == Path("/home/someone/.cache/minigrad")

    def test_is_in_numbas_if_that_is_set(self, monkeypatch):
        monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
        monkeypatch.setattr(caching.numba.config, "CACHE_DIR", "/numba")
        assert caching.cache_folder() == Path("/numba/minigrad")

    def test_is_what_minigrads_own_variable_says_above_all(self, monkeypatch):
        monkeypatch.setattr(caching.numba.config, "CACHE_DIR", "/numba")
        monkeypatch.setenv("MINIGRAD_CACHE_DIR", "~/kernels")
        assert caching.cache_folder() == Path("/home/someone/kernels")
        monkeypatch.setenv("MINIGRAD_CACHE_DIR", "relative")
        assert caching.cache_folder() == Path.cwd() / "relative"

    def test_is_the_platforms(self, monkeypatch):
        monkeypatch.setattr(caching.sys, "platform", "darwin")
        assert caching.cache_folder() == Path("/home/someone/Library/Caches/minigrad")
        monkeypatch.setattr(caching.sys, "platform", "win32")
        monkeypatch.setenv("LOCALAPPDATA", "/Users/someone/AppData/Local")
        assert caching.cache_folder() == Path("/Users/someone/AppData/Local/minigrad")

    def test_is_none_without_a_home(self, monkeypatch):
        monkeypatch.setattr(caching.os.path, "expanduser", str)
        assert caching.cache_folder() is None
        assert caching.cache_problem() == "there is no home"
        assert loaded(doubled, 21) == (42, 0, 1)

"""What is installed is what is in the folders, and importing it compiles nothing."""

import configparser
import fnmatch
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE_FOLDERS = {"minigrad": ROOT / "minigrad", "minigrad_kernels": ROOT / "kernels" / "minigrad_kernels"}


def packages_in_setup_cfg():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    return config["options"]["packages"].split()


def packages_in_folders(package, folder):
    """Return the dotted name of `folder` and of each folder below it that holds Python files."""
    names = set()
    for path in folder.rglob("*.py"):
        names.add(".".join((package, *path.parent.relative_to(folder).parts)))
    return names


def test_setup_cfg_lists_exactly_the_folders_that_hold_python_files():
    found = set()
    for package, folder in PACKAGE_FOLDERS.items():
        found |= packages_in_folders(package, folder)
    listed = packages_in_setup_cfg()
    assert len(listed) == len(set(listed))
    assert set(listed) == found


def files_named_in(page):
    """Return the file names in the first cells of a page's tables, in order."""
    names = []
    for cell in re.findall(r"^\| ((?:`\w+\.py`(?:, )?)+) \|", page, re.MULTILINE):
        names += re.findall(r"`(\w+\.py)`", cell)
    return names


def test_the_tables_of_kernels_readme_list_each_file_of_the_folder_once():
    listed = files_named_in((ROOT / "kernels" / "README.md").read_text(encoding="utf-8"))
    found = {path.name for path in PACKAGE_FOLDERS["minigrad_kernels"].glob("*.py")} - {"__init__.py"}
    assert sorted(listed) == sorted(found)


def test_files_are_read_from_rows_of_one_name_and_of_several():
    page = "| file | holds |\n| --- | --- |\n| `a.py` | what `b.py` has |\n| `c.py`, `d.py` | more |\n"
    assert files_named_in(page) == ["a.py", "c.py", "d.py"]


def test_a_folder_that_setup_cfg_omits_would_be_found(tmp_path):
    (tmp_path / "new" / "deeper").mkdir(parents=True)
    (tmp_path / "empty").mkdir()
    (tmp_path / "__init__.py").touch()
    (tmp_path / "new" / "deeper" / "module.py").touch()
    assert packages_in_folders("minigrad", tmp_path) == {"minigrad", "minigrad.new.deeper"}


@pytest.mark.parametrize("package", packages_in_setup_cfg())
def test_every_package_has_an_init_file(package):
    top, *below = package.split(".")
    assert PACKAGE_FOLDERS[top].joinpath(*below, "__init__.py").is_file()


def shipped_by(patterns, files):
    """Return those of the files, by package, that a pattern of setup.cfg's package_data puts into the wheel."""
    found = set()
    for package, name in files:
        for pattern in patterns.get(package, "").replace(",", " ").split():
            if fnmatch.fnmatchcase(name, pattern):
                found.add((package, name))
    return found


def data_files():
    """Return (package, file) for every file of the packages that is neither Python nor a tour of the source."""
    found = set()
    for package, folder in PACKAGE_FOLDERS.items():
        for path in folder.rglob("*"):
            parts = path.relative_to(folder).parts
            if path.is_file() and path.suffix != ".py" and path.name != "README.md" and "__pycache__" not in parts:
                found.add((".".join((package, *parts[:-1])), parts[-1]))
    return found


def test_every_file_that_is_not_python_is_installed():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    files = data_files()
    assert ("minigrad.debug", "page.js") in files
    assert shipped_by(config["options.package_data"], files) == files


def test_a_file_that_no_pattern_names_would_be_found():
    files = {("minigrad.debug", "page.js"), ("minigrad.debug", "page.css"), ("minigrad", "page.js")}
    assert shipped_by({"minigrad.debug": "*.html, *.js"}, files) == {("minigrad.debug", "page.js")}


@pytest.mark.parametrize("package", PACKAGE_FOLDERS)
def test_both_packages_tell_type_checkers_that_they_are_typed(package):
    assert (PACKAGE_FOLDERS[package] / "py.typed").is_file()


# Loading a compiled kernel from the disk cache is no "numba:compile" event, so the dispatchers are asked as well.
WATCH_FOR_COMPILATION = """
import sys

from numba.core import event
from numba.core.dispatcher import Dispatcher

with event.install_recorder("numba:compile") as recorder:
    {statement}

for _, seen in recorder.buffer:
    if seen.is_start:
        print("compiled", seen.data["dispatcher"])
for name, module in list(sys.modules.items()):
    if name == "__main__" or name.partition(".")[0] in ("minigrad", "minigrad_kernels"):
        for value in list(vars(module).values()):
            if isinstance(value, Dispatcher) and value.signatures:
                print("has signatures", name, value)
"""


def compilations_during(statement):
    """Run `statement` in a fresh interpreter and return what Numba compiled or loaded, a line each."""
    search_path = os.pathsep.join(str(folder.parent) for folder in PACKAGE_FOLDERS.values())
    environment = dict(os.environ, PYTHONPATH=search_path)
    # With the JIT off nothing compiles, and the test would pass whatever the import does.
    environment.pop("NUMBA_DISABLE_JIT", None)
    environment.pop("MINIGRAD_PYTHON_KERNELS", None)
    script = WATCH_FOR_COMPILATION.format(statement=statement)
    result = subprocess.run(
        [sys.executable, "-c", script], env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


def test_importing_both_packages_compiles_nothing():
    assert compilations_during("import minigrad, minigrad_kernels") == []


def test_a_compilation_at_import_would_be_seen():
    statement = "import numba; compiled = numba.njit('float64(float64)')(lambda x: x)"
    lines = compilations_during(statement)
    assert any(line.startswith("compiled") for line in lines)
    assert any(line.startswith("has signatures") for line in lines)

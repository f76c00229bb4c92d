"""Imports run one way: what a file builds on never builds on it."""

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent

#: For each part, the parts that it must not import.
FORBIDDEN = {
    "kernels/minigrad_kernels": ("minigrad",),
    "minigrad/ops": (
        "minigrad.nn",
        "minigrad.optim",
        "minigrad.data",
        "minigrad.debug",
        "minigrad.func",
        "minigrad.autograd",
    ),
    "minigrad/nn": ("minigrad.optim", "minigrad.data", "minigrad.debug", "minigrad.func"),
    "minigrad/optim": ("minigrad.nn", "minigrad.data", "minigrad.debug", "minigrad.func"),
    "minigrad/data": ("minigrad.nn", "minigrad.optim", "minigrad.debug", "minigrad.func"),
    "minigrad/func": ("minigrad.optim", "minigrad.data", "minigrad.debug"),
}
#: Averaged models are modules, and PyTorch has them here.
ALLOWED = {"minigrad/optim/swa_utils.py": ("minigrad.nn.modules", "minigrad.nn.batch_normalisations")}


def imported_names(path):
    """Return the dotted names that a file imports, those inside of functions too."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def is_below(name, part):
    return name == part or name.startswith(part + ".")


def test_no_part_imports_what_is_built_on_it():
    found = []
    for folder, forbidden in FORBIDDEN.items():
        for path in (ROOT / folder).rglob("*.py"):
            found += [
                f"{path.relative_to(ROOT)} imports {name}"
                for name in imported_names(path)
                for part in forbidden
                if is_below(name, part)
                and not any(is_below(name, each) for each in ALLOWED.get(path.relative_to(ROOT).as_posix(), ()))
            ]
    assert not found


def test_the_check_sees_every_form_of_import(tmp_path):
    source = tmp_path / "sample.py"
    lines = ["import minigrad.nn", "from minigrad import optim", "def f():", "    from minigrad.data.digits import x"]
    source.write_text("\n".join(lines))
    names = imported_names(source)
    assert {"minigrad.nn", "minigrad.optim", "minigrad.data.digits.x"} <= names


def test_at_run_time_only_numpy_and_numba_are_imported_from_outside():
    # llvmlite is Numba's own, installed with it: the vector kernels write its intermediate language.
    allowed = {"numpy", "numba", "llvmlite", "minigrad", "minigrad_kernels"}
    # Extras, imported inside the functions that need them.
    extras = {"sklearn", "matplotlib", "rich", "textual"}
    # A file that is an extra as a whole, and is itself imported inside of a function.
    whole = {"fullscreen.py": {"rich", "textual"}}
    for package in ("minigrad", "kernels/minigrad_kernels"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.parse(path.read_text()).body:
                if isinstance(node, (ast.Import, ast.ImportFrom)):
                    names = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module]
                    for name in names:
                        top = name.split(".")[0]
                        if top in whole.get(path.name, ()):
                            continue
                        assert top in allowed or top in sys.stdlib_module_names, f"{path} imports {name}"
                        assert top not in extras
                        assert f"{name.split('.')[-1]}.py" not in whole, f"{path} imports {name} at once"

"""The operation that CONTRIBUTING.md adds works when it is added as the document says."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.differentiability import COMMAND

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = (ROOT / ".github" / "CONTRIBUTING.md").read_text(encoding="utf-8")


def hunks(diff):
    """Return (path, the lines before, the lines after) of each hunk of a diff."""
    found = []
    for of_file in re.split(r"^--- a/.*\n\+\+\+ b/", diff, flags=re.MULTILINE)[1:]:
        path, *parts = re.split(r"\n@@\n", of_file)
        for part in parts:
            lines = part.splitlines(keepends=True)
            before = "".join([line[1:] for line in lines if line[0] != "+"])
            found.append((path, before, "".join([line[1:] for line in lines])))
    return found


def run(folder, *arguments):
    """Return what Python prints where the packages are those of a folder."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(folder / "kernels")])}
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_operation_of_the_worked_example_passes_the_tests_of_the_table(tmp_path):
    for folder in ("minigrad", "kernels", "tests"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (diff,) = re.findall(r"^```diff\n(.*?)^```$", DOCUMENT, re.DOTALL | re.MULTILINE)
    for path, before, after in hunks(diff):
        source = (tmp_path / path).read_text(encoding="utf-8")
        assert source.count(before) == 1, f"{path} has no such place, or several:\n{before}"
        (tmp_path / path).write_text(source.replace(before, after), encoding="utf-8")
    run(tmp_path, "-W", "ignore", *COMMAND.split()[1:])
    page = (tmp_path / "minigrad" / "ops" / "README.md").read_text(encoding="utf-8")
    assert page.count("\n| `cube` | `x` | yes | its own |  |\n") == 1
    tests = ["tests/ops/test_samples.py", "tests/func/test_vmap_samples.py", "tests/test_benchmark_cases.py"]
    printed = run(
        tmp_path, "-m", "pytest", "-q", *tests, "-p", "no:cacheprovider", "-k", "cube or public or every_rule"
    )
    # Of its three samples: first and second gradient, layouts, dtypes, forms, mapped; and its value is NumPy's.
    assert int(re.search(r"(\d+) passed", printed)[1]) > 20

import importlib.util
import re
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture(scope="session")
def example():
    """Return what imports an example by its file: an installed package called `examples` would hide the folder."""

    def load(name):
        spec = importlib.util.spec_from_file_location(f"minigrad_example_{name}", EXAMPLES / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture(scope="session")
def readme_lines():
    """Return what gives the lines that the tour shows of an example's output."""
    tour = (EXAMPLES / "README.md").read_text(encoding="utf-8")

    def lines(name):
        (section,) = [each for each in re.split(r"^## ", tour, flags=re.MULTILINE) if f"]({name}.py)\n" in each[:100]]
        shown = []
        for block in re.findall(r"^```text\n(.*?)^```$", section, re.DOTALL | re.MULTILINE):
            shown += block.splitlines()
        assert len(shown) > 0
        return shown

    return lines

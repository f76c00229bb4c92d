import importlib.util
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

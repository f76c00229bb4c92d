"""The public operations: each function once, with all its names and the samples that call it."""

import inspect
import types
from dataclasses import dataclass
from pathlib import Path

import minigrad as mg
from minigrad import linalg, ops, special
from minigrad.nn import functional
from tests.samples import SAMPLES

ROOT = Path(__file__).resolve().parents[1]
HOMES = {"": ops, "linalg.": linalg, "special.": special, "nn.functional.": functional}
#: Under these signs a method is an operation of its own; the other signs are functions with another name.
SIGNS = {"__getitem__": "x[index]", "__setitem__": "x[index] = value"}


@dataclass(frozen=True)
class Public:
    """One public operation.

    Attributes:
        function: what is called.
        names: what it is called by, dotted from ``minigrad``; ``Tensor.name`` for what is only a method.
        samples: the calls of the sample table.
    """

    function: types.FunctionType
    names: tuple[str, ...]
    samples: tuple = ()

    @property
    def family(self):
        """The file that it is written in, a path from the root of the project."""
        return Path(inspect.getsourcefile(self.function)).resolve().relative_to(ROOT).as_posix()


def function_of(value):
    """Return the function of an attribute of a class or module, None if it is none of minigrad's."""
    if isinstance(value, property):
        value = value.fget
    ours = isinstance(value, types.FunctionType) and value.__module__.startswith("minigrad.")
    return value if ours else None


def method_names():
    """Return (name, function) of the methods of Tensor that the files of ops/ bring."""
    found = []
    for kind in mg.Tensor.__mro__:
        if kind.__module__.startswith("minigrad.ops."):
            for name, value in vars(kind).items():
                function = function_of(value)
                if function is not None and (name in SIGNS or not name.startswith("_")):
                    found.append((SIGNS.get(name, f"Tensor.{name}"), function))
    return found


def called_by(sample):
    """Return the function that a sample calls."""
    name = next((sign for sign, written in SIGNS.items() if written == sample.op), sample.op)
    if name.startswith((".", "__")):
        return function_of(inspect.getattr_static(mg.Tensor, name.removeprefix(".")))
    value = mg
    for part in name.split("."):
        value = getattr(value, part)
    return function_of(value)


def public_operations(samples=SAMPLES):
    """Return every public operation, in the order of the files and of their lines."""
    names = {}
    for prefix, home in HOMES.items():
        for name in home.__all__:
            function = function_of(getattr(home, name))
            if function is not None:
                names.setdefault(function, []).append(prefix + name)
    for name, function in method_names():
        if function not in names or names[function][0].startswith("Tensor."):
            names.setdefault(function, []).append(name)
    calls = {}
    for sample in samples:
        calls.setdefault(called_by(sample), []).append(sample)
    found = []
    for function, dotted in names.items():
        # Its own name first, the aliases behind.
        dotted.sort(key=lambda name: name.rpartition(".")[2] != function.__name__)
        found.append(Public(function, tuple(dotted), tuple(calls.get(function, ()))))
    return sorted(found, key=lambda each: (each.family, each.function.__code__.co_firstlineno))

"""Where in a model a parameter or module is: each knows the first module that owns it, and under which name.

The path is put together when somebody asks for it. A model may so be built in any order, and a name that changes (a
layer put in before others) is right everywhere at once; building costs one weak reference for each parameter.
"""

from typing import Any
from weakref import ref


def claim(owned: Any, owner: Any, name: str) -> None:
    """Note that ``owner`` has ``owned`` under a name, unless another module has it already."""
    if owner_of(owned) is None:
        owned._owner = (ref(owner), name)


def owner_of(owned: Any) -> tuple[Any, str] | None:
    """Return the module that a parameter or module belongs to and its name there; None where there is none (left)."""
    link = getattr(owned, "_owner", None)
    if link is None:
        return None
    owner, name = link[0](), link[1]
    if owner is None or (owner._parameters.get(name) is not owned and owner._modules.get(name) is not owned):
        return None
    return owner, name


def path_of(owned: Any) -> str | None:
    """Return the dotted path, ``mlp.0.weight``, from the outermost module that is there; None for what has no owner."""
    parts: list[str] = []
    found = owner_of(owned)
    while found is not None:
        owner, name = found
        parts.append(name)
        found = owner_of(owner)
    return ".".join(reversed(parts)) if parts else None

"""What the user calls an object here and now: the variable of the running frame that it is bound to."""

import inspect
import re
import sys
from collections.abc import Mapping
from typing import Any

from minigrad.positions import resolve, user_frame

#: Whether ``f_locals`` of a function's frame is a dict that is filled when it is asked for, and kept.
SNAPSHOTS = sys.version_info < (3, 13)


def variable_of(value: Any) -> str | None:
    """Return the variable of the user's innermost frame that holds an object itself, or None.

    Of several, one that stands in the expression that is running comes first. For errors and explanations: it looks at
    every variable of the frame.

    Args:
        value: the object; equal ones do not count.

    Examples:
        >>> width = object()
        >>> variable_of(width)
        'width'
        >>> variable_of(object()) is None
        True
    """
    frame = user_frame(sys._getframe(1))
    if frame is None:
        return None
    local = frame.f_locals
    found = names_in(local, value)
    if SNAPSHOTS and frame.f_code.co_flags & inspect.CO_OPTIMIZED and sys.getrefcount(local) <= 3:
        # The frame would keep the dict, and so all that the variables hold now, until the function returns. Where the
        # user has it too, from locals(), there are more references than the frame's, the one here, and the argument.
        local.clear()
    if not found:
        found = names_in(frame.f_globals, value)
    if len(found) > 1:
        running = set(re.findall(r"\w+", resolve(frame.f_code, frame.f_lasti).expression))
        found.sort(key=running.__contains__, reverse=True)
    return found[0] if found else None


def names_in(scope: Mapping[str, Any], value: Any) -> list[str]:
    """Return the variables of a namespace that hold an object itself."""
    found = []
    for name, held in list(scope.items()):
        # A notebook keeps results under names of its own, _ and _3, as pytest does: @py_assert1.
        if held is value and name.isidentifier() and not name.startswith("_"):
            found.append(name)
    return found

"""What the user calls an object here and now: the variable of the running frame that it is bound to."""

import re
import sys
from typing import Any

from minigrad.positions import resolve, user_frame


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
    found = []
    for scope in (frame.f_locals, frame.f_globals):
        for name, held in list(scope.items()):
            # A notebook and the interactive prompt keep results under names of their own: _, __, _3.
            if held is value and not name.startswith("_"):
                found.append(name)
        if found:
            break
    if len(found) > 1:
        running = set(re.findall(r"\w+", resolve(frame.f_code, frame.f_lasti).expression))
        found.sort(key=running.__contains__, reverse=True)
    return found[0] if found else None

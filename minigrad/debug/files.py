"""Files: those that come with the package, and those that are written whole or not at all."""

import os
from pathlib import Path
from threading import get_ident

from minigrad.errors import message


def asset(name: str) -> str:
    """Return the text of a file that lies beside this one: ``page.css``."""
    from importlib import resources  # six milliseconds, which an import of minigrad need not take

    return resources.files("minigrad.debug").joinpath(name).read_text(encoding="utf-8")


def write_text(who: str, path: Path, text: str) -> None:
    """Write a file whole or not at all: under another name in the same folder first, and renamed at the end.

    Args:
        who: who writes, for the error.
        path: where to; what a symbolic link there leads to is replaced, not the link.
        text: what to write, in UTF-8; what that cannot hold (half of a surrogate pair in a name) becomes ``?``.

    Raises:
        OSError: of the kind that the system gives (no such folder, no permission, no space), saying which path; what
            was there before stays, and nothing else is left.
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{os.getpid()}-{get_ident()}.part")
    made = False
    try:
        with open(temporary, "xb") as file:
            made = True
            file.write(text.encode("utf-8", "replace"))
        os.replace(temporary, target)
    except BaseException as error:
        if made:
            os.unlink(temporary)
        if not isinstance(error, OSError):
            raise
        problem = f"{str(path)!r} cannot be written: {error.strerror or error}."
        remedy = "Give a path in a folder that exists and may be written."
        raise type(error)(error.errno, message(who, problem, remedy)) from None

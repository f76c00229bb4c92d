"""Files: those that come with the package, and those that are written in one go."""

import os
import tempfile
from importlib import resources
from pathlib import Path

from minigrad.errors import message


def asset(name: str) -> str:
    """Return the text of a file that lies beside this one: ``page.css``."""
    return resources.files("minigrad.debug").joinpath(name).read_text(encoding="utf-8")


def write_text(who: str, path: Path, text: str) -> None:
    """Write a file whole or not at all: under another name in the same folder first, and renamed at the end.

    Raises:
        OSError: of the kind that the system gives (no such folder, no permission, no space), saying which path; what
            was there before stays, and nothing else is left.
    """
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent, text=True)
        with open(handle, "w", encoding="utf-8") as file:
            file.write(text)
        # mkstemp lets the owner alone read it; an ordinary file follows the umask.
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, path)
    except OSError as error:
        if temporary is not None and os.path.exists(temporary):
            os.unlink(temporary)
        problem = f"{str(path)!r} cannot be written: {error.strerror or error}."
        remedy = "Give a path in a folder that exists and may be written."
        raise type(error)(error.errno, message(who, problem, remedy)) from None

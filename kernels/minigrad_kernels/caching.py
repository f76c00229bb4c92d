"""The disk cache of compiled kernels: a folder of the user's, one file for each kernel and types of arguments.

Numba's own cache lies beside the source. In an installed package that folder may be read-only, and what is left in it
survives an uninstall; two processes that fill one index at once lose entries or mix them up; a damaged file raises at
the first call, or crashes the process later. Here every file has a checksum and is replaced as a whole, and whatever
goes wrong on the disk, the kernel is compiled as if there were no cache.

This is the only file that uses parts of Numba which it calls private; tests fail when one of them changes.
"""

import os
import pickle
import shutil
import sys
import types
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import Any

import llvmlite
import numba
import numpy as np
from llvmlite import binding
from numba.core.compiler import CompileResult
from numba.core.runtime import rtsys
from numba.core.serialize import dumps

from minigrad_kernels.machine import L1_BYTES, L2_BYTES, VECTOR_BITS

MAGIC = b"minigrad kernel 1\n"
SUFFIX = ".kernel"
PREFIX = "kernels-"
# Each edit of the package, each version of Numba and each width of vectors has a folder of its own, of some 6 MB when
# all kernels are in it.
KEPT_FOLDERS = 16
# What changes the machine code and is neither the source nor the machine.
NUMBA_SETTINGS = (
    "CPU_NAME", "CPU_FEATURES", "OPT", "BOUNDSCHECK", "DEBUGINFO_DEFAULT", "ENABLE_AVX", "LOOP_VECTORIZE",
    "SLP_VECTORIZE",
)  # fmt: skip


def _digest(files: Iterable[Path]) -> str:
    """Return a digest of files: 0.3 ms for this package."""
    digest = sha256()
    for path in files:
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


_PACKAGE = Path(__file__).parent
_SOURCES = sorted(_PACKAGE.glob("*.py"))
# At import, so that a later edit of a file does not pass for the code that runs. Empty where there are no files, as in
# a zip archive: nothing is kept then.
PACKAGE_STAMP = _digest(_SOURCES) if _SOURCES else ""


def cache_folder() -> Path | None:
    """Return the folder of all compiled kernels, whether it exists or not; None if the user has no home.

    It is the one that the environment variable MINIGRAD_CACHE_DIR names; else `minigrad` in Numba's NUMBA_CACHE_DIR;
    else `minigrad` in the platform's folder for caches: XDG_CACHE_HOME or ~/.cache, ~/Library/Caches on macOS,
    LOCALAPPDATA on Windows.
    """
    own = os.environ.get("MINIGRAD_CACHE_DIR", "")
    if own:
        return Path(os.path.expanduser(own)).absolute()
    of_numba = getattr(numba.config, "CACHE_DIR", "")
    if of_numba:
        return Path(of_numba).absolute() / "minigrad"
    if sys.platform == "win32":
        caches = os.environ.get("LOCALAPPDATA", "")
    elif sys.platform == "darwin":
        caches = os.path.expanduser("~/Library/Caches")
    else:
        caches = os.environ.get("XDG_CACHE_HOME", "")
        # Relative paths are invalid there, says the XDG Base Directory Specification.
        if not os.path.isabs(caches):
            caches = os.path.expanduser("~/.cache")
    return Path(caches) / "minigrad" if os.path.isabs(caches) else None


@cache
def _conditions() -> str:
    """Everything on which the machine code depends apart from the kernel and its arguments, as text."""
    conditions = [
        PACKAGE_STAMP, sys.implementation.cache_tag, numba.__version__, llvmlite.__version__, np.__version__,
        binding.get_process_triple(), binding.get_host_cpu_name(), binding.get_host_cpu_features().flatten(),
        VECTOR_BITS, L1_BYTES, L2_BYTES,
    ]  # fmt: skip
    for name in NUMBA_SETTINGS:
        conditions.append(getattr(numba.config, name, None))
    return "\n".join(map(str, conditions))


def kernels_folder() -> Path | None:
    """Return the folder of the kernels that this package, Numba, Python and machine can use; None without a cache."""
    folder = cache_folder()
    if folder is None:
        return None
    readable = f"py{sys.version_info[0]}{sys.version_info[1]}-numba{numba.__version__}-{VECTOR_BITS}"
    return folder / f"{PREFIX}{readable}-{sha256(_conditions().encode()).hexdigest()[:16]}"


def cache_problem() -> str | None:
    """Return why compiled kernels cannot be kept on disk; None if they can."""
    folder = kernels_folder()
    if folder is None:
        return "there is no home"
    try:
        _make(folder)
        probe = folder / f".{token_hex(8)}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        return f"{folder}: {error.strerror or error}"
    return None


class KernelCache:
    """The cache of one kernel, in the form in which Numba's dispatchers ask for one.

    Args:
        function: The kernel's source.
        stamp: What changes when source does that is not this package's; None if the kernel cannot be kept.
    """

    def __init__(self, function: types.FunctionType, stamp: str | None) -> None:
        code = function.__code__
        self._name = function.__qualname__.replace("<", "").replace(">", "")
        self._stamp = stamp
        self._identity = f"{function.__module__}.{function.__qualname__}:{code.co_firstlineno}\n{stamp}"

    @property
    def cache_path(self) -> str:
        """Where the files are, for `dispatcher.stats`."""
        return str(kernels_folder())

    def load_overload(self, signature: Any, target_context: Any) -> Any:
        """Return the compiled kernel for these types of arguments, or None if it is not there, or damaged."""
        place = self._place(signature)
        if place is None:
            return None
        path, key = place
        try:
            content = path.read_bytes()
        except OSError:
            return None
        try:
            if self._stamp == "":
                # All that the kernels of this package call outside of themselves: memory for arrays. `refresh`, which
                # does this too, takes 0.2 s in a process that compiles nothing, and 0.4 s where it imports SciPy.
                rtsys.initialize(target_context)
            else:
                target_context.refresh()
            result = _rebuilt(content, key, signature, target_context)
        except Exception:  # Unpickling raises anything. A kernel that cannot be loaded is compiled.
            result = None
        if result is None:
            _delete(path)
        else:
            _note_use(path.parent)
        return result

    def save_overload(self, signature: Any, result: Any) -> None:
        """Keep a kernel that has just been compiled, if that is possible."""
        place = self._place(signature)
        if place is None:
            return
        path, key = place
        try:
            # Addresses of this process are in such code. No kernel of this package has any.
            if result.library.has_dynamic_globals or result.lifted:
                return
            payload = dumps(result._reduce())
            _write(path, MAGIC + _checksum(key, payload) + payload)
        except Exception:  # The kernel is ready, and nothing that happens to a copy of it may stop the program.
            return

    def _place(self, signature: Any) -> tuple[Path, bytes] | None:
        """The file of one signature, and what it must have been written for."""
        folder = kernels_folder()
        if folder is None or self._stamp is None:
            return None
        key = f"{_conditions()}\n{self._identity}\n{signature!r}".encode()
        return folder / f"{self._name}-{sha256(key).hexdigest()[:16]}{SUFFIX}", key


def keep_on_disk(dispatcher: Any) -> None:
    """Let a dispatcher keep its machine code on disk, if the source that it is made of is in files.

    Args:
        dispatcher: What `numba.njit` returned; nothing of it has been compiled yet.
    """
    function = dispatcher.py_func
    dispatcher._cache = KernelCache(function, _stamp(function))


def _stamp(function: types.FunctionType) -> str | None:
    """Return what tells one version of a kernel's source from another, beyond the digest of this package's files."""
    if function.__closure__ is not None or not PACKAGE_STAMP:
        return None
    source = Path(function.__code__.co_filename)
    if source.parent == _PACKAGE:
        return ""
    try:
        return _digest([source])
    except OSError:
        return None  # Typed at a prompt.


def _checksum(key: bytes, payload: bytes) -> bytes:
    """Return 32 bytes that are others if a byte of the file is, or if it belongs to another kernel: 1 ms for 1 MB."""
    digest = sha256(key)
    digest.update(payload)
    return digest.digest()


def _rebuilt(content: bytes, key: bytes, signature: Any, target_context: Any) -> Any:
    """Return the compiled kernel that a file holds; None if the file is not what was written for this key."""
    start = len(MAGIC) + sha256().digest_size
    payload = content[start:]
    if content[:start] != MAGIC + _checksum(key, payload):
        return None
    result = CompileResult._rebuild(target_context, *pickle.loads(payload))
    # The key has the types' names only, which two types of a kernel that is not this package's could share.
    return result if tuple(result.signature.args) == tuple(getattr(signature, "args", signature)) else None


def _write(path: Path, content: bytes) -> None:
    """Replace a file as a whole, so that other processes see the old one or the new one."""
    _make(path.parent)
    temporary = path.with_name(f".{token_hex(8)}")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)
    except BaseException:
        _delete(temporary)
        raise


def _make(folder: Path) -> None:
    """Make a folder of kernels; a new one takes the place of the one that has been unused for longest."""
    if folder.is_dir():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(exist_ok=True)
    others = []
    for other in folder.parent.glob(f"{PREFIX}*"):
        if other != folder:
            others.append((other.stat().st_mtime, other))
    others.sort(reverse=True)
    for _, other in others[KEPT_FOLDERS - 1 :]:
        shutil.rmtree(other, ignore_errors=True)


@cache
def _note_use(folder: Path) -> None:
    """Note once in a process that a folder is in use: its time of change is what `_make` goes by."""
    try:
        os.utime(folder)
    except OSError:
        return


def _delete(path: Path) -> None:
    """Delete a file if it is there and that is allowed."""
    try:
        path.unlink()
    except OSError:
        return

"""System limits of this process, checked before a recording so that it does not fail later."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import gc
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from monitor.model.errors import MissingError

# A recording of two streams uses some 40 files, 25 threads and 1 GiB of address space, including the
# connection to its window.
_LEAST_FILES = 256
_WANTED_FILES = 4096
_THREADS_N = 32
_LEAST_ADDRESS_BYTES = 2 << 30

# Settings of the GNU C library: `M_MMAP_THRESHOLD`, and its value at the start of a process; `M_ARENA_MAX`.
_MMAP_THRESHOLD, _LARGE_BYTES = -3, 128 << 10
_ARENA_MAX = -8

_OUT_OF = {
    errno.EMFILE: "This process may not open more files: raise the limit (ulimit -n).",
    errno.ENFILE: "This computer has too many files open: close other programs.",
    errno.ENOSPC: "The disk is full: make room.",
    errno.EDQUOT: "The disk quota of this user is used up: make room.",
    errno.ENOMEM: "There is not enough memory: close other programs or raise the limit (ulimit -v).",
}
_NO_MEMORY = _OUT_OF[errno.ENOMEM]
_NO_THREAD = (
    "No more threads can be started: close other programs, or raise the limits of this user or container on "
    "processes and memory (ulimit -u, ulimit -v)."
)


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Load modules without looking for garbage: what is loaded stays, and a tenth of the time is saved."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def allocate_sparingly() -> None:
    """Let the C library return each large block once it is free, and all threads allocate from one heap.

    By default the GNU C library raises the size from which it returns a block with each such block that is
    freed: what is freed below stays in the process, 2 MB of a recorder. And each thread gets a heap of its
    own, of which 0.1 MB is used: 1 MB of a recorder. It must be called before the first thread starts.
    """
    if sys.platform == "linux":
        with contextlib.suppress(AttributeError):  # Another C library.
            libc = ctypes.CDLL(None)
            libc.mallopt(_MMAP_THRESHOLD, _LARGE_BYTES)
            libc.mallopt(_ARENA_MAX, 1)


def return_free_memory() -> None:
    """Return to the system what is free below blocks that are in use.

    The GNU C library does so only at the end of its memory: of what the search for streams takes in a ward,
    5 to 9 MB stay in a recorder.
    """
    if sys.platform == "linux":
        with contextlib.suppress(AttributeError):  # Another C library.
            ctypes.CDLL(None).malloc_trim(0)


def require_limits() -> None:
    """Raise the number of files this process may open, and check the other limits.

    Raises
    ------
    MissingError
        If a recording would fail here: which limit is too low, and what it should be.
    """
    _require_rlimits()
    ending, threads = threading.Event(), []
    try:
        for _ in range(_THREADS_N):
            thread = threading.Thread(target=ending.wait, daemon=True)
            thread.start()
            threads.append(thread)
    except (RuntimeError, MemoryError) as err:
        raise MissingError(_NO_THREAD) from err
    finally:
        ending.set()
        for thread in threads:
            thread.join()


def _require_rlimits() -> None:
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _WANTED_FILES if hard == resource.RLIM_INFINITY else min(_WANTED_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    if soft != resource.RLIM_INFINITY and soft < _LEAST_FILES:
        raise MissingError(
            f"This process may open only {soft} files and a recording needs {_LEAST_FILES}: raise the limit "
            "(ulimit -n)."
        )
    address_n, _ = resource.getrlimit(resource.RLIMIT_AS)
    if address_n != resource.RLIM_INFINITY and address_n < _LEAST_ADDRESS_BYTES:
        raise MissingError(
            f"This process may use only {address_n >> 20} MiB of address space and a recording needs "
            f"{_LEAST_ADDRESS_BYTES >> 20} MiB: raise the limit (ulimit -v)."
        )


def what_ran_out(err: BaseException) -> str:
    """Return what the system refused or lacks and the remedy, empty if an error is of another kind."""
    if isinstance(err, MemoryError):
        return _NO_MEMORY
    if isinstance(err, RuntimeError) and "can't start new thread" in str(err):
        return _NO_THREAD
    routines = sys.modules.get("dsp.routines")
    if routines is not None and isinstance(err, routines.CompilationError):
        return (what_ran_out(err.__cause__) if err.__cause__ else "") or str(err)
    if isinstance(err, ImportError) and "cannot allocate memory" in str(err).lower():
        return _NO_MEMORY
    if isinstance(err, FileNotFoundError) and "No usable temporary directory" in str(err):
        return "No temporary folder can be written to: make room in /tmp, or set TMPDIR to another folder."
    if isinstance(err, FileNotFoundError) and not _has_current_folder():
        return "The current folder no longer exists: change to another one."
    if isinstance(err, OSError):
        return _OUT_OF.get(err.errno or 0, "")
    return ""


def _has_current_folder() -> bool:
    try:
        Path.cwd()
    except FileNotFoundError:
        return False
    return True

"""Cache of compiled kernels: neither an edited source nor a damaged file leads to wrong machine code.

Numba's own cache notices an edit of the file a kernel is defined in, but not of the file of a helper it
calls, and it unpickles any content: a file truncated by a power loss crashes the program, a flipped bit is
executed. Here the folder is named after a hash of all sources of this package and of the numba and numpy
versions; each file contains a checksum and one compiled kernel. An unreadable file is deleted and its kernel
compiled again; if a file cannot be written, the kernel stays in memory.
"""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import os
import pickle
import stat
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numba.core import serialize
from numba.core.caching import NullCache
from numba.core.compiler import CompileResult
from numba.core.registry import cpu_target

try:
    import fcntl
except ImportError:  # another system: several processes may compile the same kernel
    fcntl = None  # type: ignore[assignment]

Kernel = TypeVar("Kernel", bound=Callable[..., Any])

# Numba has no types.
_rebuild: Callable[..., Any] = CompileResult._rebuild
_pickled: Callable[[Any], bytes] = serialize.dumps
# The largest kernel takes some seconds on a quiet computer.
_LONGEST_WAIT_S, _TURN_S = 300.0, 0.02
_DIGEST_BYTES = hashlib.sha256().digest_size


@dataclass(slots=True)
class CacheReport:
    """State of the cache in this process.

    Attributes
    ----------
    folder : Path or None
        None if no folder can be used: kernels are compiled at each start.
    loaded_n, compiled_n : int
        Kernels loaded from the cache, and compiled in this process.
    repaired : list of str
        Damaged files that were deleted, each with the reason; their kernels were compiled again.
    unsaved : str
        Why a compiled kernel could not be saved, empty if all were.
    known, ready : set of str
        Names of all kernels, and of those of which one form at least is loaded or compiled.
    """

    folder: Path | None = None
    loaded_n: int = 0
    compiled_n: int = 0
    repaired: list[str] = field(default_factory=list)
    unsaved: str = ""
    known: set[str] = field(default_factory=set)
    ready: set[str] = field(default_factory=set)

    @property
    def ready_share(self) -> float:
        """Share of the kernels that are ready here or in the cache: the progress of a first start."""
        folder = _folder()
        saved = set() if folder is None else {_name_of(path) for path in folder.glob("*.kernel")}
        ready = (self.ready | saved) & self.known
        return len(ready) / len(self.known) if self.known else 1.0

    def notes(self) -> list[str]:
        """Return messages for the user, one sentence each; empty if the cache works."""
        found = []
        if self.repaired:
            found.append(
                f"Kernel cache: {len(self.repaired)} damaged file(s) in {self.folder} were deleted and "
                f"compiled again (first: {self.repaired[0]})."
            )
        if self.folder is None and self.compiled_n:
            found.append(
                "Kernel cache: no folder is writable, so the detector is compiled at each start; "
                "set XDG_CACHE_HOME to a folder of your own."
            )
        elif self.unsaved:
            found.append(
                f"Kernel cache: {self.folder} cannot be written to ({self.unsaved}), so the detector is "
                "compiled again at the next start; free disk space there or correct its permissions."
            )
        return found


report = CacheReport()


def source_key(package: Path = Path(__file__).parent) -> str:
    """Return a short hash of every source of this package and of the compiler's versions."""
    digest = hashlib.sha256(f"numba {numba.__version__} numpy {np.__version__}".encode())
    for path in sorted(package.rglob("*.py")):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _user_cache_root() -> Path:
    """Return the cache folder of this user."""
    given = os.environ.get("NUMBA_CACHE_DIR")
    if given:
        return Path(given)
    if os.name == "nt" and os.environ.get("LOCALAPPDATA"):
        return Path(os.environ["LOCALAPPDATA"]) / "plms-monitor" / "kernels"
    given = os.environ.get("XDG_CACHE_HOME")
    return (Path(given) if given else Path("~/.cache").expanduser()) / "plms-monitor" / "kernels"


def _temporary_root() -> Path:
    who = str(os.getuid()) if hasattr(os, "getuid") else "user"
    return Path(tempfile.gettempdir()) / f"plms-monitor-kernels-{who}"


def _usable(folder: Path) -> bool:
    """Create `folder` for this user only; return whether it is owned and writable by this user."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        state = folder.lstat()
    except (OSError, RuntimeError):
        return False
    # Machine code is loaded from here: a folder that another user could write to is not used.
    if hasattr(os, "getuid"):
        return state.st_uid == os.getuid() and not state.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return True


def cache_folder() -> Path | None:
    """Return a private, writable folder for the compiled kernels of exactly these sources.

    Returns
    -------
    Path or None
        Below the user's cache folder; if that is not writable (a read-only home), a folder of mode 0700 below
        the temporary directory; None if that is not usable either.
    """
    key = source_key()
    for root in (_user_cache_root, _temporary_root):
        try:
            folder = root() / key
        except (OSError, RuntimeError):  # no home directory, or no temporary directory, is known
            continue
        if _usable(folder.parent) and _usable(folder):
            return folder
    return None


@cache
def _folder() -> Path | None:
    report.folder = cache_folder()
    return report.folder


@cache
def _file_key(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def verified(sealed: bytes) -> bytes:
    """Return the content of a cache file, which follows its SHA-256.

    Raises
    ------
    ValueError
        If its checksum is wrong.
    """
    content = sealed[_DIGEST_BYTES:]
    if hashlib.sha256(content).digest() != sealed[:_DIGEST_BYTES]:
        raise ValueError(f"{len(sealed)} bytes with a wrong checksum")
    return content


class _SealedCache(NullCache):
    """Cache the compiled forms of one kernel, each in a separate file with its SHA-256.

    Parameters
    ----------
    kernel : callable
        The Python function.

    Notes
    -----
    Replaces ``numba.core.caching.FunctionCache`` in a dispatcher; numba calls the two methods below under its
    compiler lock.
    """

    def __init__(self, kernel: Callable[..., Any]) -> None:
        self._name = kernel.__qualname__
        report.known.add(self._name)
        source = inspect.getfile(kernel)
        self._about = (sys.version_info[:3], kernel.__qualname__, kernel.__code__.co_firstlineno)
        self._source_key = _file_key(source)
        self._claims: dict[Path, _Claim] = {}

    @property
    def cache_path(self) -> str | None:
        folder = _folder()
        return None if folder is None else str(folder)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the compiled kernel for a signature, None if missing or damaged.

        While another process compiles it, wait for that.
        """
        target_context.refresh()
        path = self._path(sig, target_context.codegen())
        if path is None:
            return None
        try:
            if not path.exists():
                self._claim(path).wait()
            found = _rebuild(target_context, *_unsealed(path))
        except FileNotFoundError:
            return None
        except Exception as err:  # noqa: BLE001 - after any error it can be compiled again
            report.repaired.append(f"{self._name}: {err}")
            with contextlib.suppress(OSError):
                path.unlink()
            return None
        finally:
            if path.exists():
                self._release(path)
        report.loaded_n += 1
        report.ready.add(self._name)
        return found

    def has(self, signature: tuple[Any, ...]) -> bool:
        """Return whether the cache has the kernel for these types of arguments."""
        path = self._path(signature, cpu_target.target_context.codegen())
        return path is not None and path.exists()

    def is_taken(self, signature: tuple[Any, ...]) -> bool:
        """Return whether the cache has it, or another process is compiling it."""
        path = self._path(signature, cpu_target.target_context.codegen())
        if path is None or path.exists():
            return True
        is_mine = self._claim(path).is_mine
        if not is_mine:
            self._release(path)
        return not is_mine

    def _claim(self, path: Path) -> _Claim:
        if path not in self._claims:
            self._claims[path] = _Claim(path)
        return self._claims[path]

    def _release(self, path: Path) -> None:
        claim = self._claims.pop(path, None)
        if claim is not None:
            claim.release()

    def save_overload(self, sig: Any, cres: Any) -> None:
        """Write a compiled kernel; if that fails it stays in memory."""
        report.compiled_n += 1
        report.ready.add(self._name)
        path = self._path(sig, cres.codegen)
        if path is None:
            return
        if not (cres.lifted or cres.library.has_dynamic_globals):
            self._save(path, cres)
        self._release(path)

    @staticmethod
    def _save(path: Path, cres: Any) -> None:
        part = path.with_name(f"{path.name}.{os.getpid()}.part")
        try:
            content = _pickled(cres._reduce())
            part.write_bytes(hashlib.sha256(content).digest() + content)
            part.replace(path)
        except OSError as err:
            report.unsaved = err.strerror or str(err)
            with contextlib.suppress(OSError):
                part.unlink()

    def _path(self, sig: Any, codegen: Any) -> Path | None:
        folder = _folder()
        if folder is None:
            return None
        what = repr((sig, codegen.magic_tuple(), self._about, self._source_key))
        return folder / f"{self._name}-{hashlib.sha256(what.encode()).hexdigest()[:32]}.kernel"


class _Claim:
    """The right to compile a kernel, by a lock that ends with the process; always granted without locks.

    Attributes
    ----------
    is_mine : bool
        Whether no other process compiles it.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._fd, self.is_mine = path.with_suffix(".lock"), -1, True
        if fcntl is None:
            return
        with contextlib.suppress(OSError):
            self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self.is_mine = self._lock()

    def _lock(self) -> bool:
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def wait(self) -> None:
        """Return once no other process compiles it, or after a time in which it should have."""
        until_s = time.monotonic() + _LONGEST_WAIT_S
        while not self.is_mine and time.monotonic() < until_s:
            time.sleep(_TURN_S)
            self.is_mine = self._lock()

    def release(self) -> None:
        """Let the others continue."""
        if self._fd >= 0:
            if self.is_mine:
                with contextlib.suppress(OSError):
                    self._path.unlink()
            os.close(self._fd)
            self._fd = -1


def _name_of(path: Path) -> str:
    return path.name.rpartition("-")[0]


def shared_cache(kernel: Any) -> _SealedCache:
    """Return the cache of a compiled kernel."""
    return cast(_SealedCache, kernel._cache)


def _unsealed(path: Path) -> Any:
    """Return the content of a cache file.

    Raises
    ------
    OSError
        If it cannot be read.
    ValueError
        If its checksum is wrong.
    """
    return pickle.loads(verified(path.read_bytes()))


def cached_njit(**options: Any) -> Callable[[Kernel], Kernel]:
    """Compile a kernel with numba and cache the result.

    Parameters
    ----------
    **options
        Options of ``numba.njit`` except ``cache``.

    Returns
    -------
    callable
        The decorator.
    """

    def compiled(kernel: Kernel) -> Kernel:
        dispatcher = numba.njit(**options)(kernel)
        dispatcher._cache = _SealedCache(kernel)
        return cast(Kernel, dispatcher)

    return compiled

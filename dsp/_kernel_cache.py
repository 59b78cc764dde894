"""Cache of single kernels, in place of numba's own.

Numba's cache notices an edit of the file a kernel is defined in, but not of the file of a helper it calls,
and it unpickles any content: a file truncated by a power loss crashes the program, a flipped bit is executed.
Here each file is named after all sources and contains a checksum (`dsp._cache`).
"""

from __future__ import annotations

import hashlib
import inspect
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba.core import serialize
from numba.core.caching import NullCache
from numba.core.compiler import CompileResult
from numba.core.registry import cpu_target

from dsp._cache import KERNEL_FILE, Claim, cached_file, cached_folder, discard, read_file, report, write_file

Kernel = TypeVar("Kernel", bound=Callable[..., Any])

# Numba has no types.
_rebuild: Callable[..., Any] = CompileResult._rebuild
_pickled: Callable[[Any], bytes] = serialize.dumps


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
        source = Path(inspect.getfile(kernel)).read_bytes()
        line = kernel.__code__.co_firstlineno
        self._about = (kernel.__qualname__, line, hashlib.sha256(source).hexdigest())
        self._claims: dict[Path, Claim] = {}

    @property
    def cache_path(self) -> str | None:
        folder = cached_folder()
        return None if folder is None else str(folder)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the compiled kernel for a signature, None if missing or damaged.

        While another process compiles it, wait for that.
        """
        target_context.refresh()
        path = self._path(sig, target_context.codegen())
        if path is None:
            return None
        if not path.exists():
            self._claim(path).wait()
        try:
            content = read_file(path)
            if content is None:
                return None
            found = _rebuild(target_context, *pickle.loads(content))
        except Exception as err:  # noqa: BLE001 - after any error it can be compiled again
            discard(path, err)
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

    def _claim(self, path: Path) -> Claim:
        if path not in self._claims:
            self._claims[path] = Claim(path)
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
            write_file(path, _pickled(cres._reduce()))
        self._release(path)

    def _path(self, sig: Any, codegen: Any) -> Path | None:
        return cached_file(self._name, (sig, codegen.magic_tuple(), self._about), KERNEL_FILE)


def shared_cache(kernel: Any) -> _SealedCache:
    """Return the cache of a compiled kernel."""
    return cast(_SealedCache, kernel._cache)


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

"""The detector's compiled code, called without the compiler.

To load the compiler takes a second and 60 MB, in each recorder. What Python calls of the kernels is therefore
compiled in processes of its own, into one piece of object code (`dsp.compilation`); the cache keeps it, and
here it is loaded and called by address. Where that is not possible the kernels are called through the
compiler, with the same results.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any, Protocol

import llvmlite.binding as llvm
import numpy as np

from dsp._cache import DETECTOR, Claim, cached_file, discard, read_file, report

# The kernels that Python calls, and how many integers each takes after its arrays.
ENTRY_POINTS = {"run": 1, "start_at": 1, "finish": 0, "run_stages": 0}
PREFIX = "plms_"
# The two who can compile at once with the recording and the window beside them.
_PROCESSES_N = 2
_CHILD = "import sys; sys.path[:] = {path!r}; from dsp.compilation import compile_share; compile_share({n})"
_LOCK = threading.Lock()


class Routine(Protocol):
    """A compiled kernel."""

    def bind(self, *arrays: Any) -> Callable[..., int]:
        """Return what calls it with these arrays, and tuples of arrays, before integers given at each call."""


class Bound:
    """A call of compiled code with arrays whose place in memory was looked up once."""

    __slots__ = ("_arrays", "_call", "_words")

    def __init__(self, call: Callable[..., int], arrays: tuple[Any, ...]) -> None:
        words = list(_words_of(arrays))
        # The arrays are held as long as the code may be called.
        self._call, self._arrays, self._words = call, arrays, (ctypes.c_int64 * len(words))(*words)

    def __call__(self, *integers: int) -> int:
        return self._call(self._words, *integers)


class NativeRoutine:
    """Code at an address: ``int64 routine(int64 *words, int64 ...)``, with the words of `_words_of`."""

    def __init__(self, address: int, integers_n: int) -> None:
        kinds = [ctypes.c_void_p, *[ctypes.c_int64] * integers_n]
        self._call = ctypes.CFUNCTYPE(ctypes.c_int64, *kinds)(address)

    def bind(self, *arrays: Any) -> Bound:
        return Bound(self._call, arrays)


class CompiledRoutine:
    """A kernel called through the compiler."""

    def __init__(self, kernel: Callable[..., int]) -> None:
        self._kernel = kernel

    def bind(self, *arrays: Any) -> Callable[..., int]:
        return partial(self._kernel, *arrays)


def _words_of(arrays: Iterable[Any]) -> Iterable[int]:
    """Return the address and the shape of each array, in order."""
    for each in arrays:
        if isinstance(each, np.ndarray):
            yield each.ctypes.data
            yield from each.shape
        else:
            yield from _words_of(each)


@cache
def _engine() -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_triple(llvm.get_process_triple())
    machine = target.create_target_machine(codemodel="jitdefault", jit=True)
    return llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)


def load(code: bytes) -> Mapping[str, Routine]:
    """Load the object code of the entry points.

    Raises
    ------
    ValueError
        If an entry point is missing.
    """
    engine = _engine()
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    addresses = {name: engine.get_function_address(PREFIX + name) for name in ENTRY_POINTS}
    if not all(addresses.values()):
        raise ValueError("an entry point is missing")
    return {name: NativeRoutine(addresses[name], n) for name, n in ENTRY_POINTS.items()}


def code_file() -> Path | None:
    """Return the file of the detector's code for this processor, None without a folder."""
    options = {name: value for name, value in os.environ.items() if name.startswith("NUMBA_")}
    options.pop("NUMBA_CACHE_DIR", None)
    processor = (llvm.get_process_triple(), llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten())
    return cached_file(DETECTOR, (sys.version_info[:3], processor, sorted(options.items())), "native")


def routines() -> Mapping[str, Routine]:
    """Return the entry points by name, compiled if they are not yet in the cache.

    Takes half a minute the first time on a computer, then some hundredths of a second. May be called in a
    thread.
    """
    with _LOCK:
        return _routines()


@cache
def _routines() -> Mapping[str, Routine]:
    path = code_file()
    found = None if path is None else _cached(path)
    if found is None:
        found = _through_the_compiler()
    report.ready.add(DETECTOR)
    return found


def _cached(path: Path) -> Mapping[str, Routine] | None:
    code = read_file(path)
    if code is None:
        _compile_in_parallel()
        if not path.exists():
            # The processes of another recorder may be at it.
            claim = Claim(path)
            claim.wait()
            claim.release()
        code = read_file(path)
    if not code:  # It is empty if the code cannot be called without the compiler.
        return None
    try:
        found = load(code)
    except Exception as err:  # noqa: BLE001 - after any error the compiler is there
        discard(path, err)
        return None
    report.loaded_n += 1
    return found


def _compile_in_parallel() -> None:
    """Fill the cache with what it lacks of the detector; return when that is done."""
    children = []
    for n in range(min(_PROCESSES_N, os.cpu_count() or 1)):
        command = [sys.executable, "-c", _CHILD.format(path=sys.path, n=n)]
        with contextlib.suppress(OSError):
            children.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL))
    for child in children:
        child.wait()


def _through_the_compiler() -> Mapping[str, Routine]:
    from dsp.compilation import entry_points

    return {name: CompiledRoutine(kernel) for name, kernel in entry_points().items()}

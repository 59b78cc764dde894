"""The detector's compiled code, called without the compiler.

To load the compiler takes a second and 60 MB, in each recorder. What Python calls of the kernels is therefore
compiled in other processes, into one piece of object code (`dsp.compilation`); the cache keeps it, and here
it is loaded and called by address. Where that is not possible the kernels are called through the compiler,
with the same results.
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
from typing import Any

import llvmlite.binding as llvm
import numpy as np

from dsp._cache import DETECTOR, DETECTOR_FILE, Claim, cached_file, discard, read_file, report

# The kernels that Python calls, and how many integers each takes after its arrays.
ENTRY_POINTS = {"run": 1, "start_at": 1, "finish": 0, "run_stages": 0}
PREFIX = "plms_"
_PROCESSES_N = 2
_CHILD = "import sys; sys.path[:] = {path!r}; from dsp.compilation import compile_share; compile_share({n})"
_LOCK = threading.Lock()

# Takes the arrays of a kernel and returns what calls it, given the integers that follow them.
Routine = Callable[..., Callable[..., int]]


class NativeCall:
    """A call of native code with arrays whose places in memory were looked up once.

    Parameters
    ----------
    code : callable
        ``int64 code(int64 *words, int64 ...)`` with the address and the shape of each array.
    *arrays : ndarray or tuple of ndarray
        C-contiguous, of the types the code was compiled for.
    """

    __slots__ = ("_address", "_arrays", "_code", "_words")

    def __init__(self, code: Callable[..., int], *arrays: Any) -> None:
        words = list(_words_of(arrays))
        self._code, self._words = code, (ctypes.c_int64 * len(words))(*words)
        # The memory lives as long as the code may be called.
        self._address, self._arrays = ctypes.addressof(self._words), arrays

    def __call__(self, *integers: int) -> int:
        """Run the code; the interpreter is free for other threads meanwhile."""
        return self._code(self._address, *integers)


def _words_of(arrays: Iterable[Any]) -> Iterable[int]:
    """Return the address and then the shape of each array."""
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

    Code with a symbol that this process lacks ends it.

    Raises
    ------
    ValueError
        If an entry point is missing.
    """
    engine = _engine()
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    found: dict[str, Routine] = {}
    for name, integers_n in ENTRY_POINTS.items():
        address = engine.get_function_address(PREFIX + name)
        if not address:
            raise ValueError(f"{name} is missing")
        kinds = [ctypes.c_void_p, *[ctypes.c_int64] * integers_n]
        found[name] = partial(NativeCall, ctypes.CFUNCTYPE(ctypes.c_int64, *kinds)(address))
    return found


def code_file() -> Path | None:
    """Return the file of the detector's code for this processor, None without a folder."""
    options = {name: value for name, value in os.environ.items() if name.startswith("NUMBA_")}
    options.pop("NUMBA_CACHE_DIR", None)
    processor = [llvm.get_process_triple(), llvm.get_host_cpu_name()]
    with contextlib.suppress(RuntimeError):  # Not known of every processor.
        processor.append(llvm.get_host_cpu_features().flatten())
    return cached_file(DETECTOR, (sys.version_info[:3], processor, sorted(options.items())), DETECTOR_FILE)


def routines() -> Mapping[str, Routine]:
    """Return the kernels that Python calls by name, compiled if they are not yet in the cache.

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
    from dsp.compilation import entry_points, signature_of

    kernels = entry_points()
    for kernel in kernels.values():
        kernel.compile(signature_of(kernel))
    return {name: partial(partial, kernel) for name, kernel in kernels.items()}

"""Object code of the kernels that Python calls: its file, loaded and called without the compiler."""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from dsp import elf
from dsp._cache import DETECTOR, DETECTOR_FILE, cached_file, report

# The kernels that Python calls, and how many integers each takes after its arrays.
ENTRY_POINTS = {"run": 1, "start_at": 1, "finish": 0, "run_stages": 0}
PREFIX = "plms_"
# Of the compiler's options.
_WITHOUT_EFFECT = ("NUMBA_CACHE_DIR", "NUMBA_DISABLE_JIT")
# What Linux says about a processor: all that decides which instructions it has.
_CPUINFO = Path("/proc/cpuinfo")
_MODEL_AND_INSTRUCTIONS = ("vendor_id", "cpu family", "model", "stepping", "flags")

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


def require_execution() -> None:
    """Check that compiled code may be executed; where it may not, calling it ends the process.

    Raises
    ------
    OSError
    """
    if elf.IS_SUPPORTED:
        elf.require_execution()
    else:
        _llvm().check_jit_execution()


def _llvm() -> Any:
    # It takes 6 MB of each recorder, and time: loaded only where it is needed.
    import llvmlite.binding

    return llvmlite.binding


@cache
def _engine() -> Any:
    llvm = _llvm()
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
    addresses = _addresses(code)
    found: dict[str, Routine] = {}
    for name, integers_n in ENTRY_POINTS.items():
        address = addresses.get(PREFIX + name)
        if not address:
            raise ValueError(f"{name} is missing")
        kinds = [ctypes.c_void_p, *[ctypes.c_int64] * integers_n]
        found[name] = partial(NativeCall, ctypes.CFUNCTYPE(ctypes.c_int64, *kinds)(address))
    return found


def _addresses(code: bytes) -> Mapping[str, int]:
    if elf.IS_SUPPORTED:
        with contextlib.suppress(elf.UnsupportedError):
            return elf.load(code)
    engine = _engine()
    engine.add_object_file(_llvm().ObjectFileRef.from_data(code))
    engine.finalize_object()
    return {PREFIX + name: engine.get_function_address(PREFIX + name) for name in ENTRY_POINTS}


def code_file() -> Path | None:
    """Return the file of the detector's code for this processor, None without a folder."""
    options = {name: value for name, value in os.environ.items() if name.startswith("NUMBA_")}
    for name in _WITHOUT_EFFECT:
        options.pop(name, None)
    report.detector = cached_file(DETECTOR, (processor(), sorted(options.items())), DETECTOR_FILE)
    return report.detector


def processor(cpuinfo: Path = _CPUINFO) -> Sequence[str]:
    """Return what says for which processor code is compiled.

    Parameters
    ----------
    cpuinfo : Path
        What Linux says about the processors, one after the other; they are alike. Where it cannot be read,
        or on another system, LLVM is asked.
    """
    if elf.IS_SUPPORTED:
        with contextlib.suppress(OSError):
            first = cpuinfo.read_text(encoding="utf-8", errors="replace").partition("\n\n")[0]
            said = dict(line.replace("\t", "").split(":", 1) for line in first.splitlines() if ":" in line)
            if said.keys() >= set(_MODEL_AND_INSTRUCTIONS):
                return [" ".join(sorted(said[name].split())) for name in _MODEL_AND_INSTRUCTIONS]
    llvm = _llvm()
    known = [llvm.get_process_triple(), llvm.get_host_cpu_name()]
    with contextlib.suppress(RuntimeError):  # Not known of every processor.
        known.append(llvm.get_host_cpu_features().flatten())
    return known

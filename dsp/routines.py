"""The kernels that Python calls, ready to be called.

To load the compiler takes a second and 60 MB, in each recorder. They are therefore compiled in other
processes into one piece of object code (`dsp.compilation`), which the cache keeps and `dsp.native` loads.
Where that is not possible they are called through the compiler, with the same results.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path

from dsp._cache import DETECTOR, Claim, discard, read_file, report
from dsp.native import Routine, code_file, load

_PROCESSES_N = 2
_CHILD = """import sys
sys.path[:] = {path!r}
from dsp.compilation import compile_share
compile_share({n}, {parent})
"""
_LOCK = threading.Lock()


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
        command = [sys.executable, "-c", _CHILD.format(path=sys.path, n=n, parent=os.getpid())]
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

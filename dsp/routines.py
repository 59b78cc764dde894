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
compile_share({n})
"""
_LOCK = threading.Lock()
_FAILED: list[Exception] = []


def routines() -> Mapping[str, Routine]:
    """Return the kernels that Python calls by name, compiled if they are not yet in the cache.

    Takes half a minute the first time on a computer, then some hundredths of a second. May be called in a
    thread.

    Raises
    ------
    Exception
        If they cannot be compiled. It is not tried again: a recording that goes on without them would stand
        still meanwhile.
    """
    with _LOCK:
        if _FAILED:
            raise _FAILED[0]
        try:
            return _routines()
        except Exception as err:
            _FAILED.append(err)
            raise


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
    """Fill the cache with what it lacks of the detector; return when that is done.

    The processes end with this one: their input does. An interrupt from the keyboard, by which a recording is
    ended in order, is not for them.
    """
    with contextlib.ExitStack() as stack:
        children = []
        for n in range(min(_PROCESSES_N, os.cpu_count() or 1)):
            with contextlib.suppress(OSError):
                child = subprocess.Popen(
                    [sys.executable, "-c", _CHILD.format(path=sys.path, n=n)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    start_new_session=os.name == "posix",
                )
                children.append(stack.enter_context(child))
        for child in children:
            said = child.stdout.read().decode(errors="replace").splitlines() if child.stdout else []
            report.unsaved = said[-1] if said else report.unsaved


def _through_the_compiler() -> Mapping[str, Routine]:
    from dsp.compilation import entry_points, signature_of

    kernels = entry_points()
    for kernel in kernels.values():
        kernel.compile(signature_of(kernel))
    return {name: partial(partial, kernel) for name, kernel in kernels.items()}

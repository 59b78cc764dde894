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
from dsp.native import Routine, code_file, load, require_execution

_PROCESSES_N = 2
_CHILD = """import signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
sys.path[:] = {path!r}
from dsp.compilation import compile_share
compile_share({n})
"""
_LOCK = threading.Lock()
_FAILED: list[str] = []


class CompilationError(RuntimeError):
    """The detector cannot be compiled, or not be run, on this computer; the message says why."""


def routines() -> Mapping[str, Routine]:
    """Return the kernels that Python calls by name, compiled if they are not yet in the cache.

    Takes half a minute the first time on a computer, then some hundredths of a second. May be called in a
    thread.

    Raises
    ------
    CompilationError
        It is not tried again: a recording that goes on without them would stand still meanwhile.
    """
    with _LOCK:
        if _FAILED:
            raise CompilationError(_FAILED[0])
        try:
            return _routines()
        except CompilationError as err:
            _FAILED.append(str(err))
            raise
        except Exception as err:
            remedy = "close other programs" if isinstance(err, MemoryError) else "install the program again"
            why = f"The detector cannot be compiled ({type(err).__name__}: {err}): {remedy}."
            _FAILED.append(why)
            raise CompilationError(why) from err


@cache
def _routines() -> Mapping[str, Routine]:
    try:
        require_execution()
    except OSError as err:
        raise CompilationError(
            "This system does not let the program run compiled code (MemoryDenyWriteExecute of systemd, or "
            "deny_execmem of SELinux): allow it, or the signal can only be recorded."
        ) from err
    path = code_file()
    found = None if path is None else _cached(path)
    if found is None:
        found = _through_the_compiler()
    report.ready.add(DETECTOR)
    return found


def _cached(path: Path) -> Mapping[str, Routine] | None:
    code = read_file(path)
    if code is None:
        unsaved = _compile_in_parallel()
        if not path.exists():
            # The processes of another recorder may be at it.
            claim = Claim(path)
            claim.wait()
            claim.release()
        code = read_file(path)
        report.unsaved = unsaved if code is None else ""
    if not code:  # It is empty if the code cannot be called without the compiler.
        return None
    try:
        found = load(code)
    except Exception as err:  # noqa: BLE001 - after any error the compiler is there
        discard(path, err)
        return None
    report.loaded_n += 1
    return found


def _compile_in_parallel() -> str:
    """Fill the cache with what it lacks of the detector; return why that could not be saved, if it could not.

    The processes end with this one: their input does. They ignore a request to all processes of a terminal or
    of a service to end: a recording that ends waits for its detector.
    """
    # Without its compiler nothing could be compiled.
    environment = {name: value for name, value in os.environ.items() if name != "NUMBA_DISABLE_JIT"}
    with contextlib.ExitStack() as stack:
        children = []
        for n in range(min(_PROCESSES_N, os.cpu_count() or 1)):
            # Without the name of its Python there is no other process.
            with contextlib.suppress(OSError, TypeError):
                child = subprocess.Popen(
                    [sys.executable, "-c", _CHILD.format(path=sys.path, n=n)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    env=environment,
                    start_new_session=os.name == "posix",
                )
                children.append(stack.enter_context(child))
        said = [child.stdout.read().decode(errors="replace") for child in children if child.stdout]
    return next((line for text in said for line in text.splitlines()[-1:] if line), "")


def _through_the_compiler() -> Mapping[str, Routine]:
    from dsp.compilation import entry_points, signature_of

    kernels = entry_points()
    for kernel in kernels.values():
        kernel.compile(signature_of(kernel))
    return {name: partial(partial, kernel) for name, kernel in kernels.items()}

"""The end of a process some of whose threads are still at work."""

from __future__ import annotations

import atexit
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def ended_beside_threads() -> Iterator[None]:
    """End this process with its own exit code, whatever its daemon threads do then.

    The interpreter ends such a thread by unwinding its stack. In compiled code (NumPy's `unique`, a kernel or
    Qt being loaded) that aborts the whole process. Such a process is left at once instead, after everything
    that was registered to run at its end.
    """
    codes = [1]
    # Registered before anything else, so that it runs last.
    atexit.register(_leave, codes)
    try:
        yield
    except SystemExit as ended:
        codes.append(_code_of(ended))
        raise
    codes.append(0)


def _code_of(ended: SystemExit) -> int:
    if ended.code is None:
        return 0
    return ended.code if isinstance(ended.code, int) else 1


def _leave(codes: list[int]) -> None:
    if not any(thread.daemon for thread in threading.enumerate()):
        return
    for stream in (sys.stdout, sys.stderr):
        try:
            # There is none without a terminal.
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            codes.append(codes[-1] or 1)
    os._exit(codes[-1] & 0xFF)

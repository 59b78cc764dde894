"""Inhibit sleep of the computer during a recording, where the system supports it."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# Asked in this order: closing the lid is not everybody's to forbid.
_WHAT = ("sleep:idle:handle-lid-switch", "sleep:idle", "idle")
_SETTLE_S = 1.0
_NOT_KEPT = "This computer may go to sleep"
_REMEDY = "switch off its sleep and screen-lock settings."


@contextmanager
def sleep_inhibited(why: str, say: Callable[[str], None]) -> Iterator[None]:
    """Forbid the computer to sleep until the block ends, or this process dies however it may.

    Parameters
    ----------
    why : str
        Shown by the system to a user who wants to shut down.
    say : callable
        Called with a sentence if sleep cannot be inhibited; from a separate thread.
    """
    keeper = _Inhibitor(why, say)
    try:
        yield
    finally:
        keeper.close()


class _Inhibitor:
    """Hold the system's promise by a helper process that ends when its standard input does."""

    def __init__(self, why: str, say: Callable[[str], None]) -> None:
        self._say = say
        self._closing = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        if sys.platform == "win32":
            import ctypes

            # ES_CONTINUOUS | ES_SYSTEM_REQUIRED, for as long as this thread lives.
            if not ctypes.windll.kernel32.SetThreadExecutionState(0x80000001):
                say(f"{_NOT_KEPT}: Windows refused; {_REMEDY}")
            return
        commands = _commands(why)
        if not commands:
            say(f"{_NOT_KEPT}: systemd-inhibit or caffeinate was not found; {_REMEDY}")
            return
        self._thread = threading.Thread(target=self._run, args=(commands,), name="keep-awake", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Let the computer sleep again."""
        self._closing.set()
        process = self._process
        if process is not None and process.stdin is not None:
            with contextlib.suppress(OSError):
                process.stdin.close()
            self._thread.join(_SETTLE_S)

    def _run(self, commands: list[list[str]]) -> None:
        reason = ""
        for command in commands:
            try:
                with subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
                ) as process:
                    self._process = process
                    if self._closing.is_set() and process.stdin is not None:
                        process.stdin.close()
                    said = process.stderr.read().decode(errors="replace") if process.stderr else ""
                    process.wait()
            except OSError as err:
                said = str(err)
            if self._closing.is_set():
                return
            reason = said.strip().splitlines()[-1] if said.strip() else "the helper ended"
        self._say(f"{_NOT_KEPT}: {reason.rstrip('.')}; {_REMEDY}")


def _commands(why: str) -> list[list[str]]:
    """List what to try, each a helper that holds on until its standard input ends."""
    if sys.platform == "darwin" and shutil.which("caffeinate"):
        return [["caffeinate", "-i", "-s", "-w", str(os.getpid())]]
    if shutil.which("systemd-inhibit"):
        head = ["systemd-inhibit", "--who=PLMS Monitor", f"--why={why}", "--mode=block"]
        return [[*head, f"--what={what}", "cat"] for what in _WHAT]
    return []

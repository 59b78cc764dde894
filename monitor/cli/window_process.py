"""The window's process, started before the recorder is loaded: each takes a second or two to load."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from monitor.session.control import ControlServer

# The window asks from a thread of its own, and waits for no more than five seconds.
_LOADING_S = 4.0

Answer = Callable[[Mapping[str, Any]], Mapping[str, Any]]


class WindowProcess:
    """The dashboard in a process of its own.

    The recording does not depend on it: closing or killing the window ends nothing. It stays open when the
    recording ends.
    """

    def __init__(self, contact: Path) -> None:
        self._answer: Answer | None = None
        self._is_loaded = threading.Event()
        self._server = ControlServer(contact, self._ask)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "monitor.dashboard", "--lobby", str(contact)],
            stdin=subprocess.DEVNULL,
            # Ctrl-C in the terminal is meant for the recorder only.
            start_new_session=os.name == "posix",
        )
        # Reap a closed window, so that no zombie process remains during the recording.
        threading.Thread(target=self._process.wait, name="window-reaper", daemon=True).start()

    def serve(self, answer: Answer) -> None:
        """Answer the window's requests from now on; earlier ones wait for this."""
        self._answer = answer
        self._is_loaded.set()

    def _ask(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        if not self._is_loaded.wait(_LOADING_S) or self._answer is None:
            return {"error": "the recorder is being loaded"}
        return self._answer(request)

    def close(self) -> None:
        """Stop answering; a window that has shown nothing yet is closed."""
        if self._answer is None:
            self._process.terminate()
        self._server.close()


class WindowEnding:
    """Close a window when this process is asked to end.

    An interrupt from the terminal reaches the window itself: this process then reports its exit code.

    Attributes
    ----------
    is_asked : bool
        Whether this process was asked to end.
    """

    def __init__(self) -> None:
        self.is_asked = False
        self._window: subprocess.Popen[bytes] | None = None
        for name in ("SIGTERM", "SIGHUP"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), self._end)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch(self, window: subprocess.Popen[bytes]) -> None:
        """Close this window when asked, at once if that was before it was opened."""
        self._window = window
        if self.is_asked:
            window.terminate()

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        self.is_asked = True
        if self._window is not None:
            self._window.terminate()


def window_opens() -> bool:
    """Return whether a window can be opened; if not, print why."""
    from monitor.dashboard.shell.display import why_no_window

    reason = why_no_window()
    if reason:
        sys.stdout.write(f"{reason} Recording without a window; status is shown in this terminal.\n")
        sys.stdout.flush()
    return not reason


@contextmanager
def early_window(*, headless: bool) -> Iterator[WindowProcess | None]:
    """Open the window until the context is left; None if there is none."""
    if headless or not window_opens():
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="plms-selection-") as private:
        try:
            window = WindowProcess(Path(private) / f"{secrets.token_hex(4)}.json")
        except OSError as err:
            sys.stdout.write(f"The window cannot be opened ({err}): the recording runs in this terminal.\n")
            yield None
            return
        try:
            yield window
        finally:
            window.close()

"""The start of a window: what it waits for, and what it does not wait for."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot
from support.windows import LATE_MS

from monitor.dashboard.shell.app import StartScreenApp
from monitor.dashboard.signal import traces
from monitor.session.control import ControlServer
from monitor.session.folder import SessionFolder

LOADS = """
import builtins, linecache
usual = builtins.__import__
from monitor.dashboard.shell.display import load_qt
load_qt()
import monitor.dashboard.shell.app, pydantic
assert builtins.__import__ is usual
assert not [name for name in linecache.cache if "pydantic" in name]
"""


def test_a_window_opens_while_its_kernels_are_compiled(
    qtbot: QtBot, running: SessionFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    compile_now, compiled, has_begun = threading.Event(), threading.Event(), threading.Event()
    really = traces.warm_up

    def slowly() -> None:
        compile_now.wait(LATE_MS / 1000)
        really()
        compiled.set()

    monkeypatch.setattr(traces, "warm_up", slowly)

    def answer(_: Mapping[str, Any]) -> Mapping[str, Any]:
        state = {"state": "recording", "session": str(running.path)}
        return state if has_begun.is_set() else {"state": "looking", "streams": []}

    server = ControlServer(tmp_path / "contact.json", answer)
    started = StartScreenApp(tmp_path / "contact.json", None)
    started.start()
    qtbot.waitUntil(started.start_screen.isVisible, timeout=LATE_MS)
    has_begun.set()
    qtbot.waitUntil(lambda: started.window is not None and started.window.isVisible(), timeout=LATE_MS)
    window = started.window
    assert window is not None
    qtbot.waitUntil(lambda: window.screen_view is not None, timeout=LATE_MS)
    assert not compiled.is_set()
    assert not started.start_screen.isVisible()
    compile_now.set()
    qtbot.waitUntil(compiled.is_set, timeout=LATE_MS)
    window.close()
    server.close()


def test_qt_does_not_read_the_source_of_what_is_imported_after_it() -> None:
    subprocess.run([sys.executable, "-c", LOADS], check=True)

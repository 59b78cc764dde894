"""Qt without a screen, and windows that leave nothing running behind them."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from support.sessions import beginning, make_session, series
from support.windows import LATE_MS, Opener, Recorder, bursts

from monitor.dashboard.shell.window import DashboardWindow
from monitor.dashboard.style import set_screen_scale, set_text_scale
from monitor.dashboard.viewmodel.sound import Speaker
from monitor.model.facts import Fact
from monitor.session.folder import SessionFolder

OURS = ("presenter", "recorder-link", "page-reader")


@pytest.fixture(autouse=True)
def usual_sizes() -> Iterator[None]:
    """Undo what a window did to the size of the texts of the process."""
    yield
    set_text_scale(1.0)
    set_screen_scale(1.0)


@pytest.fixture
def x_display() -> Iterator[str]:
    """Give the name of an X server without a screen."""
    if shutil.which("Xvfb") is None:
        pytest.skip("Xvfb is not installed")
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1920x1080x24", "-nolisten", "tcp", "-noreset"],
        pass_fds=(write,), stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(write)
    with os.fdopen(read) as told:
        number = told.readline().strip()
    yield f":{number}"
    server.terminate()
    server.wait()


@pytest.fixture
def ended(tmp_path: Path) -> SessionFolder:
    """A finished session of five minutes with one series, and its signal."""
    facts = [*beginning(), *series(60.0), Fact("stop", 300.0, "recorder", {"reason": "test"})]
    return make_session(tmp_path / "ended", facts, bursts(300.0, [60.0 + 22.0 * i for i in range(6)]))


@pytest.fixture
def running(tmp_path: Path) -> SessionFolder:
    """A session that is being recorded, as far as its files tell."""
    return make_session(tmp_path / "running", [*beginning(), *series(60.0)], bursts(300.0, [60.0]))


@pytest.fixture
def open_window(qtbot: QtBot) -> Iterator[Opener]:
    """Open windows of 1920 x 1080; at the end they are closed, and no thread of theirs may be left."""
    opened: list[DashboardWindow] = []

    def open_(folder: SessionFolder, speaker: Speaker | None = None) -> DashboardWindow:
        window = DashboardWindow(folder, speaker=speaker)
        # Whoever works here has told their name; test_dashboard_author.py asks for it.
        window.annotator.author.name = "night shift"
        opened.append(window)
        window.resize(1920, 1080)
        window.show()
        window.start()
        qtbot.waitUntil(lambda: window.screen_view is not None, timeout=LATE_MS)
        return window

    yield open_
    for window in opened:
        window.lock.open()
        window.close()
        window.deleteLater()
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith(OURS)] == []


@pytest.fixture
def recorder(running: SessionFolder) -> Iterator[Recorder]:
    made = Recorder(running)
    yield made
    made.close()

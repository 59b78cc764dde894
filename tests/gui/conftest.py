"""Qt without a screen, and windows that leave nothing running behind them."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gui_sessions import RATE_HZ, Rows, beginning, make_session, series
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from monitor.control import ControlServer
from monitor.dashboard.window import DashboardWindow
from monitor.facts import Fact
from monitor.session.folder import SessionFolder

LATE_MS = 15000
OURS = ("presenter", "recorder-link", "page-reader")
Opener = Callable[[SessionFolder], DashboardWindow]


def bursts(length_s: float, onsets_s: list[float]) -> Rows:
    """Two legs of quiet noise; the left one kicks for 2 s at each onset."""
    rng = np.random.default_rng(1)
    rows = rng.normal(0.0, 2.0, (round(length_s * RATE_HZ), 2)).astype(np.float32)
    for onset_s in onsets_s:
        at = slice(round(onset_s * RATE_HZ), round((onset_s + 2.0) * RATE_HZ))
        rows[at, 0] *= 20.0
    return rows


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

    def open_(folder: SessionFolder) -> DashboardWindow:
        window = DashboardWindow(folder)
        # Whoever works here has told their name; test_dashboard_author.py asks for it.
        window.practice.author.name = "night shift"
        opened.append(window)
        window.resize(1920, 1080)
        window.show()
        window.start()
        qtbot.waitUntil(lambda: window.screen_view is not None, timeout=20000)
        return window

    yield open_
    for window in opened:
        window.lock.open()
        window.close()
        window.deleteLater()
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith(OURS)] == []


class Recorder:
    """Stands in for the recorder: answers, remembers, writes nothing of its own accord."""

    def __init__(self, folder: SessionFolder) -> None:
        self.asked: list[Mapping[str, Any]] = []
        self._server = ControlServer(folder.control, self._answer)

    def _answer(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        if request["do"] == "status":
            return {"recorded_s": 300.0, "trouble": "", "saved_s_ago": 0.3, "pid": 1, "sources": []}
        self.asked.append(request)
        return {"ok": True}

    def close(self) -> None:
        self._server.close()


@pytest.fixture
def recorder(running: SessionFolder) -> Iterator[Recorder]:
    made = Recorder(running)
    yield made
    made.close()


def pixels(widget: QWidget) -> np.ndarray:
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    flat = np.frombuffer(image.constBits(), np.uint32)
    return flat.reshape(image.height(), -1)[:, : image.width()] & 0xFFFFFF


def n_of(shot: np.ndarray, colour: str) -> int:
    return int((shot == (QColor(colour).rgb() & 0xFFFFFF)).sum())

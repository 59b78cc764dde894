"""What tests of the window share: a stand-in for the recorder, signal to look at, pixels to count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QWidget

from monitor.dashboard.shell.window import DashboardWindow
from monitor.dashboard.viewmodel.sound import Speaker
from monitor.session.control import ControlServer
from monitor.session.folder import SessionFolder
from support.sessions import RATE_HZ, Rows

# A busy machine may need it; a window that never shows it is the only one that does.
LATE_MS = 60_000


class Opener(Protocol):
    """Open a window on a session, by default without sound."""

    def __call__(self, folder: SessionFolder, speaker: Speaker | None = None) -> DashboardWindow: ...


def bursts(length_s: float, onsets_s: list[float]) -> Rows:
    """Two legs of quiet noise; the left one kicks for 2 s at each onset."""
    rng = np.random.default_rng(1)
    rows = rng.normal(0.0, 2.0, (round(length_s * RATE_HZ), 2)).astype(np.float32)
    for onset_s in onsets_s:
        at = slice(round(onset_s * RATE_HZ), round((onset_s + 2.0) * RATE_HZ))
        rows[at, 0] *= 20.0
    return rows


class Recorder:
    """Stands in for the recorder: answers, remembers, writes nothing of its own accord."""

    def __init__(self, folder: SessionFolder) -> None:
        self.asked: list[Mapping[str, Any]] = []
        self._server = ControlServer(folder.control, self._answer)

    def _answer(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        if request["do"] == "status":
            return {"recorded_s": 300.0, "trouble": "", "saved_s_ago": 0.3, "pid": 1, "sources": []}
        self.asked.append(request)
        return {"ok": True, "seq": 1000 + len(self.asked)}

    def close(self) -> None:
        self._server.close()


def pixels(widget: QWidget) -> np.ndarray:
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    flat = np.frombuffer(image.constBits(), np.uint32)
    return flat.reshape(image.height(), -1)[:, : image.width()] & 0xFFFFFF


def n_of(shot: np.ndarray, colour: str) -> int:
    return int((shot == (QColor(colour).rgb() & 0xFFFFFF)).sum())

"""A presenter that counts how often it scores."""

from __future__ import annotations

from pathlib import Path

from monitor.dashboard.viewmodel.presenter import Presenter
from monitor.dashboard.viewmodel.screen import Screen
from monitor.model.facts import Fact
from monitor.session.recorder_status import LiveStatus, RecorderStatus, SourceStatus
from support.sessions import make_session

SOURCE = SourceStatus("Amp", True, 500.0, 0.1, ("left", "right"))


class Watched:
    """A session whose screen is asked for at a moment."""

    def __init__(self, path: Path, facts: list[Fact]) -> None:
        self.folder = make_session(path, facts)
        self.clock_s = 0.0
        self.presenter = Presenter(self.folder, lambda: self.clock_s)

    def at(self, recorded_s: float, clock_s: float) -> Screen:
        self.clock_s = clock_s
        live_status = LiveStatus(RecorderStatus(recorded_s, "", 0.5, (SOURCE,)), recorded_s, 0.5)
        screen = self.presenter.poll(live_status)
        assert screen is not None
        return screen

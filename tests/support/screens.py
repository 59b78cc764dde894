"""Screens of small sessions, and the recorder's status beside them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from monitor.dashboard.viewmodel.presenter import Presenter
from monitor.dashboard.viewmodel.screen import Screen
from monitor.model.facts import Fact
from monitor.session.recorder_status import LiveStatus, RecorderStatus, SourceStatus
from support.sessions import make_session


def recorder(recorded_s: float, **more: object) -> LiveStatus:
    source = SourceStatus("Amp", True, 500.0, 0.1, ("left", "right"))
    status = RecorderStatus(recorded_s, "", 0.5, (source,))
    return replace(LiveStatus(status, recorded_s, 0.5), **more)  # type: ignore[arg-type]


def screen_of(path: Path, facts: list[Fact], live_status: LiveStatus) -> Screen:
    screen = Presenter(make_session(path, facts)).poll(live_status)
    assert screen is not None
    return screen

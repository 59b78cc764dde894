"""The live sweep, fed by a ring as the recorder writes it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from support.sessions import RATE_HZ, append, beginning, make_session, quality, session_fact, stream_fact
from support.windows import Opener, bursts

from monitor.dashboard.signal.sources import PageReader
from monitor.model.facts import Fact
from monitor.session.control import ControlServer
from monitor.session.folder import SessionFolder
from monitor.session.signal.live_ring import LiveRingWriter

LATE_MS = 15000


class Night:
    """A recorder's ring and its answers, moved on by the test."""

    def __init__(self, folder: SessionFolder) -> None:
        self.folder, self.now_s = folder, 0.0
        self.more: dict[str, object] = {}
        self._signal = bursts(120.0, [10.0, 32.0])
        self.ring = LiveRingWriter(folder.live(1), ("left", "right"), RATE_HZ)
        self._server: ControlServer | None = ControlServer(folder.control, self._answer)

    def _answer(self, request: object) -> dict[str, object]:
        del request
        answer = {"recorded_s": self.now_s, "trouble": "", "saved_s_ago": 0.2, "pid": 1, "sources": []}
        return answer | self.more

    def go_on(self, until_s: float) -> None:
        part = self._signal[round(self.now_s * RATE_HZ) : round(until_s * RATE_HZ)]
        rows = np.full((len(part), 7), 2.0)
        rows[:, 0] = self.now_s + np.arange(len(part)) / RATE_HZ
        rows[:, 1], rows[:, 4] = part[:, 0], part[:, 1]
        self.ring.write(rows)
        self.now_s = until_s

    def die(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None


@pytest.fixture
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    folder = make_session(tmp_path_factory.mktemp("live") / "s", beginning(), bursts(120.0, [10.0, 32.0]))
    made = Night(folder)
    made.go_on(40.0)
    yield made
    made.die()


def test_while_the_detector_is_compiled_the_trace_says_so(
    night: Night, open_window: Opener, qtbot: QtBot
) -> None:
    night.more = {"waiting_s": 12.0, "compiled_share": 0.43}
    window = open_window(night.folder)
    bar = window.live.waiting
    qtbot.waitUntil(bar.isVisible, timeout=LATE_MS)
    assert bar.value() == 43
    assert bar.text().startswith("Detector is being compiled (43 %), recording raw: 12 s")
    night.more = {"waiting_s": 4.0, "compiled_share": 1.0}
    qtbot.waitUntil(lambda: bar.text().startswith("Detector is catching up: 4 s"), timeout=LATE_MS)
    night.more = {"waiting_s": 0.0}
    qtbot.waitUntil(bar.isHidden, timeout=LATE_MS)


def test_the_sweep_follows_the_ring(night: Night, open_window: Opener, qtbot: QtBot) -> None:
    window = open_window(night.folder)
    sweep = window.live.sweep
    qtbot.waitUntil(lambda: sweep.visible_s[1] == pytest.approx(40.0, abs=0.01), timeout=LATE_MS)
    assert sweep.lanes[0].pixels.any(axis=0).sum() > 0.9 * sweep.lanes[0].rect.width()
    night.go_on(41.0)
    qtbot.waitUntil(lambda: sweep.visible_s[1] == pytest.approx(41.0, abs=0.01), timeout=LATE_MS)


def test_space_freezes_the_view_and_loses_nothing(night: Night, open_window: Opener, qtbot: QtBot) -> None:
    window = open_window(night.folder)
    sweep = window.live.sweep
    qtbot.waitUntil(lambda: sweep.visible_s[1] == pytest.approx(40.0, abs=0.01), timeout=LATE_MS)
    QTest.keyClick(window, Qt.Key.Key_Space)
    night.go_on(50.0)
    qtbot.waitUntil(lambda: window.signal.newest_s > 49.9, timeout=LATE_MS)
    assert sweep.visible_s[1] == pytest.approx(40.0, abs=0.01)
    frozen = sweep.lanes[0].pixels.copy()
    QTest.keyClick(window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: sweep.visible_s[1] == pytest.approx(50.0, abs=0.01), timeout=LATE_MS)
    live = sweep.lanes[0].pixels.copy()
    assert not np.array_equal(frozen, live)
    sweep.repaint_all()
    assert (sweep.lanes[0].pixels != live).any(axis=0).sum() <= 1


def test_looking_back_while_it_goes_on_and_end_is_live(
    night: Night, open_window: Opener, qtbot: QtBot
) -> None:
    window = open_window(night.folder)
    sweep = window.live.sweep
    qtbot.waitUntil(lambda: sweep.visible_s[1] == pytest.approx(40.0, abs=0.01), timeout=LATE_MS)
    QTest.keyClick(window, Qt.Key.Key_Left)
    assert sweep.visible_s == (0.0, 30.0)
    night.go_on(60.0)
    qtbot.waitUntil(lambda: window.signal.newest_s > 59.9, timeout=LATE_MS)
    assert sweep.visible_s == (0.0, 30.0)
    QTest.keyClick(window, Qt.Key.Key_End)
    qtbot.waitUntil(lambda: sweep.visible_s[1] == pytest.approx(60.0, abs=0.01), timeout=LATE_MS)


def test_an_ended_night_is_a_page_although_its_ring_was_left_behind(
    night: Night, open_window: Opener, qtbot: QtBot
) -> None:
    window = open_window(night.folder)
    qtbot.waitUntil(lambda: window.review.window_s is None and window.signal.newest_s > 39.0, timeout=LATE_MS)
    night.die()
    append(night.folder, [Fact("stop", 40.0, "recorder", {"reason": "killed"})])
    qtbot.waitUntil(lambda: window.review.window_s is not None, timeout=LATE_MS)
    assert window.review.window_s == (30.0, 60.0)
    assert night.folder.live(1).exists()


def test_a_window_that_is_there_before_the_ring_waits_for_it_live(
    tmp_path_factory: pytest.TempPathFactory, open_window: Opener, qtbot: QtBot
) -> None:
    folder = make_session(tmp_path_factory.mktemp("early") / "s", beginning(), bursts(120.0, [10.0]))
    window = open_window(folder)
    n = window.frames_n
    qtbot.waitUntil(lambda: window.frames_n > n + 5, timeout=LATE_MS)
    assert window.review.window_s is None
    night = Night(folder)
    night.go_on(5.0)
    qtbot.waitUntil(lambda: window.live.sweep.visible_s[1] == pytest.approx(5.0, abs=0.01), timeout=LATE_MS)
    night.die()


def test_a_night_that_goes_on_after_a_crash_is_live_again(
    night: Night, open_window: Opener, qtbot: QtBot
) -> None:
    night.die()
    old_s = night.folder.journal.stat().st_mtime - 60
    for file in (night.folder.journal, night.folder.recording):
        os.utime(file, (old_s, old_s))
    window = open_window(night.folder)
    qtbot.waitUntil(lambda: window.review.window_s is not None, timeout=LATE_MS)
    again = Night(night.folder)
    again.go_on(50.0)
    qtbot.waitUntil(lambda: window.review.window_s is None, timeout=LATE_MS)
    qtbot.waitUntil(lambda: window.live.sweep.visible_s[1] == pytest.approx(50.0, abs=0.01), timeout=LATE_MS)
    again.die()


def test_a_ring_that_was_made_anew_is_followed(night: Night, open_window: Opener, qtbot: QtBot) -> None:
    window = open_window(night.folder)
    qtbot.waitUntil(lambda: window.signal.newest_s > 39.0, timeout=LATE_MS)
    night.ring = LiveRingWriter(night.folder.live(1), ("left", "right"), RATE_HZ)
    night.go_on(45.0)
    qtbot.waitUntil(lambda: window.signal.newest_s > 44.9, timeout=LATE_MS)


def test_one_leg_has_the_whole_height(tmp_path_factory: pytest.TempPathFactory, open_window: Opener) -> None:
    about = dict(stream_fact().data)
    only = Fact("stream", 0.0, "recorder", about | {"legs": about["legs"][:1]})
    facts = [
        session_fact(legs=["left"]),
        only,
        quality(0.0, "left"),
        Fact("stop", 60.0, "recorder", {"reason": "x"}),
    ]
    window = open_window(make_session(tmp_path_factory.mktemp("one") / "s", facts, bursts(60.0, [10.0])))
    window.show_texts()
    (lane,) = window.live.sweep.lanes
    assert lane.leg == "left"
    assert lane.rect.height() > 0.8 * (window.live.sweep.height() - 46)


def test_pages_back_from_live_skip_no_signal(night: Night, open_window: Opener, qtbot: QtBot) -> None:
    window = open_window(night.folder)
    sweep = window.live.sweep
    for now_s in (95.0, 119.9):
        night.go_on(now_s)
        window.act("live")
        qtbot.waitUntil(lambda: sweep.visible_s[1] == pytest.approx(night.now_s, abs=0.1), timeout=LATE_MS)
        for action in ("page:-1", "page:-0.1", "page:-1", "page:-1"):
            before_s = sweep.visible_s
            window.act(action)
            assert sweep.visible_s[0] < before_s[0] <= sweep.visible_s[1]
        for action in ("page:0.1", "page:1"):
            before_s = sweep.visible_s
            window.act(action)
            assert sweep.visible_s[0] <= before_s[1] < sweep.visible_s[1]


def test_a_page_that_is_not_over_is_read_again_until_it_is(
    night: Night, open_window: Opener, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_window(night.folder)
    qtbot.waitUntil(lambda: window.review.window_s is None and window.signal.newest_s > 39.0, timeout=LATE_MS)
    asked: list[float] = []
    ask = PageReader.ask

    def remember(reader: PageReader, *about: Any) -> None:
        asked.append(window.now_s())
        ask(reader, *about)

    monkeypatch.setattr(PageReader, "ask", remember)
    window.review.show_at(39.0)
    assert window.live.sweep.visible_s == (30.0, 60.0)
    for until_s in (45.0, 58.0, 66.0):
        n = len(asked)
        night.go_on(until_s)
        qtbot.waitUntil(lambda n=n: len(asked) > n, timeout=LATE_MS)
    n = len(asked)
    night.go_on(80.0)
    qtbot.waitUntil(lambda: window.now_s() >= 79.9, timeout=LATE_MS)
    qtbot.wait(300)
    assert len(asked) == n

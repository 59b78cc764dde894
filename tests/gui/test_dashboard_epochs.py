"""The window goes by epochs: pages start with one, one is marked, and stages are entered for it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from support.sessions import beginning, clock_fact, make_session, movement, series, stage
from support.windows import LATE_MS, Opener

from monitor.dashboard.shell.window import DashboardWindow
from monitor.dashboard.signal.epochs import epoch_marks
from monitor.dashboard.viewmodel.places import moment_of
from monitor.model.facts import Fact
from monitor.recorder.editor import Editor
from monitor.session.folder import SessionFolder
from monitor.session.journal import read_journal
from monitor.session.wall_time import WallTime

NONE, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
CTRL = Qt.KeyboardModifier.ControlModifier


def event(kind: str, at_s: float, length_s: float, **data: object) -> Fact:
    return Fact(kind, at_s, "scorer", {"duration_s": length_s, **data})


@pytest.fixture
def folder(tmp_path: Path) -> SessionFolder:
    """Twenty minutes with two series; the third event of the first one is of both legs."""
    facts = [
        *beginning(), *series(95.0), movement("R2", 139.2), *series(420.0),
        *(stage(30.0 * i, "N2") for i in range(20)),
        event("arousal", 96.0, 5.0), event("arousal", 400.0, 5.0),
        event("respiratory", 250.0, 22.0, label="hypopnea"), event("artifact", 500.0, 9.0, legs=["left"]),
        Fact("note", 610.0, "person", {"text": "snores"}),
        Fact("stop", 1200.0, "recorder", {"reason": "test"}),
    ]  # fmt: skip
    return make_session(tmp_path / "s", facts)


@pytest.fixture
def window(open_window: Opener, folder: SessionFolder, qtbot: QtBot) -> Iterator[DashboardWindow]:
    editor = Editor(folder)
    made = open_window(folder)
    qtbot.waitUntil(lambda: made.annotator.may_write() and made.live.sweep.is_page, timeout=LATE_MS)
    qtbot.waitUntil(lambda: bool(made.live.sweep.stages), timeout=LATE_MS)
    yield made
    editor.close()


def press(window: DashboardWindow, key: Qt.Key, held: Qt.KeyboardModifier = NONE) -> None:
    QTest.keyClick(window.focusWidget() or window, key, held)


def told(window: DashboardWindow) -> str:
    return window.keybar.message.text()


def stages_of(folder: SessionFolder) -> list[tuple[float | None, str, float | None]]:
    facts = [fact for fact in read_journal(folder.journal)[0] if fact.kind == "stage"]
    return [(f.t, f.data["stage"], f.data["duration_s"]) for f in facts if f.source == "person"]


@pytest.mark.parametrize("sweep_s", [10, 15, 30, 60, 120, 150, 300])
def test_every_page_starts_with_an_epoch_or_divides_one(window: DashboardWindow, sweep_s: int) -> None:
    window.live.sweep.sweep_s = sweep_s
    step_s = min(sweep_s, 30)
    window.review.show_at(163.0)
    for key in ("page:1", "page:-1", "movement:1", "page:-5", "page:5", "live", "page:-1", "begin"):
        window.act(key)
        start_s, end_s = window.live.sweep.visible_s
        assert start_s % step_s == 0.0, key
        assert end_s - start_s == sweep_s
        assert start_s <= window.review.focus_s < end_s
    assert window.live.sweep.visible_s[0] == 0.0


def test_a_change_of_length_keeps_the_marked_epoch_and_one_of_the_filter_the_page(
    window: DashboardWindow,
) -> None:
    window.review.show_at(615.0)
    for _ in range(3):
        press(window, Qt.Key.Key_BracketRight)
        start_s, end_s = window.live.sweep.visible_s
        assert start_s <= window.review.epoch_s == 600.0 < end_s
    window.act("page:0.1")
    page = window.live.sweep.visible_s
    assert page[0] % 30.0 != 0.0
    for key in (Qt.Key.Key_F, Qt.Key.Key_M):
        press(window, key)
        assert window.live.sweep.visible_s == page
    window.act("page:1")
    assert window.live.sweep.visible_s[0] % 30.0 == 0.0


def test_page_keys_home_and_end(window: DashboardWindow) -> None:
    press(window, Qt.Key.Key_Home)
    assert window.live.sweep.visible_s == (0.0, 30.0)
    press(window, Qt.Key.Key_PageDown)
    assert window.live.sweep.visible_s == (30.0, 60.0)
    press(window, Qt.Key.Key_PageUp)
    assert window.live.sweep.visible_s == (0.0, 30.0)
    press(window, Qt.Key.Key_End)
    assert window.live.sweep.visible_s == (1170.0, 1200.0)


def test_numbers_and_stages_are_below_the_trace_and_one_epoch_is_marked(
    window: DashboardWindow, qtbot: QtBot
) -> None:
    window.live.sweep.sweep_s = 150
    window.review.show(540.0)
    qtbot.waitUntil(lambda: window.live.sweep.epoch_s == 540.0, timeout=LATE_MS)
    marks = list(epoch_marks(window.live.sweep))
    assert [mark.text for mark in marks] == ["19 N2", "20 N2", "21", "22", "23"]
    assert [mark.number for mark in marks if mark.is_marked] == [19]
    assert window.live.sweep.column_s * (marks[1].spans[0][0] - marks[0].spans[0][0]) == pytest.approx(30.0)


def test_a_stage_is_of_the_marked_epoch_of_a_page_of_five(
    window: DashboardWindow, folder: SessionFolder, qtbot: QtBot
) -> None:
    window.live.sweep.sweep_s = 150
    window.review.show(600.0)
    for key in (Qt.Key.Key_2, Qt.Key.Key_Period, Qt.Key.Key_R, Qt.Key.Key_Comma, Qt.Key.Key_W):
        press(window, key)
    qtbot.waitUntil(lambda: len(stages_of(folder)) == 3, timeout=LATE_MS)
    assert stages_of(folder) == [(600.0, "N2", 30.0), (660.0, "R", 30.0), (660.0, "W", 30.0)]
    assert window.live.sweep.visible_s == (600.0, 750.0)
    press(window, Qt.Key.Key_W)
    press(window, Qt.Key.Key_W)
    assert window.live.sweep.visible_s == (750.0, 900.0)
    assert window.review.epoch_s == 750.0


def test_a_click_marks_the_epoch_for_the_stage(
    window: DashboardWindow, folder: SessionFolder, qtbot: QtBot
) -> None:
    sweep = window.live.sweep
    sweep.sweep_s = 150
    window.review.show(900.0)
    at = QPoint(round(sweep.x_of(1000.0)), sweep.lanes[0].rect.center().y())
    QTest.mouseClick(sweep, Qt.MouseButton.LeftButton, pos=at)
    press(window, Qt.Key.Key_3)
    qtbot.waitUntil(lambda: stages_of(folder) == [(990.0, "N3", 30.0)], timeout=LATE_MS)


def test_a_movement_of_both_legs_is_one_stop(window: DashboardWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: bool(window.live.sweep.movements.brackets), timeout=LATE_MS)
    press(window, Qt.Key.Key_Home)
    visited = []
    for _ in range(6):
        press(window, Qt.Key.Key_Right, CTRL)
        visited.append(sorted(window.live.sweep.chosen))
    assert visited == [["L95-0"], ["L95-1"], ["L95-2", "R2"], ["L95-3"], ["L95-4"], ["L95-5"]]
    for keys in reversed(visited[:-1]):
        press(window, Qt.Key.Key_Left, CTRL)
        assert sorted(window.live.sweep.chosen) == keys


@pytest.mark.parametrize(
    ("key", "at_s"),
    [("S", [95.0, 420.0]), ("A", [96.0, 400.0]), ("R", [250.0]), ("N", [610.0]), ("X", [500.0])],
)
def test_one_key_goes_to_the_next_of_a_kind_and_shift_to_the_one_before(
    window: DashboardWindow, qtbot: QtBot, key: str, at_s: list[float]
) -> None:
    qtbot.waitUntil(lambda: bool(window.live.sweep.movements.ticks), timeout=LATE_MS)
    code = getattr(Qt.Key, f"Key_{key}")
    press(window, Qt.Key.Key_Home)
    found = []
    for _ in at_s:
        press(window, code, CTRL)
        found.append(window.review.focus_s)
        start_s, end_s = window.live.sweep.visible_s
        assert start_s <= found[-1] < end_s
    assert found == at_s
    assert f"{len(at_s)} of {len(at_s)}" in told(window)
    press(window, code, CTRL)
    assert told(window).startswith("No ")
    assert window.review.focus_s == at_s[-1]
    for each in reversed(at_s[:-1]):
        press(window, code, CTRL | SHIFT)
        assert window.review.focus_s == each


def test_ctrl_g_goes_to_an_epoch_or_a_time_of_day(window: DashboardWindow) -> None:
    for typed, page in (("21", (600.0, 630.0)), ("23:20:10", (300.0, 330.0)), ("e3", (60.0, 90.0))):
        press(window, Qt.Key.Key_G, CTRL)
        assert window.focusWidget() is window.log.note
        QTest.keyClicks(window.log.note, typed)
        QTest.keyClick(window.log.note, Qt.Key.Key_Return)
        assert window.live.sweep.visible_s == page
    press(window, Qt.Key.Key_G, CTRL)
    QTest.keyClicks(window.log.note, "25:99")
    QTest.keyClick(window.log.note, Qt.Key.Key_Return)
    assert "25:99" in told(window)
    assert window.live.sweep.visible_s == (60.0, 90.0)


def test_a_time_of_day_after_midnight_and_without_a_clock() -> None:
    wall = WallTime.of([], [clock_fact(0.0)])
    begin = wall.at(0.0)
    assert begin is not None
    for hours in (0.25, 1.5, 7.75):
        when = begin + dt.timedelta(hours=hours)
        assert moment_of(f"{when:%H:%M:%S}", wall, 8 * 3600.0) == pytest.approx(hours * 3600.0, abs=1.0)
    assert moment_of(f"{begin + dt.timedelta(hours=9):%H:%M}", wall, 8 * 3600.0) is None
    assert moment_of("01:00", WallTime(), 7200.0) == 3600.0
    assert [moment_of(text, wall, 600.0) for text in ("0", "21", "x", "", "12:3")] == [None] * 5
    assert moment_of("20", wall, 600.0) == 570.0

"""The mouse on the trace: measure, enter, change; the wheel; what is read out. Each entry is one fact."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from support.windows import LATE_MS, Opener

from monitor.dashboard.shell.window import DashboardWindow
from monitor.dashboard.signal.traces import Traces, ViewFilter
from monitor.model.facts import Fact
from monitor.recorder.editor import Editor
from monitor.session.folder import SessionFolder
from monitor.session.journal import read_journal
from monitor.session.state import SessionState

NONE, CTRL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier
SHIFT, LEFT = Qt.KeyboardModifier.ShiftModifier, Qt.MouseButton.LeftButton


def facts_of(folder: SessionFolder, kind: str) -> list[Fact]:
    return [fact for fact in read_journal(folder.journal)[0] if fact.kind == kind]


def told(window: DashboardWindow) -> str:
    return window.keybar.message.text()


@pytest.fixture
def window(open_window: Opener, ended: SessionFolder, qtbot: QtBot) -> Iterator[DashboardWindow]:
    """On a finished night that may be edited, with the movement at 104 s on the page and its trace drawn."""
    editor = Editor(ended)
    made = open_window(ended)
    qtbot.waitUntil(lambda: made.annotator.may_write() and made.live.sweep.is_page, timeout=LATE_MS)
    made.review.show(90.0)
    qtbot.waitUntil(lambda: made.live.sweep.lanes[0].traces is not None, timeout=LATE_MS)
    qtbot.waitUntil(lambda: bool(made.live.sweep.movements.brackets), timeout=LATE_MS)
    yield made
    editor.close()


def at(window: DashboardWindow, t_s: float, lane: int = 0) -> QPoint:
    sweep = window.live.sweep
    return QPoint(round(sweep.x_of(t_s)), sweep.lanes[lane].rect.center().y())


def drag(window: DashboardWindow, from_s: float, to_s: float, lane: int = 0) -> None:
    sweep, begin, end = window.live.sweep, at(window, from_s, lane), at(window, to_s, lane)
    QTest.mousePress(sweep, LEFT, NONE, begin)
    QTest.mouseMove(sweep, (begin + end) / 2)
    QTest.mouseMove(sweep, end)
    QTest.mouseRelease(sweep, LEFT, NONE, end)


def right_click(window: DashboardWindow, t_s: float, lane: int = 0) -> None:
    place = at(window, t_s, lane)
    event = QContextMenuEvent(
        QContextMenuEvent.Reason.Mouse, place, window.live.sweep.mapToGlobal(place), NONE
    )
    QApplication.sendEvent(window.live.sweep, event)


def offered(window: DashboardWindow) -> list[str]:
    return [a.text().replace("&", "") for a in window.marking.menu.actions() if a.text()]


def choose(window: DashboardWindow, text: str) -> None:
    menu = window.marking.menu
    actions = [*menu.actions(), *(sub for a in menu.actions() if a.menu() for sub in a.menu().actions())]
    next(each for each in actions if each.text().replace("&", "") == text).trigger()
    menu.close()


def spans(folder: SessionFolder) -> list[tuple[str, float, float, str]]:
    state = SessionState.of(read_journal(folder.journal)[0])
    return sorted((m.leg, m.onset_us / 1e6, m.end_us / 1e6, m.key) for m in state.night().movements)


def near(found: tuple[str, float, float, str], leg: str, onset_s: float, end_s: float) -> bool:
    return found[0] == leg and abs(found[1] - onset_s) < 0.1 and abs(found[2] - end_s) < 0.1


def test_a_drag_measures_and_enters_a_movement_that_is_undone(
    window: DashboardWindow, ended: SessionFolder, qtbot: QtBot
) -> None:
    drag(window, 104.0, 106.0)
    head = offered(window)[0]
    assert float(head.split(" s (")[0]) == pytest.approx(2.0, abs=0.05)
    assert "Hz" in head
    peak_uv = float(head.split("peak ")[1].split(" ")[0])
    rms_uv = float(head.split("RMS ")[1].split(" ")[0])
    assert 0 < rms_uv < peak_uv
    window.marking.menu.close()
    drag(window, 114.0, 112.0)
    assert offered(window)[1:] == [
        "Movement", "Artifact on this leg", "Artifact on both legs", "Arousal", "Respiratory event", "Note…",
    ]  # fmt: skip
    choose(window, "Movement")
    qtbot.waitUntil(lambda: "Movement · PLM 6 → 7" in told(window), timeout=LATE_MS)
    (fact,) = facts_of(ended, "manual")
    assert (fact.data["author"], fact.data["replaces"]) == ("night shift", [])
    assert any(near(span, "left", 112.0, 114.0) for span in spans(ended))
    assert window.live.sweep.chosen == {f"M{fact.seq}"}
    bracket = next(b for b in window.live.sweep.movements.brackets if b.key == f"M{fact.seq}")
    assert bracket.text.endswith("by hand")
    # Without a window manager nothing gives the window back its focus after a menu.
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=LATE_MS)
    QTest.keyClick(window, Qt.Key.Key_Z, CTRL)
    qtbot.waitUntil(lambda: "Undone: movement entered" in told(window), timeout=LATE_MS)
    QTest.keyClick(window, Qt.Key.Key_Y, CTRL)
    qtbot.waitUntil(lambda: len(facts_of(ended, "manual")) == 2, timeout=LATE_MS)
    assert any(near(span, "left", 112.0, 114.0) for span in spans(ended))


@pytest.mark.parametrize(
    ("text", "kind", "data"),
    [
        ("Arousal", "arousal", {}),
        ("Hypopnea", "respiratory", {"label": "hypopnea"}),
        ("Artifact on this leg", "artifact", {"legs": ["right"]}),
        ("Artifact on both legs", "artifact", {"legs": ["left", "right"]}),
    ],
)
def test_a_drag_enters_an_event(
    window: DashboardWindow, ended: SessionFolder, qtbot: QtBot, text: str, kind: str, data: dict[str, object]
) -> None:
    drag(window, 95.0, 99.0, lane=1)
    choose(window, text)
    qtbot.waitUntil(lambda: bool(facts_of(ended, kind)), timeout=LATE_MS)
    (fact,) = facts_of(ended, kind)
    assert fact.t == pytest.approx(95.0, abs=0.1)
    assert fact.data["duration_s"] == pytest.approx(4.0, abs=0.1)
    assert data.items() <= fact.data.items()
    qtbot.waitUntil(lambda: kind in {e.kind for e in window.live.sweep.events}, timeout=LATE_MS)


def test_a_drag_begins_a_note_at_its_start(
    window: DashboardWindow, ended: SessionFolder, qtbot: QtBot
) -> None:
    drag(window, 95.0, 99.0)
    choose(window, "Note…")
    QTest.keyClicks(window.log.note, "snores")
    QTest.keyClick(window.log.note, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(facts_of(ended, "note")), timeout=LATE_MS)
    assert facts_of(ended, "note")[0].t == pytest.approx(95.0, abs=0.1)


def test_an_edge_of_the_selected_movement_is_dragged(
    window: DashboardWindow, ended: SessionFolder, qtbot: QtBot
) -> None:
    QTest.mouseClick(window.live.sweep, LEFT, pos=at(window, 105.0))
    assert window.live.sweep.chosen == {"L60-2"}
    (key, onset_s, end_s) = next((s[3], s[1], s[2]) for s in spans(ended) if s[3] == "L60-2")
    drag(window, end_s, end_s + 3.0)
    qtbot.waitUntil(lambda: "Edge moved" in told(window), timeout=LATE_MS)
    assert facts_of(ended, "manual")[0].data["replaces"] == [key]
    assert any(near(span, "left", onset_s, end_s + 3.0) for span in spans(ended))
    # The new movement is selected: its other edge follows at once.
    qtbot.waitUntil(
        lambda: any(b.key in window.live.sweep.chosen for b in window.live.sweep.movements.brackets),
        timeout=LATE_MS,
    )
    drag(window, onset_s, onset_s - 1.0)
    qtbot.waitUntil(lambda: len(facts_of(ended, "manual")) == 2, timeout=LATE_MS)
    assert any(near(span, "left", onset_s - 1.0, end_s + 3.0) for span in spans(ended))


@pytest.mark.parametrize(
    ("text", "click_s", "expected"),
    [
        ("Start here", 104.5, [("left", 104.5, 106.0)]),
        ("End here", 105.0, [("left", 104.0, 105.0)]),
        ("Split here", 105.0, [("left", 104.0, 105.0), ("left", 105.0, 106.0)]),
        ("Merge with the next", 105.0, [("left", 104.0, 128.0)]),
        ("Leg: right", 105.0, [("right", 104.0, 106.0)]),
    ],
)
def test_a_right_click_changes_a_movement(
    window: DashboardWindow, ended: SessionFolder, qtbot: QtBot, text: str, click_s: float,
    expected: list[tuple[str, float, float]],
) -> None:  # fmt: skip
    right_click(window, click_s)
    choose(window, text)
    qtbot.waitUntil(lambda: bool(facts_of(ended, "manual")), timeout=LATE_MS)
    made = [span for span in spans(ended) if span[3].startswith("M")]
    assert len(made) == len(expected)
    for found, (leg, onset_s, end_s) in zip(made, expected, strict=True):
        assert near(found, leg, onset_s, end_s)
    assert "L60-2" not in {span[3] for span in spans(ended)}


def test_a_right_click_rejects_and_restores(
    window: DashboardWindow, ended: SessionFolder, qtbot: QtBot
) -> None:
    right_click(window, 105.0)
    choose(window, "Reject…")
    QTest.keyClick(window.log.note, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "L60-2" in window.screen_view.permissions.rejected, timeout=LATE_MS)
    QTest.mouseMove(window.live.sweep, at(window, 105.2))
    qtbot.waitUntil(lambda: window.live.sweep.movements.brackets[2].why != "", timeout=LATE_MS)
    QTest.mouseMove(window.live.sweep, at(window, 105.0))
    assert window.pointer.readout.text().endswith("\nrejected: artifact")
    right_click(window, 105.0)
    assert offered(window)[1:] == ["Restore"]
    choose(window, "Restore")
    qtbot.waitUntil(lambda: bool(facts_of(ended, "accept")), timeout=LATE_MS)
    right_click(window, 98.0, lane=1)
    assert "No movement here" in told(window)


def wheel(window: DashboardWindow, notches: float, held: Qt.KeyboardModifier = NONE) -> None:
    place, turned = QPointF(at(window, 100.0)), QPoint(0, round(120 * notches))
    on_screen = QPointF(window.live.sweep.mapToGlobal(place.toPoint()))
    button, phase = Qt.MouseButton.NoButton, Qt.ScrollPhase.NoScrollPhase
    event = QWheelEvent(place, on_screen, QPoint(), turned, button, held, phase, False)
    QApplication.sendEvent(window.live.sweep, event)


def test_the_wheel_pages_scales_and_changes_the_time(window: DashboardWindow) -> None:
    sweep = window.live.sweep
    wheel(window, -1)
    assert sweep.visible_s == (120.0, 150.0)
    wheel(window, 0.5)
    wheel(window, 0.5)
    assert sweep.visible_s == (90.0, 120.0)
    before = sweep.full_uv
    wheel(window, 1, CTRL)
    assert sweep.full_uv < before
    wheel(window, -1, CTRL)
    wheel(window, -1, SHIFT)
    assert (sweep.full_uv, sweep.sweep_s) == (before, 60)
    assert window.review.focus_s == 105.0


def test_what_is_under_the_pointer_is_read_out(window: DashboardWindow) -> None:
    readout = window.pointer.readout
    # A pointer that is there already does not move.
    QTest.mouseMove(window.live.sweep, at(window, 95.0))
    QTest.mouseMove(window.live.sweep, at(window, 105.0))
    first, second = readout.text().split("\n")
    assert first.startswith("23:16:45 · left leg ")
    assert first.endswith("µV")
    assert second == "PLM 3 · 2.0 s · 22.0 s after the one before"
    QTest.mouseMove(window.live.sweep, at(window, 99.0))
    assert readout.text().count("\n") == 0
    QTest.mouseMove(window.live.sweep, QPoint(3, 3))
    assert readout.isHidden()


def test_nothing_is_entered_without_the_right_to_edit(
    open_window: Opener, ended: SessionFolder, qtbot: QtBot
) -> None:
    window = open_window(ended)
    qtbot.waitUntil(lambda: bool(window.live.sweep.movements.brackets), timeout=LATE_MS)
    window.review.show(90.0)
    drag(window, 112.0, 114.0)
    choose(window, "Movement")
    assert "Read-only" in told(window)
    assert facts_of(ended, "manual") == []


def test_peak_and_rms_are_those_of_the_filtered_signal() -> None:
    rate_hz = 500.0
    t_s = np.arange(round(20 * rate_hz)) / rate_hz
    rows = np.full((len(t_s), 4), 2.0)
    rows[:, 0], rows[:, 1] = t_s, 50.0 * np.sin(2 * np.pi * 40.0 * t_s)
    traces = Traces(("left",), rate_hz, 30.0, ViewFilter(10.0, 100.0, 0.0))
    for part in np.array_split(rows, 17):
        traces.add(part)
    found = traces.measured("left", 5.0, 15.0)
    assert found is not None
    assert found.rms_uv == pytest.approx(50.0 / np.sqrt(2), rel=0.03)
    assert found.peak_uv == pytest.approx(50.0, rel=0.03)
    assert traces.measured("left", 25.0, 26.0) is None
    assert traces.measured("right", 5.0, 6.0) is None

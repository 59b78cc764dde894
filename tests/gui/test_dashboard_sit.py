"""The suggested immobilisation test in the window: begin, clock, discomfort scores, results, end."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from support.sessions import append, beginning, clock_fact, make_session, movement, session_fact
from support.windows import LATE_MS, Opener, Recorder, bursts

from monitor.dashboard.shell.window import DashboardWindow
from monitor.model.facts import Fact
from monitor.recorder.requests import fact_of
from monitor.session.folder import SessionFolder
from monitor.session.journal import read_journal
from monitor.session.state import SessionState


def test_an_hour_of_sitting(open_window: Opener, tmp_path: Path, qtbot: QtBot) -> None:
    facts = [session_fact(mode="sit"), *beginning()[1:]]
    folder = make_session(tmp_path / "sit", facts, bursts(300.0, [60.0]))
    recorder = Recorder(folder)
    try:
        window = open_window(folder)
        panel = window.pages.sit
        qtbot.waitUntil(panel.frame.isVisible, timeout=LATE_MS)
        assert (panel.clock.text(), window.screen_view.index.value) == ("0:00 / 60:00", "SIT")
        press(window, Qt.Key.Key_I)
        qtbot.waitUntil(lambda: len(recorder.asked) == 1, timeout=LATE_MS)
        begun = recorder.asked[0]
        assert (begun["do"], begun["state"], begun["author"]) == ("sit", "begin", "night shift")
        write(folder, begun)
        start_s = begun["t"]
        qtbot.waitUntil(lambda: "at the start" in panel.question.text(), timeout=LATE_MS)
        # Twenty movements every 15 s from the first second on; before ten minutes a count, no rate.
        append(folder, [movement(f"Ls{i}", start_s + 1.0 + 15.0 * i, 1.0) for i in range(20)])
        append(folder, [clock_fact(start_s + 540.0)])
        qtbot.waitUntil(lambda: window.screen_view.index.value == "20", timeout=LATE_MS)
        assert window.screen_view.index.title == "PLMW so far"
        append(folder, [clock_fact(start_s + 612.0)])
        qtbot.waitUntil(lambda: "after 10 min" in panel.question.text(), timeout=LATE_MS)
        answer(window, "35")
        qtbot.waitUntil(lambda: len(recorder.asked) == 2, timeout=LATE_MS)
        said = recorder.asked[1]
        assert (said["do"], said["score"]) == ("discomfort", 35.0)
        assert 600.0 <= said["t"] - start_s < 630.0
        write(folder, said)
        qtbot.waitUntil(lambda: "after" not in panel.question.text(), timeout=LATE_MS)
        append(folder, [clock_fact(start_s + 3602.0)])
        qtbot.waitUntil(lambda: panel.state.text() == "The hour is over.", timeout=LATE_MS)
        assert panel.clock.text() == "60:00 / 60:00"
        # The score follows within some seconds.
        counts = ["PLMW", "20", "0", "0", "0", "0", "0"]
        qtbot.waitUntil(lambda: [cell.text() for cell in panel.cells[7:14]] == counts, timeout=LATE_MS)
        assert [cell.text() for cell in panel.cells[14:16]] == ["discomfort", "35"]
        assert window.screen_view.index.value == "20.0"
        assert window.screen_view.index.remark == "reference over 40/h, not a diagnosis"
        assert [row.what for row in window.screen_view.log.rows if row.kind == "person"] == [
            "discomfort 35 of 100", "immobilisation test begins"
        ]  # fmt: skip
    finally:
        recorder.close()


def test_letters_are_no_score_and_it_can_be_ended_early(
    open_window: Opener, tmp_path: Path, qtbot: QtBot
) -> None:
    begin = Fact("sit", 100.0, "person", {"state": "begin"})
    folder = make_session(tmp_path / "sit", [session_fact(mode="sit"), *beginning()[1:], begin])
    recorder = Recorder(folder)
    try:
        window = open_window(folder)
        panel = window.pages.sit
        qtbot.waitUntil(panel.frame.isVisible, timeout=LATE_MS)
        press(window, Qt.Key.Key_I)
        assert panel.field.hasFocus()
        QTest.keyClicks(panel.field, "l4x7")
        assert panel.field.text() == "47"
        QTest.keyClick(panel.field, Qt.Key.Key_Escape)
        assert not panel.field.hasFocus()
        press(window, Qt.Key.Key_I, Qt.KeyboardModifier.ShiftModifier)
        QTest.keyClick(window.log.note, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: len(recorder.asked) == 1, timeout=LATE_MS)
        assert (recorder.asked[0]["do"], recorder.asked[0]["state"]) == ("sit", "end")
        write(folder, recorder.asked[0])
        append(folder, [clock_fact(310.0)])
        qtbot.waitUntil(lambda: panel.state.text() == "The test was ended early.", timeout=LATE_MS)
    finally:
        recorder.close()


def test_a_night_has_neither_card_nor_key(
    open_window: Opener, running: SessionFolder, recorder: Recorder, qtbot: QtBot
) -> None:
    window = open_window(running)
    press(window, Qt.Key.Key_I)
    assert "watch --sit" in window.keybar.message.text()
    assert not window.pages.sit.frame.isVisible()
    assert recorder.asked == []


def answer(window: DashboardWindow, score: str) -> None:
    press(window, Qt.Key.Key_I)
    QTest.keyClicks(window.pages.sit.field, score)
    QTest.keyClick(window.pages.sit.field, Qt.Key.Key_Return)


def press(
    window: DashboardWindow, key: Qt.Key, held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    QTest.keyClick(window.focusWidget() or window, key, held)


def write(folder: SessionFolder, request: Mapping[str, Any]) -> None:
    """Write what the recorder would write."""
    append(folder, [fact_of(request, SessionState.of(read_journal(folder.journal)[0]), 5000.0)])

"""The window as a person uses it: what keys do, what typing does not, what is seen and when."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot
from support.sessions import append, beginning, make_session, movement, series, stage
from support.windows import LATE_MS, Opener, Recorder, n_of, pixels

from monitor.dashboard.shell.window import DashboardWindow
from monitor.dashboard.theme import NIGHT
from monitor.model.facts import Fact
from monitor.recorder.editor import Editor
from monitor.session.folder import SessionFolder


def rows_of(window: DashboardWindow) -> list[str]:
    model = window.log.model
    return [model.row(i).what for i in range(model.rowCount())]


def press(window: DashboardWindow, key: Qt.Key) -> None:
    QTest.keyClick(window.focusWidget() or window, key)


def test_shows_the_end_of_a_finished_night_from_disk(
    open_window: Opener, ended: SessionFolder, qtbot: QtBot
) -> None:
    window = open_window(ended)
    sweep = window.live.sweep
    qtbot.waitUntil(lambda: n_of(pixels(sweep), NIGHT.left) > 500, timeout=LATE_MS)
    qtbot.waitUntil(lambda: bool(rows_of(window)), timeout=LATE_MS)
    assert "recording ended: test" in rows_of(window)
    assert window.screen_view is not None
    assert window.screen_view.top.phase == "ended"


def test_goes_to_a_movement_and_the_burst_is_there(
    open_window: Opener, ended: SessionFolder, qtbot: QtBot
) -> None:
    window = open_window(ended)
    sweep = window.live.sweep
    qtbot.waitUntil(lambda: n_of(pixels(sweep), NIGHT.left) > 500, timeout=LATE_MS)
    press(window, Qt.Key.Key_End)
    qtbot.waitUntil(lambda: n_of(pixels(sweep), NIGHT.left) > 500, timeout=LATE_MS)
    quiet = n_of(pixels(sweep), NIGHT.left)
    QTest.keyClick(window, Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier)
    assert sweep.visible_s == (150.0, 180.0)
    qtbot.waitUntil(lambda: n_of(pixels(sweep), NIGHT.left) > 1.5 * quiet, timeout=LATE_MS)
    QTest.keyClick(window, Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier)
    assert sweep.visible_s == (120.0, 150.0)
    QTest.keyClick(window, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    assert sweep.visible_s == (150.0, 180.0)


def test_pages_go_back_and_forth_and_stop_at_the_edges(
    open_window: Opener, ended: SessionFolder, qtbot: QtBot
) -> None:
    window = open_window(ended)
    qtbot.waitUntil(lambda: window.live.sweep.visible_s == (60.0, 90.0), timeout=LATE_MS)
    press(window, Qt.Key.Key_End)
    assert window.live.sweep.visible_s == (270.0, 300.0)
    press(window, Qt.Key.Key_Left)
    assert window.live.sweep.visible_s == (240.0, 270.0)
    QTest.keyClick(window, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(window, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert window.live.sweep.visible_s == (0.0, 30.0)
    press(window, Qt.Key.Key_End)
    assert window.live.sweep.visible_s == (270.0, 300.0)


def test_a_click_in_the_night_reviews_that_time(
    open_window: Opener, ended: SessionFolder, qtbot: QtBot
) -> None:
    window = open_window(ended)
    box = window.night.curve.vb
    qtbot.waitUntil(lambda: box.viewRect().right() >= 600.0, timeout=LATE_MS)
    qtbot.waitUntil(lambda: window.live.sweep.visible_s == (60.0, 90.0), timeout=LATE_MS)
    at = window.night.plots.mapFromScene(box.mapViewToScene(QPointF(105.0, 1.0)))
    QTest.mouseClick(window.night.plots.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert window.live.sweep.visible_s == (90.0, 120.0)
    assert window.review.window_s == window.live.sweep.visible_s


def test_sensitivity_and_sweep_go_in_steps(open_window: Opener, ended: SessionFolder) -> None:
    window = open_window(ended)
    sweep = window.live.sweep
    assert (sweep.full_uv, sweep.sweep_s) == (100, 30)
    press(window, Qt.Key.Key_Up)
    press(window, Qt.Key.Key_Plus)
    assert sweep.full_uv == 20
    for _ in range(20):
        press(window, Qt.Key.Key_Down)
    assert sweep.full_uv == 2000
    press(window, Qt.Key.Key_BracketRight)
    assert sweep.sweep_s == 60
    for _ in range(9):
        press(window, Qt.Key.Key_BracketLeft)
    assert sweep.sweep_s == 10


def test_typing_a_note_fires_no_key(
    open_window: Opener, running: SessionFolder, recorder: Recorder, qtbot: QtBot
) -> None:
    window = open_window(running)
    press(window, Qt.Key.Key_N)
    assert window.focusWidget() is window.log.note
    before = (window.theme, window.live.sweep.full_uv, window.live.sweep.sweep_s)
    QTest.keyClicks(window.log.note, "Walked LARD 123 [+-]")
    QTest.keyClick(window.log.note, Qt.Key.Key_Space)
    assert window.log.note.text() == "Walked LARD 123 [+-] "
    assert (window.theme, window.live.sweep.full_uv, window.live.sweep.sweep_s) == before
    QTest.keyClick(window.log.note, Qt.Key.Key_Escape)
    assert window.log.note.text() == ""
    press(window, Qt.Key.Key_D)
    assert window.theme is not before[0]
    assert recorder.asked == []


def test_a_note_is_seen_only_once_it_is_in_the_journal(
    open_window: Opener, running: SessionFolder, recorder: Recorder, qtbot: QtBot
) -> None:
    window = open_window(running)
    press(window, Qt.Key.Key_N)
    at_s = window.now_s()
    QTest.keyClicks(window.log.note, "turned left")
    QTest.keyClick(window.log.note, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(recorder.asked), timeout=LATE_MS)
    (request,) = recorder.asked
    assert request["do"] == "note"
    assert request["text"] == "turned left"
    assert request["t"] == pytest.approx(at_s, abs=1.0)
    assert "turned left" not in rows_of(window)
    append(running, [Fact("note", float(request["t"]), "person", {"text": "turned left"})])
    qtbot.waitUntil(lambda: "turned left" in rows_of(window), timeout=LATE_MS)


def test_lights_ask_first(
    open_window: Opener, running: SessionFolder, recorder: Recorder, qtbot: QtBot
) -> None:
    window = open_window(running)
    press(window, Qt.Key.Key_L)
    assert "Lights off now?" in window.log.note.text()
    QTest.keyClick(window.log.note, Qt.Key.Key_Escape)
    press(window, Qt.Key.Key_L)
    QTest.keyClick(window.log.note, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(recorder.asked), timeout=LATE_MS)
    assert [(r["do"], r["state"]) for r in recorder.asked] == [("lights", "off")]


def test_a_stage_holds_from_the_begin_of_the_epoch(
    open_window: Opener, running: SessionFolder, recorder: Recorder, qtbot: QtBot
) -> None:
    window = open_window(running)
    qtbot.waitUntil(lambda: window.now_s() >= 300.0, timeout=LATE_MS)
    press(window, Qt.Key.Key_2)
    qtbot.waitUntil(lambda: bool(recorder.asked), timeout=LATE_MS)
    (request,) = recorder.asked
    assert (request["do"], request["stage"], request["t"]) == ("stage", "N2", 300.0)


def test_new_movements_appear_while_the_night_goes_on(
    open_window: Opener, running: SessionFolder, recorder: Recorder, qtbot: QtBot
) -> None:
    window = open_window(running)
    n = len(window.live.sweep.movements.brackets)
    append(running, [movement("R1", 290.0, phase="onset")])
    qtbot.waitUntil(lambda: len(window.live.sweep.movements.brackets) == n + 1, timeout=LATE_MS)
    assert window.live.sweep.movements.brackets[-1].life == "flagged"


def test_whoever_reads_back_in_the_log_keeps_their_place(
    open_window: Opener, running: SessionFolder, recorder: Recorder, qtbot: QtBot
) -> None:
    append(running, [movement(f"R{i}", 3.0 * i, 1.0) for i in range(80)])
    window = open_window(running)
    qtbot.waitUntil(lambda: window.log.model.rowCount() > 80, timeout=LATE_MS)
    bar = window.log.table.verticalScrollBar()
    # The table learns how far it can be scrolled a moment after its rows.
    qtbot.waitUntil(lambda: bar.maximum() > 20, timeout=LATE_MS)
    bar.setValue(20)
    seen = window.log.model.row(20).t_s
    append(running, [movement("L9", 295.0, 1.0)])
    qtbot.waitUntil(lambda: window.log.model.row(0).t_s == 295.0, timeout=LATE_MS)
    assert window.log.model.row(bar.value()).t_s == seen


def test_closing_says_that_the_recording_goes_on(
    open_window: Opener, running: SessionFolder, recorder: Recorder, capsys: pytest.CaptureFixture[str]
) -> None:
    window = open_window(running)
    window.close()
    told = capsys.readouterr().out
    assert "the recording continues" in told
    assert f"plms-monitor stop {running.path}" in told
    assert json.loads(running.control.read_text())["address"]
    assert recorder.asked == []


def test_closing_before_the_first_picture_says_so_too(
    running: SessionFolder, recorder: Recorder, qtbot: QtBot, capsys: pytest.CaptureFixture[str]
) -> None:
    window = DashboardWindow(running)
    window.start()
    window.close()
    window.deleteLater()
    assert "the recording continues" in capsys.readouterr().out
    assert recorder.asked == []


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1366, 768)])
def test_everything_fits(
    open_window: Opener, ended: SessionFolder, width: int, height: int, qtbot: QtBot
) -> None:
    window = open_window(ended)
    window.resize(width, height)
    qtbot.waitUntil(
        lambda: window.ground.width() == width and not window.layout_timer.isActive(), timeout=LATE_MS
    )
    for bar in (window.top, window.keybar):
        assert bar.minimumSizeHint().width() <= width

    def outside() -> list[str]:
        frames = (window.panels.index.frame, window.live.frame, window.night.frame, window.log.frame)
        corners = [f.mapTo(window.ground, QPoint(f.width() - 1, f.height() - 1)) for f in frames]
        inside = window.ground.rect()
        return [f.accessibleName() for f, at in zip(frames, corners, strict=True) if not inside.contains(at)]

    # A new size is laid out a moment later.
    qtbot.waitUntil(lambda: outside() == [], timeout=LATE_MS)
    assert window.panels.tonight.frame.isVisible() == (width == 1920)


def test_all_keys_sheet_is_the_table(open_window: Opener, ended: SessionFolder) -> None:
    from PySide6.QtWidgets import QLabel

    from monitor.dashboard.viewmodel.keys import KEYS

    window = open_window(ended)
    QTest.keyClick(window, Qt.Key.Key_Question, Qt.KeyboardModifier.ShiftModifier)
    assert window.help.isVisible()
    assert window.help.sizeHint().height() < 768
    assert window.help.sizeHint().width() < 1366
    texts = {each.text() for each in window.help.findChildren(QLabel)}
    assert {key.text for key in KEYS if key.shown} <= texts
    QTest.keyClick(window.help, Qt.Key.Key_D)
    assert not window.help.isVisible()
    assert window.theme is NIGHT


def test_every_key_of_the_table_has_something_to_do(open_window: Opener, ended: SessionFolder) -> None:
    from monitor.dashboard.viewmodel.keys import KEYS, split

    assert {split(key.action)[0] for key in KEYS} <= set(open_window(ended).acts)


def test_painted_widgets_have_names(open_window: Opener, ended: SessionFolder, qtbot: QtBot) -> None:
    window = open_window(ended)
    for widget in (
        window.live.sweep,
        window.top.alert,
        window.top.chips,
        window.panels.index.spark,
        window.night.plots,
    ):
        assert widget.accessibleName()
    index = window.panels.index.frame
    qtbot.waitUntil(lambda: "PLM" in index.accessibleDescription(), timeout=LATE_MS)


def test_a_finished_session_opens_where_something_is_and_the_bar_shows_the_page(
    open_window: Opener, tmp_path: Path, qtbot: QtBot
) -> None:
    stages = [stage(30.0 * i, "N2" if i < 20 else "R") for i in range(40)]
    stop = Fact("stop", 1200.0, "recorder", {"reason": "test"})
    folder = make_session(tmp_path / "s", [*beginning(), *stages, *series(200.0), stop])
    window = open_window(folder)
    qtbot.waitUntil(lambda: window.review.window_s is not None, timeout=LATE_MS)
    assert window.review.window_s == (180.0, 210.0)
    bar = window.top.findChildren(QLabel)

    def shown() -> set[str]:
        return {label.text() for label in bar}

    qtbot.waitUntil(lambda: {"PAGE AT", "23:18:15", "epoch 7", "N2"} <= shown(), timeout=LATE_MS)
    assert window.live.title == "REVIEW"
    QTest.keyClick(window, Qt.Key.Key_End)
    qtbot.waitUntil(lambda: {"23:34:45", "epoch 40", "R"} <= shown(), timeout=LATE_MS)


def test_the_log_follows_the_page_and_editing_is_marked(
    open_window: Opener, tmp_path: Path, qtbot: QtBot
) -> None:
    stop = Fact("stop", 3600.0, "recorder", {"reason": "test"})
    folder = make_session(tmp_path / "s", [*beginning(), *series(60.0, n=150), stop])
    editor = Editor(folder)
    try:
        window = open_window(folder)
        qtbot.waitUntil(lambda: window.live.title == "EDITING", timeout=LATE_MS)
        table = window.log.table

        def is_seen(onset_s: float) -> bool:
            row = next(
                i for i in range(window.log.model.rowCount()) if window.log.model.row(i).t_s == onset_s
            )
            return table.viewport().rect().contains(table.visualRect(window.log.model.index(row, 0)))

        qtbot.waitUntil(lambda: window.log.model.rowCount() > 150 and is_seen(60.0), timeout=LATE_MS)
        window.review.show(60.0 + 22.0 * 80 - 15.0)
        qtbot.waitUntil(lambda: is_seen(60.0 + 22.0 * 80), timeout=LATE_MS)
        assert not is_seen(60.0)
        window.resize(1366, 768)
        window.act("text:1")
        qtbot.waitUntil(lambda: not window.layout_timer.isActive(), timeout=LATE_MS)
        qtbot.waitUntil(lambda: is_seen(60.0 + 22.0 * 80), timeout=LATE_MS)
    finally:
        editor.close()

"""Without a mouse, without eyes: Tab walks, keys press, what is painted has a name; the night's zoom."""

from __future__ import annotations

import pyqtgraph as pg
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QTableView, QWidget
from pytestqt.qtbot import QtBot
from support.sessions import append, movement, note
from support.windows import LATE_MS, Opener, Recorder

from monitor.dashboard.shell.window import DashboardWindow
from monitor.session.folder import SessionFolder


def tabbed(window: DashboardWindow, steps: int = 40) -> list[QWidget]:
    """List what Tab leads to from the start."""
    window.ground.setFocus()
    found: list[QWidget] = []
    for _ in range(steps):
        QTest.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
        if window.focusWidget() in found:
            break
        found.append(window.focusWidget())
    return found


def test_tab_leads_to_every_button_and_to_the_log(
    open_window: Opener, ended: SessionFolder, qtbot: QtBot
) -> None:
    window = open_window(ended)
    qtbot.waitUntil(lambda: window.log.model.rowCount() > 0, timeout=LATE_MS)
    reached = tabbed(window)
    buttons = [b for b in window.ground.findChildren(QPushButton) if b.isVisible()]
    assert [b.text() for b in buttons if b not in reached] == []
    assert window.log.table in reached
    assert window.log.note not in reached


def test_space_and_enter_press_what_has_the_focus(open_window: Opener, ended: SessionFolder) -> None:
    window = open_window(ended)
    notes = window.log.filters["notes"]
    for key in (Qt.Key.Key_Space, Qt.Key.Key_Return):
        window.log.set_filter("all")
        notes.setFocus()
        QTest.keyClick(notes, key)
        assert window.log.model.filter_name == "notes"
    assert not window.live.sweep.is_frozen
    assert window.log.note.text() == ""
    assert window.focusWidget() is notes


def test_escape_leads_back_and_every_other_key_still_works(open_window: Opener, ended: SessionFolder) -> None:
    window = open_window(ended)
    button = window.log.filters["all"]
    button.setFocus()
    before = window.theme
    QTest.keyClick(button, Qt.Key.Key_D)
    assert window.theme is not before
    QTest.keyClick(button, Qt.Key.Key_Escape)
    assert window.focusWidget() is window.ground


def test_a_click_on_a_button_leaves_the_keys_alone(open_window: Opener, ended: SessionFolder) -> None:
    window = open_window(ended)
    QTest.mouseClick(window.log.filters["notes"], Qt.MouseButton.LeftButton)
    assert window.focusWidget() is window.ground


def test_the_log_is_walked_by_keys_and_keeps_its_place_while_rows_come(
    open_window: Opener, running: SessionFolder, recorder: Recorder, qtbot: QtBot
) -> None:
    append(running, [note(100.0 + i, f"note {i}") for i in range(40)])
    window = open_window(running)
    qtbot.waitUntil(lambda: window.log.model.rowCount() > 40, timeout=LATE_MS)
    table: QTableView = window.log.table
    table.setFocus()
    for _ in range(3):
        QTest.keyClick(table, Qt.Key.Key_Down)
    chosen = window.log.model.row(table.currentIndex().row())
    sweep, sensitivity = window.live.sweep.visible_s, window.live.sweep.full_uv
    append(running, [movement("R9", 296.0, 1.0)])
    qtbot.waitUntil(lambda: window.log.model.row(0).t_s == 296.0, timeout=LATE_MS)
    assert window.log.model.row(table.currentIndex().row()) == chosen
    assert window.live.sweep.full_uv == sensitivity
    assert window.live.sweep.visible_s[0] >= sweep[0]
    QTest.keyClick(table, Qt.Key.Key_Return)
    first_s, last_s = window.live.sweep.visible_s
    assert first_s < chosen.t_s < last_s
    assert window.log.note.text() == ""


def test_everything_painted_here_has_a_name_and_says_what_it_shows(
    open_window: Opener, running: SessionFolder, recorder: Recorder, qtbot: QtBot
) -> None:
    window = open_window(running)
    ours = [
        w for w in window.findChildren(QWidget)
        if "paintEvent" in vars(type(w)) and type(w).__module__.startswith("monitor.")
    ]  # fmt: skip
    assert len(ours) >= 4
    assert [type(w).__name__ for w in ours if not w.accessibleName()] == []
    reached = [w for w in tabbed(window) if not isinstance(w, QPushButton)]
    assert [type(w).__name__ for w in reached if not w.accessibleName() and w is not window.ground] == []
    described = (
        window.live.sweep,
        window.top.alert,
        window.panels.index.frame,
        window.night.plots,
        window.imi.frame.findChild(pg.PlotWidget),
    )
    qtbot.waitUntil(lambda: all(w.accessibleDescription() for w in described), timeout=LATE_MS)


# -- zoom of the night ----------------------------------------------------------------------------------


def span(window: DashboardWindow) -> tuple[float, float]:
    first_s, last_s = window.night.curve.vb.viewRange()[0]
    return float(first_s), float(last_s)


@pytest.fixture
def night(open_window: Opener, ended: SessionFolder, qtbot: QtBot) -> DashboardWindow:
    window = open_window(ended)
    qtbot.waitUntil(lambda: span(window) == (0.0, 600.0), timeout=LATE_MS)
    return window


def test_keys_zoom_around_what_is_reviewed_and_home_shows_all(night: DashboardWindow) -> None:
    night.act("movement:-1")
    middle_s = sum(night.live.sweep.visible_s) / 2
    ctrl = Qt.KeyboardModifier.ControlModifier
    QTest.keyClick(night, Qt.Key.Key_PageUp, ctrl)
    QTest.keyClick(night, Qt.Key.Key_PageUp, ctrl)
    first_s, last_s = span(night)
    assert last_s - first_s == pytest.approx(600.0 / 1.5**2)
    assert first_s < middle_s < last_s
    QTest.keyClick(night, Qt.Key.Key_PageDown, ctrl)
    assert span(night)[1] - span(night)[0] == pytest.approx(400.0)
    QTest.keyClick(night, Qt.Key.Key_Home, ctrl)
    assert span(night) == (0.0, 600.0)


def test_the_wheel_zooms_and_the_moment_under_it_stays(night: DashboardWindow) -> None:
    view = night.night.plots.viewport()
    box = night.night.curve.vb
    scene = box.mapViewToScene(QPointF(200.0, 1.0))
    at = QPointF(night.night.plots.mapFromScene(scene))
    before_s = box.mapSceneToView(night.night.plots.mapToScene(at.toPoint())).x()
    for _ in range(2):
        event = QWheelEvent(
            at, QPointF(view.mapToGlobal(at.toPoint())), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(view, event)
    assert span(night)[1] - span(night)[0] == pytest.approx(600.0 / 1.5**2)
    after_s = box.mapSceneToView(night.night.plots.mapToScene(at.toPoint())).x()
    assert after_s == pytest.approx(before_s, abs=2.0)


def test_zoom_has_a_least_and_a_largest_stretch(night: DashboardWindow) -> None:
    zoom = night.night.zoom
    for _ in range(30):
        zoom.step(1, 100.0)
    assert zoom.shown_s[1] - zoom.shown_s[0] == pytest.approx(120.0)
    for _ in range(30):
        zoom.step(-1, 100.0)
    assert not zoom.is_on
    assert zoom.shown_s == (0.0, 600.0)


def test_a_part_that_ends_with_now_goes_along_and_one_of_the_past_stays(night: DashboardWindow) -> None:
    zoom = night.night.zoom
    zoom.step(1, 300.0)
    first_s, last_s = zoom.shown_s
    zoom.set_full(600.0, 400.0)
    assert zoom.shown_s[1] - zoom.shown_s[0] == pytest.approx(last_s - first_s)
    assert zoom.shown_s[0] < 400.0 < zoom.shown_s[1]
    zoom.step(0, 0.0)
    for _ in range(4):
        zoom.step(1, 10.0)
    before = zoom.shown_s
    zoom.set_full(600.0, 500.0)
    assert zoom.shown_s == before


def test_a_click_in_a_zoomed_night_is_the_moment_that_is_seen(night: DashboardWindow, qtbot: QtBot) -> None:
    night.night.zoom.step(1, 150.0)
    night.night.zoom.step(1, 150.0)
    box = night.night.curve.vb
    at = night.night.plots.mapFromScene(box.mapViewToScene(QPointF(135.0, 1.0)))
    QTest.mouseClick(night.night.plots.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert night.live.sweep.visible_s == (120.0, 150.0)


def test_who_types_goes_on_typing_while_the_panels_move(
    open_window: Opener, running: SessionFolder, recorder: Recorder, qtbot: QtBot
) -> None:
    window = open_window(running)
    for size in ((1366, 768), (1920, 1080)):
        window.act("note")
        qtbot.keyClicks(window.log.note, "turn")
        window.resize(*size)
        before = window.panels.imi.frame.parent()
        qtbot.waitUntil(lambda before=before: window.panels.imi.frame.parent() is not before, timeout=LATE_MS)
        assert window.log.note.hasFocus()
        assert window.log.note.text() == "turn"
        window.notes.cancel()

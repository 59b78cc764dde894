"""The lock refuses keys and clicks, the picture goes on; and what a screen remembers of itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot
from support.sessions import append, movement
from support.windows import LATE_MS, Opener, Recorder

from monitor.dashboard import style
from monitor.dashboard.shell.lock import Cover
from monitor.dashboard.shell.settings_sync import settings_of
from monitor.dashboard.shell.window import DashboardWindow
from monitor.dashboard.theme import NIGHT, RED
from monitor.dashboard.viewmodel.keys import KEYS
from monitor.dashboard.viewmodel.settings import TEXT_SCALES, ScreenSettings, SettingsFile
from monitor.session.folder import SessionFolder

CTRL = Qt.KeyboardModifier.ControlModifier


def lock(window: DashboardWindow) -> None:
    QTest.keyClick(window, Qt.Key.Key_L, CTRL)
    assert window.lock.is_on


def unlock(window: DashboardWindow, word: str = "unlock") -> None:
    QTest.keyClicks(window.focusWidget(), word)
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_Return)


def test_locked_no_key_and_no_click_does_anything(
    open_window: Opener, running: SessionFolder, recorder: Recorder, qtbot: QtBot
) -> None:
    window = open_window(running)
    lock(window)
    before = (window.theme, window.live.sweep.sweep_s, window.live.sweep.full_uv, window.windowState())
    for key in KEYS:
        for sequence in key.sequences:
            QTest.keySequence(window.focusWidget(), sequence)
    for each in (window.top.alert, window.log.note, window.log.quick["F2"], window.night.plots):
        at = each.mapTo(window.ground, QPoint(5, 5))
        QTest.mouseClick(window.childAt(at), Qt.MouseButton.LeftButton)
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
    assert before == (
        window.theme, window.live.sweep.sweep_s, window.live.sweep.full_uv, window.windowState(),
    )  # fmt: skip
    assert not window.help.isVisible()
    assert window.log.note.text() == ""
    assert window.lock.is_on
    assert recorder.asked == []


def test_locked_the_picture_goes_on(
    open_window: Opener, running: SessionFolder, recorder: Recorder, qtbot: QtBot
) -> None:
    window = open_window(running)
    lock(window)
    n = len(window.live.sweep.movements.brackets)
    append(running, [movement("R1", 290.0, phase="onset")])
    qtbot.waitUntil(lambda: len(window.live.sweep.movements.brackets) == n + 1, timeout=LATE_MS)


def test_only_the_word_unlocks(open_window: Opener, ended: SessionFolder) -> None:
    window = open_window(ended)
    lock(window)
    unlock(window, "d")
    assert window.lock.is_on
    unlock(window, "nlock")
    assert window.lock.is_on
    unlock(window, "Unlock")
    assert not window.lock.is_on
    QTest.keyClick(window.focusWidget() or window, Qt.Key.Key_D)
    assert window.theme is RED


def test_what_is_typed_is_not_shown_and_the_hint_stays(open_window: Opener, ended: SessionFolder) -> None:
    window = open_window(ended)
    lock(window)
    for letter in (Qt.Key.Key_U, Qt.Key.Key_N):
        QTest.keyClick(window.focusWidget() or window, letter)
    shown = " ".join(label.text() for label in window.findChildren(QLabel) if label.isVisible())
    assert "Type “unlock” and press Enter.   ••" in shown
    assert not re.search(r"\bun\b", shown)


def test_a_locked_window_is_not_closed_by_hand(open_window: Opener, ended: SessionFolder) -> None:
    window = open_window(ended)
    lock(window)
    assert not window.close()
    assert window.isVisible()
    assert "locked" in window.keybar.message.text()
    unlock(window)
    assert window.close()


def test_the_lock_covers_the_window_at_every_size(
    open_window: Opener, ended: SessionFolder, qtbot: QtBot
) -> None:
    window = open_window(ended)
    lock(window)
    window.resize(1366, 768)
    cover = window.findChild(Cover)
    qtbot.waitUntil(lambda: cover.size() == window.ground.size(), timeout=LATE_MS)
    assert cover.isVisible()
    assert window.ground.width() == 1366
    unlock(window)


def test_text_grows_and_shrinks_in_steps_and_returns(open_window: Opener, ended: SessionFolder) -> None:
    window = open_window(ended)
    caption = next(each for each in window.findChildren(QLabel) if each.text() == "TONIGHT")

    def px() -> tuple[int, int]:
        caption.ensurePolished()
        return caption.font().pixelSize(), style.font(11).pixelSize()

    usual = px()
    sizes = []
    for _ in range(len(TEXT_SCALES)):
        QTest.keyClick(window, Qt.Key.Key_Plus, CTRL)
        sizes.append(px())
    assert all(a > b for a, b in zip(sizes[0], usual, strict=True))
    assert sizes[-1] == sizes[-2]
    QTest.keyClick(window, Qt.Key.Key_0, CTRL)
    assert px() == usual
    QTest.keyClick(window, Qt.Key.Key_Minus, CTRL)
    assert px()[1] < usual[1]


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1366, 768)])
def test_larger_text_still_fits(
    open_window: Opener, ended: SessionFolder, width: int, height: int, qtbot: QtBot
) -> None:
    window = open_window(ended)
    window.resize(width, height)
    for _ in TEXT_SCALES:
        window.act("text:1")
    qtbot.waitUntil(lambda: not window.layout_timer.isActive(), timeout=LATE_MS)
    inside = window.ground.rect()

    def outside() -> list[str]:
        frames = (window.panels.index.frame, window.live.frame, window.night.frame, window.log.frame)
        corners = [f.mapTo(window.ground, QPoint(f.width() - 1, f.height() - 1)) for f in frames]
        return [f.accessibleName() for f, at in zip(frames, corners, strict=True) if not inside.contains(at)]

    qtbot.waitUntil(lambda: outside() == [], timeout=LATE_MS)


# -- what is remembered ---------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path: Path) -> SettingsFile:
    return SettingsFile(tmp_path / "bed-3.json")


def reopened(folder: SessionFolder, file: SettingsFile, qtbot: QtBot) -> DashboardWindow:
    window = DashboardWindow(folder, settings=file)
    qtbot.addWidget(window)
    return window


def test_a_screen_comes_back_as_it_was_left(ended: SessionFolder, file: SettingsFile, qtbot: QtBot) -> None:
    window = reopened(ended, file, qtbot)
    for action in ("theme", "sweep:1", "sensitivity:-1", "band", "notch", "envelope", "text:1", "reference"):
        window.act(action)
    window.log.filters["notes"].click()
    window.stop()
    style.set_text_scale(1.0)
    again = reopened(ended, file, qtbot)
    assert again.theme is RED
    assert (again.live.sweep.sweep_s, again.live.sweep.full_uv) == (60, 50)
    assert again.live.filter == window.live.filter
    assert again.live.sweep.shows_envelope is False
    assert style.text_scale() == 1.15
    assert again.night.curves.reference == window.night.curves.reference != ""
    assert again.log.model.filter_name == "notes"
    again.stop()


def test_a_change_is_saved_while_the_window_is_open(
    ended: SessionFolder, file: SettingsFile, qtbot: QtBot
) -> None:
    window = reopened(ended, file, qtbot)
    window.start()
    window.act("theme")
    qtbot.waitUntil(file.path.is_file, timeout=LATE_MS)
    assert file.load()[0].theme == "red"
    window.stop()


def test_damaged_settings_open_the_usual_screen_and_are_told(
    ended: SessionFolder, file: SettingsFile, qtbot: QtBot
) -> None:
    file.path.write_text('{"theme": "red", "sweep_s"')
    window = reopened(ended, file, qtbot)
    assert window.theme is NIGHT
    window.start()
    qtbot.waitUntil(lambda: "damaged" in window.keybar.message.text(), timeout=LATE_MS)
    window.stop()


def test_settings_belong_to_the_bed_of_the_session(ended: SessionFolder, tmp_path: Path) -> None:
    found = settings_of(ended)
    assert found is not None
    assert found.path.name == "bed-3.json"
    assert settings_of(SessionFolder(tmp_path)) is None


def test_nothing_is_saved_that_nobody_changed(ended: SessionFolder, file: SettingsFile, qtbot: QtBot) -> None:
    file.save(ScreenSettings(theme="day"))
    before = file.path.stat().st_mtime_ns
    window = reopened(ended, file, qtbot)
    window.stop()
    assert file.path.stat().st_mtime_ns == before

"""A look-alike on the real window: its words in log, trace and number, and X makes it a leg movement."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from support.lookalikes import N_EACH, half_tremor
from support.sessions import make_session
from support.windows import LATE_MS, Opener

from monitor.dashboard.shell.window import DashboardWindow
from monitor.model.facts import Fact
from monitor.recorder.editor import Editor
from monitor.session.folder import SessionFolder
from monitor.session.journal import read_journal

CTRL = Qt.KeyboardModifier.ControlModifier


def ended(path: Path) -> SessionFolder:
    return make_session(path, [*half_tremor(), Fact("stop", 1200.0, "recorder", {"reason": "test"})])


def message(window: DashboardWindow) -> str:
    return window.keybar.message.text()


def accepted(folder: SessionFolder) -> list[Fact]:
    return [fact for fact in read_journal(folder.journal)[0] if fact.kind == "accept"]


def test_x_counts_a_lookalike_and_undo_counts_it_apart_again(
    open_window: Opener, tmp_path: Path, qtbot: QtBot
) -> None:
    folder = ended(tmp_path / "s")
    editor = Editor(folder)
    try:
        window = open_window(folder)
        qtbot.waitUntil(window.annotator.may_write, timeout=LATE_MS)
        qtbot.waitUntil(lambda: bool(window.live.sweep.movements.brackets), timeout=LATE_MS)
        qtbot.waitUntil(lambda: window.live.sweep.is_page, timeout=LATE_MS)
        QTest.keyClick(window, Qt.Key.Key_End)
        QTest.keyClick(window, Qt.Key.Key_Left, CTRL)
        # The last movement is a tremor.
        assert window.live.sweep.chosen == {f"L{2 * N_EACH - 1}"}
        assert "foot tremor" in message(window)
        assert "X: count as a leg movement" in message(window)
        assert window.screen_view is not None
        assert window.screen_view.index.letter_text == "8 more by the letter: foot tremor"
        QTest.keyClick(window, Qt.Key.Key_X)
        qtbot.waitUntil(lambda: "Counted as a leg movement · PLMS 8 → 9" in message(window), timeout=LATE_MS)
        (fact,) = accepted(folder)
        assert (fact.supersedes, fact.data["movements"]) == (None, ["L15"])
        QTest.keyClick(window, Qt.Key.Key_Z, CTRL)
        qtbot.waitUntil(lambda: message(window).startswith("Undone: look-alike counted"), timeout=LATE_MS)
        qtbot.waitUntil(
            lambda: window.screen_view is not None and window.screen_view.index.count == N_EACH,
            timeout=LATE_MS,
        )
        QTest.keyClick(window, Qt.Key.Key_Y, CTRL)
        qtbot.waitUntil(
            lambda: window.screen_view is not None and window.screen_view.index.count == N_EACH + 1,
            timeout=LATE_MS,
        )
    finally:
        editor.close()


def test_the_row_of_a_lookalike_names_it_and_what_x_does(
    open_window: Opener, tmp_path: Path, qtbot: QtBot
) -> None:
    window = open_window(ended(tmp_path / "s"))
    model = window.log.model
    qtbot.waitUntil(lambda: model.rowCount() > N_EACH, timeout=LATE_MS)
    rows = [i for i in range(model.rowCount()) if model.row(i).what == "foot tremor"]
    assert len(rows) == N_EACH
    window.log.table.clicked.emit(model.index(rows[0], 0))
    expected = "foot tremor: bursts at 0.3-4 Hz; counted apart · X: count as a leg movement"
    assert message(window) == expected

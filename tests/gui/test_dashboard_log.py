"""The log: what a person wrote can be read whole, is found by words, and copied as a table."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QStyleOptionViewItem
from pytestqt.qtbot import QtBot
from support.sessions import append, beginning, make_session, series, stage
from support.windows import Opener

from monitor.dashboard.shell.window import DashboardWindow
from monitor.model.facts import Fact
from monitor.session.folder import SessionFolder

LATE_MS = 15000


def test_a_note_reaches_over_the_columns_it_does_not_fill(
    open_window: Opener, running: SessionFolder, qtbot: QtBot
) -> None:
    window = open_window(running)
    append(running, [Fact("note", 299.0, "person", {"text": "long " * 9, "author": "x"})])
    qtbot.waitUntil(lambda: window.log.model.rowCount() > 0, timeout=LATE_MS)
    qtbot.waitUntil(lambda: window.log.model.row(0).kind == "note", timeout=LATE_MS)
    table = window.log.table
    rights = {}
    for row, kind in ((0, "note"), (1, "movement")):
        assert window.log.model.row(row).kind == kind
        index, option = window.log.model.index(row, 2), QStyleOptionViewItem()
        option.rect = table.visualRect(index)
        table.itemDelegateForColumn(2).initStyleOption(option, index)
        rights[kind] = option.rect.right()
    # Where the authors have no room, up to the edge of the table.
    end = table.viewport().width() if table.isColumnHidden(5) else table.columnViewportPosition(5) - 1
    assert rights["note"] == end
    assert rights["movement"] == table.visualRect(window.log.model.index(1, 2)).right()


@pytest.fixture
def window(open_window: Opener, tmp_path: Path, qtbot: QtBot) -> DashboardWindow:
    """A finished session: six movements, the last in wake, with entries of two people."""
    drawn = {"leg": "right", "onset": 90.0, "end": 92.0}
    facts = [
        *beginning(), *series(60.0), *(stage(30.0 * i, "N2" if i < 5 else "W") for i in range(10)),
        Fact("note", 100.0, "person", {"text": "coughs", "author": "kim"}),
        Fact("arousal", 110.0, "person", {"duration_s": 4.0, "author": "kim"}),
        Fact("respiratory", 112.0, "Scorer", {"duration_s": 14.0, "label": "hypopnea"}),
        Fact("manual", 90.0, "person", {"replaces": [], "movements": [drawn], "author": "ada"}),
        Fact("stop", 300.0, "recorder", {"reason": "test"}),
    ]  # fmt: skip
    made = open_window(make_session(tmp_path / "s", facts))
    qtbot.waitUntil(lambda: made.log.model.rowCount() > 8, timeout=LATE_MS)
    return made


def found(window: DashboardWindow) -> list[str]:
    return [window.log.model.row(i).what for i in range(window.log.model.rowCount())]


@pytest.mark.parametrize(
    ("search", "rows"),
    [
        ("kim", ["arousal 4.0 s", "coughs"]),
        ("author:kim kind:event", ["arousal 4.0 s"]),
        ("AUTHOR:ada kind:movement", ["PLM 3  by hand"]),
        ("kind:event", ["hypopnea 14.0 s", "arousal 4.0 s"]),
        ("kind:movement stage:w", ["LM  in wake"]),
        ("reason:wake leg:left", ["LM  in wake"]),
        ("kind:movement leg:right", ["PLM 3  by hand"]),
        ("coughs nobody", []),
        ("stage:n", []),
    ],
)
def test_the_log_is_searched_by_words_and_by_column(
    window: DashboardWindow, search: str, rows: list[str]
) -> None:
    QTest.keyClick(window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    theme = window.theme
    QTest.keyClicks(window.log.search, search)
    assert found(window) == rows
    assert window.theme is theme
    QTest.keyClick(window.log.search, Qt.Key.Key_Escape)
    assert len(found(window)) > 8
    assert not window.log.search.hasFocus()


def test_a_search_lasts_while_the_log_grows(window: DashboardWindow, qtbot: QtBot) -> None:
    window.log.search.setText("kim")
    append(window.folder, [Fact("note", 120.0, "person", {"text": "kim was here"})])
    qtbot.waitUntil(lambda: "kim was here" in found(window), timeout=LATE_MS)
    assert len(found(window)) == 3


def test_a_click_goes_to_any_entry_and_its_author_is_in_a_column(
    window: DashboardWindow, qtbot: QtBot
) -> None:
    model, table = window.log.model, window.log.table
    # In a narrow log the author is in the tool tip only.
    assert "kim" in str(
        model.data(model.index(found(window).index("coughs"), 2), Qt.ItemDataRole.ToolTipRole)
    )
    window.resize(2560, 1440)
    qtbot.waitUntil(lambda: not table.isColumnHidden(5), timeout=LATE_MS)
    index = model.index(found(window).index("coughs"), 2)
    window.review.show(240.0)
    table.scrollTo(index)
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=table.visualRect(index).center())
    start_s, end_s = window.live.sweep.visible_s
    assert start_s <= 100.0 < end_s
    assert not table.isColumnHidden(5)
    assert model.data(model.index(index.row(), 5)) == "kim"


def test_the_log_is_copied_as_a_table_with_tabs(window: DashboardWindow) -> None:
    window.log.search.setText("kind:movement")
    QTest.keyClick(window, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    head, *rows = [line.split("\t") for line in QGuiApplication.clipboard().text().splitlines()]
    assert len(rows) == 7
    assert {len(row) for row in rows} == {len(head)}
    by_hand = next(row for row in rows if row[head.index("author")] == "ada")
    assert (by_hand[head.index("t_s")], by_hand[head.index("leg")]) == ("90.000", "R")
    assert by_hand[head.index("stage")] == "N2"
    assert [float(row[1]) for row in rows] == sorted(float(row[1]) for row in rows)
    window.log.table.selectRow(0)
    QTest.keyClick(window, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert len(QGuiApplication.clipboard().text().splitlines()) == 2


def test_f1_opens_the_page_of_the_guide_and_esc_gives_the_keys_back(window: DashboardWindow) -> None:
    theme = window.theme
    QTest.keyClick(window, Qt.Key.Key_F1)
    assert window.guide.isVisible()
    assert "Technologist" in window.guide.browser.toPlainText()
    QTest.keyClick(window.guide.browser, Qt.Key.Key_D)
    assert window.theme is theme
    QTest.keyClick(window.guide.browser, Qt.Key.Key_Escape)
    assert not window.guide.isVisible()
    QTest.keyClick(window, Qt.Key.Key_D)
    assert window.theme is not theme

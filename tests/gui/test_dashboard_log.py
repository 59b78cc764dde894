"""The log on a small screen: what a person wrote can be read whole."""

from __future__ import annotations

from PySide6.QtWidgets import QStyleOptionViewItem
from pytestqt.qtbot import QtBot
from support.sessions import append
from support.windows import Opener

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
    assert rights["note"] == table.viewport().width()
    assert rights["movement"] == table.visualRect(window.log.model.index(1, 2)).right()

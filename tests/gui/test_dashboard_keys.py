"""One table of keys: everything that acts is in it, nothing in it ends or deletes anything."""

from __future__ import annotations

from collections import Counter

import pytest
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot
from support.windows import LATE_MS

from monitor.dashboard.panels.key_bar import KeyBar, KeyRow
from monitor.dashboard.style import style_sheet
from monitor.dashboard.theme import NIGHT
from monitor.dashboard.viewmodel.keys import BAR_GROUPS, KEYS, keys_with, quick_notes_of, split
from monitor.model.config_fields import QUICK_NOTES

PROMISED = {
    "Space": "freeze", "End": "live", "Esc": "live", "Left": "page:-1", "Right": "page:1",
    "Shift+Left": "page:-5", "Ctrl+Left": "movement:-1", "Ctrl+Right": "movement:1",
    "Up": "sensitivity:-1", "+": "sensitivity:-1", "Down": "sensitivity:1", "-": "sensitivity:1",
    "[": "sweep:-1", "]": "sweep:1", "N": "note", "Return": "note", "L": "lights", "W": "stage:W",
    "1": "stage:N1", "2": "stage:N2", "3": "stage:N3", "R": "stage:R", "A": "acknowledge", "D": "theme",
    "F11": "full-screen", "?": "help", "F2": "note:Position",
    "B": "calibrate", "X": "judge", "T": "segment", "S": "summary", "C": "reference", "F10": "menu",
}  # fmt: skip


def test_the_promised_keys_do_what_was_promised() -> None:
    table = {sequence: key.action for key in KEYS for sequence in key.sequences}
    assert {sequence: table.get(sequence) for sequence in PROMISED} == PROMISED


def test_quick_notes_come_from_the_session_and_leave_the_other_keys_alone() -> None:
    assert quick_notes_of({}) == QUICK_NOTES
    assert quick_notes_of({"config": {"notes": {"quick": ["a"]}}}) == ("a",)
    table = {key.sequences: key.action for key in keys_with(["a", "b"])}
    assert (table[("F2",)], table[("F3",)], ("F4",) in table) == ("note:a", "note:b", False)
    fixed = {key for key in KEYS if not key.action.startswith("note:")}
    assert fixed == {key for key in keys_with([]) if not key.action.startswith("note:")}


def test_no_key_means_two_things_and_qt_reads_them_all() -> None:
    sequences = [QKeySequence(s).toString() for key in KEYS for s in key.sequences]
    assert "" not in sequences
    assert [s for s, n in Counter(sequences).items() if n > 1] == []


def test_no_key_stops_the_recording_or_deletes() -> None:
    names = {split(key.action)[0] for key in KEYS}
    assert names.isdisjoint({"stop", "end", "quit", "close", "delete", "remove"})


@pytest.mark.parametrize("width", [1366, 1100, 700, 2600])
def test_the_bar_shows_keys_whole_or_not_at_all(width: int, qtbot: QtBot) -> None:
    bar = KeyBar()
    bar.setStyleSheet(style_sheet(NIGHT, 0.72))
    qtbot.addWidget(bar)
    bar.footer.setText("disk over 99 h left · v0.1.0")
    bar.resize(width, 30)
    bar.show()
    row = bar.findChild(KeyRow)
    assert row is not None

    def settled() -> bool:
        return bool(row.shown) and all(g.width() >= g.sizeHint().width() for g in row.shown)

    qtbot.waitUntil(settled, timeout=LATE_MS)
    texts = [[each.text() for each in group.findChildren(QLabel)] for group in row.shown]
    assert ["?", "all keys"] in texts
    last = row.shown[-1]
    assert last.geometry().right() <= row.width()
    if width == 2600:
        assert len(texts) == sum(bool(key.bar) for key in KEYS) + len(BAR_GROUPS)

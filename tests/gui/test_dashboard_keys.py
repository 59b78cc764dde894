"""One table of keys: everything that acts is in it, nothing in it ends or deletes anything."""

from __future__ import annotations

from collections import Counter

from PySide6.QtGui import QKeySequence

from monitor.config_fields import QUICK_NOTES
from monitor.dashboard.keys import KEYS, keys_with, quick_notes_of, split

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

"""All keys in one table, used by the window, the bar at the bottom and the list of keys. No Qt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from monitor.dashboard.viewmodel.places import KINDS
from monitor.model.config_fields import QUICK_NOTES

Group = Literal["go", "view", "night", "judge", "window"]

_QUICK_KEYS = ("F2", "F3", "F4", "F5", "F6", "F7")


@dataclass(frozen=True, slots=True)
class Key:
    """One function of the keyboard.

    Attributes
    ----------
    sequences : tuple of str
        As Qt writes key sequences (portable text).
    action : str
        Name of the window's action; an argument follows a colon.
    text : str
        Its function.
    shown : str
        The keys as shown to people; empty where another row of the list describes them.
    bar : str
        Text in the bar at the bottom; empty if not shown there.
    """

    sequences: tuple[str, ...]
    action: str
    text: str
    shown: str
    group: Group
    bar: str = ""


_PREVIOUS: tuple[Key, ...] = tuple(
    Key((f"Ctrl+Shift+{letter}",), f"previous:{kind}", f"previous {kind}", "", "go")
    for letter, kind in zip("SARNX", KINDS, strict=True)
)

_FIXED: tuple[Key, ...] = (
    Key(("Space",), "freeze", "freeze the view; recording continues", "Space", "view", "freeze view"),
    Key(("End", "Esc"), "live", "back to the live signal", "End  Esc", "go", "live"),
    Key(("Left", "PgUp"), "page:-1", "one page back; pages start with an epoch", "←  PgUp", "go"),
    Key(("Right", "PgDown"), "page:1", "one page forward", "→  PgDn", "go"),
    Key(("Shift+Left",), "page:-5", "five pages back, forward", "Shift+← →", "go"),
    Key(("Shift+Right",), "page:5", "five pages forward", "", "go"),
    Key(("Home",), "begin", "first page of the recording", "Home", "go"),
    Key((",",), "epoch:-1", "mark the previous, next epoch for the stage keys (or click it)", ",  .", "go"),
    Key((".",), "epoch:1", "mark the next epoch (or click it)", "", "go"),
    Key(("Ctrl+G",), "goto", "go to an epoch or a time of day", "Ctrl+G", "go", "go to"),
    Key(("Ctrl+Left",), "movement:-1", "previous, next movement", "Ctrl+← →", "go"),
    Key(("Ctrl+Right",), "movement:1", "next movement", "", "go"),
    Key(("Ctrl+F",), "search", "search the log: words, or kind: leg: stage: reason: author:", "Ctrl+F", "go"),
    Key(("Ctrl+C",), "copy-log", "copy the log (or the selected entries) as a table", "Ctrl+C", "window"),
    Key(("Ctrl+S",), "next:series", "next series; with Shift the one before", "Ctrl+S", "go"),
    Key(("Ctrl+A",), "next:arousal", "next arousal; with Shift the one before", "Ctrl+A", "go"),
    Key(("Ctrl+R",), "next:respiratory event", "next respiratory event; with Shift the one before",
        "Ctrl+R", "go"),
    Key(("Ctrl+N",), "next:note", "next note; with Shift the one before", "Ctrl+N", "go"),
    Key(("Ctrl+X",), "next:artifact", "next artifact; with Shift the one before", "Ctrl+X", "go"),
    *_PREVIOUS,
    Key(("Up", "+", "="), "sensitivity:-1", "more sensitive (larger trace)", "↑  +", "view"),
    Key(("Down", "-"), "sensitivity:1", "less sensitive", "↓  −", "view"),
    Key(("[",), "sweep:-1", "shorter sweep: 10, 15, 30, 60, 120, 150, 300 s", "[", "view"),
    Key(("]",), "sweep:1", "longer sweep", "]", "view"),
    Key(("Ctrl+PgUp",), "night:1", "overview: zoom in (or mouse wheel)", "Ctrl+PgUp", "view"),
    Key(("Ctrl+PgDown",), "night:-1", "overview: zoom out", "Ctrl+PgDn", "view"),
    Key(("Ctrl+Home",), "night:0", "overview: whole night", "Ctrl+Home", "view"),
    Key(("G",), "fit", "fit the sensitivity to the visible trace", "G", "view"),
    Key(("F",), "band", "view filter: 10–100 or 20–200 Hz; scoring is not affected", "F", "view"),
    Key(("M",), "notch", "view mains notch: 50 Hz, 60 Hz, off", "M", "view"),
    Key(("E",), "envelope", "show or hide the scoring envelope", "E", "view"),
    Key(("V",), "lanes:1", "lanes: all, legs only, one at a time", "V", "view"),
    Key(("Shift+V",), "lanes:-1", "lanes: previous choice", "Shift+V", "view"),
    Key(("N", "Return", "Enter"), "note", "write a note; its time is this key press",
        "N  Enter", "night", "note"),
    Key(("Shift+N",), "note-here", "write a note for the middle of the page shown", "Shift+N",
        "night"),
    Key(("L",), "lights", "lights off or on: asks, Enter confirms", "L", "night", "lights"),
    Key(("W",), "stage:W", "stage from this epoch on; in review of the marked epoch", "W 1 2 3 R", "night"),
    Key(("1",), "stage:N1", "stage N1 from this epoch on", "", "night"),
    Key(("2",), "stage:N2", "stage N2 from this epoch on", "", "night"),
    Key(("3",), "stage:N3", "stage N3 from this epoch on", "", "night"),
    Key(("R",), "stage:R", "stage R from this epoch on", "", "night"),
    Key(("T",), "segment", "treatment started: indices before and after; Enter confirms", "T", "night"),
    Key(("B",), "calibrate", "bio-calibration: start, next step", "B", "night", "bio-cal"),
    Key(("Shift+B",), "calibrate:give-up", "end the bio-calibration", "Shift+B", "night"),
    Key(("I",), "sit", "immobilisation test (watch --sit): begin, then discomfort score", "I", "night"),
    Key(("Shift+I",), "sit:end", "end the immobilisation test early; Enter confirms", "Shift+I", "night"),
    Key(("X",), "judge", "reject the selected movement (asks why), or restore it", "X", "judge"),
    Key(("Shift+X",), "artifact", "artifact: start, then end; or Shift+drag on the overview",
        "Shift+X", "judge"),
    Key(("Alt+Left",), "page:-0.1", "a tenth of a page back, forward", "Alt+← →", "go"),
    Key(("Alt+Right",), "page:0.1", "a tenth of a page forward", "", "go"),
    Key(("Ctrl+Z",), "undo", "undo the last entry; nothing is deleted", "Ctrl+Z", "judge"),
    Key(("Ctrl+Y", "Ctrl+Shift+Z"), "redo", "enter again what was undone", "Ctrl+Y", "judge"),
    Key(("S",), "summary", "show or close the summary", "S", "judge", "summary"),
    Key(("H",), "trends", "show or close the trends: counts of each hour, intervals", "H", "judge"),
    Key(("U",), "estimate", "use or ignore ESTIMATED sleep stages for the index", "U", "judge"),
    Key(("C",), "reference", "reference line: adult 15, child 5, none", "C", "judge"),
    Key(("F10",), "menu", "menu: sign, report, end the recording…", "F10", "window"),
    Key(("A",), "acknowledge", "acknowledge all alerts", "A", "night", "acknowledge"),
    Key(("P",), "pause-sound", "pause alert sounds for 2 min, or end the pause", "P", "night",
        "pause sound 2 min"),
    Key(("Shift+P",), "test-sound", "test the sound: three tones", "Shift+P", "window"),
    Key(("D",), "theme", "theme: night, red, day", "D", "window", "theme"),
    Key(("Ctrl++", "Ctrl+="), "text:1", "larger, smaller, normal text", "Ctrl+ + − 0", "window"),
    Key(("Ctrl+-",), "text:-1", "smaller text", "", "window"),
    Key(("Ctrl+0",), "text:0", "normal text size", "", "window"),
    Key(("Ctrl+L",), "lock", "lock keys and mouse; the recording continues",
        "Ctrl+L", "window"),
    Key(("F11",), "full-screen", "full screen", "F11", "window"),
    Key(("F1",), "guide", "the guide", "F1", "window"),
    Key(("?", "Shift+?"), "help", "this list", "?", "window", "all keys"),
)  # fmt: skip


def keys_with(quick_notes: Sequence[str]) -> tuple[Key, ...]:
    """Return the whole table with the texts of the quick notes."""
    at = next(i for i, key in enumerate(_FIXED) if key.action == "note-here")
    quick = (
        Key((key,), f"note:{text}", f"note “{text}”: edit, Enter sends", key, "night")
        for key, text in zip(_QUICK_KEYS, quick_notes, strict=False)
    )
    return (*_FIXED[:at], *quick, *_FIXED[at:])


def quick_notes_of(session: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the quick notes in the configuration of a session, or the default ones."""
    notes = session.get("config", {}).get("notes")
    written = notes.get("quick") if isinstance(notes, dict) else None
    return tuple(str(text) for text in written) if isinstance(written, list) else QUICK_NOTES


KEYS = keys_with(QUICK_NOTES)
"""The table with the default quick notes."""

BAR_GROUPS: tuple[tuple[str, str], ...] = (
    ("← →", "page"),
    ("↑ ↓", "sensitivity"),
    ("[ ]", "sweep time"),
    ("W 1 2 3 R", "stage"),
)
"""Groups of keys in the bar, in addition to the keys with a `bar` text."""


def split(action: str) -> tuple[str, str]:
    """Split an action into its name and its argument."""
    name, _, argument = action.partition(":")
    return name, argument
